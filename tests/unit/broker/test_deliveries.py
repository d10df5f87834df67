"""Receivers hear of every change, at least once and in order; one holds up no other."""

import base64
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import pytest

from portalkey._support.clock import boot_time
from portalkey.broker import Broker
from portalkey.broker.deliveries import BEAT_SECONDS, Deliveries
from portalkey.broker.delivery import (
    FORGET_SECONDS,
    KEEP_SECONDS,
    LONGEST_WAIT,
    RECEIVER_SECONDS,
)
from portalkey.errors import StoreUnusable
from portalkey.model.connection import ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.model.notifications import Notification, Subject
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey.testing.account import connect
from portalkey.testing.parts import broker_over
from portalkey.vault import MemoryStore
from portalkey.vault.store import Mark, Store
from portalkey_simulator import HubSpot
from support.forking import in_child
from support.patience import PATIENCE
from support.peer import Peer, http

SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()
Listen = Callable[..., Peer]
MakeBroker = Callable[[Settings], Broker]


def tell(broker: Broker, row: str, name: EventName = EventName.HEALED) -> str:
    """Record a change of the connection *row*, as the store does; the event's id."""
    subject = Subject(broker.settings.client_id, 7)
    return broker.vault.store.record(Event(name, "ada", None, row), subject).id or ""


