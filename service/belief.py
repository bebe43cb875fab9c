"""Belief: how far the best sentence is believed to answer the question.

The model's confidence from its features, and rules set by hand for what the public question sets hardly
hold. Each rule has a name, by which an explanation shows it.
"""

import re
from dataclasses import dataclass

import numpy as np

from indexer import terms_of
from service.confidence import confidence_features
from service.cues import MONTHS, names
from service.expected import SURE, expected_of, told
from service.outlook import asks_for_future, tells_of_future
from service.question import Question
from service.ranker import Ranker
from service.retrieval import Evidence, Ranked
from service.scores import Floats, probability_of, total_of

LABEL_CONFIDENCE = 2.0
"""Log-odds by which the confidence rises where the best sentence is a line such as ``Venue: …`` that says
what is asked in so many words, times how certain it is that its passage is about the subject."""

UNTOLD_FUTURE = 1.5
"""Log-odds by which the confidence falls where a question asks of what is to come and the best sentence
tells of what was or is. Set by hand, too: hardly a question of the public sets asks so."""

UNTOLD_VALUE = 0.5
"""Log-odds by which the confidence falls where a number, a sum or a date is asked for and the best sentence
tells none. On the training titles of SQuAD such answers were believed in .28 and right in .21 without it."""

ABSENT_NAME = 1.0
"""Log-odds by which the confidence falls where the article does not hold a single word of a name asked about.
Traps are about what the article names; who asks of another city sets none."""

OTHERWISE_ALL, OTHER_NAME = 0.8, 2.0
"""Where the best sentence holds so much of the question's other words by weight, names another than the one
asked about, and its article never names that, it tells of another: log-odds by which the confidence falls
further. The one asked about must be known from elsewhere, or it may be the same in another spelling. On the
training titles of SQuAD one of eight such answers was right."""

_DAYS = re.compile(rf"\b(?:{MONTHS}|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b", re.IGNORECASE)
_ADJECTIVES = ("an", "ese", "ish", "ch")


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


def believe(question: Question, ranked: Ranked, evidence: Evidence, ranker: Ranker) -> Belief:
    """Return how far the best sentence is believed to answer."""
    features = confidence_features(
        question, ranked.pool, ranked.scores, evidence.candidates, evidence.features, evidence.scores
    )
    rules = _confidence_rules(question, ranked, evidence)
    return Belief(features, rules, float(ranker.confidence.score(features)[0]) + sum(rules.values()))


def _confidence_rules(question: Question, ranked: Ranked, evidence: Evidence) -> dict[str, float]:
    best = evidence.order[0]
    row = int(evidence.candidates.rows[best])
    strangers = _strangers(question, ranked, row)
    label = float(evidence.labels[best])
    silent = not label and asks_for_future(question.text)
    text = evidence.candidates.texts[best]
    untold = silent and not tells_of_future(text)
    expected = expected_of(question.text, question.kind)
    without = not label and expected in SURE and not told(expected, question.text, text)
    of_another = any(_told_of_another(question, ranked, row, text, one) for one in strangers)
    return {
        "label": LABEL_CONFIDENCE * label,
        "untold_future": -UNTOLD_FUTURE * untold,
        "untold_value": -UNTOLD_VALUE * without,
        "absent_name": -ABSENT_NAME * bool(strangers),
        "other_name": -OTHER_NAME * of_another,
    }


def _strangers(question: Question, ranked: Ranked, row: int) -> list[str]:
    """List the names in the question of which a sentence's article, as far as it was read, has no word.

    An abbreviation may be spelt out there, and an adjective such as 'Korean' is another word than 'Korea'.
    """
    pool, scores = ranked.pool, ranked.scores
    mine = pool.revisions == pool.revisions[pool.sentence_passage[row]]
    held = scores.held_in_context[mine].any(axis=0)
    found = {term for term, holds in zip(question.terms, held, strict=True) if holds}
    sought, strangers = set(question.terms), []
    for written in names(question.text):
        name = written.removesuffix("'s").removesuffix("’s")
        terms = set(terms_of(name)) & sought
        if terms and not (terms & found or name.isupper() or name.endswith(_ADJECTIVES)):
            strangers.append(name)
    return strangers


def _told_of_another(question: Question, ranked: Ranked, row: int, text: str, stranger: str) -> bool:
    """Tell whether a sentence says what is asked, but of another name than the one asked about."""
    scores, asked = ranked.scores, set(terms_of(" ".join(names(question.text))))
    plain = np.array([term not in asked for term in question.terms])
    wanted = np.array([term in terms_of(stranger) for term in question.terms])
    if not (scores.held_in_context.any(axis=0) | ~wanted).all():
        return False
    held = scores.sentence_counts[row] > 0
    says_it = float(scores.weights[plain & held].sum()) >= OTHERWISE_ALL * total_of(scores.weights[plain])
    others = [name for name in names(_DAYS.sub("", text)) if not set(terms_of(name)) & set(question.terms)]
    return says_it and bool(others) and not any(_alike(stranger, name) for name in others)


def _alike(one: str, another: str) -> bool:
    """Tell whether two names may be forms of one: 'Aristotle' and 'Aristotelian'."""
    first, second = ({word[:4] for word in re.findall(r"\w{3,}", name.casefold())} for name in (one, another))
    return bool(first & second)
