"""Keys rotated under load: rows in bulk, askers in many processes, rotations that are killed."""

import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta

from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.broker.keys import Retirement
from portalkey.errors import StoreBusy
from portalkey.model.connection import Account, Connection, Grant
from portalkey.settings import Key, Settings
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey.vault.keyring import new_key
from portalkey.vault.rotate import Rotated
from portalkey.vault.sql.rows import connection_values
from portalkey.vault.sql.tables import connections
from processes.crew import Crew, Member
from processes.plan import Plan
from support.patience import PATIENCE

_AT_ONCE = 1000
_WHOLE = 3600.0
"""Seconds for a whole rotation, at most: hundreds of askers may leave it little of the machine."""
_DAYS = timedelta(days=30)


class KeyChange:
    """One app over *settings* whose rows go over from its key to a new one."""

    def __init__(self, settings: Settings) -> None:
        (old,) = settings.keys
        self.old, self.new = old.name, f"new-{secrets.token_hex(4)}"
        ring = (Key(self.new, new_key()), old)
        self.both = settings.model_copy(update={"keys": ring})
        self.with_old = settings
        self._store = SQLStore.open(settings.database_url)

    def fill(self, rows: int, first: int = 0) -> None:
        """Write so many connections, sealed with the old key, whose tokens live for days."""
        vault = Vault(Keyring(self.with_old.keys), self._store, self.with_old.client_id)
        for start in range(first, first + rows, _AT_ONCE):
            values = [
                connection_values(_connection(vault, number))
                for number in range(start, min(start + _AT_ONCE, first + rows))
            ]
            self._store._database.write(
                lambda tx, values=values: tx.execute(connections.insert(), values)  # type: ignore[misc]
            )

    def left(self) -> int:
        """The number of rows that bear the old key."""
        return self._store.count_sealed(self.both.client_id, self.old).rows

    def under_new(self) -> int:
        """The number of rows that open with the new key alone."""
        vault = Vault(Keyring(self.both.keys[:1]), self._store, self.both.client_id)
        opened, after = 0, ""
        while page := self._store.sealed_under(
            self.both.client_id, self.new, _AT_ONCE, after=after
        ):
            after = page[-1].id
            opened += sum(bool(vault.open_refresh(row) and vault.open_access(row)) for row in page)
        return opened

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def _connection(vault: Vault, number: int) -> Connection:
    now = vault.store.now()
    bare = Connection(
        id=f"row-{number:07}",
        owner=f"owner-{number}",
        client_id=vault.client_id,
        account=Account(number + 1),
        scopes=("oauth",),
        sealed=None,
        access_expires_at=now + _DAYS,
        connected_at=now,
        updated_at=now,
        seen_at=now,
        granted_at=now,
    )
    grant = Grant(SecretStr(f"access {number}"), SecretStr(f"refresh {number}"), 0)
    return replace(bare, sealed=vault.seal_tokens(bare, grant))


def kill_rotation(crew: Crew, plan: Plan, change: KeyChange, after: float) -> bool:
    """Kill a rotation *after* so many seconds of its work; True where it was at work."""
    member = _begin(crew, plan, change)
    is_midway = not member.is_done(after)
    member.kill()
    return is_midway


def rotate(crew: Crew, plan: Plan, change: KeyChange) -> Rotated:
    """What a rotation comes to that nobody kills."""
    member = _begin(crew, plan, change)
    rotated: Rotated = member.end(_WHOLE)
    member.leave()
    return rotated


def _begin(crew: Crew, plan: Plan, change: KeyChange) -> Member:
    """A rotation that has begun; a store that is busy just now is asked again, as people would."""
    until = time.monotonic() + PATIENCE
    while True:
        member = crew.hire(replace(plan, settings=change.both))
        try:
            member.begin("rotate")
            said = member.hear()
        except (EOFError, OSError):  # it could not even open the store
            said = StoreBusy.__name__
        if said == "begun":
            return member
        member.leave()
        assert StoreBusy.__name__ in str(said), said
        assert time.monotonic() < until


def retire(change: KeyChange) -> Retirement:
    """Whether the old key may go."""
    with closing(Broker.of(change.both, are_keys_checked=False)) as broker:
        return broker.keys.retire(change.old)


@contextmanager
def askers(
    crew: Crew, plan: Plan, change: KeyChange, processes: int, threads: int, rows: int
) -> Iterator[Sequence[Member]]:
    """So many processes that ask for tokens of any row until the block ends."""
    members = [crew.hire(replace(plan, settings=change.both)) for _ in range(processes)]
    for member in members:
        member.begin("ask_without_end", threads, rows)
    for member in members:
        assert member.hear() == "ready"
    yield members


def answers(members: Sequence[Member]) -> Counter[str]:
    """Let the askers stop; how often each got what."""
    for member in members:
        member.say("stop")
    return sum((Counter(member.end()) for member in members), Counter())