class Heard:
    """A receiver that remembers, and raises as often as it is told to for a connection."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.trouble: dict[str | None, int] = {}

    def __call__(self, event: Event) -> None:
        """Hear of *event*."""
        self.events.append(event)
        left = self.trouble.get(event.connection_id, 0)
        if left:
            self.trouble[event.connection_id] = left - 1
            raise RuntimeError("canary")

    @property
    def ids(self) -> list[str | None]:
        """What came, in its order."""
        return [each.id for each in self.events]


def test_a_receiver_hears_of_a_whole_journey(broker: Broker, hubspot: HubSpot) -> None:
    """Each change as the audit has it, whichever part of us made it."""
    heard: list[Event] = []

    @broker.on_event("billing")
    def hear(event: Event) -> None:
        heard.append(event)

    connect(broker, hubspot, "ada")
    (row,) = broker.connections("ada")
    mark = Mark(ConnectionStatus.FAILING, "hubspot_unavailable", failures=1)
    assert broker.vault.store.mark(row, mark)
    broker.access_token("ada")
    hubspot.clock.move(1900)
    broker.vault.store.now()
    connect(broker, hubspot, "ada")
    broker.disconnect("ada", row.id)
    broker.notify()

    names = [each.name for each in heard]
    assert names[0] == EventName.CONNECTED
    assert names[-2:] == [EventName.RECONNECTED, EventName.DISCONNECTED]
    audit = {each.id: each for each in broker.vault.store.events()}
    assert all(audit[each.id] == each for each in heard)
    assert hear.__name__ == "hear"


def test_a_renewal_that_heals_is_told_and_a_plain_one_is_not(
    broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> None:
    """With the renewal itself, or not at all; and so is what HubSpot grants otherwise."""
    heard = Heard()
    broker.on_event("billing", heard)
    connect(broker, hubspot, "ada")
    for is_failing in (False, True):
        ahead.passes(1900)
        hubspot.clock.move(1900)
        (row,) = broker.connections("ada")
        if is_failing:
            assert broker.vault.store.mark(row, Mark(ConnectionStatus.FAILING, "bad_answer"))
        broker.access_token("ada")
    broker.notify()

    assert [each.name for each in heard.events] == [EventName.CONNECTED, EventName.HEALED]
    (row,) = broker.connections("ada")
    assert row.status is ConnectionStatus.CONNECTED
    assert heard.events[-1].connection_id == row.id


def test_a_receiver_that_raises_holds_up_its_connection_alone(
    broker: Broker, ahead: Ahead, caplog: pytest.LogCaptureFixture
) -> None:
    """It hears of the same event again, and of the later ones of that connection after it."""
    heard = Heard()
    heard.trouble["row 1"] = 2
    broker.on_event("billing", heard)
    first, later = tell(broker, "row 1"), tell(broker, "row 1", EventName.DISCONNECTED)
    other = tell(broker, "row 2")

    assert broker.notify() == 1
    assert sorted(heard.ids, key=str) == sorted([first, other])
    for _ in range(3):
        ahead.passes(60)
        broker.notify()
    assert [each for each in heard.ids if each != other] == [first, first, first, later]
    assert "the receiver billing failed" in caplog.text
    assert broker.stats().notifications == 0


def test_one_receiver_that_hangs_holds_up_no_other(broker: Broker) -> None:
    """Each has a thread of its own."""
    heard, is_hanging, may_go = Heard(), threading.Event(), threading.Event()

    def hang(_: Event) -> None:
        is_hanging.set()
        assert may_go.wait(PATIENCE)

    broker.on_event("hanging", hang)
    broker.on_event("billing", heard)
    tell(broker, "row")
    broker.notify(wait=False)
    assert is_hanging.wait(PATIENCE)
    until = time.monotonic() + PATIENCE
    while not heard.events and time.monotonic() < until:
        time.sleep(0.01)
    broker.send_owed()

    assert len(heard.events) == 1
    may_go.set()
    broker.close()


def test_a_name_that_another_process_has_is_written_for(
    settings: Settings, make_broker: MakeBroker, hubspot: HubSpot
) -> None:
    """A process without it neither delivers nor loses anything."""
    worker, web = make_broker(settings), make_broker(settings)
    heard = Heard()
    worker.on_event("billing", heard)
    event_id = tell(web, "row")

    assert web.notify() == 0
    assert heard.events == []
    assert worker.notify() == 1
    assert heard.ids == [event_id]


def test_a_process_that_died_at_it_keeps_it_from_nobody(
    settings: Settings, make_broker: MakeBroker, ahead: Ahead
) -> None:
    """What it had taken comes to another, once its time is over, and in its order."""
    broker, heard = make_broker(settings), Heard()
    broker.on_event("billing", heard)
    first, later = tell(broker, "row"), tell(broker, "row", EventName.DISCONNECTED)
    store, app = broker.vault.store, settings.client_id
    (due,) = store.due_notifications(app, "billing", 9)
    assert store.claim_notification(due.id, RECEIVER_SECONDS)
    assert broker.notify() == 0
    ahead.passes(RECEIVER_SECONDS + 1)

    assert broker.notify() == 2
    assert heard.ids == [first, later]


def test_names_that_are_none(broker: Broker) -> None:
    """And two of one name in one process, of which one would hear nothing."""
    for name in ("", "Billing", "webhook", "a b", "x" * 65, "-x"):
        with pytest.raises(ValueError, match="receiver's name"):
            broker.on_event(name, print)
    broker.on_event("billing", print)
    with pytest.raises(ValueError, match="has a receiver named billing"):
        broker.on_event("billing", print)


def test_a_store_that_cannot_note_a_name_says_so(
    settings: Settings, hubspot: HubSpot, broken_store: Store
) -> None:
    """Nobody is left to believe that what happens from now on will come."""
    broker = broker_over(settings, broken_store, hubspot)
    with pytest.raises(StoreUnusable):
        broker.on_event("billing", print)

    assert broker._deliveries.names == ()
    broker.close()


@pytest.fixture
def hooked(settings: Settings, listen: Listen) -> tuple[Settings, Peer]:
    """Settings with a webhook, and the peer that answers as its ``answers`` say, 204 by then."""
    answers: list[bytes] = []

    def answer(connection: socket.socket, _: threading.Event) -> None:
        connection.sendall(answers.pop(0) if answers else http(204, ""))

    peer = listen(answer)
    peer.answers = answers  # type: ignore[attr-defined]
    update = {"webhook_url": f"{peer.url}/hooks", "webhook_secrets": SECRET}
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    return Settings(**values | update), peer


def ids_at(peer: Peer) -> list[str]:
    """The ids that came over the wire."""
    lines = [line for request in peer.requests for line in request.decode().split("\r\n")]
    return [line.partition(": ")[2] for line in lines if line.startswith("webhook-id: ")]


def test_a_change_reaches_the_webhook_by_itself(
    hooked: tuple[Settings, Peer], make_broker: MakeBroker, hubspot: HubSpot
) -> None:
    """Nobody has to ask for it."""
    settings, peer = hooked
    broker = make_broker(settings)
    broker.announce()
    connect(broker, hubspot, "ada")
    broker.close()

    (told,) = [json.loads(each.partition(b"\r\n\r\n")[2]) for each in peer.requests]
    (row,) = broker.connections("ada")
    assert told["type"] == "connected"
    assert told["data"]["connection_id"] == row.id
    assert told["data"]["hub_id"] == row.hub_id
    assert told["data"]["status"] == "connected"


def test_a_webhook_that_fails_is_tried_again_under_the_same_id(
    hooked: tuple[Settings, Peer], make_broker: MakeBroker, ahead: Ahead
) -> None:
    """Until it takes it, and then it hears of what came after."""
    settings, peer = hooked
    peer.answers += [http(500), http(429, headers={"Retry-After": "3600"})]  # type: ignore[attr-defined]
    broker = make_broker(settings)
    broker.announce()
    first, later = tell(broker, "row"), tell(broker, "row", EventName.DISCONNECTED)

    assert broker.notify() == 0
    ahead.passes(11)
    assert broker.notify() == 0
    ahead.passes(3590)
    assert broker.notify() == 0  # as it asked for
    assert len(peer.requests) == 2
    ahead.passes(30)
    assert broker.notify() == 2
    assert ids_at(peer) == [first, first, first, later]


def test_a_receiver_that_is_gone_is_told_no_more(
    hooked: tuple[Settings, Peer], make_broker: MakeBroker
) -> None:
    """410 gives that one up at once, on record, and lets the next one go."""
    settings, peer = hooked
    peer.answers.append(http(410))  # type: ignore[attr-defined]
    broker = make_broker(settings)
    broker.announce()
    first, later = tell(broker, "row"), tell(broker, "row", EventName.DISCONNECTED)

    assert broker.notify() == 1
    assert ids_at(peer) == [first, later]
    given_up = [e for e in broker.vault.store.events() if e.name == "notification_given_up"]
    assert [each.facts for each in given_up] == [
        {"receiver": "webhook", "number": 1, "event": first}
    ]
    assert given_up[0].connection_id == "row"


def test_after_days_it_is_given_up_on_record(
    hooked: tuple[Settings, Peer],
    make_broker: MakeBroker,
    ahead: Ahead,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With how many they were; nothing waits for ever."""
    settings, peer = hooked
    broker = make_broker(settings)
    broker.announce()
    peer.answers += [http(500)] * 99  # type: ignore[attr-defined]
    tell(broker, "row 1")
    tell(broker, "row 2")
    for _ in range(3):
        broker.notify()
        ahead.passes(LONGEST_WAIT)
    assert broker.stats().notifications == 2
    ahead.passes(KEEP_SECONDS)
    with caplog.at_level(logging.ERROR):
        broker._deliveries.sweep()  # alone: what is being tried just then is given up the next time

    assert broker.stats().notifications == 0
    (event,) = [e for e in broker.vault.store.events() if e.name == "notification_given_up"]
    assert (event.facts["receiver"], event.facts["number"]) == ("webhook", 2)
    assert "given up: 2 for the receiver webhook" in caplog.text
    tell(broker, "row 3")
    ahead.passes(KEEP_SECONDS + 1)
    for _ in range(2):
        broker.notify()
    assert broker.stats().notifications == 0


