"""An app's decisions about its web side: the same in every framework's skin."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from portalkey.sentences import Words
from portalkey.web.strings import Strings

if TYPE_CHECKING:
    from portalkey.model.connection import Connection

MayDisconnect = Callable[[str, "Connection"], bool]
"""True where whoever asks may disconnect this *owner*'s connection; the app knows who that is."""

MayDeliver = Callable[[str, "Connection"], bool]
"""True where whoever asks may have the access token of this *owner*'s connection in the page, as
where they signed in a moment ago."""


LoginUrl = str | Callable[[str], str]
"""Address that a signed-out visitor is sent to, or what makes it of the path to lead back to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """An app's decisions about its pages and its API.

    ``login_url`` is where a signed-out visitor is sent, or None to show a page that says so; the
    path to lead back to goes with it, as ``next`` or as a function's argument.
    ``setup_page`` is False where the app shows connections on a page of its own, and
    ``base_template`` is the layout of the app's that ours extends. ``deliver`` names the token that
    the page which opened the popup may fetch, and ``allow_debug`` is True where it may in a
    debugged app that other machines reach. ``may_disconnect``, ``may_deliver`` and ``owner_name``
    (what people call an owner) are called in a request.

    Raises:
        ValueError: *deliver* is something else.
    """

    owner_name: Callable[[str], str] = str
    login_url: LoginUrl | None = None
    setup_page: bool = True
    strings: Strings = field(default_factory=Strings)
    base_template: str | None = None
    deliver: Literal["access_token"] | None = None
    allow_debug: bool = False
    may_disconnect: MayDisconnect | None = None
    may_deliver: MayDeliver | None = None

    def __post_init__(self) -> None:
        """Refuse a value that a type checker would have refused."""
        if self.deliver not in {None, "access_token"}:
            raise ValueError('deliver must be "access_token", or left out')


def make_options(
    strings: Mapping[str, Words] | None,
    language: str | Callable[[], str | None] | None,
    **others: Any,  # noqa: ANN401 - as the fields have it
) -> WebOptions:
    """Make the options of a skin, with the app's own texts.

    Raises:
        ValueError: *strings* has what is not known, or ``deliver`` is something else.
    """
    return WebOptions(strings=Strings(strings, language), **others)


def add_next(url: str, path: str) -> str:
    """Return the sign-in's *url* with ``next=path``, in place of a ``next`` that it has."""
    address, hash_, fragment = url.partition("#")
    base, _, query = address.partition("?")
    kept = [each for each in query.split("&") if each and each.partition("=")[0] != "next"]
    return f"{base}?{'&'.join([*kept, urlencode({'next': path})])}{hash_}{fragment}"
