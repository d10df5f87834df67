"""Tokens that are open in a process: quick to hand out, and never for longer than they are good."""

import asyncio
import gc
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any, cast

import pytest

from portalkey.broker import Broker
from portalkey.broker import token_cache as tokens
from portalkey.broker.refresh import Refresh
from portalkey.errors import (
    AccountNotNamed,
    HubSpotUnavailable,
    NeedsReconnect,
    NoKeyOpens,
    NotConnected,
    ScopesMissing,
)
from portalkey.hubspot.http import Request, Response, Send
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.counters import CounterKind
from portalkey.model.events import EventName
from portalkey.settings import Settings
from portalkey.vault.store import Mark
from portalkey_simulator import HubSpot
from support.forking import in_child, in_silent_child
from support.patience import PATIENCE
from support.visitor import Visitor

MANY = 3000
"""More pairs than the interpreter keeps for later, so that it makes new ones."""


@contextmanager
def watched(words: Sequence[str]) -> Iterator[list[str]]:
    """The functions of these modules that are called meanwhile, on this thread."""
    called: list[str] = []

    def see(frame: Any, event: str, _: object) -> None:
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module.startswith(tuple(words)):
            called.append(f"{module}.{frame.f_code.co_name}")

    sys.setprofile(see)
    try:
        yield called
    finally:
        sys.setprofile(None)


@contextmanager
def collecting(act: Callable[[], object]) -> Iterator[None]:
    """Let garbage be collected as often as can be, and *act* be done each time."""
    before = gc.get_threshold()

    def hear(phase: str, _: object) -> None:
        if phase == "stop":
            act()

    gc.callbacks.append(hear)
    gc.set_threshold(1)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(hear)


@pytest.fixture
def owner(visitor: Visitor) -> str:
    """Somebody who is connected."""
    visitor.connect()
    return visitor.owner


@pytest.fixture
def other(settings: Settings, make_broker: Callable[..., Broker]) -> Broker:
    """What another process would be: nothing is shared with it but the database."""
    return make_broker(settings)


def asked(hubspot: HubSpot) -> int:
    """How often HubSpot was asked to renew."""
    return sum(a.form.get("grant_type") == "refresh_token" for a in hubspot.requests)


def test_an_open_token_touches_neither_disk_nor_seal(broker: Broker, owner: str) -> None:
    """Nothing of the store, the keyring or the database is called."""
    token = broker.access_token(owner)
    with watched(["portalkey.vault", "sqlalchemy", "cryptography", "sqlite3"]) as called:
        again = broker.access_token(owner)
    assert (again, called) == (token, [])

    broker._tokens.clear()
    with watched(["portalkey.vault"]) as called:
        broker.access_token(owner)
    assert called, "the watch sees what a cold call does"


def test_a_count_that_stands_still_is_enough(broker: Broker, owner: str, ahead: Any) -> None:
    """Fifty milliseconds later the row is not read again, as nobody wrote."""
    token = broker.access_token(owner)
    ahead.seconds += tokens.POLL_INTERVAL

    with watched(["portalkey.vault"]) as called:
        assert broker.access_token(owner) == token
    reads = [name for name in called if not name.endswith(".version")]
    assert not [name for name in reads if "open" in name or "connections" in name]
    assert len(reads) < len(called)


def test_many_threads_look_at_the_count_once(broker: Broker, owner: str, ahead: Any) -> None:
    """Whoever waits for the one who looks takes what it found."""
    broker.access_token(owner)
    ahead.seconds += tokens.POLL_INTERVAL
    found, now = (12345, broker._clock() + 100), broker._clock()
    with ThreadPoolExecutor(1) as pool:
        with broker._tokens._version_lock:
            waiting = pool.submit(broker._tokens._read_version, now)
            broker._tokens._version = found
        assert waiting.result() == found


