"""Views of a Django site that hear HubSpot alone."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import clear_script_prefix

from portalkey.broker import Broker
from portalkey.django import from_hubspot
from portalkey.model.events import Event, happened
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support import loops
from support.django_hosting import site_over
from support.django_shop.settings import MIDDLEWARE
from support.signed import BODY, read_lines, sign_now

HOOKS = "unit.django.hooks"
NO_ATOMIC = "ATOMIC_REQUESTS"


@pytest.fixture
def hooks(settings: Settings, make_broker: Callable[[Settings], Broker]) -> Iterator[Broker]:
    """The site, which has our urls below ``/crm`` and hears HubSpot wherever it likes."""
    callback = f"{settings.public_url}/crm/auth/hubspot/callback"
    broker = make_broker(settings.model_copy(update={"redirect_uri": callback}))
    with site_over(broker, {}, ROOT_URLCONF=HOOKS):
        yield broker


@pytest.fixture
def without_transactions() -> Iterator[None]:
    """A site that has none around its views, as Django wants it where they are async."""
    before = connection.settings_dict[NO_ATOMIC]
    connection.settings_dict[NO_ATOMIC] = False
    yield
    connection.settings_dict[NO_ATOMIC] = before


def post(
    hubspot: HubSpot, broker: Broker, path: str, body: bytes = BODY, **environ: Any
) -> tuple[int, HttpResponse]:
    """What a stranger gets, and what HubSpot does; Django's check of forgery is on."""
    client = Client(enforce_csrf_checks=True)
    headers = sign_now(hubspot, f"{broker.settings.public_url}{path}", body)
    kind = "application/json"
    stranger = client.post(path, body, kind, **environ)
    return stranger.status_code, client.post(path, body, kind, headers=headers, **environ)


@pytest.mark.usefixtures("without_transactions")
def test_views_of_every_kind(hubspot: HubSpot, hooks: Broker) -> None:
    """Functions and classes, plain and async; none is entered by a stranger."""
    for path, says in {"/loop": "v3", "/class": 1, "/async-class": 1, "/small": 1}.items():
        stranger, answer = post(hubspot, hooks, path)
        assert (stranger, answer.status_code, answer.json()) == (401, 200, says), path
    assert from_hubspot(_enter).__name__ == "_enter"


def _enter(request: HttpRequest) -> HttpResponse:
    """A view that everybody enters."""
    return HttpResponse(request.method)


def test_djangos_own_checks(hubspot: HubSpot, hooks: Broker) -> None:
    """Forgery, and a sign-in that is demanded everywhere (Django 5.1): of other views only."""
    pytest.importorskip("django", "5.1")
    wall = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    with override_settings(MIDDLEWARE=[*MIDDLEWARE, wall], LOGIN_URL="/form"):
        assert post(hubspot, hooks, "/hook")[1].status_code == 200
        assert Client().get("/form").status_code == 302
    assert Client(enforce_csrf_checks=True).post("/form").status_code == 403


def test_the_sites_transaction(hubspot: HubSpot, hooks: Broker) -> None:
    """It is open around the view alone: ours may be in the same file, and a stranger opens none."""
    states = list[bool]()

    def note(event: Event) -> None:
        states.append(connection.in_atomic_block)

    with happened.connected_to(note):
        stranger, answer = post(hubspot, hooks, "/hook")
    assert (stranger, states) == (401, [False])
    assert answer.json()["is_atomic"] is True


def test_the_body_is_there_twice(hubspot: HubSpot, hooks: Broker) -> None:
    """By ``read()`` and as ``body``."""
    assert post(hubspot, hooks, "/hook")[1].json()["read"] == [len(BODY), len(BODY)]


@pytest.mark.parametrize("path", ["/hook", "/crm/hook", "/hook/caf%C3%A9%20x?q=%2f"])
def test_an_address_beside_ours(hubspot: HubSpot, hooks: Broker, path: str) -> None:
    """The path that our urls are included below is no other view's."""
    assert post(hubspot, hooks, path)[1].status_code == 200


