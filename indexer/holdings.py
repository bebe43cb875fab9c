"""What the catalog already holds, for whoever is about to fetch: a look, without the lock and the model.

There may be no catalog yet; then nothing is held.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from indexer.catalog import Catalog
from indexer.erasing import erased_among
from indexer.layout import Layout
from indexer.marks import EMPTY, Watermark, watermark
from indexer.planning import Current, current, was_withdrawn
from indexer.projections import belongs

T = TypeVar("T")


class Holdings:
    """A look into an index folder; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._layout = Layout(folder)
        self._catalog: Catalog | None = None

    def __enter__(self) -> Self:
        """Return the holdings."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the catalog."""
        if self._catalog is not None:
            self._catalog.close()

    def current(self, identity: str) -> Current | None:
        """Return the current article by that id."""
        return self._look(lambda connection: current(connection, identity), None)

    def withdrawn(self, identity: str) -> bool:
        """Tell whether there was such an article and is none now."""
        return self._look(lambda connection: was_withdrawn(connection, identity), False)

    def erased(self, identities: Iterable[str]) -> list[str]:
        """List those ids whose article was erased, or is about to be, and is not there again."""
        return self._look(lambda connection: erased_among(connection, identities), [])

    def watermark(self) -> Watermark:
        """Return the newest commit."""
        return self._look(watermark, EMPTY)

    def remembers(self, mark: Watermark) -> bool:
        """Tell whether a commit is part of the catalog's history: not so after an older one was restored."""
        return self._look(lambda connection: belongs(connection, mark), mark == EMPTY)

    def _look(self, read: Callable[..., T], otherwise: T) -> T:
        if self._catalog is None and self._layout.catalog.is_file():
            self._catalog = Catalog(self._layout)
        if self._catalog is None:
            return otherwise
        with self._catalog.reading() as connection:
            return read(connection)
