"""Asking for a token: fresh, expired, refused, and everything that HubSpot may answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.broker.introspect import CHECKS_REMEMBERED
from portalkey.errors import (
    AccountNotNamed,
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    NeedsReconnect,
    NoKeyOpens,
    NotConnected,
    PortalkeyError,
    RateLimited,
    ScopesMissing,
)
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import EventName
from portalkey.settings import Key, Settings
from portalkey.vault.store import Mark
from portalkey_simulator import HubSpot
from support.visitor import Visitor


def token_requests(hubspot: HubSpot) -> int:
    """How often the token endpoint was asked to renew."""
    return sum(asked.form.get("grant_type") == "refresh_token" for asked in hubspot.requests)


def token_of(broker: Broker, connection: Connection) -> str:
    """What *connection* would hand out."""
    return broker.vault.open_access(connection).get_secret_value()


def make_expired(ahead: Any, hubspot: HubSpot) -> None:
    """Half an hour passes, here and at HubSpot."""
    ahead.seconds += 1801
    hubspot.clock.move(1801)


def test_a_fresh_token_costs_no_request(visitor: Visitor, broker: Broker, hubspot: HubSpot) -> None:
    """While the token lives, HubSpot is not asked."""
    visitor.connect()
    owner, asked = visitor.owner, len(hubspot.requests)

    assert broker.access_token(owner) == broker.access_token(owner)
    assert len(hubspot.requests) == asked


def test_an_expired_token_is_renewed(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """After half an hour a new token comes, of the next generation."""
    visitor.connect()
    owner = visitor.owner
    before = broker.access_token(owner)
    make_expired(ahead, hubspot)

    after = broker.access_token(owner)

    assert after != before
    assert token_requests(hubspot) == 1
    assert broker.connections(owner)[0].generation == 2


def test_many_threads_cause_one_renewal(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """One thread asks, and the others wait for what it gets."""
    visitor.connect()
    owner = visitor.owner
    make_expired(ahead, hubspot)
    hubspot.next_token_answer(delay=0.2)

    with ThreadPoolExecutor(16) as pool:
        tokens = set(pool.map(lambda _: broker.access_token(owner), range(32)))

    assert len(tokens) == 1
    assert token_requests(hubspot) == 1


def test_a_rotated_refresh_token_replaces_the_old_one(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """Whichever refresh token comes back is the one used next (RFC 6749 section 6)."""
    hubspot.switches.rotate_refresh_tokens = True
    visitor.connect()
    owner = visitor.owner

    for _ in range(3):
        make_expired(ahead, hubspot)
        broker.access_token(owner)

    used = [a.form["refresh_token"] for a in hubspot.requests if "refresh_token" in a.form]
    assert len(set(used)) == 3


def test_an_uninstalled_app_needs_reconnecting(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any, settings: Settings
) -> None:
    """A dead grant is told at once, with the address that mends it, and HubSpot is not asked on."""
    visitor.connect()
    owner = visitor.owner
    (connection,) = broker.connections(owner)
    hubspot.uninstall(connection.hub_id)
    make_expired(ahead, hubspot)

    with pytest.raises(NeedsReconnect) as caught:
        broker.access_token(owner)
    with pytest.raises(NeedsReconnect):
        broker.access_token(owner)

    address = f"{settings.public_url}/connections/setup?reconnect={connection.id}"
    assert caught.value.reconnect_url == address
    assert token_requests(hubspot) == 1
    assert visitor.status()["authenticated"] is False


def test_reconnecting_heals(visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any) -> None:
    """A new grant over a dead one makes the same connection work again."""
    visitor.connect()
    owner = visitor.owner
    (before,) = broker.connections(owner)
    hubspot.uninstall(before.hub_id)
    make_expired(ahead, hubspot)
    with pytest.raises(NeedsReconnect):
        broker.access_token(owner)
    visitor.connect()

    assert broker.access_token(owner)
    assert [each.id for each in broker.connections(owner)] == [before.id]


OPERATOR = {"error": "invalid_client", "status": "BAD_CLIENT_SECRET"}
ANSWERS: list[tuple[int, Any, type[PortalkeyError]]] = [
    (400, OPERATOR, HubSpotRefused),
    (403, b"<html>banned</html>", HubSpotRefused),
    (418, b"{}", HubSpotRefused),
    (302, b"", BadAnswer),
    (200, b"nonsense", HubSpotUnavailable),
    (200, b"", HubSpotUnavailable),
    (429, {"message": "limit"}, RateLimited),
    (423, b"", HubSpotUnavailable),
    (477, b"", HubSpotUnavailable),
    (500, b"boom", HubSpotUnavailable),
    (500, {"error": "invalid_grant", "status": "BAD_REFRESH_TOKEN"}, HubSpotUnavailable),
    (503, b"", HubSpotUnavailable),
]


@pytest.mark.parametrize(("status", "body", "error"), ANSWERS)
def test_trouble_is_told_and_disconnects_nobody(
    visitor: Visitor,
    broker: Broker,
    hubspot: HubSpot,
    ahead: Any,
    status: int,
    body: Any,
    error: type[PortalkeyError],
) -> None:
    """Nothing but a dead grant ends a connection; a minute later it works again."""
    visitor.connect()
    owner = visitor.owner
    make_expired(ahead, hubspot)
    hubspot.next_token_answer(status=status, body=body)

    for _ in range(3):
        with pytest.raises(error):
            broker.access_token(owner)

    assert token_requests(hubspot) == 1
    is_of_settings = status in {400, 403}  # perhaps of this process alone: no row says so
    expected = ConnectionStatus.CONNECTED if is_of_settings else ConnectionStatus.FAILING
    assert broker.connections(owner)[0].status is expected
    ahead.seconds += 61
    assert broker.access_token(owner)
    assert broker.connections(owner)[0].status is ConnectionStatus.CONNECTED


def test_a_token_that_still_lives_is_served_on(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """When renewing fails in the last minute, the old token is still handed out."""
    visitor.connect()
    owner = visitor.owner
    before = broker.access_token(owner)
    ahead.seconds += 1745
    hubspot.next_token_answer(status=503)

    assert broker.access_token(owner) == before
    assert token_requests(hubspot) == 1


def test_a_wrong_secret_raises_one_alarm(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """What only the operator can mend stands in the audit as such."""
    visitor.connect()
    owner = visitor.owner
    make_expired(ahead, hubspot)
    hubspot.next_token_refusal("BAD_CLIENT_SECRET")

    for _ in range(3):
        with pytest.raises(HubSpotRefused) as caught:
            broker.access_token(owner)

    assert caught.value.status == "BAD_CLIENT_SECRET"
    alarms = [e for e in broker.vault.store.events() if e.name is EventName.HUBSPOT_REFUSED]
    assert [alarm.facts["status"] for alarm in alarms] == ["BAD_CLIENT_SECRET"]


def test_the_token_of_another_account_is_not_used(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """A reply that was meant for somebody else is refused."""
    visitor.connect()
    owner = visitor.owner
    make_expired(ahead, hubspot)
    mixed_up = {
        "token_type": "bearer",
        "access_token": "of-somebody-else",
        "refresh_token": "of-somebody-else",
        "expires_in": 1800,
        "hub_id": 1,
    }
    hubspot.next_token_answer(status=200, body=mixed_up)

    with pytest.raises(BadAnswer):
        broker.access_token(owner)

    ahead.seconds += 61
    assert broker.access_token(owner) != "of-somebody-else"


def test_nobody_connected(broker: Broker) -> None:
    """An owner without a connection is told to connect."""
    with pytest.raises(NotConnected):
        broker.access_token("nobody")


def test_an_account_has_to_be_named_among_several(visitor: Visitor, broker: Broker) -> None:
    """Guessing would hand out the wrong customer's token."""
    visitor.connect(hub_id=4410001)
    visitor.connect(hub_id=4410002)

    with pytest.raises(AccountNotNamed) as caught:
        broker.access_token(visitor.owner)

    assert caught.value.hub_ids == (4410001, 4410002)


