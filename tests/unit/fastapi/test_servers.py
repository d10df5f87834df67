"""uvicorn and hypercorn, over real sockets: whole journeys, and an owner that is slow."""

import threading
from collections.abc import Callable
from typing import Any

import anyio.to_thread
import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.asgi import hypercorn_serving, uvicorn_serving
from support.hosting_asgi import host_app, user_of
from support.patience import PATIENCE
from support.visitor import Visitor

SERVERS = {"uvicorn": uvicorn_serving, "hypercorn": hypercorn_serving}


async def find_owner(request: Request) -> str | None:
    """Who is signed in."""
    return user_of(request)


@pytest.mark.parametrize("owner", [user_of, find_owner], ids=["plain", "async"])
@pytest.mark.parametrize("serving", SERVERS.values(), ids=SERVERS)
def test_somebody_connects_and_disconnects(
    broker: Broker,
    hubspot: HubSpot,
    port: int,
    serving: Callable[..., Any],
    owner: Callable[..., Any],
) -> None:
    """With an owner of either kind."""
    with (
        serving(host_app(broker, owner=owner), port),
        Visitor(broker.settings.public_url, hubspot) as visitor,
    ):
        visitor.get("/login/ada")
        visitor.connect()
        token = broker.access_token("ada")
        form = visitor.leave_form()
        headers = {"Origin": visitor.app_url}
        left = visitor.http.post(form.pop("action"), data=form, headers=headers)

    assert token
    assert left.status_code == 303
    assert broker.connections("ada") == []


@pytest.mark.parametrize("serving", SERVERS.values(), ids=SERVERS)
def test_a_proxy_takes_the_prefix_off(
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    port: int,
    serving: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The server knows it by ``root_path``: links have it, headers hold, and nothing is odd."""
    uri = f"http://localhost:{port}/crm/auth/hubspot/callback"
    broker = make_broker(settings.model_copy(update={"redirect_uri": uri}))
    app = host_app(broker, owner=lambda _: "ada", cookie={"path": "/crm"})
    # The two differ in whether the path that an app gets begins with it.
    prefix = "/crm" if serving is hypercorn_serving else ""
    with (
        serving(app, port, root_path="/crm"),
        httpx2.Client(base_url=f"http://localhost:{port}{prefix}") as client,
    ):
        page = client.get("/connections/setup")
        missing = client.get("/auth/hubspot/nothing")

    assert 'href="/crm/auth/hubspot/start?t=' in page.text
    assert (missing.status_code, missing.headers["x-frame-options"]) == (404, "DENY")
    assert "mount_differs" not in caplog.text


def test_the_apps_own_threads_are_not_ours(broker: Broker, hubspot: HubSpot, port: int) -> None:
    """While plain views of the app hold all of its threads, we answer on."""
    held, goes_on = threading.Event(), threading.Event()

    async def leave_one_thread(request: Request) -> Response:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        return PlainTextResponse("one")

    def hold(request: Request) -> Response:
        held.set()
        goes_on.wait(PATIENCE)
        return PlainTextResponse("held")

    app = host_app(broker)
    app.add_route("/one", leave_one_thread)
    app.add_route("/hold", hold)
    with (
        uvicorn_serving(app, port),
        Visitor(broker.settings.public_url, hubspot) as one,
        Visitor(broker.settings.public_url, hubspot) as other,
    ):
        one.get("/one")
        holding = threading.Thread(target=lambda: one.get("/hold"))
        holding.start()
        assert held.wait(PATIENCE)
        other.get("/login/ada")
        assert other.status()["http"] == 200
        assert holding.is_alive()
        goes_on.set()
        holding.join(PATIENCE)


@pytest.mark.parametrize("serving", SERVERS.values(), ids=SERVERS)
def test_a_slow_owner_holds_up_nobody_else(
    broker: Broker, hubspot: HubSpot, port: int, serving: Callable[..., Any]
) -> None:
    """It waits on a thread, while the event loop answers."""
    asked, goes_on = threading.Event(), threading.Event()

    def owner(request: Request) -> str | None:
        if "slow" in request.query_params:
            asked.set()
            goes_on.wait(PATIENCE)
        return user_of(request)

    app = host_app(broker, owner=owner)
    with (
        serving(app, port),
        Visitor(broker.settings.public_url, hubspot) as one,
        Visitor(broker.settings.public_url, hubspot) as other,
    ):
        slow = threading.Thread(target=lambda: one.get("/connections/setup?slow"))
        slow.start()
        assert asked.wait(PATIENCE)
        other.get("/login/ada")
        assert other.status()["http"] == 200
        assert slow.is_alive()
        goes_on.set()
        slow.join(PATIENCE)
