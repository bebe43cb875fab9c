"""Evaluation: what is read, how it is judged and measured, what the command writes, what is compared."""

import html.parser
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from commandline import civicite
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer import InputError
from service.answer import AlsoIn, Answer, AnswerSentence, Citation, IndexState
from service.evaluation import (
    Evaluation,
    Gold,
    Judged,
    compare,
    evaluation_of,
    judge,
    read_evaluation,
    read_gold,
    write_evaluation,
)
from service.evaluation.calibration import coverage_at_precision, risk_coverage, risk_coverage_area
from service.evaluation.intervals import statistic_interval
from service.evaluation.page import page, safe_link
from service.evaluation.plots import wilson

STATE = IndexState(1, 1, "model", "recipe", "ranker")


def write_lines(file: Path, *records: object) -> Path:
    text = "".join(
        (one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)) + "\n" for one in records
    )
    file.write_text(text, encoding="utf-8")
    return file


def citation(number: int, article: str, quote: str, link: str | None = None, *copies: str) -> Citation:
    return Citation(
        id=number,
        article_id=article,
        revision=1,
        sha256="",
        title=f"About {article}",
        publisher=None,
        url=None,
        published=None,
        start=0,
        end=len(quote),
        quote=quote,
        prefix="",
        suffix="",
        link=link,
        score=0.5,
        also_in=tuple(AlsoIn(name, 1, None, None, None, None, 0, len(quote)) for name in copies),
    )


def answer(*quotes: tuple[str, str], confidence: float = 0.7, abstained: bool = False) -> Answer:
    cited = () if abstained else tuple(citation(at, *one) for at, one in enumerate(quotes, 1))
    return Answer(
        question="?",
        answer=None if abstained else "…",
        abstained=abstained,
        reason="low_confidence" if abstained else None,
        message=None,
        confidence=confidence,
        sentences=tuple(AnswerSentence(one.quote, (one.id,)) for one in cited),
        citations=cited,
        passages=(),
        index=STATE,
        timing_ms={"total": 4.0},
    )


def judged(
    identity: str,
    confidence: float = 0.7,
    *,
    right: bool = True,
    answerable: bool = True,
    abstained: bool = False,
    kind: str | None = None,
) -> Judged:
    gold = Gold(identity, f"Question {identity}?", answerable, kind=kind)
    if answerable:
        gold = replace(gold, relevance=(("quay", 1),), quotes=(("1987",),))
    forced = answer(("quay", "In 1987." if right else "Never."), confidence=confidence)
    given = answer(confidence=confidence, abstained=True) if abstained else forced
    return judge(gold, given, forced, ["tram", "quay"])


def judged_alike(gold: Gold, given: Answer, articles: Sequence[str]) -> Judged:
    """Judge an answer that is the same with and without a threshold."""
    return judge(gold, given, given, articles)


# What a line may say.


def test_a_line_may_expect_articles_quotes_answers_or_nothing(tmp_path: Path) -> None:
    file = write_lines(
        tmp_path / "gold.jsonl",
        {"_id": "a", "text": "When?", "article": "quay", "quote": "in 1987", "kind": "when", "part": "dev"},
        {"_id": "b", "text": "Which?", "article": ["quay", "tram"], "quote": ["one", ["two", "second"]]},
        {"_id": 3, "text": "Who?", "answers": ["Ann", "A."], "as_of": "2020-02-05"},
        "",
        {"_id": "d", "text": "Why?", "unanswerable": True},
    )
    a, b, c, d = read_gold(file).questions
    assert (a.articles, a.quotes, a.kind, a.part, a.answerable) == (
        ("quay",),
        (("in 1987",),),
        "when",
        "dev",
        True,
    )
    assert (b.articles, b.quotes) == (("quay", "tram"), (("one",), ("two", "second")))
    assert (c.id, c.answers, c.as_of) == ("3", ("Ann", "A."), "2020-02-05")
    assert d.answerable is False
    assert [one.id for one in read_gold(file, part="dev").questions] == ["a"]


