"""SQLite's write-ahead log as a file: which pages its committed frames hold, as digests.

Follows section 4 of SQLite's description of the file format. Knows bytes only; which of a page's
contents is seen by whom is SQLite's matter. Reading the log beside SQLite is safe: it locks other files.
"""

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

_HEADER, _FRAME_HEADER = 32, 24
_MAGIC_LITTLE, _MAGIC_BIG = 0x377F0682, 0x377F0683
_WORD = (1 << 32) - 1

Words = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Log:
    """What a log holds: ``pages[number]`` are the digests of a page's committed contents, oldest first.

    ``size`` is the number of pages of the database after the last commit, None when nothing is committed.
    """

    pages: dict[int, list[int]] = field(default_factory=dict)
    size: int | None = None


class _Sum(NamedTuple):
    first: int
    second: int


def read_log(path: Path) -> Log:
    """Read the frames that SQLite would accept, up to the last commit; a log that is missing is empty."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return Log()
    with file:
        content = file.read(_HEADER)
        head = np.frombuffer(content.ljust(_HEADER, b"\0"), ">u4")
        magic, page_size = int(head[0]), int(head[2])
        if magic not in (_MAGIC_LITTLE, _MAGIC_BIG) or page_size < 512:
            return Log()
        order = np.dtype(">u4" if magic == _MAGIC_BIG else "<u4")
        so_far = _sum(np.frombuffer(content[:24], order), _Sum(0, 0))
        if so_far != (int(head[6]), int(head[7])):
            return Log()
        return _committed(file, page_size, order, content[16:24], so_far)


def _committed(file: BinaryIO, page_size: int, order: np.dtype[np.uint32], salts: bytes, so_far: _Sum) -> Log:
    # Frame by frame: after the whole catalog was rewritten, the log is as long as that.
    log, size, waiting = Log(), None, list[tuple[int, int]]()
    while len(frame := file.read(_FRAME_HEADER + page_size)) == _FRAME_HEADER + page_size:
        number, committed, *_, first, second = np.frombuffer(frame, ">u4", 6).tolist()
        page = frame[_FRAME_HEADER:]
        so_far = _sum(np.frombuffer(frame[:8] + page, order), so_far)
        if frame[8:16] != salts or so_far != (first, second):
            break
        waiting.append((number, xxhash.xxh3_64_intdigest(page)))
        if committed:
            size = committed
            for number, digest in waiting:
                log.pages.setdefault(number, []).append(digest)
            waiting.clear()
    return Log(log.pages, size)


def _sum(words: Words, before: _Sum) -> _Sum:
    """Return the running checksum after some words.

    SQLite adds word by word, ``s0 += x[0] + s1; s1 += x[1] + s0``. That is linear, and its coefficients
    are Fibonacci numbers: so it is two inner products modulo 2**32 instead of a loop.
    """
    lower, middle, upper, (least, some, most) = _weights(len(words) // 2)
    even, odd = words[0::2].astype(np.uint32), words[1::2].astype(np.uint32)
    first = int(middle @ even) + int(lower @ odd) + least * before.first + some * before.second
    second = int(upper @ even) + int(middle @ odd) + some * before.first + most * before.second
    return _Sum(first & _WORD, second & _WORD)


@functools.cache
def _weights(pairs: int) -> tuple[Words, Words, Words, tuple[int, int, int]]:
    """Return F(2k), F(2k + 1), F(2k + 2) for k = pairs - 1 … 0, and F(2p - 1), F(2p), F(2p + 1)."""
    numbers = [0, 1]
    while len(numbers) < 2 * pairs + 2:
        numbers.append((numbers[-1] + numbers[-2]) & _WORD)
    backwards = np.array(numbers, np.uint32)[: 2 * pairs + 1]
    lower, middle, upper = backwards[0:-1:2][::-1], backwards[1::2][::-1], backwards[2::2][::-1]
    return lower, middle, upper, (numbers[2 * pairs - 1], numbers[2 * pairs], numbers[2 * pairs + 1])
