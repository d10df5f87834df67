"""Scripts and workers: an account to work with, and an owner who is gone."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from portalkey.broker import Broker
from portalkey.errors import (
    AccountNotNamed,
    NotConnected,
    ScopesMissing,
)
from portalkey.hubspot.client import HubSpotClient
from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import Connection
from portalkey.model.events import Event, EventName
from portalkey.settings import Settings
from portalkey.vault import Keyring, MemoryStore, OwedRevocation, Vault
from portalkey_simulator import HubSpot
from processes.herd import agreed, connect, expire, renewals
from support.environment import environment_of


def test_an_account_gives_valid_tokens(broker: Broker, hubspot: HubSpot, ahead: Any) -> None:
    """Across an expiry too, and it says whose it is."""
    connect(broker, hubspot, "ada")

    with broker.using("ada") as account:
        first = account.access_token()
        expire(hubspot, ahead)
        second = account.access_token(scopes=["crm.objects.contacts.read"])

    (connection,) = broker.connections("ada")
    assert (account.owner, account.hub_id) == ("ada", connection.hub_id)
    assert first != second == broker.access_token("ada")


def test_an_account_stays_with_its_hub_id(broker: Broker, hubspot: HubSpot) -> None:
    """What is connected meanwhile does not make it ambiguous."""
    connect(broker, hubspot, "ada")
    with broker.using("ada") as account:
        token = account.access_token()
        small = hubspot.accounts[1]
        connect(broker, hubspot, "ada", hub_id=small.hub_id)

        assert account.access_token() == token
        with pytest.raises(AccountNotNamed):
            broker.access_token("ada")


def test_trouble_comes_before_the_work(broker: Broker, hubspot: HubSpot) -> None:
    """No block begins that could not have a token."""
    began = False
    with pytest.raises(NotConnected), broker.using("nobody"):
        began = True
    connect(broker, hubspot, "ada")
    with pytest.raises(ScopesMissing), broker.using("ada", scopes=["tickets"]):
        began = True

    assert not began


def test_an_account_ends_with_its_block(broker: Broker, hubspot: HubSpot) -> None:
    """Whoever kept it gets no more tokens, not even where the block broke."""
    connect(broker, hubspot, "ada")
    with pytest.raises(ZeroDivisionError), broker.using("ada") as account:
        raise ZeroDivisionError

    with pytest.raises(RuntimeError, match=r"broker\.using\(\) has ended.* begin another"):
        account.access_token()
    with pytest.raises(RuntimeError, match=r"broker\.using\(\) has ended.* begin another"):
        account.report_unauthorized("token")


pytest_plugins = ("support.postgres",)

SCRIPT = """
from portalkey import Broker
broker = Broker.from_env(None)
for _ in range(3):
    broker.access_token("ada")
"""


@pytest.mark.parametrize(
    ("more", "database"),
    [("", "sqlite"), ("broker.close()", "sqlite"), ("", "postgresql"), ("", "file")],
)
def test_a_script_is_counted(
    hubspot: HubSpot,
    settings: Settings,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    more: str,
    database: str,
) -> None:
    """By its name, whether it closes its broker or just ends, in every store of a script's."""
    url = {"sqlite": settings.database_url, "file": f"file://{tmp_path}/connections.json"}
    if database not in url:
        url[database] = request.getfixturevalue("migrated_postgres_url")
    settings = settings.model_copy(update={"database_url": url[database]})
    broker = Broker.of(settings)
    connect(broker, hubspot, "ada")
    script = tmp_path / "nightly.py"
    script.write_text(f"{SCRIPT}{more}\n")
    environment = {**os.environ, **environment_of(settings)}
    done = subprocess.run(
        [sys.executable, script], check=False, capture_output=True, text=True, env=environment
    )
    (connection,) = broker.connections("ada")

    assert (done.returncode, done.stderr) == (0, "")
    taken = [(each.label, each.n) for each in broker.counters(connection.id)]
    broker.close()
    assert taken == [("nightly", 3)]


def test_a_refused_token_is_renewed_in_a_block(broker: Broker, hubspot: HubSpot) -> None:
    """Once, as the broker does it."""
    connect(broker, hubspot, "ada")

    with broker.using("ada") as account:
        refused = account.access_token()
        assert account.report_unauthorized(refused) != refused

    assert renewals(hubspot) == 1