def test_whatever_another_process_does_is_seen_within_a_second(
    broker: Broker, other: Broker, visitor: Visitor, hubspot: HubSpot, ahead: Any
) -> None:
    """A disconnect, a renewal, a reconnect, a second account, a grant that died."""
    visitor.connect(hub_id=4410001)
    owner = visitor.owner
    first = broker.access_token(owner)
    (connection,) = broker.connections(owner)

    renewed = other.report_unauthorized(owner, first)
    ahead.seconds += 1
    assert broker.access_token(owner) == renewed != first

    other.disconnect(owner, connection.id)
    ahead.seconds += 1
    with pytest.raises(NotConnected):
        broker.access_token(owner)

    visitor.connect(hub_id=4410001)
    ahead.seconds += 1
    assert broker.access_token(owner) not in {first, renewed}

    (connection,) = other.connections(owner)
    other.vault.store.mark(connection, Mark(ConnectionStatus.NEEDS_RECONNECT))
    ahead.seconds += 1
    with pytest.raises(NeedsReconnect):
        broker.access_token(owner)

    visitor.connect(hub_id=4410001)
    visitor.connect(hub_id=4410002)
    ahead.seconds += 1
    with pytest.raises(AccountNotNamed):
        broker.access_token(owner)
    assert broker.access_token(owner, 4410002) != broker.access_token(owner, 4410001)


def test_what_this_process_does_is_seen_at_once(broker: Broker, owner: str) -> None:
    """No clock has to move after one's own disconnect."""
    broker.access_token(owner)
    broker.disconnect(owner, broker.connections(owner)[0].id)

    with pytest.raises(NotConnected):
        broker.access_token(owner)


def test_scopes_are_looked_at_each_time(broker: Broker, owner: str) -> None:
    """An open token is no way round them."""
    token = broker.access_token(owner)

    assert broker.access_token(owner, scopes=["oauth"]) == token
    with pytest.raises(ScopesMissing):
        broker.access_token(owner, scopes=["nothing.has.this"])


def held_until(released: Event) -> Callable[[Send], Send]:
    """Lets a renewal wait for as long as the test likes."""

    def through(send: Send) -> Send:
        def held(request: Request) -> Response:
            if request.form.get("grant_type") == "refresh_token":
                assert released.wait(PATIENCE)
            return send(request)

        return held

    return through


def test_near_its_end_a_token_is_renewed_behind_the_callers_back(
    settings: Settings, make_broker: Callable[..., Broker], owner: str, hubspot: HubSpot, ahead: Any
) -> None:
    """Every caller is served what is still good; once it is there, they get the new one."""
    released = Event()
    broker = make_broker(settings, held_until(released))
    before = broker.access_token(owner)
    ahead.seconds += 1800 - 250

    assert {broker.access_token(owner) for _ in range(50)} == {before}
    released.set()
    broker._refresh._background.join()
    ahead.seconds += 1

    assert broker.access_token(owner) != before
    assert asked(hubspot) == 1


def test_two_processes_renew_ahead_once(
    settings: Settings, make_broker: Callable[..., Broker], owner: str, hubspot: HubSpot, ahead: Any
) -> None:
    """Whoever is denied the lease leaves it at that."""
    released = Event()
    broker, other = (make_broker(settings, held_until(released)) for _ in range(2))
    before = broker.access_token(owner)
    assert other.access_token(owner) == before
    ahead.seconds += 1800 - 250

    assert broker.access_token(owner) == other.access_token(owner) == before
    released.set()
    for each in (broker, other):
        each._refresh._background.join()
    assert asked(hubspot) == 1


def test_while_hubspot_is_down_a_good_token_is_served_to_its_end(
    broker: Broker, owner: str, hubspot: HubSpot, ahead: Any
) -> None:
    """And not beyond, by the store's clock; then the trouble is told."""
    before = broker.access_token(owner)
    for _ in range(40):
        hubspot.next_token_answer(status=503)
    ahead.seconds += 1800 - 100
    for _ in range(9):
        assert broker.access_token(owner) == before
        broker._refresh._background.join()
        ahead.seconds += 10
    ahead.seconds += 10

    with pytest.raises(HubSpotUnavailable) as caught:
        broker.access_token(owner)
    assert caught.value.retry_after > 0
    changes = [e.name for e in broker.vault.store.events(owner=owner)]
    assert changes.count(EventName.REFRESH_FAILED) == 1, "once a change, not once a call"


class Starting:
    """A refresh that is long in starting a renewal, and does something *meanwhile*."""

    def __init__(self, refresh: Refresh, meanwhile: Callable[[], str]) -> None:
        self._refresh = refresh
        self._meanwhile = meanwhile
        self.heard: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._refresh, name)

    def refresh_in_background(self, _: object) -> bool:
        """Take long."""
        self.heard.append(self._meanwhile())
        return True