def test_a_name_without_a_process_is_forgotten(
    settings: Settings, make_broker: MakeBroker, ahead: Ahead
) -> None:
    """It does not fill the table for ever; one that a process has stays, however quiet it is."""
    gone, here = make_broker(settings), make_broker(settings)
    gone.on_event("gone", print)
    here.on_event("here", Heard())
    for _ in range(8):
        ahead.passes(FORGET_SECONDS / 7)
        here.notify()
        tell(here, "row")

    assert [each.name for each in here.receivers()] == ["here"]
    assert here.receivers()[0].waiting is not None


def test_a_copy_notifies_nothing(
    hooked: tuple[Settings, Peer], make_broker: MakeBroker, hubspot: HubSpot
) -> None:
    """Neither what it came with nor what happens in it; production tells that."""
    settings, peer = hooked
    production = make_broker(settings)
    production.announce()
    tell(production, "row")
    copy, heard = make_broker(settings.model_copy(update={"is_copy": True})), Heard()
    copy.on_event("billing", heard)
    copy.announce()
    connect(copy, hubspot, "eve")
    copy.notify()
    copy.close()

    assert peer.requests == []
    assert heard.events == []
    assert [each.name for each in production.receivers()] == ["webhook"]
    copy.vault.is_copy = False


def test_an_operator_sends_an_event_again(
    hooked: tuple[Settings, Peer], make_broker: MakeBroker, hubspot: HubSpot
) -> None:
    """Under its id, to whoever hears by now; what is no change of this app's is not sent."""
    settings, peer = hooked
    broker = make_broker(settings)
    broker.announce()
    connect(broker, hubspot, "ada")
    broker.notify()
    events = {each.name: each.id or "" for each in broker.vault.store.events()}
    before = list(peer.requests)

    assert broker.resend_event(events[EventName.CONNECTED]) == 1
    broker.notify()
    assert ids_at(peer) == [events[EventName.CONNECTED]] * 2
    bodies = [each.partition(b"\r\n\r\n")[2] for each in peer.requests]
    assert bodies[0] == bodies[1]
    assert len(before) == 1
    for unknown in (events[EventName.ATTEMPT_STARTED], "evt_1_1", "nonsense"):
        assert broker.resend_event(unknown) is None


