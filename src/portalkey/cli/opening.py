"""The broker of a command, opened over the app's settings and closed again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from portalkey.cli.lines import say

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker
    from portalkey.settings.settings import Settings


def find_operator(env_file: Path) -> str:
    """Return who types this command, for the audit."""
    from portalkey.settings.operator import read_operator  # noqa: PLC0415 - as below

    return read_operator(env_file, os.environ)


def describe_store(settings: "Settings") -> str:
    """Return a line of its own that names the store: a table, a question or an error may follow."""
    from portalkey.settings.warnings import name_store  # noqa: PLC0415 - as below

    return f"Store: {name_store(settings).removeprefix('the store ')}"


def say_store(broker: "Broker") -> None:
    """Say which store is looked at: another one's answer looks the same. Not to stdout."""
    say(describe_store(broker.settings), err=True)


@contextmanager
def open_broker(
    env_file: Path, *, is_reading: bool = False, is_store_said: bool = False
) -> Iterator["Broker"]:
    """Open the broker of the app.

    Args:
        env_file: The file of settings.
        is_reading: True where keys may be missing, as nothing is sealed.
        is_store_said: True where people are told first which store it is.
    """
    from portalkey.broker.broker import Broker  # noqa: PLC0415 - --help needs none of it
    from portalkey.settings.settings import Settings  # noqa: PLC0415 - as above

    broker = Broker.of(Settings.from_env(env_file), are_keys_checked=not is_reading)
    try:
        if is_store_said:
            say_store(broker)
        yield broker
    finally:
        broker.close()
