"""Features of real questions asked of a real index, by the very code that answers, with their labels.

Knows how a question is asked and what counts as right; models come as arguments.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.training.questions import Labelled
from indexer import Filters, Keys, Pool, View, is_dense
from service.assistant import Assistant
from service.belief import believe
from service.features import passage_features
from service.question import Question, understand
from service.ranker import Ranker
from service.retrieval import EVIDENCE_PASSAGES, gather, rank, read_articles
from service.scores import Floats

RankerOf = Callable[[Labelled], Ranker]
"""Gives the ranker whose models were not trained on a question's group."""


@dataclass(frozen=True, slots=True)
class Group:
    """One question's rows: features, whether each row is right, and what the question is."""

    question: Labelled
    features: Floats
    right: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
    reworded: bool = False


REWORDED_SHARE = 0.4
"""Of the words of a reworded question, those that are other words than the article's."""


def reworded(question: Question, seed: int) -> Question:
    """Put words that no article has in the place of some: what another wording does to a question's terms.

    Questions of public sets were written with the text in view and repeat its words, as people's hardly do.
    """
    chance = random.Random(f"{seed} {question.text}")  # noqa: S311 - a seeded sample, no secret
    terms = [
        f"{term}\u0000" if chance.random() < REWORDED_SHARE and not is_dense(term) else term
        for term in question.terms
    ]
    return replace(question, terms=tuple(terms))


def passages(assistant: Assistant, questions: Iterable[Labelled], blank: Ranker) -> Iterator[Group]:
    """Yield the passage features of every question; a passage is right when its article is."""
    for labelled in questions:
        asked = understand(labelled.text, assistant.encoder)
        with assistant.index.view() as view:
            ranked = rank(view, asked, blank, None)
            features = passage_features(asked, ranked.pool, ranked.scores)
        right = np.array([identity in labelled.relevant for identity in ranked.pool.article_ids], bool)
        yield Group(labelled, features, right)


def sentences(
    assistant: Assistant, questions: Iterable[Labelled], ranker_of: RankerOf, seed: int
) -> Iterator[Group]:
    """Yield the sentence features of every question; a sentence is right when it holds a gold answer.

    A question in words that are written with spaces comes a second time, reworded.
    """
    for labelled in questions:
        asked = understand(labelled.text, assistant.encoder)
        with assistant.index.view() as view:
            yield _sentences(view, asked, labelled, ranker_of(labelled))
            other = reworded(asked, seed)
            if other.terms != asked.terms:
                yield replace(_sentences(view, other, labelled, ranker_of(labelled)), reworded=True)


def _sentences(view: View, asked: Question, labelled: Labelled, ranker: Ranker) -> Group:
    ranked = rank(view, asked, ranker, None)
    evidence = gather(asked, ranked, ranker, read_articles(view, ranked, ranked.order[:EVIDENCE_PASSAGES]))
    right = [
        _holds(labelled, ranked.pool, int(row), text)
        for row, text in zip(evidence.candidates.rows, evidence.candidates.texts, strict=True)
    ]
    return Group(labelled, evidence.features, np.array(right, bool))


def confidences(
    assistant: Assistant, questions: Iterable[Labelled], ranker_of: RankerOf, seed: int
) -> Iterator[Group]:
    """Yield the features of each question's best sentence; right when it holds a gold answer.

    Every question is asked of the whole collection and of a small part of it, once with the article that
    answers it and once without: a collection of two subjects must know what it does not know, too.
    """
    chance = random.Random(seed)  # noqa: S311 - a seeded sample, no secret
    listed = list(questions)
    subjects = sorted({one.group for one in listed})
    with assistant.index.view() as view:
        ids = [identity for identity, _, _ in view.articles(limit=10**9)]
    for labelled in listed:
        asked = understand(labelled.text, assistant.encoder)
        other, another = chance.sample([one for one in subjects if one != labelled.group], 2)
        parts = [None, (labelled.group, other), (other, another)]
        with assistant.index.view() as view:
            for part in parts:
                allowed = None if part is None else _keys_of(view, ids, part)
                yield _confidence(view, asked, labelled, ranker_of(labelled), allowed)


def _confidence(
    view: View, asked: Question, labelled: Labelled, ranker: Ranker, allowed: Keys | None
) -> Group:
    ranked = rank(view, asked, ranker, allowed)
    evidence = gather(asked, ranked, ranker, read_articles(view, ranked, ranked.order[:EVIDENCE_PASSAGES]))
    features = believe(asked, ranked, evidence, ranker).features
    best = int(evidence.order[0])
    text = evidence.candidates.texts[best].casefold()
    right = labelled.answerable and any(answer.casefold() in text for answer in labelled.answers)
    return Group(labelled, features, np.array([right], bool))


def _keys_of(view: View, ids: list[str], subjects: tuple[str, ...]) -> Keys | None:
    wanted = tuple(identity for identity in ids if identity.split("#")[0] in subjects)
    return view.allowed(Filters(articles=wanted))


def _holds(labelled: Labelled, pool: Pool, row: int, text: str) -> bool:
    article = pool.article_ids[int(pool.sentence_passage[row])]
    if article not in labelled.relevant or not labelled.answerable:
        return False
    folded = text.casefold()
    return not labelled.answers or any(answer.casefold() in folded for answer in labelled.answers)
