"""Installs that began at HubSpot and wait for a yes: which there are, and giving one back."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from portalkey.errors import OperatorMustAct
from portalkey.model.attempt import NOBODY, Attempt
from portalkey.settings.warnings import ERASED_IN_COPY
from portalkey.web.console.context import ConsoleContext, Refused, Visit
from portalkey.web.console.words import Mark
from portalkey.web.http import WebResponse

_OF_NOBODY = Mark("Waits for anybody", "clock")
_OF_SOMEBODY = Mark("Waits for its owner", "ask")
_UNKNOWN = Refused(404, "There is no such install", "The page of installs lists those that wait.")


@dataclass(frozen=True, slots=True)
class Row:
    """One install; a template is given this, and never the attempt with its sealed grant."""

    id: str
    name: str
    hub_id: int | None
    owner: str
    mark: Mark
    came_at: datetime
    kept_until: datetime


class InstallsPage:
    """Handlers of the list, and of giving one back (GET asks, POST does it)."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context, self._broker = context, context.broker

    def show(self, visit: Visit) -> WebResponse:
        """Show those that wait, the first to end first."""
        rows = [self._describe(each) for each in self._broker.pending_installs()]
        return self._context.page(
            visit, "installs.html", rows=rows, done=self._context.word_done(visit)
        )

    def _describe(self, attempt: Attempt) -> Row:
        name = str(attempt.expected_hub_id or "")
        with suppress(OperatorMustAct):  # a key is missing here
            name = self._broker.account_of_install(attempt).name
        return Row(
            id=attempt.id,
            name=name,
            hub_id=attempt.expected_hub_id,
            owner=attempt.owner,
            mark=_OF_NOBODY if attempt.owner == NOBODY else _OF_SOMEBODY,
            came_at=attempt.claimed_at or attempt.created_at,
            kept_until=attempt.expires_at,
        )

    def _find(self, visit: Visit) -> Attempt:
        found = self._broker.find_own_attempt(visit.arguments["id"])
        if found is None or not found.is_install:
            raise _UNKNOWN
        return found

    def _say_told(self) -> str:
        is_copy = self._broker.settings.is_copy
        return ERASED_IN_COPY if is_copy else "HubSpot is told to forget its grant."

    def ask_give_back(self, visit: Visit) -> WebResponse:
        """Ask whether an install is to end."""
        found = self._find(visit)
        if not found.is_pending:
            return self._context.redirect("installs", done="already")
        path, row = f"installs/{found.id}/give-back", self._describe(found)
        whose = f"of owner {row.owner}" if row.owner else "which nobody has claimed"
        return self._context.page(
            visit,
            "confirm.html",
            action=self._context.link(path),
            token=self._context.form_token(visit.browser, visit.operator, path),
            title=f"Give back the install in {row.name}?",
            about=f"Install {row.id} in HubSpot account {row.hub_id}, {whose}",
            ends=f"Nobody can connect by it any more. {self._say_told()}",
            stays="The app stays installed in the account, and whoever is connected stays so.",
            undo="The person installs the app again, or connects from the app.",
            button="Give it back",
            keep="installs",
            keep_query={},
            typed="",
            typed_what="",
            wrong="",
            is_harmless=False,
        )

    def give_back(self, visit: Visit) -> WebResponse:
        """End an install."""
        is_done = self._broker.withdraw_install(self._find(visit), operator=visit.operator)
        return self._context.redirect("installs", done="given-back" if is_done else "already")
