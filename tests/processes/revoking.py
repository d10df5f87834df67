"""All connections revoked by the operator's command, which is killed again and again."""

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from portalkey.hubspot.account import introspect_request, read_introspection
from portalkey.hubspot.client import HubSpotClient
from portalkey.model.connection import Account, Connection, ConnectionStatus, Grant
from portalkey.settings import Settings
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey.vault.sql.rows import connection_values
from portalkey.vault.sql.tables import connections
from portalkey_simulator import HubSpot
from processes.crew import Crew, Member
from processes.plan import Ahead, Plan
from processes.worker import broker_of
from support.old_app import OldUser, issued

REVOKE = ("connections", "revoke", "--all", "--yes", "--json")
_AT_ONCE = 1000
_LOOK = 0.01
_LONG = 3600.0
"""Seconds that a whole run may take, on a machine that has much else to do."""
_CLAIM = 61.0
"""Seconds after which nobody holds what a killed process was just sending."""


def fill(settings: Settings, hubspot: HubSpot, rows: int) -> list[str]:
    """Connect so many owners, each with a grant that HubSpot knows; their refresh tokens."""
    people = issued(hubspot, rows)
    with closing(SQLStore.open(settings.database_url)) as store:
        vault = Vault(Keyring(settings.keys), store, settings.client_id)
        for start in range(0, rows, _AT_ONCE):
            batch = people[start : start + _AT_ONCE]
            values = [connection_values(_connection(vault, each)) for each in batch]
            store._database.write(
                lambda tx, values=values: tx.execute(connections.insert(), values)  # type: ignore[misc]
            )
    return [each.refresh_token or "" for each in people]


def _connection(vault: Vault, person: OldUser) -> Connection:
    now = vault.store.now()
    bare = Connection(
        id=f"row-{person.user_id:07}",
        owner=f"owner-{person.user_id}",
        client_id=vault.client_id,
        account=Account(person.hub_id),
        scopes=("oauth",),
        sealed=None,
        access_expires_at=now + timedelta(minutes=30),
        connected_at=now,
        updated_at=now,
        seen_at=now,
        granted_at=now,
    )
    grant = Grant(SecretStr(person.access_token), SecretStr(person.refresh_token or ""), 0)
    return replace(bare, sealed=vault.seal_tokens(bare, grant))


def count_alive(settings: Settings, tokens: list[str]) -> int:
    """Return how many of these refresh tokens HubSpot says are active."""
    with closing(HubSpotClient()) as wire:
        answers = (wire.send(introspect_request(settings, SecretStr(each))) for each in tokens)
        return sum(read_introspection(answer).active for answer in answers)


def count_requests(hubspot: HubSpot) -> int:
    """Return how many requests HubSpot has had; it remembers the last ones only."""
    forgotten, remembered = hubspot._world.record.numbered_requests
    return forgotten + len(remembered)


@dataclass(frozen=True, slots=True)
class Left:
    """What the store says is left to be done."""

    live: int
    owed: int

    @classmethod
    def of(cls, settings: Settings) -> "Left":
        """Count it."""
        with closing(SQLStore.open(settings.database_url)) as store:
            return cls.in_store(store, settings)

    @classmethod
    def in_store(cls, store: SQLStore, settings: Settings) -> "Left":
        """Count it in a store that is open."""
        stats = store.stats(settings.client_id)
        by_status = stats.connections or {}
        gone = by_status.get(ConnectionStatus.DISCONNECTED, 0)
        return cls(sum(by_status.values()) - gone, stats.outbox)


class Progress:
    """How much of the work is done: a connection erased here is one, and one at HubSpot another."""

    def __init__(self, settings: Settings, hubspot: HubSpot, rows: int) -> None:
        self._settings, self._hubspot, self._rows = settings, hubspot, rows
        self._asked = count_requests(hubspot)
        self._store = SQLStore.open(settings.database_url)

    @property
    def told(self) -> int:
        """How often HubSpot was told to revoke a token."""
        return count_requests(self._hubspot) - self._asked

    @property
    def done(self) -> int:
        """All of it, of twice the rows."""
        return self._rows - Left.in_store(self._store, self._settings).live + self.told

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def kill_revoke(crew: Crew, plan: Plan, progress: Progress, at: int) -> bool:
    """Kill the command once so much of its work is done; True where it was at work."""
    with _running(crew, plan) as member:
        while progress.done < at and not member.is_done(_LOOK):
            pass
        is_midway = not member.is_done(0)
        member.kill()
        return is_midway


def revoke(crew: Crew, plan: Plan) -> dict[str, Any]:
    """What the command says in the end, where nobody kills it."""
    with _running(crew, plan) as member:
        assert member.is_done(_LONG), "the command does not end"
        code, said, complaint = member.end()
        assert code == 0, (said, complaint)
        member.leave()
        told: dict[str, Any] = json.loads(said)
        return told


def send_what_was_claimed(plan: Plan, ahead: Ahead) -> None:
    """Send what a killed process was just sending, once nobody holds it any more."""
    ahead.seconds += _CLAIM
    with closing(broker_of(plan)) as broker:
        while broker.send_owed(50):
            pass


@contextmanager
def _running(crew: Crew, plan: Plan) -> Iterator[Member]:
    member = crew.hire(plan)
    member.begin("command", *REVOKE)
    assert member.hear() == "begun"
    yield member


def seconds_of(began: float) -> float:
    """Return the seconds since that moment."""
    return round(time.perf_counter() - began, 1)
