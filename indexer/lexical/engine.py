"""Tantivy: passages as term lists in an inverted index, on disk or in memory.

The terms are made by ``indexer/terms.py``; Tantivy only splits them at spaces. A watermark document,
replaced in the same commit as everything else, says how far the index has come. Traps that shape this
module: a searcher is stale until ``reload``; unsigned fields must be filled with ``add_unsigned`` and
deleted by query; segments are merged only while a writer lives, hence ``close``.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tantivy

from indexer.errors import IndexDamaged, IndexUnusable
from indexer.lexical import Posting
from indexer.lexical.checksums import files_of
from indexer.lexical.mirror import Mirror, is_writable
from indexer.marks import EMPTY, Watermark
from indexer.vectors import Keys

FEW = 4096
"""Up to so many allowed keys are looked up during the search; with more, results are sifted."""

_LONGEST_TERM = 65_530
_HEAP_BYTES = 64_000_000
_DELETIONS_AT_ONCE = 1000


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("key", stored=False, indexed=True, fast=True)
    builder.add_text_field("terms", stored=False, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("role", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("mark", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


class TantivyTerms:
    """One generation's lexical index.

    ``folder`` None keeps it in memory. A reader calls :meth:`refresh` to see what a writer, here or in
    another process, has committed; until then every search sees one unchanging state.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._schema, self._folder = _schema(), folder
        self._mirror: Mirror | None = None
        with _named(str(folder)):
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
                self._mirror = None if is_writable(folder) else Mirror(folder)
            place = self._mirror.place if self._mirror else folder
            self._index = tantivy.Index(self._schema, path=str(place) if place else None)
            self._index.config_reader("manual")
        self._writer: tantivy.IndexWriter | None = None
        self.refresh()

    @property
    def watermark(self) -> Watermark:
        """The commit up to which the state that is searched has everything."""
        return self._watermark

    def __len__(self) -> int:
        """Return how many passages the state that is searched holds."""
        return max(0, int(self._searcher.num_docs) - 1)

    def keys(self) -> Keys:
        """Return the keys of all passages that the state that is searched holds."""
        watermark = tantivy.Query.term_query(self._schema, "role", "watermark", "basic")
        occur = tantivy.Occur
        passages = [(occur.Must, tantivy.Query.all_query()), (occur.MustNot, watermark)]
        return self._found(tantivy.Query.boolean_query(passages), len(self) + 2)

    def holding(self, term: str) -> int:
        """Count the passages that hold a term."""
        query = tantivy.Query.term_query(self._schema, "terms", term, "basic")
        found: Any = self._searcher.search(query, limit=1, count=True)  # its stub lacks the count
        return int(found.count or 0)

    def refresh(self) -> None:
        """See the newest committed state."""
        with _named("the lexical index"):
            if self._mirror is not None:
                self._mirror.follow()
            self._index.reload()
            self._searcher = self._index.searcher()
            self._watermark = self._read_watermark()

    def snapshot(self) -> "TantivyTerms":
        """Return a copy that keeps seeing the present state when this one is refreshed."""
        copy = object.__new__(TantivyTerms)
        copy._schema, copy._index, copy._writer = self._schema, self._index, None
        copy._folder, copy._mirror = self._folder, self._mirror
        copy._searcher, copy._watermark = self._searcher, self._watermark
        return copy

    def search(self, terms: Sequence[str], count: int, allowed: Keys | None = None) -> Keys:
        """Return keys of ``count`` passages that hold any of the terms, best first."""
        if not terms or count < 1 or (allowed is not None and len(allowed) == 0):
            return np.empty(0, np.int64)
        query = self._any_of(terms)
        if allowed is None:
            return self._found(query, count)
        if len(allowed) <= FEW:
            return self._found(self._within(query, allowed), count)
        return self._sifted(query, count, allowed)

    def apply(self, mark: Watermark, added: Iterable[Posting], gone: Keys) -> None:
        """Add and remove passages and move to a newer watermark in one Tantivy commit.

        ``gone`` names every key that may be there already, those that are added again among them.
        """
        try:
            self._apply(mark, added, gone)
        except (ValueError, OSError) as error:
            raise _unwritable(error) from error

    def _apply(self, mark: Watermark, added: Iterable[Posting], gone: Keys) -> None:
        writer, stale = self._open_writer(), gone.tolist()
        for at in range(0, len(stale), _DELETIONS_AT_ONCE):
            some = stale[at : at + _DELETIONS_AT_ONCE]
            writer.delete_documents_by_query(tantivy.Query.term_set_query(self._schema, "key", some))
        for posting in added:
            document = tantivy.Document()
            document.add_unsigned("key", posting.key)
            document.add_text("terms", " ".join(posting.terms))
            writer.add_document(document)
        writer.delete_documents_by_term("role", "watermark")
        document = tantivy.Document()
        document.add_text("role", "watermark")
        document.add_text("mark", f"{mark.commit} {mark.chain}")
        writer.add_document(document)
        writer.commit()
        self._share()
        self.refresh()

    def replace(self, mark: Watermark, postings: Iterable[Posting]) -> None:
        """Begin anew with these passages alone, in files that never held another; readers see one change."""
        try:
            writer = self._open_writer()
            writer.delete_all_documents()
            self._apply(mark, postings, np.empty(0, np.int64))
            writer.garbage_collect_files()
        except (ValueError, OSError) as error:
            raise _unwritable(error) from error

    def close(self) -> None:
        """Let pending merges finish and give the folder free for another writer."""
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None

    def _share(self) -> None:
        """Let whoever may read the other files read these too, which Tantivy makes for their owner alone."""
        if self._folder is not None:
            for name in ("meta.json", ".managed.json"):
                shutil.copymode(self._folder / ".tantivy-writer.lock", self._folder / name)

    def _open_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        return self._writer

    def _any_of(self, terms: Sequence[str]) -> tantivy.Query:
        return tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Should, tantivy.Query.term_query(self._schema, "terms", t, "freq"))
                for t in terms
            ]
        )

    def _within(self, query: tantivy.Query, allowed: Keys) -> tantivy.Query:
        keys = tantivy.Query.term_set_query(self._schema, "key", allowed.tolist())
        unscored = tantivy.Query.boost_query(keys, 0.0)
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, unscored)])

    def _found(self, query: tantivy.Query, count: int) -> Keys:
        hits = self._searcher.search(query, limit=count, count=False).hits
        return np.array(self._searcher.fast_field_values("key", [address for _, address in hits]), np.int64)

    def _sifted(self, query: tantivy.Query, count: int, allowed: Keys) -> Keys:
        depth = 4 * count
        while True:
            found = self._found(query, depth)
            kept = found[np.isin(found, allowed)]
            if len(kept) >= count or len(found) < depth:
                return kept[:count]
            depth *= 8

    def _read_watermark(self) -> Watermark:
        query = tantivy.Query.term_query(self._schema, "role", "watermark", "basic")
        hits = self._searcher.search(query, limit=1).hits
        if not hits:
            return EMPTY
        commit, chain = str(self._searcher.doc(hits[0][1]).get_first("mark")).split()
        return Watermark(int(commit), chain)


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Turn what Tantivy raises over its files into IndexDamaged; at times it panics, with no Exception."""
    try:
        yield
    except PermissionError as error:
        raise IndexDamaged(f"{what}: {error.strerror}; check its permissions") from error
    except BaseException as error:
        if isinstance(error, (ValueError, OSError)) or type(error).__name__ == "PanicException":
            raise IndexDamaged(f"{what}: {error}; run 'civicite verify --repair'") from error
        raise


def is_held(term: str) -> bool:
    """Tell whether Tantivy keeps a term; those of more bytes it leaves out, without a word."""
    return len(term.encode()) <= _LONGEST_TERM


def exists(folder: Path) -> bool:
    """Tell whether there is an index on disk; opening one that is not would create it.

    Raises IndexDamaged where that cannot be told.
    """
    with _named(str(folder)):
        return folder.is_dir() and bool(tantivy.Index.exists(str(folder)))


def remove_strays(folder: Path) -> None:
    """Delete what belongs to no segment in use, as a writer that was killed leaves it; no writer is open.

    Also a segment's list of deletions that was never committed: Tantivy numbers the next one alike, and
    does not write over a file.
    """
    try:
        segments = json.loads((folder / "meta.json").read_bytes())["segments"]
        used = {name for segment in segments for name in files_of(segment)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(f"{folder}: {error}; run 'civicite verify --repair'") from error
    for path in folder.iterdir():
        if path.name not in used and path.name not in _OWN_FILES:
            path.unlink(missing_ok=True)
    shutil.rmtree(_aside(folder), ignore_errors=True)


_OWN_FILES = {"meta.json", ".managed.json", ".tantivy-meta.lock", ".tantivy-writer.lock"}


def _unwritable(error: Exception) -> IndexUnusable:
    return IndexUnusable(
        f"the lexical index: {error}; check the folder and its free space, then run the command again"
    )


def remove(folder: Path) -> None:
    """Delete an on-disk index, so that it can be built anew; at no moment half of one is in its place."""
    aside = _aside(folder)
    shutil.rmtree(aside, ignore_errors=True)
    try:
        folder.rename(aside)
    except OSError:  # there is none, or it cannot be renamed
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(aside, ignore_errors=True)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.removed")
