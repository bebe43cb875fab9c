"""Checks the projections: their checksums, their watermarks, and what they hold against the catalog.

Knows how FAISS and Tantivy lay out their files as far as checksums need it. Changes nothing.
"""

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from indexer.catalog import EMPTY, Watermark, watermark
from indexer.errors import IndexDamaged
from indexer.findings import Finding
from indexer.generations import Generation
from indexer.layout import Layout
from indexer.lexical.engine import TantivyTerms
from indexer.projections import ROWS_AT_ONCE, belongs, vectors_of
from indexer.vectors import Keys

REBUILD = "run 'civicite verify --repair'"
BY_ITSELF = "it catches up by itself"
_TANTIVY_MAGIC = 1337
_TANTIVY_SUFFIXES = ("fast", "fieldnorm", "idx", "pos", "store", "term")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found in a generation's projections. ``vectors`` are keys and rows as FAISS holds them."""

    generation: Generation
    where: dict[Literal["vectors", "terms"], str]
    vectors_mark: Watermark
    vectors: tuple[Keys, Any] | None
    vectors_problem: str | None
    terms_mark: Watermark
    terms_count: int
    terms_problem: str | None


def inspect(layout: Layout, generation: Generation) -> Inspected:
    """Read a generation's projections; to be called before the catalog's snapshot is taken."""
    vectors_mark, vectors, vectors_problem = _read_vectors(
        layout.vectors(generation.id), layout.vectors_seal(generation.id)
    )
    terms_mark, count, terms_problem = _read_terms(layout.terms(generation.id))
    where: dict[Literal["vectors", "terms"], str] = {
        "vectors": str(layout.vectors(generation.id)),
        "terms": str(layout.terms(generation.id)),
    }
    return Inspected(
        generation, where, vectors_mark, vectors, vectors_problem, terms_mark, count, terms_problem
    )


def check_projections(connection: sqlite3.Connection, found: Inspected) -> Iterator[Finding]:
    """Compare what was found with the catalog's snapshot."""
    yield from _check_vectors(connection, found)
    yield from _check_terms(connection, found)


def _check_vectors(connection: sqlite3.Connection, found: Inspected) -> Iterator[Finding]:
    where, mark = found.where["vectors"], found.vectors_mark
    if found.vectors is None:
        if found.vectors_problem:
            yield Finding("damage", where, found.vectors_problem, REBUILD)
        elif watermark(connection).commit:
            yield Finding("stale", where, "is missing", BY_ITSELF)
        return
    keys, rows = found.vectors
    known = _has_rows(connection, found.generation, keys, rows)
    alive = np.array_equal(np.sort(keys), _alive(connection, found.generation.id, mark.commit))
    if found.vectors_problem:
        # A file that was replaced just before a kill, its seal not yet: whole, and of a later commit.
        if known and not alive and belongs(connection, mark):
            yield Finding("stale", where, "is newer than its seal", BY_ITSELF)
        else:
            yield Finding("damage", where, found.vectors_problem, REBUILD)
    elif not belongs(connection, mark):
        yield Finding("damage", where, "is of another history than the catalog", REBUILD)
    elif not known or not alive:
        yield Finding("damage", where, "does not hold the catalog's vectors", REBUILD)
    else:
        yield from _lag(connection, where, mark)


def _check_terms(connection: sqlite3.Connection, found: Inspected) -> Iterator[Finding]:
    where, mark = found.where["terms"], found.terms_mark
    if found.terms_problem:
        yield Finding("damage", where, found.terms_problem, REBUILD)
    elif not belongs(connection, mark):
        yield Finding("damage", where, "is of another history than the catalog", REBUILD)
    elif mark != EMPTY and found.terms_count != len(_alive(connection, found.generation.id, mark.commit)):
        yield Finding("damage", where, "does not hold the catalog's passages", REBUILD)
    else:
        yield from _lag(connection, where, mark)


def _lag(connection: sqlite3.Connection, where: str, mark: Watermark) -> Iterator[Finding]:
    behind = watermark(connection).commit - mark.commit
    if behind > 0:
        yield Finding("stale", where, f"is {behind} commit{'s' * (behind > 1)} behind", BY_ITSELF)


def _alive(connection: sqlite3.Connection, generation: int, commit: int) -> Keys:
    rows = connection.execute(
        "SELECT key FROM passages WHERE generation = ? AND from_commit <= ?"
        " AND (to_commit IS NULL OR to_commit > ?) ORDER BY key",
        (generation, commit, commit),
    )
    return np.fromiter((row[0] for row in rows), np.int64)


