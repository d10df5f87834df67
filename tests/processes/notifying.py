"""Processes killed while they change connections and tell of it, and what reaches the receivers."""

import os
import random
import secrets
import socket
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from standardwebhooks import Webhook as Verifier

from portalkey.broker import Broker
from portalkey.broker.delivery import LONGEST_WAIT, RECEIVER_SECONDS
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.model.notifications import NOTIFIED, WEBHOOK
from portalkey.settings import Settings
from portalkey.testing.samples import connect
from portalkey.vault.store import Mark, Store
from processes.crew import Crew
from processes.plan import Ahead, Plan
from support.patience import PATIENCE

JOURNAL = "journal"
"""The name of the function that is told, beside the webhook."""
ROWS = 3
CHANGES = 6
"""So many changes a process that kills itself goes through, at most."""
GOOD, ERROR, CUT, HANG = "good", "error", "cut", "hang"
MOODS = (GOOD, GOOD, GOOD, ERROR, CUT)
_ANSWERS = {GOOD: b"HTTP/1.1 204 X\r\n\r\n", ERROR: b"HTTP/1.1 500 X\r\n\r\n", CUT: b"", HANG: b""}
_LOOK = 0.02


def change(store: Store, row: Connection) -> Event:
    """Change *row*, with an event of it; the next change is another one."""
    is_well = row.status is ConnectionStatus.CONNECTED
    status = ConnectionStatus.FAILING if is_well else ConnectionStatus.CONNECTED
    name = EventName.SCOPES_CHANGED if is_well else EventName.HEALED
    event = Event(name, row.owner, None, row.id, {"mark": secrets.token_hex(4)})
    assert store.mark(row, Mark(status, event=event))
    return event


