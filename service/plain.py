"""Answers and search results as plain text, for a pipe or a file.

Knows how text from articles is made harmless for a terminal. Knows neither colours nor widths.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from service.answer import REASONS, Answer, Citation, Conflict, Hit, SearchResult
from service.explained import ExplainedPassage, ExplainedSentence, Explanation, Scored
from service.quoting import SURROUNDING

SNIPPET = 320
"""Characters shown of a passage; JSON holds all of it."""

NEAREST = 3
"""Passages shown below an abstention; JSON holds all of them."""

ALSO_IN = 3
"""Copies that are named; JSON holds all of them."""

_UNSAFE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+")


def one_line(text: str) -> str:
    """Return text that a terminal only shows: control and direction characters replaced, on one line."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", _SPACE.sub(" ", text)).strip()


def cut_before(text: str, length: int) -> str:
    """Return the end of a text, from a word on, marked where something was left out."""
    if len(text) <= length:
        return text
    _, space, rest = text[-length:].partition(" ")
    return f"… {rest}" if space and rest else f"…{text[-length:]}"


def cut_after(text: str, length: int) -> str:
    """Return the beginning of a text, up to a word's end, marked where something was left out."""
    if len(text) <= length:
        return text
    start, space, _ = text[:length].rpartition(" ")
    return f"{start} …" if space and start.strip() else f"{text[:length]}…"


def confidence_in_words(confidence: float) -> str:
    """Return ``high (0.93)``: a word for people beside the number."""
    word = "high" if confidence >= 0.8 else "fair" if confidence >= 0.5 else "low"
    return f"{word} ({confidence:.2f})"


def bar(share: float, width: int = 10) -> str:
    """Return a bar of letters for a share from 0 to 1: it survives wherever text does."""
    full = round(min(max(share, 0.0), 1.0) * width)
    return "█" * full + "░" * (width - full)


def source_of(citation: Citation) -> str:
    """Return title, publisher and date, as far as they are known."""
    known = (citation.title, citation.publisher, citation.published)
    return ", ".join(one_line(part) for part in known if part)


def web_address(citation: Citation) -> str | None:
    """Return where a citation leads on the web, if anywhere: ``javascript:`` and ``data:`` are no place."""
    for address in (citation.link, citation.url):
        try:
            if address and urlsplit(address).scheme in ("http", "https"):
                return address
        except ValueError:
            continue
    return None


def place_of(item: Citation | Hit) -> str:
    """Return where a text stands: article, revision and offsets, and whether it still stands."""
    mark = ""
    if item.withdrawn:
        mark = " (withdrawn)"
    elif item.superseded_by:
        mark = f" (superseded by revision {item.superseded_by})"
    return f"{item.article_id}@{item.revision} {item.start}–{item.end}{mark}"


def surroundings(citation: Citation, passages: Iterable[Hit]) -> tuple[str, str]:
    """Return the text before and after a quote: its passage's, else its own prefix and suffix."""
    for passage in passages:
        same = (passage.article_id, passage.revision) == (citation.article_id, citation.revision)
        if same and passage.start <= citation.start and citation.end <= passage.end:
            before = passage.text[: citation.start - passage.start]
            return _joined(before, passage.text[citation.end - passage.start :])
    before, after = citation.prefix, citation.suffix
    # As much as a citation keeps: a word at its edge may be a part of one.
    before = cut_before(before, len(before) - 1) if len(before) == SURROUNDING else before
    after = cut_after(after, len(after) - 1) if len(after) == SURROUNDING else after
    return _joined(before, after)


def _joined(before: str, after: str) -> tuple[str, str]:
    """Make both harmless, and keep the space that parts them from the quote."""
    left = " " if before[-1:].isspace() else ""
    right = " " if after[:1].isspace() else ""
    return one_line(before) + left, right + one_line(after)


def words_of(question: str) -> re.Pattern[str] | None:
    """Return what finds a question's words in a text, from each word's beginning on; None without any.

    Hangul endings and plural forms follow a stem, so a word counts from its beginning.
    """
    words = sorted({word for word in _WORD.findall(question) if len(word) > 3 or not word.isascii()})
    listed = "|".join(map(re.escape, words))
    return re.compile(rf"\b(?:{listed})\w*", re.IGNORECASE) if words else None


def also_in(item: Citation | Hit) -> str:
    """Return the articles that repeat a text, in brackets, or nothing."""
    if not item.also_in:
        return ""
    named = [one if isinstance(one, str) else one.article_id for one in item.also_in]
    rest = f" and {len(named) - ALSO_IN} more" if len(named) > ALSO_IN else ""
    return f" (also in {', '.join(named[:ALSO_IN])}{rest})"


