"""HubSpot's webhooks journal: who uninstalled the app is disconnected, without a token."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from portalkey._support.clock import boot_time
from portalkey.broker import Broker
from portalkey.broker.journal_place import EVERY, HELD
from portalkey.errors import (
    HubSpotRefused,
    HubSpotUnavailable,
    HubSpotUnreachable,
    NeedsReconnect,
    NoSession,
    RateLimited,
    StoreIsCopy,
)
from portalkey.flask.session_store import SessionStore
from portalkey.hubspot.client import HubSpotClient, Send
from portalkey.hubspot.http import Request, Response
from portalkey.hubspot.journal import FileMissing
from portalkey.model.events import Event, EventName
from portalkey.model.journal import META_NAME, JournalState
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey.testing.account import connect
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey.vault.json_file.store import ConfigFileStore
from portalkey.vault.memory import MemoryStore
from portalkey.vault.store import Store
from portalkey_simulator import HubSpot
from portalkey_simulator.faults.fault_kinds import Fault
from support.commands import run

pytest_plugins = ("support.postgres",)

FIRST, OTHER = 4410001, 4410002


class Time:
    """Both clocks: the store's and this process's, and HubSpot's."""

    def __init__(self, ahead: Ahead, hubspot: HubSpot) -> None:
        self._ahead, self._hubspot = ahead, hubspot

    def passes(self, seconds: float = 60) -> None:
        """Let it pass for all of them."""
        self._ahead.passes(seconds)
        self._hubspot.clock.move(seconds)


@pytest.fixture
def time(ahead: Ahead, hubspot: HubSpot) -> Time:
    """The clocks of everybody."""
    return Time(ahead, hubspot)


@pytest.fixture
def ready(broker: Broker) -> Broker:
    """A broker whose app has subscribed."""
    broker.journal_setup.run()
    return broker


def statuses(broker: Broker, owner: str) -> list[tuple[str, str | None]]:
    """What *owner* has, with the reasons."""
    return [(row.status.value, row.status_reason) for row in broker.connections(owner)]


GOOD, GONE = [("connected", None)], [("needs_reconnect", "uninstalled")]


def told(broker: Broker, name: str) -> list[Event]:
    """The events of this name."""
    return [each for each in broker.vault.store.events() if each.name == name]


def renewals(hubspot: HubSpot) -> int:
    """How often a token of somebody was asked for."""
    grants = {"refresh_token", "authorization_code"}
    return sum(asked.form.get("grant_type") in grants for asked in hubspot.requests)


def state_of(broker: Broker) -> JournalState:
    """How far the journal was read."""
    return broker.journal.look()[0]


def test_an_uninstall_ends_every_connection_to_that_account(
    ready: Broker, hubspot: HubSpot, time: Time
) -> None:
    """Once, each with an event, and nobody's token is asked for; other accounts stay."""
    for owner, hub_id in (("ada", FIRST), ("bob", FIRST), ("eve", OTHER)):
        connect(ready, hubspot, owner, hub_id)
    time.passes()
    hubspot.uninstall(FIRST)
    before = renewals(hubspot)

    done = ready.journal.read()

    assert (done.ended, done.installed) == (2, 2)
    assert (statuses(ready, "ada"), statuses(ready, "bob")) == (GONE, GONE)
    assert statuses(ready, "eve") == GOOD
    events = told(ready, EventName.NEEDS_RECONNECT)
    assert sorted((each.owner, each.facts["hub_id"]) for each in events) == [
        ("ada", FIRST),
        ("bob", FIRST),
    ]
    assert {each.facts["error"] for each in events} == {"uninstalled"}
    assert {each.connection_id for each in events} == {
        row.id for owner in ("ada", "bob") for row in ready.connections(owner)
    }
    with pytest.raises(NeedsReconnect):
        ready.access_token("ada")
    assert ready.access_token("eve")
    assert renewals(hubspot) == before


def test_what_was_read_is_not_done_again(ready: Broker, hubspot: HubSpot, time: Time) -> None:
    """Neither at the next look, nor where the place was lost and all is read anew."""
    connect(ready, hubspot, "ada", FIRST)
    time.passes()
    hubspot.uninstall(FIRST)
    ready.journal.read()
    before = list(ready.vault.store.events())
    time.passes()
    assert ready.journal.read().pages == 0
    state = replace(state_of(ready), offset=None)
    ready.vault.store.put_meta(META_NAME + ready.settings.client_id, state.dump())
    time.passes()

    assert ready.journal.read().pages == 2
    assert list(ready.vault.store.events()) == before


