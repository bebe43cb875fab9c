"""Quality of civicite on one collection: rankings, evidence, confidence, abstention.

The recipe: index, search, measure, ask, judge. Everything runs through the real command.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import program
from benchmarks.collection import Collection, plain_corpus, write_questions
from benchmarks.evidence import Judged, judge
from benchmarks.parts import Part
from benchmarks.ranking import among_candidates, read_run
from service.evaluation.calibration import (
    auroc,
    calibration_error,
    coverage_at_precision,
    reliability,
    risk_at_coverage,
)
from service.evaluation.intervals import mean_interval
from service.evaluation.ranking import Values, measure

COVERAGES = (0.1, 0.25, 0.5, 0.75, 1.0)
ALL = "all"


@dataclass(frozen=True, slots=True)
class Measured:
    """Per-question values of a collection: ``values`` of the ranking, ``judged`` of the answers.

    ``default`` are the same answers at civicite's own threshold.
    """

    values: Values
    judged: tuple[Judged, ...]
    default: tuple[Judged, ...]
    reasons: dict[str, str | None]


def measure_ranking(collection: Collection, folder: Path) -> Values:
    """Index a collection (or take the remembered index), put its judged questions, and value the run."""
    index = program.remembered_index(collection.name, plain_corpus(collection, folder))
    queries = write_questions(collection.judged, folder / f"{collection.name}-queries.jsonl")
    run_file = folder / f"{collection.name}-civicite.run"
    program.search(index, queries, run_file)
    rankings = read_run(run_file)
    values = measure(rankings, collection.judgements)
    if candidates := among_candidates(rankings, collection.judged):
        values["MRR among candidates"] = candidates
    return values


def measure_collection(collection: Collection, folder: Path) -> Measured:
    """Value the ranking of a collection's judged questions and the answers to its labelled ones."""
    values = measure_ranking(collection, folder)
    index = program.remembered_index(collection.name, plain_corpus(collection, folder))
    return Measured(values, *_asked(collection, index, folder))


def _asked(
    collection: Collection, index: Path, folder: Path
) -> tuple[tuple[Judged, ...], tuple[Judged, ...], dict[str, str | None]]:
    if not collection.labelled:
        return (), (), {}
    questions = write_questions(collection.labelled, folder / f"{collection.name}-questions.jsonl")
    always = program.ask(index, questions, folder / f"{collection.name}-always.jsonl", 0.0)
    default = program.ask(index, questions, folder / f"{collection.name}-default.jsonl", None)
    return (
        tuple(judge(one, always[one.id]) for one in collection.labelled),
        tuple(judge(one, default[one.id]) for one in collection.labelled),
        {identity: answer.get("reason") for identity, answer in default.items() if answer["abstained"]},
    )


def summarise(
    collection: Collection, measured: Measured, parts: Iterable[Part]
) -> dict[str, dict[str, object]]:
    """Return part to measures, with ``all`` for the whole collection."""
    everything = frozenset(one.id for one in collection.questions)
    chosen = {ALL: everything}
    for part in parts:
        if part.name in (None, collection.name) and (ids := part.of(collection.questions)):
            chosen[str(part)] = ids
    clusters = {one.id: one.paragraph for one in collection.questions if one.paragraph}
    return {name: _summary(measured, ids, clusters) for name, ids in chosen.items()}


def _summary(measured: Measured, ids: frozenset[str], clusters: Mapping[str, str]) -> dict[str, object]:
    ranking = {
        name: asdict(mean_interval({key: value for key, value in values.items() if key in ids}, clusters))
        for name, values in measured.values.items()
        if any(key in ids for key in values)
    }
    judged = [one for one in measured.judged if one.id in ids]
    default = [one for one in measured.default if one.id in ids]
    count = sum(key in ids for key in measured.values["nDCG@10"])
    summary: dict[str, object] = {"questions": count, "ranking": ranking}
    if judged:
        summary["evidence"] = _evidence(judged, clusters)
        summary["confidence"] = _confidence(judged)
        summary["abstention"] = _abstention(default, measured.reasons)
    return summary


def _evidence(judged: list[Judged], clusters: Mapping[str, str]) -> dict[str, object]:
    answerable = [one for one in judged if one.answerable]
    return {
        "answerable": len(answerable),
        "first sentence": asdict(mean_interval({one.id: float(one.first) for one in answerable}, clusters)),
        "first three": asdict(
            mean_interval({one.id: float(one.first_three) for one in answerable}, clusters)
        ),
        "sentences": sum(one.sentences for one in judged) / len(judged),
    }


def _confidence(judged: list[Judged]) -> dict[str, object]:
    """Honesty of the confidence; the error and risk of 'the first sentence holds a gold answer'."""
    confidence = [one.confidence for one in judged]
    right = [one.first for one in judged]
    risks = risk_at_coverage(confidence, right, COVERAGES)
    answerable = [one for one in judged if one.answerable]
    return {
        "AUROC answerable": _number(auroc(confidence, [one.answerable for one in judged])),
        "AUROC right": _number(auroc(confidence, right)),
        "AUROC right of answerable": _number(
            auroc([one.confidence for one in answerable], [one.first for one in answerable])
        ),
        "calibration error": calibration_error(confidence, right),
        "coverage at 90 % precision": _number(coverage_at_precision(confidence, right)),
        "reliability": [asdict(one) for one in reliability(confidence, right)],
        "risk at coverage": dict(zip(map(str, COVERAGES), risks, strict=True)),
    }


def _abstention(default: list[Judged], reasons: Mapping[str, str | None]) -> dict[str, object]:
    """What the default threshold does; precision and recall of answering rightly, as in SQuAD 2.0."""
    answerable = [one for one in default if one.answerable]
    unanswerable = [one for one in default if not one.answerable]
    answered = [one for one in default if not one.abstained]
    return {
        "of answerable": _share([one.abstained for one in answerable]),
        "of unanswerable": _share([one.abstained for one in unanswerable]),
        "right of answered": _share([one.first for one in answered]),
        "right of answered answerable": _share([one.first for one in answered if one.answerable]),
        "reasons": dict(Counter(str(reasons[one.id]) for one in default if one.abstained)),
    }


def _share(values: list[bool]) -> float | None:
    return sum(values) / len(values) if values else None


def _number(value: float) -> float | None:
    return None if value != value else value  # NaN is no JSON
