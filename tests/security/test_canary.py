"""Secrets are planted, everything is provoked, and nothing of them may be found anywhere."""

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.traceback import Traceback

from portalkey.broker import Broker
from portalkey.broker.notify import Undelivered, Webhook
from portalkey.errors import PortalkeyError
from portalkey.model.connection import Grant
from portalkey.model.events import EventName
from portalkey.model.notifications import Notification, Subject, build_notification
from portalkey.settings import Settings
from portalkey.testing.account import connect
from portalkey_simulator import HubSpot
from portalkey_simulator.faults.fault_kinds import Fault
from security.canaries import Ear, a_rich_life, find_leaks, listen, secrets_of
from support.visitor import Visitor, query_of

WEBHOOK_SECRET = "whsec_" + "b2Yt" * 9
NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Listens to the root logger at DEBUG."""
    with listen() as ear:
        yield ear


def assert_clean(text: str, secrets: dict[str, str]) -> None:
    """None of the *secrets* is in *text*."""
    assert find_leaks(text, secrets) == []


def test_nothing_secret_is_logged_or_shown(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any, ear: Ear
) -> None:
    """Neither logs at DEBUG nor pages nor JSON hold a token, a code, a verifier or a key."""
    pages = a_rich_life(visitor, broker, hubspot, ahead)

    secrets = secrets_of(broker, hubspot, visitor.owner)
    assert len(secrets) > 10
    assert len(ear.heard) > 20
    assert_clean("\n".join(ear.heard), secrets)
    assert_clean("\n".join(pages), secrets)


def test_the_ear_hears(broker: Broker, ear: Ear) -> None:
    """Negative control: a leak would be found."""
    thread = threading.Thread(target=lambda: logging.getLogger("x").debug("canary-123"))
    thread.start()
    thread.join()

    with pytest.raises(AssertionError):
        assert_clean("\n".join(ear.heard), {"planted": "canary-123"})


def test_no_repr_shows_a_secret(visitor: Visitor, broker: Broker, hubspot: HubSpot) -> None:
    """Every value that a debugger or a crash report may print is mute."""
    visitor.connect()
    owner = visitor.owner
    (connection,) = broker.connections(owner)
    begun = broker.begin(owner, "browser")
    grant = Grant(broker.vault.open_access(connection), broker.vault.open_refresh(connection), 1)
    token = broker.access_token(owner)
    (hot,) = broker._tokens.cached.values()
    assert hot.token == token
    secrets = secrets_of(broker, hubspot, owner)
    secrets["state"] = query_of(begun.authorize_url)["state"]
    secrets["cookie"] = begun.cookie.get_secret_value()

    values = (connection, begun, begun.attempt, grant, hot, broker.settings, broker.vault.keyring)
    assert_clean("\n".join(f"{value!r} {value}" for value in values), secrets)


@pytest.mark.parametrize("status", [200, 400, 403, 500])
def test_no_traceback_shows_a_secret(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any, status: int
) -> None:
    """Not even one with every local variable, as crash reporters send them."""
    visitor.connect()
    owner = visitor.owner
    ahead.seconds += 1801
    hubspot.next_token_answer(status=status, body=b"<html>nonsense")

    text = told(lambda: broker.access_token(owner))

    assert "access_token" in text
    assert_clean(text, secrets_of(broker, hubspot, owner))


def told(work: Callable[[], object]) -> str:
    """The tracebacks, with locals, of what *work* raises."""
    try:
        work()
    except PortalkeyError as error:
        plain = traceback.TracebackException.from_exception(error, capture_locals=True)
        console = Console(record=True, width=300, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
        with console.file:
            console.print(Traceback.from_exception(type(error), error, None, show_locals=True))
            rich = Traceback.from_exception(
                type(error), error, error.__traceback__, show_locals=True, locals_max_string=10_000
            )
            console.print(rich)
        return "".join(plain.format()) + console.export_text()
    raise AssertionError


def test_the_session_cookie_holds_no_secret(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, settings: Settings
) -> None:
    """What the browser keeps for us is ids and random values."""
    visitor.connect()
    jar = " ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.http.cookies.jar)

    assert_clean(jar, secrets_of(broker, hubspot, visitor.owner))


def test_the_apps_own_token_is_kept_nowhere(
    broker: Broker, hubspot: HubSpot, ahead: Any, ear: Ear, settings: Settings
) -> None:
    """Of the journal's secrets, no log, event, repr, traceback or file holds any."""

    def read() -> None:
        broker.journal_setup.run()
        connect(broker, hubspot, "ada")
        for passed in (60, 61):
            ahead.passes(passed)
            hubspot.clock.move(passed)
            broker.journal.read()
            hubspot.uninstall(4410001)
        hubspot.faults.add(Fault("answer", status=401, body=b"{}"), at="webhooks", times=None)
        ahead.passes(600)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    text = told(broker.journal.read)

    ledger, lifecycle = hubspot._world.ledger, hubspot._world.lifecycle
    secrets = {f"app token {n}": token for n, token in enumerate(ledger._app_access)}
    assert len(secrets) >= 1
    secrets["client secret"] = hubspot.app.client_secret
    links = [asked for asked in hubspot.requests if "/pages/" in asked.path]
    assert len(links) == 2
    assert lifecycle.events
    seen = [*ear.heard, text, repr(list(broker.vault.store.events())), repr(broker.journal)]
    seen += [broker.journal.look()[0].dump(), repr(broker.journal._token.__dict__)]
    assert "read_journal" in text or "journal" in text
    assert_clean("\n".join(seen), secrets)
    assert "signature=" not in "\n".join(seen)
    files = [Path(settings.database_url.removeprefix("sqlite:///"))]
    files.append(files[0].with_name("portalkey.db-wal"))
    kept = b"".join(file.read_bytes() for file in files if file.exists())
    assert not [name for name, secret in secrets.items() if secret.encode() in kept]


def test_the_receivers_address_and_secret_stay_inside(
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    hubspot: HubSpot,
    port: int,
    ear: Ear,
) -> None:
    """Where it cannot be told: neither in the log, nor in a repr, nor in a traceback's locals."""
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    url = f"http://localhost:{port}/hooks?token=canary-of-the-address"
    told_of = {"webhook_url": url, "webhook_secrets": f"whsec_{'c2VjcmV0' * 5} {WEBHOOK_SECRET}"}
    broker = make_broker(Settings(**values | told_of))
    broker.announce()
    connect(broker, hubspot, "ada")
    assert broker.notify() == 0

    store, app = broker.vault.store, broker.settings.client_id
    secrets = secrets_of(broker, hubspot, "ada") | {"address": "canary-of-the-address"}
    waiting = store.waiting_notifications(app)
    assert waiting["webhook"].number == 1
    parts = (broker.settings, broker._deliveries, waiting, *store.events())
    assert "webhook secret 1" in secrets
    assert any("cannot be connected to" in line for line in ear.heard)
    assert_clean("\n".join(ear.heard), secrets)
    assert_clean("\n".join(f"{each!r} {each}" for each in parts), secrets)
    webhook = Webhook(url, broker.settings.webhook_secrets)
    notification = build_notification(
        replace(store.events()[-1], name=EventName.CONNECTED), 1, Subject(app), "webhook", NOW
    )
    assert_clean(told_in_vain(webhook, notification), secrets)


def told_in_vain(webhook: Webhook, notification: Notification) -> str:
    """The traceback, with locals, of a notification that does not arrive."""
    try:
        webhook.deliver(notification)
    except Undelivered as error:
        plain = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(plain.format())
    raise AssertionError
