"""What a store promises about revocations that HubSpot is owed."""
# ruff: noqa: S101 - these are tests, though they are shipped

from dataclasses import replace
from datetime import timedelta

from portalkey.testing.samples import Ahead, new_owed
from portalkey.vault.store import Store


class OutboxPromises:
    """Owed revocations: due in their order, put off, settled."""

    def test_what_is_due_comes_oldest_first(self, store: Store) -> None:
        """And no more of it than was asked for."""
        now = store.now()
        late, early, not_yet = (
            new_owed(store, id=name, due_at=now + timedelta(seconds=seconds))
            for name, seconds in (("late", -1), ("early", -2), ("not yet", 60))
        )
        for owed in (late, early, not_yet):
            store.owe(owed)

        assert list(store.owed(9)) == [early, late]
        assert list(store.owed(1)) == [early]

    def test_a_failed_try_waits(self, store: Store, ahead: Ahead) -> None:
        """It counts, and the revocation is due again once the seconds are over."""
        owed = new_owed(store, connection_id=None)
        store.owe(owed)
        store.put_off(owed.id, 30)
        before = store.owed(1)
        ahead.passes(31)
        (again,) = store.owed(1)

        assert list(before) == []
        assert again == replace(owed, tries=1, due_at=again.due_at)

    def test_what_is_settled_is_gone(self, store: Store) -> None:
        """Settling or putting off what is not owed any more does no harm."""
        owed = new_owed(store)
        store.owe(owed)
        for _ in range(2):
            store.settle(owed.id)
            store.put_off(owed.id, 0)

        assert list(store.owed(1)) == []
