"""The generations of an index folder: listed, pinned, let go."""

from contextlib import closing
from pathlib import Path

from indexer.catalog import Catalog
from indexer.generations import GenerationState, all_generations, found
from indexer.layout import Layout
from indexer.locking import held


def survey_generations(folder: Path) -> list[GenerationState]:
    """List an index's generations; raises IndexNotFound, IndexTooNew or IndexDamaged."""
    with closing(Catalog(Layout(folder))) as catalog, catalog.reading() as connection:
        return all_generations(connection)


def pin_generation(folder: Path, number: int, *, pinned: bool) -> None:
    """Keep a generation when the index is compacted, or no longer.

    Raises InputError when there is none by that number, IndexLocked while another process writes.
    """
    layout = Layout(folder)
    with (
        closing(Catalog(layout)),
        held(layout),
        closing(Catalog(layout, create=True)) as catalog,
        catalog.writing() as connection,
    ):
        found(connection, number)
        connection.execute("UPDATE generations SET pinned = ? WHERE id = ?", (int(pinned), number))
