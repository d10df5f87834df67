"""Promises of a store about what HubSpot is owed."""
# ruff: noqa: PLR2004, S101, S106 - these are tests, though they are shipped

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from portalkey.testing.samples import Ahead, new_owed
from portalkey.vault.store import Store


class OutboxPromises:
    """Owed revocations: pending by their time, claimed once, rescheduled, completed."""

    def test_what_is_due_comes_oldest_first(self, store: Store) -> None:
        """And no more of it than was asked for."""
        now = store.now()
        late, early, not_yet = (
            new_owed(store, id=name, due_at=now + timedelta(seconds=seconds))
            for name, seconds in (("late", -1), ("early", -2), ("not yet", 60))
        )
        for owed in (late, early, not_yet):
            store.enqueue(owed)

        assert list(store.pending(9)) == [early, late]
        assert list(store.pending(1)) == [early]

    def test_one_of_many_takes_it(self, store: Store, ahead: Ahead) -> None:
        """Whoever has it keeps the others from it for a while; then another may."""
        owed = new_owed(store)
        store.enqueue(owed)
        with ThreadPoolExecutor(8) as pool:
            claims = list(pool.map(lambda _: store.claim(owed.id, 60), range(8)))

        assert sorted(claims) == [False] * 7 + [True]
        assert list(store.pending(1)) == []
        ahead.passes(61)
        (again,) = store.pending(1)
        assert again.tries == 0
        assert store.claim(owed.id, 60)
        assert not store.claim("unknown", 60)

    def test_each_app_has_its_own(self, store: Store) -> None:
        """Nobody tells HubSpot of another app's tokens."""
        ours, theirs = new_owed(store), new_owed(store, id="theirs", client_id="other")
        for owed in (ours, theirs):
            store.enqueue(owed)

        assert list(store.pending(9, client_id="app")) == [ours]
        assert list(store.pending(9, client_id="other")) == [theirs]
        assert len(store.pending(9)) == 2

    def test_a_failed_try_waits(self, store: Store, ahead: Ahead) -> None:
        """It counts, and the revocation is due again once the seconds are over."""
        owed = new_owed(store, connection_id=None)
        store.enqueue(owed)
        store.reschedule(owed.id, 30)
        before = store.pending(1)
        ahead.passes(31)
        (again,) = store.pending(1)

        assert list(before) == []
        assert again == replace(owed, tries=1, due_at=again.due_at)

    def test_what_waits_is_found_and_hastened(self, store: Store) -> None:
        """Of the app, or of one connection; what was put off is due at once, and no try counts."""
        later = store.now() + timedelta(seconds=3600)
        due = new_owed(store, connection_id="another")
        waiting = new_owed(store, id="waiting", due_at=later)
        for owed in (waiting, due, new_owed(store, id="theirs", client_id="other")):
            store.enqueue(owed)

        assert list(store.find_owed("app", 9)) == [due, waiting]
        assert list(store.find_owed("app", 1)) == [due]
        assert list(store.find_owed("app", 9, connection_id="id")) == [waiting]
        assert list(store.find_owed("app", 9, connection_id="no\0body")) == []
        assert not store.claim(waiting.id, 60)
        assert store.hasten(waiting.id)
        assert not store.hasten("unknown")
        assert {each.id: each.tries for each in store.pending(9, client_id="app")} == {
            due.id: 0,
            waiting.id: 0,
        }
        assert store.claim(waiting.id, 60)

    def test_an_uninstall_stands_beside_revocations(self, store: Store, ahead: Ahead) -> None:
        """With its account and when it was asked for, however often it was tried and sealed."""
        owed = new_owed(store, id="uninstall", hub_id=2**40, asked_at=store.now())
        revocation = new_owed(store)
        for each in (revocation, owed):
            store.enqueue(each)
        store.reschedule(owed.id, 30)
        again = replace(owed, sealed_token="sealed anew", fingerprint="f", key_name="b")
        assert store.reseal_owed([(owed, again)]) == 1
        ahead.passes(31)

        assert {each.kind for each in store.pending(9)} == {"revocation", "uninstall"}
        (found,) = store.owed_under("app", "b", 9)
        assert found == replace(again, tries=1, due_at=found.due_at)

    def test_what_is_complete_is_gone(self, store: Store) -> None:
        """Completing or rescheduling what is not owed any more does no harm."""
        owed = new_owed(store)
        store.enqueue(owed)
        for _ in range(2):
            store.complete(owed.id)
            store.reschedule(owed.id, 0)

        assert list(store.pending(1)) == []
