"""The seam to file formats: one file's bytes become articles, and what cannot be read says why.

Knows which suffix belongs to which reader, and everything that can be wrong with a file before its
format matters. Knows nothing of cleaning, ids that come from paths, or the index. The libraries of the
formats are imported where they are used: importing this package costs milliseconds.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from indexer.article import RawArticle
from indexer.errors import ReadError
from indexer.readers.docx import read_docx
from indexer.readers.html import read_html
from indexer.readers.jsonl import read_jsonl, read_records
from indexer.readers.markdown import read_markdown
from indexer.readers.pdf import read_pdf
from indexer.readers.text import read_text

__all__ = ["LIMIT_BYTES", "READERS", "SUFFIXES", "Reader", "read", "read_file", "suffix_of"]

LIMIT_BYTES = 50_000_000
"""The largest file, or the longest record of a JSON Lines file, that is read."""


class Reader(Protocol):
    """Reads one format. ``name`` is used in messages only, and for the second suffix of ``.jsonl.gz``.

    Yields a ReadError for one bad record and goes on; raises it when the file as a whole cannot be read.
    """

    def __call__(self, name: str, content: bytes) -> Iterator[RawArticle | ReadError]:
        """The articles of one file."""


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        ".docx": read_docx,
        ".htm": read_html,
        ".html": read_html,
        ".jsonl": read_jsonl,
        ".jsonl.gz": read_jsonl,
        ".markdown": read_markdown,
        ".md": read_markdown,
        ".pdf": read_pdf,
        ".txt": read_text,
    }
)
SUFFIXES = tuple(READERS)


def suffix_of(name: str) -> str | None:
    """The suffix by which a file is read, None when there is no reader; longer suffixes go first."""
    lower = name.lower()
    return next(
        (suffix for suffix in sorted(SUFFIXES, key=len, reverse=True) if lower.endswith(suffix)), None
    )


def read(name: str, content: bytes, *, limit_bytes: int = LIMIT_BYTES) -> Iterator[RawArticle | ReadError]:
    """The articles of a file's bytes; whatever is wrong with them is yielded as a ReadError, never raised."""
    suffix = suffix_of(name)
    try:
        if suffix is None:
            raise _unknown(name)
        _refuse_size(name, len(content), limit_bytes)
        yield from READERS[suffix](name, content)
    except ReadError as error:
        yield error.alone()


def read_file(path: Path, limit_bytes: int = LIMIT_BYTES) -> Iterator[RawArticle | ReadError]:
    """The articles of a file; whatever is wrong with it is yielded as a ReadError, never raised.

    JSON Lines are streamed, so ``limit_bytes`` then bounds one record, not the file.
    """
    name, suffix = str(path), suffix_of(path.name)
    try:
        if suffix is None and not path.is_dir():
            raise _unknown(name)
        if not path.is_file() and path.exists() and not path.is_dir():
            # Opening a pipe would wait for somebody to write into it.
            raise ReadError(name, "is a pipe or a device", "copy what comes out of it to a file")
        with path.open("rb") as stream:
            if suffix in (".jsonl", ".jsonl.gz"):
                yield from read_records(name, stream, limit_bytes)
                return
            content = stream.read(limit_bytes + 1)
        yield from read(name, content, limit_bytes=limit_bytes)
    except ReadError as error:
        yield error.alone()
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        reason = getattr(error, "strerror", None) or str(error)
        yield ReadError(name, f"cannot be opened ({reason})", "check the path and its permissions")


def _unknown(name: str) -> ReadError:
    return ReadError(name, "has no suffix that can be read", f"use one of {', '.join(SUFFIXES)}")


def _refuse_size(name: str, size: int, limit_bytes: int) -> None:
    if size == 0:
        raise ReadError(name, "is empty", "write a text into it or remove it")
    if size > limit_bytes:
        raise ReadError(name, f"is larger than {limit_bytes:,} bytes", "split it")