def test_another_apps_receivers_hear_nothing(
    settings: Settings, make_broker: MakeBroker, hubspot: HubSpot
) -> None:
    """Of two apps in one store each has its own, and may resend its own only."""
    ours, heard = make_broker(settings), Heard()
    theirs = make_broker(settings.model_copy(update={"client_id": "another"}))
    theirs.on_event("billing", heard)
    connect(ours, hubspot, "ada")
    theirs.notify()
    connected = next(each for each in ours.vault.store.events() if each.name is EventName.CONNECTED)

    assert heard.events == []
    assert theirs.resend_event(connected.id or "") is None


def test_it_is_noted_now_and_then_that_a_process_has_it(broker: Broker, ahead: Ahead) -> None:
    """Not each time: an event costs no write more for it."""
    broker.on_event("billing", Heard())
    broker.notify()
    (first,) = broker.receivers()
    broker.notify()
    ahead.passes(BEAT_SECONDS + 1)
    broker.notify()
    (second,) = broker.receivers()

    assert (second.had_at - first.had_at).total_seconds() >= BEAT_SECONDS


def test_forgetting_drops_what_is_owed(broker: Broker) -> None:
    """And says how much that was."""
    broker.on_event("billing", Heard())
    tell(broker, "row 1")
    tell(broker, "row 2")

    assert broker.forget_receiver("nobody") is None
    assert broker.forget_receiver("billing") == 2
    assert broker.receivers() == []


