"""The pure parts of the benchmarks: measures, intervals, judgements of evidence, splits, tables."""

import gzip
import json
import math
from itertools import pairwise
from pathlib import Path

import pytest
from building import article
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.collection import (
    Collection,
    CollectionError,
    Question,
    plain_corpus,
    read_collection,
    sample,
    write_questions,
)
from benchmarks.evidence import judge
from benchmarks.families import families, take_in
from benchmarks.parts import Part, read_part
from benchmarks.peers_setup import unwanted
from benchmarks.ranking import among_candidates, read_run
from benchmarks.report import table
from benchmarks.speed.passages import sentence_spans
from benchmarks.speed.startup import summarise_imports
from benchmarks.timing import in_turns, summarise
from indexer.catalog import Catalog
from indexer.layout import Layout
from service.evaluation.calibration import auroc, calibration_error, risk_at_coverage
from service.evaluation.intervals import mean_interval, paired_difference
from service.evaluation.judging import holds
from service.evaluation.ranking import measure


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def make_folder(folder: Path, *splits: str) -> Path:
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(
        lines({"_id": "Quay#0", "title": "Quay", "text": "The quay was raised in 1987."}), encoding="utf-8"
    )
    asked = {"answerable": True, "answers": [{"text": "1987"}, {"text": "1987"}], "context_id": "Quay#0"}
    unanswerable = {"answerable": False, "answers": [], "context_id": "Quay#0"}
    (folder / "queries.jsonl").write_text(
        lines(
            {"_id": "q1", "text": "When was the quay raised?", "metadata": asked},
            {"_id": "q2", "text": "Who lowered the quay?", "metadata": unanswerable},
            {"_id": "q3", "text": "A question of another split"},
        ),
        encoding="utf-8",
    )
    for split in splits:
        (folder / "qrels" / f"{split}.tsv").write_text(
            "query-id\tcorpus-id\tscore\nq1\tQuay#0\t1\nq2\tQuay#0\t0\n"
        )
    return folder


def test_a_collection_is_read_with_its_answers_and_without_questions_of_other_splits(tmp_path: Path) -> None:
    collection = read_collection(make_folder(tmp_path / "quays", "train", "test"))
    assert (collection.name, collection.split) == ("quays", "test")
    assert [one.id for one in collection.judged] == ["q1"]
    assert [one.id for one in collection.labelled] == ["q1", "q2"]
    assert collection.judged[0].answers == ("1987",)
    assert list(collection.articles()) == [("Quay#0", "Quay", "The quay was raised in 1987.")]


@pytest.mark.parametrize(
    ("splits", "chosen"), [(("dev", "test"), "test"), (("dev", "train"), "dev"), (("train",), "train")]
)
def test_the_reported_split_is_test_then_dev_then_the_only_one(
    tmp_path: Path, splits: tuple[str, ...], chosen: str
) -> None:
    assert read_collection(make_folder(tmp_path / "quays", *splits)).split == chosen


@pytest.mark.parametrize("splits", [(), ("a", "b")])
def test_a_collection_without_a_clear_split_is_refused(tmp_path: Path, splits: tuple[str, ...]) -> None:
    with pytest.raises(CollectionError, match=r"qrels/test\.tsv"):
        read_collection(make_folder(tmp_path / "quays", *splits))


def test_a_sample_is_evenly_spaced_over_the_judged_questions() -> None:
    questions = tuple(Question(str(number), "?") for number in range(12))
    judgements = {str(number): {"a": 1} for number in range(10)}
    whole = Collection("quays", Path("corpus.jsonl"), "test", questions, judgements)
    assert [one.id for one in sample(whole, 5).questions] == ["0", "2", "4", "6", "8"]
    assert set(sample(whole, 5).judgements) == {"0", "2", "4", "6", "8"}
    assert len(sample(whole, 99).questions) == 10


def test_a_compressed_corpus_is_read_and_unpacked(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "quays", "test")
    plain = (folder / "corpus.jsonl").read_bytes()
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(plain))
    (folder / "corpus.jsonl").unlink()
    collection = read_collection(folder)
    assert [identity for identity, _, _ in collection.articles()] == ["Quay#0"]
    assert plain_corpus(collection, tmp_path).read_bytes() == plain


def test_a_folder_without_questions_is_refused_by_name(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "quays", "test")
    (folder / "queries.jsonl").unlink()
    with pytest.raises(CollectionError, match=r"queries\.jsonl"):
        read_collection(folder)


def test_questions_are_written_one_object_a_line_without_escapes(tmp_path: Path) -> None:
    path = write_questions((Question("q", "어디?"),), tmp_path / "questions.jsonl")
    assert path.read_text(encoding="utf-8") == '{"_id": "q", "text": "어디?"}\n'


QUESTIONS = tuple(
    Question(f"q{number}", "?", paragraph=paragraph)
    for number, paragraph in enumerate(["Tram#0", "Quay#0", "Quay#1", "Bridge#0", None])
)


