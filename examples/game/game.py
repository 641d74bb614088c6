"""The message routes of the game: join, act, and be asked by the server."""

import asyncio
import time

from velaros import Context, Error, FieldError, Key, RequestTimeout, Router, middleware

from feed import Feed
from messages import (
    Action,
    ActionResult,
    ClientState,
    Collect,
    Joined,
    JoinRequest,
    Move,
    Position,
    Size,
    SyncRequest,
)
from world import HEIGHT, STEP, WIDTH, Player, RuleBrokenError, World, distance

SYNC_INTERVAL = 1.0
"""How long the server waits before it asks a browser for its state again, in seconds."""
NO_ANSWER = 4000
"""The status that closes the socket of a browser that does not answer."""

PLAYER = Key[Player]("player")
FOLLOWING = Key[asyncio.Task[None]]("following")

world = World()
feed = Feed(world)

router = Router()
router.use(middleware.json())


@router.use
async def explain_broken_rules(ctx: Context) -> None:
    """Answer an action against the rules in the shape of any other bad input."""
    await ctx.next()
    if isinstance(ctx.error, RuleBrokenError):
        ctx.error = FieldError(ctx.error.field, ctx.error.reason)


@router.bind("/game/join")
async def join(ctx: Context) -> None:
    """Put the sender into the arena, and push the arena to it from now on."""
    request = await ctx.unmarshal(JoinRequest)
    if ctx.get_from_socket(PLAYER) is not None:
        raise Error("you are in the game already")
    player = world.join(request.player_name)
    ctx.set_on_socket(PLAYER, player)
    await ctx.reply(Joined(player.id, player.colour, Size(WIDTH, HEIGHT)))
    # A task beside the handlers, for as long as the socket is open: `leave` ends it.
    ctx.set_on_socket(FOLLOWING, asyncio.create_task(feed.follow(ctx.socket)))
    feed.publish()


@router.bind("/game/action")
async def act(ctx: Context) -> ActionResult:
    """Do what a player wants to do, if the rules allow it."""
    player = player_of(ctx)
    action: Move | Collect = await ctx.unmarshal(Action)
    if isinstance(action, Move):
        world.move(player, action.x, action.y)
        success = True
    else:
        success = world.collect(player, action.star)
    feed.publish()
    return ActionResult(success, player.score)


@router.bind("/game/sync")
async def sync(ctx: Context) -> None:
    """Keep asking the browser for its state, until the socket closes and cancels this handler.

    The round trip tells the latency. A browser that shows its player in a wrong place is told the
    right one, and a browser that does not answer any more has left.
    """
    player = player_of(ctx)
    latency = None
    while True:
        asked = time.perf_counter()
        try:
            state = await ctx.request(SyncRequest(time.time(), latency), ClientState)
        except RequestTimeout:
            await ctx.close(NO_ANSWER, "no answer to /game/sync")
            return
        latency = round((time.perf_counter() - asked) * 1000, 1)
        if distance(player, state.position.x, state.position.y) > STEP:
            await ctx.send(Position(player.x, player.y), path="/game/place")
        await asyncio.sleep(SYNC_INTERVAL)


@router.use_close
async def leave(ctx: Context) -> None:
    """Take the player out of the arena, however the connection ended."""
    following = ctx.get_from_socket(FOLLOWING)
    if following is not None:
        following.cancel()
    player = ctx.get_from_socket(PLAYER)
    if player is not None:
        world.leave(player)
        feed.publish()


def player_of(ctx: Context) -> Player:
    """Return the player on this socket; the sender has to join first."""
    player = ctx.get_from_socket(PLAYER)
    if player is None:
        raise Error("join the game first")
    return player
