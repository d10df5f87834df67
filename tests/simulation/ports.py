"""What a virtual process is built of: the real parts, over ports that the world has its hand on."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import SecretStr

from portalkey._support.background import Background
from portalkey.broker.audit import Audit
from portalkey.broker.lease_owner import LeaseOwner
from portalkey.broker.outbox import Outbox
from portalkey.broker.refresh import Refresh
from portalkey.broker.waiting import Check, always
from portalkey.errors import NoKeyOpens, PortalkeyError, StoreUnusable
from portalkey.hubspot.http import Send
from portalkey.settings import Settings
from portalkey.vault import MemoryStore, Vault
from portalkey.vault.keyring import Binding, Keyring, new_key
from portalkey.vault.store import OwedRevocation
from simulation.faults import AFTER, BEFORE
from simulation.hubspot import HubSpot, Line
from simulation.watch import EPOCH, Watch
from simulation.world import World

_SLEEP_BEFORE = ("crash_before", "pause_before", "delay_before", "skew")
_SLEEP_AFTER = ("crash_after", "pause_after", "delay_after")
_NAP, _LONGEST_NAP = 0.1, 64.0
"""A sleep of fewer seconds is a nap, and becomes so many times as long at most."""

SETTINGS = Settings(
    client_id="11111111-2222-3333-4444-555555555555",
    client_secret=SecretStr("not-a-secret-of-anybody-0000000000000"),
    scopes="crm.objects.contacts.read",
    keys=f"simulation:{new_key().get_secret_value()}",
    database_url="sqlite:///nowhere.db",
    exchanges_per_minute=10_000,
)


class Drawer(Keyring):
    """A keyring without a cipher: it remembers what it sealed, and for which place alone."""

    __slots__ = ("_sealed",)

    def __init__(self) -> None:
        super().__init__(SETTINGS.keys)
        self._sealed: dict[str, tuple[SecretStr, Binding]] = {}

    def clear(self) -> None:
        """Forget all."""
        self._sealed.clear()

    def seal(self, secret: SecretStr, binding: Binding) -> str:
        """A number that stands for *secret*."""
        sealed = f"v1.simulation.{len(self._sealed)}"
        self._sealed[sealed] = secret, binding
        return sealed

    def open(self, sealed: str, binding: Binding) -> SecretStr:
        """What was sealed with an equal *binding*."""
        secret, sealed_for = self._sealed[sealed]
        if sealed_for != binding:
            raise NoKeyOpens("simulation")
        return secret

    def fingerprint(self, secret: SecretStr) -> str:
        """Equal for equal secrets."""
        return f"of {secret.get_secret_value()}"

    def fingerprints(self, secret: SecretStr) -> tuple[str, ...]:
        """There is one key only."""
        return (self.fingerprint(secret),)


class StorePort:
    """One process's way to the store: each call is a step, before and after its effect."""

    is_personal = False

    def __init__(self, process: "Process") -> None:
        self._process = process

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            process = self._process
            process.world.point(process, name, BEFORE)
            if process.world.now < process.cut_until:
                raise StoreUnusable
            result = getattr(process.store, name)(*args, **kwargs)
            process.watch.effected(process, name, args, result)
            process.world.point(process, name, AFTER)
            return result

        # Found at once the next time: it is not the store's own that is kept.
        self.__dict__[name] = call
        return call

    def pending(self, at_most: int, *, client_id: str | None = None) -> Sequence[OwedRevocation]:
        """In an order that is the same each time: ids are random."""
        process = self._process
        process.world.point(process, "pending", BEFORE)
        if process.world.now < process.cut_until:
            raise StoreUnusable
        now = process.store.now()
        kept = process.store._owed.values()
        process.world.point(process, "pending", AFTER)
        return [each for each in kept if each.due_at <= now][:at_most]


