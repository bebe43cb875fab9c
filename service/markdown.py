"""Answers and passages as CommonMark, for a notebook's export, a ticket or a chat.

Whatever in a text could mark something up is escaped: an article cannot make a heading, a link or HTML.
Knows nothing of how an answer comes about.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from service.answer import Answer, Citation, Conflict, Hit
from service.plain import (
    SNIPPET,
    also_in,
    as_of_in_words,
    bar,
    confidence_in_words,
    conflict_lines,
    cut_after,
    cut_before,
    not_found,
    one_line,
    place_of,
    reason_of,
    source_of,
    surroundings,
    web_address,
)

_MARKUP = re.compile(r"([\\`*_\[\]|~$])")
_OPENING = re.compile(r"^(\d*)([#+\-=>.)])")
"""What makes a heading, a list or a quotation when a line begins with it."""
AROUND = 160
"""Characters shown on either side of a quote."""

_KEPT = "/:?#[]@!$&'*+,;=%~-._"
"""What an address may hold; brackets that would end a link are percent-encoded."""


def markdown_answer(answer: Answer) -> str:
    """Return an answer with its quotations, or why there is none with what came nearest."""
    return "\n\n".join(_answer(answer))


def markdown_hits(hits: Iterable[Hit], question: str | None = None) -> str:
    """Return passages as quotations."""
    head = [strong(question)] if question else []
    return "\n\n".join([*head, *map(_hit, hits)])


def marked(text: str) -> str:
    """Return text on one line with nothing left that CommonMark or HTML would take for markup."""
    shown = _MARKUP.sub(r"\\\1", one_line(text)).replace("&", "&amp;").replace("<", "&lt;")
    return _OPENING.sub(r"\1\\\2", shown)


def strong(text: str) -> str:
    """Return text in bold type; two stars around nothing would be a line across the page."""
    shown = marked(text)
    return f"**{shown}**" if shown else ""


def _answer(answer: Answer) -> Iterator[str]:
    yield strong(answer.question)
    if answer.answer is None:
        yield f"No answer. {marked(reason_of(answer))}"
        if answer.advice:
            yield marked(answer.advice)
        yield _confidence(answer)
        yield from map(_hit, answer.passages[:3])
        return
    lines = []
    for number, sentence in enumerate(answer.sentences, 1):
        context = f" (said before: {marked(sentence.context)})" if sentence.context else ""
        cited = "".join(rf" \[{one}\]" for one in sentence.citations)
        lines.append(f"{number}. {marked(sentence.text)}{cited}{context}")
    yield "\n".join(lines)
    yield from map(marked, not_found(answer))
    yield _confidence(answer)
    if answer.answered_as_of:
        yield marked(as_of_in_words(answer))
    yield from (_citation(citation, answer.passages) for citation in answer.citations)
    yield from ("\n".join(_conflict(conflict)) for conflict in answer.conflicts)


def _confidence(answer: Answer) -> str:
    return f"Confidence {bar(answer.confidence)} {marked(confidence_in_words(answer.confidence))}"


def _citation(citation: Citation, passages: tuple[Hit, ...]) -> str:
    around = surroundings(citation, passages)
    before, after = marked(cut_before(around[0], AROUND)), marked(cut_after(around[1], AROUND))
    body = " ".join(part for part in (before, strong(citation.quote), after) if part)
    link = web_address(citation)
    source = f", [source]({quote(link, safe=_KEPT)})" if link else ""
    head = marked(source_of(citation) or citation.article_id)
    place = marked(f"{place_of(citation)}{also_in(citation)}")
    return f"> {body}\n>\n> — \\[{citation.id}\\] {head}{source} ({place})"


def _conflict(conflict: Conflict) -> Iterator[str]:
    head, *values = conflict_lines(conflict)
    yield f"{marked(head)}\n"
    yield from (f"- {marked(value)}" for value in values)


def _hit(hit: Hit) -> str:
    body = marked(cut_after(one_line(hit.text), SNIPPET))
    return f"> {body}\n>\n> — {marked(hit.title or hit.article_id)} ({marked(place_of(hit) + also_in(hit))})"
