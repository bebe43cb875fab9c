"""How answers, search results and hits show themselves: HTML, Markdown and plain text."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.lib.pretty import pretty
from markdown_it import MarkdownIt

from service.answer import (
    Answer,
    AnswerPart,
    AnswerSentence,
    Citation,
    Conflict,
    ConflictValue,
    Hit,
    IndexState,
    SearchResult,
)
from service.display import as_html
from service.plain import answer_lines, search_lines

printed: Callable[[object], str] = pretty
"""IPython says of no function what it takes and gives."""

STATE = IndexState(commit=1, generation=1, model="m", recipe="r", ranker="k")
PASSAGE = "The square was paved in 1901. Its fountain runs on rain water. Children skate around it."
QUOTE = "Its fountain runs on rain water."
HIT = Hit("town/square", 2, "The square", 100, 100 + len(PASSAGE), PASSAGE, 0.75)
PRESENTATIONAL = {"div", "p", "ol", "li", "b", "u", "br", "sup", "small", "span", "mark", "a", "blockquote"}
TABLE = {"table", "tr", "td"}


def citation(**known: Any) -> Citation:
    at = PASSAGE.index(QUOTE)
    said = Citation(
        id=1,
        article_id="town/square",
        revision=2,
        sha256="0" * 64,
        title="The square",
        publisher="Town hall",
        url="https://example.org/square",
        published="2020-05",
        start=100 + at,
        end=100 + at + len(QUOTE),
        quote=QUOTE,
        prefix=PASSAGE[:at],
        suffix=PASSAGE[at + len(QUOTE) :],
        link="https://example.org/square#:~:text=Its%20fountain",
        score=0.9,
    )
    return replace(said, **known)


def answered(sentence: AnswerSentence | None = None, **cited: Any) -> Answer:
    return Answer(
        question="What does the fountain run on?",
        answer=f"{QUOTE} [1]",
        abstained=False,
        reason=None,
        message=None,
        confidence=0.93,
        sentences=(sentence or AnswerSentence(QUOTE, (1,)),),
        citations=(citation(**cited),),
        passages=(HIT,),
        index=STATE,
        timing_ms={"total": 1.234},
    )


ABSTAINED = Answer(
    question="Who paved the square?",
    answer=None,
    abstained=True,
    reason="low_confidence",
    message="The nearest passages do not answer this.",
    confidence=0.12,
    sentences=(),
    citations=(),
    passages=(HIT,),
    index=STATE,
    timing_ms={"total": 1.234},
)


class Elements(HTMLParser):
    """Collects elements with their attributes, and text by the innermost element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.texts: dict[str, str] = {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))
        if tag != "br":
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in {*self.inside}:
            self.texts[tag] = self.texts.get(tag, "") + data


def test_an_answer_numbers_its_sentences_and_marks_the_quote_among_what_stands_around_it() -> None:
    seen = Elements(answered()._repr_html_())
    assert seen.texts["ol"] == f"{QUOTE} [1]"
    assert seen.texts["mark"] == QUOTE
    assert f"The square was paved in 1901. {QUOTE} Children skate" in seen.texts["blockquote"]
    assert "The square, Town hall, 2020-05" in seen.texts["blockquote"]
    assert "town/square@2 130–162" in seen.texts["blockquote"]


def test_an_answer_leads_to_its_source() -> None:
    (link,) = [known["href"] for tag, known in Elements(answered()._repr_html_()).found if tag == "a"]
    assert link == "https://example.org/square#:~:text=Its%20fountain"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://["]
)
def test_only_addresses_of_the_web_become_links(address: str) -> None:
    answer = answered(url=address, link=address)
    assert not [tag for tag, _ in Elements(answer._repr_html_()).found if tag == "a"]
    assert "](" not in answer._repr_markdown_()


def test_confidence_is_a_bar_with_words() -> None:
    seen = Elements(answered()._repr_html_())
    assert seen.texts["span"] == "█████████░"
    assert "high (0.93)" in seen.texts["p"]


def test_an_abstention_says_why_and_shows_what_came_nearest() -> None:
    seen = Elements(ABSTAINED._repr_html_())
    assert "No answer. The nearest passages do not answer this." in seen.texts["p"]
    assert "The square was paved in 1901." in seen.texts["blockquote"]
    assert "mark" not in seen.texts


def test_words_of_the_question_stand_out_in_what_was_found() -> None:
    seen = Elements(SearchResult("children skating", (HIT,), STATE, {})._repr_html_())
    assert "Children" in seen.texts["b"]


def test_a_search_without_hits_says_so() -> None:
    nothing = SearchResult("anything", (), STATE, {})
    assert "Nothing found." in nothing._repr_html_()


def test_the_sentence_before_is_shown_where_a_sentence_leans_on_it() -> None:
    leaning = AnswerSentence(QUOTE, (1,), "The square was paved in 1901.")
    assert (
        "Said before: The square was paved in 1901." in Elements(answered(leaning)._repr_html_()).texts["li"]
    )
    assert "said before: The square was paved in 1901." in answered(leaning)._repr_markdown_()