def _has_rows(connection: sqlite3.Connection, generation: Generation, keys: Keys, rows: Any) -> bool:
    """Tell whether every row is the catalog's vector of its key, to the bit."""
    if rows.shape != (len(keys), generation.dimension) or len(np.unique(keys)) != len(keys):
        return False
    for at in range(0, len(keys), ROWS_AT_ONCE):
        some = keys[at : at + ROWS_AT_ONCE]
        try:
            wanted = vectors_of(connection, some, generation.dimension)
        except (KeyError, ValueError):
            return False
        if not np.array_equal(wanted, rows[at : at + ROWS_AT_ONCE]):
            return False
    return True


def _read_vectors(path: Path, seal: Path) -> tuple[Watermark, tuple[Keys, Any] | None, str | None]:
    """Return watermark, keys with rows (None when they cannot be had), and what is wrong."""
    if not seal.is_file():
        return EMPTY, None, None
    if not path.is_file():
        return EMPTY, None, "is missing although it has a seal"
    try:
        facts = json.loads(seal.read_bytes())
        mark, sha256 = Watermark(int(facts["commit"]), str(facts["chain"])), str(facts["sha256"])
        count = int(facts["passages"])
    except (ValueError, KeyError, TypeError):
        return EMPTY, None, "its seal is not readable"
    content = path.read_bytes()
    found = _rows(content)
    same = hashlib.sha256(content).hexdigest() == sha256
    sound = same and found is not None and len(found[0]) == count
    return mark, found, None if sound else "its checksum differs"


def _rows(content: bytes) -> tuple[Keys, Any] | None:
    """Return keys and rows of a FAISS file; None unless it would be written just so again."""
    import faiss

    library: Any = faiss
    try:
        index = library.deserialize_index(np.frombuffer(content, np.uint8))
        if library.serialize_index(index).tobytes() != content:
            return None
        keys: Keys = library.vector_to_array(index.id_map)
        return keys, index.index.reconstruct_n(0, index.ntotal)
    except (RuntimeError, AttributeError, AssertionError, MemoryError):
        return None


def _read_terms(folder: Path) -> tuple[Watermark, int, str | None]:
    """Return watermark, number of passages, and what is wrong."""
    for _ in range(5):
        meta = _meta(folder)
        if meta is None:
            return EMPTY, 0, "its meta.json is missing" if any(folder.glob("*.idx")) else None
        problem = _torn(folder, meta)
        # A writer may have merged segments away meanwhile; then look again.
        if problem is None or _meta(folder) == meta:
            break
    if problem:
        return EMPTY, 0, problem
    try:
        terms = TantivyTerms(folder)
        return terms.watermark, len(terms), None
    except (IndexDamaged, ValueError, OSError, AttributeError) as error:
        return EMPTY, 0, f"cannot be opened ({error})"


def _meta(folder: Path) -> bytes | None:
    path = folder / "meta.json"
    return path.read_bytes() if path.is_file() else None


def _torn(folder: Path, meta: bytes) -> str | None:
    """Return what is wrong with the files of the segments that are in use."""
    try:
        names = [name for segment in json.loads(meta)["segments"] for name in _files_of(segment)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "its meta.json is not readable"
    torn = next((name for name in names if not _is_whole(folder / name)), None)
    return f"its file {torn} is missing or not what was written" if torn else None


def _files_of(segment: dict[str, Any]) -> Iterator[str]:
    """Name the files of a segment as meta.json describes it."""
    stem, deletes = segment["segment_id"].replace("-", ""), segment["deletes"]
    yield from (f"{stem}.{suffix}" for suffix in _TANTIVY_SUFFIXES)
    if deletes:
        yield f"{stem}.{deletes['opstamp']}.del"


def _is_whole(path: Path) -> bool:
    """Compare a Tantivy file with the CRC-32 in its footer: JSON, its length, a magic number."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, size - 8))
            tail = file.read(8)
            length, magic = int.from_bytes(tail[:4], "little"), int.from_bytes(tail[4:], "little")
            if magic != _TANTIVY_MAGIC or length + 8 > size:
                return False
            file.seek(size - 8 - length)
            noted = json.loads(file.read(length))["crc"]
            file.seek(0)
            remaining, crc = size - 8 - length, 0
            while remaining and (chunk := file.read(min(_CHUNK, remaining))):
                crc, remaining = zlib.crc32(chunk, crc), remaining - len(chunk)
            return bool(crc == noted)
    except (OSError, ValueError, KeyError, TypeError):
        return False