def test_an_uninstall_that_is_applied_again_changes_nothing(
    ready: Broker, hubspot: HubSpot, time: Time
) -> None:
    """Even where nothing at all is remembered of the first time."""
    connect(ready, hubspot, "ada", FIRST)
    time.passes()
    hubspot.uninstall(FIRST)
    ready.journal.read()
    ready.vault.store.remove_meta(META_NAME + ready.settings.client_id)
    time.passes()

    assert ready.journal.read().pages == 2
    assert len(told(ready, EventName.NEEDS_RECONNECT)) == 1
    assert statuses(ready, "ada") == GONE


def test_whoever_connects_again_stays(ready: Broker, hubspot: HubSpot, time: Time) -> None:
    """By time: an uninstall of before is not what they want now."""
    connect(ready, hubspot, "ada", FIRST)
    time.passes()
    hubspot.uninstall(FIRST)
    time.passes(5)
    connect(ready, hubspot, "ada", FIRST)
    connect(ready, hubspot, "bob", FIRST)

    assert ready.journal.read().ended == 0
    assert (statuses(ready, "ada"), statuses(ready, "bob")) == (GOOD, GOOD)
    assert ready.access_token("ada")


def test_within_doubt_a_connection_stays(ready: Broker, hubspot: HubSpot, time: Time) -> None:
    """HubSpot says at the next renewal what is true."""
    connect(ready, hubspot, "ada", FIRST)
    time.passes(10)
    hubspot.uninstall(FIRST)

    assert ready.journal.read().ended == 0
    assert statuses(ready, "ada") == GOOD


@pytest.mark.parametrize("skew", [-7200, 7200])
def test_clocks_that_are_hours_apart(
    ready: Broker, hubspot: HubSpot, time: Time, skew: float
) -> None:
    """HubSpot's answer says what time it is there, and moments are compared by that."""
    hubspot.clock.move(skew)
    connect(ready, hubspot, "ada", FIRST)
    time.passes()
    hubspot.uninstall(FIRST)
    time.passes()
    connect(ready, hubspot, "bob", FIRST)

    assert ready.journal.read().ended == 1
    assert (statuses(ready, "ada"), statuses(ready, "bob")) == (GONE, GOOD)


def test_an_install_is_noted_and_connects_nobody(
    ready: Broker, hubspot: HubSpot, time: Time
) -> None:
    """Once, whatever comes again."""
    connect(ready, hubspot, "ada", FIRST)
    ready.journal.read()
    (event,) = told(ready, EventName.INSTALLED)
    assert (event.owner, event.facts["hub_id"]) == (None, FIRST)
    state = replace(state_of(ready), offset=None)
    ready.vault.store.put_meta(META_NAME + ready.settings.client_id, state.dump())
    time.passes()
    ready.journal.read()

    assert len(told(ready, EventName.INSTALLED)) == 1


def test_more_than_one_batch(ready: Broker, hubspot: HubSpot, time: Time) -> None:
    """All of it is read in one look, in order."""
    for _ in range(12):
        connect(ready, hubspot, "ada", FIRST)
        time.passes(20)
        hubspot.uninstall(FIRST)
        time.passes(20)
    connect(ready, hubspot, "ada", FIRST)

    done = ready.journal.read()
    assert (done.pages, done.installed) == (25, 13)
    assert (statuses(ready, "ada"), state_of(ready).is_caught_up) == (GOOD, True)


def files(change: Callable[[dict[str, Any]], object]) -> Callable[[Send], Send]:
    """What gives each file of entries a *change*."""

    def through(send: Send) -> Send:
        def sending(request: Request) -> Response:
            response = send(request)
            if "/webhooks-journal/pages/" not in request.url:
                return response
            page = json.loads(response.body)
            body = change(page)
            text = json.dumps(page if body is None else body)
            return replace(response, body=text.encode())

        return sending

    return through


