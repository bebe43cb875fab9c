"""Makes passages of one length out of any collection, so that encoders are compared on equal work."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import Tokenizer

_SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s)|$)", re.DOTALL)


def cut(texts: Iterable[str], tokens: int, tokenizer: Tokenizer) -> Iterator[str]:
    """Cut texts into stretches of ``tokens`` tokens as the tokenizer counts them; remainders are dropped.

    A stretch that is counted again by itself may differ by a token or two at its ends.
    """
    for text in texts:
        offsets = tokenizer.encode(text, add_special_tokens=False).offsets
        for first in range(0, len(offsets) - tokens + 1, tokens):
            yield text[offsets[first][0] : offsets[first + tokens - 1][1]]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Spans of rough sentences: as many sentence vectors as a real passage would ask for."""
    return [match.span() for match in _SENTENCE.finditer(text)]


def write_passages(texts: Iterable[str], tokens: int, count: int, model: Path, path: Path) -> int:
    """Write at most ``count`` passages as a JSON list; returns how many there were."""
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    together = " ".join(text for text in texts)
    passages = [text for text, _ in zip(cut([together], tokens, tokenizer), range(count), strict=False)]
    path.write_text(json.dumps(passages), encoding="utf-8")
    return len(passages)
