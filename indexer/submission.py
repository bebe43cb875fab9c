"""An article that comes as a record rather than in a file: over HTTP, or from a program.

It is read as one record of a JSON Lines file would be, so that both give the same article.
"""

import json
from collections.abc import Mapping

from indexer.article import Article
from indexer.clean import clean
from indexer.errors import ReadError
from indexer.metadata import describe
from indexer.readers.jsonl import read_jsonl
from indexer.sources import Found, checked_id


def submitted(identity: str, title: str, text: str, metadata: Mapping[str, object]) -> Found:
    """Return the article that a record describes; raises ReadError, which names the field."""
    where = f"article {identity!r}"
    record = {
        "_id": checked_id(identity, where),
        "title": title,
        "text": text,
        "metadata": dict(metadata),
    }
    read = next(read_jsonl(where, json.dumps(record).encode()))
    if isinstance(read, ReadError):
        raise read
    if metadata.get("published") and read.metadata.published is None:
        raise ReadError(f"{where}: published", "it is not a date", "write it as 2020, 2020-02 or 2020-02-05")
    cleaned = clean(read)
    if not cleaned.text.strip():
        raise ReadError(f"{where}: text", "it holds no text", "give it a text")
    article = Article(
        id=checked_id(identity, where),
        text=cleaned.text,
        metadata=describe(read, cleaned.text),
        media_type=read.media_type,
        raw_sha256=read.raw_sha256,
        page_starts=cleaned.page_starts,
    )
    return Found(article, named=True)
