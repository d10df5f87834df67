"""A HubSpot whose answers are scripted: for a tenant, for a machine, for all, each for a while."""

from dataclasses import dataclass, field

from portalkey.hubspot.client import DEADLINE
from portalkey.hubspot.http import Request, Response
from simulation.hubspot import Given, HubSpot, Line, Mode
from simulation.ports import Process
from simulation.tenants.troubles import QUICK, Trouble
from simulation.world import Task, World


@dataclass(frozen=True, slots=True)
class Spell:
    """A *trouble* from second ``begins`` until ``ends``.

    It is that of the connections of *owner* where one is named, of the processes on *machine*
    where one is, and everybody's otherwise.
    """

    trouble: Trouble
    begins: float
    ends: float
    owner: str | None = None
    machine: int | None = None

    def strikes(self, owner: str, machine: int, now: float) -> bool:
        """Return True for a request of *owner* from *machine* at this time."""
        is_meant = self.owner in (None, owner) and self.machine in (None, machine)
        return is_meant and self.begins <= now < self.ends


@dataclass(slots=True)
class Sent:
    """One token request: who sent it, when, and what came of it."""

    connection_id: str
    owner: str
    process: int
    machine: int
    at: float
    task: Task | None
    ended_at: float = float("inf")
    trouble: Trouble | None = None


@dataclass(slots=True)
class Log:
    """Every token request that was sent, in order, and every probe without meaning."""

    sent: list[Sent] = field(default_factory=list)
    probes: list[Sent] = field(default_factory=list)


class ScriptedHubSpot(HubSpot):
    """Answers each request by the spell that strikes it, and otherwise as HubSpot does."""

    def __init__(self, world: World, mode: Mode, lifetime: int) -> None:
        super().__init__(world, mode)
        self.lifetime = lifetime
        self.spells: list[Spell] = []
        self.owners: dict[str, str] = {}
        self.log = Log()

    def trouble_of(self, sent: Sent) -> Trouble | None:
        """The trouble that the request *sent* meets, if it meets any: its machine's first."""
        now = self.world.now
        striking = [each for each in self.spells if each.strikes(sent.owner, sent.machine, now)]
        striking.sort(key=lambda each: (not each.trouble.is_local, each.owner is not None))
        return striking[0].trouble if striking else None


class ScriptedLine(Line):
    """One process's wire to the scripted HubSpot."""

    process: Process
    hubspot: ScriptedHubSpot

    def __call__(self, request: Request) -> Response:
        """Send *request*; raises ``HubSpotUnavailable`` where no answer comes in time."""
        longest = request.seconds or DEADLINE
        if request.method == "GET":
            return self._probe(longest)
        if "refresh_token" not in request.form:
            self.hubspot.world.rest(self._pause(QUICK))
            return self.hubspot.revoke(request.form["token"])
        return self._refresh(request.form["refresh_token"], longest)

    def _probe(self, longest: float) -> Response:
        """Something without meaning: what an owner meets is not met."""
        now, process = self.hubspot.world.now, self.process
        sent = Sent("", "", process.number, process.machine, now, None)
        self.hubspot.log.probes.append(sent)
        trouble = self.hubspot.trouble_of(sent)
        if trouble is None:
            self.hubspot.world.rest(self._pause(QUICK))
            return Response(404)
        return self._meet(trouble, longest)

    def _meet(self, trouble: Trouble, longest: float) -> Response:
        self.hubspot.world.rest(min(self._pause(trouble.seconds), longest))
        response = trouble.respond()
        if response is None:
            raise trouble.error()
        return response

    def _refresh(self, token: str, longest: float) -> Response:
        hubspot, world = self.hubspot, self.hubspot.world
        self._posted(token)
        sent = self._log(token)
        trouble = sent.trouble = hubspot.trouble_of(sent)
        world.trace.append(f"{sent.process}>{sent.connection_id}")
        given: Given | None = None
        response: Response | None = None
        try:
            if trouble is None:
                taken = self._pause(QUICK)
                world.rest(taken / 2)
                response, given = hubspot.refresh(token)
                world.rest(taken / 2)
            else:
                response = self._meet(trouble, longest)
                if trouble.is_final:
                    hubspot.families[token].is_alive = False
        finally:
            sent.ended_at = world.now
            self._received(token, response, given)
        return response

    def _log(self, token: str) -> Sent:
        hubspot, process = self.hubspot, self.process
        connection_id = hubspot.families[token].connection_id
        sent = Sent(
            connection_id,
            hubspot.owners[connection_id],
            process.number,
            process.machine,
            hubspot.world.now,
            hubspot.world.current,
        )
        hubspot.log.sent.append(sent)
        return sent

    def _pause(self, seconds: tuple[float, float]) -> float:
        return self.hubspot.world.random.uniform(*seconds)
