"""What is sealed goes over to another key while others use it, whatever store it is."""

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from portalkey.broker.audit import Audit
from portalkey.broker.keys import Keys
from portalkey.broker.lease_owner import LeaseOwner
from portalkey.broker.processes import Processes
from portalkey.errors import NoKeyOpens, StoreBusy
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Account, Connection, Grant
from portalkey.model.events import EventName
from portalkey.model.leases import Lease, LeaseRequest
from portalkey.settings import Key
from portalkey.testing.samples import Ahead, begin_exchange, load, new_attempt
from portalkey.vault import Keyring, MemoryStore, Store, Vault
from portalkey.vault.key_store import seal_prefix
from portalkey.vault.keyring import new_key
from portalkey.vault.rotate import BATCH, PATIENCE, Rotation
from portalkey.vault.store import SealCount

pytest_plugins = ("support.postgres",)

OLD, NEW, OLDER = Key("old", new_key()), Key("new", new_key()), Key("older", new_key())


def vault_of(store: Store, *keys: Key) -> Vault:
    """A vault of the app with these keys."""
    return Vault(Keyring(keys), store, "app")


def connect(store: Store, key: Key, hub_id: int = 1) -> Connection:
    """A connection that is sealed with *key*."""
    attempt = store.attempt(begin_exchange(store))
    assert attempt
    grant = Grant(SecretStr(f"access {hub_id}"), SecretStr(f"refresh {hub_id}"), 1800)
    saved = vault_of(store, key).save(attempt, grant, Account(hub_id), None, sent_at=store.now())
    assert saved
    return load(store, saved)


def test_all_that_is_sealed_goes_over(any_store: Store) -> None:
    """Connections, parked codes and what HubSpot is owed, under however many keys; and opens."""
    rows = [connect(any_store, key, hub_id) for hub_id, key in enumerate((OLD, OLDER, NEW), 1)]
    old = vault_of(any_store, OLD)
    attempt_id = new_attempt(any_store, id="a", sealed_verifier=None, sealed_code=None).id
    code = old.seal_code(attempt_id, SecretStr("code"))
    assert any_store.move_attempt(attempt_id, AttemptStatus.RETURNED, sealed_code=code)
    old.enqueue(SecretStr("owed"))
    gone = connect(any_store, OLD, 9)
    left = vault_of(any_store, NEW).erase(gone)  # sealed, and bound, as it was in its row
    installed = connect(any_store, OLD, 10)
    uninstall = old.erase(installed, is_uninstall=True)
    vault = vault_of(any_store, NEW, OLD, OLDER)

    rotated = Rotation(vault).run()

    assert rotated.is_whole
    assert rotated.done == {"connections": 2, "attempts": 1, "outbox": 3}
    assert any_store.count_sealed("app", "old") == SealCount()
    assert any_store.count_sealed("app", "older") == SealCount()
    with_new = vault_of(any_store, NEW)
    opened = [with_new.open_refresh(load(any_store, row)) for row in rows]
    assert [each.get_secret_value() for each in opened] == ["refresh 1", "refresh 2", "refresh 3"]
    attempt = any_store.attempt(attempt_id)
    assert attempt
    assert with_new.open_code(attempt).get_secret_value() == "code"
    owed = any_store.owed_under("app", "new", 9)
    assert left
    assert uninstall
    tokens = {each.id: with_new.open_owed(each).get_secret_value() for each in owed}
    assert sorted(tokens.values()) == ["owed", "refresh 10", "refresh 9"]
    assert tokens[uninstall.id] == "refresh 10"
    assert {each.hub_id for each in owed} == {None, 10}


