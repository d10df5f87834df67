import json
from collections.abc import Mapping

import pytest
from pydantic import SecretStr

from portalkey.errors import BadAnswer, NeedsReconnect
from portalkey.hubspot.account import (
    Details,
    Introspection,
    details_request,
    identify,
    read_details,
    read_introspection,
)
from portalkey.hubspot.http import Response
from portalkey.model.connection import Account, Grant
from portalkey.settings import Settings


def ok(**members: object) -> Response:
    """A success with these members."""
    return Response(200, {}, json.dumps(members).encode())


def grant(
    hub_id: int | None = None, user_id: int | None = None, scopes: tuple[str, ...] | None = None
) -> Grant:
    """A grant that says this much."""
    return Grant(SecretStr("a"), SecretStr("r"), 1800, scopes, hub_id, user_id)


def test_details_use_the_header(settings: Settings) -> None:
    """An access token goes into the header and nowhere else."""
    request = details_request(settings, SecretStr("canary"))

    assert request.bearer == SecretStr("canary")
    assert request.form == {}
    assert "canary" not in repr(request)


@pytest.mark.parametrize("active", ["true", 1, None, [], "false", 0])
def test_active_is_no_boolean(active: object) -> None:
    """Only true is true (RFC 7662 section 2.2)."""
    with pytest.raises(BadAnswer, match="active"):
        read_introspection(ok(active=active, hub_id=1))


def test_active_is_missing() -> None:
    """An answer that does not say it is none."""
    with pytest.raises(BadAnswer, match="active"):
        read_introspection(ok(hub_id=1))


def test_inactive() -> None:
    """Of a token that HubSpot does not honour nothing else is believed."""
    found = read_introspection(ok(active=False, hub_id="x", scopes=7))

    assert found == Introspection(active=False)


def test_echoed_token_is_not_kept() -> None:
    """HubSpot sends the token back; it ends there."""
    assert "canary" not in repr(read_introspection(ok(active=True, token="canary")))


def test_introspection_refused() -> None:
    """A refusal is that of every other exchange."""
    with pytest.raises(NeedsReconnect):
        read_introspection(Response(400, {}, b'{"error": "invalid_grant"}'))


@pytest.mark.parametrize("portal", [None, "1", 0, -4, True])
def test_details_without_an_account(portal: object) -> None:
    """Facts of no account are no facts."""
    with pytest.raises(BadAnswer):
        read_details(ok(portalId=portal))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("US/Eastern", "US/Eastern"),
        ("  US/Eastern ", "US/Eastern"),
        ("a\r\nb\x1b[2J\0", "ab[2J"),
        ("\u202egnp.exe\u200b\u2066", "gnp.exe"),
        ("\ud800x\ufeff", "x"),
        ("Zürich", "Zürich"),
        ("x" * 1_000_000, "x" * 100),
        ("\n" * 150 + "x" * 100, "x" * 50),
        ("", None),
        (" \t", None),
        (7, None),
        (None, None),
        (["x"], None),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_text_for_people(value: object, expected: str | None) -> None:
    """Text is bounded and cannot steer a terminal, a log or the direction of a page."""
    assert read_details(ok(portalId=1, timeZone=value)).time_zone == expected


@pytest.mark.parametrize(
    ("sources", "hub_id"),
    [
        ((grant(1), None, None), 1),
        ((grant(), Introspection(active=True, hub_id=2), None), 2),
        ((grant(), None, Details(3)), 3),
        ((grant(4), Introspection(active=True, hub_id=4), Details(4)), 4),
        ((grant(5), Introspection(active=False), Details(5)), 5),
    ],
)
def test_any_source_names_the_account(
    sources: tuple[Grant, Introspection | None, Details | None], hub_id: int
) -> None:
    """One source is enough, and several have to agree."""
    assert identify(*sources)[0].hub_id == hub_id


@pytest.mark.parametrize(
    "sources",
    [
        (grant(), None, None),
        (grant(), Introspection(active=True), None),
        (grant(1), Introspection(active=True, hub_id=2), None),
        (grant(1), None, Details(2)),
        (grant(), Introspection(active=True, hub_id=1), Details(2)),
        (grant(1, user_id=7), Introspection(active=True, hub_id=1, user_id=8), None),
    ],
)
def test_account_in_doubt(sources: tuple[Grant, Introspection | None, Details | None]) -> None:
    """Without an account, or with two, nothing is connected."""
    with pytest.raises(BadAnswer):
        identify(*sources)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (("a",), ("b",), ("a",)),
        ((), ("b",), ("b",)),
        ((), (), None),
        (None, ("b",), ("b",)),
        (None, None, None),
    ],
)
def test_granted_scopes(
    first: tuple[str, ...] | None,
    second: tuple[str, ...] | None,
    expected: tuple[str, ...] | None,
) -> None:
    """The token response counts first; scopes that nobody named are unknown, and not none."""
    told = Introspection(active=True, hub_id=1, scopes=second)

    assert identify(grant(1, scopes=first), told, None)[1] == expected


def test_account_without_facts() -> None:
    """What HubSpot did not tell is not made up."""
    facts: Mapping[str, None] = dict.fromkeys(["user_email", "hub_domain", "time_zone"])

    assert identify(grant(1, 2), None, None)[0] == Account(1, 2, **facts)
