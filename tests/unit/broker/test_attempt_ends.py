"""Answers to the question about another account, while something is in the way."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portalkey.broker import Broker
from portalkey.errors import AttemptExpired, BadAnswer, SessionFull, StoreBusy, StoreUnusable
from portalkey.hubspot.client import HubSpotClient
from portalkey.model.attempt import Attempt
from portalkey.model.authorization import AuthorizationOptions, Callback, Visitor
from portalkey.model.connection import Account, Grant
from portalkey.settings import Settings
from portalkey.settings.keys import Key
from portalkey.vault import Keyring, MemoryStore, Vault
from portalkey.vault.attempt_seals import WaitingGrant
from portalkey.vault.keyring import new_key
from portalkey_simulator import HubSpot
from support.visitor import query_of

ADA = Visitor("ada", "browser")
FIRST, SECOND = 4410001, 4410002


class Troubled(MemoryStore):
    """A store that meets *troubles*, one after another, as a connection or a grant is written."""

    def __init__(self) -> None:
        super().__init__()
        self.troubles: list[Exception] = []

    def _meet(self) -> None:
        if self.troubles:
            raise self.troubles.pop(0)

    def connect(self, *args: Any, **facts: Any) -> bool:
        """After its trouble."""
        self._meet()
        return super().connect(*args, **facts)

    def ask(self, *args: Any, **facts: Any) -> bool:
        """After its trouble."""
        self._meet()
        return super().ask(*args, **facts)


@pytest.fixture
def store() -> Troubled:
    """Nothing is the matter yet."""
    return Troubled()


@pytest.fixture
def broker(settings: Settings, store: Troubled, hubspot: HubSpot) -> Iterator[Broker]:
    """A broker over it; Ada has the first account."""
    wire = HubSpotClient()
    vault = Vault(Keyring(settings.keys), store, settings.client_id)
    broker = Broker(settings, vault, wire.send, close=wire.close)
    come_back(broker, hubspot, FIRST)
    yield broker
    broker.close()


def come_back(broker: Broker, hubspot: HubSpot, account: int = SECOND, **options: Any) -> Attempt:
    """Ada's attempt as she comes back from HubSpot with that account."""
    begun = broker.begin("ada", "browser", AuthorizationOptions(**options))
    query = tuple(query_of(hubspot.approve(begun.authorize_url, account)).items())
    return broker.finish(Callback(query, {begun.attempt.id: (begun.cookie,)}, ADA))


def hub_ids(broker: Broker) -> list[int]:
    """The accounts that Ada has."""
    return [each.hub_id for each in broker.connections("ada")]


def revoked(hubspot: HubSpot) -> int:
    """How many tokens HubSpot was asked to forget."""
    return sum(each.path.endswith("/revoke") for each in hubspot.requests)


def test_reconnecting_and_another_account_ask_nothing(broker: Broker, hubspot: HubSpot) -> None:
    """The one refuses another account anyway, the other was meant."""
    assert come_back(broker, hubspot, FIRST, hub_id=FIRST).status == "connected"
    assert come_back(broker, hubspot, SECOND, another=True).status == "connected"


@pytest.mark.parametrize("trouble", [StoreBusy(), StoreUnusable("full")], ids=["busy", "broken"])
def test_trouble_of_the_store_leaves_the_question_open(
    broker: Broker, store: Troubled, hubspot: HubSpot, trouble: Exception
) -> None:
    """Nothing is attached and nothing given back; the same yes works later."""
    asking = come_back(broker, hubspot)
    store.troubles = [trouble]

    with pytest.raises(type(trouble)):
        broker.confirm(asking, ADA)
    row = store.attempt(asking.id)
    assert row
    assert (row.status, hub_ids(broker), broker.stats().outbox) == ("asking", [FIRST], 1)
    assert broker.confirm(row, ADA).status == "connected"
    assert (hub_ids(broker), broker.stats().outbox) == ([FIRST, SECOND], 0)
    assert revoked(hubspot) == 0


def test_a_session_that_is_full_ends_the_attempt(
    broker: Broker, store: Troubled, hubspot: HubSpot
) -> None:
    """A yes cannot be kept there, now or later; the grant is still owed."""
    asking = come_back(broker, hubspot)
    store.troubles = [SessionFull(5000, 4093)]

    ended = broker.confirm(asking, ADA)
    assert (ended.status, ended.error) == ("failed", SessionFull.code)
    assert (hub_ids(broker), broker.stats().outbox) == ([FIRST], 1)


