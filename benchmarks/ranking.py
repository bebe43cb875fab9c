"""Measures a ranking per question: nDCG@10, R@1, R@10, MRR@10 and Success@1, computed by ir_measures.

What the question-answering literature calls R@1 is ``Success@1`` here: one relevant article at the first
place. ``R@1`` is the share of the relevant articles that stand there; the two part where a question has
several relevant articles.
"""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import ir_measures
from ir_measures import RR, R, Success, nDCG

from benchmarks.collection import Judgements, Question

Rankings = dict[str, list[str]]
"""Question id to article ids, best first."""
Values = dict[str, dict[str, float]]
"""Measure to question id to value."""

MEASURES = {"nDCG@10": nDCG @ 10, "Success@1": Success @ 1, "R@1": R @ 1, "R@10": R @ 10, "MRR@10": RR @ 10}


def read_run(path: Path) -> Rankings:
    """Read TREC run lines; the order is the rank's, whatever the scores say."""
    ranked: dict[str, list[tuple[int, str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        question, _, article, rank, _, _ = line.split()
        ranked.setdefault(question, []).append((int(rank), unicodedata.normalize("NFC", article)))
    return {question: [article for _, article in sorted(found)] for question, found in ranked.items()}


def measure(rankings: Rankings, judgements: Judgements) -> Values:
    """Value every judged question; one that found nothing has zeros."""
    qrels = [
        ir_measures.Qrel(question, article, relevance)
        for question, relevant in judgements.items()
        for article, relevance in relevant.items()
    ]
    names = {measured: name for name, measured in MEASURES.items()}
    values: Values = {name: {} for name in MEASURES}
    for metric in ir_measures.iter_calc(list(names), qrels, _scored(rankings)):
        values[names[metric.measure]][metric.query_id] = metric.value
    return values


def among_candidates(rankings: Rankings, questions: Iterable[Question]) -> dict[str, float]:
    """Reciprocal rank of the first right one among each question's own labelled candidates.

    The measure of answer-sentence selection (Jurczyk et al. 2016). A candidate that was not found ranks
    nowhere, and questions whose candidates are all wrong are left out.
    """
    ranks: dict[str, float] = {}
    for question in questions:
        right = {identity for identity, label in question.candidates if label}
        if right:
            listed = {identity for identity, _ in question.candidates}
            kept = [article for article in rankings.get(question.id, []) if article in listed]
            ranks[question.id] = next((1 / at for at, article in enumerate(kept, 1) if article in right), 0.0)
    return ranks


def _scored(rankings: Rankings) -> list[ir_measures.ScoredDoc]:
    # Equal scores would be put in an order of trec_eval's own: the rank itself is the score.
    return [
        ir_measures.ScoredDoc(question, article, -float(rank))
        for question, articles in rankings.items()
        for rank, article in enumerate(articles)
    ]
