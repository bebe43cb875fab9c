"""Measures a ranking per question: nDCG@10, R@1, R@10, MRR@10 and Success@1, computed by ir_measures.

What the question-answering literature calls R@1 is ``Success@1`` here: one relevant article at the first
place. ``R@1`` is the share of the relevant articles that stand there; the two part where a question has
several relevant articles.
"""

from collections.abc import Mapping, Sequence

import ir_measures
from ir_measures import RR, R, Success, nDCG

Rankings = Mapping[str, Sequence[str]]
"""Question id to article ids, best first."""
Relevance = Mapping[str, Mapping[str, int]]
"""Question id to article id to relevance; what is absent is not relevant."""
Values = dict[str, dict[str, float]]
"""Measure to question id to value."""

MEASURES = {"nDCG@10": nDCG @ 10, "Success@1": Success @ 1, "R@1": R @ 1, "R@10": R @ 10, "MRR@10": RR @ 10}


def measure(rankings: Rankings, judgements: Relevance) -> Values:
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


def _scored(rankings: Rankings) -> list[ir_measures.ScoredDoc]:
    # Equal scores would be put in an order of trec_eval's own: the rank itself is the score.
    return [
        ir_measures.ScoredDoc(question, article, -float(rank))
        for question, articles in rankings.items()
        for rank, article in enumerate(articles)
    ]
