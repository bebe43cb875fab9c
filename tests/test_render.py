"""What people see: answers and hits on terminals of every width, and as plain text."""

import io
import re
import unicodedata
from dataclasses import replace

import pytest
from rich.console import Console

from service.answer import Answer, AnswerPart, AnswerSentence, Citation, Hit, IndexState, SearchResult
from service.plain import answer_lines, confidence_in_words, cut_after, cut_before, one_line, search_lines
from service.render import show_answer, show_search

STATE = IndexState(commit=1, generation=1, model="m", recipe="r", ranker="k")
PASSAGE = "The square was paved in 1901. Its fountain runs on rain water. Children skate around it in winter."
QUOTE = "Its fountain runs on rain water."


def hit(text: str = PASSAGE, title: str | None = "The square") -> Hit:
    return Hit("town/square", 2, title, 100, 100 + len(text), text, 0.75)


def citation(quote: str = QUOTE, passage: str = PASSAGE, **known: str) -> Citation:
    at = passage.index(quote)
    return Citation(
        id=1,
        article_id="town/square",
        revision=2,
        sha256="0" * 64,
        title=known.get("title", "The square"),
        publisher=known.get("publisher", "Town hall"),
        url=known.get("url"),
        published="2020-05",
        start=100 + at,
        end=100 + at + len(quote),
        quote=quote,
        prefix=passage[:at],
        suffix=passage[at + len(quote) :],
        link=None,
        score=0.9,
    )


def answered(quote: str = QUOTE, passage: str = PASSAGE, **known: str) -> Answer:
    return Answer(
        question="What does the fountain run on?",
        answer=f"{quote} [1]",
        abstained=False,
        reason=None,
        message=None,
        confidence=0.93,
        sentences=(AnswerSentence(quote, (1,)),),
        citations=(citation(quote, passage, **known),),
        passages=(hit(passage),),
        index=STATE,
        timing_ms={"total": 1.0},
    )


def abstained() -> Answer:
    return Answer(
        question="Who sings?",
        answer=None,
        abstained=True,
        reason="low_confidence",
        message=None,
        confidence=0.2,
        sentences=(),
        citations=(),
        passages=(hit(),),
        index=STATE,
        timing_ms={"total": 1.0},
    )


def shown(item: Answer | SearchResult, width: int = 80, *, colour: bool = False) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=colour, color_system="truecolor" if colour else None
    )
    if isinstance(item, Answer):
        show_answer(item, console)
    else:
        show_search(item, console)
    return stream.getvalue()


def flat(text: str) -> str:
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", text).split())


def test_a_card_names_source_date_place_and_shows_the_quote_in_its_passage() -> None:
    text = flat(shown(answered(), 100))
    assert "[1] The square, Town hall, 2020-05" in text
    assert "town/square@2 130–162" in text
    assert PASSAGE in text
    assert "Confidence: high (0.93)" in text


def test_the_quote_is_highlighted_and_its_surroundings_are_not() -> None:
    text = shown(answered(), 200, colour=True)
    styled = re.search(r"\x1b\[([\d;]+)mIts fountain runs on rain water\.", text)
    assert styled
    assert "1" in styled[1].split(";")
    assert re.search(r"\x1b\[2m.*The square was paved", text)


def test_an_abstention_shows_its_reason_and_the_nearest_passages() -> None:
    text = flat(shown(abstained()))
    assert "No answer. The nearest passages do not answer this question with enough confidence." in text
    assert "Confidence: low (0.20)" in text
    assert "The square was paved in 1901." in text


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize(
    "quote", [QUOTE, "청계천은 2005년에 다시 열렸다.", "w" * 400, "a [bold]b[/bold] [1] c [/] \\[x]"]
)
def test_no_line_is_wider_than_the_terminal_and_nothing_of_the_quote_is_lost(width: int, quote: str) -> None:
    text = shown(answered(quote, f"Before. {quote} After."), width)
    cells = [sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line) for line in text.splitlines()]
    assert max(cells) <= width
    assert "".join(quote.split()) in "".join(flat(text).split())


