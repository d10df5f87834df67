"""The renewing of one connection, on a clock of the test's, with what HubSpot answers laid down."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from portalkey._support.background import Background
from portalkey.broker.audit import Audit
from portalkey.broker.lease_owner import LeaseOwner
from portalkey.broker.outbox import Outbox
from portalkey.broker.refresh import Refresh
from portalkey.broker.renewal import LEASE, START_WITHIN, RefreshJob
from portalkey.broker.waiting import JUST_READ, REREAD_AFTER, pause, recall_error
from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    NeedsReconnect,
    NoKeyOpens,
    NotConnected,
    PortalkeyError,
    RateLimited,
    StoreBusy,
)
from portalkey.hubspot.http import Request, Response
from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import Account, Connection, ConnectionStatus, Grant
from portalkey.model.events import Event, EventName, happened
from portalkey.model.leases import DenialReason, Lease, LeaseDenied, LeaseRequest
from portalkey.model.throttle import Limits, Portion, PortionRequest
from portalkey.settings import Key, Settings
from portalkey.testing import Ahead
from portalkey.testing.samples import new_attempt
from portalkey.vault import Keyring, MemoryStore, Vault
from portalkey.vault.keyring import new_key
from portalkey.vault.store import Mark
from support.patience import PATIENCE

START = datetime(2026, 11, 22, tzinfo=UTC)


def answer(status: int = 200, **body: Any) -> Response:
    """What HubSpot says; a new access token where nothing else is named."""
    good = {"token_type": "bearer", "access_token": "new", "expires_in": 1800}
    told = good | body if status == 200 else body
    return Response(status, {}, json.dumps(told).encode())


class Slow(MemoryStore):
    """A store in which something may happen at a call of a name: ``at["lease"] = act``."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.at: dict[str, Callable[[], object]] = {}

    def __getattribute__(self, name: str) -> Any:
        own = super().__getattribute__("__dict__")
        act = own.get("at", {}).get(name)
        if act is not None:
            act()
        return super().__getattribute__(name)


class WhenJoined(Background):
    """Does at the join what was started before: meanwhile it would move the test's clock."""

    def __init__(self) -> None:
        super().__init__()
        self._works: list[Callable[[], object]] = []

    def start(self, name: str, work: Callable[[], object], *, again: bool = False) -> bool:
        """Put *work* down."""
        self._works.append(lambda: self._do(name, work))
        return True

    def join(self, seconds: float | None = None) -> bool:
        """Do all of it."""
        while self._works:
            self._works.pop(0)()
        return True


