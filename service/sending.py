"""What is sent over a connection: how much is written, and how much of it the system still holds.

Knows nothing of requests.
"""

import asyncio
import struct
from collections.abc import Callable
from typing import Any


def _unheard(length: int, before: int) -> None:
    pass


class Sent:
    """The transport that it is given, which tells how much it wrote, and how much was left before."""

    def __init__(self, transport: asyncio.Transport, wrote: Callable[[int, int], None]) -> None:
        self._transport, self._wrote = transport, wrote

    def __getattr__(self, name: str) -> Any:
        """Return what the transport has by this name."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write as the transport does."""
        before = self._transport.get_write_buffer_size()
        self._transport.write(data)
        self._wrote(len(data), before)

    def tell_nobody(self) -> None:
        """Let go of whom it told, who holds it: neither is kept until such circles are looked for."""
        self._wrote = _unheard


def held_by_system(transport: asyncio.BaseTransport) -> int:
    """Return the bytes that the system has taken over and the other side has not; 0 where it tells nobody."""
    try:
        from fcntl import ioctl
        from termios import TIOCOUTQ
    except ImportError:  # not every system has it
        return 0
    try:
        answer = ioctl(transport.get_extra_info("socket").fileno(), TIOCOUTQ, bytes(4))
    except (OSError, ValueError, AttributeError):  # neither has every kind of socket, nor one that is closed
        return 0
    return int(struct.unpack("i", answer)[0])
