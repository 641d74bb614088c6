"""The states of a socket."""

from __future__ import annotations

import pytest

from velaros import CloseSource, CloseStatus, Status
from velaros.lifecycle import Lifecycle, Phase


def opened() -> Lifecycle:
    """Return the state of a socket whose open hooks are through."""
    lifecycle = Lifecycle()
    lifecycle.accept()
    lifecycle.open()
    return lifecycle


def test_before_the_handshake_is_answered_nothing_can_be_sent() -> None:
    """A socket begins unreachable, and not closed."""
    lifecycle = Lifecycle()
    assert lifecycle.phase is Phase.UPGRADING
    assert not lifecycle.is_reachable
    assert not lifecycle.is_closing
    assert lifecycle.close_status is None


def test_takes_messages_only_after_the_open_hooks() -> None:
    """Handlers start when the socket is open, not while it opens."""
    lifecycle = Lifecycle()
    lifecycle.accept()
    assert lifecycle.is_reachable
    assert not lifecycle.takes_messages
    lifecycle.open()
    assert lifecycle.takes_messages


def test_a_refused_handshake_is_the_end() -> None:
    """What was kept of a refused socket counts as closed by the server."""
    lifecycle = Lifecycle()
    lifecycle.refuse()
    assert lifecycle.phase is Phase.CLOSED
    assert lifecycle.close_status is not None
    assert lifecycle.close_status.source is CloseSource.SERVER
    assert not lifecycle.is_reachable


def test_a_close_before_the_handshake_takes_effect_with_it() -> None:
    """An upgrade hook that closes lets the client in only to hear status and reason."""
    lifecycle = Lifecycle()
    assert lifecycle.close(4001, "no")
    lifecycle.accept()
    assert lifecycle.phase is Phase.ENDING
    lifecycle.open()
    assert not lifecycle.takes_messages
    lifecycle.begin_farewell()
    assert lifecycle.finish() == CloseStatus(4001, "no", CloseSource.SERVER)


@pytest.mark.parametrize("status", [1000, 1003, 1007, 1014, 3000, 4999])
def test_closes_with_what_may_be_sent(status: int) -> None:
    """Every status of a close frame works, with a reason of 123 bytes."""
    lifecycle = opened()
    assert lifecycle.close(status, "é" * 61 + "x")
    assert lifecycle.close_status == CloseStatus(status, "é" * 61 + "x", CloseSource.SERVER)


@pytest.mark.parametrize("status", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000])
def test_refuses_a_status_that_cannot_be_sent(status: int) -> None:
    """A wrong status is an error even when the socket is closed already."""
    lifecycle = opened()
    with pytest.raises(ValueError, match=f"status {status} cannot be sent"):
        lifecycle.close(status, "")
    assert not lifecycle.is_closing
    lifecycle.close(1000, "")
    with pytest.raises(ValueError, match="cannot be sent"):
        lifecycle.close(status, "")


def test_refuses_a_reason_that_does_not_fit() -> None:
    """A close frame holds 123 bytes, not characters."""
    lifecycle = opened()
    with pytest.raises(ValueError, match="the reason has 124 bytes"):
        lifecycle.close(1000, "é" * 62)


def test_the_first_close_wins() -> None:
    """Later closes change nothing, and say so."""
    lifecycle = opened()
    assert lifecycle.close(1000, "first")
    assert not lifecycle.close(1001, "second")
    lifecycle.lose(1002, "third")
    assert lifecycle.close_status == CloseStatus(1000, "first", CloseSource.SERVER)


def test_a_named_status_is_a_member() -> None:
    """A status with a name is the member of the enumeration, others stay numbers."""
    lifecycle = opened()
    lifecycle.close(1000, "")
    assert lifecycle.close_status is not None
    assert lifecycle.close_status.status is Status.NORMAL_CLOSURE


def test_the_close_hooks_may_amend_a_close_by_the_server() -> None:
    """Status and reason can change until the close frame goes out, for who may amend."""
    lifecycle = opened()
    lifecycle.close(1000, "")
    lifecycle.begin_farewell()
    assert not lifecycle.close(4000, "another", amend=False)
    assert lifecycle.close_status == CloseStatus(1000, "", CloseSource.SERVER)
    assert not lifecycle.close(4000, "hook", amend=True)
    assert lifecycle.finish() == CloseStatus(4000, "hook", CloseSource.SERVER)


def test_nobody_amends_what_the_client_said() -> None:
    """Status and reason of the client are kept."""
    lifecycle = opened()
    lifecycle.lose(4001, "client")
    lifecycle.begin_farewell()
    assert not lifecycle.close(1000, "hook", amend=True)
    assert lifecycle.close_status == CloseStatus(4001, "client", CloseSource.CLIENT)
    assert lifecycle.finish() is None


def test_nobody_amends_a_close_that_cannot_be_sent() -> None:
    """After the client was given up, the record of that stays."""
    lifecycle = opened()
    lifecycle.give_up("slow")
    lifecycle.begin_farewell()
    lifecycle.close(1000, "hook", amend=True)
    assert lifecycle.close_status == CloseStatus(1006, "slow", CloseSource.SERVER)
    assert lifecycle.finish() is None


def test_a_close_has_no_effect_once_the_client_is_gone() -> None:
    """While the client's own status is on its way, a close of the server does not hide it."""
    lifecycle = opened()
    lifecycle.miss()
    assert not lifecycle.close(1000, "late")
    lifecycle.lose(4001, "client")
    assert lifecycle.close_status == CloseStatus(4001, "client", CloseSource.CLIENT)


def test_a_loss_by_the_own_side_is_the_servers() -> None:
    """A server that shuts down is the one that closed, and nothing more can be sent."""
    lifecycle = opened()
    lifecycle.lose(1012, "", by_own_side=True)
    assert lifecycle.close_status == CloseStatus(1012, "", CloseSource.SERVER)
    assert not lifecycle.is_reachable


def test_on_a_clients_side_the_sources_are_swapped() -> None:
    """A client's router says of itself that the client closed."""
    lifecycle = Lifecycle(CloseSource.CLIENT)
    lifecycle.accept()
    lifecycle.close(1000, "")
    assert lifecycle.close_status == CloseStatus(1000, "", CloseSource.CLIENT)
    other = Lifecycle(CloseSource.CLIENT)
    other.lose(1001, "")
    assert other.close_status == CloseStatus(1001, "", CloseSource.SERVER)


def test_the_close_frame_is_owed_once() -> None:
    """After the farewell nothing can be sent, changed or owed any more."""
    lifecycle = opened()
    lifecycle.close(1000, "")
    lifecycle.begin_farewell()
    assert lifecycle.finish() == CloseStatus(1000, "", CloseSource.SERVER)
    assert lifecycle.phase is Phase.CLOSED
    assert lifecycle.finish() is None
    assert not lifecycle.close(4000, "", amend=True)
    assert lifecycle.close_status == CloseStatus(1000, "", CloseSource.SERVER)
