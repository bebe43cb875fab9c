"""The writing side of an index: articles are taken in, corrected and withdrawn here.

One recipe from top to bottom: compare with what is there, segment and encode only what is new, commit,
project. Encoding happens before the transaction, never inside it. One editor at a time: it holds the
lock of the folder.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import filelock

from indexer.article import Article, RawArticle
from indexer.catalog import Catalog, check_mark, read_mark, watermark, write_mark
from indexer.committing import Change, Put, Withdraw, commit
from indexer.encoder import Encoder
from indexer.encoding import encode
from indexer.errors import ArticleNotFound, IndexLocked, IndexUnusable, ReadError
from indexer.generations import Generation, active_generation, check_recipe, start_generation
from indexer.layout import Layout
from indexer.planning import Current, Decision, articles_under, current, decide, stored_passages
from indexer.projections import Projections
from indexer.readers import read_file
from indexer.recipe import Recipe
from indexer.sources import Found
from indexer.storage import StoredPassage

ARTICLES_PER_COMMIT = 256
"""A kill loses at most so many articles that were read but not yet committed."""


@dataclass(slots=True)
class Report:
    """What an edit did, by article id; ``failed`` holds what could not be taken in."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    failed: list[ReadError] = field(default_factory=list)
    encoded: int = 0
    """Passages that were encoded."""


Step = Callable[[Report], None]
"""Called whenever something more was read, encoded or committed."""


class Editor:
    """Holds the lock of an index folder while open; use it as a context manager.

    ``load_encoder`` is called when articles are to be taken in, and not for anything else. Raises
    IndexLocked when another process is still writing after ``wait`` seconds.
    """

    def __init__(self, folder: Path, load_encoder: Callable[[], Encoder], *, wait: float = 0) -> None:
        self._layout = Layout(folder)
        self._load_encoder = load_encoder
        self._projections: Projections | None = None
        self._lock = _lock(self._layout, wait)
        try:
            self._catalog = Catalog(self._layout, create=True)
            with self._catalog.reading() as connection:
                check_mark(self._layout, connection)
                self._generation = active_generation(connection)
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        """Return the editor."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave projections that readers can start from, and let the next editor in."""
        try:
            if self._projections is not None:
                with self._catalog.reading() as connection:
                    self._projections.close(connection)
            self._catalog.close()
        finally:
            self._lock.release()

    def plan(self, found: Iterable[Found | ReadError]) -> Report:
        """Say what taking these in would do, without doing it."""
        report, seen = Report(), set[str]()
        for one in found:
            self._decide(one, seen, report)
        return report

    def put(self, found: Iterable[Found | ReadError], step: Step = lambda report: None) -> Report:
        """Take articles in, ARTICLES_PER_COMMIT to a commit; what is unchanged costs nothing.

        An article that cannot be taken in is reported as failed, and the others are taken in. Raises
        RecipeMismatch when the encoder's vectors do not belong into this index.
        """
        generation = self._ready()
        report, seen = Report(), set[str]()
        for batch in _batches(found, ARTICLES_PER_COMMIT):
            decided = [pair for one in batch if (pair := self._decide(one, seen, report)) is not None]
            step(report)
            self._commit(generation, self._changes(generation, decided, report, step))
        self._catch_up(generation)
        return report

    def withdraw(self, identities: Sequence[str]) -> Report:
        """Take articles out of every current answer; all of them or, when one is not there, none.

        Raises ArticleNotFound.
        """
        wanted = list(dict.fromkeys(identities))
        for identity in wanted:
            if self._current(identity) is None:
                raise ArticleNotFound(
                    f"article {identity!r}", "there is none to remove", "see 'civicite status' for what is"
                )
        if self._generation is not None:
            self._commit(self._generation, [Withdraw(identity) for identity in wanted])
        return Report(withdrawn=wanted)

    def articles_under(self, root: Path) -> dict[str, str]:
        """Return the current articles that came from this PATH: id to the file's place below it."""
        with self._catalog.reading() as connection:
            return articles_under(connection, os.path.realpath(root))

    @cached_property
    def _encoder(self) -> Encoder:
        return self._load_encoder()

    def _ready(self) -> Generation:
        recipe = Recipe.of(self._encoder)
        if self._generation is None:
            with self._catalog.writing() as connection:
                self._generation = start_generation(connection, recipe)
        check_recipe(self._generation, recipe)
        return self._generation

    def _current(self, identity: str) -> Current | None:
        with self._catalog.reading() as connection:
            return current(connection, identity)

    def _decide(
        self, one: Found | ReadError, seen: set[str], report: Report
    ) -> tuple[Article, Decision] | None:
        if isinstance(one, ReadError):
            report.failed.append(one)
            return None
        before = self._current(one.article.id)
        article = _rooted(one.article, before)
        problem = _collision(one, before, seen)
        if problem is not None:
            report.failed.append(problem)
            return None
        seen.add(article.id)
        decision = decide(before, article, self._generation.recipe if self._generation else None)
        lists = {"added": report.added, "changed": report.changed, "described": report.changed}
        lists.get(decision, report.unchanged).append(article.id)
        return article, decision

    def _changes(
        self, generation: Generation, decided: list[tuple[Article, Decision]], report: Report, step: Step
    ) -> list[Change]:
        described: list[Change] = [Put(article, None) for article, how in decided if how == "described"]
        fresh = [article for article, how in decided if how in ("added", "changed")]
        reused = {article.id: self._reusable(generation, article) for article in fresh}
        unknown = [article for article in fresh if reused[article.id] is None]

        def encoded(passages: int) -> None:
            report.encoded += passages
            step(report)

        new = dict(
            zip(
                (a.id for a in unknown),
                encode(unknown, generation.recipe, self._encoder, encoded),
                strict=True,
            )
        )
        return described + [Put(article, reused[article.id] or new[article.id]) for article in fresh]

    def _reusable(self, generation: Generation, article: Article) -> tuple[StoredPassage, ...] | None:
        """Return the passages of this very text under this very title, if it was ever encoded."""
        with self._catalog.reading() as connection:
            stored = stored_passages(connection, generation.id, article.sha256)
        title = article.metadata.title
        same = all(
            one.context == generation.recipe.context(title, article.text[one.start : one.stop])
            for one in stored
        )
        return tuple(stored) if stored and same else None

    def _commit(self, generation: Generation, changes: Sequence[Change]) -> None:
        if changes:
            commit(self._catalog, generation.id, changes)
            self._catch_up(generation)

    def _catch_up(self, generation: Generation) -> None:
        """Project what is committed; also what a writer that was killed left unprojected or unmarked."""
        with self._catalog.reading() as connection:
            self._generation = active_generation(connection)
            if self._projections is None:
                self._projections = Projections(self._layout, generation.id)
            self._projections.project(connection)
            if read_mark(self._layout) != (mark := watermark(connection)):
                write_mark(self._layout, mark)


