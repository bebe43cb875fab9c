"""What an HTTP application holds for as long as it runs: one model, one index, its settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from indexer import Editor, Index
from service.collection import LocalCollection
from service.cores import Cores, on_all, usable
from service.editing import editing
from service.edits import Answer, Edits
from service.feedback import forget_erased
from service.proving import Proof
from service.settings import Settings
from service.store import store_of

EDITS_MOST = 16
"""Edits that may be under way or wait at a time: each has a thread, and questions need some too."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Shared by all requests."""

    assistant: LocalCollection
    settings: Settings
    cores: Cores | None = None
    """The cores that edits may use where the threads of requests keep to one."""
    edits: Edits = field(default_factory=lambda: Edits(EDITS_MOST))
    proof: Proof = field(default_factory=Proof)
    """Whether a question can be answered."""

    @classmethod
    def open(cls, settings: Settings) -> "Serving":
        """Load the model and open the index."""
        return cls.of(LocalCollection.open(settings=settings), settings)

    @classmethod
    def of(cls, assistant: LocalCollection, settings: Settings) -> "Serving":
        """Take what is open already."""
        forget_erased(settings.index)
        return cls(assistant, settings, usable() if settings.pin else None)

    def prove(self, commit: int, question: str) -> None:
        """Ask a question of the index, unless one was answered at this commit; raises what it raises."""
        self.proof.of(commit, lambda: self.assistant.search(question, top_k=1))

    @property
    def store(self) -> Path:
        """The service's own database."""
        return store_of(self.settings.index)

    @property
    def index(self) -> Index:
        """The index that is served."""
        return self.assistant.index

    @contextmanager
    def editor(self, answer: Answer) -> Iterator[Editor]:
        """Yield an editor for the request that is answered so.

        Raises IndexLocked after a wait, and IndexNotFound where the index that is served has gone.
        """
        # An editor makes an index where there is none: of a disk that went, one article would be left.
        self.index.check_there()
        encoder, wait = self.assistant.encoder, self.settings.wait_seconds
        with (
            self.edits.begun(answer) as leave,
            on_all(self.cores),
            editing(self.index.folder, lambda: encoder, wait, leave) as editor,
        ):
            yield editor


async def _serving(request: Request) -> Serving:
    serving: Serving = request.app.state.serving
    return serving


Served = Annotated[Serving, Depends(_serving)]