class Place:
    """One connection, and all that renews it."""

    def __init__(self, folder: Path) -> None:
        self.time, self.answers = Ahead(), list[Response | PortalkeyError | BaseException]()
        self.sent = list[Request]()
        self.meanwhile: Callable[[], object] = lambda: None
        self.before_sleep: Callable[[], object] = lambda: None
        self.store = Slow(lambda: START + timedelta(seconds=self.time()))
        key = Fernet.generate_key().decode()
        self.settings = Settings(client_id="app-of-tests", client_secret="s" * 20, keys=f"a:{key}")
        self.vault = Vault(Keyring(self.settings.keys), self.store, self.settings.client_id)
        self.holder = LeaseOwner(folder)
        self.refresh = self.process(self.holder)
        self.connection = self._connect()

    def process(self, holder: LeaseOwner, vault: Vault | None = None) -> Refresh:
        """Another process over the same store."""
        vault = vault or self.vault
        audit = Audit(vault)
        outbox = Outbox(self.settings, vault, self._send, audit, uninstall=print)
        refresh = Refresh(
            self.settings,
            vault,
            self._send,
            audit,
            outbox,
            clock=self.time,
            sleep=self._sleep,
            uniform=lambda low, high: (low + high) / 2,
            lease_owner=holder,
        )
        refresh._background = WhenJoined()
        return refresh

    def _connect(self) -> Connection:
        attempt = new_attempt(self.store)
        claimed = self.store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
        assert claimed
        grant = Grant(SecretStr("old"), SecretStr("refresh"), 1800)
        kept = self.vault.save(claimed, grant, Account(1), ("oauth",), sent_at=self.store.now())
        assert kept
        return kept

    def _sleep(self, seconds: float) -> None:
        self.before_sleep()
        self.time.passes(seconds)

    def _send(self, request: Request) -> Response:
        self.sent.append(request)
        self.meanwhile()
        said = self.answers.pop(0) if self.answers else answer()
        if isinstance(said, Response):
            return said
        raise said

    def seen(self) -> Connection:
        """The row as it stands."""
        found = self.store.connection(self.connection.id)
        assert found
        return found

    def token(self, refresh: Refresh | None = None) -> str:
        """The token of whatever ``fresh`` finds good."""
        fresh = (refresh or self.refresh).ensure_fresh(self.seen())
        return self.vault.open_access(fresh).get_secret_value()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A connection whose token has ten seconds left."""
    place = Place(tmp_path)
    place.time.passes(1790)
    yield place
    place.refresh.close()


def test_a_token_that_died_while_it_was_saved_is_not_handed_out(place: Place) -> None:
    """The process was held up for longer than the new token lives; it asks again."""
    place.answers = [answer(expires_in=5)]
    place.store.at["renew"] = lambda: place.time.passes(10) if len(place.sent) == 1 else None

    assert place.token() == "new"
    assert len(place.sent) == 2


def test_a_row_that_was_just_read_is_not_read_again(place: Place) -> None:
    """The lease alone reads it once more, and is given only where it is still so."""
    seen, reads = place.seen(), list[float]()
    place.store.at["connection"] = lambda: reads.append(place.time())

    assert place.refresh.ensure_fresh(seen).generation == seen.generation + 1
    assert (len(place.sent), len(reads)) == (1, 1)


def test_a_row_that_was_read_a_while_ago_is_read_again(place: Place) -> None:
    """Its thread was held up, and somebody has disconnected meanwhile."""
    seen, read_at = place.seen(), place.time()
    place.vault.erase(seen)
    place.time.passes(JUST_READ)
    job = RefreshJob(seen.id, seen=seen, seen_at=read_at)

    with pytest.raises(NotConnected):
        place.refresh._join(seen.id, job)
    assert place.sent == []


def test_a_row_whose_newer_grant_is_unsaved_is_read_again(place: Place) -> None:
    """The grant in memory is saved first, and HubSpot is not asked once more."""
    seen = place.seen()
    place.store.at["renew"] = raise_busy
    assert place.refresh.force_refresh(seen).generation == seen.generation  # it still lives
    del place.store.at["renew"]
    place.time.passes(LEASE + 1)  # and nobody has the lease any more

    assert place.token() == "new"
    assert len(place.sent) == 1


def raise_busy() -> None:
    """Be busy."""
    raise StoreBusy


def test_a_long_wait_for_another_process_costs_few_reads() -> None:
    """Each process reads the row often at first, and less the longer it takes."""
    denied, waited, reads = LeaseDenied(DenialReason.LEASED, LEASE), 0.0, dict[float, int]()
    for number in range(1000):
        waited += pause(denied, waited, lambda low, high: (low + high) / 2)
        for limit in (0.05, 1.0, 12.0):
            if waited < limit:
                reads[limit] = number + 1

    assert reads[0.05] > 10
    assert reads[1.0] < 70
    assert reads[12.0] < 130


def test_who_was_held_up_sends_nothing(place: Place) -> None:
    """Somebody may think it dead by then: the lease is given back, and asked for again."""
    delays = [START_WITHIN + 1]
    place.store.at["lease"] = lambda: place.time.passes(delays.pop() if delays else 0)

    assert place.token() == "new"
    assert (len(place.sent), place.seen().lease_fence) == (1, 2)


def test_a_disconnect_while_hubspot_takes_its_time_is_seen(place: Place) -> None:
    """A slow failure is no reason to hand out what somebody has disconnected meanwhile."""
    place.answers = [HubSpotUnavailable()]

    def disconnect() -> None:
        place.time.passes(REREAD_AFTER + 1)
        place.vault.erase(place.seen())

    place.meanwhile = disconnect
    with pytest.raises(NotConnected):
        place.token()


def test_a_token_that_dies_while_hubspot_takes_its_time(place: Place) -> None:
    """It lived when it was looked at, and does not any more."""
    place.answers = [HubSpotUnavailable(), HubSpotUnavailable()]
    place.meanwhile = lambda: place.time.passes(5)
    assert place.token() == "old"
    place.time.passes(1)
    place.meanwhile = lambda: place.time.passes(6)

    with pytest.raises(HubSpotUnavailable):
        place.token()


def test_a_look_again_that_takes_its_time(place: Place) -> None:
    """Even the second look at the row may be too late for the token."""
    place.answers = [HubSpotUnavailable()]

    def slow() -> None:
        place.time.passes(2)
        place.store.at["connection"] = lambda: place.time.passes(7.5)

    place.meanwhile = slow
    with pytest.raises(HubSpotUnavailable):
        place.token()


def test_another_process_marks_it_meanwhile(place: Place) -> None:
    """Whoever waited for a dead grant learns it too, without asking HubSpot."""
    seen = place.seen()
    place.store.mark(seen, Mark(ConnectionStatus.NEEDS_RECONNECT))
    with pytest.raises(NeedsReconnect):
        place.refresh.ensure_fresh(seen)
    assert place.sent == []


def test_two_threads_of_one_process_ask_once(place: Place) -> None:
    """Whatever they want it for: only one of them is at it."""
    is_asked = threading.Event()
    place.meanwhile = is_asked.set
    # Or whoever waits runs the clock down before the other has come as far.
    place.before_sleep = lambda: is_asked.wait(PATIENCE)
    with ThreadPoolExecutor(2) as pool:
        pool.submit(place.refresh.force_refresh, place.seen())
        found = pool.submit(place.token).result()
    place.refresh.close()

    assert found in {"old", "new"}
    assert place.seen().generation >= 2


def test_who_is_at_it_is_waited_for(place: Place) -> None:
    """A second errand of this process for the same connection takes no lease beside the first."""
    with place.holder.claim(place.connection.id) as is_ours:
        assert is_ours
        assert place.token() == "old"
    assert place.sent == []


def test_a_living_lease_is_left_alone(place: Place) -> None:
    """Of another machine, of which nothing can be proven."""
    ask = LeaseRequest("other machine", 30.0)
    assert isinstance(place.store.lease(place.seen(), ask), Lease)

    assert place.token() == "old"
    assert place.sent == []


def test_a_key_that_is_lost_for_one_half(
    place: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the key nothing is sent, the alarm is raised once, and the row stays as it is."""
    before = place.seen()
    stranger = Vault(Keyring([Key("b", new_key())]), place.store, place.settings.client_id)
    refresh = place.process(LeaseOwner(tmp_path), stranger)
    for _ in range(2):
        with pytest.raises(NoKeyOpens):
            refresh.ensure_fresh(place.seen())

    assert place.sent == []
    assert [e.facts["key_name"] for e in place.store.events() if e.name == "no_key_opens"] == ["a"]
    assert place.seen() == before
    assert "key is missing or wrong in this process" in caplog.text