def test_the_words_that_answer_stand_out_in_the_sentence_and_in_its_quote() -> None:
    marked = AnswerSentence(QUOTE, (1,), None, (21, 31))
    assert Elements(answered(marked)._repr_html_()).texts["u"] == "rain water" * 2


def test_a_part_of_a_question_without_an_answer_is_named() -> None:
    part = AnswerPart("Who paid for it?", answered=False, confidence=0.1, citations=())
    shown = replace(answered(), parts=(part,))
    assert "Not found: Who paid for it?" in shown._repr_html_()
    assert "Not found: Who paid for it?" in shown._repr_markdown_()


def test_sources_that_differ_stand_side_by_side() -> None:
    values = (
        ConflictValue("1901", "2020-05", citation()),
        ConflictValue("1902 <b>", "2018", citation(title="An almanac", quote="Paved in 1902.")),
    )
    conflict = Conflict("The square was paved in ….", "number", "later", values)
    shown = replace(answered(), conflicts=(conflict,))
    seen = Elements(shown._repr_html_())
    assert {tag for tag, _ in seen.found} <= PRESENTATIONAL | TABLE
    assert "1902 <b>An almanac" in seen.texts["td"]
    assert "Sources differ: The square was paved in …. The first is the newest." in seen.texts["p"]
    assert "- 1902 &lt;b> (2018)" in shown._repr_markdown_()


def test_an_abstention_says_what_to_try_instead_and_an_answer_of_when_it_is() -> None:
    advised = replace(ABSTAINED, advice="Ask without a filter.")
    dated = replace(answered(), answered_as_of="2020-05", answered_as_of_by="published")
    assert "Ask without a filter." in advised._repr_html_()
    assert "Ask without a filter." in advised._repr_markdown_()
    assert "2020-05" in Elements(dated._repr_html_()).texts["small"]
    assert "2020-05" in dated._repr_markdown_()


def test_plain_text_is_what_a_pipe_gets_and_holds_no_timing() -> None:
    found = SearchResult("fountain", (HIT,), STATE, {"total": 1.234})
    assert str(answered()) == "\n".join(answer_lines(answered()))
    assert str(found) == "\n".join(search_lines(found))
    for shown in (answered(), ABSTAINED, found):
        assert "1.234" not in str(shown) + shown._repr_html_() + shown._repr_markdown_()


def test_a_notebook_stores_the_words_and_not_the_fields() -> None:
    assert printed(answered()) == str(answered())
    assert printed(HIT) == str(HIT)


def test_what_has_no_look_of_its_own_is_refused() -> None:
    with pytest.raises(TypeError, match="int has no look"):
        as_html(3)


SIGNS = "<>&\"'`*_[]()#!|~$-+=:;/ab1.\\ \n\u202e\x1b"
HOSTILE = st.text(st.sampled_from(SIGNS), max_size=40) | st.sampled_from(
    ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "</mark></div>",
     '" onmouseover="alert(1)', "1. one", "# head", "> quoted", "<!--", "&lt;b&gt;"]
)  # fmt: skip


@given(text=HOSTILE)
def test_no_text_of_an_article_becomes_markup(text: str) -> None:
    quote = f"{text} {QUOTE}"
    cited = {
        "quote": quote,
        "title": text,
        "publisher": text,
        "prefix": text,
        "suffix": text,
        "article_id": text,
    }
    hit = replace(HIT, text=text, title=text, article_id=text)
    shown = replace(answered(AnswerSentence(quote, (1,), text), **cited), question=text, passages=(hit,))
    for html in (
        shown._repr_html_(),
        replace(ABSTAINED, message=text, question=text, passages=(hit,))._repr_html_(),
        SearchResult(text or "?", (hit,), STATE, {})._repr_html_(),
    ):
        seen = Elements(html)
        assert not seen.inside
        assert {tag for tag, _ in seen.found} <= PRESENTATIONAL
        assert {name for _, known in seen.found for name in known} <= {"style", "href", "rel"}
        assert "\u202e" not in html
        assert "\x1b" not in html


@given(text=HOSTILE)
def test_no_text_of_an_article_becomes_markdown(text: str) -> None:
    cited = {"quote": text, "title": text, "publisher": None, "prefix": text, "suffix": text}
    shown = replace(answered(AnswerSentence(text, (1,), None), **cited), question=text)
    tokens = MarkdownIt("commonmark").parse(shown._repr_markdown_())
    kinds = {token.type for token in tokens} | {c.type for t in tokens for c in t.children or ()}
    assert not kinds & {"html_block", "html_inline", "heading_open", "code_inline", "fence", "image", "hr"}
    links = [c.attrs["href"] for t in tokens for c in t.children or () if c.type == "link_open"]
    assert links == ["https://example.org/square#:~:text=Its%20fountain"]


def test_nothing_that_draws_is_imported_where_questions_are_answered() -> None:
    heavy = "{'pandas', 'altair', 'sklearn', 'vl_convert', 'service.display', 'service.markdown'}"
    program = f"import sys, service.assistant, service.cli; print(sorted({heavy} & set(sys.modules)))"
    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"
