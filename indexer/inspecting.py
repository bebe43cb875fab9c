"""Checks the projections: their checksums, their watermarks, and what they hold against the catalog.

Reads and compares by value; changes nothing.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from indexer.catalog import valid_at
from indexer.errors import IndexDamaged
from indexer.findings import Finding, unreadable
from indexer.generations import Generation
from indexer.layout import Layout
from indexer.lexical import engine as tantivy_engine
from indexer.lexical.checksums import torn
from indexer.lexical.engine import TantivyTerms
from indexer.marks import EMPTY, Watermark, watermark
from indexer.projections import ROWS_AT_ONCE, belongs, usable, vectors_of
from indexer.vectors import Keys
from indexer.vectors.flat import FlatVectors

REBUILD = "run 'civicite verify --repair'"
BY_ITSELF = "it catches up by itself"


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found in a generation's projections; ``vectors`` None where there are none to be read."""

    generation: Generation
    active: bool
    where: dict[Literal["vectors", "terms"], str]
    vectors_mark: Watermark
    vectors: FlatVectors | None
    vectors_problem: str | OSError | None
    terms: TantivyTerms | None
    terms_problem: str | OSError | None


def inspect(layout: Layout, generation: Generation, *, active: bool) -> Inspected:
    """Read a generation's projections; to be called before the catalog's snapshot is taken.

    Those of a generation that is not ``active`` may lag or be missing: they are written when it is.
    """
    vectors_mark, vectors, vectors_problem = _read_vectors(
        layout.vectors(generation.id), layout.vectors_seal(generation.id), generation.dimension
    )
    terms, terms_problem = _read_terms(layout.terms(generation.id))
    where: dict[Literal["vectors", "terms"], str] = {
        "vectors": str(layout.vectors(generation.id)),
        "terms": str(layout.terms(generation.id)),
    }
    return Inspected(generation, active, where, vectors_mark, vectors, vectors_problem, terms, terms_problem)


def check_projections(connection: sqlite3.Connection, found: Inspected) -> Iterator[Finding]:
    """Compare what was found with the catalog's snapshot."""
    yield from _check_vectors(connection, found)
    yield from _check_terms(connection, found)


def _check_vectors(connection: sqlite3.Connection, found: Inspected) -> Iterator[Finding]:
    where, mark = found.where["vectors"], found.vectors_mark
    if found.vectors is None:
        if found.vectors_problem:
            yield _problem(where, found.vectors_problem)
        elif watermark(connection).commit and found.active:
            yield Finding("stale", where, "is missing", BY_ITSELF)
        return
    if _predates(connection, mark) and not found.vectors_problem:
        yield Finding("stale", where, "is older than the history that is kept", BY_ITSELF)
        return
    keys = np.concatenate([np.empty(0, np.int64), *(keys for keys, _ in found.vectors.portions())])
    known = len(np.unique(keys)) == len(keys) and _has_rows(connection, found.generation, found.vectors)
    alive = np.array_equal(np.sort(keys), _alive(connection, found.generation.id, mark.commit))
    if found.vectors_problem:
        # A file that was replaced just before a kill, its seal not yet: whole, of this commit or a later one.
        if known and belongs(connection, mark):
            yield Finding("stale", where, "is newer than its seal", BY_ITSELF)
        else:
            yield _problem(where, found.vectors_problem)
    elif not belongs(connection, mark):
        yield Finding("damage", where, "is of another history than the catalog", REBUILD)
    elif not known or not alive:
        yield Finding("damage", where, "does not hold the catalog's vectors", REBUILD)
    else:
        yield from _lag(connection, found, where, mark)


def _check_terms(connection: sqlite3.Connection, found: Inspected) -> Iterator[Finding]:
    where, mark = found.where["terms"], found.terms.watermark if found.terms else EMPTY
    if found.terms_problem:
        yield _problem(where, found.terms_problem)
    elif not belongs(connection, mark):
        yield Finding("damage", where, "is of another history than the catalog", REBUILD)
    elif _predates(connection, mark):
        yield Finding("stale", where, "is older than the history that is kept", BY_ITSELF)
    elif (
        found.terms is not None and mark != EMPTY and not _fits(connection, found.generation.id, found.terms)
    ):
        yield Finding("damage", where, "does not hold the catalog's passages", REBUILD)
    else:
        yield from _lag(connection, found, where, mark)


