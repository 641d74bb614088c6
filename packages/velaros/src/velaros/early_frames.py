"""What is sent before the handshake is answered."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from aros_core.codecs import OutboundMessage
from velaros.errors import SocketClosed
from velaros.lifecycle import Phase

if TYPE_CHECKING:
    from velaros.frames import Encoder
    from velaros.lifecycle import Lifecycle
    from velaros.writer import Writer


class EarlyFrames:
    """Stands in for the writer of a socket while its upgrade hooks run."""

    __slots__ = ("_frames", "_lifecycle")

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._frames: list[_EarlyFrame] = []

    async def send(self, encoder: Encoder, message: OutboundMessage) -> None:
        """Encode a message and keep it; raises `SocketClosed` after the handshake was refused."""
        if self._lifecycle.phase is not Phase.UPGRADING:
            raise SocketClosed
        self._frames.append(_EarlyFrame(encoder.encode(message)))

    async def hand_over(self, writer: Writer) -> None:
        """Send what was kept, now that the handshake is answered."""
        with suppress(SocketClosed):
            for frame in self._frames:
                await writer.send(frame, _ENCODED)


class _EarlyFrame:
    """A message that is encoded already."""

    __slots__ = ("_frame",)

    def __init__(self, frame: str | bytes) -> None:
        self._frame = frame

    def encode(self, message: OutboundMessage) -> str | bytes:
        del message
        return self._frame


_ENCODED = OutboundMessage()