def ask(store: Store, key: Key) -> Attempt:
    """An attempt that waits for a yes, whose grant alone is sealed with *key*."""
    vault, attempt_id = vault_of(store, key), secrets.token_hex(16)
    verifier = vault_of(store, NEW).seal_verifier(attempt_id, SecretStr("verifier"))
    attempt = new_attempt(store, id=attempt_id, sealed_verifier=verifier, sealed_code=None)
    assert store.move_attempt(attempt_id, AttemptStatus.EXCHANGING)
    grant = Grant(SecretStr("access"), SecretStr("waiting"), 1800)
    assert vault.ask(attempt, grant, Account(7), ("oauth",), sent_at=store.now())
    asking = store.attempt(attempt_id)
    assert asking
    return asking


def keys_of(vault: Vault, directory: Path) -> Keys:
    """The operator's acts on the keys of *vault*."""
    return Keys(vault, Audit(vault), Processes(vault, LeaseOwner(directory), "test"))


def test_a_grant_that_waits_for_a_yes_goes_over(any_store: Store) -> None:
    """It opens under the new key alone, and the yes is as good as before."""
    before = ask(any_store, OLD)
    rotated = Rotation(vault_of(any_store, NEW, OLD)).run()

    assert rotated.is_whole
    assert rotated.done == {"attempts": 1, "outbox": 1}
    assert any_store.count_sealed("app", "old") == SealCount()
    after, with_new = any_store.attempt(before.id), vault_of(any_store, NEW)
    assert after
    with pytest.raises(NoKeyOpens):
        vault_of(any_store, OLD).open_grant(after)
    waiting = with_new.open_grant(after)
    assert waiting == vault_of(any_store, OLD).open_grant(before)
    saved = with_new.save(
        after,
        waiting.grant,
        waiting.account,
        waiting.scopes,
        sent_at=waiting.sent_at,
        settled=waiting.owed_id,
    )
    assert saved
    assert with_new.open_refresh(load(any_store, saved)).get_secret_value() == "waiting"
    assert any_store.count_sealed("app", "new") == SealCount(connections=1, live=1)


def test_a_key_that_a_question_needs_is_not_retired(any_store: Store, tmp_path: Path) -> None:
    """Until it has gone over; another question under it, and it is needed again."""
    waits = ask(any_store, OLD)
    any_store.complete(vault_of(any_store, OLD).open_grant(waits).owed_id)  # the question alone
    keys = keys_of(vault_of(any_store, NEW, OLD), tmp_path)

    early = keys.retire("old")
    assert not early.may_go
    assert (early.count, list(early.rows)) == (SealCount(attempts=1), [f"attempt {waits.id}"])
    assert keys.rotate(lambda *_: None).is_whole
    assert keys.retire("old").may_go
    ask(any_store, OLD)
    assert not keys.retire("old").may_go


def test_a_rotation_is_in_the_audit(any_store: Store, tmp_path: Path) -> None:
    """Once, with its key and its numbers; one that had nothing to do changed nothing."""
    connect(any_store, OLD)
    keys = keys_of(vault_of(any_store, NEW, OLD), tmp_path)
    for _ in range(2):
        assert keys.rotate(lambda *_: None).is_whole

    (event,) = [e for e in any_store.events() if e.name is EventName.KEYS_ROTATED]
    facts = dict(event.facts)
    assert str(facts.pop("process")).startswith(f"test (process {os.getpid()} on ")
    assert facts == {"key_name": "new", "rows": 1, "is_whole": True}


def test_generation_and_fingerprint_go_on(any_store: Store) -> None:
    """Whoever holds the token has the same generation; the fingerprint is the new key's."""
    row = connect(any_store, OLD)
    vault = vault_of(any_store, NEW, OLD)
    Rotation(vault).run()
    after = load(any_store, row)

    assert after.generation == row.generation
    assert after.sealed
    assert after.sealed.fingerprint == vault.keyring.fingerprint(SecretStr("refresh 1"))
    assert vault.is_held(SecretStr("refresh 1"))


def test_a_second_rotation_has_nothing_to_do(any_store: Store) -> None:
    """And says so."""
    connect(any_store, OLD)
    vault = vault_of(any_store, NEW, OLD)

    assert Rotation(vault).run().rows == 1
    again = Rotation(vault).run()
    assert (again.rows, again.is_whole) == (0, True)


