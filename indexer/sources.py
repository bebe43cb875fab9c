"""From a PATH to articles: which files there are, and each file read, cleaned, described and named.

Knows how an article gets its id. Knows nothing of indexes.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.article import Article, RawArticle, normal_id
from indexer.clean import clean
from indexer.errors import InputError, ReadError, shown
from indexer.metadata import describe
from indexer.readers import SUFFIXES, read_file

LONGEST_ID = 512
"""Characters."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read: ``root`` is the PATH it was found under, ``path`` its place below that.

    For a file that was given directly, ``root`` is the file and ``path`` is ``.``.
    """

    root: Path
    path: str

    @property
    def file(self) -> Path:
        """The file itself."""
        return self.root / self.path

    @property
    def name(self) -> str:
        """What an article without an id of its own is named after."""
        return self.root.name if self.path == "." else self.path


@dataclass(frozen=True, slots=True)
class Found:
    """An article that was read. ``named``: its id stands in the file, not only in the file's name."""

    article: Article
    named: bool


def find(paths: Iterable[Path], passed_over: set[Path] | None = None) -> list[Source]:
    """List the files below the paths that a reader exists for, in a stable order.

    Hidden files and folders, links to folders, and files called README are passed over unless given
    directly. A folder that cannot be looked into is listed itself: whoever reads it is told so. Other files
    that no reader exists for are added to ``passed_over``. Raises InputError for a path that does not exist.
    """
    sources: dict[Path, Source] = {}
    others: set[Path] = set() if passed_over is None else passed_over
    for path in paths:
        root = Path(os.path.realpath(path))
        if not root.exists():
            raise InputError(str(path), "there is no such file or folder", "check the path")
        for source in _below(root, others):
            sources.setdefault(source.file, source)
    others.difference_update(sources)  # what was given directly, too
    return list(sources.values())


def articles(source: Source) -> Iterator[Found | ReadError]:
    """Read the articles of one file; what cannot be read comes as an error that names file and mend."""
    for raw in read_file(source.file):
        yield raw if isinstance(raw, ReadError) else _article(source, raw)


def finished(
    raw: RawArticle, identity: str, where: str, root: str | None = None, path: str | None = None
) -> Article:
    """Clean and describe what a reader found; raises ReadError when no text is left, or for the id."""
    cleaned = clean(raw)
    if not cleaned.text.strip():
        raise ReadError(where, "it holds no text", "remove it, or check what it should hold")
    return Article(
        id=checked_id(identity, where),
        text=cleaned.text,
        metadata=describe(raw, cleaned.text),
        media_type=raw.media_type,
        raw_sha256=raw.raw_sha256,
        page_starts=cleaned.page_starts,
        root=root,
        path=path,
    )


def source_at(root: Path, file: Path) -> Source | None:
    """Return a file below a folder as :func:`find` would list it, None when it would pass it over."""
    parts = file.relative_to(root).parts
    hidden = any(part.startswith(".") for part in parts[:-1])
    return None if hidden or not _is_article_file(file.name) else Source(root, "/".join(parts))


def checked_id(identity: str, where: str) -> str:
    """Return an article id in NFC; raises ReadError when it is empty, too long or holds white space."""
    normal = normal_id(identity)
    if not normal or len(normal) > LONGEST_ID:
        raise ReadError(where, f"its id has {len(normal)} characters", f"give it 1 to {LONGEST_ID}")
    if any(character.isspace() or unicodedata.category(character)[0] == "C" for character in normal):
        raise ReadError(
            where,
            f"its id {shown(normal)} holds white space or control characters",
            "use letters, digits, - and /",
        )
    return normal


def _below(root: Path, others: set[Path]) -> Iterator[Source]:
    if not root.is_dir():
        yield Source(root, ".")
        return
    unreadable: list[OSError] = []
    for folder, folders, files in os.walk(root, onerror=unreadable.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if _is_article_file(name):
                yield Source(root, (Path(folder) / name).relative_to(root).as_posix())
            elif not _is_hidden(name):
                others.add(Path(folder) / name)
    for error in unreadable:
        if not isinstance(error, FileNotFoundError):  # it went while others were looked at
            yield Source(root, Path(error.filename).relative_to(root).as_posix())


def _is_article_file(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not _is_hidden(name)


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower().split(".")[0] == "readme"


def _article(source: Source, raw: RawArticle) -> Found | ReadError:
    where = f"{source.file}: {raw.id}" if raw.id is not None else str(source.file)
    try:
        _check_name(source)
        identity = raw.id if raw.id is not None else id_from_name(source.name)
        return Found(finished(raw, identity, where, str(source.root), source.path), named=raw.id is not None)
    except ReadError as error:
        return error.alone()


def _check_name(source: Source) -> None:
    try:
        f"{source.root}{source.path}".encode()
    except UnicodeEncodeError:
        shown = str(source.file).encode(errors="replace").decode()
        raise ReadError(shown, "its name is not UTF-8", "rename it") from None


def id_from_name(name: str) -> str:
    """Return a file's path without its suffix; white space, which an id cannot hold, becomes a hyphen."""
    suffix = max((s for s in SUFFIXES if name.lower().endswith(s)), key=len, default="")
    return re.sub(r"\s+", "-", name[: len(name) - len(suffix)])