def test_a_line_of_beir_brings_its_answers_and_the_table_its_articles(tmp_path: Path) -> None:
    file = write_lines(
        tmp_path / "queries.jsonl",
        {
            "_id": "a",
            "text": "When?",
            "metadata": {
                "answerable": True,
                "answers": [{"text": "1987"}, {"text": "1987"}],
                "context_id": "Q#0",
            },
        },
        {"_id": "b", "text": "Who?", "metadata": {"answerable": False, "answers": [{"text": "1987"}]}},
        {"_id": "c", "text": "A claim without a label."},
        {"_id": "d", "text": "Of another split."},
    )
    table = tmp_path / "test.tsv"
    table.write_text("query-id\tcorpus-id\tscore\na\tQ#0\t1\na\tQ#1\t0\nc\tQ#2\t2\n", encoding="utf-8")
    found = read_gold(file, table)
    a, b, c = found.questions
    assert (a.answers, a.relevance, a.cluster) == (("1987",), (("Q#0", 1),), "Q#0")
    assert (b.answerable, b.answers) == (False, ())
    assert (c.answerable, c.relevance) == (True, (("Q#2", 2),))
    assert len(found.problems) == 1
    assert "line 4: expected: nothing is given" in found.problems[0]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("not json", "it is no JSON"),
        ("[]", "record: it is no JSON object"),
        ({"text": "When?", "article": "a"}, "_id: it is missing"),
        (
            {"_id": "a b", "text": "When?", "article": "a"},
            "_id: it is missing or cannot be used; give each line an _id without spaces",
        ),
        ({"_id": "a", "article": "a"}, "text: it is missing"),
        ({"_id": "a", "text": "  ", "article": "a"}, "question: it is empty"),
        ({"_id": "a", "text": "When?"}, "expected: nothing is given"),
        ({"_id": "a", "text": "When?", "article": [1]}, "article: an entry is empty or no text"),
        ({"_id": "a", "text": "When?", "quote": " "}, "quote: an entry is empty or no text"),
        ({"_id": "a", "text": "When?", "quote": [[]]}, "quote: a list of alternatives is empty"),
        ('{"_id": "a", "text": "When?", "quote": "\\ud800"}', "quote: an entry is empty or no text"),
        ({"_id": "a", "text": "When?", "unanswerable": "yes"}, "unanswerable: it is neither true nor false"),
        ({"_id": "a", "text": "When?", "unanswerable": True, "answers": ["x"]}, "unanswerable: a quote or"),
        ({"_id": "a", "text": "When?", "article": "a", "as_of": True}, "as_of: it is no date"),
        ({"_id": "a", "text": "When?", "article": "a", "metadata": 1}, "metadata: it is no JSON object"),
        ({"_id": "valid", "text": "Again?", "article": "a"}, "_id: valid was there before"),
    ],
)
def test_an_invalid_line_is_named_by_its_number_and_leaves_the_others(
    tmp_path: Path, line: object, complaint: str
) -> None:
    file = write_lines(tmp_path / "gold.jsonl", {"_id": "valid", "text": "When?", "article": "a"}, line)
    found = read_gold(file)
    assert [one.id for one in found.questions] == ["valid"]
    assert len(found.problems) == 1
    assert "gold.jsonl: line 2: " in found.problems[0]
    assert complaint in found.problems[0]


def test_a_file_that_cannot_be_evaluated_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_gold(tmp_path / "absent.jsonl")
    with pytest.raises(InputError, match="no valid question"):
        read_gold(write_lines(tmp_path / "empty.jsonl"))
    gold = write_lines(tmp_path / "gold.jsonl", {"_id": "a", "text": "When?", "article": "a"})
    with pytest.raises(InputError, match="part 'test'"):
        read_gold(gold, part="test")
    (tmp_path / "latin.jsonl").write_bytes(b"\xe9")
    with pytest.raises(InputError, match="not UTF-8"):
        read_gold(tmp_path / "latin.jsonl")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\na\tb\tmany\n")
    with pytest.raises(InputError, match="line 2: no judgement"):
        read_gold(gold, tmp_path / "qrels.tsv")


# How an answer is judged.


def test_a_quote_is_found_whatever_case_and_white_space_and_every_one_is_needed() -> None:
    gold = Gold("q", "?", relevance=(("quay", 1),), quotes=(("in  1987",), ("Ann", "Bea")))
    both = judged_alike(gold, answer(("quay", "Opened IN\n1987."), ("tram", "By Bea.")), ["quay"])
    assert (both.first, both.first_three, both.every, both.article, both.rank) == (True, True, True, True, 1)
    one = judged_alike(gold, answer(("tram", "Nothing."), ("quay", "By Bea.")), ["tram", "quay"])
    assert (one.first, one.first_three, one.every, one.article, one.rank) == (False, True, False, False, 2)


