"""Names of HubSpot apps, where one process serves several of them.

The app without a name is where there is but one. Each other has a name of its own, and all that is
ours has it, too: the path before the routes, the framework's endpoints, and the value in the host's
session. Its cookies go to its own paths only, as the path of each is below that prefix.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from portalkey.errors import BadSettings

if TYPE_CHECKING:
    from portalkey.settings.settings import Settings

_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
_PATHS = frozenset({"api", "auth", "connections", "console"})
"""First parts of the paths of the app without a name: another's cookies would go there, too."""


def require_name(name: object) -> str:
    """Return the *name* of a HubSpot app, empty where it is the only one.

    Raises:
        ValueError: It cannot be one.
    """
    if name in _PATHS:
        raise ValueError(
            f"name must not be {name}: paths of the HubSpot app without a name begin so, and the "
            "cookies of this one would be sent there"
        )
    if isinstance(name, str) and (not name or _NAME.fullmatch(name)):
        return name
    raise ValueError(
        "name must be up to 30 small letters, digits and underscores, a letter first, such as eu: "
        "it is part of addresses and of endpoints' names"
    )


def prefix_of(name: str) -> str:
    """Return the path before the routes of the app *name*; empty for the one without a name."""
    return f"/{name}" if name else ""


def with_name(base: str, name: str) -> str:
    """Return *base*, a name of ours in the framework or the session, as the app *name* has it."""
    return f"{base}_{name}" if name else base


def require_known(name: str, known: Mapping[str, object]) -> None:
    """Raise where there is no HubSpot app *name* among the *known* ones.

    Raises:
        LookupError: The message says which there are.
    """
    if name in known:
        return
    named = ", ".join(f'name="{each}"' if each else "the one without a name" for each in known)
    which = f'the name "{name}"' if name else "no name"
    raise LookupError(
        f"There is no HubSpot app of {which} here; "
        + (f"there is {named}." if known else "call HubSpotAuth(app, broker, owner=...) first.")
    )


def require_apart(name: str, settings: "Settings", others: Mapping[str, "Settings"]) -> None:
    """Raise where the app *name* cannot stand beside the *others*, which are here already.

    Raises:
        ValueError: There is one of this name.
        BadSettings: Its redirect URI is not where its routes are, or leads elsewhere than theirs.
    """
    from portalkey.settings.urls import CALLBACK  # noqa: PLC0415 - a host's module needs none of it

    if name in others:
        raise ValueError(
            f'There is a HubSpot app named "{name}" here already; each has a name of its own.'
            if name
            else "There is a HubSpot app without a name here already; give this one a name, as in "
            'HubSpotAuth(..., name="eu").'
        )
    prefix = prefix_of(name)
    problems = []
    if not settings.mount.endswith(prefix):
        problems.append(
            f"HUBSPOT_REDIRECT_URI of the HubSpot app {name} has to end in {prefix}{CALLBACK}, "
            "here and at HubSpot: that is where its routes are."
        )
    for other, theirs in others.items():
        if root_of(name, settings) != root_of(other, theirs):
            problems.append(
                f"HUBSPOT_REDIRECT_URI of the HubSpot apps {_call(other)} and {_call(name)} do not "
                f"agree on where this app is served: they are {theirs.redirect_uri} and "
                f"{settings.redirect_uri}, and what stands before {prefix_of(other)}{CALLBACK} and "
                f"{prefix}{CALLBACK} has to be the same."
            )
    if problems:
        raise BadSettings(problems)


def root_of(name: str, settings: "Settings") -> str:
    """Return the path that the host's app is served below, by *settings* of its app *name*."""
    return settings.mount.removesuffix(prefix_of(name))


def _call(name: str) -> str:
    return name or "without a name"