def test_nobody_waits_until_a_renewal_is_started(broker: Broker, owner: str, ahead: Any) -> None:
    """Whoever asks meanwhile gets the token that is still good."""
    ahead.seconds += 1800 - 250
    refresh = Starting(broker._refresh, lambda: pool.submit(look).result(timeout=PATIENCE))
    open_tokens = tokens.TokenCache(
        broker.vault, cast("Refresh", refresh), broker._clock, broker._gate, broker._counters
    )

    def look() -> str:
        return open_tokens.get(owner, None, lambda: broker.connections(owner)[0]).token

    with ThreadPoolExecutor(1) as pool:
        token = look()

    assert refresh.heard == [token]


def test_an_open_token_is_small(broker: Broker, owner: str) -> None:
    """There may be ten thousand of them, each under a kilobyte, with nothing sealed."""
    broker.access_token(owner)
    ((key, cached),) = broker._tokens.cached.items()
    kept = [cached, key, *key, *(getattr(cached, name) for name in cached.__slots__)]

    assert sum(map(sys.getsizeof, kept)) < 1000
    assert not any(isinstance(value, Connection) for value in kept)


def test_who_took_a_token_is_counted(broker: Broker, owner: str, settings: Settings) -> None:
    """By connection and label, from the cache and past it, and nothing is written on the way."""
    (connection,) = broker.connections(owner)
    broker.counters()
    token = broker.access_token(owner)
    with watched(["portalkey.vault.sql", "portalkey.broker.counters"]) as called:
        cached = broker._tokens.cached[owner, None]
        cached.until += 60
        for _ in range(99):
            assert broker.access_token(owner) == token
        with pytest.raises(ScopesMissing):
            broker.access_token(owner, scopes=["crm.other.read"])
    assert called == []
    broker.report_unauthorized(owner, token)

    taken = [e for e in broker.counters(connection.id) if e.kind is CounterKind.TOKEN_TAKEN]

    assert [(each.label, each.n) for each in taken] == [(settings.label, 101)]


def test_nothing_is_kept_past_its_use(broker: Broker, owner: str, ahead: Any) -> None:
    """A sweep closes what is over; the number of open tokens is bounded."""
    broker.access_token(owner)
    assert broker._tokens.cached
    broker._tokens.sweep(broker._clock())
    assert broker._tokens.cached
    ahead.seconds += 1801
    broker._tokens.sweep(broker._clock())
    assert not broker._tokens.cached


def test_open_tokens_are_swept_while_others_are_opened(broker: Broker, owner: str) -> None:
    """Another thread may have its turn wherever garbage is collected, and a finalizer runs."""
    broker.access_token(owner)
    (cached,) = broker._tokens.cached.values()
    numbers = itertools.count()
    for _ in range(MANY):
        broker._tokens.cached[str(next(numbers)), None] = cached
    with collecting(lambda: broker._tokens.cached.update({(str(next(numbers)), None): cached})):
        broker._tokens.sweep(broker._clock())
        broker._tokens.evict(owner)

    assert next(numbers) > MANY, "no garbage was collected"


def test_the_number_of_open_tokens_is_bounded(
    broker: Broker, owner: str, settings: Settings
) -> None:
    """Past it, what is over goes first, and then what was opened first."""
    broker.access_token(owner)
    (cached,) = broker._tokens.cached.values()
    for number in range(2 * tokens.MOST_TOKENS):
        broker._tokens._put((str(number), None), cached, broker._clock())

    assert len(broker._tokens.cached) <= tokens.MOST_TOKENS
    assert broker.access_token(owner) == cached.token


def test_a_forked_child_begins_with_nothing_open(broker: Broker, owner: str) -> None:
    """It reads for itself, and gets the same."""
    token = broker.access_token(owner)

    assert in_child(lambda: not broker._tokens.cached and broker.access_token(owner) == token)


def test_a_silent_child_reads_for_itself(broker: Broker, owner: str) -> None:
    """What its parent had open is dropped as soon as the first of it is over."""
    token = broker.access_token(owner)
    (cached,) = broker._tokens.cached.values()
    broker._tokens.cached["another", None] = cached
    broker.vault.store.close()

    def reads() -> bool:
        cached.until = 0.0
        is_right = broker.access_token(owner) == token
        return is_right and list(broker._tokens.cached) == [(owner, None)]

    assert in_silent_child(reads)


def test_a_list_and_a_disconnect_on_an_event_loop(
    settings: Settings, make_broker: Callable[..., Broker], owner: str
) -> None:
    """Both work on a thread of ours, and end in the errors that their brothers raise."""
    broker = make_broker(settings)

    async def both() -> Sequence[Connection]:
        (connection,) = await broker.connections_async(owner)
        await broker.disconnect_async(owner, connection.id)
        with pytest.raises(NotConnected):
            await broker.disconnect_async(owner, connection.id)
        return await broker.connections_async(owner)

    with watched(["portalkey.vault"]) as here:
        assert asyncio.run(both()) == []
    assert here == []