def test_a_sentence_of_a_longer_expected_quote_counts_and_a_snippet_does_not() -> None:
    gold = Gold("q", "?", quotes=(("The quay was raised in 1987. Ann paid for the work.",),))
    sentence = judged_alike(gold, answer(("quay", "The quay was raised in 1987.")), [])
    assert (sentence.first, sentence.every) == (True, False)
    assert judged_alike(gold, answer(("quay", "The quay")), []).first is False
    whole = judged_alike(
        gold, answer(("q", "The quay was raised in 1987."), ("q", "Ann paid for the work.")), []
    )
    assert whole.every is True


def test_quotes_prevail_over_answers_and_articles_decide_where_nothing_else_is_expected() -> None:
    quoted = Gold("q", "?", quotes=(("raised in 1987",),), answers=("1987",))
    assert judged_alike(quoted, answer(("quay", "Sold in 1987.")), []).right is False
    assert judged_alike(replace(quoted, quotes=()), answer(("quay", "Sold in 1987.")), []).right is True
    placed = Gold("q", "?", relevance=(("quay", 1),))
    found = judged_alike(placed, answer(("quay", "Anything.")), ["quay"])
    assert (found.first, found.article, found.right) == (None, True, True)
    assert judged_alike(placed, answer(("tram", "Anything.")), ["quay"]).right is False


def test_a_copy_of_an_expected_article_may_be_cited() -> None:
    cited = citation(1, "copy", "In 1987.", None, "quay")
    given = replace(answer(("copy", "In 1987.")), citations=(cited,))
    assert judge(Gold("q", "?", relevance=(("quay", 1),)), given, given, ["copy", "quay"]).article is True


@pytest.mark.parametrize(
    ("answerable", "right", "abstained", "outcome"),
    [
        (True, True, False, "right"),
        (True, False, False, "wrong"),
        (True, True, True, "wrongly refused"),
        (False, False, True, "rightly refused"),
        (False, True, False, "should have refused"),
    ],
)
def test_every_question_has_one_outcome(answerable: bool, right: bool, abstained: bool, outcome: str) -> None:
    assert judged("q", right=right, answerable=answerable, abstained=abstained).outcome == outcome


def test_an_unanswerable_question_is_answered_wrongly_whatever_is_said() -> None:
    assert judged("q", answerable=False).right is False


# Measures.

pairs = st.lists(
    st.tuples(st.sampled_from([0.1, 0.4, 0.4, 0.7, 0.9]), st.booleans()), min_size=1, max_size=25
)


def columns(found: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [confidence for confidence, _ in found], [right for _, right in found]


@given(pairs)
def test_coverage_at_precision_is_the_largest_that_any_threshold_reaches(
    found: list[tuple[float, bool]],
) -> None:
    best = 0
    for threshold in {score for score, _ in found}:
        given_out = [right for score, right in found if score >= threshold]
        if sum(given_out) >= 0.9 * len(given_out):
            best = max(best, len(given_out))
    assert coverage_at_precision(*columns(found)) == pytest.approx(best / len(found))


@given(pairs, st.randoms(use_true_random=False))
def test_risk_and_coverage_do_not_depend_on_the_order_of_equals(
    found: list[tuple[float, bool]], random: Random
) -> None:
    shuffled = random.sample(found, len(found))
    risks = risk_coverage(*columns(found))
    assert risks == pytest.approx(risk_coverage(*columns(shuffled)))
    assert risks[-1] == pytest.approx(1 - np.mean([right for _, right in found]))
    assert risk_coverage_area(*columns(found)) == pytest.approx(risks.mean())


def test_the_area_is_least_where_confidence_sorts_the_answers() -> None:
    right = [True, True, False, False]
    assert risk_coverage_area([0.9, 0.8, 0.2, 0.1], right) == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)
    assert risk_coverage_area([0.1, 0.2, 0.8, 0.9], right) == pytest.approx((1 + 1 + 2 / 3 + 1 / 2) / 4)


