"""Which revisions hold a text, character for character: an exact scan, for checking quotations.

No engine is asked: proposals may miss a text of common words, a scan may not. It reads every text once,
some milliseconds for a thousand articles.
"""

import sqlite3
from dataclasses import dataclass

from indexer.catalog import valid_at


@dataclass(frozen=True, slots=True)
class Holder:
    """A revision that holds the text; ``current`` at the commit that was looked at."""

    article_id: str
    revision: int
    current: bool


def read_holders(connection: sqlite3.Connection, commit: int, text: str) -> list[Holder]:
    """List the revisions up to a commit that hold the text, current ones first, then the latest first."""
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair is in no text.
        return []
    rows = connection.execute(
        f"SELECT a.id, r.number, {valid_at('r')} AS current"
        " FROM revisions r JOIN articles a ON a.key = r.article"
        " WHERE r.from_commit <= :commit AND instr(r.text, :text)"
        " ORDER BY current DESC, a.id, r.number DESC",
        {"commit": commit, "text": text},
    )
    return [Holder(identity, number, bool(current)) for identity, number, current in rows]
