"""``python -m benchmarks.training FOLDER [FOLDER…]``: learn the ranker from BEIR-layout collections.

Every stage is trained on scores that the stage before gave to questions it had not seen (two folds by
subject), so that none learns to trust another's memory.
"""

import argparse
import datetime
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.program import remembered_index
from benchmarks.training.fit import (
    CONFIDENCE_ROUNDS,
    PASSAGE_ROUNDS,
    SEED,
    SENTENCE_ROUNDS,
    fit_confidence,
    fit_passages,
    fit_sentences,
)
from benchmarks.training.gather import Group, confidences, passages, sentences
from benchmarks.training.questions import Labelled, read
from indexer import Index
from service.assistant import Assistant
from service.confidence import CONFIDENCE_FEATURES
from service.encoder import chosen_encoder
from service.evaluation.calibration import auroc, calibration_error
from service.evidence import SENTENCE_FEATURES
from service.features import PASSAGE_FEATURES
from service.ranker import DEFAULT_FILE, FIXED, Ranker, model_from
from service.scores import probability_of
from service.settings import load_settings

ANSWERED_SHARE = 0.97
"""The threshold is chosen apart from the calibration: it withholds answers from three in a hundred answerable
questions, most of which would be wrong, and lets one in thirty pass that the collection does not speak of."""

ABLATED = {
    "evidence and its margin": frozenset({"evidence", "evidence_margin"}),
    "cosines": frozenset({"cosine", "passage_cosine"}),
    "coverage and pairs": frozenset({"coverage", "passage_coverage", "pairs"}),
    "what is told, and how near": frozenset({"kind", "told", "told_surely", "nearness"}),
    "subject and predicate": frozenset({"subject", "predicate"}),
    "missing terms": frozenset({"missing_rarest", "missing_from_passage", "unknown"}),
    "missing names and numbers": frozenset({"missing_names", "missing_numbers"}),
    "negation": frozenset({"negated_alone", "negation_alone"}),
    "opposites": frozenset({"opposites", "opposites_in_passage"}),
    "ranks and margins": frozenset({"agreement", "passage_margin"}),
    "the question's terms and script": frozenset({"question_terms", "dense_script"}),
}
"""Groups of features that are left out in turn, to see what each is worth."""

Folded = tuple[dict[str, Any], ...]
"""A stage fitted without fold 0, without fold 1, and on everything."""

PARTS = 3
"""Groups that each question gives for the confidence; the first is asked of the whole collection."""


