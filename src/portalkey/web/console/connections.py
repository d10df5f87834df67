"""The page of connections: found by what is known of them, page by page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from portalkey.errors import NoSession
from portalkey.model.attempt import read_reference
from portalkey.model.connection import ConnectionStatus, is_owner
from portalkey.model.search import ConnectionPage, Narrowing
from portalkey.settings.warnings import ERASED_IN_COPY
from portalkey.web.console.context import ConsoleContext, Refused, Visit
from portalkey.web.console.rows import make_row
from portalkey.web.console.words import STATUSES
from portalkey.web.http import WebResponse

PAGE = 50
"""Connections to a page."""
NAMES = {"owner": "Owner", "hub_id": "HubSpot account", "domain": "Domain", "key": "Key"}
"""Titles of all that narrows the list, by the name in its address."""

_NUMBER = re.compile(r"[0-9]{1,18}")
_DONE = {
    "erased": "All that was kept of the owner is erased. HubSpot is told to forget their tokens. "
    "Logs and backups are yours to clear.",
    "erased-in-copy": f"All that was kept of the owner is gone. {ERASED_IN_COPY} "
    "Logs and backups are yours to clear.",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One page of connections, what narrowed it, and what else the words that were typed mean."""

    page: ConnectionPage
    narrowing: Mapping[str, str]
    others: Mapping[str, str]


class ConnectionsPage:
    """``/console``: whoever is connected to what."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context, self._broker = context, context.broker

    def show(self, visit: Visit) -> WebResponse:
        """Show one page of connections."""
        words = visit.query("q")
        if words and (elsewhere := self._find_single(words)):
            return elsewhere
        status = self._read_status(visit)
        try:
            found = self._search(words, status) if words else self._narrow(visit, status)
        except NoSession:
            return self._context.page(visit, "sessions.html")
        rows = [
            make_row(each, self._broker.settings.wanted_scopes) for each in found.page.connections
        ]
        return self._context.page(
            visit,
            "connections.html",
            rows=rows,
            words=words,
            status=status,
            narrowing={name: value for name, value in found.narrowing.items() if value},
            others=found.others,
            names=NAMES,
            statuses=STATUSES,
            stats=self._broker.stats(),
            cursor=found.page.cursor,
            is_first=not visit.query("cursor"),
            done=_DONE.get(self._context.word_done(visit)),
        )

    def _find_single(self, words: str) -> WebResponse | None:
        """Return the way to the one connection or attempt of which *words* are the id."""
        if self._broker.is_personal:
            return None
        if self._broker.find_connection(words) is not None:
            return self._context.redirect(f"connections/{words}")
        if self._broker.find_own_attempt(reference := read_reference(words)) is not None:
            return self._context.redirect("attempts", reference=reference)
        return None

    def _read_status(self, visit: Visit) -> str:
        status = visit.query("status")
        if status and status not in set(ConnectionStatus):
            known = ", ".join(ConnectionStatus)
            raise Refused(400, "There is no such status", f"A connection is one of: {known}.")
        return status

    def _narrow(self, visit: Visit, status: str) -> Found:
        """Return the page that the address names."""
        narrowing = {name: visit.query(name) for name in NAMES}
        self._require_usable(narrowing)
        try:
            page = self._find(narrowing, status, visit.query("cursor"))
        except ValueError:
            raise Refused(
                400,
                "This page is of another search",
                "Begin again at the first page: the address was put together from two searches, or "
                "cut off.",
            ) from None
        return Found(page, narrowing, {})

    def _require_usable(self, narrowing: Mapping[str, str]) -> None:
        if (hub_id := narrowing["hub_id"]) and not _NUMBER.fullmatch(hub_id):
            raise Refused(400, "That is no HubSpot account", "Its id is a number, such as 4410001.")
        if (owner := narrowing["owner"]) and not is_owner(owner):
            raise Refused(400, "That is no owner", "An owner is a text of 1,000 bytes at most.")
        if (key := narrowing["key"]) and not self._broker.keys.is_known(key):
            raise Refused(
                404, "There is no such key", "The page of keys lists those that are in use."
            )

    def _search(self, words: str, status: str) -> Found:
        """Return the first page of what *words* mean: an account, a domain or an owner."""
        kinds = {"hub_id": words} if _NUMBER.fullmatch(words) else {}
        kinds |= {"domain": words.lower()} | ({"owner": words} if is_owner(words) else {})
        tries = [status] if status else ["", ConnectionStatus.DISCONNECTED.value]
        pages: dict[str, ConnectionPage] = {}
        for each in tries:
            pages = {kind: self._find({kind: value}, each) for kind, value in kinds.items()}
            pages = {kind: page for kind, page in pages.items() if page.connections}
            if pages:
                break
        first, *others = pages or ["domain"]
        page = pages.get(first, ConnectionPage([]))
        narrowing = {first: kinds[first]} if pages else {}
        return Found(page, narrowing, {kind: kinds[kind] for kind in others})

    def _find(self, narrowing: Mapping[str, str], status: str, cursor: str = "") -> ConnectionPage:
        named: dict[str, object] = {name: value for name, value in narrowing.items() if value}
        if "hub_id" in named:
            named["hub_id"] = int(narrowing["hub_id"])
        if status:
            named["status"] = status
        return self._broker.find(cursor=cursor or None, limit=PAGE, **cast("Narrowing", named))
