"""Answers and search results on a terminal, with colours where the terminal has them.

Every text becomes a rich ``Text``, never markup, so that brackets in an article stay brackets. Knows
nothing of how an answer comes about.
"""

import re
from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from service.answer import Answer, Citation, Hit, SearchResult
from service.plain import (
    NEAREST,
    SNIPPET,
    also_in,
    as_of_in_words,
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
    words_of,
)

AROUND = 160
"""Characters shown on either side of a quote."""

_MARK = re.compile(r"\[\d+\]")


def show_answer(answer: Answer, console: Console) -> None:
    """Print the answer with a card for each citation, or why there is none and what came nearest."""
    if answer.answer is None:
        _show_abstention(answer, console)
        return
    text = Text(one_line(answer.answer))
    text.highlight_regex(_MARK, "bold cyan")
    console.print(text)
    if answer.answered_as_of:
        console.print(Text(as_of_in_words(answer), style="bold"))
    _show_confidence(answer, console)
    for sentence in answer.sentences:
        if sentence.context:
            console.print(Text(f"Said before: {one_line(sentence.context)}", style="dim"))
    focus = {sentence.citations[0]: sentence.focus for sentence in answer.sentences}
    for citation in answer.citations:
        console.print(_card(citation, answer.passages, focus.get(citation.id)))
    differing = [line for conflict in answer.conflicts for line in conflict_lines(conflict)]
    for line in (*not_found(answer), *differing):
        console.print(Text(line, style="yellow"))


def _show_abstention(answer: Answer, console: Console) -> None:
    console.print(Text(f"No answer. {one_line(reason_of(answer))}", style="bold yellow"))
    if answer.advice:
        console.print(Text(one_line(answer.advice)))
    _show_confidence(answer, console)
    if answer.passages:
        console.print(Text("\nNearest passages", style="bold"))
        _show_hits(answer.passages[:NEAREST], answer.question, console)


def show_search(result: SearchResult, console: Console) -> None:
    """Print the hits, each with the question's words highlighted."""
    if not result.hits:
        console.print(Text("Nothing found.", style="yellow"))
    _show_hits(result.hits, result.question, console)


def _show_confidence(answer: Answer, console: Console) -> None:
    console.print(Text(f"Confidence: {confidence_in_words(answer.confidence)}", style="dim"))


def _show_hits(hits: Iterable[Hit], question: str, console: Console) -> None:
    for rank, hit in enumerate(hits, 1):
        head = Text(f"{rank}. ", style="bold")
        head.append(f"{hit.score:.3f} ", style="cyan")
        head.append(one_line(hit.title or hit.article_id), style="bold")
        console.print(head)
        body = Group(
            Text(f"{place_of(hit)}{also_in(hit)}", style="dim"),
            _with_words(cut_after(one_line(hit.text), SNIPPET), question),
        )
        console.print(Padding(body, (0, 0, 0, 3)))


def _card(citation: Citation, passages: Iterable[Hit], focus: tuple[int, int] | None) -> RenderableType:
    before, after = surroundings(citation, passages)
    body = Text(cut_before(before, AROUND), style="dim")
    body.append_text(_marked(citation.quote, focus))
    body.append(cut_after(after, AROUND))
    parts: list[RenderableType] = [body]
    # A link with a text fragment is long; the address alone can still be read and copied.
    if citation.url:
        parts.append(Text(one_line(citation.url), style="dim"))
    if citation.also_in:
        parts.append(Text(also_in(citation).strip(" ()"), style="dim"))
    title = Text(f"[{citation.id}] {source_of(citation)}".rstrip(), overflow="ellipsis", no_wrap=True)
    return Panel(
        Group(*parts),
        title=title,
        title_align="left",
        subtitle=Text(place_of(citation)),
        subtitle_align="left",
    )


def _marked(quote: str, focus: tuple[int, int] | None) -> Text:
    """Return the quote, the words that answer underlined."""
    shown = Text(one_line(quote), style="not dim bold green")
    if focus is not None:
        # What is shown has other white space: the place is found by what stands before it.
        words = one_line(quote[focus[0] : focus[1]])
        start = shown.plain.find(words, max(0, len(one_line(quote[: focus[0]]))))
        if start >= 0:
            shown.stylize("underline", start, start + len(words))
    return shown


def _with_words(text: str, question: str) -> Text:
    shown, words = Text(text), words_of(question)
    if words is not None:
        shown.highlight_regex(words, "bold green")
    return shown