def test_entries_of_all_kinds(
    settings: Settings, hubspot: HubSpot, time: Time, make_broker: Callable[..., Broker]
) -> None:
    """Unknown kinds and fields, unknown accounts and what is malformed hold up nothing."""

    def change(page: dict[str, Any]) -> None:
        (good,) = page["journalEvents"]
        good["somethingNew"] = {"a": [1]}
        page["journalEvents"] = [
            {"type": "crmObject", "action": "UPDATE", "portalId": FIRST, "objectId": 1},
            {"action": None},
            "no object",
            {**good, "portalId": 999},
            {**good, "portalId": "4410001"},
            {**good, "occurredAt": "yesterday"},
            {**good, "properties": {"hs_app_install_level": "USER"}},
            good,
        ]

    broker = make_broker(settings, files(change))
    broker.journal_setup.run()
    connect(broker, hubspot, "ada", FIRST)
    time.passes()
    hubspot.uninstall(FIRST)

    assert broker.journal.read().ended == 1
    assert statuses(broker, "ada") == GONE
    assert [each.facts["entries"] for each in told(broker, EventName.JOURNAL_SKIPPED)] == [3, 3]


@pytest.mark.parametrize(("user", "ended"), [("770101", 1), ("770199", 0)])
def test_an_uninstall_of_one_user_ends_theirs_alone(
    settings: Settings,
    hubspot: HubSpot,
    time: Time,
    make_broker: Callable[..., Broker],
    user: str,
    ended: int,
) -> None:
    """Of an app that each user installs: only whose it was."""

    def change(page: dict[str, Any]) -> None:
        for each in page["journalEvents"]:
            each["properties"] |= {"hs_app_install_level": "USER", "hs_user_id": user}

    broker = make_broker(settings, files(change))
    broker.journal_setup.run()
    connect(broker, hubspot, "ada", FIRST)
    time.passes()
    hubspot.uninstall(FIRST)

    assert broker.journal.read().ended == ended
    assert statuses(broker, "ada") == (GONE if ended else GOOD)


def test_a_file_that_cannot_be_read_is_left_out_in_the_end(
    settings: Settings, hubspot: HubSpot, time: Time, make_broker: Callable[..., Broker]
) -> None:
    """After some tries, on record; what comes after it is read."""
    broken = [True]

    def change(_: dict[str, Any]) -> object:
        return {"no": "entries"} if broken[0] else None

    broker = make_broker(settings, files(change))
    broker.journal_setup.run()
    connect(broker, hubspot, "ada", FIRST)
    tries = 0
    while not told(broker, EventName.JOURNAL_SKIPPED):
        time.passes(600)
        tries += 1
        assert tries < 9
        with ExitStack() as stack:
            if tries < 5:
                stack.enter_context(pytest.raises(Exception, match="no list of journalEvents"))
            broker.journal.read()
    broken[0] = False
    hubspot.uninstall(FIRST)
    time.passes()

    assert (tries, broker.journal.read().ended) == (5, 1)
    assert state_of(broker).skipped == 1


