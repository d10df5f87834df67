"""Secrets are planted, everything is provoked, and nothing of them may be found anywhere."""

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rich.console import Console
from rich.traceback import Traceback

from portalkey.broker import Broker
from portalkey.errors import PortalkeyError
from portalkey.model.connection import Grant
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from security.canaries import Ear, a_rich_life, find_leaks, listen, secrets_of
from support.visitor import Visitor, query_of


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