@pytest.mark.parametrize(
    ("forced", "environ"),
    [(None, {"SCRIPT_NAME": "/eu"}), ("/eu", {}), ("/eu", {"SCRIPT_NAME": "/evil"})],
    ids=["the server says it", "the site says it", "the site's word counts"],
)
def test_a_site_below_a_path(
    hubspot: HubSpot,
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    forced: str | None,
    environ: dict[str, str],
) -> None:
    """Its address is below that, and below nothing else."""
    callback = f"{settings.public_url}/eu/crm/auth/hubspot/callback"
    broker = make_broker(settings.model_copy(update={"redirect_uri": callback}))
    url = f"{settings.public_url}/eu/hook"
    with site_over(broker, {}, ROOT_URLCONF=HOOKS, FORCE_SCRIPT_NAME=forced):
        for address, status in ((f"{settings.public_url}/hook", 401), (url, 200)):
            headers = sign_now(hubspot, address)
            answer = Client().post("/hook", BODY, "application/json", headers=headers, **environ)
            assert answer.status_code == status
    clear_script_prefix()


def test_a_site_without_our_urls(hubspot: HubSpot, broker: Broker) -> None:
    """Its views may hear HubSpot all the same."""
    urls = ModuleType("urls")
    exec(read_lines("portalkey.django"), vars(urls))  # noqa: S102 - our own docs
    with site_over(broker, {}, ROOT_URLCONF=urls):
        stranger, answer = post(hubspot, broker, "/hubspot/webhook", b"[]")
    assert (stranger, answer.status_code) == (401, 204)


def test_a_large_body(hubspot: HubSpot, hooks: Broker) -> None:
    """It is bounded, by the view or by the site, and the smaller bound holds."""
    for path, most in (("/hook", 1024 * 1024), ("/small", 100)):
        for size, status in ((most, 200), (most + 1, 413)):
            body = b"[" + b" " * (size - 2) + b"]"
            assert post(hubspot, hooks, path, body)[1].status_code == status
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=50):
        assert post(hubspot, hooks, "/small", b" " * 51)[1].status_code == 413


def read_first(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """A middleware that has the body before anybody."""

    def respond(request: HttpRequest) -> Any:
        assert request.body
        return get_response(request)

    return respond


def test_a_site_that_reads_first(hubspot: HubSpot, hooks: Broker) -> None:
    """What it has read already is bounded all the same."""
    with override_settings(MIDDLEWARE=[f"{__name__}.read_first", *MIDDLEWARE]):
        for size, status in ((100, 200), (101, 413)):
            body = b"[" + b" " * (size - 2) + b"]"
            assert post(hubspot, hooks, "/small", body)[1].status_code == status


def test_a_body_that_ends_early(hubspot: HubSpot, hooks: Broker) -> None:
    """Before the length that was said."""
    heard = list[Event]()
    headers = sign_now(hubspot, f"{hooks.settings.public_url}/hook").items()
    with happened.connected_to(heard.append):
        assert call("/hook", [*headers, ("Content-Length", str(len(BODY) + 1))], BODY) == 401
    assert {each.facts["check"] for each in heard} == {"truncated"}


@pytest.mark.usefixtures("without_transactions")
@pytest.mark.parametrize("path", ["/hook", "/loop", "/async-class", "/small"])
def test_on_an_event_loop(hubspot: HubSpot, hooks: Broker, path: str) -> None:
    """A body without a length is bounded there too, and headers that come twice are two."""
    signed = sign_now(hubspot, f"{hooks.settings.public_url}{path}")
    headers = [*signed.items(), ("Content-Type", "application/json")]

    assert call(path, [*headers, next(iter(signed.items()))], BODY) == 401
    assert call(path, headers, BODY + b" ") == 401
    assert call(path, headers, b" " * 2_000_000) == 413
    assert call(path, headers, BODY) == 200
    assert call(path, headers, BODY) == 401


@pytest.mark.usefixtures("without_transactions")
def test_the_loop_goes_on(hooks: Broker) -> None:
    """The signature is checked, and the store asked, on a thread."""
    threads = list[int]()

    def note(event: Event) -> None:
        threads.append(threading.get_ident())

    with happened.connected_to(note):
        assert call("/loop", [], BODY) == 401
    assert threads
    assert threading.get_ident() not in threads


def call(path: str, headers: list[tuple[str, str]], body: bytes = b"", method: str = "POST") -> int:
    """Call the site as an ASGI server does, and return the status."""
    statuses = list[int]()
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers]
        + [(b"host", b"localhost")],
    }

    async def run() -> None:
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop()
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            statuses.extend([message["status"]] if "status" in message else [])

        await ASGIHandler()(scope, receive, send)

    loops.run(run())
    return statuses[0]


def test_a_version_that_there_is_not() -> None:
    """It is a mistake that shows as the site starts."""
    with pytest.raises(ValueError, match="v1, v2, v3"):
        from_hubspot(oldest="v4")  # type: ignore[call-overload]