class SimHolder(LeaseOwner):
    """Knows of the dead of its own machine, and never takes the living for dead."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._at: dict[str, object] = {}

    @property
    def name(self) -> str:
        """The machine's number and the process's."""
        return f"{self._process.machine}/{self._process.number}"

    def is_dead(self, name: str) -> bool:
        """True of a process of the same machine that crashed."""
        machine, _, number = name.partition("/")
        other = self._process.others.get(int(number))
        return machine == str(self._process.machine) and other is not None and other.is_dead

    def close(self) -> None:
        """There is no file."""


class Inline(Background):
    """Background work as a task of its own."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._names: set[str] = set()
        self._again: set[str] = set()

    def start(self, name: str, work: Callable[[], object], *, again: bool = False) -> bool:
        """Let *work* begin; once for each name at a time, and *again* after that."""
        if name in self._names:
            self._again |= {name} if again else set()
            return again
        self._names.add(name)
        self._process.world.spawn(self._process, lambda: self._do(name, work))
        return True

    def _do(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except PortalkeyError:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            self._process.watch.broke(f"in the background: {error!r}")
        finally:
            self._names.discard(name)
        if name in self._again:
            self._again.discard(name)
            self.start(name, work)

    def join(self, seconds: float | None = None) -> bool:
        """The world runs until all is done."""
        del seconds
        return True


class Process:
    """The real parts of one process. It is used again by the next schedule, with nothing left.

    What may be forked is registered with the interpreter for good, so there are not many of these.
    """

    LINE: ClassVar[type[Line]] = Line
    """Its wire to HubSpot."""

    def __init__(self, keyring: Keyring, settings: Settings = SETTINGS) -> None:
        self.number = 0
        self.machine = 0
        self.is_dead = False
        self.offset = 0.0
        self.cut_until = -1.0
        self.naps = 0
        self.world: World
        self.store: MemoryStore
        self.watch: Watch
        self.others: dict[int, Process] = {}
        port: Any = StorePort(self)
        self.port = port
        self.vault = Vault(keyring, port, settings.client_id)
        self.audit = audit = Audit(self.vault)
        self.line = self.LINE(
            self,
            lambda token: self.watch.posted(self, token),
            lambda *answer: self.watch.received(self, *answer),
        )
        send, check = self._way_to_hubspot(settings)
        self.outbox = Outbox(settings, self.vault, send, audit, uninstall=print, check=check)
        self.refresh = Refresh(
            settings,
            self.vault,
            send,
            audit,
            self.outbox,
            clock=self._clock,
            sleep=self._sleep,
            uniform=self._uniform,
            lease_owner=SimHolder(self),
            check=check,
        )

    def _way_to_hubspot(self, settings: Settings) -> tuple[Send, Check]:
        """Its wire, which is always tried: schedules of tenants cut machines off."""
        return self.line, always

    def begin(
        self, world: World, store: MemoryStore, watch: Watch, hubspot: HubSpot, number: int
    ) -> None:
        """Stand as new in *world*, which knows it by *number*."""
        self.world, self.store, self.watch, self.line.hubspot = world, store, watch, hubspot
        self.number, self.machine = number, world.random.choice((1, 1, 2))
        self.is_dead, self.naps, self.cut_until = False, 0, -1.0
        self.offset = world.random.choice((0.0, 0.0, 3600.0, -3600.0)) + 1e6
        self.refresh._token_request.pending.clear()
        self.refresh.admission._renew()
        self.refresh._background = Inline(self)

    def _clock(self) -> float:
        if self.world.current is not None:
            self.world.current.looked_at = self.world.now
        return self.world.now + self.offset

    def _uniform(self, low: float, high: float) -> float:
        return self.world.random.uniform(low, high)

    def _sleep(self, seconds: float) -> None:
        """Whoever takes a nap may be woken late, and the more naps it takes, the later."""
        self.world.point(self, "sleep", _SLEEP_BEFORE)
        if seconds < _NAP:
            self.naps += 1
            seconds *= min(2.0**self.naps, _LONGEST_NAP)
        self.world.rest(seconds, "sleep")
        self.world.point(self, "sleep", _SLEEP_AFTER)


def new_store(world: World, kind: type[MemoryStore] = MemoryStore) -> MemoryStore:
    """A store whose clock is the world's."""
    store = kind()
    store._now = lambda: EPOCH + timedelta(seconds=world.now)
    return store
