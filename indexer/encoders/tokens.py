"""From text to rows of tokens: special tokens, prompt, context and passage, each in its place.

Knows the tokenizer and the window. It must not know how rows are batched or what the model makes of them.
"""

from collections.abc import Sequence

import numpy as np
from tokenizers import Encoding, Tokenizer, normalizers

from indexer.encoder import Document
from indexer.errors import EncoderError
from indexer.modelfolder import ModelFolder
from indexer.pooling import Integers, Row, sentence_tokens

_SEPARATOR = "\n"


class Tokens:
    """Makes rows ``specials, prompt, context, text, specials``; safe to share between threads."""

    def __init__(self, folder: ModelFolder) -> None:
        self._folder = folder
        self._tokenizer = _load(folder)
        self._before, self._after = _special_tokens(self._tokenizer)
        prompt = self._tokenizer.encode(folder.document_prompt, add_special_tokens=False)
        self.window = folder.max_length - len(self._before) - len(self._after) - len(prompt.ids)
        if self.window < 1:
            raise EncoderError(
                f"{folder.path}: a window of {folder.max_length} has no room for text; raise max_seq_length"
            )

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as a passage, special tokens and prompt not counted."""
        prompt = self._folder.document_prompt
        return [int(np.sum(_ends(found) > len(prompt))) for found in self._encode(prompt, texts)]

    def rows(self, documents: Sequence[Document]) -> list[Row]:
        """One row a document; ValueError when a passage has more tokens than the window."""
        prompt = self._folder.document_prompt
        passages = self._encode(prompt, [document.text for document in documents])
        contexts = iter(self._encode("", [one.context + _SEPARATOR for one in documents if one.context]))
        return [
            self._row(document, passage, next(contexts).ids if document.context else [])
            for document, passage in zip(documents, passages, strict=True)
        ]

    def question_row(self, question: str) -> Row:
        """The row of a question, cut to the window."""
        prompt = self._folder.query_prompt
        [found] = self._encode(prompt, [question])
        ids = found.ids[: self._folder.max_length - len(self._before) - len(self._after)]
        prompt_tokens = int(np.sum(_ends(found)[: len(ids)] <= len(prompt)))
        return self._joined(ids[:prompt_tokens], [], ids[prompt_tokens:], np.zeros((0, 2), np.int64))

    def _row(self, document: Document, passage: Encoding, context: list[int]) -> Row:
        prompt = self._folder.document_prompt
        prompt_tokens = int(np.sum(_ends(passage) <= len(prompt)))
        ids = passage.ids[prompt_tokens:]
        room = self.window - len(ids)
        if room < 0:
            raise ValueError(f"a passage has {len(ids)} tokens, the encoder's window is {self.window}")
        offsets = np.array(passage.offsets, np.int64).reshape(-1, 2)[prompt_tokens:] - len(prompt)
        found = sentence_tokens(offsets, document.sentences)
        return self._joined(passage.ids[:prompt_tokens], context[:room], ids, found)

    def _joined(self, prompt: list[int], context: list[int], text: list[int], sentences: Integers) -> Row:
        parts = [self._before, prompt, context, text, self._after]
        pooled = np.ones(sum(map(len, parts)), np.bool_)
        first = len(self._before) + len(prompt)
        pooled[first : first + len(context)] = False
        if prompt and not self._folder.pool_prompt:
            pooled[:first] = False
        ids = np.array([token for part in parts for token in part], np.int64)
        return Row(ids, pooled, sentences + first + len(context))

    def _encode(self, prompt: str, texts: Sequence[str]) -> list[Encoding]:
        # A lone surrogate has no UTF-8 form: a question mark takes its place and keeps the offsets.
        clean = [(prompt + text).encode("utf-8", "replace").decode("utf-8") for text in texts]
        if len(clean) == 1:  # a question: no threads are woken for it
            return [self._tokenizer.encode(clean[0], add_special_tokens=False)]
        return self._tokenizer.encode_batch(clean, add_special_tokens=False)


def _load(folder: ModelFolder) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(folder.tokenizer))
    except Exception as error:  # the library raises nothing narrower
        raise EncoderError(f"{folder.tokenizer}: cannot be read ({error}); save the model again") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if folder.lower_case:
        own = [tokenizer.normalizer] if tokenizer.normalizer else []
        tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *own])
    return tokenizer


def _special_tokens(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """The special tokens before and after a text."""
    probe = tokenizer.encode("a")
    inner = [place for place, special in enumerate(probe.special_tokens_mask) if not special]
    return probe.ids[: inner[0]], probe.ids[inner[-1] + 1 :]


def _ends(found: Encoding) -> Integers:
    return np.array(found.offsets, np.int64).reshape(-1, 2)[:, 1]
