"""The C library's allocator, told what suits a server: few arenas instead of one for each thread.

Every thread that takes memory while another does gets an arena of its own, eight a processor core, and
what is freed in one serves no other. Requests and edits wander from thread to thread.
"""

import ctypes
import sys

ARENAS = 2
"""Two threads can take memory at a time."""

_M_ARENA_MAX = -8


def use_few_arenas() -> None:
    """Limit the arenas of this process, where the C library is glibc; to be called before threads start."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none, and no arenas either
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, ARENAS)
