"""Answers, search results and hits as they show themselves in a notebook: HTML, Markdown, plain text.

Every text from an article is escaped, and no address but one of the web becomes a link. The HTML has no
script, no style sheet and no class; its inline styles use no colour of their own but see-through ones, so
that it can be read on light and dark pages, and what it means is said by its elements, so that a code host
that takes the styles away takes nothing else. Knows nothing of how an answer comes about.
"""

from collections.abc import Iterable
from html import escape

from service.answer import Answer, AnswerSentence, Citation, Conflict, Hit, SearchResult
from service.markdown import markdown_answer, markdown_hits
from service.plain import (
    NEAREST,
    SNIPPET,
    also_in,
    answer_lines,
    as_of_in_words,
    bar,
    confidence_in_words,
    cut_after,
    cut_before,
    hit_lines,
    not_found,
    one_line,
    place_of,
    reason_of,
    search_lines,
    source_of,
    surroundings,
    web_address,
    words_of,
)

AROUND = 220
"""Characters shown on either side of a quote."""

SETTLED = {
    "correction": "The first is a later correction.",
    "later": "The first is the newest.",
}
"""Why the first value of a conflict is preferred."""

_CELL = (
    "text-align:left;vertical-align:top;max-width:22em;padding:.3em .8em;"
    "border:1px solid rgba(128,128,128,.35)"
)
_PAGE = "max-width:52em;line-height:1.5"
_CARD = (
    "margin:.6em 0;padding:.5em .9em;border:1px solid rgba(128,128,128,.35);"
    "border-left:4px solid rgba(66,133,244,.8);border-radius:4px"
)
_QUIET = "opacity:.75"
_MARK = "background:rgba(255,200,0,.4);color:inherit;padding:.05em .1em;border-radius:2px"


def as_html(shown: object) -> str:
    """Return a result as HTML that stands on its own."""
    if isinstance(shown, Answer):
        return _page(_answer(shown))
    if isinstance(shown, SearchResult):
        nothing = f"Nothing found. {_text(shown.message)}" if shown.message else "Nothing found."
        return _page([_question(shown.question), *_hits(shown.hits, shown.question, nothing)])
    if isinstance(shown, Hit):
        return _page([_hit(None, shown, "")])
    raise TypeError(f"a {type(shown).__name__} has no look of its own")


def as_markdown(shown: object) -> str:
    """Return a result as CommonMark."""
    if isinstance(shown, Answer):
        return markdown_answer(shown)
    if isinstance(shown, SearchResult):
        return markdown_hits(shown.hits, shown.question)
    if isinstance(shown, Hit):
        return markdown_hits((shown,))
    raise TypeError(f"a {type(shown).__name__} has no look of its own")


def as_text(shown: object) -> str:
    """Return a result as plain text, as a pipe gets it."""
    if isinstance(shown, Answer):
        return "\n".join(answer_lines(shown))
    if isinstance(shown, SearchResult):
        return "\n".join(search_lines(shown))
    if isinstance(shown, Hit):
        return "\n".join(hit_lines((shown,)))
    raise TypeError(f"a {type(shown).__name__} has no look of its own")


def _answer(answer: Answer) -> Iterable[str]:
    yield _question(answer.question)
    if answer.answer is None:
        yield f"<p><b>No answer.</b> {_text(reason_of(answer))}</p>"
        if answer.advice:
            yield f"<p>{_text(answer.advice)}</p>"
        yield _confidence(answer.confidence)
        if answer.passages:
            yield f"<p><b>Nearest {'passages' if len(answer.passages) > 1 else 'passage'}</b></p>"
            yield from _hits(answer.passages[:NEAREST], answer.question, "")
        return
    yield f"<ol>{''.join(map(_sentence, answer.sentences))}</ol>"
    yield from (f"<p>{_text(line)}</p>" for line in not_found(answer))
    if answer.answered_as_of:
        yield f"<p><small>{_text(as_of_in_words(answer))}</small></p>"
    yield _confidence(answer.confidence)
    focuses = {number: one.focus for one in answer.sentences for number in one.citations[:1]}
    for citation in answer.citations:
        yield _citation(citation, answer.passages, focuses.get(citation.id))
    for conflict in answer.conflicts:
        yield _conflict(conflict)


