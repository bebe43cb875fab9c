"""Folding the log into the catalog, so that the seal beside it always says what its pages are.

The order makes every moment safe. While pages are replaced, the log still holds what they become; then
the seal is written; only then the log is emptied. SQLite itself never folds while civicite writes.
"""

import sqlite3
from collections.abc import Callable

from indexer.durable import write_atomically
from indexer.layout import Layout
from indexer.pages import PageFile, Seal, may_be_folded, read_seal, sealed_anew
from indexer.wal import read_log

LOG_MOST = 8 << 20
"""Bytes; a log that is longer after a commit is folded at once."""


def log_length(layout: Layout) -> int:
    """Return the length of the log in bytes."""
    return layout.log.stat().st_size if layout.log.exists() else 0


def fold(
    connection: sqlite3.Connection,
    layout: Layout,
    file: PageFile,
    state: tuple[int, str],
    is_sound: Callable[[], bool],
) -> bool:
    """Fold the log into the catalog and seal it at the commit and chain that it then is at.

    The caller holds the index lock and has no transaction open. Readers that need an earlier state are
    waited for as long as the connection's ``busy_timeout`` says; new ones come and go meanwhile. Returns
    False when one still needs it: the log stays, nothing is sealed, and the next fold does it. Costs what
    the log holds;
    but where no seal can be continued, because there is none, or somebody else folded, or pages are not
    what they were, all rows are checked by ``is_sound``. A catalog that is not sound is not sealed.
    """
    before, log = read_seal(layout.seal), read_log(layout.log)
    if not log.pages and before is not None and (before.commit, before.chain) == state:
        return not log_length(layout) or _emptied(connection)
    continued = bool(log.pages) and may_be_folded(file, before, log)
    sound = continued or is_sound()
    _, frames, folded = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
    if folded < frames:
        return False
    if sound:
        page_size = int(connection.execute("PRAGMA page_size").fetchone()[0])
        sealed = sealed_anew(file, before, log, (*state, page_size)) if continued else None
        sealed = sealed or Seal(*state, page_size, file.digests(page_size))
        write_atomically(layout.seal, sealed.to_bytes())
    return _emptied(connection)


def _emptied(connection: sqlite3.Connection) -> bool:
    """Empty the log; False when somebody reads from it all the while."""
    return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
