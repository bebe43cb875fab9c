"""Retrieval: a question's passages, ranked; their sentences, ranked; how far the best is believed to answer.

The first DEPTH passages of each engine are ranked by the model. Whatever a caller wants beyond those
follows by cosine alone, so that the first ten of a hundred are always the ten of ten.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer import KINDS, ArticleState, Keys, Pool, Statistics, View, terms_of
from service.confidence import confidence_features
from service.cues import label_fits, names, opens_bibliography, subject_terms
from service.evidence import Candidates, headings_above, sentence_features
from service.expected import SURE, expected_of, told
from service.features import passage_features
from service.outlook import asks_for_future, tells_of_future
from service.question import Question
from service.ranker import Ranker
from service.scores import Floats, Scores, probability_of, score, total_of

DEPTH = 32
"""Passages that the model ranks: so many by cosine, and so many by exact BM25."""

EVIDENCE_PASSAGES = 8
"""Best passages whose sentences are considered as evidence."""

LABEL_BONUS, LABEL_CONFIDENCE, BIBLIOGRAPHY_MALUS, HEADING_MALUS = 6.0, 2.0, 5.0, 5.0
"""Log-odds, set by hand, because no public question set has such pages to learn from. What stands below
'Sources' loses. A line gains that says what is asked in so many words: ``Venue: …`` for a question that
asks where, times how certain it is that its passage is about the subject; so does the confidence in it.
A heading names what is told below it; it tells something only where it opens a list."""

UNTOLD_FUTURE = 1.5
"""Log-odds by which the confidence falls where a question asks of what is to come and the best sentence
tells of what was or is. Set by hand, too: hardly a question of the public sets asks so."""

UNTOLD_VALUE = 0.5
"""Log-odds by which the confidence falls where a number, a sum or a date is asked for and the best sentence
tells none. On the training titles of SQuAD such answers were believed in .28 and right in .21 without it."""

ABSENT_NAME = 1.0
"""Log-odds by which the confidence falls where the article does not hold a single word of a name asked about.
Traps are about what the article names; who asks of another city sets none."""

_ADJECTIVES = ("an", "ese", "ish", "ch")


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


@dataclass(frozen=True, slots=True)
class Belief:
    """How far the best sentence is believed to answer: by its features, and by rules set by hand, by name."""

    features: Floats  # (1, features)
    rules: dict[str, float]
    log_odds: float

    @property
    def probability(self) -> float:
        """The same from 0 to 1."""
        return probability_of(self.log_odds)


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


def believe(question: Question, ranked: Ranked, evidence: Evidence, ranker: Ranker) -> Belief:
    """Return how far the best sentence is believed to answer."""
    features = confidence_features(
        question, ranked.pool, ranked.scores, evidence.candidates, evidence.features, evidence.scores
    )
    rules = _confidence_rules(question, ranked, evidence)
    return Belief(features, rules, float(ranker.confidence.score(features)[0]) + sum(rules.values()))


def _confidence_rules(question: Question, ranked: Ranked, evidence: Evidence) -> dict[str, float]:
    best = evidence.order[0]
    stranger = _names_nobody_here(question, ranked, int(evidence.candidates.rows[best]))
    label = float(evidence.labels[best])
    silent = not label and asks_for_future(question.text)
    text = evidence.candidates.texts[best]
    untold = silent and not tells_of_future(text)
    expected = expected_of(question.text, question.kind)
    without = not label and expected in SURE and not told(expected, question.text, text)
    return {
        "label": LABEL_CONFIDENCE * label,
        "untold_future": -UNTOLD_FUTURE * untold,
        "untold_value": -UNTOLD_VALUE * without,
        "absent_name": -ABSENT_NAME * stranger,
    }


def _names_nobody_here(question: Question, ranked: Ranked, row: int) -> bool:
    """Tell whether a sentence's article, as far as it was read, has no word of some name in the question.

    An abbreviation may be spelt out there, and an adjective such as 'Korean' is another word than 'Korea'.
    """
    pool, scores = ranked.pool, ranked.scores
    mine = pool.revisions == pool.revisions[pool.sentence_passage[row]]
    held = scores.held_in_context[mine].any(axis=0)
    found = {term for term, holds in zip(question.terms, held, strict=True) if holds}
    sought = set(question.terms)
    for written in names(question.text):
        name = written.removesuffix("'s").removesuffix("’s")
        terms = set(terms_of(name)) & sought
        if terms and not (terms & found or name.isupper() or name.endswith(_ADJECTIVES)):
            return True
    return False


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