class Journal:
    """A receiver that writes down what it hears, and then fails at times, unless it *is_well*."""

    def __init__(self, file: Path, *, is_well: bool = False) -> None:
        self._is_well = is_well
        self._file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __call__(self, event: Event) -> None:
        """Hear of *event*."""
        os.write(self._file, f"{event.connection_id} {event.id} {event.facts}\n".encode())
        if not self._is_well and secrets.randbelow(10) == 0:
            raise RuntimeError("it has done its work, and fails all the same")


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came to a receiver, in the order in which it came."""

    connection_id: str
    event_id: str
    content: str


class Endpoint:
    """A receiver over a real socket, which fails, hangs, breaks off and is away as it is told."""

    def __init__(self) -> None:
        key = b64encode(secrets.token_bytes(32)).decode()
        self.secret = f"whsec_{key}"
        self.moods: Sequence[str] = (GOOD,)
        self.arrivals: list[Arrival] = []
        self._chance = random.Random(secrets.randbits(32))  # noqa: S311 - no secret
        self._verifier = Verifier(self.secret)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/hooks"
        self._listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.die()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with self._lock:
                    self._open.add(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(OSError):
                head, body = _read(connection)
                if not head:
                    return
                told = self._verifier.verify(body, head)
                arrival = Arrival(told["data"]["connection_id"], head["webhook-id"], body.decode())
                with self._lock:
                    self.arrivals.append(arrival)
                    mood = self._chance.choice(self.moods)
                connection.sendall(_ANSWERS[mood])
                if mood == HANG:
                    connection.recv(1)  # until the other side is dead, or has had enough
        finally:
            with self._lock:
                self._open.discard(connection)

    def settle(self) -> None:
        """Wait until nothing is on its way any more: whoever sent it is dead."""
        until = time.monotonic() + PATIENCE
        while self._open and time.monotonic() < until:
            time.sleep(0.002)
        assert not self._open

    def die(self) -> None:
        """Be away, as a server that was killed is."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def live(self) -> None:
        """Be there again, at the same address."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self._listener = socket.create_server(("127.0.0.1", self.port))
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(_LOOK)
        self._listen()


def _read(connection: socket.socket) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a request; none, where not all of it came."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        if not more:
            return {}, b""
        received += more
    start, _, body = received.partition(b"\r\n\r\n")
    pairs = (line.partition(": ") for line in start.decode().split("\r\n")[1:])
    head = {name.lower(): value for name, _, value in pairs}
    while len(body) < int(head["content-length"]):
        more = connection.recv(65536)
        if not more:
            return {}, b""
        body += more
    return head, body


def with_webhook(settings: Settings, endpoint: Endpoint) -> Settings:
    """The *settings* of an app whose receiver is *endpoint*."""
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    values |= {"webhook_url": endpoint.url, "webhook_secrets": endpoint.secret}
    return Settings(**values)


class Notifying:
    """Connections that processes change and tell of, each process killed at it."""

    def __init__(
        self, crew: Crew, plan: Plan, broker: Broker, ahead: Ahead, endpoint: Endpoint
    ) -> None:
        """Let processes work as *plan* says, whose settings name *endpoint*."""
        self._crew, self._plan, self._broker, self._ahead = crew, plan, broker, ahead
        self._endpoint = endpoint
        self._journal = plan.ahead.with_name(f"journal-{secrets.token_hex(4)}")
        self._owner = f"owner-{secrets.token_hex(4)}"
        store, app = broker.vault.store, plan.settings.client_id
        store.add_receivers(app, [WEBHOOK, JOURNAL])
        rows = [connect(store, owner=f"{self._owner}-{n}", client_id=app) for n in range(ROWS)]
        self._rows = [row.id for row in rows]

    def steps(self) -> Sequence[str]:
        """The steps at which a process can be killed, as one goes through them that is not."""
        victim = self._crew.hire(replace(self._plan, dies_at=-1))
        victim.begin("make_changes", self._rows, self._journal, CHANGES)
        heard = victim.hear()
        assert heard == "begun", heard
        victim.end()
        steps: Sequence[str] = victim.call("steps")
        victim.leave()
        return steps

    def at_step(self, number: int) -> bool:
        """Let a process kill itself at the step of this *number*; True where it came to that."""
        self._endpoint.moods = MOODS
        victim = self._crew.hire(replace(self._plan, dies_at=number))
        victim.begin("make_changes", self._rows, self._journal, CHANGES)
        heard: list[object] = []
        with suppress(EOFError):
            heard.extend(victim.hear() for _ in range(2))
        is_dead = len(heard) < 2
        if is_dead:
            victim.bury()
        else:
            victim.leave()
        self._pass(RECEIVER_SECONDS + 1)
        return is_dead

    def at_random(self, after: float, *, is_away: bool = False) -> None:
        """Kill a process so many seconds *after* it began; the webhook may be away meanwhile."""
        self._endpoint.moods = (*MOODS, HANG)  # until it is killed
        if is_away:
            self._endpoint.die()
        victim = self._crew.hire(self._plan)
        victim.begin("make_changes", self._rows, self._journal, 1_000_000)
        assert victim.hear() == "begun"
        victim.is_done(after)
        victim.kill()
        if is_away:
            self._endpoint.live()
        self._pass(RECEIVER_SECONDS + 1)

    def in_crowd(self, number: int) -> None:
        """Let processes change a connection each, so often, and all of them deliver all of it."""
        self._endpoint.moods = MOODS
        members = [self._crew.hire(self._plan) for _ in self._rows]
        for member, row in zip(members, self._rows, strict=True):
            member.begin("make_changes", [row], self._journal, number)
        for member in members:
            assert member.hear() == "begun"
        for member in members:
            member.end()
            member.leave()
        self._pass(RECEIVER_SECONDS + 1)

    def _pass(self, seconds: float) -> None:
        """Let the time pass for which the dead keep others from what they were at."""
        self._endpoint.settle()
        self._ahead.seconds += seconds

    def drain(self) -> None:
        """Deliver all that is left, by a process that nobody kills, to receivers that are well."""
        self._endpoint.moods = (GOOD,)
        survivor = self._crew.hire(self._plan)
        until = time.monotonic() + PATIENCE
        while survivor.call("deliver_all", self._journal):
            self._pass(LONGEST_WAIT + 1)
            assert time.monotonic() < until, "something is never delivered"
        survivor.leave()

    def verify(self) -> "Told":
        """Compare what arrived with what happened."""
        events = [
            event
            for number in range(ROWS)
            for event in self._broker.vault.store.events(owner=f"{self._owner}-{number}")
            if event.name in NOTIFIED
        ]
        lines = self._journal.read_text().splitlines()
        journal = [Arrival(*line.split(" ", 2)) for line in lines]
        mine = set(self._rows)
        hooks = [each for each in self._endpoint.arrivals if each.connection_id in mine]
        return Told(
            len(events),
            len(hooks) + len(journal),
            [*_find_wrong(events, hooks, WEBHOOK), *_find_wrong(events, journal, JOURNAL)],
        )


@dataclass(frozen=True, slots=True)
class Told:
    """The number of ``changes``, of ``arrivals`` at both receivers, and all that is ``wrong``."""

    changes: int
    arrivals: int
    wrong: Sequence[str]


def _find_wrong(
    events: Sequence[Event], arrivals: Sequence[Arrival], receiver: str
) -> Iterator[str]:
    """Yield what was lost, came out of its order, or was another thing when it was repeated."""
    contents: dict[str, set[str]] = {}
    for each in arrivals:
        contents.setdefault(each.event_id, set()).add(each.content)
    for row in {event.connection_id for event in events}:
        happened = [event.id or "" for event in events if event.connection_id == row]
        came = [each.event_id for each in arrivals if each.connection_id == row]
        lost = set(happened) - set(came)
        strange = set(came) - set(happened)
        places = [happened.index(each) for each in came if each in happened]
        if lost or strange:
            yield f"{receiver}: {row} lost {sorted(lost)}, and had {sorted(strange)} that never was"
        if places != sorted(places):
            yield f"{receiver}: {row} out of order: {places}"
    unequal = Counter(name for name, texts in contents.items() if len(texts) > 1)
    yield from (f"{receiver}: {name} was another when it was repeated" for name in unequal)
