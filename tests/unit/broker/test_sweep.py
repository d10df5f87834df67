"""The sweep: an idle connection that has ended is found within a day, and a lie ends nothing."""

import json
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from portalkey._support.telemetry import Measure, measured
from portalkey.broker import Broker
from portalkey.broker.sweep import BATCH, MOST_UNCLEAR, ROUND_SECONDS
from portalkey.broker.sweep_guard import (
    DOUBT_PATIENCE,
    DOUBT_SECONDS,
    IN_A_ROW,
    SILENCE_PATIENCE,
    STOP_SECONDS,
)
from portalkey.broker.sweep_notes import read_notes
from portalkey.errors import HubSpotUnavailable, HubSpotUnreachable, PortalkeyError, RateLimited
from portalkey.hubspot.http import Request, Response
from portalkey.model.connection import Account, Connection, ConnectionStatus, Grant
from portalkey.model.events import EventName
from portalkey.model.leases import Lease, LeaseRequest
from portalkey.model.sweep import CONFIRM_SECONDS, IDLE_SECONDS, Outcome
from portalkey.settings import Settings
from portalkey.vault import Keyring, MemoryStore, Vault
from portalkey.vault.keyring import new_key

APP = "app-of-tests"
HALF_HOUR = CONFIRM_SECONDS[1] + 1
SCOPES = ("oauth", "crm.objects.contacts.read")
Lie = Callable[[int], dict[str, Any] | Response | None]
SETTINGS = Settings(
    client_id=APP,
    client_secret="s" * 20,
    keys=f"a:{new_key().get_secret_value()}",
    refresh_rate=10_000,  # the clock stands still while the bucket is asked
    refresh_burst=10_000,
)


def middle(low: float, high: float) -> float:
    """Halfway between the two."""
    return (low + high) / 2


