"""The game in real browsers: two pages, one arena."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from .example_server import ExampleServer, serving

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

CHASE = """() => {
    const keys = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    const chase = () => {
        const me = game.me;
        const away = star => Math.hypot(star.x - me.x, star.y - me.y);
        const star = me && game.stars.toSorted((a, b) => away(a) - away(b))[0];
        for (const [code, [x, y]] of Object.entries(keys)) {
            const wanted = star && (star.x - me.x) * x + (star.y - me.y) * y > 15;
            dispatchEvent(new KeyboardEvent(wanted ? "keydown" : "keyup", {code}));
        }
        requestAnimationFrame(chase);
    };
    chase();
}"""
"""Holds the keys that lead to the nearest star."""


@pytest.fixture(scope="module")
def server() -> Iterator[ExampleServer]:
    """Run the game on a free port."""
    with serving("game/app.py", "--port", "0") as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Run Chromium without a screen; where the suite decides about a change, it must be there."""
    if not CHROMIUM.exists():
        refuse = pytest.fail if "CI" in os.environ else pytest.skip
        refuse(f"these tests need {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def page_of(chromium: Browser, server: ExampleServer, **options: Any) -> Generator[Page]:
    """Open the game in a window of its own; at the end no script may have failed in it."""
    settings: dict[str, Any] = {"viewport": {"width": 900, "height": 600}, **options}
    context = chromium.new_context(**settings)
    try:
        page = context.new_page()
        errors: list[Any] = []
        page.on("pageerror", lambda error: errors.append(error))
        page.goto(f"http://{server.address}/")
        page.wait_for_function("game.connected")
        yield page
        assert not errors
    finally:
        context.close()


@contextmanager
def player(chromium: Browser, server: ExampleServer, name: str, **options: Any) -> Generator[Page]:
    """Open the game and join it."""
    with page_of(chromium, server, **options) as page:
        page.get_by_label("Your name").fill(name)
        page.get_by_role("button", name="Enter the arena").click()
        page.wait_for_function("game.me !== null")
        yield page


def place_of(page: Page, name: str) -> dict[str, float]:
    """Return where a page shows a player."""
    return page.evaluate("name => game.players.find(player => player.name === name)", name)


def wait_for_x(page: Page, name: str, condition: str) -> None:
    """Wait until a page shows a player at an `x` for which the condition holds."""
    page.wait_for_function(
        f"name => {{ const x = game.players.find(p => p.name === name)?.x; return {condition}; }}",
        arg=name,
    )


def walk_sideways(page: Page, name: str, watcher: Page) -> None:
    """Hold an arrow key in one page until the other one shows the player far from its start."""
    start = place_of(page, name)["x"]
    key, condition = (
        ("ArrowRight", f"x > {start} + 150") if start < 720 else ("ArrowLeft", f"x < {start} - 150")
    )
    page.keyboard.down(key)
    wait_for_x(watcher, name, condition)
    page.keyboard.up(key)


def test_two_windows_see_each_other_move(chromium: Browser, server: ExampleServer) -> None:
    """What one player does, the other one sees, both ways."""
    with player(chromium, server, "Ada") as ada, player(chromium, server, "Grace") as grace:
        ada.wait_for_function("game.players.length === 2")
        grace.wait_for_function("game.players.length === 2")
        walk_sideways(ada, "Ada", watcher=grace)
        walk_sideways(grace, "Grace", watcher=ada)


def test_both_windows_end_in_the_same_place(chromium: Browser, server: ExampleServer) -> None:
    """When everybody stands still, every window shows the same."""
    with player(chromium, server, "Ada") as ada, player(chromium, server, "Grace") as grace:
        grace.wait_for_function("game.players.length === 2")
        walk_sideways(ada, "Ada", watcher=grace)
        ada.evaluate(
            """async () => {
                let before;
                do {
                    before = game.me.x;
                    await new Promise(requestAnimationFrame);
                } while (game.me.x !== before);
            }"""
        )
        x = place_of(ada, "Ada")["x"]
        wait_for_x(grace, "Ada", f"Math.abs(x - {x}) < 1")


def test_stars_score_for_everybody_to_see(chromium: Browser, server: ExampleServer) -> None:
    """A caught star counts on the board of both windows and in the ranking from the HTTP side."""
    with player(chromium, server, "Chaser") as ada, player(chromium, server, "Grace") as grace:
        ada.evaluate(CHASE)
        grace.wait_for_function("game.players.some(p => p.name === 'Chaser' && p.score > 0)")
        board = grace.get_by_role("region", name="In the arena").get_by_role("listitem")
        expect(board.filter(has_text="Chaser").locator(".score")).not_to_have_text("0")
        best = grace.get_by_role("region", name="Best so far")
        expect(best.get_by_text("Chaser")).to_be_visible()


def test_pointer_steers(chromium: Browser, server: ExampleServer) -> None:
    """Holding the pointer down leads the player there, on a small touch screen too."""
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with player(chromium, server, "Ada", **phone) as ada:
        start = place_of(ada, "Ada")["x"]
        box = ada.locator("canvas").bounding_box()
        assert box is not None
        side = box["width"] - 5 if start < 720 else 5
        ada.mouse.move(box["x"] + side, box["y"] + box["height"] / 2)
        ada.mouse.down()
        wait_for_x(ada, "Ada", f"Math.abs(x - {start}) > 30")
        ada.mouse.up()


def test_name_is_checked(chromium: Browser, server: ExampleServer) -> None:
    """A name that the server refuses is explained beside the field, which has the focus."""
    with page_of(chromium, server) as page:
        expect(page.get_by_role("dialog", name="Catch the stars")).to_be_visible()
        field = page.get_by_label("Your name")
        expect(field).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("Choose a name of 1 to 16 characters.")
        expect(field).to_be_focused()
        page.keyboard.type("Ada")
        expect(page.get_by_role("alert")).to_be_empty()
        page.keyboard.press("Enter")
        page.wait_for_function("game.me !== null")
        expect(page.get_by_role("dialog")).to_be_hidden()


def test_server_asks_the_browser(chromium: Browser, server: ExampleServer) -> None:
    """The page answers the server's question for its state, and shows the latency from it."""
    with player(chromium, server, "Ada") as ada:
        ada.wait_for_function("game.latency !== null")
        expect(ada.get_by_role("status")).to_contain_text("ms")


def test_leaving_is_seen(chromium: Browser, server: ExampleServer) -> None:
    """Who closes the window disappears from the other one."""
    with player(chromium, server, "Grace") as grace:
        with player(chromium, server, "Ada"):
            grace.wait_for_function("game.players.length === 2")
        grace.wait_for_function("game.players.length === 1")
        expect(grace.get_by_role("log")).to_contain_text("Ada left")


def test_page_comes_back_after_a_restart(chromium: Browser) -> None:
    """When the server is gone the page says so, and when it is back the player is too."""
    with serving("game/app.py", "--port", "0") as server:
        port = server.address.rpartition(":")[2]
        with player(chromium, server, "Ada") as ada:
            server.stop()
            expect(ada.get_by_role("status")).to_contain_text("Reconnecting")
            ada.wait_for_function("!game.connected && game.me === null")
            with serving("game/app.py", "--port", port):
                ada.wait_for_function("game.me?.name === 'Ada'")
                expect(ada.get_by_role("status")).to_contain_text("Connected")