def reason_of(answer: Answer) -> str:
    """Return the sentence that says why a question was not answered."""
    return answer.message or (REASONS[answer.reason] if answer.reason else "")


def not_found(answer: Answer) -> list[str]:
    """Return a line for each part of the question to which nothing was found."""
    return [f"Not found: {one_line(part.text)}" for part in answer.parts if not part.answered]


def as_of_in_words(answer: Answer) -> str:
    """Return of when an answer speaks, and what says so."""
    sources = {
        "text": "so the sentence says",
        "published": "when its source was published",
        "taken_in": "when its source, which has no date, was taken in",
    }
    by = sources.get(answer.answered_as_of_by or "", "")
    return f"As of {answer.answered_as_of}{f', {by}' if by else ''}."


def conflict_lines(conflict: Conflict) -> Iterator[str]:
    """Yield what the sources differ about, then each value with its date and article."""
    settled = {"correction": " The first is a later correction.", "later": " The first is the newest source."}
    about = cut_after(one_line(conflict.about), SNIPPET)
    yield f"Sources differ about this {conflict.kind}: {about}{settled.get(conflict.settled or '', '')}"
    for value in conflict.values:
        told = f"{one_line(value.value)} ({value.published or 'no date'})"
        others = f" (also in {', '.join(value.also_in[:ALSO_IN])})" if value.also_in else ""
        yield f"  {told}: {place_of(value.citation)} “{one_line(value.citation.quote)}”{others}"


def pushed(scored: Scored, most: int = 3) -> list[tuple[str, float | None, float]]:
    """Return what a score is made of, the rules set by hand, then what moved it most up and most down."""
    moves = sorted(scored.features, key=lambda one: -one.contribution)
    up = [one for one in moves[:most] if one.contribution > 0]
    down = [one for one in moves[-most:] if one.contribution < 0]
    rules = [(name, None, change) for name, change in scored.rules.items()]
    return [*rules, *((one.feature, one.value, one.contribution) for one in [*up, *down])]


def explanation_lines(explanation: Explanation, shown: int = 5) -> Iterator[str]:
    """Yield the first candidates, one a line, with what moved each score most."""
    listings: tuple[tuple[str, Sequence[ExplainedPassage | ExplainedSentence]], ...] = (
        ("Passages", explanation.passages),
        ("Sentences", explanation.sentences),
    )
    for heading, listed in listings:
        if listed:
            yield ""
            yield f"{heading}, {min(shown, len(listed))} of {len(listed)} (all with --json):"
        for at, one in enumerate(listed[:shown], 1):
            ranks = ", ".join(f"{stage} {rank}" for stage, rank in one.ranks.items())
            where = f"{one_line(one.article_id)}@{one.revision} {one.start}–{one.end}"
            yield f"{at}. {where}; ranks: {ranks}; score {_moves(one.scored)}"
    known = explanation.confidence
    if known is not None:
        yield ""
        head = f"Confidence {known.probability:.2f}, threshold {known.threshold:.2f}"
        yield f"{head}; log-odds {_moves(known.scored)}"


def _moves(scored: Scored) -> str:
    parts = [
        f"{change:+.2f} {name}" + (f" {value:.2f}" if value is not None else " (set by hand)")
        for name, value, change in pushed(scored)
    ]
    return f"{scored.score:.2f} = {scored.base:.2f} and most of all {', '.join(parts)}"


def answer_lines(answer: Answer) -> Iterator[str]:
    """Yield the answer, an empty line, and its citations, one a line; or why there is none."""
    if answer.answer is None:
        yield f"No answer: {one_line(reason_of(answer))}"
        if answer.advice:
            yield one_line(answer.advice)
        if answer.passages:
            yield ""
            yield "Nearest passages:"
            yield from hit_lines(answer.passages[:NEAREST])
        return
    yield one_line(answer.answer)
    if answer.answered_as_of:
        yield as_of_in_words(answer)
    yield ""
    for citation in answer.citations:
        head = " — ".join(part for part in (source_of(citation), place_of(citation)) if part)
        yield f"[{citation.id}] {head}: “{one_line(citation.quote)}”{also_in(citation)}"
    yield from not_found(answer)
    for conflict in answer.conflicts:
        yield from conflict_lines(conflict)


def search_lines(result: SearchResult) -> Iterator[str]:
    """Yield the hits, one a line."""
    yield from hit_lines(result.hits)


def hit_lines(hits: tuple[Hit, ...]) -> Iterator[str]:
    """Yield rank, score, article, title and text of each hit."""
    for rank, hit in enumerate(hits, 1):
        title = f"{one_line(hit.title)}: " if hit.title else ""
        text = cut_after(one_line(hit.text), SNIPPET)
        yield f"{rank}. {hit.score:.3f} {place_of(hit)} {title}{text}{also_in(hit)}"