def _page(parts: Iterable[str]) -> str:
    return f'<div style="{_PAGE}">\n' + "\n".join(parts) + "\n</div>"


def _question(question: str) -> str:
    return f'<p style="{_QUIET}">{_text(question)}</p>'


def _sentence(sentence: AnswerSentence) -> str:
    said_before = ""
    if sentence.context:
        said_before = f'<br><small style="{_QUIET}">Said before: {_text(sentence.context)}</small>'
    marks = "".join(f" <sup>[{number}]</sup>" for number in sentence.citations)
    return f"<li>{_focused(sentence.text, sentence.focus)}{marks}{said_before}</li>"


def _confidence(confidence: float) -> str:
    drawn = f'<span style="letter-spacing:-.05em">{bar(confidence)}</span>'
    return f"<p><small>Confidence {drawn} {_text(confidence_in_words(confidence))}</small></p>"


def _citation(citation: Citation, passages: tuple[Hit, ...], focus: tuple[int, int] | None) -> str:
    before, after = surroundings(citation, passages)
    before, after = escape(cut_before(before, AROUND)), escape(cut_after(after, AROUND))
    head = f"<b>[{citation.id}]</b> {_text(source_of(citation) or citation.article_id)}"
    if address := web_address(citation):
        head += f' · <a href="{escape(address)}" rel="noopener noreferrer">source</a>'
    quote = f'<mark style="{_MARK}">{_focused(citation.quote, focus)}</mark>'
    return _card(head, f"{before}{quote}{after}", f"{place_of(citation)}{also_in(citation)}")


def _conflict(conflict: Conflict) -> str:
    """Return what sources say differently, side by side."""
    cells = "".join(
        f'<td style="{_CELL}"><b>{_text(one.value)}</b><br><small>{_text(source_of(one.citation))}'
        f"<br>{_text(one.citation.quote)}</small></td>"
        for one in conflict.values
    )
    why = f" {SETTLED[conflict.settled]}" if conflict.settled else ""
    head = f"<b>Sources differ:</b> {_text(conflict.about)}{why}"
    return f"<p>{head}</p>\n<table><tr>{cells}</tr></table>"


def _hits(hits: Iterable[Hit], question: str, nothing: str) -> Iterable[str]:
    cards = [_hit(rank, hit, question) for rank, hit in enumerate(hits, 1)]
    return cards or [f"<p>{nothing}</p>"]


def _hit(rank: int | None, hit: Hit, question: str) -> str:
    number = f"<b>{rank}.</b> " if rank else ""
    head = f"{number}{_text(hit.title or hit.article_id)}"
    body = _with_words(cut_after(one_line(hit.text), SNIPPET), question)
    return _card(head, body, f"{place_of(hit)}{also_in(hit)} · score {hit.score:.3f}")


def _card(head: str, body: str, foot: str) -> str:
    return (
        f'<blockquote style="{_CARD}"><small>{head}</small><br>{body}'
        f'<br><small style="{_QUIET}">{_text(foot)}</small></blockquote>'
    )


def _with_words(text: str, question: str) -> str:
    words = words_of(question)
    if words is None:
        return _text(text)
    parts, at = [], 0
    for found in words.finditer(text):
        parts.append(f"{escape(text[at : found.start()])}<b>{escape(found.group())}</b>")
        at = found.end()
    return "".join([*parts, escape(text[at:])])


def _focused(text: str, focus: tuple[int, int] | None) -> str:
    if focus is None or not 0 <= focus[0] < focus[1] <= len(text):
        return _text(text)
    start, end = focus
    before, answering, after = text[:start], text[start:end], text[end:]
    return f"{_text(before, keep_ends=True)}<b><u>{_text(answering)}</u></b>{_text(after, keep_ends=True)}"


def _text(text: str, *, keep_ends: bool = False) -> str:
    """Return text that HTML only shows; ``keep_ends`` leaves a space where it began or ended with one."""
    shown = escape(one_line(text))
    if not keep_ends:
        return shown
    left = " " if text[:1].isspace() else ""
    return f"{left}{shown}{' ' if text[-1:].isspace() and shown else ''}"