def main() -> None:
    """Train and write the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="collections in BEIR's layout")
    parser.add_argument("--out", type=Path, default=DEFAULT_FILE, help="the ranker file to write")
    chosen = parser.parse_args()
    collections = {folder.name: (_opened(folder), read(folder)) for folder in chosen.folders}
    written = train(collections)
    chosen.out.write_text(json.dumps(written, separators=(",", ":")).replace('{"nodes"', '\n{"nodes"') + "\n")
    _say(f"wrote {chosen.out}")


def train(collections: dict[str, tuple[Assistant, list[Labelled]]]) -> dict[str, Any]:
    """Fit all three stages; returns what the ranker file holds."""
    weights = _weights(collections)
    passage_groups = _gathered("passages", collections, lambda a, q: list(passages(a, q, FIXED)))
    passage_models = _folded(passage_groups, lambda g: fit_passages(g, weights, PASSAGE_FEATURES))
    ranker_of = _ranker_of(passages=passage_models)
    answered = {name: pair for name, pair in collections.items() if any(q.answers for q in pair[1])}
    sentence_groups = _gathered("sentences", answered, lambda a, q: list(sentences(a, q, ranker_of, SEED)))
    sentence_models = _folded(sentence_groups, lambda g: fit_sentences(g, weights, SENTENCE_FEATURES))
    ranker_of = _ranker_of(passages=passage_models, sentences=sentence_models)
    confidence_groups = _gathered(
        "confidence", answered, lambda a, q: list(confidences(a, q, ranker_of, SEED))
    )
    _say(f"confidence without some features, out of fold:\n{ablation(confidence_groups)}")
    return {
        "name": "learned-3",
        "threshold": threshold(confidence_groups),
        "training": _record(collections, passage_groups, sentence_groups, confidence_groups),
        "confidence": _confidence(confidence_groups),
        "passages": passage_models[-1],
        "sentences": sentence_models[-1],
    }


def threshold(groups: list[Group]) -> float:
    """Return the confidence that ANSWERED_SHARE of the answerable questions reach, out of fold.

    Only questions asked of the whole collection count.
    """
    natural, scores = groups[::PARTS], out_of_fold(groups)
    found = [score for group, score in zip(natural, scores, strict=True) if group.question.answerable]
    return round(probability_of(float(np.quantile(found, 1 - ANSWERED_SHARE))), 3)


def out_of_fold(groups: list[Group], features: tuple[str, ...] = CONFIDENCE_FEATURES) -> list[float]:
    """Return the log-odds of the questions asked of the whole collection, by models that saw none of them.

    ``features`` are the ones that the models may use.
    """
    columns = [CONFIDENCE_FEATURES.index(name) for name in features]
    chosen = [replace(group, features=group.features[:, columns]) for group in groups]
    models = [
        model_from(_confidence([g for g in chosen if _fold(g.question) != fold], features), features)
        for fold in (0, 1)
    ]
    return [float(models[_fold(g.question)].score(g.features)[0]) for g in chosen[::PARTS]]


def ablation(groups: list[Group]) -> str:
    """Return a table: the confidence without groups of features, where questions may be unanswerable."""
    asked = [group.question for group in groups[::PARTS]]
    mixed = {one.group for one in asked if not one.answerable}
    kept = np.array([one.group in mixed for one in asked])
    answerable = np.array([one.answerable for one in asked])[kept]
    right = np.array([bool(group.right[0]) for group in groups[::PARTS]])[kept]
    lines = ["| without | AUROC answerable | AUROC right | calibration error |", "|---|---|---|---|"]
    for name, left_out in {"nothing": frozenset[str](), **ABLATED}.items():
        features = tuple(one for one in CONFIDENCE_FEATURES if one not in left_out)
        scores = np.array(out_of_fold(groups, features))[kept]
        error = calibration_error(1 / (1 + np.exp(-scores)), right)
        lines.append(
            f"| {name} | {auroc(scores, answerable):.3f} | {auroc(scores, right):.3f} | {error:.3f} |"
        )
    return "\n".join(lines)


def _confidence(groups: list[Group], features: tuple[str, ...] = CONFIDENCE_FEATURES) -> dict[str, Any]:
    return fit_confidence(groups, features, groups[::PARTS])


def _opened(folder: Path) -> Assistant:
    # Never with the ranker file that is there: it may have been trained on features that are no more.
    settings = load_settings()
    index = Index.open(remembered_index(folder.name, folder / "corpus.jsonl"))
    return Assistant(index, chosen_encoder(settings), FIXED)


def _weights(collections: dict[str, tuple[Assistant, list[Labelled]]]) -> dict[str, float]:
    """Weigh questions so that no collection counts for more than thrice the smallest."""
    least = min(len(questions) for _, questions in collections.values())
    return {
        one.id: min(1.0, 3 * least / len(questions))
        for _, questions in collections.values()
        for one in questions
    }


def _gathered(
    stage: str,
    collections: dict[str, tuple[Assistant, list[Labelled]]],
    gather: Callable[[Assistant, list[Labelled]], list[Group]],
) -> list[Group]:
    groups: list[Group] = []
    for name, (assistant, questions) in collections.items():
        groups += gather(assistant, questions)
        _say(f"{stage}: {name}, {len(questions)} questions")
    return groups


def _fold(question: Labelled) -> int:
    return hashlib.sha256(question.group.encode()).digest()[0] % 2


def _folded(groups: list[Group], fit: Callable[[list[Group]], dict[str, Any]]) -> Folded:
    """Fit without fold 0, without fold 1, and on everything."""
    without = [[group for group in groups if _fold(group.question) != fold] for fold in (0, 1)]
    return fit(without[0]), fit(without[1]), fit(groups)


def _ranker_of(passages: Folded, sentences: Folded | None = None) -> Callable[[Labelled], Ranker]:
    rankers = [replace(FIXED, passages=model_from(passages[fold], PASSAGE_FEATURES)) for fold in (0, 1)]
    if sentences is not None:
        models = [model_from(sentences[fold], SENTENCE_FEATURES) for fold in (0, 1)]
        rankers = [replace(one, sentences=model) for one, model in zip(rankers, models, strict=True)]
    return lambda question: rankers[_fold(question)]


def _record(collections: dict[str, tuple[Assistant, list[Labelled]]], *stages: list[Group]) -> dict[str, Any]:
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "seed": SEED,
        "collections": {name: len(questions) for name, (_, questions) in collections.items()},
        "rounds": {
            "passages": PASSAGE_ROUNDS,
            "sentences": SENTENCE_ROUNDS,
            "confidence": CONFIDENCE_ROUNDS,
        },
        "questions": dict(zip(("passages", "sentences", "confidence"), map(len, stages), strict=True)),
        "splits": "SQuAD 2.0 dev: first eight titles; SciFact: train; SelQA: first fifth; "
        "KorQuAD 1.0 dev: first fifth",
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
