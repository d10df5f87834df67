"""Acts of an operator: each is asked about on a page of its own, and the audit says who did it."""

from typing import Any

from portalkey.errors import NoSession, NotConnected, PortalkeyError
from portalkey.model.connection import Connection, ConnectionStatus, is_owner
from portalkey.model.facts import Facts
from portalkey.web.console.connection import require_connection
from portalkey.web.console.context import ConsoleContext, Refused, Visit
from portalkey.web.http import WebResponse

_ASKED_TO_FORGET = (
    "HubSpot is asked at once to forget the refresh token of a connection that has ended here."
)
_ASKED_TO_LEAVE = (
    "HubSpot is asked at once to take the app out of the account, for everybody there."
)
_KINDS = ("connections", "attempts", "events")


class Actions:
    """Handlers of confirmations (GET) and of the acts themselves (POST)."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context, self._broker = context, context.broker

    def ask_disconnect(self, visit: Visit) -> WebResponse:
        """Ask whether a connection is to end."""
        connection = require_connection(self._context, visit)
        if connection.status is ConnectionStatus.DISCONNECTED:
            return self._lead_to(connection, "already")
        return self._ask(
            visit,
            f"connections/{connection.id}/disconnect",
            title=f"Disconnect {connection.account.name}?",
            about=_describe(connection),
            ends="The app can no longer see or change anything in this account, at once. The "
            "tokens are erased here, and "
            + (
                "HubSpot is told nothing by a copy."
                if self._broker.settings.is_copy
                else "HubSpot is told to forget them."
            ),
            stays="All data in HubSpot, and what the app has already stored. The app stays "
            "installed in the account.",
            undo="The person has to connect again.",
            button="Disconnect",
            keep=f"connections/{connection.id}",
        )

    def disconnect(self, visit: Visit) -> WebResponse:
        """End a connection."""
        connection = require_connection(self._context, visit)
        try:
            self._broker.disconnect(connection.owner, connection.id, operator=visit.operator)
        except NotConnected:  # another operator did, maybe at this moment
            return self._lead_to(connection, "already")
        return self._lead_to(connection, "disconnected")

    def ask_uninstall(self, visit: Visit, wrong: str = "") -> WebResponse:
        """Ask whether the app is to leave a HubSpot account."""
        connection = require_connection(self._context, visit)
        if connection.status is ConnectionStatus.DISCONNECTED:
            return self._lead_to(connection, "already")
        if self._broker.settings.is_copy:  # which says so before anybody types
            return self._take_out(visit, connection)
        others = self._count_others(connection)
        return self._ask(
            visit,
            f"connections/{connection.id}/uninstall",
            title=f"Take the app out of {connection.account.name}?",
            about=_describe(connection),
            ends="HubSpot takes this app out of the account, for everybody there: this connection, "
            f"{others} here, and whatever else uses this app at HubSpot.",
            stays="All data in HubSpot, and what the app has already stored.",
            undo="It cannot be undone. Somebody has to install the app and connect it again.",
            button="Take it out",
            keep=f"connections/{connection.id}",
            typed=str(connection.hub_id),
            typed_what="the number of the HubSpot account",
            wrong=wrong,
        )

    def uninstall(self, visit: Visit) -> WebResponse:
        """Take the app out of a HubSpot account."""
        connection = require_connection(self._context, visit)
        typed = visit.request.form_value("typed") or ""
        if typed.strip() != str(connection.hub_id):
            return self.ask_uninstall(visit, typed)
        return self._take_out(visit, connection)

    def _take_out(self, visit: Visit, connection: Connection) -> WebResponse:
        try:
            others = self._broker.uninstall(connection, operator=visit.operator)
        except NotConnected:
            return self._lead_to(connection, "already")
        except PortalkeyError as trouble:
            raise Refused(
                409, "Nothing was changed", f"The app is still in the account. {trouble}"
            ) from None
        return self._lead_to(connection, "owed" if others is None else "uninstalled")

    def _count_others(self, connection: Connection) -> str:
        page = self._broker.find(hub_id=connection.hub_id, limit=1000)
        number = len({each.owner for each in page.connections} - {connection.owner})
        more = "or more " if page.cursor else ""
        return f"{number} {more}other {'owner' if number == 1 else 'owners'}"

    def ask_erase(self, visit: Visit, wrong: str = "") -> WebResponse:
        """Ask whether an owner is to be forgotten."""
        owner = _require_owner(visit)
        try:
            kept = self._broker.export(owner)
        except NoSession as trouble:
            raise Refused(409, "That is not kept here", str(trouble)) from None
        if not self._is_known(kept):
            raise Refused(404, "Nothing is kept of this owner", "There is nothing to erase.")
        counts = {kind: len(kept[kind]) for kind in _KINDS}
        return self._ask(
            visit,
            "erase",
            query={"owner": owner},
            title="Erase this owner?",
            about=f"Owner {owner}",
            ends="Their connections end at once; then all that is kept of them is erased: "
            + ", ".join(_count(number, kind) for kind, number in counts.items())
            + ", with e-mail address, domain and id.",
            stays="What HubSpot is still owed, until it is told; it names nobody. Logs and "
            "backups, which are yours to clear.",
            undo="It cannot be undone. “portalkey connections export” shows what there is first.",
            button="Erase for good",
            keep="",
            keep_query={"owner": owner},
            typed=owner,
            typed_what="the id of the owner",
            wrong=wrong,
        )

    def _is_known(self, kept: Facts) -> bool:
        """Return True where this app has, or had, to do with the owner of all that is *kept*."""
        settings = self._broker.settings
        return any(each["client_id"] == settings.client_id for each in kept["connections"]) or any(
            each["redirect_uri"] == settings.redirect_uri for each in kept["attempts"]
        )

    def erase(self, visit: Visit) -> WebResponse:
        """Forget an owner."""
        owner, typed = _require_owner(visit), visit.request.form_value("typed") or ""
        if typed.strip() != owner.strip():
            return self.ask_erase(visit, typed)
        try:
            self._broker.erase(owner, operator=visit.operator)
        except NoSession as trouble:
            raise Refused(409, "Not all of it is kept here", str(trouble)) from None
        self._context.health.forget()
        self._context.key_status.forget()
        return self._context.redirect(done="erased")

    def ask_send(self, visit: Visit) -> WebResponse:
        """Ask whether HubSpot is to be told now."""
        owed = {each.id: each for each in self._broker.find_owed(limit=1000)}
        found = owed.get(visit.arguments["id"])
        if found is None:
            return self._context.redirect("health", done="gone")
        tries = _count(found.tries, "failed tries", "failed try")
        return self._ask(
            visit,
            f"owed/{found.id}/send",
            title="Tell HubSpot now?",
            about=f"Connection {found.connection_id}, {tries}"
            if found.connection_id
            else f"Of an owner who was erased, {tries}",
            ends=_ASKED_TO_LEAVE if found.is_uninstall else _ASKED_TO_FORGET,
            stays="If HubSpot does not answer, it stays owed, and is tried again by itself.",
            undo="It cannot be undone; the token is of no use here any more.",
            button="Send it now",
            keep="health",
            is_harmless=True,
        )

    def send(self, visit: Visit) -> WebResponse:
        """Tell HubSpot now."""
        sent = self._broker.send_owed_now(visit.arguments["id"], visit.operator)
        self._context.health.forget()
        return self._context.redirect(
            "health", done={None: "gone", True: "sent", False: "unsent"}[sent]
        )

    def _ask(
        self,
        visit: Visit,
        path: str,
        *,
        query: dict[str, str] | None = None,
        **facts: Any,  # noqa: ANN401 - templates take anything
    ) -> WebResponse:
        given = {"typed": "", "typed_what": "", "wrong": "", "is_harmless": False, "keep_query": {}}
        return self._context.page(
            visit,
            "confirm.html",
            400 if facts.get("wrong") else 200,
            action=self._context.link(path, **(query or {})),
            token=self._context.form_token(visit.browser, visit.operator, path),
            **{**given, **facts},
        )

    def _lead_to(self, connection: Connection, done: str) -> WebResponse:
        return self._context.redirect(f"connections/{connection.id}", done=done)


def _require_owner(visit: Visit) -> str:
    """Return the owner whom the address names, as it stands there: spaces may be part of an id."""
    owner = visit.request.query_value("owner")
    if not is_owner(owner):
        raise Refused(400, "No owner is named", "Open this page from a list of their connections.")
    return owner


def _describe(connection: Connection) -> str:
    email = connection.account.user_email
    by = f", connected by {email}" if email else ""
    return f"HubSpot account {connection.hub_id} of owner {connection.owner}{by}"


def _count(number: int, kind: str, one: str = "") -> str:
    return f"{number:,} {(one or kind.removesuffix('s')) if number == 1 else kind}"
