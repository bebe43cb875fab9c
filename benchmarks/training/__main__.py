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
from service.evidence import SENTENCE_FEATURES
from service.features import PASSAGE_FEATURES
from service.ranker import DEFAULT_FILE, FIXED, Ranker, model_from
from service.settings import load_settings

ANSWERED_SHARE = 0.95
"""The threshold withholds answers from one in twenty answerable questions, most of which would be wrong. In
the folds one in thirty questions passes that the collection does not speak of; confidence is shown anyway."""


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
    sentence_groups = _gathered("sentences", answered, lambda a, q: list(sentences(a, q, ranker_of)))
    sentence_models = _folded(sentence_groups, lambda g: fit_sentences(g, weights, SENTENCE_FEATURES))
    ranker_of = _ranker_of(passages=passage_models, sentences=sentence_models)
    confidence_groups = _gathered(
        "confidence", answered, lambda a, q: list(confidences(a, q, ranker_of, SEED))
    )
    confidence = fit_confidence(confidence_groups, CONFIDENCE_FEATURES)
    return {
        "name": "learned-1",
        "threshold": threshold(confidence_groups),
        "training": _record(collections, passage_groups, sentence_groups, confidence_groups),
        "confidence": confidence,
        "passages": passage_models[-1],
        "sentences": sentence_models[-1],
    }


def threshold(groups: list[Group]) -> float:
    """Return the confidence that ANSWERED_SHARE of the answerable questions reach, out of fold.

    Of each question's three groups the first counts: asked of the whole collection.
    """
    found: list[float] = []
    for fold in (0, 1):
        others = [group for group in groups if _fold(group.question) != fold]
        model = model_from(fit_confidence(others, CONFIDENCE_FEATURES), CONFIDENCE_FEATURES)
        own = [g for g in groups[::3] if _fold(g.question) == fold and g.question.answerable]
        found += model.score(np.concatenate([group.features for group in own])).tolist()
    return round(float(1 / (1 + np.exp(-np.quantile(found, 1 - ANSWERED_SHARE)))), 3)


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


def _folded(groups: list[Group], fit: Callable[[list[Group]], dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Fit without fold 0, without fold 1, and on everything."""
    without = [[group for group in groups if _fold(group.question) != fold] for fold in (0, 1)]
    return fit(without[0]), fit(without[1]), fit(groups)


def _ranker_of(**stages: tuple[dict[str, Any], ...]) -> Callable[[Labelled], Ranker]:
    features = {"passages": PASSAGE_FEATURES, "sentences": SENTENCE_FEATURES}
    rankers = [
        replace(
            FIXED, **{stage: model_from(models[fold], features[stage]) for stage, models in stages.items()}
        )
        for fold in (0, 1)
    ]
    return lambda question: rankers[_fold(question)]


def _record(collections: dict[str, tuple[Assistant, list[Labelled]]], *stages: list[Group]) -> dict[str, Any]:
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "seed": SEED,
        "collections": {name: len(questions) for name, (_, questions) in collections.items()},
        "rounds": {"passages": PASSAGE_ROUNDS, "sentences": SENTENCE_ROUNDS},
        "questions": dict(zip(("passages", "sentences", "confidence"), map(len, stages), strict=True)),
        "splits": "SQuAD 2.0 dev: first eight titles; SciFact: train; SelQA: first fifth; "
        "KorQuAD 1.0 dev: first fifth",
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
