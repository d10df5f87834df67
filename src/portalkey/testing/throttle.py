"""Promises of a store about the throttle of the token endpoint."""
# ruff: noqa: PLR2004, S101 - these are tests, though they are shipped

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest

from portalkey.model.breaker import (
    LONGEST_OPEN,
    Trouble,
    record_answer,
    record_failure,
    release_probe,
)
from portalkey.model.connection import Account
from portalkey.model.connection import ConnectionStatus as C
from portalkey.model.throttle import (
    Limits,
    Portion,
    PortionRequest,
    Purpose,
    Throttle,
    Throttled,
)
from portalkey.testing.samples import Ahead, connect
from portalkey.vault.store import Mark, Store

SLOW = 60.0
"""Seconds until another request may be sent, or a test moves the clock: no machine is so busy."""
LIMITS = Limits(rate=1 / SLOW, burst=3)


def ask(who: str = "me", purpose: Purpose = Purpose.CALLER) -> PortionRequest:
    """Return a request for permits."""
    return PortionRequest(LIMITS, purpose, who)


def take(store: Store, who: str = "me", *, client_id: str = "app") -> Portion:
    """Take a portion, which has to be granted."""
    portion = store.take_portion(client_id, ask(who))
    assert isinstance(portion, Portion), portion
    return portion


def expect_refusal(store: Store, who: str = "me") -> Throttled:
    """Return the refusal; a portion must not be granted."""
    portion = store.take_portion("app", ask(who))
    assert isinstance(portion, Throttled)
    return portion


def fail(store: Store, *names: str, said: float = 0.0, client_id: str = "app") -> Throttle:
    """Let the connections of these short *names* fail, and return the throttle then."""

    def change(throttle: Throttle, now: datetime) -> Throttle:
        for name in names:
            trouble = Trouble(name, f"owner of {name}", "hubspot_unavailable", said)
            throttle = record_failure(throttle, trouble, now)
        return throttle

    changed = store.update_throttle(client_id, change)
    assert changed
    return changed[1]


class ThrottlePromises:
    """One bucket and one breaker an app, shared by whoever uses the store."""

    def test_the_bucket_is_everybodys(self, store: Store, ahead: Ahead) -> None:
        """Whichever connection a request is for; it fills up by the store's clock."""
        for number in range(3):
            take(store, str(number))

        refusal = expect_refusal(store)
        assert refusal.reason is None
        assert 0 < refusal.wait <= SLOW
        ahead.passes(SLOW)
        take(store)
        assert expect_refusal(store).reason is None

    def test_of_many_at_once_as_many_as_there_is_room_for(self, store: Store) -> None:
        """Nobody takes what another has taken."""
        with ThreadPoolExecutor(8) as pool:
            portions = list(pool.map(lambda n: store.take_portion("app", ask(str(n))), range(8)))

        assert sum(each.count for each in portions if isinstance(each, Portion)) == 3

    def test_a_moment_that_was_told_too_early_fills_no_bucket(
        self, store: Store, ahead: Ahead
    ) -> None:
        """Many at once send no more than the bucket held."""
        for _ in range(3):
            take(store)
            ahead.passes(-0.05)

        assert expect_refusal(store).reason is None

    def test_some_is_left_for_those_who_wait(self, store: Store) -> None:
        """Renewing ahead does not empty the bucket."""
        taken = [store.take_portion("app", ask("me", Purpose.AHEAD)) for _ in range(3)]

        assert isinstance(taken[0], Portion)
        assert isinstance(taken[-1], Throttled)
        take(store)

    def test_one_connection_opens_no_breaker(self, store: Store) -> None:
        """However often it fails."""
        take(store)
        assert not fail(store, *["one"] * 30).is_open
        assert take(store, "another").is_news

    def test_three_open_it_for_everybody(self, store: Store, ahead: Ahead) -> None:
        """But for one who tries in ten seconds, and not one of them where another asks."""
        take(store)
        assert fail(store, "one", "two", "three").is_open

        assert expect_refusal(store, "four").reason == "hubspot_unavailable"
        ahead.passes(10.5)
        assert not expect_refusal(store, "one").is_for_all
        probe = take(store, "four")
        assert (probe.is_probe, probe.count) == (True, 1)
        assert expect_refusal(store, "five").is_for_all

    def test_a_probe_that_is_given_back_is_anothers(self, store: Store, ahead: Ahead) -> None:
        """At once; nobody waits for an outcome that never comes."""
        take(store)
        fail(store, "one", "two", "three")
        ahead.passes(10.5)
        take(store, "four")
        store.update_throttle("app", lambda known, now: release_probe(known, "four", now))

        assert take(store, "five").is_probe

    def test_an_answer_closes_it(self, store: Store) -> None:
        """And nothing is held against anybody."""
        take(store)
        fail(store, "one", "two", "three")
        store.update_throttle("app", lambda known, _: record_answer(known))

        portion = take(store, "one")
        assert (portion.is_news, portion.is_probe) == (False, False)

    def test_two_minutes_are_the_longest(self, store: Store, ahead: Ahead) -> None:
        """Whatever HubSpot asks for."""
        take(store)
        fail(store, "one", "two", "three", said=3600.0)
        ahead.passes(LONGEST_OPEN - SLOW)
        assert expect_refusal(store, "four").wait <= SLOW

        ahead.passes(SLOW)
        assert take(store, "four").is_probe

    def test_evidence_of_an_older_portalkey_is_none(self, store: Store) -> None:
        """It counted outcomes, and is no trouble."""
        take(store)
        store.update_throttle("app", lambda known, _: replace(known, recent="..x.xxxx"))

        assert take(store).is_news
        assert not fail(store, "one", "two").is_open

    def test_nothing_is_known_of_a_throttle_nobody_asked(self, store: Store) -> None:
        """There is nothing to change."""
        assert store.update_throttle("app", lambda throttle, _: throttle) is None

    def test_each_app_has_a_throttle_of_its_own(self, store: Store) -> None:
        """Another app's wrong secret is no trouble of ours."""
        take(store, client_id="other")
        assert store.update_throttle("app", lambda throttle, _: throttle) is None
        assert fail(store, "one", "two", "three", client_id="other").is_open

        assert not take(store).is_news

    @pytest.mark.parametrize("status", [C.NEEDS_RECONNECT, C.DISCONNECTED])
    def test_connections_are_counted_up_to_a_number(self, store: Store, status: C) -> None:
        """Those that can hand out a token, of this app."""
        rows = [connect(store, owner=str(number)) for number in range(4)]
        connect(store, client_id="other")
        assert store.mark(rows[0], Mark(C.FAILING))
        if status is C.DISCONNECTED:
            assert store.disconnect(rows[1], None)
        else:
            assert store.mark(rows[1], Mark(status))

        assert store.count_authenticated("app", 2) == (2, True)
        assert store.count_authenticated("app", 9) == (3, True)
        assert store.count_authenticated("nobody", 9) == (0, False)

    def test_an_owner_is_counted_once(self, store: Store) -> None:
        """However many connections it has; neither another app's owners count, nor who has left."""
        for hub_id in range(1, 6):
            connect(store, owner="ada", account=Account(hub_id))
        connect(store, owner="bob", client_id="other")
        gone = connect(store, owner="eve")
        assert store.mark(gone, Mark(C.NEEDS_RECONNECT))

        assert store.count_authenticated("app", 3) == (3, False)
        connect(store, owner="zoe")
        assert store.count_authenticated("app", 3) == (3, True)
