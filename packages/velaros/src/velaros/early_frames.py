"""What is sent before the handshake is answered."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from velaros.errors import SocketClosed
from velaros.lifecycle import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from velaros.lifecycle import Lifecycle
    from velaros.writer import Writer

T = TypeVar("T")


class EarlyFrames:
    """Stands in for the writer of a socket while its upgrade hooks run."""

    __slots__ = ("_frames", "_lifecycle")

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._frames: list[str | bytes] = []

    async def send(self, encode: Callable[[T], str | bytes], message: T) -> None:
        """Encode a message and keep it; raises `SocketClosed` after the handshake was refused."""
        if self._lifecycle.phase is not Phase.UPGRADING:
            raise SocketClosed
        self._frames.append(encode(message))

    async def hand_over(self, writer: Writer) -> None:
        """Send what was kept, now that the handshake is answered."""
        with suppress(SocketClosed):
            for frame in self._frames:
                await writer.send(_as_it_is, frame)


def _as_it_is(frame: str | bytes) -> str | bytes:
    return frame
