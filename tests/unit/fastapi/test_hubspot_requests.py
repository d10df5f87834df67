"""Endpoints of FastAPI and Starlette that hear HubSpot alone."""

import json
import threading
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import Body, Depends, FastAPI, Form
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from portalkey.broker import Broker
from portalkey.fastapi import HubSpotAuth, from_hubspot
from portalkey.model.events import Event, happened
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.asgi import hypercorn_serving, uvicorn_serving
from support.loops import run
from support.signed import BODY, read_lines, send, sign_now

HOOK = "/hubspot/webhook"


def app_with(broker: Broker, endpoint: Callable[..., Any], path: str = HOOK) -> FastAPI:
    """An app that has this *endpoint*."""
    app = FastAPI()
    HubSpotAuth(app, broker, owner=lambda _: None)
    app.post(path)(endpoint)
    return app


def post(
    app: Any, hubspot: HubSpot, broker: Broker, body: bytes = BODY, path: str = HOOK
) -> tuple[int, int, Any]:
    """What a stranger gets, what HubSpot gets, and what that is."""
    client = TestClient(app)
    stranger = client.post(path, content=body)
    headers = sign_now(hubspot, f"{broker.settings.public_url}{path}", body)
    answer = client.post(path, content=body, headers=headers)
    return stranger.status_code, answer.status_code, answer.json() if answer.content else None


async def with_request(request: Request) -> Any:
    """Read the body, twice."""
    chunks = b"".join([each async for each in request.stream()])
    return [await request.json(), len(chunks), request.state.hubspot_signature.version]


def plain(request: Request) -> Any:
    """Say where it is called."""
    return [request.state.hubspot_signature.version, threading.current_thread().name]


def without_request(number: int, tail: str = "x") -> Any:
    """Take what the address has."""
    return [number, tail]


def annotated(
    whole: Annotated[Request, "a note"], user: Annotated[str, Depends(lambda: "ada")]
) -> Any:
    """Ask for the request by another name, and for a dependency."""
    return [whole.method, user]


def test_async_and_plain_endpoints(hubspot: HubSpot, broker: Broker) -> None:
    """They have what they ask for, and no stranger enters."""
    answer = post(app_with(broker, from_hubspot(with_request)), hubspot, broker)
    assert answer == (401, 200, [json.loads(BODY), len(BODY), "v3"])
    answer = post(app_with(broker, from_hubspot(plain)), hubspot, broker)
    assert answer[:2] == (401, 200)
    assert answer[2][0] == "v3"
    assert "AnyIO worker" in answer[2][1]
    app = app_with(broker, from_hubspot(without_request), "/hook/{number}")
    assert post(app, hubspot, broker, path="/hook/7?tail=y") == (401, 200, [7, "y"])
    assert post(app_with(broker, from_hubspot(annotated)), hubspot, broker) == (
        401,
        200,
        ["POST", "ada"],
    )
    assert "portalkey" not in str(app.openapi())
    assert from_hubspot(plain).__name__ == "plain"


def test_starlettes_endpoints(hubspot: HubSpot, broker: Broker) -> None:
    """Functions, whose annotations may be of names that are not there, and methods of a class."""

    async def function(request: "NotHere") -> Response:  # type: ignore[name-defined]  # noqa: F821
        return JSONResponse(request.state.hubspot_signature.version)

    class Hook(HTTPEndpoint):
        @from_hubspot
        async def post(self, request: Request) -> Response:
            return JSONResponse(len(await request.body()))

    routes = [Route(HOOK, from_hubspot(function), methods=["POST"]), Route("/hook", Hook)]
    app = Starlette(routes=routes)
    HubSpotAuth(app, broker, owner=lambda _: None)

    assert post(app, hubspot, broker) == (401, 200, "v3")
    assert post(app, hubspot, broker, path="/hook") == (401, 200, len(BODY))


@pytest.mark.parametrize(
    ("declared", "kind", "body"),
    [
        (Body(), "application/json", b"[]"),
        (Form(), "application/x-www-form-urlencoded", b"events=1"),
    ],
    ids=["a body", "a form"],
)
def test_an_endpoint_that_declares_a_body(
    hubspot: HubSpot, broker: Broker, declared: Any, kind: str, body: bytes
) -> None:
    """FastAPI reads it before anybody is asked, so nobody is let in, and the error says why."""

    @from_hubspot
    async def hear(events: Any = declared) -> None:
        pytest.fail(f"entered with {events}")

    client = TestClient(app_with(broker, hear))
    headers = sign_now(hubspot, f"{broker.settings.public_url}{HOOK}", body)

    with pytest.raises(RuntimeError, match="declare no body"):
        client.post(HOOK, content=body, headers={**headers, "Content-Type": kind})


def call(app: Any, messages: list[dict[str, Any]], headers: dict[str, str]) -> tuple[int, int]:
    """Call *app* with the *messages* of a body, the last of them for ever: status, and how many."""
    received, statuses = 0, list[int]()
    scope = {
        "type": "http",
        "method": "POST",
        "path": HOOK,
        "raw_path": HOOK.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
    }

    async def receive() -> dict[str, Any]:
        nonlocal received
        received += 1
        return messages[min(received, len(messages)) - 1]

    async def send(message: dict[str, Any]) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    run(app(scope, receive, send))
    return statuses[0], received


