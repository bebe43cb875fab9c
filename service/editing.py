"""Opening an index for writing: where articles are erased, what was said of them goes with them."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from indexer import Editor, Encoder, IndexUnusable, Leave
from service.feedback import forget_erased

log = logging.getLogger("civicite.index")

OpenEditor = Callable[[], AbstractContextManager[Editor]]
"""Gives an editor each time something is to be written."""


@contextmanager
def editing(
    folder: Path, load_encoder: Callable[[], Encoder], wait: float = 0, leave: Leave | None = None
) -> Iterator[Editor]:
    """Yield an editor, as :class:`indexer.Editor` is made; nothing is kept that was said of what is erased.

    Also where a reader holds the end of an erasure up, or another process began it and was killed. What was
    committed stays so where the service's database cannot be opened: whoever erases forgets by himself, and
    is told.
    """
    try:
        with Editor(folder, load_encoder, wait=wait, leave=leave) as editor:
            yield editor
    finally:
        try:
            forget_erased(folder)
        except IndexUnusable as error:
            log.warning("%s", error)
