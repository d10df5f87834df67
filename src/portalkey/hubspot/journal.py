"""HubSpot's webhooks journal: links to its files, and the entries in them.

HubSpot sends nobody a webhook of installs and uninstalls; an app looks them up here. What is
listed are links to files, which lie with Amazon and are read without any token.

Sources: https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/guide, and
``webhooksJournal.json`` in HubSpot's collection of specifications.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

from portalkey.errors import BadAnswer, HubSpotUnavailable, PortalkeyError
from portalkey.hubspot import endpoints
from portalkey.hubspot.app import App
from portalkey.hubspot.http import Request, Response
from portalkey.hubspot.journal_access import journal_failure
from portalkey.hubspot.json_body import Answer
from portalkey.hubspot.token import api_url
from portalkey.model.journal import JournalEntry, JournalKind, read_moment

EVENT_TYPES = {"4-1909196": JournalKind.INSTALLED, "4-1916193": JournalKind.UNINSTALLED}
"""HubSpot's names of the two events, in subscriptions and in entries."""
ACTIONS = {"APP_INSTALL": JournalKind.INSTALLED, "APP_UNINSTALL": JournalKind.UNINSTALLED}
"""Its words for what happened, in entries."""
LONGEST_FILE = 4 * 1024 * 1024
"""Bytes of a file of entries: the app may have subscribed to much else."""

LONGEST_LINKS = 256 * 1024
"""Bytes of a list of links: those of Amazon are long."""

_OFFSET = re.compile(r"[A-Za-z0-9_-]{1,100}")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_OK, _NOTHING, _UNKNOWN = 200, 204, 404
_GZIP = b"\x1f\x8b"
_PASSING = frozenset({408, 425, 429})
_OUTAGES = 5
_LONGEST_LINK = 8192


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a file of entries, at the place ``offset`` of the journal.

    ``url`` is None where it cannot be one of HubSpot's. Whoever has the link can read the file, so
    its ``query`` is kept like a token.
    """

    offset: str
    url: str | None
    query: SecretStr = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """A file's entries that mean something here, and how many could not be read."""

    entries: Sequence[JournalEntry]
    unreadable: int
    published_at: datetime | None


class FileMissing(BadAnswer):
    """HubSpot's journal names a file of entries that cannot be had."""


def links_request(settings: App, token: SecretStr, offset: str | None, count: int) -> Request:
    """Build the request for the *count* links behind *offset*, or for the earliest."""
    journal = api_url(settings, endpoints.JOURNAL)
    place = f"earliest/{count}" if offset is None else f"{offset}/next/{count}"
    return Request("GET", f"{journal}/batch/{place}", bearer=token, longest=LONGEST_LINKS)


def read_links(response: Response, settings: App, offset: str | None) -> Sequence[Link] | None:
    """Return the links, oldest first; None where HubSpot does not know *offset* any more.

    Raises:
        HubSpotRefused, BadAnswer, RateLimited, HubSpotUnavailable: As ``read_app_token``.
    """
    if response.status == _NOTHING:
        return ()
    if response.status == _UNKNOWN and offset is not None:
        return None
    if response.status != _OK:
        raise journal_failure(response)
    return [_read_link(one, settings) for one in read_objects(Answer.of(response), "results")]


def _read_link(one: Answer, settings: App) -> Link:
    offset, link = one.get("currentOffset"), one.get("url")
    if not isinstance(offset, str) or not _OFFSET.fullmatch(offset):
        raise BadAnswer("HubSpot's journal names a place that cannot be one.")
    url, _, query = link.partition("?") if isinstance(link, str) else ("", "", "")
    if len(url) + len(query) > _LONGEST_LINK or not query.isprintable():
        return Link(offset, None, SecretStr(""))
    return Link(offset, url if _may_be_asked(url, settings) else None, SecretStr(query))


def _may_be_asked(url: str, settings: App) -> bool:
    """Return True for https at a host with a name; and for a simulator's own files."""
    if "@" in url or "#" in url or " " in url or not (url.isascii() and url.isprintable()):
        return False
    if url.startswith(f"{settings.api_url}/"):
        return True
    scheme, _, rest = url.partition("://")
    return scheme == "https" and _HOST.fullmatch(rest.partition("/")[0]) is not None


