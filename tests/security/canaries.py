"""Secrets that are planted, a life in which everything is provoked, and an ear for the log."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from portalkey.broker import Broker
from portalkey.errors import PortalkeyError
from portalkey_simulator import HubSpot
from support.visitor import Visitor


class Clock(Protocol):
    """How far the store's clock is ahead."""

    seconds: float


class Ear(logging.Handler):
    """Hears every record at DEBUG, dependencies' too, but those of the test's own client."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []
        self._own = threading.current_thread().ident

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what a log file would hold."""
        if record.thread != self._own:
            self.heard.append(logging.Formatter().format(record))


@contextmanager
def listen() -> Iterator[Ear]:
    """Listen to the root logger at DEBUG, for the block."""
    root, ear = logging.getLogger(), Ear()
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(ear)
    try:
        yield ear
    finally:
        root.removeHandler(ear)
        root.setLevel(level)


def secrets_of(broker: Broker, hubspot: HubSpot, owner: str) -> dict[str, str]:
    """Everything that must not be found, by what it is."""
    found = {"client secret": hubspot.app.client_secret}
    for number, asked in enumerate(hubspot.requests):
        for name in ("code", "code_verifier", "refresh_token", "token"):
            if name in asked.form:
                found[f"{name} of request {number}"] = asked.form[name]
    for connection in broker.connections(owner):
        found["access token"] = broker.vault.open_access(connection).get_secret_value()
        found["refresh token"] = broker.vault.open_refresh(connection).get_secret_value()
    for key in broker.settings.keys:
        found["key"] = key.secret.get_secret_value()
    for number, secret in enumerate(broker.settings.webhook_secrets):
        found[f"webhook secret {number}"] = secret.get_secret_value()
    return found


def find_leaks(text: str, secrets: dict[str, str]) -> list[str]:
    """The names of those *secrets* that are in *text*."""
    return [name for name, secret in secrets.items() if secret in text]


def a_rich_life(visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Clock) -> list[str]:
    """Connects, renews, fails in every way, and returns the bodies of all responses."""
    pages = [visitor.connect().text, visitor.get("/connections/setup").text]
    pages += [
        visitor.get(f"/api/hubspot/{name}").text for name in ("status?check=1", "connections")
    ]
    owner = visitor.owner
    for status, body in (
        (200, b"[]"),
        (200, b"nonsense"),
        (500, b"x"),
        (403, b"<html>"),
        (302, b""),
    ):
        ahead.seconds += 1801
        hubspot.next_token_answer(status=status, body=body)
        ask_aside(broker, owner)
        ask_aside(broker, owner)
        callback = visitor.agree(visitor.begin())
        hubspot.next_token_answer(status=status, body=body)
        pages.append(visitor.get(visitor.get(callback).headers["location"]).text)
    return pages


def ask_aside(broker: Broker, owner: str) -> None:
    """Ask for a token in a thread that the ear listens to."""

    def ask() -> None:
        try:
            broker.access_token(owner)
        except PortalkeyError:
            logging.getLogger("the.app").exception("no token")

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
