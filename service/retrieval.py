"""Retrieval: a question's passages, ranked, and the sentences of the best of them, ranked.

The first DEPTH passages of each engine are ranked by the model. Whatever a caller wants beyond those
follows by cosine alone, so that the first ten of a hundred are always the ten of ten.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer import KINDS, ArticleState, Keys, Pool, Statistics, View
from service.cues import label_fits, opens_bibliography, subject_terms
from service.evidence import Candidates, headings_above, sentence_features
from service.features import passage_features
from service.question import Question
from service.ranker import Ranker
from service.scores import Floats, Scores, score, total_of

DEPTH = 32
"""Passages that the model ranks: so many by cosine, and so many by exact BM25."""

EVIDENCE_PASSAGES = 8
"""Best passages whose sentences are considered as evidence."""

LABEL_BONUS, BIBLIOGRAPHY_MALUS, HEADING_MALUS = 6.0, 5.0, 5.0
"""Log-odds, set by hand, because no public question set has such pages to learn from. What stands below
'Sources' loses. A line gains that says what is asked in so many words: ``Venue: …`` for a question that
asks where, times how certain it is that its passage is about the subject. A heading names what is told below
it; it tells something only where it opens a list."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A pool with its scores; ``order`` lists its rows, best first, ``relevance`` their scores by row."""

    pool: Pool
    scores: Scores
    relevance: Floats  # (n,)
    order: NDArray[np.int64]  # (n,)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sentences of the best passages: ``order`` lists the candidates, best first.

    ``labels`` says from 0 to 1 how well a candidate is a label that says what is asked for, ``rules`` what
    was added by hand to the model's score of its features, by name.
    """

    candidates: Candidates
    features: Floats  # (candidates, features)
    rules: dict[str, Floats]  # each (candidates,)
    scores: Floats  # (candidates,)
    labels: Floats  # (candidates,)
    order: NDArray[np.int64]


def rank(view: View, question: Question, ranker: Ranker, allowed: Keys | None, wanted: int = 0) -> Ranked:
    """Rank the passages that may answer, at least ``wanted`` of them where so many exist."""
    statistics = view.statistics(question.terms)
    # Terms first: the vector may be under way still.
    match = view.matching(statistics, DEPTH, allowed)
    near = view.nearest(question.vector, DEPTH, allowed)
    ranked = _rank(view, question, statistics, ranker, np.union1d(near, match))
    if len(ranked.pool) < wanted:
        ranked = _extended(view, question, statistics, ranked, allowed, wanted)
    return ranked


def rank_articles(
    view: View, question: Question, ranker: Ranker, allowed: Keys | None, wanted: int
) -> tuple[Ranked, list[int]]:
    """Rank until ``wanted`` articles are found, or all; return the row of each one's best passage as well.

    The best article comes first, by its best passage.
    """
    passages = wanted
    while True:
        ranked = rank(view, question, ranker, allowed, passages)
        best: dict[str, int] = {}
        for row in ranked.order.tolist():
            best.setdefault(ranked.pool.article_ids[row], row)
        found_all = len(best) >= wanted or len(ranked.pool) < passages
        if found_all or len(best) >= view.count_articles():
            return ranked, list(best.values())[:wanted]
        passages = 2 * max(passages, len(ranked.pool))


def gather(question: Question, ranked: Ranked, ranker: Ranker, articles: dict[int, ArticleState]) -> Evidence:
    """Rank the sentences of the best passages; ``articles`` holds those passages' revisions by key."""
    pool, best = ranked.pool, ranked.order[:EVIDENCE_PASSAGES]
    place = np.full(len(pool), -1)
    place[best] = np.arange(len(best))
    rows = np.flatnonzero(place[pool.sentence_passage] >= 0)
    owners = pool.sentence_passage[rows]
    texts = tuple(
        articles[int(pool.revisions[owner])].text[start:stop]
        for owner, (start, stop) in zip(owners, pool.sentence_spans[rows], strict=True)
    )
    candidates = Candidates(rows, texts, place[owners], ranked.relevance[owners])
    features = sentence_features(question, pool, ranked.scores, candidates)
    labels = _labels(question, ranked, candidates)
    rules = {
        "label": LABEL_BONUS * labels,
        "heading": -HEADING_MALUS * _bare_headings(pool, candidates, labels),
        "bibliography": -BIBLIOGRAPHY_MALUS * _bibliography(ranked, candidates, articles),
    }
    scores: Floats = sum(rules.values(), ranker.sentences.score(features))
    return Evidence(candidates, features, rules, scores, labels, _best_first(scores))


