"""An app whose connections have seen something, for whoever looks at it in the console."""

import secrets
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from portalkey._support.clock import boot_time
from portalkey.broker import Broker
from portalkey.hubspot.client import HubSpotClient
from portalkey.model.attempt import NOBODY, Attempt, AttemptStatus
from portalkey.model.authorization import Visitor, hash_of
from portalkey.model.connection import Account, Connection, ConnectionStatus, Grant
from portalkey.model.counters import CounterKind, Tally
from portalkey.model.events import Event, EventName
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey.testing.samples import connect, load, new_attempt
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey.vault.keyring import new_key
from portalkey.vault.store import Mark

DAY = 86400
SCOPES = ("oauth", "crm.objects.contacts.read", "crm.objects.companies.read")
PEOPLE = (
    ("ada", "harbourpine.example", 4410001, "maya@harbourpine.example", SCOPES),
    ("jonas", "nordlicht.example", 4410002, "jonas@nordlicht.example", SCOPES),
    ("sam", "cornerbakery.example", 4410003, None, SCOPES[:2]),
    ("org_118", "veldhuis.example", 4410019, "team@veldhuis.example", SCOPES),
    ("mei.tanaka@quietriver.example", "quietriver.example", 4410023, None, SCOPES),
    ("oona", None, 4410031, "oona@saltandslate.example", SCOPES),
    ("ravi", "brightfield.example", 4410044, "ravi@brightfield.example", SCOPES),
)
"""Owner, domain, account, who agreed, and scopes of each connection."""


def new_token(kind: str) -> str:
    """A token that would be seen wherever it leaked."""
    return f"canary-{kind}-{secrets.token_hex(12)}"


def live_a_while(broker: Broker, ahead: Ahead, days: int = 29) -> dict[str, Connection]:
    """Connect ``PEOPLE``, renew for some *days*, and let two of them get into trouble."""
    store, app = broker.vault.store, broker.settings.client_id
    ahead.seconds -= days * DAY
    rows = {person[0]: _connect(broker, *person) for person in PEOPLE}
    for day in range(days + 1):
        renewed = [Tally(CounterKind.RENEWED, rows["ada"].id, 44 + day * 7 % 5 - 18 * (day == 26))]
        renewed.append(Tally(CounterKind.TOKEN_TAKEN, rows["ada"].id, 310, "web"))
        store.count(app, renewed)
        if day == 26:
            _fail(broker, rows["ada"], ahead, times=3)
        if day < days:
            ahead.passes(DAY)
    _trouble(broker, rows)
    return {owner: load(store, row) for owner, row in rows.items()}


def leave_install(broker: Broker, hub_id: int = 4410051, owner: str = NOBODY) -> Attempt:
    """Have an install of *owner*'s, or of nobody's, wait for a yes."""
    vault, account = broker.vault, Account(hub_id, hub_domain="lighthouse.example")
    state_hash = hash_of(SecretStr(new_token("state")))
    blank = broker.attempts._new_install(Visitor(owner), state_hash, "/", "en")
    attempt = replace(blank, status=AttemptStatus.EXCHANGING, claimed_at=blank.created_at)
    vault.store.add_attempt(attempt)
    grant = Grant(SecretStr(new_token("access")), SecretStr(new_token("refresh")), 1800)
    assert vault.ask(attempt, grant, account, SCOPES, sent_at=attempt.created_at)
    return attempt


def _connect(
    broker: Broker,
    owner: str,
    domain: str | None,
    hub_id: int,
    email: str | None,
    scopes: tuple[str, ...],
) -> Connection:
    store = broker.vault.store
    account = Account(
        hub_id,
        user_email=email,
        hub_domain=domain,
        account_type="STANDARD",
        data_hosting="eu1",
        time_zone="Europe/Berlin",
    )
    vault = broker.vault
    attempt = new_attempt(
        store,
        id=secrets.token_urlsafe(16),
        owner=owner,
        redirect_uri=broker.settings.redirect_uri,
    )
    assert store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
    grant = Grant(SecretStr(new_token("access")), SecretStr(new_token("refresh")), 1800)
    bare = replace(vault._start_connection(owner, account, None), scopes=scopes)
    row = vault._bear_grant(bare, grant, bare.seen_at, now=bare.seen_at)
    store.record(Event(EventName.ATTEMPT_STARTED, owner, attempt.id))
    event = Event(EventName.CONNECTED, owner, attempt.id, row.id, {"hub_id": hub_id})
    assert store.connect(attempt.id, row, event=event)
    return row


def _fail(broker: Broker, row: Connection, ahead: Ahead, times: int) -> None:
    facts = {"error": "hubspot_unavailable"}
    for _ in range(times):
        ahead.passes(60)
        broker.vault.store.record(
            Event(EventName.REFRESH_FAILED, row.owner, connection_id=row.id, facts=facts)
        )
    ahead.passes(-60 * times)


def _trouble(broker: Broker, rows: dict[str, Connection]) -> None:
    store = broker.vault.store
    facts = {"error": "needs_reconnect"}
    ended = Event(EventName.NEEDS_RECONNECT, "ada", connection_id=rows["ada"].id, facts=facts)
    ends = Mark(ConnectionStatus.NEEDS_RECONNECT, "needs_reconnect", event=ended)
    assert store.mark(rows["ada"], ends)
    fails = Mark(ConnectionStatus.FAILING, "hubspot_unavailable", failures=3, wait=90.0)
    assert store.mark(rows["jonas"], fails)
    assert broker.revoke(rows["ravi"])
    for owed in store.pending(9):
        for _ in range(2):
            store.reschedule(owed.id, 240)


def connect_to_another_app(broker: Broker) -> Connection:
    """Connect an account in another app at HubSpot that uses the same store."""
    account = Account(4419999, user_email="eve@foreign.example", hub_domain="foreign.example")
    return connect(
        broker.vault.store,
        id=secrets.token_urlsafe(16),
        owner="owner-of-another-app",
        client_id="another-app",
        account=account,
    )


def settings_of(folder: Path, port: int = 6001) -> Settings:
    """Settings of an app over a file in *folder*, at which nobody asks HubSpot for anything."""
    return Settings(
        public_url=f"http://localhost:{port}",
        redirect_uri=f"http://localhost:{port}/auth/hubspot/callback",
        client_id="client-of-the-tests",
        client_secret=f"canary-client-secret-{secrets.token_hex(8)}",
        scopes=" ".join(SCOPES),
        keys=f"test:{new_key().get_secret_value()}",
        database_url=f"sqlite:///{folder / 'portalkey.db'}",
        app_name="Fieldnotes",
    )


def make_broker(settings: Settings, ahead: Ahead) -> Broker:
    """A broker over the file of *settings*, whose store's clock is *ahead*."""
    store = SQLStore.open(settings.database_url, ahead=ahead)
    client = HubSpotClient()
    vault = Vault(Keyring(settings.keys), store, settings.client_id)
    return Broker(
        settings,
        vault,
        client.send,
        close=client.close,
        clock=lambda: boot_time() + ahead.seconds,
    )
