"""HubSpot's journal of installs and uninstalls, as it lists and gives it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime

from portalkey.hubspot.http import Request, Response
from simulation.ports import SETTINGS
from simulation.watch import EPOCH

_FILES = f"{SETTINGS.api_url}/files/"
_ACTIONS = {True: "APP_UNINSTALL", False: "APP_INSTALL"}


@dataclass(frozen=True, slots=True)
class Entry:
    """The app left an account, or came to it, at this second of the world."""

    hub_id: int
    at: float
    is_uninstall: bool


@dataclass(slots=True)
class Journal:
    """Pages in the order in which they were published; HubSpot's clock is *ahead* of the store's.

    A page's offset is its number, counted from one.
    """

    ahead: float = 0.0
    pages: list[Sequence[Entry]] = field(default_factory=list)

    def uninstalls(self, hub_id: int) -> Sequence[Entry]:
        """What tells that the app left this account."""
        return [e for page in self.pages for e in page if e.is_uninstall and e.hub_id == hub_id]

    def respond(self, request: Request, fault: str | None, now: float) -> Response:
        """Give a token of the app, links or a file."""
        said: dict[str, object]
        if request.form:
            said = {"access_token": "app-token", "expires_in": 1800}
        elif request.url.startswith(_FILES):
            said = self._file(int(request.url.removeprefix(_FILES)))
        elif fault == "forgotten" and "/earliest/" not in request.url:
            return Response(404)
        else:
            said = self._links(request.url)
        text = json.dumps(said)
        date = format_datetime(self._moment(now), usegmt=True)
        body = (text[:-4] if fault == "torn" else text).encode()
        return Response(200, {"date": date}, body)

    def _moment(self, now: float) -> datetime:
        return EPOCH + timedelta(seconds=now + self.ahead)

    def _links(self, url: str) -> dict[str, object]:
        *_, place, count = url.removesuffix("/").replace("/next/", "/").split("/")
        begin = 0 if place == "earliest" else int(place)
        offsets = range(begin + 1, min(begin + int(count), len(self.pages)) + 1)
        links = [{"currentOffset": str(each), "url": f"{_FILES}{each}"} for each in offsets]
        return {"results": links}

    def _file(self, offset: int) -> dict[str, object]:
        entries = [
            {
                "action": _ACTIONS[each.is_uninstall],
                "portalId": each.hub_id,
                "occurredAt": self._moment(each.at).isoformat(),
            }
            for each in self.pages[offset - 1]
        ]
        return {"journalEvents": entries}
