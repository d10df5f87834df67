"""The switches of the authorize page."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest

from portalkey_simulator import (
    ACCOUNTS,
    DEFAULT_APP,
    HubSpot,
    StayedOnPage,
    running_hubspot,
)
from portalkey_simulator.pages.redirects import is_registered

URI = "https://app.example/back?x=1"
CHALLENGE = {"code_challenge": "x" * 43, "code_challenge_method": "S256"}


def query(url: str) -> dict[str, list[str]]:
    """The query of a callback."""
    return parse_qs(urlsplit(url).query)


@pytest.mark.parametrize(
    ("match", "allowed", "refused"),
    [
        ("exact", URI, URI + "&"),
        ("any_slash", "https://app.example/back/?x=1", "https://app.example/back/?x=2"),
        ("any_query", "https://app.example/back?y", "https://app.example/back/"),
        ("any_case", "https://App.example/BACK?x=1", "https://app.example/back"),
        ("any_port", "https://app.example:8443/back?x=1", "https://app.example:8443/"),
        ("any_port", "https://app.example:/back?x=1", "https://app.example.:x/back?x=1"),
    ],
)
def test_how_redirect_uris_match(match: str, allowed: str, refused: str) -> None:
    """Each way is lenient in one point, and what equals a registered one always matches."""
    assert is_registered(allowed, (URI,), match)
    assert is_registered(URI, (URI,), match)
    assert not is_registered(refused, (URI,), match)
    assert not is_registered("https://[", (URI,), match)


def test_a_lenient_match_leads_where_it_was_asked(
    hubspot: HubSpot, authorize_url: Callable[..., str]
) -> None:
    """The callback goes to the address in the URL, not to the registered one."""
    asked = DEFAULT_APP.redirect_uris[0] + "/"
    with pytest.raises(StayedOnPage, match="doesn't match"):
        hubspot.approve(authorize_url(redirect_uri=asked))
    hubspot.switches.redirect_match = "any_slash"

    assert hubspot.approve(authorize_url(redirect_uri=asked)).startswith(f"{asked}?code=")


def test_the_error_of_who_cancels(hubspot: HubSpot, authorize_url: Callable[..., str]) -> None:
    """A switch says what it is called."""
    hubspot.switches.cancel_error = "user_cancelled"

    assert query(hubspot.deny(authorize_url()))["error"] == ["user_cancelled"]


def test_a_code_after_an_apparent_cancel(
    hubspot: HubSpot,
    http: httpx2.Client,
    authorize_url: Callable[..., str],
    exchange: Callable[..., httpx2.Response],
) -> None:
    """A switch lets a working code come back, for the account that is chosen or preselected."""
    hubspot.switches.cancel_sends = "code"

    callback = hubspot.deny(authorize_url(state="s"), hub_id=4410002)
    assert query(callback)["state"] == ["s"]
    assert exchange(query(callback)["code"][0]).json()["hub_id"] == 4410002
    bare = http.post(authorize_url(), data={"decision": "deny"}).headers["location"]
    assert exchange(query(bare)["code"][0]).json()["hub_id"] == 4410001


@pytest.mark.parametrize(
    ("pkce", "verifier", "status"),
    [("enforced", None, 400), ("enforced", "wrong", 400), ("ignored", None, 200)],
)
def test_whether_a_challenge_counts(
    hubspot: HubSpot,
    get_code: Callable[..., str],
    exchange: Callable[..., httpx2.Response],
    pkce: Literal["enforced", "ignored"],
    verifier: str | None,
    status: int,
) -> None:
    """A code with a challenge needs its verifier, unless the switch has it ignored."""
    hubspot.switches.pkce = pkce

    answer = exchange(get_code(**CHALLENGE), code_verifier=verifier)
    assert answer.status_code == status


@pytest.mark.parametrize("hublet", ["ap1", "na2"])
def test_hublets(hublet: str) -> None:
    """Codes, like refresh tokens, begin with the hublet of the account."""
    account = replace(ACCOUNTS[0], hosting=hublet)
    with running_hubspot(accounts=[account]) as hubspot:
        code = query(hubspot.approve(hubspot.install_link()))["code"][0]

    assert code.startswith(f"{hublet}-")


def test_install_link() -> None:
    """It asks for the app's scopes at its first redirect URI, without a state."""
    other = "https://app.example/other"
    app = replace(
        DEFAULT_APP,
        client_id="c",
        redirect_uris=(URI, other),
        required_scopes=("oauth", "a"),
        conditional_scopes=("b",),
        optional_scopes=("d",),
    )
    with running_hubspot(apps=[DEFAULT_APP, app]) as hubspot:
        link = hubspot.install_link(app)
        assert "state" not in query(link)
        assert "scope=oauth%20a&optional_scope=d" in link
        assert f"redirect_uri={quote(URI, safe='')}" in link
        answer = query(hubspot.approve(link))
        assert {"x", "code"} == set(answer)
        assert hubspot.approve(hubspot.install_link()).startswith(DEFAULT_APP.redirect_uris[0])
