"""The webhooks journal, in which an app looks up installs and uninstalls.

Source: https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/guide.
"""

import hashlib
import hmac
import re
from urllib.parse import urlencode

from flask import Response, jsonify, request

from portalkey_simulator.api.bearer import admit_app
from portalkey_simulator.api.error_responses import (
    ApiRefused,
    error_response,
    format_moment,
    not_found_error,
)
from portalkey_simulator.api.grants import JOURNAL_READ
from portalkey_simulator.world import World
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.lifecycle import EVENT_TYPES, Event

_LINK_SECONDS = 600
_MOMENT = re.compile(r"[0-9]{1,15}")


class Journal:
    """The entries of the app that asks, one by one."""

    def __init__(self, world: World) -> None:
        self._world = world

    def show_earliest(self, version: str) -> Response:
        """Respond with a link to the oldest entry.

        Raises:
            ApiRefused: The token is no app's, or not for this.
        """
        del version
        return self._respond_with_link(self.list_entries()[:1])

    def show_latest(self, version: str) -> Response:
        """Respond with a link to the newest entry.

        Raises:
            ApiRefused: The token is no app's, or not for this.
        """
        del version
        return self._respond_with_link(self.list_entries()[-1:])

    def show_next(self, version: str, offset: str) -> Response:
        """Respond with a link to the entry after the one at *offset*.

        Raises:
            ApiRefused: The token is no app's or not for this, or the journal has no such entry,
                or not any more.
        """
        del version
        return self._respond_with_link(self.list_entries(offset)[:1])

    def show_entry(self, offset: str) -> Response:
        """Show the entry at *offset* to whoever has the link to it.

        Raises:
            ApiRefused: The link is not one of the simulator's, or too old.
        """
        app = self._check_link(offset)
        events = [one for one in self._world.lifecycle.events if one.offset == offset]
        if not events:
            raise not_found_error(offset)
        return jsonify(
            offset=offset,
            journalEvents=[_serialize_event(one, app.app_id) for one in events],
            publishedAt=format_moment(events[0].at),
        )

    def _check_link(self, offset: str) -> App:
        until, signature = request.args.get("until", ""), request.args.get("signature", "")
        app = self._world.apps.get(request.args.get("app", ""))
        if app is None or not hmac.compare_digest(
            signature.encode(), _sign_link(app, offset, until).encode()
        ):
            raise ApiRefused(
                error_response(403, "The link is not signed as it has to be.", "FORBIDDEN")
            )
        if not _MOMENT.fullmatch(until) or int(until) <= self._world.clock.now():
            raise ApiRefused(error_response(403, "The link has expired.", "FORBIDDEN"))
        return app

    def list_entries(self, after: str | None = None) -> tuple[Event, ...]:
        """Return the entries of the app that asks, oldest first, behind the offset *after*.

        Raises:
            ApiRefused: The token is no app's or not for this, or there is no such offset.
        """
        client_id = admit_app(self._world, JOURNAL_READ).client_id
        entries = self._world.lifecycle.list_journal(client_id, after)
        if entries is None:
            raise not_found_error(str(after))
        only = request.args.get("installPortalId")
        return tuple(one for one in entries if only in {None, str(one.hub_id)})

    def _respond_with_link(self, entries: tuple[Event, ...]) -> Response:
        if not entries:
            return Response(status=204)
        return jsonify(self.describe_link(entries[0]))

    def describe_link(self, entry: Event) -> dict[str, str]:
        """Return where *entry* can be read, for ten minutes."""
        until = int(self._world.clock.now()) + _LINK_SECONDS
        app = self._world.apps[entry.client_id]
        signature = _sign_link(app, entry.offset, str(until))
        query = urlencode({"app": entry.client_id, "until": until, "signature": signature})
        return {
            "currentOffset": entry.offset,
            "expiresAt": format_moment(until),
            "url": f"{request.host_url}webhooks-journal/pages/{entry.offset}?{query}",
        }


def _sign_link(app: App, offset: str, until: str) -> str:
    payload = f"{app.client_id}\n{offset}\n{until}".encode()
    return hmac.new(app.client_secret.encode(), payload, hashlib.sha256).hexdigest()


def _serialize_event(event: Event, app_id: int) -> dict[str, object]:
    types = {action: number for number, action in EVENT_TYPES.items()}
    return {
        "type": "app_lifecycle_event",
        "action": event.action,
        "portalId": event.hub_id,
        "occurredAt": format_moment(event.at),
        "eventTypeId": types[event.action],
        "properties": {
            "hs_app_id": str(app_id),
            "hs_app_install_level": "USER" if event.is_user_level else "ACCOUNT",
            "hs_initiating_user_id": str(event.user_id),
            "hs_user_id": str(event.user_id),
        },
    }
