"""The label that these commands take, and the broker that they ask, whichever keys are here."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portalkey.cli.opening import say_store
from portalkey.settings.settings import Settings

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker


@contextmanager
def open_broker(env_file: Path, *, is_store_said: bool = False) -> "Iterator[Broker]":
    """Open a broker that starts where a key is missing, and is no process of the app.

    Where *is_store_said*, people are told first which store it is.
    """
    # Loaded late, so that --help is there at once.
    from portalkey.broker.broker import Broker  # noqa: PLC0415

    with closing(Broker.of(Settings.from_env(env_file), are_keys_checked=False)) as broker:
        if is_store_said:
            say_store(broker)
        yield broker


def _require_label(_: click.Context, __: click.Parameter, value: str) -> str:
    # What is no label is not quoted either: it may be a key.
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", value):
        raise click.BadParameter("A label has 1 to 32 letters, digits, _ and -.")
    return value


label_argument = click.argument("label", callback=_require_label)
