"""What goes over the sockets: the payloads of the messages, checked as they are read."""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from world import Player, Star

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=16, pattern=r"^\S+( \S+)*$")]
"""One to sixteen characters, without blanks around or two of them in a row."""


class JoinRequest(Struct, rename="camel"):
    """The first thing a browser sends."""

    player_name: Name


class Size(Struct):
    """The size of the arena."""

    width: float
    height: float


class Joined(Struct, rename="camel"):
    """The answer to a player who has joined."""

    player_id: str
    colour: str
    world: Size
    status: str = "joined"


class Position(Struct):
    """A point in the arena."""

    x: float
    y: float


class Move(Struct, tag_field="type", tag="move"):
    """The action `{"type": "move", "x": 1, "y": 2}`."""

    x: float
    y: float


class Collect(Struct, tag_field="type", tag="collect"):
    """The action `{"type": "collect", "star": 3}`."""

    star: int


Action: TypeAlias = Move | Collect


class ActionResult(Struct):
    """The answer to an action; `success` is false when somebody else was faster."""

    success: bool
    score: int


class State(Struct):
    """Everybody and everything in the arena, as pushed to every player."""

    players: list[Player]
    stars: list[Star]


class SyncRequest(Struct, rename="camel"):
    """What the server asks a browser; `latency` is that of the last time, in milliseconds."""

    server_time: float
    latency: float | None


class ClientState(Struct):
    """The browser's answer: where it shows its own player."""

    position: Position