def _lock(layout: Layout, wait: float) -> filelock.BaseFileLock:
    try:
        layout.root.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(layout.lock)
        lock.acquire(timeout=wait)
    except filelock.Timeout as error:
        raise IndexLocked(
            f"{layout.root}: another process is writing to this index; try again when it has finished"
        ) from error
    except OSError as error:
        raise IndexUnusable(
            f"{layout.root}: {error.strerror}; choose a folder that can be written with --index"
        ) from error
    return lock


def _collision(found: Found, before: Current | None, seen: set[str]) -> ReadError | None:
    """Return what is wrong when two files claim one id.

    An id belongs to the file that had it first, for as long as that file is there and, where the id
    stands in the file, still says so.
    """
    article = found.article
    where = str(Path(article.root, article.path or "")) if article.root else article.id
    mend = "give one of the two another id in its front matter"
    if article.id in seen:
        return ReadError(where, f"a second article with the id {article.id!r}", mend)
    if article.root is None or before is None or before.file is None or not before.file.is_file():
        return None
    if before.file.samefile(where) or (found.named and not _still_named(before.file, article.id)):
        return None
    return ReadError(where, f"its id {article.id!r} belongs to {before.file}", mend)


def _rooted(article: Article, before: Current | None) -> Article:
    """Return the article as part of the widest PATH that its file was ever given by.

    Whoever indexes a folder and later one of its files again still withdraws that file with the folder.
    """
    if before is None or before.file is None or article.root is None or before.root == article.root:
        return article
    same_file = before.file == Path(article.root, article.path or "")
    wider = before.root is not None and len(before.root) < len(article.root)
    return replace(article, root=before.root, path=before.path) if same_file and wider else article


def _still_named(file: Path, identity: str) -> bool:
    """Tell whether a file of one article still gives itself this id; a collection of many is not read."""
    if file.suffix in (".jsonl", ".gz") or not file.is_file():
        return False
    return any(isinstance(raw, RawArticle) and raw.id == identity for raw in read_file(file))


def _batches(found: Iterable[Found | ReadError], size: int) -> Iterator[list[Found | ReadError]]:
    remaining = iter(found)
    while batch := list(islice(remaining, size)):
        yield batch