def test_a_grant_that_cannot_wait_is_given_back_at_once(
    broker: Broker, store: Troubled, hubspot: HubSpot
) -> None:
    """As one that cannot be stored as a connection is."""
    store.troubles = [StoreUnusable("full")]

    failed = come_back(broker, hubspot)
    assert (failed.status, failed.error) == ("failed", StoreUnusable.code)
    assert (hub_ids(broker), revoked(hubspot), broker.stats().outbox) == ([FIRST], 1, 0)


def test_an_attempt_that_ended_meanwhile_asks_nothing(
    broker: Broker, store: Troubled, hubspot: HubSpot
) -> None:
    """Its grant is not kept anywhere; whoever made it gives it back."""
    grant = broker.vault.open_grant(come_back(broker, hubspot)).grant
    begun = broker.begin("ada", "browser").attempt
    broker.cancel(begun)

    kept = broker.vault.ask(begun, grant, Account(SECOND), None, sent_at=store.now())
    assert kept is None
    assert broker.stats().outbox == 1  # of the other attempt


def test_a_grant_without_a_refresh_token_is_not_kept(broker: Broker, hubspot: HubSpot) -> None:
    """It would be a connection for half an hour."""
    asking = come_back(broker, hubspot)
    grant = replace(broker.vault.open_grant(asking).grant, refresh_token=None)

    with pytest.raises(BadAnswer):
        broker.vault.ask(asking, grant, Account(SECOND), None, sent_at=asking.seen_at)


def test_another_visitors_yes_is_counted_and_changes_nothing(
    broker: Broker, store: Troubled, hubspot: HubSpot
) -> None:
    """Whatever let them through: the last look is the broker's own."""
    asking = come_back(broker, hubspot)
    for visitor in (Visitor("eve", "browser"), Visitor("ada", "other"), Visitor(None)):
        assert broker.confirm(asking, visitor).status == "asking"

    assert hub_ids(broker) == [FIRST]


def test_a_yes_under_a_missing_key_fails_and_stays_owed(
    broker: Broker, store: Troubled, settings: Settings, hubspot: HubSpot
) -> None:
    """What no key opens is attached to nobody; its revocation waits for the key."""
    asking = come_back(broker, hubspot)
    other = Vault(Keyring([Key("other", new_key())]), store, settings.client_id)
    without = Broker(settings, other, HubSpotClient().send)

    ended = without.confirm(asking, ADA)
    assert (ended.status, ended.error) == ("failed", "no_key_opens")
    assert (hub_ids(broker), broker.stats().outbox) == ([FIRST], 1)
    with pytest.raises(AttemptExpired):
        broker.question_of(ended)
    without.close()


def test_a_no_under_a_missing_key_is_given_back_in_its_time(
    broker: Broker, store: Troubled, settings: Settings, hubspot: HubSpot
) -> None:
    """The attempt ends at once; what it would hurry cannot be read."""
    asking = come_back(broker, hubspot)
    other = Vault(Keyring([Key("other", new_key())]), store, settings.client_id)
    without = Broker(settings, other, HubSpotClient().send)
    without.cancel(asking)
    without.close()

    row = store.attempt(asking.id)
    assert row
    assert (row.status, broker.stats().outbox) == ("cancelled", 1)


def test_a_waiting_grant_comes_back_whole(settings: Settings, store: Troubled) -> None:
    """All that a connection is made of, sealed for this attempt only."""
    vault = Vault(Keyring(settings.keys), store, settings.client_id)
    key = new_key()
    account = Account(SECOND, 7, "ada@example.com", "example.com", time_zone="UTC")
    for scopes, refresh in ((("oauth", "crm.lists.read"), key), (None, None)):
        sent_at = store.now() - timedelta(seconds=3)
        waiting = WaitingGrant(Grant(key, refresh, 1800), account, scopes, sent_at, "owed")
        assert WaitingGrant.read(waiting.write()) == waiting
    sealed = vault.seal_grant("attempt", waiting)
    assert key.get_secret_value() not in sealed + repr(waiting)


def test_a_yes_to_a_question_that_was_cancelled_meanwhile_attaches_nothing(
    broker: Broker, hubspot: HubSpot
) -> None:
    """Whatever the page showed, the end that the attempt has is final."""
    asking = come_back(broker, hubspot)
    broker.cancel(asking)

    assert broker.confirm(asking, ADA).status == "cancelled"
    assert hub_ids(broker) == [FIRST]
    broker.cancel(asking)  # which it is already