def file_request(link: Link) -> Request:
    """Build the request for the file that *link* leads to; it bears no token.

    Raises:
        FileMissing: It leads elsewhere than to a file of HubSpot's.
    """
    if link.url is None:
        raise FileMissing(
            "HubSpot's journal links to an address that cannot be a file of its own; if it lasts, "
            "look for a newer portalkey."
        )
    return Request("GET", link.url, query=link.query, longest=LONGEST_FILE)


def read_file(response: Response) -> Page:
    """Read a file of entries: what has a form that is not known here is left out.

    Raises:
        FileMissing: It is not there, or something on the way does not let it through.
        BadAnswer: It is no file of entries.
        HubSpotUnavailable: It cannot be read now.
    """
    if response.status != _OK:
        raise _file_failure(response.status)
    answer = _parse_file(response.body)
    entries: list[JournalEntry] = []
    unreadable = 0
    for one in read_objects(answer, "journalEvents"):
        kind = _kind(one)
        if kind is None:
            continue
        entry = _read_entry(kind, one)
        if entry is None:
            unreadable += 1
        else:
            entries.append(entry)
    return Page(entries, unreadable, read_moment(answer.get("publishedAt")))


def _file_failure(status: int) -> PortalkeyError:
    sentence = (
        f"HubSpot's file of journal entries was answered with status {status}; a firewall or proxy "
        "has to let out 443 to *.amazonaws.com as well."
    )
    is_passing = status in _PASSING or status // 100 == _OUTAGES
    return HubSpotUnavailable(sentence) if is_passing else FileMissing(sentence)


def _parse_file(body: bytes) -> Answer:
    try:
        return Answer.of(Response(_OK, {}, _inflate(body)))
    except HubSpotUnavailable:  # it is no JSON at all, and will not be
        raise FileMissing(
            "HubSpot's file of journal entries is a page of somebody else's; look at any firewall "
            "and proxy on the way to *.amazonaws.com."
        ) from None


def _inflate(body: bytes) -> bytes:
    """Return *body*, unpacked where it is gzip's, as files at Amazon may be."""
    if not body.startswith(_GZIP):
        return body
    packed = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        whole = packed.decompress(body, LONGEST_FILE + 1)
    except zlib.error:
        raise BadAnswer("HubSpot's file of journal entries cannot be unpacked.") from None
    if len(whole) > LONGEST_FILE:
        raise BadAnswer(f"HubSpot's file of journal entries has over {LONGEST_FILE} bytes.")
    # Of several members (RFC 1952 section 2.2) the first alone would lose entries without a word.
    if not packed.eof or packed.unused_data:
        raise BadAnswer("HubSpot's file of journal entries is not one whole gzip member.")
    return whole


def _kind(one: Answer) -> JournalKind | None:
    action, event_type = one.get("action"), one.get("eventTypeId")
    if isinstance(action, str) and action.upper() in ACTIONS:
        return ACTIONS[action.upper()]
    return EVENT_TYPES.get(event_type) if isinstance(event_type, str) else None


def _read_entry(kind: JournalKind, one: Answer) -> JournalEntry | None:
    try:
        hub_id = one.identifier("portalId")
    except BadAnswer:
        return None
    at = read_moment(one.get("occurredAt"))
    if hub_id is None or at is None:
        return None
    member = one.get("properties")
    properties = member if isinstance(member, dict) else {}
    if str(properties.get("hs_app_install_level")).upper() != "USER":
        return JournalEntry(kind, hub_id, at)
    user = str(properties.get("hs_user_id"))
    return JournalEntry(kind, hub_id, at, int(user)) if re.fullmatch("[0-9]{1,15}", user) else None


def read_objects(answer: Answer, name: str) -> list[Answer]:
    """Return the objects in the list *name* of an answer.

    Raises:
        BadAnswer: There is no such list.
    """
    member = answer.get(name)
    if not isinstance(member, list):
        raise BadAnswer(f"HubSpot's journal has no list of {name}.")
    return [Answer(each) for each in member if isinstance(each, dict)]
