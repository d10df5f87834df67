"""Our headers have the last word, whatever middleware a site has, and wherever ours stands."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, override_settings

from portalkey.broker import Broker
from portalkey.django.middleware import PATH
from support.django_hosting import site_over, visitor_of
from support.django_shop.settings import MIDDLEWARE
from support.loops import run
from unit.django.test_hubspot_requests import call

COOP = "Cross-Origin-Opener-Policy"
LAID_ON = {COOP: "same-origin", "Cache-Control": "public", "X-Frame-Options": "SAMEORIGIN"}
Respond = Callable[[HttpRequest], HttpResponse]


def lay_on(get_response: Respond) -> Respond:
    """A site's middleware that lays headers on every response, whatever it had."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in LAID_ON.items():
            response[name] = value
        return response

    return respond


def refuse(get_response: Respond) -> Respond:
    """A site's middleware that answers by itself."""
    del get_response
    return lambda request: HttpResponse(f"not {request.path}", status=503, headers=LAID_ON)


MINE = f"{__name__}.lay_on"
PLACES = {
    "not named": [MINE, *MIDDLEWARE],
    "first": [PATH, MINE, *MIDDLEWARE],
    "last": [MINE, *MIDDLEWARE, PATH],
    "in a tuple": (MINE, *MIDDLEWARE, PATH),
}


@pytest.mark.parametrize("place", PLACES)
def test_ours_win(broker: Broker, place: str) -> None:
    """Pages, errors and what is nothing of ours below our paths."""
    with site_over(broker, {}, MIDDLEWARE=PLACES[place]):
        client = visitor_of(broker)
        answers = [
            client.get("/auth/hubspot/start"),
            client.get("/auth/hubspot/nothing"),
            client.delete("/auth/hubspot/callback"),
        ]
        own, setup = client.get("/sign-in"), client.get("/connections/setup")

    assert [each.status_code for each in answers] == [200, 404, 405]
    for answer in answers:
        assert answer.headers[COOP] == "unsafe-none"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert setup.headers[COOP] == "same-origin-allow-popups"
    assert {name: own.headers[name] for name in LAID_ON} == LAID_ON


def isolate(get_response: Respond) -> Respond:
    """A site's middleware that isolates its pages on purpose."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Cross-Origin-Embedder-Policy"] = "require-corp"
        return response

    return respond


def test_a_page_with_the_link_goes_on_seeing_its_popup(broker: Broker) -> None:
    """Django's own default would cut it off; other pages of the site keep that."""
    with site_over(broker, {}):
        client = visitor_of(broker)
        linked, other = client.get("/"), client.get("/sign-in")
    with site_over(broker, {}, SECURE_CROSS_ORIGIN_OPENER_POLICY="unsafe-none"):
        open_already = visitor_of(broker).get("/")
    with site_over(broker, {}, MIDDLEWARE=[f"{__name__}.isolate", *MIDDLEWARE]):
        isolated = visitor_of(broker).get("/")

    assert linked.headers[COOP] == "same-origin-allow-popups"
    assert other.headers[COOP] == "same-origin"
    assert open_already.headers[COOP] == "unsafe-none"
    assert isolated.headers[COOP] == "same-origin"


def test_it_stands_first_once(broker: Broker) -> None:
    """Wherever it is named, and though it is named twice."""
    with site_over(broker, {}, MIDDLEWARE=[MINE, PATH, PATH]):
        assert settings.MIDDLEWARE == [PATH, MINE]
    assert settings.MIDDLEWARE[0] == PATH
    assert settings.MIDDLEWARE.count(PATH) == 1


def test_a_middleware_that_answers_by_itself(broker: Broker) -> None:
    """Maintenance pages and sign-in walls answer at our paths as well."""
    with site_over(broker, {}, MIDDLEWARE=[f"{__name__}.refuse"]):
        client = visitor_of(broker, None)
        answer = client.get("/auth/hubspot/callback?code=x")

    assert (answer.status_code, answer.headers[COOP]) == (503, "unsafe-none")
    assert answer.headers["Cache-Control"] == "no-store"


def test_below_a_prefix_of_the_servers(broker: Broker) -> None:
    """Errors at our paths are known as such there, too."""
    with site_over(broker, {}, MIDDLEWARE=[f"{__name__}.refuse"]):
        answer = visitor_of(broker, None).get("/auth/hubspot/x", SCRIPT_NAME="/crm")

    assert answer.headers[COOP] == "unsafe-none"


def test_scripts_bear_no_cookie(site: Broker) -> None:
    """A cache that keeps them might hand one visitor's session to the next."""
    with override_settings(SESSION_SAVE_EVERY_REQUEST=True):
        client = visitor_of(site)
        script = client.get("/auth/hubspot/static/connect.js")
        own = client.get("/")

    assert "sessionid" in own.cookies
    assert script.status_code == 200
    assert script.cookies == {}


@pytest.mark.parametrize("path", ["/auth/hubspot/start", "/auth/hubspot/nothing"])
def test_under_asgi(site: Broker, path: str) -> None:
    """The same where the site's handler is asynchronous."""
    host = site.settings.public_url.partition("://")[2]
    client = AsyncClient(headers={"host": host})
    with override_settings(LOGIN_URL="/nowhere"):
        answer = run(client.get(path))

    assert answer.headers[COOP] == "unsafe-none"
    assert answer.status_code in {401, 404}


@pytest.mark.parametrize("order", [1, -1])
def test_cookies_that_come_one_by_one(site: Broker, order: int) -> None:
    """As browsers send them over HTTP/2; the site's session is among them (RFC 9113)."""
    with override_settings(SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies"):
        session = visitor_of(site).cookies["sessionid"].value
        cookies = [("cookie", f"sessionid={session}"), ("cookie", "other=1")]

        assert call("/api/hubspot/status", cookies[::order], method="GET") == 200
        assert call("/api/hubspot/status", cookies[1:], method="GET") == 401
