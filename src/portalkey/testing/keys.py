"""Promises of a store about keys: facts by name, and rows by the label of their key."""
# ruff: noqa: PLR2004, S101 - these are tests, though they are shipped

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Connection, ConnectionStatus, SealedGrant
from portalkey.model.events import Event, EventName
from portalkey.model.leases import Lease, LeaseRequest
from portalkey.testing.samples import (
    Ahead,
    connect,
    load,
    new_attempt,
    new_owed,
    next_generation,
)
from portalkey.vault.store import Mark, SealCount, Store

NEW = SealedGrant("access new", "refresh new", "fingerprint new", "new")


class KeyPromises:
    """Facts by name; and rows, found by the label of their key and sealed anew by comparison."""

    def test_what_is_kept_by_name_is_the_first(self, store: Store) -> None:
        """Until it is removed; another name is another thing."""
        assert store.meta("a") is None
        assert store.add_meta("a", "one") == "one"
        assert store.add_meta("a", "two") == "one"
        store.remove_meta("b")
        assert (store.meta("a"), store.meta("b")) == ("one", None)
        store.remove_meta("a")
        assert store.add_meta("a", "two") == "two"

    def test_what_is_put_takes_the_place_of_what_was(self, store: Store) -> None:
        """And all of a kind are found by how their names begin, to the letter."""
        store.put_meta("a one", "1")
        store.put_meta("a one", "2")
        for name in ("a two", "A three", "a%four", "ab"):
            store.put_meta(name, name)

        assert store.all_meta("a ") == {"a one": "2", "a two": "a two"}
        assert store.all_meta("a%") == {"a%four": "a%four"}
        assert store.all_meta("b") == {}

    def test_what_is_numbered_is_forgotten_up_to_a_number(self, store: Store) -> None:
        """To the letter, the first ones first and so many at most; what is not numbered stays."""
        names = ("a 10 x", "a 11 /+", "a 11 Z", "a 12 x", "A 10 x", "a1 10", "b 10 x", "a% 10")
        for name in names:
            store.put_meta(name, name)

        assert store.purge_meta("a ", "12", 2) == 2
        assert len(store.all_meta("a 11 ")) == 1
        assert store.purge_meta("a ", "12", 2) == 1
        assert store.purge_meta("a ", "12", 2) == 0
        assert store.purge_meta("c ", "99", 2) == 0
        assert set(store.all_meta("")) == {"a 12 x", "A 10 x", "a1 10", "b 10 x", "a% 10"}

    def test_what_is_swapped_is_what_was_read(self, store: Store) -> None:
        """Or nothing happens, and nothing is recorded; None stands for what is not there."""
        event = Event(EventName.INSTALLED, facts={"hub_id": 1})
        assert not store.swap_meta("a", "one", "two", events=[event])
        assert store.swap_meta("a", None, "one", events=[event])
        assert not store.swap_meta("a", None, "two", events=[event])
        assert not store.swap_meta("a", "two", "three", events=[event])
        assert store.meta("a") == "one"
        assert store.swap_meta("a", "one", "two", events=[event, event])
        assert (store.meta("a"), len(store.events())) == ("two", 3)

    def test_of_many_one_swaps(self, store: Store) -> None:
        """Each of the others finds another value than it read."""
        store.put_meta("a", "one")
        event = Event(EventName.INSTALLED)
        with ThreadPoolExecutor(8) as pool:
            done = list(
                pool.map(lambda n: store.swap_meta("a", "one", str(n), events=[event]), range(8))
            )

        assert sum(done) == len(store.events()) == 1
        assert store.meta("a") == str(done.index(True))

    def test_of_many_one_writes_the_first(self, store: Store) -> None:
        """Everybody learns the same, whoever was first."""
        with ThreadPoolExecutor(8) as pool:
            values = set(pool.map(lambda n: store.add_meta("a", str(n)), range(8)))

        assert values == {store.meta("a")}

    def test_labels_are_those_of_rows(self, store: Store) -> None:
        """Of connections and of what is owed, of this app alone."""
        assert set(store.key_names("app")) == set()
        connect(store, sealed=SealedGrant("access", "refresh", "fingerprint", "old"))
        store.enqueue(new_owed(store, key_name="older"))
        store.enqueue(new_owed(store, id="other", client_id="other", key_name="theirs"))

        assert set(store.key_names("app")) == {"old", "older"}
        assert [each.id for each in store.owed_under("app", "older", 9)] == ["owed 1"]
        assert list(store.owed_under("app", "theirs", 9)) == []

    def test_what_is_owed_under_a_label_is_found_before_it_is_due(self, store: Store) -> None:
        """Whoever lets it go need not wait for its time."""
        store.enqueue(new_owed(store, key_name="old"))
        store.reschedule("owed 1", 3600)

        assert [each.tries for each in store.owed_under("app", "old", 9)] == [1]

    def test_rows_are_found_by_their_label(self, store: Store) -> None:
        """By id, a page at a time, whatever their status; one that is gone bears none."""
        for number, owner in enumerate(("ada", "bob", "eve"), 1):
            connect(store, id=f"row {number}", owner=owner)
        connect(store, id="row 4", owner="old", status=ConnectionStatus.NEEDS_RECONNECT)
        gone = connect(store, id="row 5", owner="gone")
        assert store.disconnect(gone, None)

        assert store.count_sealed("app", "a") == SealCount(connections=4, live=3)
        first = store.sealed_under("app", "a", 3)
        assert [each.id for each in first] == ["row 1", "row 2", "row 3"]
        assert first[0] == store.connection("row 1") or first[0].seen_at <= store.now()
        assert [e.id for e in store.sealed_under("app", "a", 2, after="row 3")] == ["row 4"]
        assert list(store.sealed_under("app", "b", 2)) == []
        assert store.count_sealed("other", "a") == SealCount()

    def test_attempts_are_found_by_their_seals(self, store: Store, ahead: Ahead) -> None:
        """While they are under way; by the verifier or by the code, and to the letter."""
        seals = {"sealed_verifier": "v1.old.x", "sealed_code": None}
        new_attempt(store, id="1", **seals)
        new_attempt(store, id="2", sealed_verifier="v1.new.x", sealed_code="v1.old.y")
        new_attempt(store, id="3", sealed_verifier="v1.OLD.x", sealed_code=None)
        new_attempt(store, id="4", sealed_verifier="v1.older.x", sealed_code=None)
        new_attempt(store, id="5", **seals)
        assert store.move_attempt("5", AttemptStatus.CANCELLED)

        assert [each.id for each in store.attempts_under("old", 9)] == ["1", "2"]
        assert [each.id for each in store.attempts_under("old", 1, after="1")] == ["2"]
        assert list(store.attempts_under("o_d", 9)) == []
        assert store.count_sealed("app", "old") == SealCount(attempts=2)
        ahead.passes(601)
        assert store.count_sealed("app", "old") == SealCount()

    def test_a_grant_that_waits_for_a_yes_is_found(self, store: Store, ahead: Ahead) -> None:
        """For as long as it waits, which may be beyond the attempt's first time."""
        row = self._ask(store, "v1.old.grant")
        ahead.passes(90)

        assert store.count_sealed("app", "old") == SealCount(attempts=1)
        (found,) = store.attempts_under("old", 9)
        assert (found.id, found.sealed_grant) == (row.id, "v1.old.grant")
        ahead.passes(31)
        assert store.count_sealed("app", "old") == SealCount()

    def test_a_grant_that_waits_for_a_yes_is_sealed_anew(self, store: Store) -> None:
        """Whoever read the attempt before it asked writes nothing over its grant."""
        row = self._ask(store, "v1.old.grant")
        before, anew = (replace(row, sealed_grant=each) for each in (None, "v1.new.grant"))

        assert store.reseal_attempts([(before, replace(before, sealed_verifier="v1.new.x"))]) == 0
        assert store.reseal_attempts([(row, anew)]) == 1
        assert store.reseal_attempts([(row, anew)]) == 0
        assert store.count_sealed("app", "old") == SealCount()
        (found,) = store.attempts_under("new", 9)
        assert (found.sealed_grant, found.status) == ("v1.new.grant", AttemptStatus.ASKING)

    def _ask(self, store: Store, sealed_grant: str) -> Attempt:
        """Return an attempt of 30 seconds that asks, and then has 120 for the answer."""
        attempt = new_attempt(store, expires_at=store.now() + timedelta(seconds=30))
        assert store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
        assert store.ask(attempt.id, sealed_grant, new_owed(store))
        asking = store.attempt(attempt.id)
        assert asking
        return asking

    def test_a_grant_is_sealed_anew(self, store: Store, ahead: Ahead) -> None:
        """Its four columns and ``updated_at``, and nothing else."""
        row = connect(store)
        ahead.passes(60)

        assert store.reseal_connections([(row, replace(row, sealed=NEW))]) == 1
        after = load(store, row)
        assert after.sealed == NEW
        assert after.updated_at > row.updated_at
        same = {"sealed": row.sealed, "updated_at": row.updated_at, "seen_at": row.seen_at}
        assert replace(after, **same) == row  # type: ignore[arg-type]
        assert store.reseal_connections([(row, replace(row, sealed=NEW))]) == 0
        assert store.reseal_connections([]) == 0

    def test_what_was_written_meanwhile_is_not_sealed_anew(self, store: Store) -> None:
        """A renewal, a disconnect and a reconnect win; the others of the batch are written."""
        renewed, gone, kept = (connect(store, owner=owner) for owner in ("ada", "bob", "eve"))
        pairs = [(row, replace(row, sealed=NEW)) for row in (renewed, gone, kept)]
        assert store.renew(next_generation(renewed), instead_of="fingerprint 1")
        assert store.disconnect(gone, None)

        assert store.reseal_connections(pairs) == 1
        assert load(store, renewed).sealed == next_generation(renewed).sealed
        assert load(store, gone).sealed is None
        assert load(store, kept).sealed == NEW

    def test_a_leased_row_is_left_for_later(self, store: Store, ahead: Ahead) -> None:
        """Whoever holds the lease may write what came of it; then it is the row's turn."""
        row = connect(store)
        pair = (row, replace(row, sealed=NEW))
        assert isinstance(store.lease(row, LeaseRequest("holder", 30)), Lease)

        assert store.reseal_connections([pair]) == 0
        assert load(store, row).sealed == row.sealed
        ahead.passes(31)
        assert store.reseal_connections([pair]) == 1

    def test_a_lease_that_never_ends_keeps_nobody(self, store: Store) -> None:
        """A clock was wrong that wrote it."""
        row = connect(store)
        assert isinstance(store.lease(row, LeaseRequest("holder", 10**6)), Lease)

        assert store.reseal_connections([(row, replace(row, sealed=NEW))]) == 1

    def test_a_lease_is_not_given_on_what_was_sealed_anew(self, store: Store) -> None:
        """Whoever read the row before reads it again first."""
        row = connect(store)
        assert store.reseal_connections([(row, replace(row, sealed=NEW))]) == 1

        assert not isinstance(store.lease(row, LeaseRequest("holder", 30)), Lease)
        assert isinstance(store.lease(load(store, row), LeaseRequest("holder", 30)), Lease)

    def test_of_two_who_seal_anew_one_does(self, store: Store) -> None:
        """Two operators at once do no harm."""
        rows = [connect(store, owner=str(number)) for number in range(4)]
        pairs: list[tuple[Connection, Connection]] = [(r, replace(r, sealed=NEW)) for r in rows]
        with ThreadPoolExecutor(2) as pool:
            numbers = list(pool.map(store.reseal_connections, [pairs, pairs]))

        assert sum(numbers) == len(rows)

    def test_attempts_and_revocations_are_sealed_anew(self, store: Store) -> None:
        """Unless somebody changed them since; an attempt goes on as it would have."""
        attempt, owed = new_attempt(store, sealed_code=None), new_owed(store)
        store.enqueue(owed)
        anew = replace(attempt, sealed_verifier="v1.new.x")
        owed_anew = replace(owed, sealed_token="anew", fingerprint="f", key_name="new")  # noqa: S106

        assert store.reseal_attempts([(attempt, anew)]) == 1
        assert store.reseal_attempts([(attempt, anew)]) == 0
        before = store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
        assert before
        assert (before.sealed_verifier, before.sealed_code) == ("v1.new.x", None)
        store.reschedule(owed.id, 0)
        assert store.reseal_owed([(owed, owed_anew)]) == 1
        assert store.reseal_owed([(owed, owed_anew)]) == 0
        (found,) = store.owed_under("app", "new", 9)
        assert (found.sealed_token, found.fingerprint, found.tries) == ("anew", "f", 1)

    def test_a_grant_is_given_up(self, store: Store) -> None:
        """The row stays, waits for its person, and bears no label; a late renewal loses."""
        row = connect(store)
        mark = Mark(ConnectionStatus.NEEDS_RECONNECT, "key_lost", erases=True)

        assert store.mark(row, mark)
        after = load(store, row)
        assert (after.sealed, after.status) == (None, ConnectionStatus.NEEDS_RECONNECT)
        assert store.count_sealed("app", "a") == SealCount()
        assert not store.renew(next_generation(row), instead_of="fingerprint 1")
        assert store.connect(None, next_generation(after))