@pytest.mark.parametrize(
    "hostile", ["\x1b[31mred\x1b[0m", "\x9b2J", "\x07bell", "a\u202egnp.exe", "x\x00y\x7f"]
)
def test_control_sequences_of_an_article_never_reach_the_terminal(hostile: str) -> None:
    quote = f"Beware {hostile} here."
    for text in (
        shown(answered(quote, f"A. {quote} B.", title=hostile, publisher=hostile, url=hostile)),
        "\n".join(answer_lines(answered(quote, f"A. {quote} B.", title=hostile))),
        "\n".join(search_lines(SearchResult("q", (hit(quote, hostile),), STATE, {}))),
    ):
        assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]


def test_plain_text_is_the_answer_an_empty_line_and_one_line_a_citation() -> None:
    lines = list(
        answer_lines(answered("Its fountain runs\non rain water.", "Its fountain runs\non rain water."))
    )
    assert lines == [
        "Its fountain runs on rain water. [1]",
        "",
        "[1] The square, Town hall, 2020-05 — town/square@2 100–132: “Its fountain runs on rain water.”",
    ]


def test_hits_show_rank_score_place_title_and_the_words_of_the_question() -> None:
    result = SearchResult("Where do children skate?", (hit(), hit(title=None)), STATE, {})
    text = shown(result, 120, colour=True)
    assert re.search(r"\x1b\[[\d;]*1[\d;]*mskate\x1b", text) or re.search(r"\x1b\[1;32mskate\x1b", text)
    plain = flat(shown(result, 120))
    assert "1. 0.750 The square town/square@2 100–198" in plain
    assert "2. 0.750 town/square town/square@2" in plain


def test_a_search_without_hits_says_so() -> None:
    assert shown(SearchResult("q", (), STATE, {})).strip() == "Nothing found."


@pytest.mark.parametrize(
    ("confidence", "word"), [(0.8, "high"), (0.79, "fair"), (0.5, "fair"), (0.49, "low")]
)
def test_confidence_has_a_word_beside_its_number(confidence: float, word: str) -> None:
    assert confidence_in_words(confidence) == f"{word} ({confidence:.2f})"


def test_long_surroundings_are_cut_between_words_and_marked() -> None:
    assert cut_after("one two three", 8) == "one two …"
    assert cut_before("one two three", 8) == "… three"
    assert cut_after("x" * 9, 4) == "xxxx…"
    assert cut_before("x" * 9, 4) == "…xxxx"
    assert cut_after("short", 8) == cut_before("short", 8) == "short"


def test_white_space_of_any_kind_becomes_one_space() -> None:
    assert one_line(" a\t\nb\u3000c\r\n") == "a b c"


def test_the_words_that_answer_are_underlined_in_the_card_and_nowhere_else() -> None:
    quote = "Its  fountain runs\non rain water."
    answer = answered(quote, f"Before. {quote} After.")
    at = quote.index("rain")
    focused = replace(answer, sentences=(AnswerSentence(quote, (1,), focus=(at, at + 10)),))
    text = shown(focused, 200, colour=True)
    underlined = re.findall(r"\x1b\[(?:\d+;)*4(?:;\d+)*m([^\x1b]*)", text)
    assert underlined == ["rain water"]
    assert "".join(answer_lines(focused)) == "".join(answer_lines(answer))


def test_parts_of_the_question_to_which_nothing_was_found_are_named() -> None:
    parts = (AnswerPart("When?", True, 0.9, (1,)), AnswerPart("Who sings?", False, 0.1, ()))
    answer = replace(answered(), parts=parts)
    assert "Not found: Who sings?" in shown(answer)
    assert "Not found: Who sings?" in list(answer_lines(answer))
    assert "Not found: When?" not in shown(answer)
