"""The arena and its rules: players move, collect stars and score. It knows nothing of sockets."""

import math
from dataclasses import dataclass, field
from itertools import count
from random import Random

WIDTH, HEIGHT = 1440.0, 960.0
MARGIN = 60.0
STARS = 14
RARE_VALUE = 5
RARITY = 6
"""One star in so many is a rare one."""

STEP = 120.0
"""How far one move goes at most; a browser sends some twenty short ones per second."""
REACH = 90.0
"""How near to a star a player has to be to collect it."""

COLOURS = (
    "#38bdf8",
    "#f472b6",
    "#4ade80",
    "#fb923c",
    "#a78bfa",
    "#2dd4bf",
    "#f87171",
    "#a3e635",
    "#e879f9",
    "#60a5fa",
)


class RuleBrokenError(Exception):
    """Something a player may not do; `field` is the part of the action that is at fault."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


@dataclass
class Player:
    """Somebody in the arena; `x` and `y` are measured from its top left corner."""

    id: str
    name: str
    colour: str
    x: float
    y: float
    score: int = 0


@dataclass(frozen=True)
class Star:
    """Something to collect; `value` is what it adds to the score."""

    id: int
    x: float
    y: float
    value: int


@dataclass(frozen=True)
class Score:
    """The best that anybody of a name has reached."""

    name: str
    score: int


@dataclass
class World:
    """Everything that is in the arena."""

    random: Random = field(default_factory=Random)
    players: dict[str, Player] = field(default_factory=dict[str, Player])
    stars: dict[int, Star] = field(default_factory=dict[int, Star])
    best: dict[str, int] = field(default_factory=dict[str, int])

    def __post_init__(self) -> None:
        self._ids = count(1)
        for _ in range(STARS):
            self._add_star()

    def join(self, name: str) -> Player:
        """Put a new player somewhere into the arena."""
        x, y = self._place()
        player = Player(f"p{next(self._ids)}", name, self._free_colour(), x, y)
        self.players[player.id] = player
        return player

    def leave(self, player: Player) -> None:
        """Take a player out; the best score of that name stays."""
        self.players.pop(player.id, None)

    def move(self, player: Player, x: float, y: float) -> None:
        """Move a player, not past the walls; raise `RuleBrokenError` for a leap."""
        x, y = min(max(x, 0.0), WIDTH), min(max(y, 0.0), HEIGHT)
        if distance(player, x, y) > STEP:
            raise RuleBrokenError("x", f"is more than {STEP:.0f} away in one move")
        player.x, player.y = x, y

    def collect(self, player: Player, star_id: int) -> bool:
        """Score a star, and let a new one appear; `False` when somebody else was faster.

        Raises `RuleBrokenError` for a star that is too far away.
        """
        star = self.stars.get(star_id)
        if star is None:
            return False
        if distance(player, star.x, star.y) > REACH:
            raise RuleBrokenError("star", f"is more than {REACH:.0f} away")
        del self.stars[star_id]
        self._add_star()
        player.score += star.value
        self.best[player.name] = max(player.score, self.best.get(player.name, 0))
        return True

    def high_scores(self, limit: int = 10) -> list[Score]:
        """Return the best scores so far, the highest first."""
        ranking = sorted(self.best.items(), key=lambda entry: entry[1], reverse=True)
        return [Score(name, score) for name, score in ranking[:limit]]

    def _add_star(self) -> None:
        x, y = self._place()
        value = 1 if self.random.randrange(RARITY) else RARE_VALUE
        star = Star(next(self._ids), x, y, value)
        self.stars[star.id] = star

    def _place(self) -> tuple[float, float]:
        x = self.random.uniform(MARGIN, WIDTH - MARGIN)
        y = self.random.uniform(MARGIN, HEIGHT - MARGIN)
        return round(x, 1), round(y, 1)

    def _free_colour(self) -> str:
        taken = {player.colour for player in self.players.values()}
        free = [colour for colour in COLOURS if colour not in taken]
        return free[0] if free else self.random.choice(COLOURS)


def distance(player: Player, x: float, y: float) -> float:
    """Return how far a player is from a point."""
    return math.hypot(player.x - x, player.y - y)