CHUNK = {"type": "http.request", "body": b" " * 1000, "more_body": True}


@pytest.mark.parametrize(("options", "most"), [({}, 1024 * 1024), ({"most_bytes": 5000}, 5000)])
def test_a_body_without_an_end(broker: Broker, options: dict[str, Any], most: int) -> None:
    """No more of it is read than may come."""
    app = app_with(broker, from_hubspot(**options)(with_request))

    assert call(app, [CHUNK], {}) == (413, most // 1000 + 1)


def test_a_sender_who_goes_away(hubspot: HubSpot, broker: Broker) -> None:
    """What came of it is not HubSpot's."""
    heard = list[Event]()
    headers = sign_now(hubspot, f"{broker.settings.public_url}{HOOK}", b" " * 1000)
    app = app_with(broker, from_hubspot(with_request))
    with happened.connected_to(heard.append):
        assert call(app, [CHUNK, {"type": "http.disconnect"}], headers) == (401, 2)
    assert [each.facts["check"] for each in heard] == ["truncated"]


def test_headers_that_come_twice(hubspot: HubSpot, broker: Broker) -> None:
    """An event loop's server hands on both."""
    app = app_with(broker, from_hubspot(with_request))
    signed = sign_now(hubspot, f"{broker.settings.public_url}{HOOK}")
    client = TestClient(app)
    for each in signed:
        doubled = [*signed.items(), (each, signed[each])]
        assert client.post(HOOK, content=BODY, headers=doubled).status_code == 401
    assert client.post(HOOK, content=BODY, headers=signed).status_code == 200


def test_the_loop_goes_on(broker: Broker) -> None:
    """The signature is checked, and the store asked, on a thread."""
    threads = list[int]()

    def note(event: Event) -> None:
        threads.append(threading.get_ident())

    with happened.connected_to(note):
        app = app_with(broker, from_hubspot(with_request))
        assert call(app, [{**CHUNK, "more_body": False}], {})[0] == 401
    assert threads
    assert threading.get_ident() not in threads


def test_below_a_mount_of_the_apps_own(hubspot: HubSpot, broker: Broker) -> None:
    """What the app mounts in itself is a part of the address; so is where it is mounted itself."""
    inner = FastAPI()
    inner.post("/webhook")(from_hubspot(plain))
    app = FastAPI()
    app.mount("/hubspot", inner)

    @from_hubspot
    def hook(request: Request) -> Response:
        return JSONResponse(request.method)

    routes = [Route("/hook", hook, methods=["POST"])]
    app.router.routes.append(Mount("/deep/er", routes=routes))
    HubSpotAuth(app, broker, owner=lambda _: None)

    assert post(app, hubspot, broker)[:2] == (401, 200)
    assert post(app, hubspot, broker, path="/deep/er/hook")[:2] == (401, 200)


@pytest.mark.parametrize("serve", [uvicorn_serving, hypercorn_serving])
@pytest.mark.parametrize("root", ["", "/crm"], ids=["not said", "said"])
def test_under_each_server(
    hubspot: HubSpot,
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    port: int,
    serve: Callable[..., Any],
    root: str,
) -> None:
    """Behind a proxy that takes the mount off the path; escapes are those that HubSpot wrote."""
    callback = f"{settings.public_url}/crm/auth/hubspot/callback"
    broker = make_broker(settings.model_copy(update={"redirect_uri": callback}))
    app = app_with(broker, from_hubspot(with_request), "/hook/{rest:path}")
    target = "/hook/a%2Fb%20%C3%A9?x=%2f"
    signed, wrong = (
        sign_now(hubspot, f"{settings.public_url}{mount}{target}") for mount in ("/crm", "")
    )
    with serve(app, port, root_path=root):
        assert [send(port, target, each) for each in (wrong, signed)] == [401, 200]


def test_an_app_without_the_extension() -> None:
    """It has no broker to ask, so nobody is let in."""
    app = FastAPI()
    app.post(HOOK)(from_hubspot(plain))

    with pytest.raises(LookupError, match="HubSpotAuth"):
        TestClient(app).post(HOOK)


def test_a_version_that_there_is_not() -> None:
    """It is a mistake that shows as the app starts."""
    with pytest.raises(ValueError, match="v1, v2, v3"):
        from_hubspot(oldest="v4")  # type: ignore[call-overload]


def test_the_page_of_the_docs_does_what_it_says(
    hubspot: HubSpot, broker: Broker, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Its lines, run as they stand, under a server."""
    app = FastAPI()
    HubSpotAuth(app, broker, owner=lambda _: None)
    exec(read_lines("portalkey.fastapi"), {"app": app})  # noqa: S102 - our own docs

    event = b'[{"subscriptionType":"contact.creation","portalId":62515}]'
    with caplog.at_level("INFO"), uvicorn_serving(app, port):
        assert hubspot.send_signed(f"{broker.settings.public_url}{HOOK}", event).status == 204
    assert "contact.creation of 62515" in caplog.text
