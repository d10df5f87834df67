"""What an app of FastAPI's or Starlette's gets from the extension, and what it may give it."""

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import Depends, FastAPI, HTTPException
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from portalkey.broker import Broker
from portalkey.fastapi import HubSpotAuth, HubSpotConsole, forget_browser, visitor
from portalkey.web.routes import API, PAGES, SETUP
from support.hosting_asgi import add_sessions, client_of, host_app, sign_in, user_of
from support.loops import run

STATUS = "/api/hubspot/status"


async def find_owner(request: Request) -> str | None:
    """Who is signed in, after a turn of the event loop."""
    await asyncio.sleep(0)
    return user_of(request)


class Finder:
    """A function that is an object."""

    async def __call__(self, request: Request) -> str | None:
        """Who is signed in."""
        return await find_owner(request)


OWNERS: dict[str, Callable[..., Any]] = {
    "plain": user_of,
    "async": find_owner,
    "a partial": functools.partial(find_owner),
    "an object": Finder(),
    "a lambda around async": lambda request: find_owner(request) if request else None,
}


@pytest.mark.parametrize("owner", OWNERS.values(), ids=OWNERS)
@pytest.mark.parametrize("kind", [FastAPI, Starlette])
@pytest.mark.parametrize("comes_first", [True, False], ids=["sessions-last", "sessions-first"])
def test_sessions_may_come_before_or_after(
    broker: Broker,
    kind: type[Starlette],
    owner: Callable[..., Any],
    comes_first: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """In either framework, with every kind of owner."""
    app = kind()
    hubspot = HubSpotAuth(owner=owner)
    if comes_first:
        hubspot.init_app(app, broker)
    add_sessions(app)
    if not comes_first:
        hubspot.init_app(app, broker)
    app.router.routes.append(Route("/login/{name}", sign_in))

    answer = client_of(app, broker, "ada").get(STATUS)
    nobody = client_of(app, broker).get("/api/hubspot/connections")

    assert (answer.status_code, "?t=" in answer.json()["connect_url"]) == (200, True)
    assert nobody.status_code == 401


def test_who_waits_where(broker: Broker) -> None:
    """A plain function may block its own thread; an async one is on the loop that serves."""
    threads: dict[str, int] = {}

    async def note_loop(request: Request) -> Response:
        threads["loop"] = threading.get_ident()
        return PlainTextResponse("noted")

    async def person(request: Request) -> str:
        asyncio.get_running_loop()
        threads["async"] = threading.get_ident()
        return "ada"

    def owner(request: Request) -> str:
        threads["plain"] = threading.get_ident()
        return "acme"

    app = host_app(broker, owner=owner, person=person)
    app.add_route("/loop", note_loop)
    with client_of(app, broker) as client:
        client.get("/loop")
        assert client.get(STATUS).status_code == 200

    assert threads["async"] == threads["loop"] != threads["plain"]


def test_every_function_gets_the_request(broker: Broker) -> None:
    """Plain and async alike: names, ways to the sign-in, and languages."""

    async def owner_name(request: Request, owner: str) -> str:
        return f"{owner} at {request.url.path}"

    def login_url(request: Request, path: str) -> str:
        return f"/in?from={request.url.path}&to={path}"

    async def language(request: Request) -> str:
        return "de" if request.url.path else "en"

    app = host_app(broker, owner_name=owner_name, login_url=login_url, language=language)
    page = client_of(app, broker, "ada").get("/connections/setup")
    away = client_of(app, broker).get("/connections/setup")

    assert "ada at /connections/setup" in page.text
    assert 'lang="de"' in page.text
    assert away.headers["location"] == "/in?from=/connections/setup&to=/connections/setup"


def test_an_owner_may_answer_for_the_app(broker: Broker) -> None:
    """As the app's own dependencies do: what it raises is the app's to show."""

    def owner(request: Request) -> str:
        raise HTTPException(401, "the app's own words")

    answer = client_of(host_app(broker, owner=owner), broker).get(STATUS)

    assert (answer.status_code, answer.json()) == (401, {"detail": "the app's own words"})


def test_the_openapi_document_is_the_apps_own(broker: Broker) -> None:
    """Nothing of ours is in it, the console neither."""
    app = host_app(broker)
    HubSpotConsole(app, broker, allow=lambda _: None)
    app.get("/own")(lambda: "own")

    assert list(client_of(app, broker).get("/openapi.json").json()["paths"]) == ["/own"]


def test_a_route_of_the_apps_for_everything(broker: Broker) -> None:
    """It comes after ours, wherever it was added, and answers what we have not."""
    app = FastAPI()
    app.get("/{path:path}")(lambda path: f"app: {path}")
    add_sessions(app)
    HubSpotAuth(app, broker, owner=user_of)
    client = client_of(app, broker)

    assert client.get(STATUS).json()["error"] == "signed_out"
    assert client.get("/api/hubspot/nothing").json() == "app: api/hubspot/nothing"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(broker: Broker, method: str) -> None:
    """Each route has its own, and no other."""
    client = client_of(host_app(broker), broker)
    routes = {each.path for each in PAGES + SETUP + API}
    methods = {
        path: {each.method for each in PAGES + SETUP + API if each.path == path} for path in routes
    }
    if method == "OPTIONS":
        methods = {each.path: {"OPTIONS"} for each in API} | {
            path: own for path, own in methods.items() if path not in {each.path for each in API}
        }

    for path, own in methods.items():
        address = path.format(connection_id="x", attempt_id="x")
        refused = client.request(method, address).status_code == 405
        assert refused is (method not in own), (method, path)


def test_the_broker_is_closed_last(broker: Broker) -> None:
    """What the app does at its end may still ask it, and its state is its own."""
    said: list[object] = []
    watched = Broker(
        broker.settings,
        broker.vault,
        lambda request, **_: pytest.fail(f"sent {request}"),
        close=lambda: said.append("closed"),
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
        yield {"kept": "state"}
        said.append(await asyncio.to_thread(watched.connections, "ada"))
        said.append("ended")

    async def state(request: Request) -> Response:
        return PlainTextResponse(request.state.kept)

    app = Starlette(lifespan=lifespan, routes=[Route("/state", state)])
    add_sessions(app)
    HubSpotAuth(app, watched, owner=user_of)
    with client_of(app, broker) as client:
        assert client.get("/state").text == "state"
        client.get(STATUS)

    assert said == [[], "ended", "closed"]


def test_a_failing_end_of_the_app_closes_too(broker: Broker) -> None:
    """The app's own error is what is raised."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        raise LookupError("of the app")

    app = Starlette(lifespan=lifespan)
    HubSpotAuth(app, broker, owner=user_of)
    with pytest.raises(LookupError, match="of the app"), client_of(app, broker):
        pass


def test_what_cannot_be_is_refused_at_once(broker: Broker) -> None:
    """Each says what is needed."""
    with pytest.raises(TypeError, match="owner"):
        HubSpotAuth(FastAPI(), broker)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="owner is needed"):
        HubSpotAuth(FastAPI(), broker, owner="ada")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="give templates, too"):
        HubSpotAuth(FastAPI(), broker, owner=user_of, base_template="layout.html")
    with pytest.raises(TypeError, match="allow is needed"):
        HubSpotConsole(FastAPI(), broker, allow="grace")  # type: ignore[arg-type]
    app = host_app(broker)
    client_of(app, broker).get("/")
    with pytest.raises(RuntimeError, match="answered already"):
        HubSpotAuth(app, broker, owner=user_of)


def test_one_extension_serves_several_apps(broker: Broker) -> None:
    """Made without an app, as a factory does."""
    hubspot = HubSpotAuth(owner=user_of)
    for _ in range(2):
        app = FastAPI()
        add_sessions(app)
        hubspot.init_app(app, broker)
        assert client_of(app, broker).get(STATUS).status_code == 401


def test_an_app_without_users(broker: Broker) -> None:
    """Each visit has an owner of its own, until it is forgotten."""
    app = host_app(broker, owner=visitor)
    app.add_route("/out", sign_out)
    client = client_of(app, broker)
    first = client.get(STATUS).json()["connect_url"]
    assert client.get("/auth/hubspot/start" + first.partition("start")[2]).status_code == 303
    client.get("/out")

    stale = client.get(first, headers={"Sec-Fetch-Site": "same-origin"})
    assert stale.status_code == 200  # asks first


async def sign_out(request: Request) -> Response:
    """The app's sign-out."""
    forget_browser(request)
    return PlainTextResponse("out")


def test_a_view_asks_for_the_link(broker: Broker) -> None:
    """Views that render elsewhere, in JSON for one, await it."""
    app = FastAPI()
    add_sessions(app)
    hubspot = HubSpotAuth(app, broker, owner=find_owner)
    app.add_route("/login/{name}", sign_in)

    @app.get("/own", dependencies=[Depends(hubspot.prepare)])
    async def own(request: Request) -> dict[str, str]:
        url = await hubspot.connect_url(request, next="/own", hub_id=4410001)
        return {"url": url, "state": await hubspot.connect_state(request)}

    @app.get("/evil")
    async def evil(request: Request) -> str:
        with pytest.raises(ValueError, match="a path on this site"):
            await hubspot.connect_url(request, next="https://evil.example")
        return "refused"

    client = client_of(app, broker, "ada")
    answer = client.get("/own").json()
    assert answer["url"].startswith("/auth/hubspot/start?t=")
    assert answer["state"] == ""
    assert client.get("/evil").json() == "refused"


def test_an_app_of_somebody_elses_has_no_link() -> None:
    """A request that came to no app of ours says so."""
    hubspot = HubSpotAuth(owner=user_of)
    with pytest.raises(LookupError, match="no app that HubSpotAuth is registered with"):
        run(hubspot.connect_url(Request({"type": "http", "headers": []})))
