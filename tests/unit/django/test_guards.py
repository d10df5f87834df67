"""Forms, sessions and consoles of a Django site: what is let in, and what is not."""

import importlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.backends import signed_cookies
from django.core.handlers.base import BaseHandler
from django.db import connections
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import resolve, reverse

from portalkey.broker import Broker
from portalkey.django import allow_staff, forget_browser
from portalkey.settings import Settings
from portalkey.web.console.console import Console
from portalkey.web.console.paths import PATHS
from portalkey.web.host import BROWSER_KEY
from portalkey.web.routes import PAGES
from portalkey_simulator import HubSpot
from support.django_hosting import page_of, site_over, visitor_of
from unit.django.test_journey import agree

LEAVE = "a.pk-leave"
SIGNED = "django.contrib.sessions.backends.signed_cookies"


def strict(client: Client) -> Client:
    """The same browser, before a site whose forgery check Django's tests do not skip."""
    client.handler.enforce_csrf_checks = True
    return client


@pytest.fixture
def connected(site: Broker, hubspot: HubSpot) -> Client:
    """A browser whose user is connected, before Django's own forgery check."""
    client = visitor_of(site)
    client.get(agree(client, hubspot))
    return strict(client)


def leave_form(client: Client) -> dict[str, str]:
    """The form that disconnects: its fields, and ``action``."""
    (link,) = page_of(client).select(LEAVE)
    form = page_of(client, str(link["href"])).form
    assert form is not None
    fields = {str(each["name"]): str(each["value"]) for each in form.find_all("input")}
    return {"action": str(form["action"]), **fields}


def test_our_forms_pass_djangos_check_and_hold_by_ours(site: Broker, connected: Client) -> None:
    """``CsrfViewMiddleware`` stays on; a form needs our token and nothing of Django's."""
    form = leave_form(connected)
    action = form.pop("action")
    forged = connected.post(action, {"csrfmiddlewaretoken": "x"})
    foreign = connected.post(action, form, headers={"origin": "https://evil.example"})
    other = strict(visitor_of(site, "eve")).post(action, form)

    assert [each.status_code for each in (forged, foreign, other)] == [403, 403, 403]
    assert len(page_of(connected).select("article")) == 1
    assert connected.post(action, form).status_code == 303
    assert page_of(connected).select("article") == []


def test_a_site_that_demands_a_sign_in_everywhere(broker: Broker) -> None:
    """Scripts and JSON answer by themselves under ``LoginRequiredMiddleware`` (Django 5.1)."""
    pytest.importorskip("django", "5.1")
    from support.django_shop.settings import MIDDLEWARE  # noqa: PLC0415 - after the skip

    wall = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    with site_over(broker, {}, MIDDLEWARE=[*MIDDLEWARE, wall]):
        client = visitor_of(broker, None)
        assert client.get("/").status_code == 302
        assert client.get("/auth/hubspot/static/connect.js").status_code == 200
        assert client.get("/api/hubspot/status").status_code == 401


@pytest.mark.parametrize("length", ["16385", "x", "-1"])
def test_a_form_too_large_is_not_read(connected: Client, length: str) -> None:
    """Ours are far smaller."""
    answer = connected.post("/api/hubspot/connections/x/disconnect", CONTENT_LENGTH=length)

    assert answer.status_code == 413
    assert answer.headers["Cache-Control"] == "no-store"


def test_sessions_that_are_cookies(broker: Broker, hubspot: HubSpot) -> None:
    """The value of ours fits; where it does not, the session stays as the site filled it."""
    with site_over(broker, {}, SESSION_ENGINE=SIGNED):
        client = visitor_of(broker)
        client.get(agree(client, hubspot))
        assert client.get("/api/hubspot/status").json()["authenticated"] is True

        client = visitor_of(broker)
        fill(client, 3950)
        answer = client.get("/connections/setup")

    assert answer.status_code == 503
    assert "portalkey_browser" not in str(read(client))


