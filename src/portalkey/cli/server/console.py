"""Ways into the standalone app's console: a password, or a link that is printed at start."""

import getpass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from portalkey.web.console.console import Console
from portalkey.web.console.door import Door, OneTimeLink

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker


def open_by_password(broker: "Broker", password: SecretStr | None) -> Console | None:
    """Return a console that *password* opens; None where there is none."""
    return None if password is None else Console(broker, door=Door.with_password(password))


def open_by_link(broker: "Broker") -> tuple[Console, str]:
    """Return a console that one link opens once, and that link, to be printed."""
    link = OneTimeLink(find_user())
    console = Console(broker, door=Door.with_link(link))
    assert console.door is not None  # noqa: S101 - tells the type checker
    return console, console.door.link_of(link)


def find_user() -> str:
    """Return who started the app, as this machine calls them."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container's user may have no name
        return "whoever started the app"