@pytest.mark.parametrize("by", ["looking", "renewing"])
def test_a_row_that_was_marked_for_want_of_a_key_heals(place: Place, by: str) -> None:
    """An older portalkey wrote that down; whoever has the key takes it back."""
    place.store.mark(place.seen(), Mark(ConnectionStatus.FAILING, NoKeyOpens.code))
    if by == "renewing":
        assert place.token() == "new"
    else:
        (healed,) = place.refresh.heal([place.seen()])
        assert healed == place.seen()

    assert (place.seen().status, place.seen().status_reason) == ("connected", None)


def test_a_marked_row_waits_for_its_key(place: Place) -> None:
    """Without it, or while somebody renews it, it is left alone."""
    stranger = Vault(Keyring([Key("b", new_key())]), place.store, place.settings.client_id)
    place.store.mark(place.seen(), Mark(ConnectionStatus.FAILING, NoKeyOpens.code))
    marked = place.seen()

    assert place.process(LeaseOwner(), stranger).heal([marked]) == [marked]
    place.store.lease(marked, LeaseRequest("other machine", 30.0))
    assert place.refresh.heal([place.seen()]) == [place.seen()]
    assert place.refresh.heal([marked]) == [marked]
    assert place.seen().is_leased


def names_of(place: Place) -> list[EventName]:
    """The events of the connection since it was made, in their order."""
    made, *names = [each.name for each in place.store.events() if each.connection_id]
    assert made is EventName.CONNECTED
    return names


