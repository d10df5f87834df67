"""Promises of a store about what a renewal heals, and what is told of it."""
# ruff: noqa: S101 - these are tests, though they are shipped

from concurrent.futures import ThreadPoolExecutor

import pytest

from portalkey.model.connection import Account
from portalkey.model.connection import ConnectionStatus as C
from portalkey.model.events import Event, EventName
from portalkey.testing.samples import connect, load, next_generation
from portalkey.vault.store import Mark, Store, TellRenewal


class RenewalPromises:
    """Healing: told once, by the status that the row itself had."""

    @pytest.mark.parametrize("status", [C.CONNECTED, C.FAILING, C.NEEDS_RECONNECT])
    def test_a_renewal_is_told_by_the_rows_own_status(self, store: Store, status: C) -> None:
        """Whatever it was as it was read: the event is of what the renewal changes."""
        row = connect(store)
        other = status if status is not C.CONNECTED else C.FAILING
        assert store.mark(row, Mark(other))
        seen = load(store, row) if status is C.CONNECTED else row
        assert status is other or store.mark(seen, Mark(C.CONNECTED))
        known = {each: Event(EventName.HEALED, "ada", facts={"was": each.value}) for each in C}

        renewed = next_generation(seen, status=C.CONNECTED)
        assert store.renew(renewed, instead_of="fingerprint 1", tell=known.get) is status
        assert [each.facts for each in store.events(owner="ada")] == [{"was": status.value}]
        assert load(store, row).status is C.CONNECTED

    def test_a_renewal_that_is_no_news_is_not_told(self, store: Store) -> None:
        """A row that was connected has nothing to heal."""
        row = connect(store)
        healed = dict.fromkeys((C.FAILING, C.NEEDS_RECONNECT), Event(EventName.HEALED, "ada"))

        renewed = next_generation(row)
        assert store.renew(renewed, instead_of="fingerprint 1", tell=healed.get) is C.CONNECTED
        assert list(store.events(owner="ada")) == []

    def test_a_row_that_ends_as_it_is_renewed_is_healed_by_that(self, store: Store) -> None:
        """Whichever comes first: what has ended and is connected again has an event of each."""
        healed = {C.NEEDS_RECONNECT: Event(EventName.HEALED, "ada")}
        ended = Event(EventName.NEEDS_RECONNECT, "ada")
        with ThreadPoolExecutor(2) as pool:
            for number in range(8):
                row = connect(store, account=Account(number + 1))
                renewed = next_generation(row, status=C.CONNECTED)
                marking = pool.submit(store.mark, row, Mark(C.NEEDS_RECONNECT, event=ended))
                before = store.renew(renewed, instead_of="fingerprint 1", tell=healed.get)

                assert before is (C.NEEDS_RECONNECT if marking.result() else C.CONNECTED)
                assert load(store, row).status is C.CONNECTED
        names = [each.name for each in store.events(owner="ada")]
        assert names == [EventName.NEEDS_RECONNECT, EventName.HEALED] * (len(names) // 2)

    def test_a_renewal_may_want_a_status(self, store: Store) -> None:
        """A renewal without a new grant heals nothing."""
        row = connect(store)
        assert store.mark(row, Mark(C.NEEDS_RECONNECT))
        renewed, events = next_generation(row), dict.fromkeys(C, Event(EventName.HEALED, "ada"))

        def renew(status: C, tell: TellRenewal | None = None) -> C | None:
            return store.renew(renewed, instead_of="fingerprint 1", status=status, tell=tell)

        assert renew(C.CONNECTED) is None
        assert renew(C.CONNECTED, events.get) is None
        assert renew(C.FAILING) is None
        assert load(store, row).status is C.NEEDS_RECONNECT
        assert list(store.events(owner="ada")) == []
        assert renew(C.NEEDS_RECONNECT) is C.NEEDS_RECONNECT

    def test_what_has_healed_does_not_heal_again(self, store: Store) -> None:
        """Of two who find out at once, one says so."""
        row = connect(store)
        assert store.mark(row, Mark(C.FAILING))
        failing, healed = load(store, row), Event(EventName.HEALED, "ada")

        assert store.mark(failing, Mark(C.CONNECTED, event=healed))
        assert not store.mark(failing, Mark(C.CONNECTED, event=healed))
        assert len(store.events(owner="ada")) == 1