class Amazon:
    """Where HubSpot's files are: the first ``gone`` are not served, with what it ``says`` then."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gone = 0
        self.says = Response(404, {}, b"<Error><Code>NoSuchKey</Code></Error>")
        self.meanwhile: Callable[[], object] = lambda: None

    def through(self, send: Send) -> Send:
        """Send what is for HubSpot itself on, and answer for some files."""

        def sending(request: Request) -> Response:
            if "/webhooks-journal/pages/" not in request.url:
                return send(request)
            if request.url not in self.asked:
                self.asked.append(request.url)
            self.meanwhile()
            is_gone = self.asked.index(request.url) < self.gone
            return self.says if is_gone else send(request)

        return sending


@pytest.fixture
def amazon() -> Amazon:
    """It serves all files."""
    return Amazon()


@pytest.fixture
def reader(settings: Settings, make_broker: Callable[..., Broker], amazon: Amazon) -> Broker:
    """A broker whose app has subscribed, and whose files come from there."""
    broker = make_broker(settings, amazon.through)
    broker.journal_setup.run()
    return broker


def fail_to_read(broker: Broker, time: Time, tries: int, error: type[Exception]) -> None:
    """Look so many times, and meet this *error* each time."""
    for _ in range(tries):
        time.passes(600)
        with pytest.raises(error):
            broker.journal.read()


@pytest.mark.parametrize(
    "says", [Response(403), Response(404), Response(302), Response(200, {}, b"<html></html>")]
)
def test_a_file_that_is_not_there_any_more(
    reader: Broker, hubspot: HubSpot, time: Time, amazon: Amazon, says: Response
) -> None:
    """It is left out after some tries, and counted, where another is served."""
    amazon.gone, amazon.says = 1, says
    connect(reader, hubspot, "ada", FIRST)
    time.passes()
    hubspot.uninstall(FIRST)
    fail_to_read(reader, time, 4, FileMissing)
    assert state_of(reader).error == "bad_answer"
    time.passes(600)

    assert reader.journal.read().ended == 1
    (event,) = told(reader, EventName.JOURNAL_SKIPPED)
    assert set(event.facts) == {"error", "offset"}
    assert (state_of(reader).skipped, state_of(reader).pages, state_of(reader).error) == (
        1,
        1,
        None,
    )


def test_several_files_that_are_not_there_any_more(
    reader: Broker, hubspot: HubSpot, time: Time, amazon: Amazon
) -> None:
    """Each is left out by itself."""
    amazon.gone = 2
    connect(reader, hubspot, "ada", FIRST)
    hubspot.uninstall(FIRST)
    connect(reader, hubspot, "ada", FIRST)
    time.passes()
    hubspot.uninstall(FIRST)
    fail_to_read(reader, time, 8, FileMissing)
    time.passes(600)

    assert reader.journal.read().ended == 1
    assert state_of(reader).skipped == 2


def test_files_that_something_on_the_way_keeps_back(
    reader: Broker, hubspot: HubSpot, time: Time, amazon: Amazon
) -> None:
    """Where none is served, none is given up: all are read once they are."""
    amazon.gone, amazon.says = 99, Response(403)
    connect(reader, hubspot, "ada", FIRST)
    time.passes()
    hubspot.uninstall(FIRST)
    fail_to_read(reader, time, 9, FileMissing)
    amazon.gone = 0
    time.passes(600)

    assert reader.journal.read().ended == 1
    assert (state_of(reader).skipped, told(reader, EventName.JOURNAL_SKIPPED)) == (0, [])


def test_files_that_cannot_be_had_just_now(
    reader: Broker, hubspot: HubSpot, time: Time, amazon: Amazon
) -> None:
    """An outage gives up none, however long it lasts."""
    amazon.gone, amazon.says = 1, Response(503)
    connect(reader, hubspot, "ada", FIRST)
    time.passes()
    hubspot.uninstall(FIRST)
    fail_to_read(reader, time, 9, HubSpotUnavailable)
    amazon.gone = 0
    time.passes(600)

    assert reader.journal.read().ended == 1
    assert state_of(reader).skipped == 0


def test_a_round_that_takes_long(
    reader: Broker, hubspot: HubSpot, time: Time, amazon: Amazon
) -> None:
    """It ends with the file it is at, and the next one reads on, at once."""
    for _ in range(3):
        connect(reader, hubspot, "ada", FIRST)
        hubspot.uninstall(FIRST)
    amazon.meanwhile = lambda: time.passes(6)

    assert [reader.journal.read().pages for _ in range(4)] == [2, 2, 2, 0]
    assert state_of(reader).is_caught_up


@pytest.mark.parametrize("skew", [-7200, 7200])
def test_how_far_behind_by_the_clock_of_the_store(
    reader: Broker, hubspot: HubSpot, time: Time, amazon: Amazon, skew: float
) -> None:
    """When a page was published is kept as it was there, whatever HubSpot's clock says."""
    hubspot.clock.move(skew)
    for _ in range(2):
        connect(reader, hubspot, "ada", FIRST)
        time.passes(60)
        hubspot.uninstall(FIRST)
    amazon.meanwhile = lambda: time.passes(6)
    reader.journal.read()

    state, lag = reader.journal.look()
    assert not state.is_caught_up
    assert lag is not None
    assert 0 <= lag < 120


def test_a_wrong_secret(
    settings: Settings, make_broker: Callable[..., Broker], hubspot: HubSpot, time: Time
) -> None:
    """It is said as it is at any other request: the operator compares it with HubSpot's."""
    secret = {"client_secret": SecretStr("another-secret")}
    broker = make_broker(settings.model_copy(update=secret))
    refused = "compare HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET"
    with pytest.raises(HubSpotRefused, match=refused):
        broker.journal.read()
    time.passes(600)
    body = b'{"error": "invalid_client"}'
    hubspot.faults.add(Fault("answer", status=401, body=body), at="token")
    with pytest.raises(HubSpotRefused, match=refused):
        broker.journal.read()


