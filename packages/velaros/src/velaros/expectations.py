"""What a test expects of a server, what came, and what is said when it does not fit."""

from __future__ import annotations

import asyncio
import reprlib
from typing import TYPE_CHECKING, TypeVar

from aros_core.errors import MessageError, UnmarshalError
from velaros.status import CloseSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from velaros.asgi_peer import ASGIPeer
    from velaros.wire import ReceivedMessage, Wire

V = TypeVar("V")

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 200
_repr.maxlist = _repr.maxdict = 20


class ExpectationFailed(AssertionError):
    """Something else happened than the test expected."""


class ExpectationTimedOut(ExpectationFailed, TimeoutError):
    """What the test expected did not happen in time."""


class Expectations:
    """What came from a peer and was not taken yet, and the waiting for more."""

    def __init__(self, peer: ASGIPeer, wire: Wire) -> None:
        self.own_ids: set[str | int] = set()
        """The ids that the test's own messages had."""
        self._peer = peer
        self._wire = wire
        self._arrivals: list[_Arrival] = []

    async def frame(self, awaited: str, timeout: float) -> str | bytes:
        """Return the first frame, whatever is in it."""
        return await self.wait(self._take_frame, awaited, timeout)

    async def message(
        self, fits: Callable[[ReceivedMessage], bool], awaited: str, timeout: float
    ) -> ReceivedMessage:
        """Return the first message that fits; the others stay."""
        return await self.wait(lambda: self._take(fits), awaited, timeout)

    async def wait(
        self,
        find: Callable[[], V | None],
        awaited: str,
        timeout: float,
        *,
        while_open: bool = True,
    ) -> V:
        """Return what `find` finds, trying again whenever something has come.

        Raises `ExpectationFailed` after `timeout` seconds, or before when the socket is closed,
        and what the application raised.
        """
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                while True:
                    self._collect()
                    found = find()
                    if found is not None:
                        return found
                    self._peer.raise_failure()
                    if while_open and self._peer.close_status is not None:
                        raise ExpectationFailed(f"expected {awaited}, but {self._instead()}")
                    await self._peer.changed()
        except TimeoutError:
            if not limit.expired():
                raise
            raise ExpectationTimedOut(
                f"expected {awaited} within {timeout:g} s, but {self._instead()}"
            ) from None

    async def nothing(self, seconds: float) -> None:
        """Return when nothing has come for so many seconds, and nothing was left from before."""
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                while True:
                    self._collect()
                    self._peer.raise_failure()
                    close = self._peer.close_status
                    if self._arrivals or (close and close.source is CloseSource.SERVER):
                        raise ExpectationFailed(f"expected nothing, but {self._instead()}")
                    await self._peer.changed()
        except TimeoutError:
            if not limit.expired():
                raise

    def _collect(self) -> None:
        frames = self._peer.frames
        self._arrivals += [_Arrival(frame, self._wire) for frame in frames]
        frames.clear()

    def _take_frame(self) -> str | bytes | None:
        return self._arrivals.pop(0).frame if self._arrivals else None

    def _take(self, fits: Callable[[ReceivedMessage], bool]) -> ReceivedMessage | None:
        for index, arrival in enumerate(self._arrivals):
            if arrival.message is not None and fits(arrival.message):
                del self._arrivals[index]
                return arrival.message
        return None

    def _instead(self) -> str:
        lines = [arrival.describe(self.own_ids) for arrival in self._arrivals]
        close = self._peer.close_status
        if close is not None:
            lines.append(
                f"a close by the {close.source.value}: {int(close.status)} {close.reason!r}"
            )
        what = "".join(f"\n  - {line}" for line in lines)
        return f"this came instead:{what}" if what else "nothing came"


class _Arrival:
    """A frame that came, and the message in it, unless it cannot be read."""

    def __init__(self, frame: str | bytes, wire: Wire) -> None:
        self.frame = frame
        self.message: ReceivedMessage | None = None
        self._fault: MessageError | None = None
        try:
            self.message = wire.decode(frame)
        except MessageError as error:
            self._fault = error

    def describe(self, own_ids: set[str | int]) -> str:
        """Return in one line what this is."""
        message = self.message
        if message is None:
            return f"a frame that cannot be read: {_repr.repr(self.frame)} ({self._fault})"
        where = f" at {message.path!r}" if message.path else ""
        if message.id is None:
            what = f"a push{where}"
        elif message.id in own_ids:
            what = f"a reply to {message.id!r}"
        else:
            what = f"a request{where} with id {message.id!r}"
        end = ", the last of a stream" if message.is_last else ""
        return f"{what}{end}: {self._content(message)}"

    def _content(self, message: ReceivedMessage) -> str:
        try:
            return _repr.repr(message.data)
        except (UnmarshalError, TypeError):
            return _repr.repr(self.frame)
