"""civicite's service: questions in, verified quotations out; from Python, the command line and HTTP.

:func:`connect` opens a collection, be it a folder or a server; start reading at ``service.assistant``. It
uses of ``indexer`` only what that exports.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.collection import Collection


def connect(where: str | Path | None = None, key: str | None = None) -> "Collection":
    """Open the collection of an index folder, or of the server at an address, with the same methods.

    Without ``where`` it is the folder that the settings name. ``key`` is for a server that wants one.
    """
    # Only now: a program that asks a folder need not wait for HTTP, nor the other way round.
    if isinstance(where, str) and where.lower().startswith(("http://", "https://")):
        from service.client import Client

        return Client(where, key)
    from service.collection import LocalCollection

    return LocalCollection.open(where)
