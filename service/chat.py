"""An answer as a message of a chat, in the shapes of OpenAI's Chat Completions interface.

Knows those shapes. An annotation's offsets are code points of the message's content, 0-based, end-exclusive;
a citation's own offsets, in the article, are in the field ``civicite``, which holds the whole answer.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from service.answer import Answer, Citation, Hit
from service.conversation import Understood

MODEL = "civicite"
SHOWN = 3
"""Passages that are shown with an abstention."""
EXCERPT = 240
"""Characters of each."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a message as it is sent, and the annotations of what is in it."""

    text: str
    annotations: tuple[dict[str, Any], ...] = ()


def pieces(answer: Answer, base: str) -> Iterator[Piece]:
    """Yield the message: its sentences, then their sources; ``base`` is the server's address."""
    if answer.answer is None:
        yield Piece("".join(_abstention(answer)))
        return
    known = {citation.id: citation for citation in answer.citations}
    written = 0
    for sentence in answer.sentences:
        marks = "".join(f" [{number}]" for number in sentence.citations)
        text = f"{' ' if written else ''}{sentence.text}{marks}"
        start, end = written + len(text) - len(marks) - len(sentence.text), written + len(text)
        cited = (known[number] for number in sentence.citations)
        yield Piece(text, tuple(_annotation(one, base, start, end) for one in cited))
        written += len(text)
    yield Piece("\n\n" + "\n".join(_source(citation, base) for citation in answer.citations))


def extra(answer: Answer, read: Understood) -> dict[str, Any]:
    """Return what OpenAI's shape has no place for: the whole answer, and the question as understood."""
    replaced = [{"words": one.words, "stand_for": one.stand_for} for one in read.replaced]
    asked = {"asked": read.asked, "question": read.question, "replaced": replaced}
    return {**answer.to_dict(), "understood": asked}


def usage(prompt: str, content: str) -> dict[str, int]:
    """Count words and marks, as what a model would call tokens; no model has written anything."""
    read, written = (len(re.findall(r"\w+|[^\w\s]", text)) for text in (prompt, content))
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def address_of(citation: Citation, base: str) -> str:
    """Return where a quote can be read: the highlighted page, else the quoted span on this server."""
    if citation.link or citation.url:
        return str(citation.link or citation.url)
    span = f"revision={citation.revision}&start={citation.start}&end={citation.end}"
    return f"{base}v1/articles/{quote(citation.article_id)}?{span}"


def _annotation(citation: Citation, base: str, start: int, end: int) -> dict[str, Any]:
    cited = {
        "start_index": start,
        "end_index": end,
        "title": citation.title or citation.article_id,
        "url": address_of(citation, base),
    }
    return {"type": "url_citation", "url_citation": cited}


def _source(citation: Citation, base: str) -> str:
    named = [citation.title or citation.article_id, citation.publisher, citation.published]
    return f"[{citation.id}] {', '.join(part for part in named if part)}: {address_of(citation, base)}"


def _abstention(answer: Answer) -> Iterator[str]:
    yield f"I cannot answer this from the collection. {answer.message or ''}".strip()
    if answer.passages:
        yield "\n\nThe nearest passages:"
    for hit in answer.passages[:SHOWN]:
        yield f"\n- {hit.title or hit.article_id}: “{_excerpt(hit)}”"


def _excerpt(hit: Hit) -> str:
    text = " ".join(hit.text.split())
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT].rsplit(' ', 1)[0]} …"
