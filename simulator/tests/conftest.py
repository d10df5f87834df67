"""A simulator on a socket, and the few questions that tests ask it."""

import ssl
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import hypothesis
import jsonschema_rs
import pytest

from portalkey_simulator import HubSpot, running_hubspot
from portalkey_simulator.control.openapi_document import build_document
from portalkey_simulator.world.installs import Agreement

SCOPES = "oauth crm.objects.contacts.read crm.objects.companies.read"

# A busy machine draws values slowly too; a rule holds or not, however long that takes.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """A simulator with the ready-made app."""
    with running_hubspot() as running:
        yield running


@pytest.fixture
def http(hubspot: HubSpot) -> Iterator[httpx2.Client]:
    """A client that follows no redirect."""
    # Plain HTTP needs no roots, and loading them takes longer than most of these tests.
    no_roots = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with httpx2.Client(base_url=hubspot.url, verify=no_roots, timeout=60) as client:
        yield client


@pytest.fixture
def authorize_url(hubspot: HubSpot) -> Callable[..., str]:
    """Makes authorize URLs; a parameter given as None is left out."""

    def make(pinned: int | str | None = None, **changes: str | None) -> str:
        query: dict[str, str | None] = {
            "client_id": hubspot.app.client_id,
            "redirect_uri": hubspot.app.redirect_uris[0],
            "scope": SCOPES,
            "optional_scope": "crm.objects.deals.read",
            **changes,
        }
        path = "/oauth/authorize" if pinned is None else f"/oauth/{pinned}/authorize"
        given = {name: value for name, value in query.items() if value is not None}
        return f"{hubspot.url}{path}?{urlencode(given)}"

    return make


@pytest.fixture
def get_code(hubspot: HubSpot, authorize_url: Callable[..., str]) -> Callable[..., str]:
    """Agrees on the consent page and returns the code."""

    def get(hub_id: int | None = None, **changes: str | None) -> str:
        callback = hubspot.approve(authorize_url(**changes), hub_id)
        return parse_qs(urlsplit(callback).query)["code"][0]

    return get


@pytest.fixture
def post(hubspot: HubSpot, http: httpx2.Client) -> Callable[..., httpx2.Response]:
    """Posts a form with the app's credentials; a field given as None is left out."""

    def send(path: str = "/oauth/2026-03/token", **changes: str | None) -> httpx2.Response:
        form = {
            "client_id": hubspot.app.client_id,
            "client_secret": hubspot.app.client_secret,
            **changes,
        }
        return http.post(path, data={k: v for k, v in form.items() if v is not None})

    return send


@pytest.fixture
def exchange(
    hubspot: HubSpot, post: Callable[..., httpx2.Response]
) -> Callable[..., httpx2.Response]:
    """Exchanges a code, with what *changes* say otherwise."""

    def send(code: str, /, **changes: str | None) -> httpx2.Response:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": hubspot.app.redirect_uris[0],
            **changes,
        }
        return post(**form)

    return send


@pytest.fixture
def refresh(post: Callable[..., httpx2.Response]) -> Callable[..., httpx2.Response]:
    """Refreshes a token."""

    def send(refresh_token: str, /, **changes: str | None) -> httpx2.Response:
        return post(grant_type="refresh_token", refresh_token=refresh_token, **changes)

    return send


@pytest.fixture
def connect(
    get_code: Callable[..., str], exchange: Callable[..., httpx2.Response]
) -> Callable[..., dict[str, Any]]:
    """Goes through consent and exchange, and returns the token response's JSON."""

    def go(hub_id: int | None = None, **changes: str | None) -> dict[str, Any]:
        answer = exchange(get_code(hub_id, **changes)).raise_for_status()
        return dict(answer.json())

    return go


@pytest.fixture
def grant(hubspot: HubSpot) -> Callable[..., dict[str, str]]:
    """The header of an access token for these scopes, without the way through the pages."""

    def give(*scopes: str, hub_id: int = 4410001, **of_agreement: Any) -> dict[str, str]:
        world = hubspot._world
        account = next(one for one in world.accounts if one.hub_id == hub_id)
        known: dict[str, Any] = {"client_id": hubspot.app.client_id, "user": account.users[0]}
        agreement = Agreement(account=account, scopes=scopes, **(known | of_agreement))
        code = world.ledger.issue_code(agreement, "", None)
        issued = world.ledger.spend_code(
            code, client_id=agreement.client_id, redirect_uri="", verifier=""
        )
        return {"Authorization": f"Bearer {issued.access_token}"}

    return give


@pytest.fixture
def ask(http: httpx2.Client) -> Callable[..., Any]:
    """One call, whose answer has to be good and as the document says; returns its JSON."""

    def send(method: str, path: str, body: object = None, template: str = "") -> Any:
        answer = http.request(method, f"/control/{path}", json=body)
        assert answer.is_success, answer.text
        if not answer.content:
            return None
        operation = build_document()["paths"][f"/control/{template or path}"][method.lower()]
        told = operation["responses"][str(answer.status_code)]["content"]["application/json"]
        jsonschema_rs.validate(told["schema"], answer.json())
        return answer.json()

    return send


@pytest.fixture
def app_token(post: Callable[..., httpx2.Response]) -> Callable[..., dict[str, str]]:
    """The header of an app's own token for these scopes of the webhooks journal."""

    def give(*scopes: str) -> dict[str, str]:
        asked = " ".join(f"developer.webhooks_journal.{scope}" for scope in scopes)
        answer = post(grant_type="client_credentials", scope=asked).raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    return give
