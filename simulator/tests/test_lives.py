"""The lives of tokens: the switches of the ledger, and seeds."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator import HubSpot, running_hubspot

Send = Callable[..., httpx2.Response]
Connect = Callable[..., dict[str, Any]]
DETAILS = "/account-info/2026-03/details"


@pytest.fixture
def lives(http: httpx2.Client) -> Callable[[str], bool]:
    """Whether an access token is honoured."""

    def ask(token: str) -> bool:
        return http.get(DETAILS, headers={"Authorization": f"Bearer {token}"}).status_code == 200

    return ask


@pytest.mark.parametrize("ends", [True, False])
def test_refresh(
    hubspot: HubSpot,
    connect: Connect,
    refresh: Send,
    lives: Callable[[str], bool],
    ends: bool,  # noqa: FBT001 - the switch's own type
) -> None:
    """An older access token lives on after a refresh, unless that is switched off."""
    hubspot.switches.refresh_ends_access = ends
    other, first = connect(4410002), connect()

    second = refresh(first["refresh_token"]).json()

    assert lives(first["access_token"]) is not ends
    assert lives(second["access_token"])
    assert lives(other["access_token"])


@pytest.mark.parametrize("ends", [True, False])
def test_revocation(
    hubspot: HubSpot,
    connect: Connect,
    post: Send,
    lives: Callable[[str], bool],
    ends: bool,  # noqa: FBT001 - the switch's own type
) -> None:
    """Access tokens live on after a revocation, unless that is switched off."""
    hubspot.switches.revoke_ends_access = ends
    other, tokens = connect(), connect()

    post("/oauth/2026-03/token/revoke", token=tokens["refresh_token"])

    assert lives(tokens["access_token"]) is not ends
    assert lives(other["access_token"])


@pytest.mark.parametrize("ends", [True, False])
def test_uninstall(
    hubspot: HubSpot,
    connect: Connect,
    lives: Callable[[str], bool],
    ends: bool,  # noqa: FBT001 - the switch's own type
) -> None:
    """Access tokens live on after an uninstall, unless that is switched off."""
    hubspot.switches.uninstall_ends_access = ends
    other, tokens = connect(4410002), connect()

    hubspot.uninstall(4410001)

    assert lives(tokens["access_token"]) is not ends
    assert lives(other["access_token"])


@pytest.mark.parametrize("ends", [True, False])
def test_code_used_again(
    hubspot: HubSpot,
    get_code: Callable[..., str],
    exchange: Send,
    refresh: Send,
    lives: Callable[[str], bool],
    ends: bool,  # noqa: FBT001 - the switch's own type
) -> None:
    """The second use is refused, and where that is switched on the tokens of the first end."""
    hubspot.switches.reuse_ends_tokens = ends
    code = get_code()
    tokens = exchange(code).json()

    assert exchange(code).json()["status"] == "BAD_AUTH_CODE"

    assert lives(tokens["access_token"]) is not ends
    assert refresh(tokens["refresh_token"]).is_success is not ends


def test_uninstall_of_no_account(hubspot: HubSpot) -> None:
    """An account that is not there is a slip of the test, and said so."""
    with pytest.raises(ValueError, match="no account 1"):
        hubspot.uninstall(1)


def test_uninstall_ends_codes(
    hubspot: HubSpot, get_code: Callable[..., str], exchange: Send
) -> None:
    """A code that nobody has used yet ends as well."""
    code = get_code()
    hubspot.uninstall(4410001)

    assert exchange(code).json()["status"] == "BAD_AUTH_CODE"


def test_what_happened_is_kept(hubspot: HubSpot, connect: Connect) -> None:
    """The first exchange installs, an uninstall is told once, and the next exchange installs."""
    connect()
    connect()
    hubspot.uninstall(4410001)
    hubspot.uninstall(4410001)
    connect()

    told = [(each.action, each.hub_id) for each in hubspot._world.lifecycle.events]
    assert told == [
        ("APP_INSTALL", 4410001),
        ("APP_UNINSTALL", 4410001),
        ("APP_INSTALL", 4410001),
    ]


def test_seed(authorize_url: Callable[..., str]) -> None:
    """The same seed gives the same codes, another one gives others, and none gives new ones."""

    def code(seed: int | None) -> str:
        with running_hubspot(seed=seed) as hubspot:
            here = authorize_url().split("/oauth/")[1]
            return hubspot.approve(f"{hubspot.url}/oauth/{here}")

    assert code(7) == code(7) != code(8)
    assert code(None) != code(None)


def test_seed_of_faults() -> None:
    """A seed makes chance hit the same answers again."""

    def fates(seed: int) -> list[bool]:
        faults = HubSpot(seed=seed).faults
        faults.add("unavailable", times=None, chance=0.5)
        return [faults.take("token") is not None for _ in range(40)]

    assert fates(7) == fates(7) != fates(8)
    assert {True, False} == set(fates(7))