def _bibliography(ranked: Ranked, candidates: Candidates, articles: dict[int, ArticleState]) -> Floats:
    """Return 1 for what stands below a heading such as 'Sources'."""
    pool = ranked.pool
    texts = dict(zip(candidates.rows.tolist(), candidates.texts, strict=True))
    above = headings_above(pool)[candidates.rows]
    for row in np.unique(above[pool.sentence_kinds[above] == KINDS.index("item")]).tolist():
        # The passage begins within a list, whose heading is in the one before.
        article = articles[int(pool.revisions[pool.sentence_passage[row]])]
        texts[row] = _line_above(article.text, int(pool.sentence_spans[row, 0]))
    return np.array([opens_bibliography(texts[row]) for row in above.tolist()], np.float64)


def _line_above(text: str, at: int) -> str:
    """Return the last line before the block in which a place lies."""
    return text[: max(0, text.rfind("\n\n", 0, at))].rpartition("\n")[2]


def _bare_headings(pool: Pool, candidates: Candidates, labels: Floats) -> Floats:
    """Return 1 for headings but for labels and those that a list stands below."""
    kinds, rows = pool.sentence_kinds, candidates.rows
    below = kinds[np.minimum(rows + 1, len(kinds) - 1)]
    bare = (kinds[rows] == KINDS.index("heading")) & (below != KINDS.index("item")) & (labels == 0)
    found: Floats = bare.astype(np.float64)
    return found


def _labels(question: Question, ranked: Ranked, candidates: Candidates) -> Floats:
    """Return how well a label fits, from 0 to 1, by how much of the subject its passage or title holds.

    Where that is half of it or less, the passage is about something else, which has a date and a place, too.
    """
    pool, scores = ranked.pool, ranked.scores
    about = subject_terms(question.text)
    weights = scores.weights * np.array([term in about for term in question.terms], float)
    share = scores.held_in_context @ weights / total_of(weights)
    certain = np.clip(2 * share - 1, 0.0, 1.0)
    lines = np.isin(pool.sentence_kinds[candidates.rows], [KINDS.index("line"), KINDS.index("heading")])
    lines &= pool.sentence_spans[candidates.rows, 0] > 0  # what opens an article is its title
    fits = [
        label_fits(question.text, text, is_line=bool(line))
        for text, line in zip(candidates.texts, lines, strict=True)
    ]
    fitting: Floats = np.array(fits, float) * certain[pool.sentence_passage[candidates.rows]]
    return fitting


def read_articles(
    view: View, ranked: Ranked, rows: Sequence[int] | NDArray[np.int64]
) -> dict[int, ArticleState]:
    """Read the revisions that some of the ranked passages belong to."""
    return view.articles_of(np.unique(ranked.pool.revisions[rows]).tolist())


def _rank(view: View, question: Question, statistics: Statistics, ranker: Ranker, keys: Keys) -> Ranked:
    pool = view.pool(keys)
    scores = score(question, pool, statistics)
    if not len(pool):
        return Ranked(pool, scores, np.zeros(0), np.zeros(0, np.int64))
    relevance = ranker.passages.score(passage_features(question, pool, scores))
    return Ranked(pool, scores, relevance, _best_first(relevance))


def _extended(
    view: View, question: Question, statistics: Statistics, ranked: Ranked, allowed: Keys | None, wanted: int
) -> Ranked:
    """Let the nearest of the rest follow, each below the last that the model ranked."""
    more = np.setdiff1d(view.nearest(question.vector, wanted, allowed), ranked.pool.keys)
    pool = view.pool(np.union1d(ranked.pool.keys, more))
    scores = score(question, pool, statistics)
    first = np.isin(pool.keys, ranked.pool.keys)
    relevance = np.empty(len(pool))
    relevance[first] = ranked.relevance
    relevance[~first] = ranked.relevance.min(initial=0.0) - 2 + scores.cosine[~first]
    return Ranked(pool, scores, relevance, _best_first(relevance))


def _best_first(values: Floats) -> NDArray[np.int64]:
    # Rows lie in the order of article id and offset: a stable sort makes that the rule for ties.
    return np.argsort(-values, kind="stable")