def test_the_event_loop_goes_on(
    settings: Settings, make_broker: Callable[..., Broker], owner: str, hubspot: HubSpot, ahead: Any
) -> None:
    """An open token comes on the loop itself; a renewal leaves the loop to others."""
    released = Event()
    broker = make_broker(settings, held_until(released))
    cached = broker.access_token(owner)

    async def both() -> tuple[str, str]:
        at_once = await broker.access_token_async(owner)
        ahead.seconds += 1801
        hubspot.clock.move(1801)
        renewing = asyncio.ensure_future(broker.access_token_async(owner))
        for _ in range(4):
            await asyncio.sleep(0.01)
        assert not renewing.done()
        released.set()
        return at_once, await renewing

    at_once, renewed = asyncio.run(both())
    assert at_once == cached != renewed


def test_a_401_has_the_token_renewed_once_in_five_minutes(
    broker: Broker, other: Broker, owner: str, hubspot: HubSpot, ahead: Any
) -> None:
    """Whichever process is told of it; somebody who comes late gets what is there already."""
    first = broker.access_token(owner)

    second = broker.report_unauthorized(owner, first)
    assert second != first
    assert broker.report_unauthorized(owner, first) == second
    assert broker.report_unauthorized(owner, second) == second
    ahead.seconds += 1
    assert other.report_unauthorized(owner, second) == second
    assert asked(hubspot) == 1
    ahead.seconds += 301
    assert other.report_unauthorized(owner, second) != second
    assert asked(hubspot) == 2


def test_a_401_for_an_app_that_was_uninstalled(
    broker: Broker, owner: str, hubspot: HubSpot
) -> None:
    """HubSpot says so, and the person is asked to reconnect."""
    token = broker.access_token(owner)
    hubspot.uninstall(broker.connections(owner)[0].hub_id)

    with pytest.raises(NeedsReconnect) as caught:
        broker.report_unauthorized(owner, token)
    assert caught.value.reconnect_url


def test_a_token_of_a_minute_is_not_renewed_at_each_call(
    broker: Broker, owner: str, hubspot: HubSpot, ahead: Any
) -> None:
    """Its margin is as short as its life."""
    ahead.seconds += 1801
    hubspot.clock.move(1801)
    body = {"token_type": "bearer", "access_token": "short", "expires_in": 60}
    hubspot.next_token_answer(status=200, body=body)

    assert {broker.access_token(owner) for _ in range(5)} == {"short"}
    ahead.seconds += 30
    assert broker.access_token(owner) == "short"
    assert asked(hubspot) == 1


def test_closing_waits_for_what_is_under_way(
    settings: Settings, make_broker: Callable[..., Broker], owner: str, hubspot: HubSpot, ahead: Any
) -> None:
    """A renewal in the background is saved before the store is closed."""
    closing = make_broker(settings)
    closing.access_token(owner)
    ahead.seconds += 1800 - 250
    hubspot.next_token_answer(delay=0.2)
    closing.access_token(owner)
    closing.close()

    assert asked(hubspot) == 1
    (connection,) = closing.connections(owner)
    assert connection.generation == 2


def test_a_row_that_does_not_open_is_told_of_once(broker: Broker, owner: str) -> None:
    """It is kept as it is: the operator may bring the key back."""
    (seen,) = broker.connections(owner)
    assert seen.sealed
    spoilt = _spoilt(broker, seen)

    for _ in range(3):
        with pytest.raises(NoKeyOpens):
            broker.access_token(owner)
    (row,) = broker.connections(owner)
    assert (row.sealed, row.status) == (spoilt.sealed, ConnectionStatus.CONNECTED)
    told = [e.name for e in broker.vault.store.events(owner=owner)]
    assert told.count(EventName.NO_KEY_OPENS) == 1


def _spoilt(broker: Broker, seen: Connection) -> Connection:
    """The row with seals that were made for another one."""
    moved = replace(seen, generation=seen.generation + 1, access_expires_at=_soon(seen))
    assert seen.sealed
    assert broker.vault.store.renew(moved, instead_of=seen.sealed.fingerprint)
    return moved


def _soon(seen: Connection) -> Any:
    return seen.seen_at + timedelta(seconds=1800)