def test_an_account_that_is_not_connected_is_named(visitor: Visitor, broker: Broker) -> None:
    """Whoever mistook the account reads which one, and which ones there are."""
    visitor.connect(hub_id=4410001)
    visitor.connect(hub_id=4410002)

    with pytest.raises(NotConnected, match=r"account 999 .* connected are 4410001, 4410002"):
        broker.access_token(visitor.owner, 999)


@pytest.mark.parametrize("hub_id", ["4410001", 4410001.0, True, b"4410001"])
def test_an_account_that_is_no_number_is_a_mistake(
    visitor: Visitor, broker: Broker, hub_id: Any
) -> None:
    """It would be said not to be connected, though it is."""
    visitor.connect(hub_id=4410001)
    for ask in (
        lambda: broker.access_token(visitor.owner, hub_id),
        lambda: broker.report_unauthorized(visitor.owner, "token", hub_id),
        lambda: broker.using(visitor.owner, hub_id).__enter__(),
    ):
        with pytest.raises(TypeError, match="hub_id must be a number such as 4410001"):
            ask()


@pytest.mark.parametrize("end", ["report", "disconnect", "delete"])
def test_a_dead_token_is_not_handed_on_once(
    visitor: Visitor, broker: Broker, settings: Settings, hubspot: HubSpot, end: str
) -> None:
    """What this process has heard or done itself holds at once, not after its next look."""
    visitor.connect()
    with closing(Broker(settings, broker.vault, broker._send, clock=lambda: 1000.0)) as still:
        token = still.access_token(visitor.owner)
        connection = still.connections(visitor.owner)[0]
        assert still.access_token(visitor.owner) == token
        if end == "report":
            hubspot.uninstall(connection.hub_id)
            with pytest.raises(NeedsReconnect):
                still.report_unauthorized(visitor.owner, token)
        elif end == "disconnect":
            still.disconnect(visitor.owner, connection.id)
        else:
            still.on_user_deleted(visitor.owner)

        with pytest.raises(NeedsReconnect if end == "report" else NotConnected):
            still.access_token(visitor.owner)