def test_a_statistic_of_clusters_is_less_certain_than_one_of_questions() -> None:
    values = np.repeat([0.0, 1.0], 50)

    def mean(rows: NDArray[np.int64]) -> float:
        return float(values[rows].mean())

    alone = statistic_interval(mean, [str(row) for row in range(100)])
    together = statistic_interval(mean, [str(row // 10) for row in range(100)])
    assert alone.mean == together.mean == 0.5
    assert together.high - together.low > 2 * (alone.high - alone.low)
    assert math.isnan(statistic_interval(lambda rows: float("nan"), ["a"]).low)


def test_a_score_interval_holds_its_share_and_stays_within_bounds() -> None:
    low, high = wilson(0.5, 100)
    assert (low, high) == pytest.approx((0.4038, 0.5962), abs=1e-4)
    assert wilson(0.0, 10)[0] == pytest.approx(0.0)
    assert wilson(1.0, 10)[1] == pytest.approx(1.0)


def evaluation(*questions: Judged) -> Evaluation:
    return evaluation_of(questions, STATE, source="gold.jsonl")


def mixed() -> Evaluation:
    return evaluation(
        judged("a", 0.9, kind="when"),
        judged("b", 0.8, right=False, kind="when"),
        judged("c", 0.6, answerable=False, kind="absent"),
        judged("d", 0.1, abstained=True),
        judged("e", 0.2, answerable=False, abstained=True, kind="absent"),
        judged("f", 0.05, right=False, abstained=True),
    )


def test_measures_have_the_values_of_their_definitions() -> None:
    found = mixed()
    values = {one.name: one.value for one in found.measures}
    assert values["R@1"] == 0.0
    assert values["MRR@10"] == 0.5
    assert values["first sentence"] == pytest.approx(0.5)
    assert values["refused, of unanswerable"] == 0.5
    assert values["refused, of answerable"] == 0.5
    assert values["precision of given answers"] == pytest.approx(1 / 3)
    assert values["AUROC, answerable or not"] == pytest.approx(4 / 8)
    assert values["coverage at 90 % precision"] == pytest.approx(1 / 6)
    errors = [0.9 - 1, 0.8, 0.6, 0.1 - 1, 0.2, 0.05]
    assert values["Brier score"] == pytest.approx(sum(error**2 for error in errors) / 6)
    assert found["refused, of unanswerable"].questions == 2
    with pytest.raises(KeyError):
        found["accuracy"]


def test_a_measure_of_nothing_is_unknown_and_not_zero() -> None:
    found = evaluation(judged("a", answerable=False, abstained=True))
    assert found["first sentence"].value is None
    assert found["AUROC, answerable or not"].value is None
    assert str(found["nDCG@10"]) == "–"


def test_the_worst_are_confident_answers_where_there_is_none() -> None:
    assert [one.id for one in mixed().worst()] == ["c", "b", "d", "f"]


def test_outcomes_are_counted_for_all_and_by_kind() -> None:
    assert list(mixed().outcomes().values()) == [1, 1, 2, 1, 1]
    assert mixed().kinds()["absent"]["rightly refused"] == 1
    assert set(mixed().kinds()) == {"when", "absent"}


# Two evaluations.


def test_an_evaluation_compared_with_itself_does_not_differ() -> None:
    found = compare(mixed(), mixed())
    assert found.changes == ()
    assert {one.verdict for one in found.differences} == {"no clear difference"}
    assert {one.difference for one in found.differences} <= {0.0, None}


def test_a_comparison_tells_what_improved_and_what_became_worse() -> None:
    before = evaluation(*(judged(str(at), 0.8, right=at < 5) for at in range(40)))
    after = evaluation(*(judged(str(at), 0.8, right=at != 0) for at in range(41)))
    found = compare(before, after)
    first = {one.name: one for one in found.differences}["first sentence"]
    assert (first.before, first.after) == pytest.approx((5 / 40, 39 / 40))
    assert first.verdict == "better"
    assert {one.name: one.verdict for one in found.differences}["Brier score"] == "better"
    assert (found.shared, found.only_after) == (40, ("40",))
    assert [(one.after.id, one.improved) for one in found.changes[:2]] == [("0", False), ("10", True)]
    assert compare(after, before).differences[5].verdict == "worse"


def test_only_evaluations_of_the_same_questions_are_compared() -> None:
    with pytest.raises(InputError, match="share no question"):
        compare(evaluation(judged("a")), evaluation(judged("b")))
    other = judged("a")
    other = replace(other, gold=replace(other.gold, text="Something else?"))
    with pytest.raises(InputError, match="another question"):
        compare(evaluation(judged("a")), evaluation(other))


# What is kept and shown.


def test_an_evaluation_that_was_saved_is_read_as_it_was(tmp_path: Path) -> None:
    write_evaluation(mixed(), tmp_path / "values.json")
    assert read_evaluation(tmp_path / "values.json") == mixed()


@pytest.mark.parametrize(
    "content", ["", "{}", '{"format": "civicite evaluation 1"}', '{"format": "civicite evaluation 9"}']
)
def test_what_is_no_evaluation_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "values.json").write_text(content)
    with pytest.raises(InputError, match=r"values\.json"):
        read_evaluation(tmp_path / "values.json")


class Page(html.parser.HTMLParser):
    """Collects tags and attributes, and whether every element that was opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in {"meta", "br", "path"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "path":
            assert self.open.pop() == tag


def test_the_report_holds_all_it_shows_and_runs_nothing() -> None:
    shown = Page(page(mixed(), compare(mixed(), mixed())))
    assert shown.open == []
    assert shown.tags.count("svg") == 4
    assert "script" not in shown.tags
    assert not {name for name, _ in shown.attributes if name in {"src", "srcset"} or name.startswith("on")}
    assert not [value for name, value in shown.attributes if name in {"href", "xlink:href"}]
    assert "url(" not in page(mixed()).replace("url(#", "")


def test_text_of_articles_and_questions_stays_text_in_the_report() -> None:
    gold = Gold("<i>", "<script>alert(1)</script>", quotes=(("<b>",),), kind="<u>", relevance=(("<a>", 1),))
    given = replace(
        answer(("<em>", "<img src=x onerror=alert(1)>")),
        citations=(citation(1, "<em>", "<img src=x>", "javascript:alert(1)"),),
    )
    shown = Page(page(evaluation(judge(gold, given, given, ["tram"]))))
    assert not {"script", "img", "em", "i", "b", "u"} & set(shown.tags)
    assert not [value for _, value in shown.attributes if value.startswith("javascript:")]


def test_only_addresses_of_the_web_become_links() -> None:
    assert safe_link("https://example.org/a#:~:text=b") == "https://example.org/a#:~:text=b"
    assert safe_link("javascript:alert(1)") is None
    assert safe_link(None) is None


# The command.


@pytest.fixture(scope="module")
def quays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quays")
    articles = folder / "articles"
    articles.mkdir()
    (articles / "quay.md").write_text("# The quay\n\nThe quay was raised in 1987. Ann paid for it.\n")
    (articles / "tram.md").write_text("# The tram\n\nTram 12 runs to the harbour every hour.\n")
    assert civicite("index", articles, "--index", folder / "index").returncode == 0
    write_lines(
        folder / "gold.jsonl",
        {"_id": "a", "text": "When was the quay raised?", "article": "quay", "quote": "raised in 1987"},
        {"_id": "b", "text": "Who lowered the opera house?", "unanswerable": True},
        {"_id": "c", "text": "Where does tram 12 run to?", "article": "tram", "answers": ["harbour"]},
    )
    return folder


def test_the_command_prints_measures_and_writes_values_and_report(quays: Path) -> None:
    values, report = quays / "values.json", quays / "report.html"
    options: list[str | Path] = ["--index", quays / "index", "--min-confidence", "0"]
    done = civicite(
        "evaluate", "--questions", quays / "gold.jsonl", *options, "--save", values, "--report", report
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "nDCG@10" in done.stdout
    assert "b should have refused" in done.stdout
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")
    again = civicite("evaluate", "--from", values, "--compare", values)
    assert again.returncode == 0
    assert again.stdout.startswith(done.stdout)
    assert "Compared over 3 questions" in again.stdout
    as_json = json.loads(civicite("evaluate", "--from", values, "--json", "--compare", values).stdout)
    assert [one["gold"]["id"] for one in as_json["questions"]] == ["a", "b", "c"]
    assert as_json["comparison"]["changes"] == []


def test_invalid_lines_are_complained_of_and_the_others_evaluated(quays: Path) -> None:
    text = (quays / "gold.jsonl").read_text() + "{}\n"
    (quays / "broken.jsonl").write_text(text)
    done = civicite("evaluate", "--questions", quays / "broken.jsonl", "--index", quays / "index")
    assert done.returncode == 1
    assert done.stdout.startswith("3 questions")
    assert "broken.jsonl: line 4: _id: it is missing" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "give either --questions or --from"),
        (["--questions", "a", "--from", "b"], "give either --questions or --from"),
        (["--from", "a", "--part", "dev"], "it goes with --questions"),
        (["--questions", "absent.jsonl"], "absent.jsonl: No such file"),
        (["--questions", "a", "--report", "absent/report.html"], "its folder does not exist"),
        (["--from", "absent.json"], "absent.json: No such file"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(quays: Path, arguments: list[str], complaint: str) -> None:
    done = civicite("evaluate", *arguments, cwd=quays)
    assert done.returncode in {1, 2}
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1
