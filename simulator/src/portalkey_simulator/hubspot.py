"""A HubSpot that runs on this machine."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from urllib.parse import urlsplit

from flask import Flask

from portalkey_simulator import walk
from portalkey_simulator.application import create_application, restrict_hosts
from portalkey_simulator.control.dependencies import Dependencies
from portalkey_simulator.control.parsing import BadField
from portalkey_simulator.control.registry import expire_tokens
from portalkey_simulator.control.request_models import Expire
from portalkey_simulator.control.routes import add_control
from portalkey_simulator.faults.fault_kinds import Fault
from portalkey_simulator.faults.rules import Faults
from portalkey_simulator.marketplace_walk import MarketplaceInstall
from portalkey_simulator.server import Server
from portalkey_simulator.signing import AppAnswer, SignatureVersion, send, sign
from portalkey_simulator.world import World
from portalkey_simulator.world.accounts import ACCOUNTS, Account
from portalkey_simulator.world.apps import DEFAULT_APP, App
from portalkey_simulator.world.clock import Clock
from portalkey_simulator.world.request_log import LoggedRequest
from portalkey_simulator.world.switches import Switches


class HubSpot:
    """A local HubSpot: consent pages, token endpoints, account data.

    It keeps what it knows over ``stop`` and ``start``, and its port with it. Any thread may call
    any method.
    """

    def __init__(
        self,
        apps: Sequence[App] | None = None,
        port: int = 0,
        *,
        accounts: Sequence[Account] = ACCOUNTS,
        seed: int | None = None,
        prepare: Callable[["HubSpot"], None] | None = None,
    ) -> None:
        """Know these *apps* (a ready-made one by default) and *accounts*.

        *port* 0 takes any that is free. A *seed* makes the same codes and tokens again, in the
        order of the requests. *prepare* sets switches and faults, now and after every ``reset``.

        Raises:
            ValueError: *accounts* is empty; nobody could connect.
        """
        self._apps = tuple(apps or (DEFAULT_APP,))
        self._world = World(self._apps, accounts, seed)
        self.faults = Faults(self._world.mint.chance)
        self._server: Server | None = None
        self._lock = threading.Lock()
        self.port = port
        self._prepare = prepare or (lambda _: None)
        self._prepare(self)

    def start(self) -> None:
        """Answer from now on; returns at once.

        Raises:
            OSError: The port is taken; choose another.
        """
        with self._lock:
            if self._server is None:
                self._server = self._serve()

    def _serve(self) -> Server:
        application = create_application(self._world, self.faults)
        add_control(application, self._dependencies(application))
        hosts: set[str] = set()
        self._world.pause.open()
        server = Server(restrict_hosts(application, hosts), self.port)
        self.port = server.port
        hosts.update((f"localhost:{self.port}", f"127.0.0.1:{self.port}"))
        server.start()
        return server

    def stop(self) -> None:
        """Stop answering; returns once every socket is closed and every thread has ended."""
        with self._lock:
            if self._server is not None:
                self._world.pause.close()
                self._server.stop()
                self._server = None

    def reset(self) -> None:
        """Be as at the start: nothing happened, and what was set is as it was."""
        self.faults.restart()
        self._world.reset()
        self._prepare(self)

    @property
    def url(self) -> str:
        """The address of both the pages and the API: ``http://localhost:PORT``."""
        return f"http://localhost:{self.port}"

    @property
    def app(self) -> App:
        """The first of the apps."""
        return self._world.apps[self._apps[0].client_id]

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
        """The switches, which can be set at any time."""
        return self._world.switches

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """The last 10,000 requests to the API endpoints, oldest first."""
        return self._world.record.requests

    def approve(
        self, authorize_url: str, hub_id: int | None = None, user_id: int | None = None
    ) -> str:
        """Agree, and return the callback URL that the browser would be sent to.

        *user_id* says who agrees, and is the account's first person by default. Without *hub_id*
        it is their account, or the first one.

        Raises:
            ValueError: The URL is none of this simulator's.
            StayedOnPage: HubSpot's page refused; nothing was sent to the app.
        """
        return self._decide("approve", None, authorize_url, hub_id, user_id)

    def deny(
        self, authorize_url: str, hub_id: int | None = None, user_id: int | None = None
    ) -> str:
        """Cancel, and return the callback URL that the browser would be sent to.

        Account and person are chosen as by ``approve``; they matter where ``cancel_sends`` is
        "code".

        Raises:
            ValueError: The URL is none of this simulator's.
            StayedOnPage: HubSpot's page refused, or denial is silent; nothing was sent to the app.
        """
        return self._decide("deny", None, authorize_url, hub_id, user_id)

    def install_link(self, app: App | None = None) -> str:
        """Return the address for sharing an app, which begins an install without state."""
        return f"{self.url}/oauth/authorize?{(app or self.app).install_query()}"

    def install_from_marketplace(
        self, app: App | None = None, hub_id: int | None = None, user_id: int | None = None
    ) -> MarketplaceInstall:
        """Begin an install on the app's listing, at ``/marketplace/CLIENT_ID``.

        Account and person are chosen as by ``approve``.

        Raises:
            StayedOnPage: HubSpot's page refused; nothing was sent to the app.
        """
        listing = f"{self.url}/marketplace/{(app or self.app).client_id}"
        return MarketplaceInstall(listing, hub_id, user_id)

    def send_signed(
        self,
        url: str,
        body: bytes,
        *,
        version: SignatureVersion = "v3",
        method: str = "POST",
        app: App | None = None,
        timestamp: int | None = None,
    ) -> AppAnswer:
        """Send a request to an app on this machine, signed with its secret.

        *timestamp* is in milliseconds since 1970 in UTC, and by default what ``clock`` says.

        Raises:
            ValueError: The URL is not one of http at ``localhost`` or 127.0.0.1.
            OSError: Nothing answers there.
        """
        moment = int(self.clock.now() * 1000) if timestamp is None else timestamp
        headers = sign(app or self.app, version, method, url, body=body, timestamp=moment)
        return send(url, body, method=method, headers=headers)

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

        Raises:
            ValueError: A number makes no sense, or a header cannot be sent.
        """
        if status is None:
            self.faults.add(Fault("late", delay))
            return
        headers = dict(headers or {})
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        self.faults.add(Fault("answer", delay, status, body, headers))

    def next_token_refusal(self, status: str) -> None:
        """Let the token endpoint refuse once, with HubSpot's word for it (``BAD_HUB``).

        Raises:
            ValueError: There is no such row in ``TOKEN_REFUSALS``.
        """
        self.faults.add(Fault("refusal", refusal=status))

    def uninstall(self, hub_id: int) -> None:
        """Remove every app from this account, as its admin would: its refresh tokens end.

        Raises:
            ValueError: There is no such account.
        """
        account = self._world.account(hub_id)
        if account is None:
            message = f"there is no account {hub_id}"
            raise ValueError(message)
        self._world.uninstall(account, self._world.apps)

    def set_account(self, account: Account) -> None:
        """Know *account*, in place of the one with its number; tokens that are out follow it."""
        self._world.set_account(account)

    def add_app(self, app: App) -> None:
        """Know *app*, in place of the one with its client id."""
        self._world.add_app(app)

    def rotate_secret(
        self, client_secret: str, overlap_seconds: float = 0, *, app: App | None = None
    ) -> App:
        """Give an app a new client secret, and return the app that has it.

        The old one is accepted for *overlap_seconds* more. ``app`` is the app with it from now on.
        """
        return self._world.rotate_secret(app or self.app, client_secret, overlap_seconds)

    def expire(self, access_token: str | None = None, hub_id: int | None = None) -> int:
        """Let access tokens expire: this one, an account's, or all. Return how many lived.

        Raises:
            ValueError: There is no such account, or no such token.
        """
        try:
            return expire_tokens(self._world, Expire(access_token, hub_id))
        except BadField as bad:
            raise ValueError(str(bad)) from None

    def _dependencies(self, application: Flask) -> Dependencies:
        via = walk.ask_within(application)
        approve, deny = partial(self._decide, "approve", via), partial(self._decide, "deny", via)
        return Dependencies(self._world, self.faults, approve, deny, self.reset)

    def _decide(
        self,
        decision: str,
        via: walk.Ask | None,
        authorize_url: str,
        hub_id: int | None = None,
        user_id: int | None = None,
    ) -> str:
        own = {f"localhost:{self.port}", f"127.0.0.1:{self.port}"}
        if urlsplit(authorize_url).netloc not in own:
            message = f"the URL is not at {self.url}"
            raise ValueError(message)
        return walk.decide(
            authorize_url, decision=decision, hub_id=hub_id, user_id=user_id, via=via
        )