def test_what_was_read_before_an_end_is_not_kept(visitor: Visitor, broker: Broker) -> None:
    """Somebody else looked just before: what they saw does not come into the cache after it."""
    visitor.connect()
    tokens, owner = broker._tokens, visitor.owner

    def find_late() -> Connection:
        row = broker.connections(owner)[0]
        tokens.evict(owner)
        return row

    assert tokens.get(owner, None, find_late).token
    assert (owner, None) not in tokens.cached


def test_a_scope_that_was_not_granted(visitor: Visitor, broker: Broker) -> None:
    """A caller that names what it needs learns it here, not from a 403 later."""
    visitor.connect(hub_id=4410003)

    with pytest.raises(ScopesMissing) as caught:
        broker.access_token(visitor.owner, scopes=["oauth", "crm.objects.deals.read"])

    assert caught.value.scopes == ("crm.objects.deals.read",)


@pytest.mark.parametrize("owner", ["", "  ", None, 7, b"x", "a\0b"])
def test_an_owner_that_is_none_is_refused(broker: Broker, owner: Any) -> None:
    """An owner is a non-empty string of the app's own; anything else is a mistake."""
    with pytest.raises(TypeError):
        broker.access_token(owner)


def test_a_lost_key_is_the_operators_to_find(
    visitor: Visitor, broker: Broker, settings: Settings, make_broker: Callable[[Settings], Broker]
) -> None:
    """Without the key nothing is handed out, nothing is lost, and the key's name is told."""
    visitor.connect()
    keyless = make_broker(settings.model_copy(update={"keys": _other_key()}))

    with pytest.raises(NoKeyOpens) as caught:
        keyless.access_token(visitor.owner)

    assert caught.value.key_name == "test"
    assert broker.access_token(visitor.owner)


def _other_key() -> tuple[Key, ...]:
    return (Key("other", SecretStr(Fernet.generate_key().decode())),)


def test_asking_hubspot_marks_a_dead_connection(
    visitor: Visitor, broker: Broker, hubspot: HubSpot
) -> None:
    """``?check=1`` finds out what HubSpot never tells by itself."""
    visitor.connect()
    hubspot.uninstall(4410001)

    assert visitor.status()["authenticated"] is True
    assert visitor.get("/api/hubspot/status?check=1").json()["authenticated"] is False
    assert broker.connections(visitor.owner)[0].status is ConnectionStatus.NEEDS_RECONNECT


def test_a_check_that_gets_no_answer_changes_nothing(
    visitor: Visitor, broker: Broker, hubspot: HubSpot
) -> None:
    """``?check=1`` while HubSpot is down says what the store says."""
    visitor.connect()
    hubspot.stop()

    assert visitor.get("/api/hubspot/status?check=1").json()["authenticated"] is True
    (connection,) = broker.connections(visitor.owner)
    broker.vault.store.mark(connection, Mark(ConnectionStatus.NEEDS_RECONNECT))
    assert visitor.get("/api/hubspot/status?check=1").json()["authenticated"] is False


def test_a_page_that_polls_checks_does_not_hammer_hubspot(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """One connection is asked about once in ten seconds, however often a page asks."""
    visitor.connect()
    asked = len(hubspot.requests)

    for _ in range(5):
        visitor.get("/api/hubspot/status?check=1")
    assert len(hubspot.requests) == asked + 1

    ahead.seconds += 11
    visitor.get("/api/hubspot/status?check=1")
    assert len(hubspot.requests) == asked + 2


def test_checks_are_not_remembered_without_end(
    visitor: Visitor, broker: Broker, hubspot: HubSpot
) -> None:
    """What is remembered of checks is bounded."""
    visitor.connect()
    (connection,) = broker.connections(visitor.owner)

    for number in range(CHECKS_REMEMBERED + 5):
        with suppress(NoKeyOpens):  # sealed for another id
            broker.introspector.check(replace(connection, id=str(number)))

    assert len(broker.introspector._checked) <= CHECKS_REMEMBERED
