"""The assistant: answers questions from an index folder, for Python, HTTP and the terminal alike."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from indexer import (
    NO_FILTERS,
    Encoder,
    Filters,
    Index,
    InputError,
    Keys,
    Moment,
    Recipe,
    RecipeMismatch,
    Span,
    View,
)
from service.abstention import Refusal, must_refuse, refused, refused_empty
from service.answer import Answer, Hit, IndexState, SearchResult
from service.askable import MOST_PASSAGES, checked_question
from service.clock import Clock
from service.encoder import chosen_encoder
from service.explanation import explain_answer, explain_passages
from service.families import Relatives, rank_families
from service.hits import hit_at, hits_of
from service.portions import Portion, portions_of
from service.question import Question, understand
from service.ranker import Ranker
from service.retrieval import (
    EVIDENCE_PASSAGES,
    Ranked,
    believe,
    gather,
    rank,
    read_articles,
)
from service.sentences import compose
from service.settings import Settings, load_settings
from service.settled import Settlement
from service.timeliness import answered_as_of, conflicts_of, settle
from service.turns import Turns

TURNS = 1
"""Questions of one process that are worked on at a time; the others wait, or wait for the model."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found for a question as a whole, how that was settled, and what for its parts."""

    whole: Portion
    settlement: Settlement
    portions: list[Portion]

    @property
    def unsettled(self) -> Portion:
        """The whole, as it was before it was settled."""
        return replace(self.whole, evidence=self.settlement.unsettled)

    @property
    def confidence(self) -> float:
        """That of the whole or of its surest part."""
        return max(one.confidence for one in (self.whole, *self.portions))