def test_an_erased_owner_is_told_of_without_a_name(settings: Settings, hubspot: HubSpot) -> None:
    """What had not arrived by then arrives, and tells of nobody."""
    store = MemoryStore()
    store.add_receivers(settings.client_id, ["billing"])
    broker, heard = broker_over(settings, store, hubspot), Heard()
    connect(broker, hubspot, "ada")
    broker.erase("ada")
    broker.on_event("billing", heard)
    broker.notify()

    names = sorted(each.name for each in heard.events)
    assert names == ["connected", "disconnected", "owner_erased"]
    assert {each.owner for each in heard.events} == {None}
    assert {each.connection_id for each in heard.events} == {None}
    assert "4410001" not in repr([replace(each, id=None, at=None) for each in heard.events])
    broker.close()


@pytest.fixture
def make_deliveries(broker: Broker, ahead: Ahead) -> Iterator[Callable[..., Deliveries]]:
    """Makes those of a process that has a round every few milliseconds, and waits for nothing."""
    made: list[Deliveries] = []

    def make(**options: object) -> Deliveries:
        given = {"webhook": None, "beat_seconds": 0.02, "close_seconds": 0.2, **options}
        deliveries = Deliveries(
            broker.vault,
            broker.audit,
            clock=lambda: boot_time() + ahead.seconds,
            uniform=lambda low, _: low,
            **given,  # type: ignore[arg-type]
        )
        made.append(deliveries)
        return deliveries

    yield make
    for each in made:
        each.close()


def until(is_so: Callable[[], bool]) -> bool:
    """Wait for it."""
    last = time.monotonic() + PATIENCE
    while not is_so() and time.monotonic() < last:
        time.sleep(0.01)
    return is_so()


def test_what_failed_is_tried_again_though_nothing_happens(
    broker: Broker, make_deliveries: Callable[..., Deliveries]
) -> None:
    """A process with a receiver looks now and then, until it is closed; and again when used."""
    deliveries, heard = make_deliveries(), Heard()
    heard.trouble["row"] = 1
    deliveries.add("billing", heard)
    event_id = tell(broker, "row")

    assert until(lambda: len(heard.ids) == 2)
    assert heard.ids == [event_id] * 2
    deliveries.close()
    assert until(lambda: "portalkey-beat" not in {each.name for each in threading.enumerate()})
    deliveries.start()
    other = tell(broker, "row")
    assert until(lambda: heard.ids[-1] == other)


def test_a_forked_child_looks_by_itself(
    broker: Broker, make_deliveries: Callable[..., Deliveries]
) -> None:
    """As its parent does: it has the receiver, too."""
    deliveries, parent, heard = make_deliveries(), os.getpid(), Heard()
    heard.trouble["row"] = 1

    def hear(event: Event) -> None:
        if os.getpid() == parent:
            raise RuntimeError("a child is to hear of it")
        heard(event)

    deliveries.add("billing", hear)

    def act() -> bool:
        tell(broker, "row")
        deliveries.start()
        return until(lambda: len(heard.ids) == 2)

    assert in_child(act)


def test_a_receiver_that_hangs_keeps_no_process_from_its_end(
    broker: Broker, make_deliveries: Callable[..., Deliveries], ahead: Ahead
) -> None:
    """Nothing more is begun, and what it was told is told again by whoever is there."""
    deliveries, told, may_go = make_deliveries(), list[str | None](), threading.Event()

    def hang(event: Event) -> None:
        told.append(event.id)
        assert may_go.wait(PATIENCE)

    deliveries.add("billing", hang)
    both = [tell(broker, "row 1"), tell(broker, "row 2")]
    deliveries.start()
    assert until(lambda: len(told) == 1)
    began = time.monotonic()
    deliveries.close()
    assert time.monotonic() - began < PATIENCE
    ahead.passes(RECEIVER_SECONDS + 1)
    heard = Heard()
    broker.on_event("billing", heard)
    broker.notify()
    assert sorted(heard.ids, key=str) == both
    may_go.set()
    deliveries.background.join()
    assert told == both[:1]