class World:
    """A HubSpot that knows which accounts have the app, a store, and one clock for both."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.dead: set[int] = set()
        self.lie: Lie = lambda _: None
        """Answers of an account in place of the truth, or raises."""
        self.asked: Counter[int] = Counter()
        self.renewed = self.draws = 0
        begin = datetime(2026, 11, 1, tzinfo=UTC)
        self.store = MemoryStore(lambda: begin + timedelta(seconds=self.seconds))
        self.broker = self.start()

    def start(self, **changes: object) -> Broker:
        """Begin another process."""
        settings = SETTINGS.model_copy(update=changes)
        vault = Vault(Keyring(settings.keys), self.store, APP)
        return Broker(settings, vault, self.send, clock=lambda: self.seconds, uniform=middle)

    def send(self, request: Request) -> Response:
        """Answer an introspection, or a renewal."""
        if not request.url.endswith("/introspect"):
            self.renewed += 1
            grant = {"token_type": "bearer", "access_token": "new", "expires_in": 1800}
            return Response(200, {}, json.dumps(grant).encode())
        hub_id = int(request.form["token"].removeprefix("refresh-"))
        self.asked[hub_id] += 1
        answer = self.lie(hub_id) or self.tell(hub_id)
        if isinstance(answer, Response):
            return answer
        return Response(200, {}, json.dumps(answer).encode())

    def tell(self, hub_id: int, /, **changes: object) -> dict[str, Any]:
        """The truth about an account's token, but for *changes*."""
        if hub_id in self.dead:
            return {"active": False}
        about = {"client_id": APP, "hub_id": hub_id, "scopes": SCOPES}
        return {"active": True, "token_use": "refresh_token", **about, **changes}

    def connect(self, hub_id: int, owner: str = "", **changes: Any) -> Connection:
        """Connect somebody to an account, just now."""
        vault = self.broker.vault
        bare = vault._start_connection(owner or f"owner {hub_id}", Account(hub_id), None)
        grant = Grant(SecretStr("access"), SecretStr(f"refresh-{hub_id}"), 1800, SCOPES)
        row = vault._bear_grant(bare, grant, bare.seen_at, now=bare.seen_at)
        row = replace(row, **{"scopes": SCOPES, **changes})
        row = replace(row, sealed=vault.seal_tokens(row, grant))
        assert self.store.connect(None, row)
        return row

    def passes(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self.seconds += seconds

    def draw(self, low: float, high: float) -> float:
        """A number between the two, another one each time and the same in every run."""
        self.draws += 1
        return low + (high - low) * (self.draws * 0.6180339887 % 1.0)

    def draws_at_random(self) -> None:
        """Let the looks be spread, where they all come halfway otherwise."""
        self.broker._sweep._uniform = self.broker._sweep._record._uniform = self.draw

    def sweep(self, broker: Broker | None = None) -> dict[Outcome, int]:
        """Sweep once, and tell what came of it."""
        return dict((broker or self.broker).sweep().looks)

    def sweep_for(self, seconds: float, *, every: float = 600) -> Counter[str]:
        """Sweep again and again for so many *seconds*."""
        found: Counter[str] = Counter()
        until = self.seconds + seconds
        while self.seconds < until:
            self.seconds += every
            found += Counter(self.sweep())
        return found

    def idle(self) -> None:
        """Let everything be planned, and then be due to be looked at."""
        self.sweep()
        self.seconds += IDLE_SECONDS + 1

    def load(self, row: Connection) -> Connection:
        """The connection as it stands."""
        found = self.store.connection(row.id)
        assert found
        return found

    def status(self, row: Connection) -> tuple[ConnectionStatus, str | None]:
        """How it stands, and why."""
        found = self.load(row)
        return found.status, found.status_reason

    def names(self) -> list[EventName]:
        """All events."""
        return [event.name for event in self.store.events()]


@pytest.fixture
def world() -> World:
    """Nobody is connected yet."""
    return World()


WELL = (ConnectionStatus.CONNECTED, None)
ENDED = (ConnectionStatus.NEEDS_RECONNECT, "inactive")


def test_an_idle_connection_that_ended_is_found_within_a_day(world: World) -> None:
    """By two looks half an hour apart; nobody asked for a token, and none was renewed."""
    rows = [world.connect(hub_id) for hub_id in (1, 2)]
    world.sweep_for(2 * IDLE_SECONDS)
    before = dict(world.asked)
    assert set(before) == {1, 2}
    world.dead.add(1)
    found = world.sweep_for(IDLE_SECONDS)

    assert world.status(rows[0]) == ENDED
    assert world.status(rows[1]) == WELL
    assert (found[Outcome.SUSPECTED], found[Outcome.INACTIVE]) == (1, 1)
    (event,) = world.store.events()
    assert (event.name, event.owner) == (EventName.NEEDS_RECONNECT, "owner 1")
    assert (event.connection_id, event.facts) == (rows[0].id, {"error": "inactive"})
    assert world.renewed == 0
    asked = world.asked[1]
    world.sweep_for(IDLE_SECONDS)
    assert world.asked[1] == asked


def test_a_day_has_one_look_at_each(world: World) -> None:
    """So many requests as there are idle connections, and a few more."""
    for hub_id in range(1, 11):
        world.connect(hub_id)
    world.sweep_for(10 * IDLE_SECONDS, every=1800)

    assert all(9 <= number <= 12 for number in world.asked.values()), world.asked


def test_who_is_used_is_not_asked_about(world: World) -> None:
    """A renewal is HubSpot's own word; the sweep puts its look off, and the renewal writes none."""
    row = world.connect(1)
    for _ in range(12):
        world.sweep_for(IDLE_SECONDS / 4, every=1800)
        world.broker.access_token("owner 1")

    assert not world.asked
    assert world.renewed >= 12
    assert world.load(row).checked_at is None


def test_what_is_planned_first_is_spread_over_the_day(world: World) -> None:
    """Whoever updates has all of them due at one moment."""
    for number in range(1, 97):
        world.connect(number, granted_at=None)
    world.draws_at_random()
    hours = []
    for _ in range(24):
        before = world.asked.total()
        world.sweep_for(3600)
        hours.append(world.asked.total() - before)

    assert world.asked.total() >= 96
    assert max(hours) <= 8, hours


@pytest.mark.parametrize("seconds", [600, 6 * 3600])
@pytest.mark.parametrize("number", [30, 100])
def test_a_hubspot_that_calls_all_dead_for_a_while_ends_nothing(
    world: World, seconds: float, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither for ten minutes nor for hours: nobody is alive among them, so it is not believed."""
    rows = [world.connect(hub_id, granted_at=None) for hub_id in range(1, number + 1)]
    world.draws_at_random()
    world.sweep_for(2 * IDLE_SECONDS)
    world.lie = lambda _: {"active": False}
    with caplog.at_level(logging.ERROR):
        world.sweep_for(seconds)
    world.lie = lambda _: None
    world.sweep_for(IDLE_SECONDS)

    assert {world.status(row) for row in rows} == {WELL}
    assert EventName.NEEDS_RECONNECT not in world.names()
    if seconds > 600:
        assert EventName.SWEEP_STOPPED in world.names()
        assert "it is not believed" in caplog.text


def test_many_that_have_long_been_dead_are_found(world: World) -> None:
    """As after an update, where half of all died unseen: the others bear witness."""
    rows = [world.connect(hub_id, granted_at=None) for hub_id in range(1, 41)]
    world.draws_at_random()
    world.dead = {hub_id for hub_id in range(1, 41) if hub_id % 2}
    world.sweep_for(3 * IDLE_SECONDS)

    assert {world.status(row) for row in rows if row.hub_id % 2} == {ENDED}
    assert {world.status(row) for row in rows if not row.hub_id % 2} == {WELL}


def test_one_account_of_many_people_is_one_death(world: World) -> None:
    """Whoever uninstalls the app ends all of its people's connections, and is believed."""
    rows = [world.connect(7, f"owner {number}") for number in range(2 * IN_A_ROW)]
    world.dead.add(7)
    world.sweep_for(3 * IDLE_SECONDS)

    assert {world.status(row) for row in rows} == {ENDED}
    assert EventName.SWEEP_STOPPED not in world.names()


def test_the_only_connection_is_believed(world: World) -> None:
    """Nobody else could bear witness."""
    row = world.connect(1)
    world.dead.add(1)
    world.idle()
    assert world.sweep() == {Outcome.SUSPECTED: 1}
    assert world.status(row) == WELL
    world.seconds += HALF_HOUR

    assert world.sweep() == {Outcome.INACTIVE: 1}
    assert world.status(row) == ENDED


def test_a_witness_is_asked_for(world: World) -> None:
    """Before the first one ends, HubSpot has to call another alive."""
    row = world.connect(1)
    world.dead.add(1)
    world.idle()
    others = [world.connect(hub_id) for hub_id in (2, 3, 4, 5)]
    world.sweep()
    world.seconds += HALF_HOUR
    world.sweep()

    assert world.status(row) == ENDED
    assert sum(world.asked[other.hub_id] for other in others) == 1


def test_a_witness_that_hubspot_names_as_it_comes_to_itself(world: World) -> None:
    """It was asked about after the one it is to speak for, who is asked about again."""
    row = world.connect(1)
    world.idle()
    for hub_id in (2, 3, 4, 5):
        world.connect(hub_id)
    world.lie = lambda _: {"active": False}
    world.sweep()
    world.seconds += HALF_HOUR
    asked = world.asked
    world.lie = lambda hub_id: {"active": False} if (hub_id, asked[1]) == (1, 2) else None

    assert world.sweep() == {Outcome.SUSPECTED: 1}
    assert world.status(row) == WELL
    assert world.sweep_for(2 * HALF_HOUR)[Outcome.INACTIVE] == 0


def test_a_witness_whose_answer_is_old(world: World) -> None:
    """Whoever was held up with an answer in hand has not heard it just now."""
    row, witness = world.connect(1), world.connect(2)
    world.store.note_look(world.load(row), IDLE_SECONDS + 60)
    world.store.note_look(world.load(witness), IDLE_SECONDS)
    world.seconds += IDLE_SECONDS + 1
    other = world.start()

    def hold_up(hub_id: int) -> None:
        """HubSpot calls all dead from now on, and another process hears of it."""
        world.lie = lambda _: {"active": False}
        world.seconds += 60
        assert world.sweep(other) == {Outcome.SUSPECTED: 1}
        world.seconds += HALF_HOUR

    world.lie = hold_up
    assert world.sweep()[Outcome.ACTIVE] == 1

    assert not world.broker._parts.sweep._guard.has_witness
    assert world.status(row) == WELL


def test_without_a_witness_nothing_ends(world: World) -> None:
    """Where three more accounts are dead, all may be a lie: it is stopped, and told."""
    row = world.connect(1)
    world.idle()
    others = [world.connect(hub_id) for hub_id in (2, 3, 4, 5)]
    world.lie = lambda _: {"active": False}
    world.sweep()
    world.seconds += HALF_HOUR
    report = world.broker.sweep()

    assert report.is_stopped
    assert {world.status(each) for each in (row, *others)} == {WELL}
    assert world.names() == [EventName.SWEEP_STOPPED]
    assert read_notes(world.store, APP).stopped_at == world.store.now()
    asked = world.asked.total()
    world.seconds += STOP_SECONDS - 60
    assert world.broker.sweep().is_stopped
    assert world.asked.total() == asked


def test_too_many_in_a_row_stop_it(world: World) -> None:
    """Nothing of it is written but the suspicion, and later looks are asked for again."""
    for hub_id in range(1, 2 * IN_A_ROW):
        world.connect(hub_id)
    world.idle()
    world.lie = lambda _: {"active": False}
    report = world.broker.sweep()

    assert (report.number, report.is_stopped) == (IN_A_ROW, True)
    assert world.names() == [EventName.SWEEP_STOPPED]
    world.lie = lambda _: None
    world.seconds += STOP_SECONDS + HALF_HOUR + 3600
    assert world.sweep()[Outcome.ACTIVE] > IN_A_ROW


def test_one_that_lives_after_all_is_a_reason_to_doubt(world: World) -> None:
    """For hours no other is believed dead; then it is."""
    row, other = world.connect(1), world.connect(2)
    world.idle()
    world.lie = lambda _: {"active": False}
    world.sweep()
    world.lie = lambda hub_id: world.tell(hub_id) if hub_id == 2 else {"active": False}
    world.store.note_look(world.load(other), 1, suspicion="inactive")
    world.seconds += HALF_HOUR
    world.sweep()
    assert world.sweep_for(DOUBT_SECONDS - 2 * 300)[Outcome.INACTIVE] == 0
    assert world.status(row) == WELL
    world.sweep_for(2 * DOUBT_SECONDS)

    assert world.status(row) == ENDED
    assert world.status(other) == WELL


def test_one_that_was_renewed_after_all_is_a_reason_too(world: World) -> None:
    """Somebody used it, and HubSpot honours what it had called dead."""
    used, row = world.connect(1), world.connect(2)
    world.idle()
    world.lie = lambda _: {"active": False}
    assert world.sweep() == {Outcome.SUSPECTED: 2}
    world.seconds += 1
    world.broker.access_token("owner 1")
    world.seconds += HALF_HOUR
    assert world.sweep() == {Outcome.SUSPECTED: 1}

    assert world.status(row) == world.status(used) == WELL
    assert world.load(used).suspicion is None


LIES: dict[str, dict[str, Any] | Response] = {
    "no JSON": Response(200, {}, b"<html>well</html>"),
    "empty": Response(200, {}, b""),
    "no object": Response(200, {}, b"[]"),
    "nonsense": {"hello": "world"},
    "a word for active": {"active": "false"},
    "a number for active": {"active": 0},
    "null for active": {"active": None},
    "twice active": Response(200, {}, b'{"active": true, "active": false}'),
    "another app": {"active": True, "client_id": "another", "hub_id": 1, "scopes": ["files"]},
    "another app's end": {"active": False, "client_id": "another"},
    "an account that is none": {"active": True, "hub_id": "one"},
    "scopes that are none": {"active": True, "hub_id": 1, "scopes": 7},
    "no scopes": {"active": True, "hub_id": 1, "scopes": []},
    "a redirect": Response(302, {"location": "/"}),
    "HTML 403": Response(403, {}, b"<html>"),
    "a wrong secret": Response(400, {}, b'{"error":"invalid_client"}'),
    "a word that nobody knows": Response(400, {}, b'{"status":"SOMETHING_NEW"}'),
    "moving": Response(477, {"retry-after": "60"}),
    "503": Response(503),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_an_answer_that_says_nothing_changes_nothing(
    world: World, lie: dict[str, Any] | Response
) -> None:
    """However often it comes: status, scopes and suspicion stay, and the audit is silent of it."""
    row = world.connect(1)
    world.idle()
    world.lie = lambda _: lie
    for _ in range(4):
        world.sweep()
        world.seconds += 3600 + HALF_HOUR

    after = world.load(row)
    assert world.asked[1] >= 1
    assert world.status(row) == WELL
    assert (after.scopes, after.suspicion, after.generation) == (row.scopes, None, row.generation)
    assert set(world.names()) <= {EventName.HUBSPOT_REFUSED}


TROUBLES = (HubSpotUnavailable(), RateLimited(), HubSpotUnreachable("no certificate"))


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda each: each.code)
def test_a_hubspot_in_trouble_is_left_alone_until_later(
    world: World, trouble: PortalkeyError
) -> None:
    """The round ends at the first, and the report says why; everything is looked at later."""
    for hub_id in range(1, 6):
        world.connect(hub_id)
    world.idle()

    def fail(_: int) -> None:
        raise trouble

    world.lie = fail
    report = world.broker.sweep()
    assert report.trouble is not None
    assert report.number == 0
    assert world.asked.total() == 1
    world.lie = lambda _: None
    world.sweep_for(2 * 3600)

    assert set(world.asked) == set(range(1, 6))


def test_answers_that_say_nothing_end_a_round(world: World) -> None:
    """A proxy that answers for HubSpot is not asked about thousands."""
    for hub_id in range(1, 10):
        world.connect(hub_id)
    world.idle()
    world.lie = lambda _: {"hello": "world"}
    report = world.broker.sweep()

    assert report.looks == {Outcome.UNCLEAR: MOST_UNCLEAR}
    assert report.trouble is not None
    assert report.trouble.code == "bad_answer"


def test_a_dead_grant_may_be_told_by_an_error(world: World) -> None:
    """HubSpot's word for it is the same word there."""
    row = world.connect(1)
    world.idle()
    world.lie = lambda _: Response(400, {}, b'{"status": "BAD_REFRESH_TOKEN"}')
    world.sweep()
    world.seconds += HALF_HOUR
    world.sweep()

    assert world.status(row) == ENDED


def test_an_account_that_moved_is_never_attached(world: World) -> None:
    """The person has to say yes to another account; until then no token is handed out."""
    row = world.connect(1)
    world.idle()
    world.lie = lambda hub_id: world.tell(hub_id, hub_id=99)
    assert world.sweep() == {Outcome.SUSPECTED: 1}
    assert world.status(row) == WELL
    world.seconds += HALF_HOUR
    assert world.sweep() == {Outcome.ACCOUNT_MOVED: 1}

    assert world.status(row) == (ConnectionStatus.NEEDS_RECONNECT, "account_moved")
    assert world.load(row).hub_id == 1
    (event,) = world.store.events()
    assert event.facts == {"error": "account_moved", "other_hub_id": 99}


def test_two_looks_have_to_agree(world: World) -> None:
    """One that says dead and one that says moved are no two of a kind."""
    row = world.connect(1)
    world.idle()
    world.lie = lambda _: {"active": False}
    world.sweep()
    world.seconds += HALF_HOUR
    world.lie = lambda hub_id: world.tell(hub_id, hub_id=99)
    assert world.sweep() == {Outcome.SUSPECTED: 1}

    assert world.status(row) == WELL


def test_scopes_that_changed_are_written(world: World) -> None:
    """With an event that says which, in the one transaction; the tokens stay."""
    row = world.connect(1)
    world.idle()
    scopes = ["oauth", "crm.objects.deals.read"]
    world.lie = lambda hub_id: world.tell(hub_id, scopes=scopes)
    assert world.sweep() == {Outcome.SCOPES_CHANGED: 1}

    after = world.load(row)
    assert after.scopes == tuple(scopes)
    assert after.status is ConnectionStatus.CONNECTED
    assert world.broker.vault.open_refresh(after).get_secret_value() == "refresh-1"
    (event,) = world.store.events()
    assert (event.name, event.connection_id) == (EventName.SCOPES_CHANGED, row.id)
    granted, withdrawn = "crm.objects.deals.read", "crm.objects.contacts.read"
    assert event.facts == {"scopes_added": granted, "scopes_removed": withdrawn}
    world.sweep_for(IDLE_SECONDS)
    assert len(world.names()) == 1


def test_another_order_is_no_change(world: World) -> None:
    """And scopes that nobody had named are learnt without a word."""
    row, unknown = world.connect(1), world.connect(2, scopes=None)
    assert world.load(unknown).scopes is None
    world.idle()
    world.lie = lambda hub_id: world.tell(hub_id, scopes=list(reversed(SCOPES)))
    assert world.sweep() == {Outcome.ACTIVE: 2}

    assert world.load(row).scopes == SCOPES
    assert set(world.load(unknown).scopes or ()) == set(SCOPES)
    assert world.names() == []


def test_a_copy_sweeps_nothing(world: World) -> None:
    """It asks HubSpot for no grant, and puts nobody's look off."""
    world.connect(1)
    world.idle()

    assert world.sweep(world.start(is_copy=True)) == {}
    assert not world.asked
    assert world.sweep() == {Outcome.ACTIVE: 1}


def test_a_key_that_is_missing_here_marks_nothing(world: World) -> None:
    """Another process has it; it is told once."""
    row = world.connect(1)
    world.idle()
    key = Settings(client_id=APP, client_secret="s" * 20, keys=f"b:{new_key().get_secret_value()}")
    stranger = world.start(keys=key.keys)
    assert world.sweep(stranger) == {Outcome.NO_KEY: 1}

    assert not world.asked
    assert world.status(row) == WELL
    assert world.names() == [EventName.NO_KEY_OPENS]
    world.seconds += 3600
    assert world.sweep() == {Outcome.ACTIVE: 1}


def test_two_processes_look_once(world: World) -> None:
    """What one has claimed the other leaves alone, and what it left lying is due again."""
    for hub_id in range(1, 6):
        world.connect(hub_id)
    world.idle()
    other = world.start()
    claimed = world.store.claim_looks(APP, 2, lambda row: row.seen_at + timedelta(hours=1))
    world.sweep(other)
    world.sweep()

    assert sorted(world.asked) == sorted({1, 2, 3, 4, 5} - {row.hub_id for row in claimed})
    world.seconds += 3601
    world.sweep()
    assert set(world.asked.values()) == {1}
    assert len(world.asked) == 5


def test_who_renews_just_now_is_not_ended(world: World) -> None:
    """A lease that was taken since the look was claimed is newer than what HubSpot said."""
    row = world.connect(1)
    world.dead.add(1)
    world.idle()
    world.sweep()
    world.seconds += HALF_HOUR

    def lie(_: int) -> None:
        lease = world.store.lease(world.load(row), LeaseRequest("another", 30))
        assert isinstance(lease, Lease)

    world.lie = lie
    assert world.sweep() == {Outcome.OVERTAKEN: 1}
    assert world.status(row) == WELL


def test_who_is_renewed_meanwhile_is_not_noted(world: World) -> None:
    """The newer grant has had HubSpot's word."""
    row = world.connect(1)
    world.idle()

    def use(_: int) -> None:
        world.broker.access_token("owner 1")

    world.lie = use
    assert world.sweep() == {Outcome.OVERTAKEN: 1}

    assert world.load(row).checked_at is None


def test_callers_who_wait_come_first(world: World) -> None:
    """While they need what the bucket holds, the sweep takes none of it."""
    for hub_id in range(1, 40):
        world.connect(hub_id)
    world.idle()
    slow = world.start(refresh_rate=1.0, refresh_burst=20)
    slow._sweep._questions._endpoint.admission._pause = lambda _, seconds: world.passes(seconds)
    world.sweep(slow)

    bucket = world.store._throttles.by_app[APP].bucket
    assert 5 <= world.asked.total() < 25
    assert bucket >= 5


def test_a_round_ends_after_a_while(world: World) -> None:
    """What else there is to do waits for it."""
    for hub_id in range(1, 100):
        world.connect(hub_id)
    world.idle()

    def dawdle(_: int) -> None:
        world.passes(1)

    world.lie = dawdle
    world.sweep()

    assert BATCH <= world.asked.total() <= ROUND_SECONDS + 2


def test_an_open_breaker_is_not_probed_by_it(world: World) -> None:
    """An introspection says nothing of the token endpoint."""
    for hub_id in range(1, 5):
        world.connect(hub_id)
    world.idle()
    world.broker.access_token("owner 4")
    for name in ("x", "y", "z"):
        world.broker._refresh._outcomes.breaker.record_failure(name, name, HubSpotUnavailable())
    world.seconds += 60
    report = world.broker.sweep()

    assert report.trouble is not None
    assert not world.asked
    assert world.broker.stats().is_breaker_open


def test_the_sweep_goes_on_as_the_breaker_closes(world: World) -> None:
    """What was claimed and not looked at comes first then, whatever became due meanwhile."""
    rows = [world.connect(hub_id) for hub_id in range(1, 5)]
    world.idle()
    late = world.connect(9)
    world.store.note_look(late, 10)
    world.broker.access_token("owner 4")
    for row in rows[:3]:
        breaker = world.broker._refresh._outcomes.breaker
        breaker.record_failure(row.id, row.owner, HubSpotUnavailable())
    assert world.broker.sweep().trouble is not None
    assert world.sweep() == {}
    assert not world.asked
    world.seconds += IDLE_SECONDS + 60
    world.broker.access_token("owner 4")  # closes it
    world.broker.sweep(3)

    assert set(world.asked) == {1, 2, 3}


def test_what_a_trouble_left_over_comes_first(world: World) -> None:
    """The round ends at the one that met it, which waits within the hour; the others do not."""
    rows = [world.connect(hub_id) for hub_id in range(1, 5)]
    for number, row in enumerate(rows):
        world.store.note_look(row, 10 + number)
    world.seconds += 2 * IDLE_SECONDS

    def fail(hub_id: int) -> None:
        if hub_id == 1:
            raise HubSpotUnavailable

    world.lie = fail
    assert world.broker.sweep().trouble is not None
    assert world.sweep() == {Outcome.ACTIVE: 3}
    assert world.asked == {1: 1, 2: 1, 3: 1, 4: 1}


def test_a_round_takes_no_more_than_it_may(world: World) -> None:
    """What it has claimed beyond that is due in the next one."""
    for hub_id in range(1, 8):
        world.connect(hub_id)
    world.idle()

    assert [world.broker.sweep(3).number for _ in range(4)] == [3, 3, 1, 0]


SICK: dict[str, Callable[[], Response]] = {
    "503": lambda: Response(503),
    "moving": lambda: Response(477, {"retry-after": "60"}),
    "nonsense": lambda: Response(200, {}, b"<html>"),
    "too many": lambda: Response(429, {}),
    "another app's": lambda: Response(200, {}, b'{"active": true, "client_id": "another"}'),
    "a word that nobody knows": lambda: Response(400, {}, b'{"status": "SOMETHING_NEW"}'),
}


@pytest.mark.parametrize("others", [1, 2, 5])
@pytest.mark.parametrize("sick", SICK.values(), ids=SICK)
def test_a_sick_neighbour_keeps_no_dead_row_alive(
    world: World, sick: Callable[[], Response], others: int
) -> None:
    """Where HubSpot says nothing of all others, for days, it ends within about a day."""
    row = world.connect(1)
    neighbours = [world.connect(hub_id) for hub_id in range(2, 2 + others)]
    world.dead.add(1)
    world.lie = lambda hub_id: None if hub_id == 1 else sick()
    world.sweep()
    world.sweep_for(IDLE_SECONDS + 5 * 3600)

    assert world.status(row) == ENDED
    assert {world.status(each) for each in neighbours} == {WELL}


def test_one_sick_neighbour_of_several_is_passed_by(world: World) -> None:
    """Another bears witness at once."""
    row = world.connect(1)
    world.dead.add(1)
    world.idle()
    for hub_id in (2, 3, 4):
        world.connect(hub_id)
    world.lie = lambda hub_id: Response(503) if hub_id in {2, 3} else None
    world.sweep()
    world.seconds += HALF_HOUR

    assert world.sweep() == {Outcome.INACTIVE: 1}
    assert world.status(row) == ENDED


def test_silence_is_no_witness(world: World) -> None:
    """A HubSpot that calls some dead and says nothing of the others is not believed for hours."""
    row = world.connect(1)
    world.idle()
    for hub_id in (2, 3, 4):
        world.connect(hub_id)
    world.lie = lambda hub_id: {"active": False} if hub_id == 1 else Response(503)
    world.sweep_for(SILENCE_PATIENCE - 600)
    world.lie = lambda _: None
    world.sweep_for(IDLE_SECONDS)

    assert world.status(row) == WELL
    assert EventName.NEEDS_RECONNECT not in world.names()


def test_an_owner_whom_hubspot_refused_holds_up_no_other(world: World) -> None:
    """That owner waits for a while in this process; the next one is asked about all the same."""
    rows = [world.connect(hub_id) for hub_id in (1, 2)]
    for number, row in enumerate(rows):
        world.store.note_look(row, 10 + number)
    world.seconds += 2 * IDLE_SECONDS
    world.lie = lambda hub_id: Response(403, {}, b"<html>") if hub_id == 1 else None
    world.broker.sweep()
    world.store.release_looks([world.store.connections("owner 1", APP)[0]])
    world.store.note_look(world.load(rows[0]), 0)
    world.seconds += 1
    world.broker.sweep()

    assert world.asked == {1: 1, 2: 1}


def test_a_neighbour_between_life_and_death_keeps_no_dead_row_alive(world: World) -> None:
    """It raises doubt after doubt, which counts for half a day."""
    row, other = world.connect(1), world.connect(2)
    world.dead.add(1)
    world.idle()
    ended_after = 0.0
    while world.status(row) == WELL and ended_after < 2 * IDLE_SECONDS:
        world.store.note_look(world.load(other), 1, suspicion="inactive")
        world.seconds += HALF_HOUR
        ended_after += HALF_HOUR
        world.sweep()

    assert DOUBT_PATIENCE <= ended_after <= DOUBT_PATIENCE + 2 * 3600
    assert world.status(row) == ENDED


def test_a_witness_that_was_dead_itself_is_none(world: World) -> None:
    """HubSpot called it dead, and now it lives: that speaks against HubSpot."""
    row, other = world.connect(1), world.connect(2)
    world.dead.add(1)
    world.store.note_look(row, 10)
    world.seconds += 2 * IDLE_SECONDS
    world.store.note_look(world.load(other), IDLE_SECONDS, suspicion="inactive")
    world.sweep()
    world.seconds += HALF_HOUR

    assert world.sweep() == {Outcome.SUSPECTED: 1}
    assert world.status(row) == WELL


def test_only_what_this_round_ended_is_reported(world: World) -> None:
    """Another process ended it as this one was asking: one event, and one end in the reports."""
    row = world.connect(1)
    world.dead.add(1)
    world.idle()
    world.sweep()
    world.seconds += HALF_HOUR
    other = world.start()

    def end_elsewhere(_: int) -> None:
        world.lie = lambda _: None
        other.introspector.check(world.load(row))

    world.lie = end_elsewhere
    assert world.sweep() == {Outcome.OVERTAKEN: 1}

    assert world.status(row) == ENDED
    assert world.names() == [EventName.NEEDS_RECONNECT]


def test_the_setup_page_sees_an_account_that_moved(world: World) -> None:
    """One answer is enough there, as a person looks at this one connection."""
    row = world.connect(1)
    world.lie = lambda hub_id: world.tell(hub_id, hub_id=99)
    world.broker.introspector.check(world.load(row))

    assert world.status(row) == (ConnectionStatus.NEEDS_RECONNECT, "account_moved")
    (event,) = world.store.events()
    assert event.facts == {"error": "account_moved", "other_hub_id": 99}


def test_a_stop_is_not_forgotten_by_who_sweeps_in_peace(world: World) -> None:
    """It is noted apart from the rounds, of which another process notes the next."""
    for hub_id in range(1, 2 * IN_A_ROW):
        world.connect(hub_id)
    world.idle()
    world.lie = lambda _: {"active": False}
    assert world.broker.sweep().is_stopped
    at = world.store.now()
    world.lie = lambda _: None
    world.seconds += 60
    world.sweep(world.start())
    notes = read_notes(world.store, APP)

    assert (notes.swept_at, notes.stopped_at) == (world.store.now(), at)


def test_looks_are_measured(world: World) -> None:
    """By what came of them, for whoever listens."""
    world.connect(1)
    world.idle()
    seen: list[Measure] = []

    def note(measure: Measure) -> None:
        seen.append(measure)

    measured.connect(note)
    world.sweep()
    measured.disconnect(note)

    assert [(each.name, each.result) for each in seen] == [("look", "active")]
