"""A process in which every actor is at work: what renews, tells, sweeps and reads."""

from functools import partial
from typing import Any, ClassVar

from portalkey._support.beat import Beat
from portalkey.broker.alarms import Alarms
from portalkey.broker.app_token import AppTokenSource
from portalkey.broker.deliveries import Deliveries
from portalkey.broker.delivery import call
from portalkey.broker.disconnect import Disconnector
from portalkey.broker.introspect import Introspector
from portalkey.broker.journal import JournalReader
from portalkey.broker.notify import Undelivered
from portalkey.broker.sweep import Sweep
from portalkey.broker.token_endpoint import TokenEndpoint
from portalkey.broker.waiting import always
from portalkey.model.events import Event
from portalkey.model.notifications import Notification
from portalkey.settings import Settings
from portalkey.vault import MemoryStore
from portalkey.vault.keyring import Keyring
from simulation.actors.faults import RECEIVER, SEND_AFTER, SEND_BEFORE
from simulation.actors.hubspot import ActorLine
from simulation.actors.ledger import RECEIVERS
from simulation.actors.watch import ActorWatch
from simulation.hubspot import HubSpot, Line
from simulation.ports import SETTINGS, Inline, Process
from simulation.watch import Watch
from simulation.world import World

LIMITED = SETTINGS.model_copy(update={"refresh_rate": 2.0, "refresh_burst": 8})
"""Settings under which a sweep comes to the end of its share."""
_WEBHOOK, _APP = RECEIVERS
_AWAY = frozenset({"unreachable", "lost_request", "503"})
_REFUSED = frozenset({"429", "500"})
_UNHEARD = frozenset({"lost_answer", "500_after"})


class Still(Beat):
    """None: who is at work in a schedule is chosen by its seed."""

    def start(self) -> None:
        """Do nothing."""


class ActorProcess(Process):
    """The real parts of one process."""

    LINE: ClassVar[type[Line]] = ActorLine
    watch: ActorWatch

    def __init__(self, keyring: Keyring, settings: Settings = LIMITED) -> None:
        self.world = World(0)  # parts look at the clock as they are put together
        super().__init__(keyring, settings)
        self.disconnector = Disconnector(self.vault, self.audit)
        self.deliveries = Deliveries(
            self.vault,
            self.audit,
            clock=self._clock,
            uniform=self._uniform,
            webhook=self._deliver_to_webhook,
        )
        self.deliveries._receivers[_APP] = partial(call, partial(self._deliver, _APP))
        self.introspector = Introspector(
            settings, self.vault, self.line, self.audit, evict=lambda _: None
        )
        endpoint = TokenEndpoint(self.refresh.admission, self.refresh._outcomes.breaker)
        self.sweep = Sweep(
            self.vault,
            self.introspector,
            endpoint,
            self.audit,
            Alarms(self.audit, clock=self._clock),
            check=always,
            clock=self._clock,
            uniform=self._uniform,
        )
        self.app_token = AppTokenSource(settings, self.line, endpoint, self._clock)
        self.journal = JournalReader(
            settings,
            self.vault,
            self.line,
            fetch=self.line,
            token=self.app_token,
            audit=self.audit,
            clock=self._clock,
            check=always,
            evict=lambda _: None,
        )
        self.callers = 0

    def begin(
        self, world: World, store: MemoryStore, watch: Watch, hubspot: HubSpot, number: int
    ) -> None:
        """Stand as new in *world*, which knows it by *number*."""
        super().begin(world, store, watch, hubspot, number)
        self.deliveries.background = Inline(self)
        self.deliveries.beat = Still(self.deliveries.start, lambda: 0.0)
        self.deliveries._renew()
        self.callers = 0
        self.sweep._guard.__init__(self._clock)  # type: ignore[misc]
        self.sweep._notes._noted_at = self.journal._not_before = float("-inf")
        self.app_token.forget()

    @property
    def is_alone(self) -> bool:
        """True while nobody but a sweep may ask for permits."""
        background: Any = self.refresh._background
        return self.callers == 0 and not background._names

    def _deliver_to_webhook(self, notification: Notification) -> None:
        self._deliver(_WEBHOOK, notification.event)

    def _deliver(self, receiver: str, event: Event) -> None:
        """Call a receiver once.

        Raises:
            Undelivered: It does not have the *event*, as far as this process knows.
        """
        world = self.world
        world.point(self, "deliver", SEND_BEFORE)
        fault = world.fault("deliver", RECEIVER, world.odds.hubspot)
        if fault is not None:
            world.trace.append(fault)
        slow, quick = (5.0, 9.9), (0.05, 0.4)
        world.rest(world.random.uniform(*(slow if fault in {"slow", "lost_request"} else quick)))
        if fault in _AWAY:
            raise Undelivered("it is away", is_of_receiver=True)
        if fault in _REFUSED:
            raise Undelivered("it refuses", seconds=world.random.choice((0.0, 2.0, 3600.0)))
        self.watch.ledger.arrived(receiver, event)
        world.point(self, "deliver", SEND_AFTER)
        if fault in _UNHEARD:
            raise Undelivered("its answer was lost")
