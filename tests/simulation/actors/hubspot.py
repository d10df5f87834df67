"""HubSpot as the actors ask it: whether a grant lives, now and then with a lie; and its journal."""

import json
from dataclasses import dataclass

from portalkey.errors import HubSpotUnavailable
from portalkey.hubspot.http import Request, Response
from simulation.actors.faults import (
    FORGOTTEN,
    INTROSPECTED,
    LIES,
    LISTED,
    SEND_AFTER,
    SEND_BEFORE,
)
from simulation.actors.journal import Journal
from simulation.faults import HUBSPOT
from simulation.hubspot import GRACE, Given, HubSpot, Line, Mode
from simulation.world import World

_BEFORE_ALL = frozenset({"429", "500", "503", "invalid_client", "html_403"})
_OTHER_APP, _OTHER_HUB = "99999999-2222-3333-4444-555555555555", 999


@dataclass(frozen=True, slots=True)
class Spell:
    """A while in which HubSpot calls grants dead that live: one connection's, or everybody's."""

    begins: float
    ends: float
    connection_id: str | None = None

    def strikes(self, connection_id: str, now: float) -> bool:
        """True for a question about this connection at this time."""
        return self.begins <= now < self.ends and self.connection_id in {None, connection_id}


class ActorHubSpot(HubSpot):
    """Answers whoever asks about grants, too."""

    def __init__(self, world: World, mode: Mode) -> None:
        super().__init__(world, mode)
        self.spell: Spell | None = None
        self.journal = Journal(world.random.choice((0.0, 0.0, 3600.0, -3600.0)))

    def is_alive(self, token: str) -> bool:
        """True where the refresh *token* would be honoured now; asking changes nothing."""
        family = self.families[token]
        replaced_at = family.replaced_at.get(token)
        if replaced_at is None:
            return family.is_alive
        is_in_grace = self.mode is Mode.GRACE and self.world.now - replaced_at <= GRACE
        return family.is_alive and is_in_grace

    def introspect(self, token: str, fault: str | None, hub_id: int) -> Response:
        """Say of a refresh *token* if it is active, of a connection to *hub_id*."""
        family, spell = self.families[token], self.spell
        is_lie = spell is not None and spell.strikes(family.connection_id, self.world.now)
        said: dict[str, object] = {"active": False}
        if fault == "not_ours":
            said["client_id"] = _OTHER_APP
        elif fault == "no_active":
            said["active"] = "no"
        elif self.is_alive(token) and not is_lie and fault != "lie":
            said = {"active": True, "hub_id": _OTHER_HUB if fault == "moved" else hub_id}
        text = json.dumps(said)
        return Response(200, body=(text[:-4] if fault == "torn" else text).encode())


def _name_step(request: Request) -> str | None:
    """The step that *request* is; None for what HubSpot is asked by renewing."""
    if request.url.endswith("/introspect"):
        return "introspect"
    if request.form.get("grant_type") == "client_credentials":
        return "app_token"
    if "/files/" in request.url:
        return "journal_file"
    return "journal" if "/webhooks-journal/" in request.url else None


class ActorLine(Line):
    """One process's wire to HubSpot, for all that it may ask."""

    hubspot: ActorHubSpot

    def __call__(self, request: Request) -> Response:
        """Send *request*; raises ``HubSpotUnavailable`` where no answer comes in time."""
        step = _name_step(request)
        if step is None:
            return super().__call__(request)
        if step == "introspect":
            return self._look(step, request, INTROSPECTED, LIES)
        return self._look(step, request, LISTED, FORGOTTEN if step == "journal" else ())

    def _look(
        self, step: str, request: Request, kinds: tuple[str, ...], planned: tuple[str, ...]
    ) -> Response:
        """Ask for something that changes nothing; *planned* faults strike nowhere else."""
        world = self.hubspot.world
        world.point(self.process, step, SEND_BEFORE)
        fault = world.fault(step, planned, 0.0) if planned else None
        fault = fault or world.fault(step, HUBSPOT + kinds, world.odds.hubspot)
        if fault is not None:
            world.trace.append(fault)
        response, _ = self._answered(request, None, fault)
        world.point(self.process, step, SEND_AFTER)
        if response is None:
            raise HubSpotUnavailable
        return response

    def _processed(
        self, request: Request, token: str | None, fault: str | None
    ) -> tuple[Response, Given | None]:
        """At HubSpot."""
        step = _name_step(request)
        if fault in _BEFORE_ALL or step is None:
            return super()._processed(request, token, fault)
        if fault == "500_after":
            return Response(500), None
        if step != "introspect":
            hubspot = self.hubspot
            return hubspot.journal.respond(request, fault, hubspot.world.now), None
        asked = request.form["token"]
        number = int(self.hubspot.families[asked].connection_id[1:])
        return self.hubspot.introspect(asked, fault, number + 1), None
