"""Checks of the way to HubSpot: name, connection, TLS, proxy, credentials, and its time."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import urlsplit

from portalkey.cli.doctor.credentials import check_credentials
from portalkey.cli.doctor.redirect import check_redirect_uri
from portalkey.errors import PortalkeyError
from portalkey.hubspot.client import HubSpotClient, Send
from portalkey.hubspot.http import Request, Response
from portalkey.hubspot.proxy import parse_proxy
from portalkey.model.findings import Finding, has_problem, ok, problem, unknown, warning
from portalkey.settings.settings import Settings
from portalkey.settings.urls import is_local

SECONDS = 10.0
"""Seconds that HubSpot has for an answer."""
SLOW, WRONG = 30.0, 300.0
"""Seconds that a clock may be off, and those from which on signatures are refused."""

_SET_CLOCK = "Set this machine's clock by NTP (`timedatectl set-ntp true`)."


def now() -> datetime:
    """Return this machine's time."""
    return datetime.now(UTC)


def check_hubspot(settings: Settings) -> Iterator[Finding]:
    """Yield whether HubSpot can be reached the operator's way, its time, and if it knows us."""
    try:
        client = HubSpotClient.of(settings)
    except PortalkeyError as trouble:
        yield problem("hubspot", str(trouble), "Name a file of certificates in PORTALKEY_CA_FILE.")
        return
    with closing(client):
        way = list(check_way(settings, client.send))
        yield from way
        if has_problem(way[:1]):
            yield unknown("credentials", "HubSpot could not be asked about the credentials.")
        else:
            yield check_credentials(settings, client.send)
            if is_local(settings.api_url):
                yield from check_redirect_uri(settings, client.send)


def check_way(
    settings: Settings, send: Send, clock: Callable[[], datetime] = now
) -> Iterator[Finding]:
    """Yield what a request without meaning meets on the way that *send* goes."""
    began = time.monotonic()
    try:
        response = send(Request("GET", f"{settings.api_url}/", seconds=SECONDS))
    except PortalkeyError as trouble:
        what, _, to_do = str(trouble).partition("; ")
        yield problem("hubspot", f"{what}.", to_do[:1].upper() + to_do[1:])
        yield unknown("clock", "HubSpot did not say what time it is.")
        return
    milliseconds = (time.monotonic() - began) * 1000
    sentence = f"{urlsplit(settings.api_url).netloc} answers{_describe_way(settings)}, in "
    yield ok("hubspot", f"{sentence}{milliseconds:.0f} ms.")
    yield check_clock(response, clock())


def _describe_way(settings: Settings) -> str:
    if not settings.api_url.startswith("https:"):
        return ", a simulator"
    words = " over TLS"
    if settings.proxy_url is not None:
        words += f", through {parse_proxy(settings.proxy_url.get_secret_value()).place}"
    if settings.ca_file is not None:
        words += f", with authorities of {settings.ca_file}"
    return words


def check_clock(response: Response, at: datetime) -> Finding:
    """Compare this machine's time *at* with the ``Date`` of HubSpot's *response*."""
    theirs = response.date
    if theirs is None:
        return unknown("clock", "HubSpot did not say what time it is.")
    apart = (at - theirs).total_seconds()
    side = "ahead of" if apart > 0 else "behind"
    seconds = f"{abs(apart):.0f} second{'' if round(abs(apart)) == 1 else 's'}"
    sentence = f"This machine's clock is {seconds} {side} HubSpot's."
    if abs(apart) <= SLOW:
        return ok("clock", sentence)
    if abs(apart) < WRONG:
        return warning("clock", sentence, _SET_CLOCK)
    return problem("clock", f"{sentence} Certificates and signatures go by it.", _SET_CLOCK)
