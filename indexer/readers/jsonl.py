"""JSON Lines as BEIR lays a corpus out: ``_id``, ``title``, ``text``, ``metadata`` on each line.

Knows one line at a time, so that a corpus may be larger than memory. A bad record is yielded as its
ReadError and the others are taken in. ``metadata`` holds arbitrary things: what does not fit is left out.
"""

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO, cast

from indexer.article import Metadata, RawArticle
from indexer.clean import plain_line
from indexer.errors import ReadError, shown
from indexer.readers.fields import article_id, metadata_from, titled

LONGEST_RECORD = 50_000_000
"""Bytes of one line; a longer one is a ReadError."""

LARGEST_UNPACKED = 50_000_000
"""Bytes that a file which is held in memory may unpack to, as many as it may have when it comes unpacked."""


def read_jsonl(name: str, content: bytes) -> Iterator[RawArticle | ReadError]:
    """The records of a ``.jsonl``, or of a ``.jsonl.gz``, that is held in memory."""
    return read_records(name, io.BytesIO(content), largest=LARGEST_UNPACKED)


def read_records(
    name: str, stream: BinaryIO, limit_bytes: int = LONGEST_RECORD, largest: int | None = None
) -> Iterator[RawArticle | ReadError]:
    """The records of a stream, compressed if its name ends in ``.gz``; an ``_id`` may occur only once.

    ``largest`` is how many bytes all of it may have once it is unpacked.
    """
    if name.lower().endswith(".gz"):
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=stream))
    seen: set[str] = set()
    for number, line in _lines(name, stream, limit_bytes, largest):
        try:
            if article := _record(f"{name}:{number}", line, limit_bytes):
                _refuse_second(f"{name}:{number}", article, seen)
                yield article
        except ReadError as error:
            yield error.alone()


def _lines(name: str, stream: BinaryIO, limit_bytes: int, largest: int | None) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, with their numbers, cut one byte past the limit.

    So a line without end costs no memory, and millions of blank ones little time.
    """
    number = size = 0
    begins = True
    try:
        while line := stream.readline(limit_bytes + 1):
            size += len(line)
            if largest is not None and size > largest:
                raise ReadError(name, f"unpacks to more than {largest:,} bytes", "split it")
            number += begins
            if begins and not line.isspace():
                yield number, line
            # What is left of a line that was cut belongs to no record.
            begins = line.endswith(b"\n") or len(line) <= limit_bytes
    except (OSError, EOFError, zlib.error) as error:
        raise ReadError(name, f"cannot be read to its end ({error})", "compress or copy it again") from error


def _record(where: str, line: bytes, limit_bytes: int) -> RawArticle | None:
    if len(line) > limit_bytes:
        raise ReadError(where, f"is longer than {limit_bytes:,} bytes", "split the record")
    record = _parsed(where, line)
    if record is None:
        return None
    identity, text = _identity(where, record.get("_id")), _text(where, "text", record.get("text"))
    title = plain_line(_text(where, "title", record.get("title", "") or ""))
    if not title and not text.strip():
        raise ReadError(f"{where}: text", "is empty", "give the record a text or leave it out")
    return RawArticle(
        id=identity,
        text=titled(title, text),
        metadata=_metadata(record, title),
        media_type="application/jsonl",
        furniture="none",
        raw_sha256=sha256(line).hexdigest(),
    )


def _parsed(where: str, line: bytes) -> dict[str, object] | None:
    try:
        text = line.decode("utf-8-sig")
        record = json.loads(text) if text.strip() else None
    except (ValueError, RecursionError) as error:
        raise ReadError(where, f"is no JSON in UTF-8 ({error})", "write one object a line") from error
    if record is not None and not isinstance(record, dict):
        raise ReadError(where, "is not a JSON object", 'write {"_id": ..., "title": ..., "text": ...}')
    return record


def _identity(where: str, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ReadError(f"{where}: _id", "is missing or no string", "give each record a string _id")
    return article_id(f"{where}: _id", value)


def _text(where: str, field: str, value: object) -> str:
    if not isinstance(value, str):
        raise ReadError(f"{where}: {field}", "is missing or no string", f"give each record a string {field}")
    return value


def _metadata(record: dict[str, object], title: str) -> Metadata:
    extra = record.get("metadata")
    known = metadata_from(extra) if isinstance(extra, dict) else Metadata()
    return Metadata(title=title or None).filled_from(known)


def _refuse_second(where: str, article: RawArticle, seen: set[str]) -> None:
    if article.id in seen:
        raise ReadError(
            f"{where}: _id", f"{shown(article.id)} was on an earlier line", "give it an id of its own"
        )
    seen.add(article.id or "")
