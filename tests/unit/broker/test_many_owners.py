"""One connection's trouble is its own: what others meet while it fails in each way."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from portalkey.broker.alarms import Alarms
from portalkey.broker.app_breaker import AppBreaker
from portalkey.broker.audit import Audit
from portalkey.broker.breaker import Breaker
from portalkey.broker.lease_owner import LeaseOwner
from portalkey.broker.outbox import Outbox
from portalkey.broker.refresh import Refresh
from portalkey.errors import HubSpotRefused, HubSpotUnavailable, PortalkeyError, StoreBusy, TryLater
from portalkey.hubspot.http import Request, Response
from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import Account, Connection, ConnectionStatus, Grant
from portalkey.model.stats import Stats
from portalkey.model.throttle import Throttle
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey.testing.samples import new_attempt
from portalkey.vault import Keyring, MemoryStore, Vault
from portalkey.vault.keyring import new_key
from portalkey.vault.store import Tell

START = datetime(2026, 11, 22, tzinfo=UTC)
OWNERS = tuple(f"owner-{number}" for number in range(20))
GOOD = Response(
    200,
    {},
    json.dumps({"token_type": "bearer", "access_token": "new", "expires_in": 1800}).encode(),
)
WAYS: dict[str, Response | PortalkeyError] = {
    "HTML 403": Response(403, {}, b"<html>"),
    "a 403 with a word that nobody knows": Response(403, {}, b'{"status":"SOMETHING_NEW"}'),
    "invalid_client": Response(400, {}, b'{"error":"invalid_client"}'),
    "503": Response(503),
    "429": Response(429),
    "429 for an hour": Response(429, {"retry-after": "3600"}),
    "no answer": HubSpotUnavailable(),
    "torn JSON": Response(200, {}, b'{"token_type"'),
    "moving": Response(477, {"retry-after": "86400"}),
}


def middle(low: float, high: float) -> float:
    """Halfway between the two."""
    return (low + high) / 2


class Troubled(MemoryStore):
    """A store that may be busy as the breaker is told of something."""

    is_throttle_busy = False

    def update_throttle(
        self,
        client_id: str,
        change: Callable[[Throttle, datetime], Throttle],
        tell: Tell | None = None,
    ) -> tuple[Throttle, Throttle] | None:
        """As ever, or not."""
        if self.is_throttle_busy:
            raise StoreBusy
        return super().update_throttle(client_id, change, tell)


class Place:
    """Twenty owners with a connection each, and one process."""

    def __init__(self, folder: Path) -> None:
        self.time = Ahead()
        self.ways: dict[str, Response | PortalkeyError] = {}
        self.sent: Counter[str] = Counter()
        self.store = Troubled(lambda: START + timedelta(seconds=self.time()))
        key = new_key().get_secret_value()
        settings = Settings(client_id="app-of-tests", client_secret="s" * 20, keys=f"a:{key}")
        self.vault = Vault(Keyring(settings.keys), self.store, settings.client_id)
        self.refresh = self._start(settings, folder)
        self.ids = {owner: self._connect(owner).id for owner in OWNERS}

    def _start(self, settings: Settings, folder: Path) -> Refresh:
        audit = Audit(self.vault)
        alarms = Alarms(audit, clock=self.time)
        app_breaker = AppBreaker(
            self._send,
            lambda: None,
            clock=self.time,
            uniform=middle,
            on_refused=alarms.report_refused,
        )
        return Refresh(
            settings,
            self.vault,
            app_breaker.send,
            audit,
            Outbox(settings, self.vault, app_breaker.send, audit, uninstall=print),
            clock=self.time,
            sleep=self.time.passes,
            uniform=middle,
            lease_owner=LeaseOwner(folder),
            check=app_breaker.check,
            alarms=alarms,
        )

    def _connect(self, owner: str) -> Connection:
        attempt = new_attempt(self.store, owner=owner)
        claimed = self.store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
        assert claimed
        grant = Grant(SecretStr("old"), SecretStr(owner), 1800)
        stored = self.vault.save(claimed, grant, Account(1), ("oauth",), sent_at=self.store.now())
        assert stored
        return stored

    def _send(self, request: Request) -> Response:
        owner = request.form["refresh_token"]
        self.sent[owner] += 1
        said = self.ways.get(owner, GOOD)
        if isinstance(said, Response):
            return said
        raise said

    def row(self, owner: str) -> Connection:
        """The row of *owner*."""
        found = self.store.connection(self.ids[owner])
        assert found
        return found

    def ask(self, owner: str) -> PortalkeyError | None:
        """What *owner*'s caller is told instead of a token, if anything."""
        try:
            self.refresh.ensure_fresh(self.row(owner))
        except PortalkeyError as trouble:
            return trouble
        return None

    @property
    def stats(self) -> Stats:
        """What a scrape sees."""
        return self.store.stats("app-of-tests")

    def events(self, name: str) -> list[dict[str, Any]]:
        """The facts of the events of this *name*."""
        return [dict(each.facts) for each in self.store.events() if each.name == name]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """All tokens are over."""
    place = Place(tmp_path)
    place.time.passes(1801)
    yield place
    place.refresh.close()


