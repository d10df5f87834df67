"""An uninstall meets others who write the same row just now."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from portalkey.broker.audit import Audit
from portalkey.broker.journal_effect import UninstallEffect
from portalkey.broker.journal_place import Place, PlaceLost
from portalkey.errors import StoreBusy
from portalkey.model.connection import Connection
from portalkey.model.journal import JournalEntry, JournalKind
from portalkey.settings.keys import Key
from portalkey.testing.samples import Ahead, connect, load, next_generation
from portalkey.vault import Keyring, Vault
from portalkey.vault.keyring import new_key
from portalkey.vault.memory import MemoryStore
from portalkey.vault.store import Mark

HUB_ID = 2**40
NONE = timedelta(0)
START = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Racing(MemoryStore):
    """A store in which somebody else comes first, before a row is marked."""

    def __init__(self, ahead: Ahead) -> None:
        super().__init__(lambda: START, ahead=ahead)
        self.before: Callable[[Connection], object] = lambda _: None

    def mark(self, connection: Connection, mark: Mark) -> bool:
        """Let the other one write first."""
        self.before(connection)
        return super().mark(connection, mark)


@pytest.fixture
def ahead() -> Ahead:
    """How far the clock is ahead."""
    return Ahead()


@pytest.fixture
def store(ahead: Ahead) -> Racing:
    """A store where somebody may come first."""
    return Racing(ahead)


def apply(store: MemoryStore, at: datetime) -> tuple[int, list[str]]:
    """How many the uninstall at this moment ends, and whose they were."""
    vault = Vault(Keyring((Key("a", new_key()),)), store, "app")
    evicted: list[str] = []
    effect = UninstallEffect(vault, Audit(vault), evicted.append)
    entry = JournalEntry(JournalKind.UNINSTALLED, HUB_ID, at)
    return effect.apply(entry, NONE, lambda: None), evicted


def touch(store: Racing, row: Connection) -> None:
    """What a renewal leaves: another count of leases."""
    there = load(store, row)
    store._connections[row.id] = replace(there, lease_fence=there.lease_fence + 1)


def test_somebody_renews_it_once(store: Racing, ahead: Ahead) -> None:
    """It is looked at again, and ended."""
    row = connect(store)
    ahead.passes(60)
    turns = iter([True])

    def renew_once(row: Connection) -> None:
        if next(turns, False):
            touch(store, row)

    store.before = renew_once
    assert apply(store, store.now()) == (1, ["ada"])
    assert load(store, row).sealed is None


def test_somebody_renews_it_each_time(store: Racing, ahead: Ahead) -> None:
    """It stays for the next look."""
    row = connect(store)
    ahead.passes(60)
    store.before = lambda row: touch(store, row)

    with pytest.raises(StoreBusy):
        apply(store, store.now())
    assert load(store, row).is_authenticated


def test_somebody_connects_it_again(store: Racing, ahead: Ahead) -> None:
    """What they have now came after the uninstall."""
    row = connect(store)
    ahead.passes(60)
    at = store.now()
    ahead.passes(60)

    def reconnect(row: Connection) -> None:
        again = next_generation(load(store, row), connected_at=store.now())
        store._connections[row.id] = again

    store.before = reconnect
    assert apply(store, at) == (0, [])
    assert load(store, row).is_authenticated


def test_an_account_with_more_connections_than_a_page(store: Racing, ahead: Ahead) -> None:
    """Each of them ends."""
    for number in range(1005):
        row = connect(store, owner=f"owner {number}")
    ahead.passes(60)

    ended, evicted = apply(store, store.now())
    assert ended == len(set(evicted)) == 1005
    assert not load(store, row).is_authenticated


def test_an_install_ends_nothing(store: Racing, ahead: Ahead) -> None:
    """Whatever it is applied to."""
    row = connect(store)
    ahead.passes(60)
    assert not JournalEntry(JournalKind.INSTALLED, HUB_ID, store.now()).ends(row, NONE)


def test_an_uninstall_of_the_future(store: Racing, ahead: Ahead) -> None:
    """It is of now at the latest: whoever connects until then stays."""
    entry = JournalEntry(JournalKind.UNINSTALLED, HUB_ID, START + timedelta(days=9))
    before = entry.no_later_than(START + timedelta(seconds=60))
    row = connect(store)
    ahead.passes(60)
    later = replace(row, connected_at=store.now())

    assert entry.ends(later, NONE)
    assert (before.ends(row, NONE), before.ends(later, NONE)) == (True, False)


def test_two_claims_at_once(store: Racing) -> None:
    """One gets the place; whoever comes between the look and the claim keeps it."""
    vault = Vault(Keyring((Key("a", new_key()),)), store, "app")
    first = Place.claim(vault, "journal app")
    assert first is not None
    assert Place.claim(vault, "journal app") is None
    store.remove_meta("journal app")
    with pytest.raises(PlaceLost):
        first.write()
    first.let_go()
    assert store.meta("journal app") is None

    class Between(MemoryStore):
        def meta(self, name: str) -> str | None:
            seen = super().meta(name)
            self.put_meta(name, "{}")
            return seen

    between = Vault(vault.keyring, cast("Any", Between()), "app")
    assert Place.claim(between, "journal app") is None