def _problem(where: str, problem: str | OSError) -> Finding:
    if isinstance(problem, OSError):
        # What must not be read may not be replaced either, in a folder that is somebody else's.
        return unreadable(str(problem.filename or where), problem)
    return Finding("damage", where, problem, REBUILD)


def _predates(connection: sqlite3.Connection, mark: Watermark) -> bool:
    """Tell whether a projection knows passages that were dropped with their history since."""
    return mark != EMPTY and belongs(connection, mark) and not usable(connection, mark)


def _fits(connection: sqlite3.Connection, generation: int, terms: TantivyTerms) -> bool:
    """Tell whether a lexical index holds its commit's passages, and every term of them that it can."""
    if not np.array_equal(np.sort(terms.keys()), _alive(connection, generation, terms.watermark.commit)):
        return False
    if terms.watermark != watermark(connection):
        return True  # how many held a term at an earlier commit is not noted
    rows = connection.execute(
        "SELECT t.term, f.passages FROM frequencies f JOIN terms t ON t.key = f.term WHERE f.generation = ?",
        (generation,),
    )
    # A word that is too long for the engine is in no question either.
    return all(terms.holding(term) == passages for term, passages in rows if tantivy_engine.is_held(term))


def _lag(connection: sqlite3.Connection, found: Inspected, where: str, mark: Watermark) -> Iterator[Finding]:
    behind = watermark(connection).commit - mark.commit
    if behind > 0 and found.active:
        yield Finding("stale", where, f"is {behind} commit{'s' * (behind > 1)} behind", BY_ITSELF)


def _alive(connection: sqlite3.Connection, generation: int, commit: int) -> Keys:
    rows = connection.execute(
        f"SELECT key FROM passages p WHERE generation = ?1 AND {valid_at('p', '?2')} ORDER BY key",
        (generation, commit),
    )
    return np.fromiter((row[0] for row in rows), np.int64)


def _has_rows(connection: sqlite3.Connection, generation: Generation, found: FlatVectors) -> bool:
    """Tell whether every row is the catalog's vector of its key, to the bit, unless that is lost."""
    # A file of before it was given up holds what the catalog lost, until it is written anew.
    lost = np.array(connection.execute("SELECT key FROM lost_passages").fetchall(), np.int64)
    for keys, rows in found.portions():
        for at in range(0, len(keys), ROWS_AT_ONCE):
            sound = ~np.isin(keys[at : at + ROWS_AT_ONCE], lost)
            some = keys[at : at + ROWS_AT_ONCE][sound]
            try:
                wanted = vectors_of(connection, some, generation.dimension)
            except IndexDamaged:
                return False
            if not np.array_equal(wanted, rows[at : at + ROWS_AT_ONCE][sound]):
                return False
    return True


def _read_vectors(
    path: Path, seal: Path, dimension: int
) -> tuple[Watermark, FlatVectors | None, str | OSError | None]:
    """Return watermark, vectors (None when they cannot be had), and what is wrong."""
    try:
        return _sealed_vectors(path, seal, dimension)
    except OSError as error:
        return EMPTY, None, error


def _sealed_vectors(
    path: Path, seal: Path, dimension: int
) -> tuple[Watermark, FlatVectors | None, str | None]:
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
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        found = _vectors(file, digest, dimension)
    sound = digest == sha256 and found is not None and len(found) == count
    return mark, found, None if sound else "its checksum differs"


def _vectors(file: BinaryIO, digest: str, dimension: int) -> FlatVectors | None:
    """Return the vectors of a file; None unless it would be written just so again."""
    try:
        index, again = FlatVectors.read(file, dimension), hashlib.sha256()
        for some in index.written():
            again.update(some)
        return index if again.hexdigest() == digest else None
    except (RuntimeError, AttributeError, AssertionError, MemoryError, ValueError):
        return None


def _read_terms(folder: Path) -> tuple[TantivyTerms | None, str | OSError | None]:
    """Return the index, None when there is none that can be opened, and what is wrong."""
    try:
        problem = torn(folder)
        if problem or not tantivy_engine.exists(folder):
            return None, problem
        return TantivyTerms(folder), None
    except OSError as error:
        return None, error
    except (IndexDamaged, ValueError, AttributeError) as error:
        return None, f"cannot be opened ({error.__cause__ or error})"
