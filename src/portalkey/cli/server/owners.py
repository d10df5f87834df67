"""Owners of the standalone app's visitors, and what people call them."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import cycle
from threading import Lock
from typing import TYPE_CHECKING

from flask import request, session

if TYPE_CHECKING:
    from portalkey.settings.standalone import StandaloneSettings

PEOPLE = (
    "Ada Lindqvist",
    "Ben Okafor",
    "Chiara Rossi",
    "Daniel Haas",
    "Elif Kaya",
    "Farid Mansour",
    "Greta Nowak",
    "Hugo Martin",
)
"""The people of the demo, in the order in which browsers meet it."""

_OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Owners:
    """The owner of each request, and the name that pages call an owner by."""

    find: Callable[[], str | None]
    name: Callable[[str], str]


def one_per_session() -> Owners:
    """Take each visitor's session for an owner of its own, which nobody calls by a name."""
    return Owners(lambda: _of_session(lambda: f"visitor-{secrets.token_hex(8)}"), lambda _: "")


def people_of_demo() -> Owners:
    """Give each browser that comes the next of ``PEOPLE``."""
    names = names_of_demo()
    coming, lock = cycle(names), Lock()

    def next_person() -> str:
        with lock:
            return next(coming)

    return Owners(lambda: _of_session(next_person), lambda owner: names.get(owner, owner))


def sign_in(owner: str) -> None:
    """Take this browser for *owner* from now on."""
    session[_OWNER] = owner
    session.permanent = True


def names_of_demo() -> dict[str, str]:
    """Return the names of ``PEOPLE`` by their ids as owners."""
    return {name.lower().replace(" ", "-"): name for name in PEOPLE}


def single(owner: str) -> Owners:
    """Take everybody for *owner*: a tool of one person, that nobody else reaches."""
    return Owners(lambda: owner, str)


def named_by_proxy(header: str, proxies: Sequence[str]) -> Owners:
    """Take the owner from *header*, where one of *proxies* (addresses, or networks) sends it.

    Whoever comes past them is signed out, whatever their request says; so is a value with a comma,
    as a server writes what was sent twice: one of the two may be the visitor's own.
    """
    networks = [ip_network(each) for each in proxies]

    def find() -> str | None:
        # The peer of the connection: what a request says of its own way counts for nothing.
        try:
            peer = ip_address(request.environ.get("REMOTE_ADDR", ""))
        except ValueError:  # a socket in a file has none
            return None
        is_trusted = any(peer in network for network in networks)
        value = request.headers.get(header, "").strip() if is_trusted else ""
        return value if value and "," not in value else None

    return Owners(find, str)


def choose_owners(settings: "StandaloneSettings") -> Owners:
    """Return the owners that the operator's *settings* say."""
    if settings.owner:
        return single(settings.owner)
    if settings.owner_header:
        return named_by_proxy(settings.owner_header, settings.trusted_proxies)
    return one_per_session()


def _of_session(make: Callable[[], str]) -> str:
    """Return the owner in this visitor's signed session, made at the first visit."""
    if _OWNER not in session:
        session[_OWNER] = make()
        session.permanent = True
    return str(session[_OWNER])
