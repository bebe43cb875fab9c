"""The catalog's pages against their seal: a digest of every page, kept beside the catalog.

SQLite loads a flipped byte without a word; a lost index entry even makes answers silently shorter. So
whoever folds the log into the catalog notes what every page is then, and whoever opens it compares. Knows
pages, the log and the seal; what rows mean is checked in ``checking.py``.
"""

import os
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xxhash
from numpy.typing import NDArray

from indexer.wal import Log, read_log

Digests = NDArray[np.uint64]

_CHUNK = 1 << 20
_MAGIC = b"civicite pages 1\n"
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Seal:
    """``digests[n]`` is XXH3 of page ``n + 1``, as the catalog was at a commit with its chain."""

    commit: int
    chain: str
    page_size: int
    digests: Digests

    def to_bytes(self) -> bytes:
        """Return the seal as it is written: head, digests, and a digest over both."""
        head = _MAGIC + f"{self.commit} {self.chain} {self.page_size}\n".encode()
        body = head + self.digests.astype("<u8").tobytes()
        return body + xxhash.xxh3_128_digest(body)

    @classmethod
    def from_bytes(cls, content: bytes) -> "Seal | None":
        """Read what :meth:`to_bytes` wrote; None when it is anything else."""
        body, noted = content[:-16], content[-16:]
        if not body.startswith(_MAGIC) or xxhash.xxh3_128_digest(body) != noted:
            return None
        line = body.index(b"\n", len(_MAGIC))
        commit, chain, page_size = body[len(_MAGIC) : line].decode().split()
        return cls(int(commit), chain, int(page_size), np.frombuffer(body[line + 1 :], "<u8"))


def read_seal(path: Path) -> Seal | None:
    """Return the seal, None when none can be read: then the rows are to be checked instead."""
    return Seal.from_bytes(_bytes_of(path))


class PageFile:
    """The catalog's file, read beside SQLite.

    On POSIX, closing any descriptor of a file drops every lock that the process holds on it, SQLite's own
    among them. So one descriptor is shared by all who have the file open through here, and closed when
    the last of them lets go. Get it from :func:`page_file`.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)

    def digest(self, number: int, page_size: int) -> int:
        """Return the digest of one page, counted from 1."""
        return xxhash.xxh3_64_intdigest(os.pread(self._descriptor, page_size, (number - 1) * page_size))

    def digests(self, page_size: int) -> Digests:
        """Return the digest of every page; what is left over at the end counts as a page."""
        found: list[int] = []
        at, portion = 0, max(1, _CHUNK // page_size) * page_size
        while content := os.pread(self._descriptor, portion, at):
            view = memoryview(content)
            found += [
                xxhash.xxh3_64_intdigest(view[start : start + page_size])
                for start in range(0, len(content), page_size)
            ]
            at += len(content)
        return np.array(found, np.uint64)


_open: "weakref.WeakValueDictionary[tuple[int, int], PageFile]" = weakref.WeakValueDictionary()
_opening = threading.Lock()


def page_file(path: Path) -> PageFile:
    """Return the file, shared with whoever else of this process has it open."""
    with _opening:
        facts = path.stat()
        shared = _open.get((facts.st_dev, facts.st_ino))
        if shared is None:
            shared = _open[facts.st_dev, facts.st_ino] = PageFile(path)
        return shared


def altered_pages(catalog: PageFile, log_path: Path, seal_path: Path) -> list[int] | None:
    """Return the numbers of pages that hold what nobody wrote, None when no seal says what was written.

    To be called within a reading transaction: whatever is folded into the catalog meanwhile then stays in
    the log. A page is sound when it is what its seal says, or what the log holds for it.
    """
    for _ in range(_TRIES):
        written = _bytes_of(seal_path)
        seal = Seal.from_bytes(written)
        if seal is None:
            return None
        altered = _differing(catalog.digests(seal.page_size), seal, read_log(log_path))
        if not altered or _bytes_of(seal_path) == written:
            return altered
    return None


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _differing(found: Digests, seal: Seal, log: Log) -> list[int]:
    length = max(len(found), len(seal.digests))
    differs = np.ones(length, bool)
    common = min(len(found), len(seal.digests))
    differs[:common] = found[:common] != seal.digests[:common]
    numbers = (np.flatnonzero(differs) + 1).tolist()
    return [number for number in numbers if not _is_logged(number, found, log)]


def _is_logged(number: int, found: Digests, log: Log) -> bool:
    if number > len(found):  # cut off: either by the last commit, or not yet folded into the file
        return log.size is not None and (number > log.size or number in log.pages)
    return int(found[number - 1]) in log.pages.get(number, ())


def sealed_anew(catalog: PageFile, before: Seal | None, log: Log, state: tuple[int, str, int]) -> Seal | None:
    """Return the seal of a catalog into which the log was just folded; None when it cannot be known.

    ``state`` is commit, chain and page size. Only the pages that the log holds are read: an edit costs
    what it changes. They were compared with the seal before, see :func:`may_be_folded`.
    """
    commit, chain, page_size = state
    if before is None or before.page_size != page_size or log.size is None:
        return None
    common = min(log.size, len(before.digests))
    digests = np.concatenate([before.digests[:common], np.zeros(log.size - common, np.uint64)])
    # A page that was added and freed again is in no log: it is whatever the file holds there.
    for number in {*log.pages, *range(common + 1, log.size + 1)}:
        if number <= log.size:
            digests[number - 1] = catalog.digest(number, page_size)
    return Seal(commit, chain, page_size, digests)


def may_be_folded(catalog: PageFile, seal: Seal | None, log: Log) -> bool:
    """Tell whether the pages that the log is about to replace are what was written.

    A page that was altered would else be changed further, and sealed with the alteration in it.
    """
    if seal is None:
        return False
    for number, logged in log.pages.items():
        if number <= len(seal.digests):
            now = catalog.digest(number, seal.page_size)
            if now != int(seal.digests[number - 1]) and now not in logged:
                return False
    return True