@pytest.mark.parametrize("way", WAYS)
def test_one_that_fails_in_any_way_holds_up_nobody(place: Place, way: str) -> None:
    """It backs off by itself, for two minutes at most, and all the others get their tokens."""
    bad, *healthy = OWNERS
    place.ways[bad] = WAYS[way]
    for _ in range(40):
        assert place.ask(bad)
        place.time.passes(1)
    row = place.row(bad)

    if way in {"invalid_client", "HTML 403"}:  # perhaps of one process alone
        assert (row.status, row.retry_at) == (ConnectionStatus.CONNECTED, None)
    else:
        assert row.status is ConnectionStatus.FAILING
        assert row.retry_at
        assert row.retry_at - place.store.now() <= timedelta(seconds=120)
    assert place.sent[bad] < 12
    began = place.time()
    assert [place.ask(owner) for owner in healthy] == [None] * 19
    assert place.time() - began < 0.1
    assert place.stats.is_breaker_open is False


def test_a_passing_failure_takes_no_living_token_away(tmp_path: Path) -> None:
    """Not even one that says something of the app."""
    place = Place(tmp_path)
    place.time.passes(1790)
    place.ways = dict.fromkeys(OWNERS, WAYS["HTML 403"])

    assert [place.ask(owner) for owner in OWNERS] == [None] * 20
    place.time.passes(11)
    assert isinstance(place.ask(OWNERS[7]), HubSpotRefused)


def test_three_that_say_the_same_open_the_breaker(place: Place) -> None:
    """All hear it at once then, and one in ten seconds tries until HubSpot is back."""
    place.ways = dict.fromkeys(OWNERS, WAYS["503"])
    for owner in OWNERS:
        assert isinstance(place.ask(owner), HubSpotUnavailable)

    assert sum(place.sent.values()) == 3
    assert len(place.events("breaker_opened")) == 1
    place.time.passes(10.1)
    for owner in OWNERS[::-1]:
        assert place.ask(owner)
    assert sum(place.sent.values()) == 4
    assert place.sent[OWNERS[-1]] == 1

    place.ways = {}
    place.time.passes(10.1)
    assert place.ask(OWNERS[5]) is None
    assert len(place.events("breaker_closed")) == 1
    assert place.ask(OWNERS[9]) is None


def test_good_answers_keep_it_closed(place: Place) -> None:
    """Three tenants that fail are three tenants' trouble while others are served."""
    place.ways = dict.fromkeys(OWNERS[:3], WAYS["503"])
    for bad, good in zip(OWNERS[:3], OWNERS[3:6], strict=True):
        assert place.ask(bad)
        assert place.ask(good) is None

    assert [place.ask(owner) for owner in OWNERS[6:]] == [None] * 14
    assert place.stats.is_breaker_open is False


def test_one_second_is_one_second(place: Place) -> None:
    """Retry-After is obeyed as it is said."""
    place.ways = dict.fromkeys(OWNERS, Response(429, {"retry-after": "1"}))
    for owner in OWNERS[:3]:
        assert place.ask(owner)
    assert place.stats.is_breaker_open

    place.ways = {}
    place.time.passes(1.1)
    assert place.ask(OWNERS[5]) is None


def test_an_hour_is_two_minutes(place: Place) -> None:
    """Nobody is shut out for longer without a probe."""
    place.ways = dict.fromkeys(OWNERS, WAYS["429 for an hour"])
    for owner in OWNERS[:3]:
        assert place.ask(owner)
    refusal = place.ask(OWNERS[5])
    assert isinstance(refusal, TryLater)
    assert refusal.retry_after <= 120

    place.ways = {}
    place.time.passes(120.1)
    assert place.ask(OWNERS[5]) is None
    assert [place.ask(owner) for owner in OWNERS] == [None] * 20


def test_a_store_that_fails_at_the_breaker_backs_off_the_row(place: Place) -> None:
    """The row comes first, whatever becomes of the rest."""
    place.ways[OWNERS[0]] = WAYS["503"]
    place.store.is_throttle_busy = True
    assert place.ask(OWNERS[0])

    assert place.row(OWNERS[0]).failures == 1


def test_a_failure_where_there_is_no_throttle_yet(place: Place) -> None:
    """Nothing is there to be changed."""
    breaker = Breaker(place.vault, Audit(place.vault), on_change=lambda: None)

    breaker.record_failure("x", "ada", HubSpotUnavailable())

    assert place.stats.is_breaker_open is False