def test_a_leased_row_is_come_back_to(any_store: Store, ahead: Ahead) -> None:
    """As soon as its lease is over; the others do not wait for it."""
    leased, free = connect(any_store, OLD, 1), connect(any_store, OLD, 2)
    assert isinstance(any_store.lease(leased, LeaseRequest("holder", 30)), Lease)
    vault = vault_of(any_store, NEW, OLD)
    seen: list[SealCount] = []

    def sleep(_: float) -> None:
        seen.append(any_store.count_sealed("app", "old"))
        ahead.passes(31)

    rotated = Rotation(vault, sleep=sleep).run()

    assert [each.connections for each in seen] == [1]
    assert rotated.done == {"connections": 2}
    assert rotated.is_whole
    assert load(any_store, free).sealed


def test_one_that_never_comes_free_is_told(any_store: Store) -> None:
    """Nobody waits for it without end."""
    row = connect(any_store, OLD)
    assert isinstance(any_store.lease(row, LeaseRequest("holder", 60)), Lease)
    times = iter(range(0, 1000, 25))

    rotation = Rotation(
        vault_of(any_store, NEW, OLD), clock=lambda: next(times), sleep=lambda _: None
    )
    rotated = rotation.run()

    assert (rotated.busy, rotated.rows, rotated.is_whole) == (1, 0, False)