@pytest.mark.parametrize(
    ("written", "unit", "expected"),
    [
        ("first:2", "titles", {"q1", "q2", "q3"}),
        ("rest:2", "titles", {"q0"}),
        ("first:2", "paragraphs", {"q0", "q1"}),
        ("rest:2", "paragraphs", {"q2", "q3"}),
    ],
)
def test_titles_are_counted_alphabetically_and_paragraphs_as_they_come(
    written: str, unit: str, expected: set[str]
) -> None:
    assert read_part(written, unit).of(QUESTIONS) == expected  # type: ignore[arg-type]


def test_a_part_may_name_its_collection() -> None:
    assert read_part("quays=rest:8", "titles") == Part("titles", "rest", 8, "quays")


@pytest.mark.parametrize("written", ["", "8", "last:8", "rest:", "rest:-1"])
def test_a_part_that_is_written_otherwise_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="rest:COUNT"):
        read_part(written, "titles")


def test_measures_have_the_values_of_their_definitions() -> None:
    judgements = {"one": {"a": 1}, "two": {"a": 1, "b": 1}, "none": {"a": 1}}
    rankings = {"one": ["x", "a"], "two": ["a", "x", "b"]}
    values = measure(rankings, judgements)
    assert values["nDCG@10"]["one"] == pytest.approx(1 / math.log2(3))
    assert values["nDCG@10"]["two"] == pytest.approx(1.5 / (1 + 1 / math.log2(3)))
    assert values["MRR@10"] == {"one": 0.5, "two": 1.0, "none": 0.0}
    assert values["Success@1"] == {"one": 0.0, "two": 1.0, "none": 0.0}
    assert values["R@1"] == {"one": 0.0, "two": 0.5, "none": 0.0}
    assert values["R@10"] == {"one": 1.0, "two": 1.0, "none": 0.0}


def test_nothing_beyond_the_tenth_rank_counts() -> None:
    values = measure({"q": [*"bcdefghijk", "a"]}, {"q": {"a": 1}})
    assert {name: of["q"] for name, of in values.items()} == dict.fromkeys(values, 0.0)


