"""The broker of a command, opened over the app's settings and closed again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker


@contextmanager
def open_broker(env_file: Path, *, is_reading: bool = False) -> Iterator["Broker"]:
    """Open the broker of the app; one that *is_reading* may lack keys, as it seals nothing."""
    from portalkey.broker.broker import Broker  # noqa: PLC0415 - --help needs none of it
    from portalkey.settings.settings import Settings  # noqa: PLC0415 - as above

    broker = Broker.of(Settings.from_env(env_file), are_keys_checked=not is_reading)
    try:
        yield broker
    finally:
        broker.close()