class Busy(MemoryStore):
    """A store that is busy so many times before it says what it holds."""

    refusals = 0

    def _refuse(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StoreBusy("busy")

    def count_sealed(self, client_id: str, key_name: str) -> SealCount:
        """Refuse, or count."""
        self._refuse()
        return super().count_sealed(client_id, key_name)

    def sealed_under(
        self, client_id: str, key_name: str, at_most: int, *, after: str = ""
    ) -> Sequence[Connection]:
        """Refuse, or read."""
        self._refuse()
        return super().sealed_under(client_id, key_name, at_most, after=after)


@pytest.mark.parametrize("moment", ["as it begins", "in between"])
def test_a_store_that_is_busy_is_asked_again(moment: str) -> None:
    """Nobody has to begin a long rotation anew because one question was not answered in time."""
    store = Busy()
    connect(store, OLD)
    report: list[tuple[int, int]] = []

    def hear(done: int, total: int) -> None:
        report.append((done, total))
        store.refusals = 3 if moment == "in between" and len(report) == 1 else 0

    store.refusals = 3 if moment == "as it begins" else 0
    pauses: list[float] = []
    rotated = Rotation(vault_of(store, NEW, OLD), sleep=pauses.append).run(hear)

    assert (rotated.rows, rotated.is_whole, len(pauses)) == (1, True, 3)


def test_a_store_that_stays_busy_ends_a_rotation() -> None:
    """After as long as for a row that never comes free; doing it again goes on where it was."""
    store = Busy()
    connect(store, OLD)
    store.refusals = 1000
    rotation = Rotation(
        vault_of(store, NEW, OLD), clock=iter(range(1000)).__next__, sleep=lambda _: None
    )

    with pytest.raises(StoreBusy):
        rotation.run()
    assert store.refusals == 1000 - PATIENCE


def test_patience_begins_anew_with_every_row_that_comes_free(
    any_store: Store, ahead: Ahead
) -> None:
    """A long queue of leases is waited for, as long as it moves."""
    rows = [connect(any_store, OLD, hub_id) for hub_id in (1, 2, 3)]
    for number, row in enumerate(rows, 1):
        assert isinstance(any_store.lease(row, LeaseRequest("holder", 50 * number)), Lease)
    waited = [0.0]

    def sleep(_: float) -> None:
        ahead.passes(25)
        waited[0] += 25

    rotated = Rotation(vault_of(any_store, NEW, OLD), clock=lambda: waited[0], sleep=sleep).run()

    assert (rotated.rows, rotated.is_whole) == (3, True)
    assert waited[0] > PATIENCE


def test_what_does_not_open_is_left_as_it_is(any_store: Store) -> None:
    """Damaged, or under a key that is not here: each is named, and the others go over."""
    connect(any_store, OLD, 1)
    stranger = connect(any_store, Key("old", new_key()), 2)
    connect(any_store, OLDER, 3)
    rotated = Rotation(vault_of(any_store, NEW, OLD)).run()

    assert rotated.done == {"connections": 1}
    assert rotated.closed == (stranger.id,)
    assert rotated.missing == {"older": SealCount(connections=1, live=1)}
    assert not rotated.is_whole
    assert load(any_store, stranger).sealed == stranger.sealed


def test_many_go_over_in_batches() -> None:
    """However many there are, with their number told as it grows."""
    store = MemoryStore()
    row = connect(store, OLD)
    vault, number = vault_of(store, OLD), 2 * BATCH + 1
    for hub_id in range(2, number + 1):
        connect(store, OLD, hub_id)
    assert vault.open_access(row)
    told: list[tuple[int, int]] = []

    Rotation(vault_of(store, NEW, OLD)).run(lambda done, total: told.append((done, total)))

    assert told[0] == (0, number)
    assert (BATCH, number) in told
    assert told[-1] == (number, number)


class Renewed(MemoryStore):
    """A store in which a connection is renewed as somebody seals it anew."""

    before_reseal: Callable[[], object] = staticmethod(lambda: None)

    def reseal_connections(self, pairs: object) -> int:
        """Renew it first."""
        self.before_reseal()
        self.before_reseal = lambda: None
        return super().reseal_connections(pairs)  # type: ignore[arg-type]


@pytest.mark.parametrize("first", [OLD, NEW], ids=["under the old key", "under the new key"])
def test_a_renewal_wins_over_a_rotation(first: Key) -> None:
    """What it wrote is not written over; where it is under the old key, it is come back to."""
    store = Renewed()
    row = connect(store, OLD)
    second = NEW if first is OLD else OLD
    grant = Grant(SecretStr("access"), SecretStr("renewed"), 1800)
    store.before_reseal = lambda: vault_of(store, first, second).renew(
        row, grant, sent_at=store.now()
    )
    rotated = Rotation(vault_of(store, NEW, OLD), sleep=lambda _: None).run()
    after = load(store, row)

    assert rotated.is_whole
    assert after.generation == row.generation + 1
    assert vault_of(store, NEW).open_refresh(after).get_secret_value() == "renewed"


def test_a_grant_that_was_asked_for_is_saved_over_a_rotation(any_store: Store) -> None:
    """Whoever asked HubSpot before read another seal; the token is the same."""
    row = connect(any_store, OLD)
    both = vault_of(any_store, NEW, OLD)
    Rotation(both).run()

    renewed = both.renew(row, Grant(SecretStr("new access"), None, 1800), sent_at=any_store.now())
    assert renewed
    assert both.open_access(load(any_store, row)).get_secret_value() == "new access"


def test_what_bears_a_label_is_found_by_its_beginning() -> None:
    """The store knows the shape of a seal, and no more of it."""
    vault = vault_of(MemoryStore(), NEW)

    assert vault.seal_verifier("a", SecretStr("verifier")).startswith(seal_prefix("new"))


def test_a_seal_that_did_not_turn_out_is_not_written() -> None:
    """It is opened again before it takes the place of one that opens."""
    store = MemoryStore()
    row = connect(store, OLD)
    vault = vault_of(store, NEW, OLD)
    seal = vault.seal_tokens

    def spoil(connection: Connection, grant: Grant) -> object:
        return seal(connection, replace(grant, access_token=SecretStr("another")))

    vault.seal_tokens = spoil  # type: ignore[method-assign, assignment]
    assert Rotation(vault).run().closed == (row.id,)
    assert load(store, row).sealed == row.sealed
