"""A HubSpot that runs on this machine."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from portalkey.simulator import walk
from portalkey.simulator.application import create_application, guarded
from portalkey.simulator.server import Server
from portalkey.simulator.world import World
from portalkey.simulator.world.accounts import Account
from portalkey.simulator.world.apps import DEFAULT_APP, App
from portalkey.simulator.world.clock import Clock
from portalkey.simulator.world.journal import Answer, Asked
from portalkey.simulator.world.refusals import TOKEN_REFUSALS
from portalkey.simulator.world.switches import Switches


class HubSpot:
    """A local HubSpot: consent pages, token endpoints, account data.

    It keeps what it knows over ``stop`` and ``start``, and its port with it. Any thread may call
    any method.
    """

    def __init__(self, apps: Sequence[App] | None = None, port: int = 0) -> None:
        """Know these *apps* (a ready-made one by default); *port* 0 takes any that is free."""
        self._apps = tuple(apps or (DEFAULT_APP,))
        self._world = World(self._apps)
        self._server: Server | None = None
        self.port = port

    def start(self) -> None:
        """Answer from now on; returns at once.

        Raises:
            OSError: The port is taken; choose another.
        """
        if self._server is None:
            application = create_application(self._world)
            hosts: set[str] = set()
            self._world.journal.open()
            server = Server(guarded(application, hosts), self.port)
            self.port = server.port
            hosts.update((f"localhost:{self.port}", f"127.0.0.1:{self.port}"))
            server.start()
            self._server = server

    def stop(self) -> None:
        """Stop answering; returns once every socket is closed and every thread has ended."""
        if self._server is not None:
            self._world.journal.close()
            self._server.stop()
            self._server = None

    @property
    def url(self) -> str:
        """Where the pages and the API are, both: ``http://localhost:PORT``."""
        return f"http://localhost:{self.port}"

    @property
    def app(self) -> App:
        """The first of the apps."""
        return self._apps[0]

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts that a person can choose from."""
        return self._world.accounts

    @property
    def clock(self) -> Clock:
        """The clock that every lifetime goes by; ``clock.move(seconds)`` lets time pass."""
        return self._world.clock

    @property
    def switches(self) -> Switches:
        """What can be switched at any time."""
        return self._world.switches

    @property
    def requests(self) -> tuple[Asked, ...]:
        """What was asked of the API endpoints so far, oldest first."""
        return self._world.journal.asked

    def approve(self, authorize_url: str, hub_id: int | None = None) -> str:
        """Agree, and return the callback URL that the browser would be sent to.

        Without *hub_id* the first account is chosen.

        Raises:
            ValueError: The URL is none of this simulator's.
            StayedOnPage: HubSpot's page refused; nothing was sent to the app.
        """
        return walk.decide(self._own(authorize_url), decision="approve", hub_id=hub_id)

    def deny(self, authorize_url: str) -> str:
        """Cancel, and return the callback URL that the browser would be sent to.

        Raises:
            ValueError: The URL is none of this simulator's.
            StayedOnPage: HubSpot's page refused, or denial is silent; nothing was sent to the app.
        """
        return walk.decide(self._own(authorize_url), decision="deny", hub_id=None)

    def next_token_answer(
        self,
        status: int | None = None,
        body: bytes | Mapping[str, object] = b"",
        headers: Mapping[str, str] | None = None,
        delay: float = 0,
    ) -> None:
        """Lay down what the token endpoint answers next; several are given in their order.

        *delay* is in seconds. Without *status* the endpoint does its work at once and answers as
        ever, only so much later. A mapping is sent as JSON.
        """
        headers = dict(headers or {})
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        self._world.journal.script(Answer(status, body, headers, delay))

    def next_token_refusal(self, status: str) -> None:
        """Let the token endpoint refuse once, with HubSpot's word for it (``BAD_HUB``).

        Raises:
            KeyError: There is no such row in ``TOKEN_REFUSALS``.
        """
        refusal = TOKEN_REFUSALS[status]
        self.next_token_answer(refusal.http_status, refusal.body)

    def uninstall(self, hub_id: int) -> None:
        """Remove every app from this account, as its admin would: its refresh tokens end."""
        self._world.ledger.uninstall(hub_id)

    def _own(self, authorize_url: str) -> str:
        if urlsplit(authorize_url).netloc not in {
            f"localhost:{self.port}",
            f"127.0.0.1:{self.port}",
        }:
            message = f"the URL is not at {self.url}"
            raise ValueError(message)
        return authorize_url


@contextmanager
def running_hubspot(port: int = 0, apps: Sequence[App] | None = None) -> Iterator[HubSpot]:
    """A HubSpot that answers inside of the block."""
    hubspot = HubSpot(apps, port)
    hubspot.start()
    try:
        yield hubspot
    finally:
        hubspot.stop()
