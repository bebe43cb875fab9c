"""An article that comes as a record rather than in a file: over HTTP, or from a program.

It is read as one record of a JSON Lines file would be, so that both give the same article.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from indexer.errors import LONGEST_SHOWN, ReadError, shown
from indexer.readers import read, suffix_of
from indexer.readers.jsonl import read_jsonl
from indexer.sources import Found, checked_id, finished, id_from_name


def submitted(identity: str, title: str, text: str, metadata: Mapping[str, object]) -> Found:
    """Return the article that a record describes; raises ReadError, which names the field."""
    where = f"article {shown(identity)}"
    record = {
        "_id": checked_id(identity, where),
        "title": title,
        "text": text,
        "metadata": dict(metadata),
    }
    raw = next(read_jsonl(where, json.dumps(record).encode()))
    if isinstance(raw, ReadError):
        raise raw
    if metadata.get("published") and raw.metadata.published is None:
        raise ReadError(f"{where}: published", "it is not a date", "write it as 2020, 2020-02 or 2020-02-05")
    return Found(finished(raw, identity, where), named=True)


def uploaded(name: str, content: bytes) -> Iterator[Found | ReadError]:
    """Yield the articles of a file that was sent; what cannot be read comes as an error that names it.

    Of its name only the last part counts: it says the format and, where the file has no id, the article's.
    """
    own = _last_part(name)
    told = own[-LONGEST_SHOWN:]
    for raw in read(told, content):
        if isinstance(raw, ReadError):
            yield raw
            continue
        where = told if raw.id is None else f"{told}: {raw.id[:LONGEST_SHOWN]}"
        try:
            identity = id_from_name(own) if raw.id is None else raw.id
            yield Found(finished(raw, identity, where), named=raw.id is not None)
        except ReadError as error:
            yield error.alone()


def uploaded_suffix(name: str) -> str | None:
    """Return the suffix by which :func:`uploaded` reads a file, None when it cannot."""
    return suffix_of(_last_part(name))


def _last_part(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name
