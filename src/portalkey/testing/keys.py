"""Promises of a store about keys: facts by name, and rows by the label of their key."""
# ruff: noqa: S101 - these are tests, though they are shipped

from concurrent.futures import ThreadPoolExecutor

from portalkey.model.connection import ConnectionStatus, SealedGrant
from portalkey.testing.samples import connect, new_owed
from portalkey.vault.store import Store


class KeyPromises:
    """Facts by name: the first that was written stays; and rows, found by their label."""

    def test_what_is_kept_by_name_is_the_first(self, store: Store) -> None:
        """Until it is removed; another name is another thing."""
        assert store.meta("a") is None
        assert store.add_meta("a", "one") == "one"
        assert store.add_meta("a", "two") == "one"
        store.remove_meta("b")
        assert (store.meta("a"), store.meta("b")) == ("one", None)
        store.remove_meta("a")
        assert store.add_meta("a", "two") == "two"

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
        assert [each.id for each in store.owed_under("app", "older")] == ["owed 1"]
        assert list(store.owed_under("app", "theirs")) == []

    def test_what_is_owed_under_a_label_is_found_before_it_is_due(self, store: Store) -> None:
        """Whoever lets it go need not wait for its time."""
        store.enqueue(new_owed(store, key_name="old"))
        store.reschedule("owed 1", 3600)

        assert [each.tries for each in store.owed_under("app", "old")] == [1]

    def test_live_rows_are_found_by_their_label(self, store: Store) -> None:
        """By id, a page at a time; one that needs its person, or is gone, waits for no key."""
        for number, owner in enumerate(("ada", "bob", "eve"), 1):
            connect(store, id=f"row {number}", owner=owner)
        connect(store, id="row 4", owner="old", status=ConnectionStatus.NEEDS_RECONNECT)
        gone = connect(store, id="row 5", owner="gone")
        assert store.disconnect(gone, None)

        assert store.count_sealed("app", "a") == 3  # noqa: PLR2004 - as above
        first = store.sealed_under("app", "a", 2)
        assert [each.id for each in first] == ["row 1", "row 2"]
        assert first[0] == store.connection("row 1") or first[0].seen_at <= store.now()
        assert [e.id for e in store.sealed_under("app", "a", 2, after="row 2")] == ["row 3"]
        assert list(store.sealed_under("app", "b", 2)) == []
        assert store.count_sealed("other", "a") == 0
