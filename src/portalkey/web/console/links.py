"""Links for people without a login: which there are, and their withdrawal."""

from collections.abc import Mapping

from portalkey.model.invitation import InvitationStatus
from portalkey.web.console.context import ConsoleContext, Refused, Visit
from portalkey.web.console.words import Mark
from portalkey.web.http import WebResponse

SHOWN = 100
"""Links that the page lists, the newest."""
_S = InvitationStatus
_MARKS: Mapping[InvitationStatus, Mark] = {
    _S.OPEN: Mark("Not opened yet", "clock"),
    _S.OPENED: Mark("Opened", "ask"),
    _S.USED: Mark("Used", "connected", "good"),
    _S.WITHDRAWN: Mark("Withdrawn", "rest"),
    _S.EXPIRED: Mark("Ended", "rest"),
}
_UNKNOWN = Refused(404, "There is no such link", "Links are forgotten thirty days after their end.")


class Links:
    """Handlers of the list, and of a withdrawal (GET asks, POST does it)."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context, self._broker = context, context.broker

    def show(self, visit: Visit) -> WebResponse:
        """Show the newest links, and what became of each; never a link itself."""
        found = self._broker.invitations(limit=SHOWN)
        links = [(_MARKS[each.status], each) for each in found]
        done = visit.query("done")
        return self._context.page(visit, "links.html", links=links, shown=SHOWN, done=done)

    def ask_withdraw(self, visit: Visit) -> WebResponse:
        """Ask whether a link is to end."""
        found = self._broker.find_invitation(visit.arguments["id"])
        if found is None:
            raise _UNKNOWN
        if not found.is_live:
            return self._context.redirect("links", done="already")
        path = f"links/{found.id}/withdraw"
        return self._context.page(
            visit,
            "confirm.html",
            action=self._context.link(path),
            token=self._context.form_token(visit.browser, visit.operator, path),
            title="Withdraw this link?",
            about=f"Link {found.id} of owner {found.owner}",
            ends="Nothing is connected by it any more, by whoever is on the way with it neither.",
            stays="What else the owner has connected.",
            undo="Make another link, and send that.",
            button="Withdraw",
            keep="links",
            keep_query={},
            typed="",
            typed_what="",
            wrong="",
            is_harmless=False,
        )

    def withdraw(self, visit: Visit) -> WebResponse:
        """End a link."""
        is_done = self._broker.withdraw(visit.arguments["id"], operator=visit.operator)
        return self._context.redirect("links", done="withdrawn" if is_done else "already")