def test_equal_scores_keep_the_order_of_the_ranks(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.write_text("q Q0 b 2 0.5 x\nq Q0 a 1 0.5 x\nq Q0 c 3 0.5 x\n")
    rankings = read_run(run)
    assert rankings == {"q": ["a", "b", "c"]}
    assert measure(rankings, {"q": {"a": 1}})["MRR@10"]["q"] == 1.0


def test_only_a_questions_own_candidates_compete() -> None:
    question = Question("q", "?", candidates=(("a", 0), ("b", 1), ("c", 1)))
    hopeless = Question("h", "?", candidates=(("a", 0),))
    assert among_candidates({"q": ["x", "a", "y", "b"]}, [question, hopeless]) == {"q": 0.5}


def test_an_interval_holds_its_mean_and_is_the_same_each_time() -> None:
    values = {str(number): float(number % 3 == 0) for number in range(300)}
    interval = mean_interval(values)
    assert interval.mean == pytest.approx(1 / 3)
    assert interval.low < interval.mean < interval.high
    assert interval == mean_interval(values)


def test_questions_that_rise_together_widen_the_interval() -> None:
    values = {str(number): float(number < 50) for number in range(100)}
    clusters = {str(number): str(number // 25) for number in range(100)}
    alone, together = mean_interval(values), mean_interval(values, clusters)
    assert together.mean == alone.mean
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_a_constant_difference_has_no_width_and_questions_of_one_side_are_left_out() -> None:
    ours = {"a": 0.5, "b": 0.75, "c": 1.0}
    theirs = {"a": 0.25, "b": 0.5, "d": 0.0}
    found = paired_difference(ours, theirs)
    assert (found.mean, found.low, found.high) == (0.25, 0.25, 0.25)


def test_the_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no question"):
        mean_interval({})


@pytest.mark.parametrize(
    ("text", "answers", "expected"),
    [
        ("It opened in  the\nYear 1987.", ("the year 1987",), True),
        ("It opened in 1987.", ("1988", "1987"), True),
        ("It opened in 1987.", ("1988",), False),
        ("It opened in 1987.", ("", " "), False),
        ("It opened in 1987.", (), False),
    ],
)
def test_a_sentence_holds_an_answer_whatever_case_and_white_space(
    text: str, answers: tuple[str, ...], expected: bool
) -> None:
    assert holds(text, answers) is expected


def answer(*quoted: str, abstained: bool = False) -> dict[str, object]:
    return {"sentences": [{"text": text} for text in quoted], "confidence": 0.7, "abstained": abstained}


def test_the_first_sentence_and_the_first_three_are_judged_apart() -> None:
    question = Question("q", "?", answers=("1987",), answerable=True)
    third = judge(question, answer("No.", "No.", "In 1987."))
    assert (third.first, third.first_three, third.sentences) == (False, True, 3)
    fourth = judge(question, answer("No.", "No.", "No.", "In 1987."))
    assert (fourth.first, fourth.first_three) == (False, False)


def test_an_unanswerable_question_is_never_answered_rightly() -> None:
    judged = judge(Question("q", "?", answers=("1987",), answerable=False), answer("In 1987."))
    assert (judged.first, judged.first_three) == (False, False)


def test_an_abstention_is_judged_as_one() -> None:
    judged = judge(Question("q", "?", answers=("1987",), answerable=True), answer(abstained=True))
    assert (judged.abstained, judged.sentences, judged.first) == (True, 0, False)


scored = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30)


@given(scored)
def test_auroc_is_the_share_of_pairs_in_the_right_order(pairs: list[tuple[int, bool]]) -> None:
    above = [score for score, positive in pairs if positive]
    below = [score for score, positive in pairs if not positive]
    found = auroc([score for score, _ in pairs], [positive for _, positive in pairs])
    if not above or not below:
        assert math.isnan(found)
        return
    wins = sum((a > b) + 0.5 * (a == b) for a in above for b in below)
    assert found == pytest.approx(wins / (len(above) * len(below)))


def test_an_honest_confidence_has_no_calibration_error_and_a_boastful_one_has() -> None:
    right = [True, False] * 50
    assert calibration_error([0.5] * 100, right) == pytest.approx(0.0)
    assert calibration_error([0.9] * 100, right) == pytest.approx(0.4)


def test_risk_falls_where_the_confident_answers_are_the_right_ones() -> None:
    confidence = [0.9, 0.8, 0.3, 0.1]
    assert risk_at_coverage(confidence, [True, True, False, False], (0.5, 0.75, 1.0)) == pytest.approx(
        [0, 1 / 3, 0.5]
    )


def test_a_timing_tells_the_median_and_the_slow_end() -> None:
    timing = summarise([float(number) for number in range(100, 0, -1)])
    assert (timing.median, timing.least, timing.greatest, timing.p95, timing.runs) == (50.5, 1, 100, 95, 100)


def test_rounds_alternate_their_order() -> None:
    called: list[str] = []

    def one(name: str) -> float:
        called.append(name)
        return float(len(called))

    values = in_turns({"a": lambda: one("a"), "b": lambda: one("b")}, 3)
    assert called == ["a", "b", "b", "a", "a", "b"]
    assert values == {"a": [1.0, 4.0, 5.0], "b": [2.0, 3.0, 6.0]}


@given(st.text(max_size=200))
def test_rough_sentences_hold_everything_but_white_space(text: str) -> None:
    spans = sentence_spans(text)
    kept = "".join(text[start:end] for start, end in spans)
    assert "".join(kept.split()) == "".join(text.split())
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_an_import_trace_is_summed_by_package_and_heavy_ones_are_named() -> None:
    trace = (
        "import time: self [us] | cumulative | imported package\n"
        "import time:      2000 |       2000 |   numpy.core\n"
        "import time:      1000 |       3000 | numpy\n"
        "some other line\n"
        "import time:       500 |        500 | torch\n"
    )
    assert summarise_imports(trace) == {
        "total ms": 3.5,
        "own ms": {"numpy": 3.0, "torch": 0.5},
        "heavy packages imported": ["torch"],
    }


def test_a_plan_with_graphics_libraries_is_seen() -> None:
    assert unwanted(["numpy", "torch", "nvidia-cublas", "Triton"]) == ["Triton", "nvidia-cublas"]


def test_a_table_shows_an_unknown_cell_as_a_dash() -> None:
    assert table(["a", "b"], [["x", 0.12345], [1234, None]]) == (
        "| a | b |\n| --- | --- |\n| x | 0.123 |\n| 1,234 | – |"
    )


def test_a_compressed_corpus_keeps_the_name_of_its_collection(tmp_path: Path) -> None:
    packed = tmp_path / "corpus.jsonl.gz"
    packed.write_bytes(gzip.compress(b"{}\n"))
    collection = Collection("quays", packed, "test", (), {})
    assert plain_corpus(collection, tmp_path).name == "quays.jsonl"


def test_copies_and_variants_of_a_collection_are_counted_and_shown_in_pairs(tmp_path: Path) -> None:
    towns = [
        article(f"town-{n:03}", f"The mill of town {n} is {n} years old and grinds {n * n} sacks a week.")
        for n in range(250)
    ]
    report = (
        "The storm tide rose over the old sea wall of the harbour in the night. Sirens woke the quarter below"
        " the dike, and all its people were brought to the school on the hill. Nobody was hurt."
    )
    corrected = report.replace("Nobody was hurt", "Two were hurt")
    catalog = Catalog(Layout(tmp_path), create=True)
    taken = take_in(catalog, [*towns, article("a", report), article("b", report), article("c", corrected)])
    figures, copies, variants = families(catalog)
    catalog.close()
    assert taken["rows"]["prints"]
    assert figures["families"] == 1
    assert [one["ids"] for one in copies] == [["a", "b"]]
    assert sorted(one["ids"] for one in variants if "c" in one["ids"]) == [["a", "c"], ["b", "c"]]