def test_a_place_that_hubspot_forgot(ready: Broker, hubspot: HubSpot, time: Time) -> None:
    """Reading begins at the earliest entry, and it is on record what may be lacking."""
    connect(ready, hubspot, "ada", FIRST)
    ready.journal.read()
    read_at = state_of(ready).read_at
    time.passes(4 * 86_400)
    hubspot.uninstall(FIRST)
    time.passes()

    assert ready.journal.read().ended == 1
    (event,) = told(ready, EventName.JOURNAL_RESTARTED)
    begin, end = (datetime.fromisoformat(str(event.facts[each])) for each in ("from", "until"))
    assert event.facts["may_lack"] is True
    assert begin == read_at
    # What HubSpot keeps for three days is there, though nothing happened for a while.
    assert timedelta(hours=23) < end - begin < timedelta(hours=25)
    assert statuses(ready, "ada") == GONE


def test_hubspot_keeps_more_than_it_promises(ready: Broker, hubspot: HubSpot, time: Time) -> None:
    """Nothing is lacking that the earliest entry is older than."""
    connect(ready, hubspot, "ada", FIRST)
    ready.journal.read()
    time.passes(1)
    hubspot.uninstall(FIRST)
    time.passes(4 * 86_400)
    lifecycle: Any = hubspot._world.lifecycle
    lifecycle._events = [replace(each, offset="x") for each in lifecycle._events]
    lifecycle._clock = Behind(lifecycle._clock, 2 * 86_400)

    ready.journal.read()
    (event,) = told(ready, EventName.JOURNAL_RESTARTED)
    assert event.facts == {"may_lack": False}


