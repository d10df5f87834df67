"""Requests with which HubSpot begins or ends an install that did not begin in the app.

https://developers.hubspot.com/docs/apps/developer-platform/list-apps/understand-app-install-flow
HubSpot opens the install URL with a code and ``returnUrl``, and without a state. Where the app
signs people in on the way, it opens it twice: with ``step=authorize``, and with ``step=finalize``,
a code and the state that the app gave. Other install links come with a code only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote, urlsplit

from portalkey.errors import AttemptMismatch
from portalkey.hubspot.endpoints import APP_URL

STEP, RETURN_URL = "step", "returnUrl"

_PATH = r"(?:/[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]*)?"
"""Rest of an address behind its origin (RFC 3986), without a fragment or a backslash."""
_HUBSPOT = r"https://app(?:-[a-z]{1,6}[0-9]{0,3})?\.hubspot\.com"
"""Origins of HubSpot's app; the regional ones are not listed anywhere, but alike."""
_LONGEST = 2000


class Step(StrEnum):
    """The steps of an install, by what HubSpot sends."""

    CODE = "code"
    """A code without a state of ours."""
    AUTHORIZE = "authorize"
    """The person is to be signed in, and HubSpot given a state."""
    FINALIZE = "finalize"
    """A code with the state that was given."""


@dataclass(frozen=True, slots=True)
class Install:
    """A step of an install, and the page at HubSpot that it leads back to, if there is one."""

    step: Step
    return_url: str | None = field(default=None, repr=False)

    @property
    def origin(self) -> str:
        """The origin of the page at HubSpot."""
        parts = urlsplit(self.return_url or "")
        return f"{parts.scheme}://{parts.netloc}"


def read_install(query: Sequence[tuple[str, str]], app_url: str) -> Install | None:
    """Return the step of an install that the *query* of a callback is; None where it is none.

    Raises:
        AttemptMismatch: Nothing of it can be trusted: a parameter is doubled, or it would lead to
            elsewhere than to the app at *app_url*.
    """
    step = _find_step(query)
    if step is None:
        return None
    return_url = _read_single(query, RETURN_URL)
    if return_url is None and step is not Step.CODE:
        raise AttemptMismatch
    if return_url is not None and not is_hubspot_page(return_url, app_url):
        raise AttemptMismatch
    return Install(step, return_url)


def _find_step(query: Sequence[tuple[str, str]]) -> Step | None:
    """Return the step that the *query* says it is.

    Raises:
        AttemptMismatch: It says something else, or several things.
    """
    # Any spelling counts: "State" beside no "state" is nothing that HubSpot would send.
    names = {name.lower() for name, _ in query}
    if STEP not in names:
        others = ("state", "error")
        is_bare_code = "code" in names and not any(each.startswith(others) for each in names)
        return Step.CODE if is_bare_code else None
    step = _read_single(query, STEP)
    if step == Step.AUTHORIZE and not names & {"code", "state"}:
        return Step.AUTHORIZE
    if step == Step.FINALIZE:
        return Step.FINALIZE
    raise AttemptMismatch


def _read_single(query: Sequence[tuple[str, str]], name: str) -> str | None:
    pairs = [pair for pair in query if pair[0].lower() == name.lower()]
    if not pairs:
        return None
    if len(pairs) > 1 or pairs[0][0] != name:
        raise AttemptMismatch
    return pairs[0][1]


def is_hubspot_page(url: str, app_url: str) -> bool:
    """Return True for a page of HubSpot's app, or of the one at *app_url* where that is another.

    Over https, at HubSpot's own hosts, without a user name, another port or a fragment.
    """
    origin = _HUBSPOT if app_url == APP_URL else re.escape(app_url)
    return len(url) <= _LONGEST and re.fullmatch(origin + _PATH, url) is not None


def add_state(return_url: str, state: str) -> str:
    """Return the page at HubSpot that goes on with an install, with the app's own *state*."""
    return f"{return_url}{'&' if '?' in return_url else '?'}state={quote(state, safe='')}"
