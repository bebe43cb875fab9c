"""The assistant: answers questions from an index folder, for Python, HTTP and the terminal alike."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from indexer import NO_FILTERS, Encoder, Filters, Index, Moment, Recipe, RecipeMismatch, View
from service.abstention import must_refuse, refused, refused_empty, unknown_facets
from service.answer import Answer, Hit, IndexState, SearchResult
from service.answering import abstention, find, quoted
from service.askable import check_confidence, check_top_k, checked_question
from service.clock import Clock
from service.encoder import chosen_encoder
from service.explanation import explain_answer, explain_passages
from service.families import rank_families
from service.hits import hits_at, hits_of
from service.question import Question, understand
from service.ranker import Ranker
from service.retrieval import EVIDENCE_PASSAGES, rank_articles
from service.settings import Settings, load_settings
from service.turns import Turns

TURNS = 1
"""Questions of one process that are worked on at a time; the others wait, or wait for the model."""


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
        check_confidence(min_confidence)
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
                return abstention(asked, refusal, 0.0, hits, self._state(view), clock)
            found = find(view, asked, ranked, allowed, self._encoder, self._ranker)
            clock.lap("choose")
            if found.confidence < threshold or (threshold > 0 and must_refuse(view, found.whole)):
                refusal = refused(view, found.unsettled, filtered=allowed, elsewhere=elsewhere)
                answer = abstention(asked, refusal, found.confidence, hits, self._state(view), clock)
            else:
                answer = quoted(view, found, allowed, threshold, hits, self._state(view), clock)
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
            message = None if hits else unknown_facets(view, filters)
            return SearchResult(question, hits, self._state(view), clock.read(), message, explanation)

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
            ranked, rows = rank_articles(view, asked, self._ranker, allowed, top_k)
            hits = hits_at(view, ranked, rows)
            clock.lap("retrieve")
            return SearchResult(question, hits, self._state(view), clock.read())

    @contextmanager
    def _asked(
        self, question: str, top_k: int, clock: Clock, as_of: Moment | None, explain: bool = False
    ) -> Iterator[tuple[View, Question]]:
        checked_question(question)
        check_top_k(top_k)
        # The model works on it while it waits for its turn.
        asked = understand(question, self._encoder)
        # What may take long takes no turn: the interpreter goes back and forth between it and the others.
        with nullcontext() if explain or as_of is not None else self._turns.taken():
            clock.lap("encode")
            with self._index.view(as_of) as view:
                yield view, asked

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