def end(place: Place) -> None:
    """Another process finds that HubSpot honours the connection no more."""
    event = Event(EventName.NEEDS_RECONNECT, "ada", connection_id=place.connection.id)
    assert place.store.mark(place.seen(), Mark(ConnectionStatus.NEEDS_RECONNECT, event=event))


def test_a_row_that_ends_while_it_is_renewed_is_healed(place: Place) -> None:
    """Whoever was told of its end is told that it is over, in the audit and in this process."""
    place.meanwhile = lambda: end(place)
    heard = []

    with happened.connected_to(lambda event: heard.append(event.name)):
        assert place.token() == "new"

    assert place.seen().status is ConnectionStatus.CONNECTED
    assert names_of(place) == ["needs_reconnect", "healed"]
    assert heard.count(EventName.HEALED) == 1


def test_a_failing_row_that_another_heals_is_healed_once(place: Place) -> None:
    """The renewal finds it connected, and has nothing to tell."""
    place.store.mark(place.seen(), Mark(ConnectionStatus.FAILING, NoKeyOpens.code))
    marked = replace(place.seen(), lease_fence=place.seen().lease_fence + 1)

    def heal() -> None:
        event = Event(EventName.HEALED, "ada", connection_id=marked.id)
        assert place.store.mark(marked, Mark(ConnectionStatus.CONNECTED, event=event))

    place.meanwhile = heal

    assert place.token() == "new"
    assert names_of(place) == ["healed"]


@pytest.mark.parametrize("meanwhile", ["nothing", "failing", "ended"])
def test_half_an_answer_heals_what_had_ended_alone(place: Place, meanwhile: str) -> None:
    """Its refresh token is kept; a connection that fails on is not told to be well in between."""
    place.answers = [answer(access_token=None, refresh_token="next")]
    if meanwhile == "failing":
        place.store.mark(place.seen(), Mark(ConnectionStatus.FAILING, "why"))
    elif meanwhile == "ended":
        place.meanwhile = lambda: end(place)

    assert place.token() == "old"
    assert place.vault.open_refresh(place.seen()) == SecretStr("next")
    told = ["needs_reconnect", "healed"] if meanwhile == "ended" else []
    assert names_of(place) == [*told, "refresh_failed"]


@pytest.mark.parametrize("word", ["BAD_CLIENT_SECRET", "BAD_CLIENT_ID"])
def test_wrong_settings_are_no_status_of_a_connection(place: Place, word: str) -> None:
    """They may be of one process alone: the row stays as it is, free for whoever has others."""
    place.answers = [Response(400, {}, json.dumps({"status": word}).encode())]

    assert place.token() == "old"
    row = place.seen()
    assert (row.status, row.status_reason, row.failures) == ("connected", None, 0)
    assert not row.is_leased
    assert place.token() == "new"


def test_without_the_key_nobodys_lease_is_taken_away(place: Place) -> None:
    """Another process may have the key, and be at it."""
    stranger = Vault(Keyring([Key("b", new_key())]), place.store, place.settings.client_id)
    refresh = place.process(LeaseOwner(), stranger)
    ask = LeaseRequest("other machine", 30.0)
    assert isinstance(place.store.lease(place.seen(), ask), Lease)

    with pytest.raises(NoKeyOpens):
        refresh.decrypt_access_token(place.seen())
    assert place.seen().is_leased


def test_an_invalid_grant_is_an_answer_too(place: Place) -> None:
    """The connection ends, and the throttle hears that the token endpoint is well."""
    client_id = place.settings.client_id
    assert isinstance(place.store.take_portion(client_id, PortionRequest(Limits(10, 20))), Portion)
    place.store.update_throttle(client_id, lambda throttle, _: replace(throttle, recent="x"))
    place.time.passes(10)
    place.answers = [answer(400, error="invalid_grant")]

    with pytest.raises(NeedsReconnect):
        place.token()
    changed = place.store.update_throttle(client_id, lambda throttle, _: throttle)
    assert changed
    assert changed[0].is_well


