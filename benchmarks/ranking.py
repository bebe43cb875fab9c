"""Rankings as TREC runs hold them, and the measure of answer-sentence selection.

The other measures are civicite's own, in ``service.evaluation.ranking``.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.collection import Question


def read_run(path: Path) -> dict[str, list[str]]:
    """Read TREC run lines; the order is the rank's, whatever the scores say."""
    ranked: dict[str, list[tuple[int, str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        question, _, article, rank, _, _ = line.split()
        ranked.setdefault(question, []).append((int(rank), unicodedata.normalize("NFC", article)))
    return {question: [article for _, article in sorted(found)] for question, found in ranked.items()}


def among_candidates(
    rankings: Mapping[str, Sequence[str]], questions: Iterable[Question]
) -> dict[str, float]:
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