class Assistant:
    """Open with :meth:`open`; safe to use from many threads. Sees new commits by itself.

    Follows to a rebuilt generation of its own recipe. When one of another model becomes active, it goes on
    answering from its own for as long as that is kept: without what was withdrawn, and without what is new.

    Every method raises InputError for a question or argument that cannot be used, and IndexDamaged
    rather than quoting text that is not what was written.
    """

    def __init__(self, index: Index, encoder: Encoder, ranker: Ranker) -> None:
        self._index, self._encoder, self._ranker = index, encoder, ranker
        self._turns = Turns(TURNS)
        _check_model(index, encoder)
        # When the index is rebuilt with another model, this one's vectors must not meet those.
        index.keep_to(Recipe.of(encoder))

    @classmethod
    def open(cls, folder: str | Path | None = None, settings: Settings | None = None) -> Self:
        """Open an index folder, by default that of the settings, with the model it was built with."""
        chosen = settings or load_settings()
        # The model loads beside everything else: most of it is work outside Python.
        with ThreadPoolExecutor(1) as aside:
            encoder = aside.submit(_ready_encoder, chosen)
            index = Index.open(Path(folder) if folder is not None else chosen.index)
            with index.view():
                ranker = Ranker.load()
        return cls(index, encoder.result(), ranker)

    def __enter__(self) -> Self:
        """Return the assistant."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the index."""
        self.close()

    def close(self) -> None:
        """Close the index; no question may be under way."""
        self._index.close()

    @property
    def index(self) -> Index:
        """The index that is asked."""
        return self._index

    @property
    def ranker_name(self) -> str:
        """The name of the ranker file that decides answers."""
        return self._ranker.name

    @property
    def encoder(self) -> Encoder:
        """The encoder that questions are read with."""
        return self._encoder

    def ask(
        self,
        question: str,
        *,
        top_k: int = 10,
        filters: Filters = NO_FILTERS,
        min_confidence: float | None = None,
        as_of: Moment | None = None,
        on_passages: Callable[[tuple[Hit, ...]], None] | None = None,
        explain: bool = False,
    ) -> Answer:
        """Answer a question with verified quotations, or abstain and say why.

        ``min_confidence`` moves the threshold below which it abstains; 0 answers whenever any passage
        exists. ``top_k`` is the number of passages shown beside the answer. With ``as_of`` (a date, an
        instant, a commit's number) it answers from what had been taken in by then. ``on_passages`` is told
        the passages as soon as they are found, before evidence is chosen; what it raises ends the work.
        ``explain`` adds how every score comes about, which takes some tenths of a second.
        """
        clock = Clock()
        threshold = self._ranker.threshold if min_confidence is None else min_confidence
        with self._asked(question, top_k, clock, as_of, explain) as (view, asked):
            allowed, considered = view.allowed(filters), max(EVIDENCE_PASSAGES, top_k)
            ranked, families = rank_families(view, asked, self._ranker, allowed, considered)
            clock.lap("retrieve")
            hits = hits_of(ranked, families[:top_k])
            if on_passages is not None:
                on_passages(hits)
            elsewhere = partial(self._answers, question, threshold, as_of)
            if not len(ranked.pool):
                refusal = refused_empty(view, filters, elsewhere=elsewhere)
                return self._abstention(view, asked, refusal, 0.0, hits, clock)
            found = self._find(view, asked, ranked, allowed)
            clock.lap("choose")
            if found.confidence < threshold or (threshold > 0 and must_refuse(view, found.whole)):
                refusal = refused(view, found.unsettled, filtered=allowed, elsewhere=elsewhere)
                answer = self._abstention(view, asked, refusal, found.confidence, hits, clock)
            else:
                answer = self._answer(view, found, allowed, threshold, hits, clock)
            if explain:
                whole, settlement = found.whole, found.settlement
                told = explain_answer(view, self._ranker, allowed, whole, settlement, threshold, answer)
                answer = replace(answer, explanation=told)
            return answer

    def search(
        self,
        question: str,
        *,
        top_k: int = 10,
        filters: Filters = NO_FILTERS,
        as_of: Moment | None = None,
        explain: bool = False,
    ) -> SearchResult:
        """Return the ``top_k`` passages nearest to a question, best first, one for each family of copies."""
        clock = Clock()
        with self._asked(question, top_k, clock, as_of, explain) as (view, asked):
            allowed = view.allowed(filters)
            ranked, families = rank_families(view, asked, self._ranker, allowed, top_k)
            hits = hits_of(ranked, families)
            clock.lap("retrieve")
            explanation = explain_passages(view, asked, self._ranker, allowed) if explain else None
            return SearchResult(question, hits, self._state(view), clock.read(), explanation)

    def search_articles(
        self,
        question: str,
        *,
        top_k: int = 10,
        filters: Filters = NO_FILTERS,
        as_of: Moment | None = None,
    ) -> SearchResult:
        """Return the best passage of each of the ``top_k`` articles nearest to a question, best first.

        Here every article stands for itself, copies too, each at the place of its own best passage.
        """
        clock = Clock()
        with self._asked(question, top_k, clock, as_of) as (view, asked):
            allowed = view.allowed(filters)
            wanted = top_k
            while True:
                ranked = rank(view, asked, self._ranker, allowed, wanted)
                rows = _best_per_article(ranked)
                found_all = len(rows) >= top_k or len(ranked.pool) < wanted
                if found_all or len(rows) >= view.count_articles():
                    break
                wanted = 2 * max(wanted, len(ranked.pool))
            rows = rows[:top_k]
            articles = read_articles(view, ranked, rows)
            hits = tuple(
                hit_at(
                    articles[int(ranked.pool.revisions[row])],
                    Span(*ranked.pool.spans[row].tolist()),
                    float(ranked.relevance[row]),
                )
                for row in rows
            )
            clock.lap("retrieve")
            return SearchResult(question, hits, self._state(view), clock.read())

    @contextmanager
    def _asked(
        self, question: str, top_k: int, clock: Clock, as_of: Moment | None, explain: bool = False
    ) -> Iterator[tuple[View, Question]]:
        _check_request(question, top_k)
        # The model works on it while it waits for its turn.
        asked = understand(question, self._encoder)
        # What may take long takes no turn: the interpreter goes back and forth between it and the others.
        with nullcontext() if explain or as_of is not None else self._turns.taken():
            clock.lap("encode")
            with self._index.view(as_of) as view:
                yield view, asked

    def _find(self, view: View, asked: Question, ranked: Ranked, allowed: Keys | None) -> _Found:
        articles = read_articles(view, ranked, ranked.order)
        evidence = gather(asked, ranked, self._ranker, articles)
        settlement = settle(view, asked, ranked, evidence, articles)
        portions = portions_of(view, asked, self._encoder, self._ranker, allowed)
        sure = believe(asked, ranked, evidence, self._ranker).probability
        return _Found(Portion(asked, ranked, settlement.evidence, articles, sure), settlement, portions)

    def _answer(
        self,
        view: View,
        found: _Found,
        allowed: Keys | None,
        threshold: float,
        hits: tuple[Hit, ...],
        clock: Clock,
    ) -> Answer:
        question, settlement = found.whole.question, found.settlement
        composed = compose(Relatives(view, allowed), found.whole, found.portions, threshold)
        # What contradicts the whole question's answer is beside the point where its parts are answered.
        conflicts = () if composed.parts else conflicts_of(view, settlement, composed.citations)
        day, by = answered_as_of(question, settlement, composed.citations[0], view)
        clock.lap("quote")
        return Answer(
            question=question.text,
            answer=" ".join(f"{s.text} [{s.citations[0]}]" for s in composed.sentences),
            abstained=False,
            reason=None,
            message=None,
            confidence=round(found.confidence, 4),
            sentences=composed.sentences,
            citations=composed.citations,
            parts=composed.parts,
            passages=hits,
            index=self._state(view),
            timing_ms=clock.read(),
            conflicts=conflicts,
            answered_as_of=day,
            answered_as_of_by=by,
        )

    def _abstention(
        self,
        view: View,
        asked: Question,
        refusal: Refusal,
        confidence: float,
        hits: tuple[Hit, ...],
        clock: Clock,
    ) -> Answer:
        return Answer(
            question=asked.text,
            answer=None,
            abstained=True,
            reason=refusal.reason,
            message=refusal.message,
            confidence=round(confidence, 4),
            sentences=(),
            citations=(),
            passages=hits,
            index=self._state(view),
            timing_ms=clock.read(),
            advice=refusal.advice,
            unknown_words=refusal.unknown_words,
        )

    def _answers(self, question: str, threshold: float, as_of: Moment | None) -> bool:
        """Tell whether the question has an answer when nothing is filtered."""
        return not self.ask(question, top_k=1, min_confidence=threshold, as_of=as_of).abstained

    def _state(self, view: View) -> IndexState:
        recipe = view.generation.recipe
        names = recipe.model, recipe.name, self._ranker.name
        return IndexState(view.commit, view.generation.id, *names, as_of=view.as_of)


def _ready_encoder(settings: Settings) -> Encoder:
    """Load the encoder, and what it loads at first use."""
    encoder = chosen_encoder(settings)
    encoder.question("Where?")
    return encoder


def _check_model(index: Index, encoder: Encoder) -> None:
    recipe, mine = index.generation().recipe, Recipe.of(encoder)
    if recipe != mine:
        raise RecipeMismatch(
            f"{index.folder}: built with {recipe.model} (recipe {recipe.name}), "
            f"this is {mine.model} (recipe {mine.name}); "
            "set the model it was built with, or build it anew for this one with 'civicite rebuild'"
        )


def _check_request(question: str, top_k: int) -> None:
    checked_question(question)
    if not 1 <= top_k <= MOST_PASSAGES:
        raise InputError("top_k", f"{top_k} is out of range", f"use 1 to {MOST_PASSAGES}")


def _best_per_article(ranked: Ranked) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    seen: dict[str, int] = {}
    for row in ranked.order.tolist():
        seen.setdefault(ranked.pool.article_ids[row], row)
    return np.array(list(seen.values()), np.int64)