def test_our_own_pace_is_waited_for_a_little(place: Place, tmp_path: Path) -> None:
    """And told as what it is, where it takes longer."""
    limits = Limits(0.01, 1)
    taken = place.store.take_portion(place.settings.client_id, PortionRequest(limits))
    assert isinstance(taken, Portion)
    place.time.passes(10)
    place.refresh.admission._limits = limits

    with pytest.raises(RateLimited, match="PORTALKEY_REFRESH_RATE") as caught:
        place.token()
    assert caught.value.retry_after > 5
    assert place.sent == []


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("hubspot_refused:BAD_CLIENT_ID", HubSpotRefused),
        ("bad_answer", BadAnswer),
        ("rate_limited", RateLimited),
        ("hubspot_unavailable", HubSpotUnavailable),
        ("something new", HubSpotUnavailable),
        (None, RateLimited),
    ],
)
def test_trouble_that_is_waited_out_is_told_anew(
    reason: str | None, error: type[PortalkeyError]
) -> None:
    """Of the same kind, with what is left to wait."""
    told = recall_error(reason, 7.0)

    assert type(told) is error
    assert getattr(told, "retry_after", 7.0) == 7.0


def test_what_nobody_asks_for_is_saved_with_what_is_owed(place: Place) -> None:
    """A grant that the store would not take, of a connection that was disconnected: given back."""
    place.answers = [answer(refresh_token="rotated")]

    def fail() -> None:
        if place.sent:
            raise StoreBusy

    place.store.at["renew"] = fail
    assert place.token() == "old"
    del place.store.at["renew"]
    place.refresh._background.join()
    assert place.seen().generation == 2

    place.store.at["renew"] = fail
    place.time.passes(2000)
    place.answers = [answer(refresh_token="again")]
    place.refresh._background = Background(at_once=0)  # nobody is free to try again
    with pytest.raises(StoreBusy):
        place.token()
    del place.store.at["renew"]
    place.vault.erase(place.seen())
    place.refresh.save_pending()

    assert place.sent[-1].form["token"] == "again"


def test_an_unsaved_grant_is_kept_for_so_many_only(place: Place) -> None:
    """What is kept in memory is bounded; the save is tried all the same."""
    full = dict.fromkeys(map(str, range(1000)))
    place.refresh._token_request.pending.update(full)  # type: ignore[arg-type]

    assert place.token() == "new"
    assert len(place.refresh._token_request.pending) == 1000


def test_a_resealed_row_is_no_rival(place: Place) -> None:
    """Keys were rotated while HubSpot was asked: the lineage is the same under another key."""
    other = Key("b", new_key())
    both = Vault(Keyring([other, *place.settings.keys]), place.store, place.settings.client_id)
    refresh = place.process(place.holder, both)

    def reseal() -> None:
        row = place.store._connections[place.connection.id]
        resealed = both.seal_tokens(row, Grant(SecretStr("old"), SecretStr("refresh"), 1))
        place.store._connections[row.id] = replace(row, sealed=resealed)

    place.meanwhile = reseal
    assert both.open_access(refresh.ensure_fresh(place.seen())).get_secret_value() == "new"


def test_a_row_that_is_resealed_each_time(place: Place) -> None:
    """The save is given up for now, as somebody is at the keys; nothing is lost."""
    rings = [Keyring([Key(f"k{n}", new_key()), *place.settings.keys]) for n in range(40)]
    refresh = place.refresh

    def reseal() -> None:
        if not place.sent or not rings:
            return
        row = place.store._connections[place.connection.id]
        vault = Vault(rings.pop(), place.store, place.settings.client_id)
        place.vault.keyring = Keyring([*place.settings.keys])
        resealed = vault.seal_tokens(row, Grant(SecretStr("old"), SecretStr("refresh"), 1))
        fingerprint = place.vault.keyring.fingerprint(SecretStr("refresh")) + str(len(rings))
        place.store._connections[row.id] = replace(
            row, sealed=replace(resealed, fingerprint=fingerprint)
        )

    place.store.at["renew"] = reseal
    with pytest.raises(PortalkeyError):
        refresh.ensure_fresh(place.seen())


def test_a_spoilt_answer_over_a_spoilt_seal(place: Place) -> None:
    """Where the access seal does not open, a new refresh token cannot be kept beside it."""
    row = place.store._connections[place.connection.id]
    assert row.sealed
    spoilt = replace(row.sealed, access="v1.a.gAAAA")
    place.store._connections[row.id] = replace(row, sealed=spoilt)
    place.time.passes(20)
    place.answers = [answer(access_token="", refresh_token="rotated")]

    with pytest.raises(BadAnswer):
        place.refresh.ensure_fresh(place.seen())
    assert place.seen().status is ConnectionStatus.FAILING
