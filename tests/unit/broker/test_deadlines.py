"""No caller waits longer than one deadline, whatever is slow, on a clock of the test's."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from portalkey._support.single_flight import FlightTimeout, SingleFlight
from portalkey.broker.renewal import LEASE
from portalkey.broker.token_request import SAVE_TRIES
from portalkey.broker.waiting import LEAST_REQUEST, LONGEST, request_seconds
from portalkey.errors import HubSpotUnavailable, StoreBusy, TryLater
from portalkey.hubspot.client import DEADLINE
from portalkey.model.leases import Lease, LeaseRequest
from portalkey.vault.store import BUSY_SECONDS
from support.patience import PATIENCE
from unit.broker.test_refresh import Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A connection whose token is over, and a HubSpot that takes requests and answers none."""
    place = Place(tmp_path)
    place.time.passes(1800)

    def hang() -> None:
        place.time.passes(place.sent[-1].seconds or DEADLINE)
        trouble = HubSpotUnavailable("hangs")
        trouble.is_timeout = True
        raise trouble

    place.meanwhile = hang
    yield place
    place.meanwhile = lambda: None
    place.refresh.close()


def waited(place: Place, ask: Callable[[float], object]) -> float:
    """For how long a caller waits that gives up in time; it gets no token."""
    began = place.time()
    with pytest.raises(TryLater):
        ask(began + LONGEST)
    return place.time() - began


def test_hubspot_hangs(place: Place) -> None:
    """It has ten seconds, and the rest is left for the store."""
    seconds = waited(place, lambda until: place.refresh.ensure_fresh(place.seen(), until))

    assert [request.seconds for request in place.sent] == [LONGEST - BUSY_SECONDS]
    assert seconds <= LONGEST


def test_the_store_is_slow_before_hubspot_hangs(place: Place) -> None:
    """What it took is not HubSpot's any more."""
    place.store.at["lease"] = lambda: place.time.passes(4)

    assert waited(place, lambda u: place.refresh.ensure_fresh(place.seen(), u)) <= LONGEST
    assert [request.seconds for request in place.sent] == [LONGEST - BUSY_SECONDS - 4]


def test_the_store_is_busy_as_the_answer_is_there(place: Place) -> None:
    """The caller waits for as many tries as there is time for; the others are the background's."""
    place.meanwhile = lambda: place.time.passes(6)
    tries = list[float]()

    def busy() -> None:
        tries.append(place.time())
        place.time.passes(BUSY_SECONDS)
        raise StoreBusy

    place.store.at["renew"] = busy
    seconds = waited(place, lambda until: place.refresh.ensure_fresh(place.seen(), until))

    assert seconds <= LONGEST
    assert len(tries) == 1 < SAVE_TRIES
    del place.store.at["renew"]
    place.refresh.close()
    assert place.seen().generation == 2


def test_a_grant_that_waits_to_be_saved_while_the_store_is_busy(place: Place) -> None:
    """Saving what an earlier caller was given is part of the wait as well."""
    place.meanwhile = lambda: None

    def busy() -> None:
        place.time.passes(BUSY_SECONDS)
        raise StoreBusy

    place.store.at["renew"] = busy
    waited(place, lambda until: place.refresh.ensure_fresh(place.seen(), until))

    assert waited(place, lambda until: place.refresh.ensure_fresh(place.seen(), until)) <= LONGEST


def test_another_machine_takes_its_time(place: Place) -> None:
    """It is waited for until nothing could be begun any more."""
    request = LeaseRequest("other machine", LEASE)
    assert isinstance(place.store.lease(place.seen(), request), Lease)

    assert waited(place, lambda u: place.refresh.ensure_fresh(place.seen(), u)) <= LONGEST
    assert place.sent == []


@pytest.mark.parametrize(("taken", "requests"), [(7.0, 1), (9.0, 0)])
def test_a_lease_that_comes_late(place: Place, taken: float, requests: int) -> None:
    """A request gets what is left, and none is begun that would be cut off at once."""
    lease = place.store.lease(place.seen(), LeaseRequest("other", LEASE))
    assert isinstance(lease, Lease)
    end = place.time() + taken

    def release() -> None:
        if place.time() >= end:
            place.before_sleep = lambda: None
            place.store.release(lease.connection)

    place.before_sleep = release

    assert waited(place, lambda u: place.refresh.ensure_fresh(place.seen(), u)) <= LONGEST
    assert len(place.sent) == requests
    assert all(LEAST_REQUEST <= (each.seconds or 0) < 4 for each in place.sent)


def test_a_store_so_slow_that_no_time_is_left(place: Place) -> None:
    """The lease is given back, and the caller hears."""
    began = place.time()
    place.store.at["lease"] = lambda: place.time.passes(4.5)

    with pytest.raises(HubSpotUnavailable, match="Another thread or process"):
        place.refresh.ensure_fresh(place.seen(), began + BUSY_SECONDS + LEAST_REQUEST + 1)

    assert (place.sent, place.seen().is_leased) == ([], False)


def test_work_in_the_background_has_no_caller() -> None:
    """It may take as long as the client allows."""
    assert request_seconds(float("inf")) == DEADLINE


def test_a_caller_that_joins_another_gives_up_in_its_own_time() -> None:
    """By the real clock: the other's work goes on without it."""
    flights, is_begun, go_on = SingleFlight[str](), Event(), Event()

    def work() -> str:
        is_begun.set()
        assert go_on.wait(PATIENCE)
        return "done"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(flights.do, "name", work)
        assert is_begun.wait(PATIENCE)
        with pytest.raises(FlightTimeout):
            flights.do("name", work, 0.01)
        with pytest.raises(FlightTimeout):
            flights.do("name", work, -1.0)
        go_on.set()
        assert first.result(PATIENCE) == "done"


def test_a_caller_joins_a_renewal_that_takes_too_long(place: Place) -> None:
    """It is served what still lives, or hears; the renewal is not disturbed."""
    is_begun, go_on = Event(), Event()

    def hang() -> None:
        is_begun.set()
        assert go_on.wait(PATIENCE)

    place.meanwhile = hang
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(place.refresh.ensure_fresh, place.seen())
        assert is_begun.wait(PATIENCE)
        with pytest.raises(HubSpotUnavailable, match="Another thread or process"):
            place.refresh.ensure_fresh(place.seen(), place.time() + 0.01)
        go_on.set()
        assert first.result(PATIENCE).generation == 2
