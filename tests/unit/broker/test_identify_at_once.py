"""Whose grant it is, and which account's: HubSpot is asked both at the same time."""

import threading
from collections.abc import Callable
from contextvars import ContextVar

import pytest

from portalkey.broker import Broker
from portalkey.broker.exchange import Beside
from portalkey.hubspot.http import Request, Response
from portalkey.model.attempt import Attempt
from portalkey.model.authorization import Callback, Visitor
from portalkey_simulator import HubSpot
from support.patience import PATIENCE
from support.visitor import query_of

DETAILS = "/account-info/"
_MARK: ContextVar[str] = ContextVar("mark", default="")


def finish(broker: Broker, hubspot: HubSpot, before: Callable[[Request], None]) -> Attempt:
    """Return an attempt of Ada's at its end; *before* is called with each request to HubSpot."""

    def send(request: Request) -> Response:
        before(request)
        return broker._send(request)

    other = Broker(broker.settings, broker.vault, send)
    begun = other.begin("ada", "browser")
    query = tuple(query_of(hubspot.approve(begun.authorize_url)).items())
    cookies = {begun.attempt.id: (begun.cookie,)}
    return other.finish(Callback(query, cookies, Visitor("ada", "browser")))


def test_both_questions_are_out_at_once(broker: Broker, hubspot: HubSpot) -> None:
    """Neither is answered before the other is asked; two threads do it, the caller's among them."""
    both, threads = threading.Barrier(2), list[int]()

    def meet(request: Request) -> None:
        threads.append(threading.get_ident())
        if not request.url.endswith("/token"):
            both.wait(PATIENCE)

    assert finish(broker, hubspot, meet).status == "connected"
    (connection,) = broker.connections("ada")
    assert connection.account.time_zone
    assert connection.account.user_email
    assert len(set(threads)) == 2
    assert threads.count(threading.get_ident()) == 2


@pytest.mark.parametrize("part", [DETAILS, "/introspect"])
def test_a_crash_in_either_is_not_hidden(broker: Broker, hubspot: HubSpot, part: str) -> None:
    """A mistake of ours is no silence of HubSpot's: the attempt fails, on whichever thread."""

    def crash(request: Request) -> None:
        if part in request.url:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        finish(broker, hubspot, crash)

    (event,) = [e for e in broker.vault.store.events(owner="ada") if e.name == "attempt_failed"]
    assert event.facts["error"] == "interrupted"


@pytest.mark.parametrize("runs", [True, False])
def test_work_beside_is_done_in_the_callers_context(*, runs: bool) -> None:
    """On a thread of its own, or where none runs by the caller itself."""
    _MARK.set("the caller's")
    done = Beside(lambda: (_MARK.get(), threading.get_ident()), lambda: runs).result()

    assert done[0] == "the caller's"
    assert (done[1] != threading.get_ident()) is runs