def test_a_deleted_user_has_no_token(broker: Broker, hubspot: HubSpot) -> None:
    """The connections are unusable at once, all of them, and HubSpot is told after that."""
    connect(broker, hubspot, "ada")
    connect(broker, hubspot, "ada", hub_id=hubspot.accounts[1].hub_id)
    connect(broker, hubspot, "eve")

    assert broker.on_user_deleted("ada") == 2

    with pytest.raises(NotConnected):
        broker.access_token("ada")
    broker.close()  # waits for what goes on in the background
    names = [event.name for event in broker.vault.store.events()]
    assert names.count(EventName.DISCONNECTED) == 2
    assert names.count(EventName.REVOKED) == 2
    assert broker.access_token("eve")
    assert broker.on_user_deleted("ada") == 0


def test_hubspot_is_away_as_a_user_is_deleted(broker: Broker, hubspot: HubSpot, ahead: Any) -> None:
    """Nobody waits for it: what it has to be told is owed."""
    connect(broker, hubspot, "ada")
    hubspot.stop()

    assert broker.on_user_deleted("ada") == 1

    broker.close()
    with pytest.raises(NotConnected):
        broker.access_token("ada")
    ahead.seconds += 3600
    assert len(broker.vault.store.pending(10)) == 1


class Overtaken(MemoryStore):
    """A store that is overtaken by what happens *meanwhile*, before it writes one of these."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)
    at = ""

    def _is_overtaken(self, at: str) -> None:
        if at == self.at:
            self.at = ""
            self.meanwhile()

    def cancel_attempts(self, owner: str) -> Sequence[Event]:
        """The attempts as they stand after that."""
        self._is_overtaken("cancel")
        return super().cancel_attempts(owner)

    def connect(
        self,
        attempt_id: str | None,
        connection: Connection,
        *,
        event: Event | None = None,
        owed: OwedRevocation | None = None,
        settled: str | None = None,
        is_sole: bool = False,
    ) -> bool:
        """The connection, if it may still be made after that."""
        self._is_overtaken("connect")
        return super().connect(
            attempt_id, connection, event=event, owed=owed, settled=settled, is_sole=is_sole
        )


@pytest.fixture
def overtaken(settings: Settings) -> Iterator[tuple[Broker, Overtaken]]:
    """A broker over such a store."""
    store, wire = Overtaken(), HubSpotClient()
    vault = Vault(Keyring(settings.keys), store, settings.client_id)
    with closing(Broker(settings, vault, wire.send, close=wire.close)) as broker:
        yield broker, store


def test_a_callback_meets_a_deletion(overtaken: tuple[Broker, Overtaken], hubspot: HubSpot) -> None:
    """A connection that is made as the user is deleted goes with the others."""
    broker, store = overtaken
    begun = broker.begin("ada", "browser")
    store.at, store.meanwhile = "cancel", lambda: agreed(broker, hubspot, begun)

    assert broker.on_user_deleted("ada") == 1
    assert broker.connections("ada") == []


def test_a_deletion_meets_an_exchange(
    overtaken: tuple[Broker, Overtaken], hubspot: HubSpot
) -> None:
    """One whose code is being exchanged at that moment never becomes a connection."""
    broker, store = overtaken
    begun = broker.begin("ada", "browser")
    store.at, store.meanwhile = "connect", lambda: broker.on_user_deleted("ada")

    assert agreed(broker, hubspot, begun).status is AttemptStatus.CANCELLED
    assert broker.connections("ada") == []
    broker.close()
    assert EventName.REVOKED in {each.name for each in store.events()}


def test_a_token_is_unusable_before_attempts_are_cancelled(
    overtaken: tuple[Broker, Overtaken], hubspot: HubSpot
) -> None:
    """However many there are: whatever is done for a deleted user comes after that."""
    broker, store = overtaken
    connect(broker, hubspot, "ada")
    assert broker.access_token("ada")
    outcomes: list[type[Exception]] = []

    def ask() -> None:
        with pytest.raises(NotConnected) as refused:
            broker.access_token("ada")
        outcomes.append(refused.type)

    store.at, store.meanwhile = "cancel", ask
    broker.on_user_deleted("ada")

    assert outcomes == [NotConnected]


def test_a_deleted_users_attempt_keeps_nothing(broker: Broker, hubspot: HubSpot) -> None:
    """Somebody who is at HubSpot as their user is deleted does not come back to a connection."""
    begun = broker.begin("ada", "browser")

    broker.on_user_deleted("ada")

    assert agreed(broker, hubspot, begun).status is AttemptStatus.CANCELLED
    assert broker.connections("ada") == []
