"""Where one benchmark happens: an endpoint, a folder, a database, and a broker over them."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import insert, update

from bench.endpoint import SCOPES, TOKEN_LENGTH
from portalkey._support.clock import boot_time
from portalkey.broker import Broker
from portalkey.hubspot.client import HubSpotClient
from portalkey.model.connection import Account, Connection, Grant
from portalkey.settings import Settings
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey.vault.sql.rows import connection_values
from portalkey.vault.sql.tables import connections

LIFETIME = 1800
OWNER = "owner-1"


@dataclass(frozen=True, slots=True)
class Place:
    """What the processes of one benchmark have in common; ``told`` passes it on to another."""

    port: int
    folder: str
    database_url: str
    key: str = field(default_factory=lambda: Fernet.generate_key().decode())
    new_key: str = ""
    """A key that seals in place of the other one, which then only opens."""
    rate: int = 10_000
    """How many renewals a second are let through; as many as can be set."""

    @classmethod
    def over_sqlite(cls, port: int, folder: Path) -> "Place":
        """A place with a SQLite file of its own in *folder*."""
        return cls(port, str(folder), f"sqlite:///{folder / secrets.token_hex(4)}.db")

    def told(self) -> dict[str, object]:
        """As JSON can bear it."""
        return asdict(self)

    @property
    def endpoint_url(self) -> str:
        """The endpoint's origin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def _keys(self) -> list[str]:
        old = f"bench:{self.key}"
        return [f"new:{self.new_key}", old] if self.new_key else [old]

    @property
    def settings(self) -> Settings:
        """Settings that brake nothing but the rate."""
        return Settings(
            client_id="client",
            client_secret="secret",
            scopes=SCOPES,
            app_url=self.endpoint_url,
            api_url=self.endpoint_url,
            keys=",".join(self._keys),
            database_url=self.database_url,
            refresh_rate=self.rate,
            refresh_burst=self.rate,
            attempts_per_browser=1000,
            exchanges_per_minute=10_000,
        )


def make_broker(place: Place, ahead: Callable[[], float] = lambda: 0.0) -> Broker:
    """A broker whose clock, and the store's, are *ahead*."""
    settings = place.settings
    store = SQLStore.open(settings.database_url, ahead=ahead)
    vault = Vault(Keyring(settings.keys), store, settings.client_id)
    wire = HubSpotClient()
    return Broker(settings, vault, wire.send, close=wire.close, clock=lambda: boot_time() + ahead())


def connect(broker: Broker, numbers: Iterable[int]) -> None:
    """Connect ``owner-N`` to the account N, for each N of *numbers*, at once."""
    rows = [connection_values(_connection(broker.vault, number)) for number in numbers]
    store = broker.vault.store
    assert isinstance(store, SQLStore)
    store._database.write(lambda tx: tx.execute(insert(connections), rows))


def leave(broker: Broker, seconds: float) -> None:
    """Let every token have so many *seconds* left, and this process know none."""
    store = broker.vault.store
    assert isinstance(store, SQLStore)
    now = store._database.now
    times = {"access_expires_at": now(seconds), "granted_at": now(seconds - LIFETIME)}
    store._database.write(lambda tx: tx.execute(update(connections).values(times)))
    broker._tokens.clear()


def _connection(vault: Vault, number: int) -> Connection:
    access, refresh = f"at.{number}.0.".ljust(TOKEN_LENGTH, "x"), f"rt.{number}.0"
    grant = Grant(SecretStr(access), SecretStr(refresh), LIFETIME)
    account = Account(number, hub_user_id=7, hub_domain="example.com", time_zone="Europe/Berlin")
    fresh = vault._start_connection(f"owner-{number}", account, None)
    fresh = replace(fresh, scopes=tuple(SCOPES.split()))
    return vault._bear_grant(fresh, grant, fresh.seen_at, now=fresh.seen_at)