def test_an_unforeseen_error_is_a_failed_try(
    broker: Broker,
    make_deliveries: Callable[..., Deliveries],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of whatever kind: others arrive, nothing of it is quoted, and it is tried again."""
    arrived: list[str] = []
    errors = iter([ValueError("canary"), SystemExit("canary"), AssertionError("canary")])

    def send(notification: Notification) -> None:
        if notification.lane == "row 1":
            for error in errors:
                raise error
        arrived.append(notification.lane)

    deliveries = make_deliveries(webhook=send, beat_seconds=3600.0)
    deliveries.note()
    tell(broker, "row 1")
    tell(broker, "row 2")
    assert deliveries.run() == 2
    assert arrived == ["row 2", "row 1"]
    assert caplog.text.count("failed unforeseen") == 3
    assert "canary" not in caplog.text


def test_a_receiver_that_ends_its_thread_has_failed(
    broker: Broker, make_deliveries: Callable[..., Deliveries]
) -> None:
    """It ends neither the thread nor the process; others of its events go on."""
    ends = iter([True])
    heard: list[str | None] = []

    def hear(event: Event) -> None:
        heard.append(event.connection_id)
        if next(ends, False):
            raise SystemExit

    deliveries = make_deliveries(beat_seconds=3600.0)
    deliveries.add("billing", hear)
    tell(broker, "row 1")
    tell(broker, "row 2")
    assert deliveries.run() == 2
    assert sorted(heard, key=str) == ["row 1", "row 1", "row 2"]


def test_trouble_of_the_store_is_raised_to_whoever_waits(
    settings: Settings, hubspot: HubSpot, broken_store: Store
) -> None:
    """And to nobody else: it is logged, and some are left for the next time."""
    broker = broker_over(settings, broken_store, hubspot)
    broker._deliveries._receivers["billing"] = print
    with pytest.raises(StoreUnusable):
        broker.notify()

    assert broker.notify(wait=False) == 0
    broker.close()


def test_an_old_event_that_is_sent_again_arrives(broker: Broker, ahead: Ahead) -> None:
    """It is owed since then, and not since it happened."""
    heard = Heard()
    broker.on_event("billing", heard)
    event_id = tell(broker, "row")
    assert broker.notify() == 1
    ahead.passes(2 * KEEP_SECONDS)
    subject = Subject(broker.settings.client_id, 7)
    event = broker.vault.store.event(event_id)
    assert event is not None
    broker.vault.store.notify_again(event, subject)
    broker._deliveries.sweep()

    assert broker.notify() == 1
    assert heard.ids == [event_id] * 2


def test_what_is_owed_to_an_unknown_name_is_given_up(broker: Broker, ahead: Ahead) -> None:
    """A change may be written just as its receiver is forgotten; nothing waits for ever."""
    store, app = broker.vault.store, broker.settings.client_id
    store.add_receivers(app, ["gone"])
    tell(broker, "row")
    store.put_meta(f"receivers {app}", "{}")
    assert broker.stats().notifications == 1
    broker.notify()
    assert broker.stats().notifications == 1
    ahead.passes(KEEP_SECONDS + 1)
    broker.notify()

    assert broker.stats().notifications == 0
    tell(broker, "row")
    store.add_receivers(app, ["gone"])
    tell(broker, "row")
    store.put_meta(f"receivers {app}", "{}")
    assert broker.forget_receiver("gone") == 1


class _ComesBack(MemoryStore):
    def receivers(self, client_id: str) -> Mapping[str, datetime]:
        """And a process starts, right after that."""
        known = super().receivers(client_id)
        self.add_receivers(client_id, ["back"])
        return known


def test_a_name_that_has_come_back_is_not_forgotten(
    settings: Settings, hubspot: HubSpot, ahead: Ahead
) -> None:
    """Though it was gone for days when it was looked at: what it is owed by now would be lost."""
    store = _ComesBack(ahead=ahead)
    store.add_receivers(settings.client_id, ["back"])
    broker = broker_over(settings, store, hubspot)
    ahead.passes(FORGET_SECONDS + 1)
    broker._deliveries.sweep()

    assert [each.name for each in broker.receivers()] == ["back"]
    broker.close()
