"""Keeping, renewing and forgetting grants."""

import copy
import pickle
import traceback
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from pydantic import SecretStr

from portalkey.errors import (
    AttemptExpired,
    BadAnswer,
    NoKeyOpens,
    NotConnected,
    StoreBusy,
    StoreUnusable,
)
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Account, Connection, ConnectionStatus, Grant
from portalkey.model.events import Event
from portalkey.settings import Key
from portalkey.testing import Ahead
from portalkey.testing.samples import new_attempt
from portalkey.vault import Keyring, MemoryStore, OwedRevocation, Vault
from portalkey.vault.keyring import new_key
from portalkey.vault.revocations import TRIES
from portalkey.vault.store import Mark

Grants = Callable[..., Grant]
Attempts = Callable[..., Attempt]
MakeConnection = Callable[..., Connection]


REFRESH = "canary-refresh-token"


class Crowded(MemoryStore):
    """A store where somebody else is quicker, some times over."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def connect(
        self,
        attempt_id: str | None,
        connection: Connection,
        *,
        event: Event | None = None,
        owed: OwedRevocation | None = None,
        settled: str | None = None,
        is_sole: bool = False,
    ) -> bool:
        """Lost for as long as the crowd lasts."""
        self.times -= 1
        return self.times < 0 and super().connect(
            attempt_id, connection, event=event, owed=owed, settled=settled, is_sole=is_sole
        )

    def disconnect(
        self, connection: Connection, owed: OwedRevocation | None, *, event: Event | None = None
    ) -> bool:
        """Lost for as long as the crowd lasts."""
        self.times -= 1
        return self.times < 0 and super().disconnect(connection, owed, event=event)


class Twins(MemoryStore):
    """A store where the other connection with this token goes away at the same moment."""

    def holders(self, fingerprints: Collection[str]) -> int:
        """Each sees the other one still there, until it is gone itself."""
        return super().holders(fingerprints) and 2


def in_memory(store: MemoryStore) -> tuple[Vault, Attempt]:
    """A vault over *store*, and an attempt in it whose code is being exchanged."""
    attempt = new_attempt(store)
    assert store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
    return Vault(Keyring([Key("k", new_key())]), store, "app"), attempt


def test_a_kept_grant_opens(vault: Vault, grant: Grants, exchanging: Attempts) -> None:
    """From its row, with its life counted from when it was asked for."""
    attempt, account = exchanging(), Account(1, hub_domain="example.com")
    sent_at = vault.store.now() - timedelta(seconds=2)
    kept = vault.save(attempt, grant(), account, ("oauth",), sent_at=sent_at)

    assert kept
    found = vault.store.connection(kept.id)
    assert found
    assert found == replace(kept, seen_at=found.seen_at)
    assert vault.open_access(found) == SecretStr("canary-access-token")
    assert vault.open_refresh(found) == SecretStr(REFRESH)
    assert (found.owner, found.client_id, found.generation) == ("ada", "app", 1)
    assert (found.account, found.scopes) == (account, ("oauth",))
    assert found.access_expires_at == sent_at + timedelta(seconds=1800)
    assert 1797 < found.seconds_left <= 1798


def test_connection_ids_cannot_be_guessed(kept: MakeConnection) -> None:
    """128 random bits, in letters for a URL."""
    assert len({kept().id, kept("eve").id}) == 2
    assert len(kept("bob").id) == 22


def test_a_reconnect_keeps_the_row(vault: Vault, kept: MakeConnection, ahead: Ahead) -> None:
    """At the next generation, with a new grant; the connection is as old as its grant."""
    first = kept()
    vault.store.mark(first, Mark(ConnectionStatus.NEEDS_RECONNECT, reason="gone", failures=2))
    ahead.passes(60)
    second = kept(access="other")

    assert (second.id, second.generation) == (first.id, 2)
    assert (second.status, second.status_reason, second.failures) == ("connected", None, 0)
    assert second.connected_at > first.connected_at
    assert vault.open_access(second) == SecretStr("other")


@pytest.mark.parametrize("end", [AttemptStatus.CANCELLED, AttemptStatus.FAILED])
def test_nothing_is_kept_once_the_attempt_ended(
    vault: Vault, grant: Grants, exchanging: Attempts, end: AttemptStatus
) -> None:
    """A cancel during the exchange wins at commit."""
    attempt = exchanging()
    vault.store.move_attempt(attempt.id, end)

    assert vault.save(attempt, grant(), Account(1), (), sent_at=vault.store.now()) is None
    assert vault.store.connection_to("ada", "app", 1) is None


def test_nothing_is_kept_for_an_unknown_attempt(
    vault: Vault, grant: Grants, exchanging: Attempts
) -> None:
    """Such as one that was purged meanwhile."""
    attempt = replace(exchanging(), id="x")

    assert vault.save(attempt, grant(), Account(1), (), sent_at=vault.store.now()) is None


@pytest.mark.parametrize(("times", "error"), [(TRIES - 1, None), (TRIES, StoreBusy)])
def test_a_lost_race_is_run_again(grant: Grants, times: int, error: type[StoreBusy] | None) -> None:
    """From a fresh read, for a few times."""
    vault, attempt = in_memory(Crowded(times))
    if error:
        with pytest.raises(error):
            vault.save(attempt, grant(), Account(1), (), sent_at=vault.store.now())
    else:
        assert vault.save(attempt, grant(), Account(1), (), sent_at=vault.store.now())


def test_a_grant_needs_a_refresh_token(vault: Vault, grant: Grants, exchanging: Attempts) -> None:
    """Without one the connection would be over within the hour."""
    attempt = exchanging()
    with pytest.raises(BadAnswer, match="no refresh token"):
        vault.save(attempt, grant(refresh=None), Account(1), (), sent_at=vault.store.now())


def test_a_renewal_goes_on_with_what_is_left_out(
    vault: Vault, kept: MakeConnection, grant: Grants
) -> None:
    """The refresh token and the scopes (RFC 6749 section 6), sealed for the next generation."""
    first, sent_at = kept(), vault.store.now()
    renewed = vault.renew(first, grant("next", refresh=None), sent_at=sent_at)

    assert renewed
    second = renewed.connection
    assert (second.generation, second.scopes) == (2, ("oauth",))
    assert vault.open_access(second) == SecretStr("next")
    assert vault.open_refresh(second) == SecretStr(REFRESH)
    assert second.access_expires_at == sent_at + timedelta(seconds=1800)
    found = vault.store.connection(first.id)
    assert found
    assert found == replace(second, seen_at=found.seen_at, updated_at=found.updated_at)


def test_a_renewal_takes_what_is_new(vault: Vault, kept: MakeConnection, grant: Grants) -> None:
    """A rotated refresh token, and scopes that the person has changed."""
    first = kept()
    renewed = vault.renew(first, grant("a", "b", ("oauth", "x")), sent_at=vault.store.now())

    assert renewed
    assert renewed.connection.scopes == ("oauth", "x")
    assert vault.open_refresh(renewed.connection) == SecretStr("b")


def test_a_late_renewal_is_none(vault: Vault, kept: MakeConnection, grant: Grants) -> None:
    """Whoever reconnected meanwhile has the newer grant."""
    first, second = kept(), kept(access="second")

    assert vault.renew(first, grant("late"), sent_at=vault.store.now()) is None
    found = vault.store.connection(second.id)
    assert found
    assert vault.open_access(found) == SecretStr("second")


def test_a_disconnected_connection_has_no_token(
    vault: Vault, kept: MakeConnection, grant: Grants
) -> None:
    """Neither to open nor to renew."""
    vault.erase(kept())
    gone = vault.store.connection_to("ada", "app", 1)
    assert gone
    for use in (vault.open_access, vault.open_refresh):
        with pytest.raises(NotConnected):
            use(gone)
    with pytest.raises(NotConnected):
        vault.renew(gone, grant(), sent_at=vault.store.now())


def test_forgetting_erases_and_owes(vault: Vault, kept: MakeConnection) -> None:
    """Here at once; HubSpot is owed the rest, sealed anew and to be opened by its own id only."""
    connection = kept()
    owed = vault.erase(connection)

    assert owed
    assert list(vault.store.pending(9)) == [owed]
    assert (owed.client_id, owed.connection_id, owed.tries) == ("app", connection.id, 0)
    assert vault.open_owed(owed) == SecretStr(REFRESH)
    with pytest.raises(NoKeyOpens):
        vault.open_owed(replace(owed, id="x"))
    assert list(vault.store.connections("ada", "app")) == []


def test_forgetting_twice_owes_once(vault: Vault, kept: MakeConnection) -> None:
    """Whether the second one knows of the first or not."""
    connection = kept()

    assert vault.erase(connection)
    for gone in (connection, replace(connection, id="x")):
        with pytest.raises(NotConnected):
            vault.erase(gone)
    assert len(vault.store.pending(9)) == 1


def test_forgetting_wins_over_a_renewal(vault: Vault, kept: MakeConnection, grant: Grants) -> None:
    """What is revoked is the token that is there now, not the one that was seen."""
    connection = kept()
    assert vault.renew(connection, grant("a", "rotated"), sent_at=vault.store.now())
    owed = vault.erase(connection)

    assert owed
    assert vault.open_owed(owed) == SecretStr("rotated")


@pytest.mark.parametrize(("times", "error"), [(TRIES - 1, None), (TRIES, StoreBusy)])
def test_a_lost_forgetting_is_tried_again(
    grant: Grants, times: int, error: type[StoreBusy] | None
) -> None:
    """From a fresh read, for a few times."""
    store = Crowded(0)
    vault, attempt = in_memory(store)
    connection = vault.save(attempt, grant(), Account(1), (), sent_at=store.now())
    assert connection
    store.times = times
    if error:
        with pytest.raises(error):
            vault.erase(connection)
    else:
        assert vault.erase(connection)


def test_a_shared_token_is_not_revoked(vault: Vault, kept: MakeConnection) -> None:
    """It would break the other connection; whoever goes last owes."""
    ada, eve = kept("ada"), kept("eve")

    assert vault.erase(ada) is None
    assert vault.is_held(SecretStr(REFRESH))
    assert vault.erase(eve)
    assert not vault.is_held(SecretStr(REFRESH))


def test_a_shared_token_is_known_under_an_older_key(vault: Vault, kept: MakeConnection) -> None:
    """A row that is not sealed anew yet holds its token all the same."""
    kept("ada")
    old = Key("old", new_key())
    both = Vault(Keyring([Key("new", new_key()), old]), vault.store, "app")
    older = Vault(Keyring([old]), vault.store, "app")
    for keyring, name in ((older, "eve"), (both, "bob")):
        attempt = new_attempt(vault.store, owner=name)
        assert vault.store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
        grant = Grant(SecretStr("a"), SecretStr("shared"), 1800)
        assert keyring.save(attempt, grant, Account(1), (), sent_at=vault.store.now())

    (bob,) = vault.store.connections("bob", "app")
    assert both.erase(bob) is None
    assert both.is_held(SecretStr("shared"))


def test_twins_do_not_rely_on_each_other(grant: Grants) -> None:
    """Both saw the other one still there: it is looked at again once the row is erased."""
    vault, attempt = in_memory(Twins())
    connection = vault.save(attempt, grant(), Account(1), (), sent_at=vault.store.now())
    assert connection
    owed = vault.erase(connection)

    assert owed
    assert list(vault.store.pending(9)) == [owed]


def test_forgetting_needs_no_key(vault: Vault, kept: MakeConnection) -> None:
    """Who wants to go can go; what does not open is owed until the key is back."""
    connection = kept()
    stranger = Vault(Keyring([Key("first", new_key())]), vault.store, "app")

    owed = stranger.erase(connection)
    assert list(vault.store.connections("ada", "app")) == []
    assert list(vault.store.pending(9)) == [owed]
    assert owed
    assert vault.open_owed(owed) == SecretStr(REFRESH)


def test_a_grant_that_was_never_kept_is_owed(vault: Vault) -> None:
    """Of a cancelled attempt, for one."""
    owed = vault.enqueue(SecretStr("never kept"))

    assert list(vault.store.pending(9)) == [owed]
    assert vault.open_owed(owed) == SecretStr("never kept")
    assert owed.connection_id is None


def test_a_verifier_opens_for_its_attempt(vault: Vault, exchanging: Attempts) -> None:
    """And for no other; once the attempt has ended there is none."""
    attempt = exchanging()
    sealed = vault.seal_verifier(attempt.id, SecretStr("canary-verifier"))

    assert vault.open_verifier(replace(attempt, sealed_verifier=sealed)) == SecretStr(
        "canary-verifier"
    )
    with pytest.raises(NoKeyOpens):
        vault.open_verifier(replace(attempt, id="x", sealed_verifier=sealed))
    with pytest.raises(AttemptExpired):
        vault.open_verifier(replace(attempt, sealed_verifier=None))


def test_swapped_values_do_not_open(vault: Vault, kept: MakeConnection, grant: Grants) -> None:
    """Between rows, columns and generations, as somebody who can write the database would."""
    first = kept()
    renewed = vault.renew(first, grant("a", "b"), sent_at=vault.store.now())
    other = kept("eve")
    assert renewed
    second = renewed.connection
    assert first.sealed
    assert second.sealed
    assert other.sealed
    sealed = {
        (name, column): getattr(each.sealed, column)
        for name, each in (("first", first), ("second", second), ("other", other))
        for column in ("access", "refresh")
    }
    rows = {"first": first, "second": second, "other": other}
    for place, source in permutations(sealed, 2):
        name, column = place
        row = rows[name]
        assert row.sealed
        swapped = replace(row, sealed=replace(row.sealed, **{column: sealed[source]}))
        opens = vault.open_access if column == "access" else vault.open_refresh
        with pytest.raises(NoKeyOpens):
            opens(swapped)


def secret_bearers(vault: Vault, kept: MakeConnection, exchanging: Attempts) -> list[Any]:
    """One of everything that bears something sealed."""
    connection, attempt = kept("ada"), exchanging()
    sealed = vault.seal_verifier(attempt.id, SecretStr("canary-verifier"))
    owed = vault.erase(kept("bob", refresh="canary-refresh-2"))
    return [connection, connection.sealed, replace(attempt, sealed_verifier=sealed), owed]


def test_nothing_shows_a_secret(vault: Vault, kept: MakeConnection, exchanging: Attempts) -> None:
    """Neither open nor sealed in a repr; never open in a pickle or a copy."""
    for each in secret_bearers(vault, kept, exchanging):
        assert "v1." not in repr(each)
        for form in (repr(each), repr(copy.deepcopy(each)), repr(pickle.dumps(each))):
            assert "canary" not in form
        fingerprint = getattr(each, "fingerprint", None)
        assert fingerprint is None or fingerprint not in repr(each)


def traced(error: BaseException) -> str:
    """The traceback with every frame's variables, as crash reporters send it."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def test_no_traceback_shows_a_secret(vault: Vault, kept: MakeConnection) -> None:
    """Nor a sealed value, where it is the database that complains."""
    connection, owed = kept(), vault.enqueue(SecretStr(REFRESH))
    stranger = Vault(Keyring([Key("first", new_key())]), vault.store, "app")
    with pytest.raises(NoKeyOpens) as refused:
        stranger.open_access(connection)
    with pytest.raises(StoreUnusable) as doubled:
        vault.store.enqueue(owed)

    # Taken before any assertion, as pytest's own variables would be in it.
    refusal, complaint = traced(refused.value), traced(doubled.value)
    assert "canary" not in refusal + complaint
    assert owed.sealed_token not in complaint
    for error in (refused.value, doubled.value):
        assert error.__context__ is error.__cause__ is None


def test_a_parked_code_opens_for_its_attempt(vault: Vault, exchanging: Attempts) -> None:
    """And is no verifier; where none is parked, the attempt is over."""
    attempt = exchanging()
    sealed = vault.seal_code(attempt.id, SecretStr("canary-code"))

    assert vault.open_code(replace(attempt, sealed_code=sealed)) == SecretStr("canary-code")
    with pytest.raises(NoKeyOpens):
        vault.open_verifier(replace(attempt, sealed_verifier=sealed))
    with pytest.raises(AttemptExpired):
        vault.open_code(replace(attempt, sealed_code=None))