def fill(client: Client, size: int) -> None:
    """Put so many bytes into the session of *client* that nothing else has room."""
    store = signed_cookies.SessionStore(client.cookies["sessionid"].value)
    store["basket"] = "".join(f"{n:x}" for n in range(size // 4))[:size]
    while len(store._get_session_key()) < size:
        store["basket"] += store["basket"][-7:][::-1] + str(len(store["basket"]))
    client.cookies["sessionid"] = store._get_session_key()


def read(client: Client) -> dict[str, Any]:
    """The session that *client* holds."""
    return dict(signed_cookies.SessionStore(client.cookies["sessionid"].value).load())


def test_another_sites_session_cookie_is_logged(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Two sites of one host that use one name sign each other's visitors out."""
    with site_over(broker, {}, SESSION_ENGINE=SIGNED):
        client = visitor_of(broker, None)
        client.cookies["sessionid"] = "of:another:site"
        client.get("/api/hubspot/status")

    assert "session_name_shared" in caplog.text


def test_a_site_without_sessions(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """The site's mistake: 500 in our words, the log says what to add, and no code stays behind."""
    with site_over(broker, {}, MIDDLEWARE=[]):
        client = visitor_of(broker, None)
        page, said = client.get("/connections/setup"), client.get("/api/hubspot/status")
        back = client.get("/auth/hubspot/callback?code=secret-code&state=x")

    assert (page.status_code, said.json()["error"]) == (500, "session_unusable")
    assert "add django.contrib.sessions to INSTALLED_APPS" in caplog.text
    assert back.status_code == 303
    assert "secret-code" not in back.headers["Location"]


def test_a_site_may_forget_by_hand(site: Broker) -> None:
    """Where it signs people out in its own way."""
    request = HttpRequest()
    request.session = {BROWSER_KEY: "x", "basket": 1}
    forget_browser(request)

    assert request.session == {"basket": 1}


def test_the_console_is_closed(site: Broker) -> None:
    """To everybody, staff too, where the site has not said who is an operator."""
    client = visitor_of(site)
    promote("ada@shop.example")

    assert client.get("/console/").status_code == 404
    assert client.get("/console/health").status_code == 404


def promote(email: str) -> None:
    """Make somebody a member of the staff."""
    from support.django_shop.models import User  # noqa: PLC0415 - Django is set up by now

    User.objects.filter(email=email).update(is_staff=True)


def test_staff_may_be_operators(broker: Broker, hubspot: HubSpot) -> None:
    """By one word; their name is in the audit, and nobody else comes in."""
    with site_over(broker, {"console_allow": "portalkey.django.allow_staff"}):
        client = visitor_of(broker, "root")
        promote("root@shop.example")
        client.get(agree(client, hubspot))
        assert client.get("/console/").status_code == 200
        (connection,) = broker.connections(client.get("/login/root").content.decode())
        ask = f"/console/connections/{connection.id}/disconnect"
        form = page_of(client, ask).select_one("main form")
        assert form is not None
        fields = {str(each["name"]): str(each.get("value", "")) for each in form.select("input")}
        strict(client)
        assert client.post(ask, {**fields, "portalkey_token": "x"}).status_code == 403
        assert client.post(ask, fields).status_code == 303

        other = visitor_of(broker, "eve")
        assert [other.get(each).status_code for each in ("/console/", ask)] == [404, 404]
        assert other.post(ask, fields).status_code == 404
    assert "root@shop.example" in {
        each.facts.get("operator") for each in broker.vault.store.events()
    }


def test_an_operator_without_a_name_does_not_come_in(broker: Broker) -> None:
    """``True`` is nobody the audit could name: the site's mistake."""
    with site_over(broker, {"console_allow": lambda _: True}):
        assert visitor_of(broker).get("/console/").status_code == 500


def test_a_path_that_only_begins_alike_is_none_of_the_consoles(broker: Broker) -> None:
    """Included without a slash, it would be asked for ``/consoles`` as well."""
    with site_over(
        broker, {"console_allow": lambda _: "root"}, ROOT_URLCONF="unit.django.bare_console"
    ):
        client = visitor_of(broker, None)
        assert client.get("/console").status_code == 200
        assert client.get("/console/keys").status_code == 200
        assert client.get("/consolekeys").status_code == 404
        assert client.delete("/console").status_code == 405


class Unreadable(io.RawIOBase):
    """A body that nobody may read."""

    def readinto(self, buffer: object) -> int:
        """Fail."""
        pytest.fail("the body was read")


def test_a_strangers_body_is_not_read_at_the_console(broker: Broker) -> None:
    """They meet the site's own 404 before."""
    with site_over(broker, {"console_allow": lambda _: None}):
        client = visitor_of(broker, None)
        body = {"CONTENT_LENGTH": "10", "wsgi.input": Unreadable()}

        kind = "application/x-www-form-urlencoded"
        answer = client.generic("POST", "/console/erase", CONTENT_TYPE=kind, **body)

    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/consoles", "/console/reports", "/console-keys"])
def test_paths_beside_the_consoles_are_the_sites(broker: Broker, path: str) -> None:
    """Though they stand after it in the site's urls, and begin alike."""
    with site_over(
        broker, {"console_allow": lambda _: "root"}, ROOT_URLCONF="unit.django.bare_console"
    ):
        assert visitor_of(broker, None).get(path).content.decode() == f"own {path}"


def test_a_form_too_large_is_not_read_in_the_console(broker: Broker) -> None:
    """An operator is told so; a stranger meets nothing at all."""
    operators = iter(["root", None])
    with site_over(broker, {"console_allow": lambda _: next(operators)}):
        client = visitor_of(broker, None)
        answers = [client.post("/console/erase", CONTENT_LENGTH="16385") for _ in range(2)]

    assert [each.status_code for each in answers] == [413, 404]


def test_the_console_has_all_of_its_paths_in_the_urls(broker: Broker) -> None:
    """A page that is added to it is found in a Django site as well."""
    console = Console(broker)

    assert {each.pattern for each in console._routes} == {
        each.replace("{id}", "(?P<id>[^/]+)") for each in PATHS
    }


@pytest.fixture
def atomic_databases(tmp_path: Path) -> Iterator[None]:
    """A site with two databases, each of which has a transaction around every view."""
    default = connections.settings["default"]
    connections.settings["warehouse"] = {**default, "NAME": tmp_path / "warehouse.db"}
    yield
    del connections.settings["warehouse"]


@pytest.mark.usefixtures("atomic_databases")
def test_no_database_of_the_sites_has_a_transaction_around_us() -> None:
    """Whichever it is; one in a file that is ours as well would lock us out."""
    # Imported here: Django is set up by now.
    from portalkey.django.views import make_patterns  # noqa: PLC0415 - see above

    console_urls = importlib.import_module("portalkey.django.console_urls")
    patterns = [*make_patterns(PAGES), *importlib.reload(console_urls).urlpatterns]

    def own(_: HttpRequest) -> None:
        """A view of the site's."""

    make_atomic = BaseHandler().make_view_atomic
    assert make_atomic(own) is not own
    assert [each for each in patterns if make_atomic(each.callback) is not each.callback] == []


def test_staff_are_known_by_name() -> None:
    """Nobody, and somebody who may do nothing any more, are no operators."""
    request = HttpRequest()

    assert allow_staff(request) is None


def test_every_route_of_the_router_is_in_the_urls(site: Broker) -> None:
    """What is added for one skin is there in its brother."""
    from portalkey.django.site import site as django_site  # noqa: PLC0415 - Django is set up by now

    client = visitor_of(site)
    for route in django_site.router.routes:
        where = re.sub(r"{\w+}", "x", route.path)
        assert resolve(where).namespace == "portalkey", route
        assert client.generic(route.method, where).status_code != 405, route


def test_our_urls_have_names(site: Broker) -> None:
    """For a site's own templates."""
    assert reverse("portalkey:setup") == "/connections/setup"
    assert reverse("portalkey:leave", args=["x"]) == "/connections/setup/x/disconnect"


def test_the_setup_page_can_be_left_out(settings: Settings) -> None:
    """A site with a page of its own at that address is not shadowed."""
    with override_settings(PORTALKEY={"setup_page": False}):
        urls = importlib.reload(importlib.import_module("portalkey.django.urls"))
        names = {each.name for each in urls.urlpatterns}
    importlib.reload(urls)

    assert "setup" not in names
    assert {"start", "status", "static"} <= names


def test_scripts_are_only_read(site: Broker) -> None:
    """What is no file of ours is not there, and nothing is posted to one."""
    client = visitor_of(site, None)

    assert client.post("/auth/hubspot/static/connect.js").status_code == 405
    assert client.get("/auth/hubspot/static/settings.py").status_code == 404
    assert client.head("/auth/hubspot/static/connect.js").status_code == 200
