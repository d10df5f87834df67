"""The webhooks journal: where an app looks up who installed and uninstalled it.

Source: https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/guide.
"""

import hashlib
import hmac
import re
from urllib.parse import urlencode

from flask import Response, jsonify, request

from portalkey_simulator.api.bearer import admit_app
from portalkey_simulator.api.error_responses import ApiRefused, error, not_found, written
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

    def earliest(self, version: str) -> Response:
        """Where the oldest entry is.

        Raises:
            ApiRefused: The token is no app's, or not for this.
        """
        del version
        return self._link(self._entries()[:1])

    def latest(self, version: str) -> Response:
        """Where the newest entry is.

        Raises:
            ApiRefused: The token is no app's, or not for this.
        """
        del version
        return self._link(self._entries()[-1:])

    def following(self, version: str, offset: str) -> Response:
        """Where the entry after the one at this *offset* is.

        Raises:
            ApiRefused: The token is no app's, or not for this.
        """
        del version
        return self._link(self._entries(offset)[:1])

    def page(self, offset: str) -> Response:
        """The entry at this *offset*; the link to it is all that it takes.

        Raises:
            ApiRefused: The link is not one of the simulator's, or too old.
        """
        app = self._app_of_link(offset)
        found = [one for one in self._world.lifecycle.events if one.offset == offset]
        if not found:
            raise not_found(offset)
        return jsonify(
            offset=offset,
            journalEvents=[_shown(one, app.app_id) for one in found],
            publishedAt=written(found[0].at),
        )

    def _app_of_link(self, offset: str) -> App:
        until, told = request.args.get("until", ""), request.args.get("signature", "")
        app = self._world.apps.get(request.args.get("app", ""))
        if app is None or not hmac.compare_digest(
            told.encode(), _signature(app, offset, until).encode()
        ):
            raise ApiRefused(error(403, "The link is not signed as it has to be.", "FORBIDDEN"))
        if not _MOMENT.fullmatch(until) or int(until) <= self._world.clock.now():
            raise ApiRefused(error(403, "The link has expired.", "FORBIDDEN"))
        return app

    def _entries(self, after: str | None = None) -> tuple[Event, ...]:
        client_id = admit_app(self._world, JOURNAL_READ).client_id
        entries = self._world.lifecycle.journal(client_id, after)
        only = request.args.get("installPortalId")
        return tuple(one for one in entries if only in {None, str(one.hub_id)})

    def _link(self, entries: tuple[Event, ...]) -> Response:
        if not entries:
            return Response(status=204)
        [entry] = entries
        until = int(self._world.clock.now()) + _LINK_SECONDS
        app = self._world.apps[entry.client_id]
        signature = _signature(app, entry.offset, str(until))
        query = urlencode({"app": entry.client_id, "until": until, "signature": signature})
        return jsonify(
            currentOffset=entry.offset,
            expiresAt=written(until),
            url=f"{request.host_url}webhooks-journal/pages/{entry.offset}?{query}",
        )


def _signature(app: App, offset: str, until: str) -> str:
    signed = f"{app.client_id}\n{offset}\n{until}".encode()
    return hmac.new(app.client_secret.encode(), signed, hashlib.sha256).hexdigest()


def _shown(event: Event, app_id: int) -> dict[str, object]:
    types = {action: number for number, action in EVENT_TYPES.items()}
    return {
        "type": "app_lifecycle_event",
        "action": event.action,
        "portalId": event.hub_id,
        "occurredAt": written(event.at),
        "eventTypeId": types[event.action],
        "properties": {
            "hs_app_id": str(app_id),
            "hs_app_install_level": "USER" if event.is_user_level else "ACCOUNT",
            "hs_initiating_user_id": str(event.user_id),
            "hs_user_id": str(event.user_id),
        },
    }
