"""Installs that begin at HubSpot, with every skin."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import pytest
from bs4 import BeautifulSoup

from contract.skins.conftest import Open
from contract.skins.plan import Host, Plan
from portalkey.settings import Settings
from portalkey_simulator import App, HubSpot, running_hubspot
from support.visitor import Visitor

CALLBACK, INSTALL = "/auth/hubspot/callback", "/auth/hubspot/install"
MOUNT = "/crm/eu"
LAID_ON = {
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'self'",
}
"""As security middleware has it, on every response."""


@contextmanager
def listed(
    open_host: Open, settings: Settings, port: int, plan: Plan, *, signs_in: bool
) -> Iterator[tuple[Host, HubSpot]]:
    """The app of *plan*, in the marketplace of a simulator."""
    uri = f"http://localhost:{port}{plan.mount}{CALLBACK}"
    secret = secrets.token_hex(16)
    app = App("listed", secret, (uri,), install_url=uri, partner_sign_in=signs_in)
    with running_hubspot(apps=[app]) as hubspot:
        host = open_host(
            plan,
            client_id=app.client_id,
            client_secret=settings.client_secret.__class__(secret),
            app_url=hubspot.url,
            api_url=hubspot.url,
        )
        yield host, hubspot


def at_app(url: str, plan: Plan) -> str:
    """Where *url* is below the app's mount."""
    return "/" + url.split("/", 3)[3].removeprefix(plan.mount.lstrip("/")).lstrip("/")


def press(
    visitor: Visitor,
    page: httpx2.Response,
    path: str,
    said: dict[str, str] | None = None,
    **more: str,
) -> httpx2.Response:
    """Post the first form of *page*, as from the app unless something else is *said*."""
    form = BeautifulSoup(page.text, "html.parser").form
    assert form is not None, page.text
    fields = {str(each["name"]): str(each["value"]) for each in form.find_all("input")}
    own = {"origin": "/".join(visitor.app_url.split("/")[:3])}
    headers = own if said is None else said
    return visitor.http.post(path, data={**fields, **more}, headers=headers)


def say_yes(visitor: Visitor) -> httpx2.Response:
    """Press the button of the page that asks; the page at the end."""
    leaving = press(visitor, visitor.get(INSTALL), INSTALL, answer="yes")
    assert leaving.status_code == 303, leaving.text
    return visitor.get(leaving.headers["location"])


@pytest.mark.parametrize("mount", ["", MOUNT])
def test_without_partner_sign_in(
    open_host: Open, settings: Settings, port: int, mount: str
) -> None:
    """The code is taken from whoever brings it, and attached by a yes after the sign-in."""
    plan = Plan(mount=mount, has_login=True)
    with listed(open_host, settings, port, plan, signs_in=False) as (host, hubspot):
        install = hubspot.install_from_marketplace()
        with Visitor(host.url, hubspot) as visitor:
            leaving = visitor.get(at_app(install.start_url, plan))
            assert leaving.headers["location"] == install.return_url
            asked = visitor.get(INSTALL)
            assert asked.status_code == 303
            assert "/login" in asked.headers["location"]
            visitor.get("/as/ada")
            assert host.broker.connections("ada") == []
            assert visitor.setup().select_one(f"a[href='{mount}{INSTALL}']")
            page = say_yes(visitor)

        assert page.status_code == 200
        assert host.broker.access_token("ada")


def test_with_partner_sign_in(open_host: Open, settings: Settings, port: int) -> None:
    """HubSpot may frame the last step, and nobody else anything, whatever the host lays on."""
    plan = Plan(lays_on=LAID_ON)
    with listed(open_host, settings, port, plan, signs_in=True) as (host, hubspot):
        install = hubspot.install_from_marketplace()
        with Visitor(host.url, hubspot) as visitor, Visitor(host.url, hubspot) as frame:
            visitor.get("/as/ada")
            page = BeautifulSoup(visitor.get(at_app(install.start_url, plan)).text, "html.parser")
            link = page.select_one("a.pk-armed")
            assert link is not None
            onward = visitor.get(str(link["href"]), sec_fetch_site="same-origin")
            last = install.approve(onward.headers["location"])
            navigation = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}
            framed = frame.get(at_app(last, plan), **navigation)
            assert framed.status_code == 200
            policies = framed.headers.get_list("content-security-policy")
            assert len(policies) == 1
            assert f"frame-ancestors {hubspot.url}" in policies[0]
            assert framed.headers.get("x-frame-options", "") == ""
            for elsewhere in ({}, {"origin": "https://evil.example"}, {"origin": "null"}):
                forged = press(visitor, framed, f"{INSTALL}/open", said=elsewhere)
                assert forged.status_code == 403
                assert "portalkey_install" not in str(forged.headers)
            opened = press(visitor, framed, f"{INSTALL}/open")
            assert opened.headers["location"] == INSTALL
            question = visitor.get(INSTALL)
            assert question.headers["x-frame-options"] == "DENY"
            assert host.broker.connections("ada") == []
            assert say_yes(visitor).status_code == 200

        assert host.broker.access_token("ada")


@pytest.mark.parametrize("samesite", ["Strict"])
def test_a_strict_session_is_brought_along(
    open_host: Open, settings: Settings, port: int, samesite: str
) -> None:
    """On the way from HubSpot it is withheld: a page of ours opens the address once more."""
    plan = Plan(samesite=samesite, has_login=True)
    with listed(open_host, settings, port, plan, signs_in=True) as (host, hubspot):
        install = hubspot.install_from_marketplace()
        with Visitor(host.url, hubspot) as visitor:
            page = visitor.get(at_app(install.start_url, plan))
            assert page.status_code == 200
            again = page.headers["refresh"].removeprefix("0; url=")
            visitor.get("/as/ada")
            asked = visitor.get(again)

        assert "Continue to HubSpot" in asked.text


def test_a_state_less_code_is_refused_where_none_is_taken(
    open_host: Open, new_visitor: Callable[..., Visitor], hubspot: HubSpot
) -> None:
    """With ``PORTALKEY_PENDING_HOURS=0`` nothing that began at HubSpot is exchanged."""
    visitor = new_visitor(open_host(pending_hours=0))

    for query in ("code=abc", "code=abc&returnUrl=x", "step=authorize&returnUrl=x"):
        leaving = visitor.get(f"{CALLBACK}?{query}")
        assert leaving.headers["location"] == "/auth/hubspot/refused"
    assert hubspot.requests == ()