class Behind:
    """A clock that is some seconds behind another."""

    def __init__(self, clock: Any, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    def now(self) -> float:
        """Return its time."""
        return float(self._clock.now()) - self._seconds


def test_an_address_that_leads_nowhere_for_a_while(
    ready: Broker, hubspot: HubSpot, time: Time
) -> None:
    """The place is given up only where HubSpot says what it has in its stead."""
    connect(ready, hubspot, "ada", FIRST)
    ready.journal.read()
    before = state_of(ready).offset
    hubspot.faults.add(Fault("answer", status=404, body=b"{}"), at="webhooks", times=None)
    time.passes()
    with pytest.raises(HubSpotRefused, match="portalkey journal setup"):
        ready.journal.read()

    assert state_of(ready).offset == before
    assert told(ready, EventName.JOURNAL_RESTARTED) == []
    hubspot.faults.clear()
    time.passes(600)
    assert ready.journal.read().pages == 0


def test_a_quiet_app_lacks_nothing(ready: Broker, hubspot: HubSpot, time: Time) -> None:
    """Whoever looked all the time, and found nothing new, has missed nothing."""
    connect(ready, hubspot, "ada", FIRST)
    for _ in range(5):
        ready.journal.read()
        time.passes(86_400)
    ready.journal.read()

    assert [e.facts for e in told(ready, EventName.JOURNAL_RESTARTED)] == [{"may_lack": False}]


@pytest.mark.parametrize(
    ("fault", "at", "words"),
    [
        (Fault("refusal", refusal="BAD_SCOPES"), "token", "portalkey journal setup"),
        (
            Fault("refusal", refusal="USER_LEVEL_CLIENT_CREDENTIALS_NOT_SUPPORTED"),
            "token",
            "set PORTALKEY_JOURNAL to off",
        ),
        (
            Fault("answer", status=403, body=b'{"category": "MISSING_SCOPES"}'),
            "webhooks",
            "developer.webhooks_journal.read",
        ),
        (Fault("answer", status=401, body=b"{}"), "webhooks", "portalkey journal setup"),
        (Fault("answer", status=404, body=b"{}"), "webhooks", "portalkey journal setup"),
    ],
)
def test_an_app_that_may_not(
    broker: Broker, hubspot: HubSpot, time: Time, fault: Fault, at: Any, words: str
) -> None:
    """The operator is told what to do, and it is not asked again for some minutes."""
    hubspot.faults.add(fault, at=at, times=None)
    with pytest.raises(HubSpotRefused, match=words):
        broker.journal.read()
    assert state_of(broker).error == "hubspot_refused"
    before = len(hubspot.requests)
    time.passes(60)

    assert broker.journal.read().pages == 0
    assert len(hubspot.requests) == before
    hubspot.faults.clear()
    time.passes(300)
    broker.journal.read()
    assert state_of(broker).error is None


def test_too_many_requests(ready: Broker, hubspot: HubSpot, time: Time) -> None:
    """HubSpot's own pause is kept, and nothing is lost."""
    connect(ready, hubspot, "ada", FIRST)
    hubspot.faults.add(Fault("rate_limited", 120), at="webhooks")
    with pytest.raises(RateLimited) as limited:
        ready.journal.read()
    assert limited.value.retry_after == 120
    before = len(hubspot.requests)
    time.passes(100)
    ready.journal.read()
    assert len(hubspot.requests) == before
    time.passes(30)

    assert ready.journal.read().installed == 1


def test_the_apps_token(ready: Broker, hubspot: HubSpot, time: Time) -> None:
    """One is used for as long as it lives; one that HubSpot knows no more is replaced at once."""

    def asked() -> int:
        grant = "client_credentials"
        return sum(each.form.get("grant_type") == grant for each in hubspot.requests)

    assert asked() == 1
    for _ in range(3):
        time.passes()
        ready.journal.read()
    assert asked() == 1
    hubspot._world.ledger._app_access.clear()
    time.passes()
    ready.journal.read()
    assert asked() == 2
    time.passes(1800)
    ready.journal.read()
    assert asked() == 3


def test_an_apps_token_that_lives_for_seconds(ready: Broker, hubspot: HubSpot, time: Time) -> None:
    """It is used for nine tenths of its life, and not asked for anew at each look."""
    hubspot.switches.access_token_seconds = 100
    hubspot._world.ledger._app_access.clear()
    ready.journal.read()
    before = len(hubspot.requests)
    for _ in range(2):
        time.passes(30)
        ready.journal.read()

    assert len(hubspot.requests) == before + 2


def test_a_reader_looks_as_often_as_it_is_told(ready: Broker, hubspot: HubSpot, time: Time) -> None:
    """An uninstall is noticed two seconds later where somebody looks on, and not before."""
    connect(ready, hubspot, "ada", FIRST)
    time.passes()
    ready.journal.every = 2
    ready.journal.read()
    hubspot.uninstall(FIRST)
    ready.journal.read()
    assert statuses(ready, "ada") == GOOD
    time.passes(2)
    ready.journal.read()

    assert statuses(ready, "ada") == GONE


def test_files_that_cannot_be_reached_say_nothing_of_hubspot(
    settings: Settings, hubspot: HubSpot, time: Time, make_broker: Callable[..., Broker]
) -> None:
    """A firewall that lets out HubSpot alone holds up the journal, and no renewal."""

    def through(send: Send) -> Send:
        def sending(request: Request) -> Response:
            if "/webhooks-journal/pages/" in request.url:
                raise HubSpotUnreachable("the proxy refuses")
            return send(request)

        return sending

    broker = make_broker(settings, through)
    hubspot._world.lifecycle.subscribe(hubspot.app.client_id, "4-1909196")
    connect(broker, hubspot, "ada", FIRST)
    for _ in range(3):
        time.passes(1801)
        with pytest.raises(HubSpotUnreachable):
            broker.journal.read()
        assert broker.access_token("ada")


def test_two_workers_do_the_work_of_one(
    ready: Broker,
    settings: Settings,
    hubspot: HubSpot,
    time: Time,
    make_broker: Callable[..., Broker],
) -> None:
    """Whoever comes second in a moment finds it done, and asks nobody."""
    other = make_broker(settings)
    connect(ready, hubspot, "ada", FIRST)
    assert ready.journal.read().installed == 1
    before = len(hubspot.requests)

    assert other.journal.read().pages == 0
    assert len(hubspot.requests) == before
    time.passes(EVERY)
    other.journal.read()
    assert len(hubspot.requests) > before


def test_a_reader_that_died_is_waited_for_a_while(
    ready: Broker, hubspot: HubSpot, time: Time
) -> None:
    """Then another reads on from where it was."""
    connect(ready, hubspot, "ada", FIRST)
    store, name = ready.vault.store, META_NAME + ready.settings.client_id
    state = replace(
        state_of(ready), holder="dead", until=store.now() + timedelta(seconds=EVERY + HELD)
    )
    store.put_meta(name, state.dump())

    assert ready.journal.read().pages == 0
    time.passes(EVERY)
    assert ready.journal.read().pages == 0
    time.passes(HELD)
    assert ready.journal.read().pages == 1


def test_a_reader_that_was_taken_for_dead_writes_nothing(
    settings: Settings, hubspot: HubSpot, time: Time, make_broker: Callable[..., Broker]
) -> None:
    """The other has read on by then, and what it wrote stays."""
    others: list[Broker] = []

    def change(page: dict[str, Any]) -> None:
        if others and page["journalEvents"]:
            time.passes(HELD + 1)
            others.pop().journal.read()

    slow, quick = make_broker(settings, files(change)), make_broker(settings)
    quick.journal_setup.run()
    connect(quick, hubspot, "ada", FIRST)
    time.passes()
    hubspot.uninstall(FIRST)
    others.append(quick)

    slow.journal.read()
    assert len(told(slow, EventName.NEEDS_RECONNECT)) == len(told(slow, EventName.INSTALLED)) == 1
    assert state_of(slow).entries == 2


def test_nobody_who_renews_just_now_makes_it_live_again(
    settings: Settings, hubspot: HubSpot, time: Time, make_broker: Callable[..., Broker]
) -> None:
    """A late answer of HubSpot's finds the grant given up."""
    readers: list[Broker] = []

    def through(send: Send) -> Send:
        def sending(request: Request) -> Response:
            response = send(request)
            if request.form.get("grant_type") == "refresh_token" and readers:
                hubspot.uninstall(FIRST)
                assert readers.pop().journal.read().ended == 1
            return response

        return sending

    broker, reader = make_broker(settings, through), make_broker(settings)
    reader.journal_setup.run()
    connect(broker, hubspot, "ada", FIRST)
    time.passes(1801)
    readers.append(reader)

    with pytest.raises(NeedsReconnect):
        broker.access_token("ada")
    assert statuses(reader, "ada") == GONE


def test_a_copy_reads_nothing(
    settings: Settings, hubspot: HubSpot, make_broker: Callable[..., Broker]
) -> None:
    """Nor does it subscribe: production does."""
    copy = make_broker(settings.model_copy(update={"is_copy": True}))

    assert copy.journal.read().pages == 0
    with pytest.raises(StoreIsCopy):
        copy.journal_setup.run()
    assert hubspot.requests == ()


def test_connections_in_sessions_cannot_be_ended_from_outside(
    settings: Settings, hubspot: HubSpot
) -> None:
    """It says so, and what to do."""
    vault = Vault(Keyring(settings.keys), SessionStore(MemoryStore()), settings.client_id)
    with (
        closing(HubSpotClient()) as client,
        closing(Broker(settings, vault, client.send)) as broker,
        pytest.raises(NoSession, match="PORTALKEY_JOURNAL to off"),
    ):
        broker.journal.read()
    assert hubspot.requests == ()


@pytest.fixture(params=["memory", "config file", "PostgreSQL"])
def store(request: pytest.FixtureRequest, tmp_path: Path, ahead: Ahead) -> Iterator[Store]:
    """The other stores that can keep it."""
    if request.param == "memory":
        yield MemoryStore(ahead=ahead)
    elif request.param == "config file":
        yield ConfigFileStore(tmp_path / "connections.json", ahead=ahead)
    else:
        url = request.getfixturevalue("migrated_postgres_url")
        with closing(SQLStore.open(url, ahead=ahead)) as there:
            yield there


def test_every_store(
    settings: Settings, hubspot: HubSpot, ahead: Ahead, time: Time, store: Store
) -> None:
    """Each keeps the place, and what happened."""
    client = HubSpotClient()
    vault = Vault(Keyring(settings.keys), store, settings.client_id)
    clock = lambda: boot_time() + ahead.seconds  # noqa: E731 - short
    with closing(Broker(settings, vault, client.send, clock=clock)) as broker, closing(client):
        broker.journal_setup.run()
        connect(broker, hubspot, "ada", FIRST)
        time.passes()
        hubspot.uninstall(FIRST)

        assert broker.journal.read().ended == 1
        time.passes()
        assert broker.journal.read().pages == 0
        assert statuses(broker, "ada") == GONE
    names = [str(each.name) for each in store.events()]
    assert (names.count("installed"), names.count("needs_reconnect")) == (1, 1)


def command(*arguments: str, env_file: Path) -> str:
    """What a command prints."""
    done = run(*arguments, "--env-file", str(env_file))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_commands(broker: Broker, hubspot: HubSpot, time: Time, env_file: Path) -> None:
    """Set-up says what to paste and subscribes, once; a worker reads; the rest tells of it."""
    first = command("journal", "setup", "--yes", env_file=env_file)
    assert '"developer.webhooks_journal.read"' in first
    assert "app-hsmeta.json" in first
    assert "2 subscriptions made, 0 there before" in first
    assert "Set PORTALKEY_JOURNAL=on" in first
    again = json.loads(command("journal", "setup", "--json", env_file=env_file))
    assert again == {
        "ok": True,
        "subscribed": ["installed", "uninstalled"],
        "made": 0,
        "has_entries": False,
        "is_on": False,
    }
    time.passes(-60)  # the commands' own clock is not moved
    connect(broker, hubspot, "ada", FIRST)
    time.passes(60)
    hubspot.uninstall(FIRST)
    assert json.loads(command("journal", "status", "--json", env_file=env_file))["read_at"] is None
    off = command("work", "--once", env_file=env_file)
    assert "journal" not in off
    with env_file.open("a") as file:
        file.write("PORTALKEY_JOURNAL=on\n")
    assert "2 pages read, 1 connection ended" in command("work", "--once", env_file=env_file)
    assert statuses(broker, "ada") == GONE
    status = json.loads(command("journal", "status", "--json", env_file=env_file))
    assert (status["is_on"], status["pages"], status["error"]) == (True, 2, None)
    assert status["lag"] < 600
    assert "last read" in command("journal", "status", env_file=env_file)
    line = json.loads(command("work", "--once", "--json", env_file=env_file))
    assert line["journal"] == {"pages": 0, "ended": 0, "installed": 0}
    assert line["error"] is None


def test_setup_without_the_scopes(hubspot: HubSpot, env_file: Path) -> None:
    """It says what HubSpot lacks, and exits so."""
    hubspot.faults.add(Fault("refusal", refusal="BAD_SCOPES"), at="token", times=None)
    asked = run("journal", "setup", "--env-file", str(env_file), typed="n\n")
    assert "makes subscriptions of the app's own" in asked.stdout
    assert "Nothing was done." in asked.stderr
    assert not any("subscription" in each.path for each in hubspot.requests)
    done = run("journal", "setup", "--env-file", str(env_file), typed="y\n")

    assert done.returncode == 1
    assert "it lacks developer.webhooks_journal.read" in done.stderr
    assert "config.auth.requiredScopes" in done.stdout


def test_a_worker_that_may_not_read_goes_on(
    broker: Broker, hubspot: HubSpot, env_file: Path
) -> None:
    """What HubSpot is owed is sent all the same; the exit code says that something was left."""
    with env_file.open("a") as file:
        file.write("PORTALKEY_JOURNAL=on\n")
    hubspot.faults.add(Fault("refusal", refusal="BAD_SCOPES"), at="token", times=None)
    done = run("work", "--once", "--env-file", str(env_file))

    assert done.returncode == 1
    assert "run `portalkey journal setup`" in done.stderr or "lacks" in done.stderr
    assert "HubSpot was told to forget 0 refresh tokens" in done.stdout


def test_a_web_process_reads_none(ready: Broker, hubspot: HubSpot, time: Time) -> None:
    """It asks for nothing of the journal, whatever it does."""
    connect(ready, hubspot, "ada", FIRST)
    before = len([each for each in hubspot.requests if "webhooks" in each.path])
    for _ in range(5):
        time.passes(700)
        ready.access_token("ada")
        ready.send_owed()

    assert len([each for each in hubspot.requests if "webhooks" in each.path]) == before
    assert state_of(ready).read_at is None
