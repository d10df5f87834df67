"""Broker, store and simulator against a plain model, in any order that Hypothesis thinks of.

Two brokers over one file stand for two processes. The model knows which owner is connected to
which account and which grants HubSpot has ended; it knows nothing of leases, seals or caches.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portalkey._support.clock import boot_time
from portalkey.broker import Broker
from portalkey.errors import (
    AccountNotNamed,
    NeedsReconnect,
    NotConnected,
    OperatorMustAct,
    PortalkeyError,
    ScopesMissing,
    TryLater,
)
from portalkey.hubspot.client import HubSpotClient
from portalkey.model.attempt import AttemptStatus
from portalkey.model.authorization import AuthorizationOptions, Callback, Visitor
from portalkey.model.connection import ConnectionStatus
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey_simulator import HubSpot, running_hubspot

STEPS, BLOCKS = 2500, 2
OWNERS, HUBS = ("ada", "eve"), (4410001, 4410002)
POLL_INTERVAL = 0.1
"""More seconds than one process may take to see what another did."""

owners, hubs, which = st.sampled_from(OWNERS), st.sampled_from(HUBS), st.sampled_from((0, 1))
answers = st.sampled_from(("yes", "no", "another"))
troubles = st.sampled_from([503, 429, 500, 403, 477])


class Place:
    """A simulator, and a fresh copy of an empty store for each run."""

    def __init__(self, hubspot: HubSpot, folder: Path) -> None:
        self.hubspot = hubspot
        self._folder = folder
        self._wire = HubSpotClient()
        self._key = f"test:{Fernet.generate_key().decode()}"
        self.empty = folder / "empty.db"
        SQLStore.open(f"sqlite:///{self.empty}").close()

    def brokers(self, ahead: Ahead) -> list[Broker]:
        """Two over a new store."""
        path = Path(tempfile.mkdtemp(dir=self._folder)) / "portalkey.db"
        shutil.copy(self.empty, path)
        return [self._broker(path, ahead) for _ in range(2)]

    def _broker(self, path: Path, ahead: Ahead) -> Broker:
        hubspot = self.hubspot
        settings = Settings(
            client_id=hubspot.app.client_id,
            client_secret=hubspot.app.client_secret,
            redirect_uri=hubspot.app.redirect_uris[0],
            app_url=hubspot.url,
            api_url=hubspot.url,
            keys=self._key,
            database_url=f"sqlite:///{path}",
            refresh_rate=10_000,
            refresh_burst=10_000,
            exchanges_per_minute=10_000,
            hubspot_calls=1000,
        )
        store = SQLStore.open(settings.database_url, ahead=ahead)
        vault = Vault(Keyring(settings.keys), store, settings.client_id)
        return Broker(settings, vault, self._wire.send, clock=lambda: boot_time() + ahead())


class Model(RuleBasedStateMachine):
    """What may be done, and what must come of it."""

    place: Place
    steps: Counter[str]

    @initialize(rotates=st.booleans())
    def begin(self, rotates: bool) -> None:  # noqa: FBT001 - Hypothesis passes it by name
        """Nobody is connected."""
        self.ahead = Ahead()
        self.hubspot = self.place.hubspot
        self.hubspot.switches.rotate_refresh_tokens = rotates
        self.both = self.place.brokers(self.ahead)
        self.connected: set[tuple[str, int]] = set()
        self.ended: set[tuple[str, int]] = set()
        self.trouble_until = 0.0

    def _count(self, name: str) -> None:
        self.steps[name] += 1
        self.ahead.passes(POLL_INTERVAL)

    @precondition(lambda self: not self.trouble_until)
    @rule(owner=owners, hub=hubs, at=which, answer=answers)
    def connect(self, owner: str, hub: int, at: int, answer: str) -> None:
        """A person connects an account, or reconnects it; another than last time after a yes."""
        self._count("connect")
        options = AuthorizationOptions(another=answer == "another")
        visitor, begun = Visitor(owner, "browser"), self.both[at].begin(owner, "browser", options)
        back = parse_qsl(urlsplit(self.hubspot.approve(begun.authorize_url, hub)).query)
        callback = Callback(back, {begun.attempt.id: (begun.cookie,)}, visitor)
        ended = self.both[at].finish(callback)
        if ended.status is AttemptStatus.ASKING:
            self._count(f"answer {answer}")
            assert answer != "another"
            assert (owner, hub) not in self.connected
            if answer == "no":
                self.both[1 - at].cancel(ended)
                return
            ended = self.both[1 - at].confirm(ended, visitor)
        assert ended.status is AttemptStatus.CONNECTED
        self.connected.add((owner, hub))
        self.ended.discard((owner, hub))

    @rule(owner=owners, hub=hubs, at=which)
    def disconnect(self, owner: str, hub: int, at: int) -> None:
        """A person disconnects an account."""
        self._count("disconnect")
        broker = self.both[at]
        found = [c for c in broker.connections(owner) if c.hub_id == hub]
        assert bool(found) == ((owner, hub) in self.connected)
        for connection in found:
            broker.disconnect(owner, connection.id)
        self.connected.discard((owner, hub))
        self.ended.discard((owner, hub))

    @rule(hub=hubs)
    def uninstall(self, hub: int) -> None:
        """An admin removes the app: every grant of the account ends at HubSpot."""
        self._count("uninstall")
        self.hubspot.uninstall(hub)
        self.ended |= {each for each in self.connected if each[1] == hub}

    @rule(seconds=st.sampled_from([1, 70, 400, 1500, 1900]))
    def time_passes(self, seconds: float) -> None:
        """Here and at HubSpot alike."""
        self._count("time passes")
        self._join()
        self.ahead.passes(seconds)
        self.hubspot.clock.move(seconds)

    @rule(status=troubles, times=st.integers(1, 3))
    def trouble(self, status: int, times: int) -> None:
        """The token endpoint fails for a while."""
        self._count("trouble")
        for _ in range(times):
            self.hubspot.next_token_answer(status=status, body=b"<html>")
        self.trouble_until = self.ahead() + 100_000

    @precondition(lambda self: self.trouble_until > 0)
    @rule()
    def trouble_ends(self) -> None:
        """Whatever was laid down is used up, and every wait is over."""
        self._count("trouble ends")
        self._join()
        self.hubspot.faults.clear()
        self.ahead.passes(1000)
        self.hubspot.clock.move(1000)
        self.trouble_until = 0.0

    @rule(owner=owners, hub=st.none() | hubs, at=which)
    def ask(self, owner: str, hub: int | None, at: int) -> None:
        """The app's code asks for a token."""
        self._count("ask")
        self._asked(owner, hub, lambda: self.both[at].access_token(owner, hub))

    @rule(owner=owners, hub=hubs, at=which)
    def report(self, owner: str, hub: int, at: int) -> None:
        """HubSpot answered 401 to a call."""
        self._count("report")
        token = "none"
        with suppress(PortalkeyError):
            token = self.both[at].access_token(owner, hub)
        self._asked(owner, hub, lambda: self.both[at].report_unauthorized(owner, token, hub))

    @rule(owner=owners, hub=hubs, at=which)
    def ask_for_scopes(self, owner: str, hub: int, at: int) -> None:
        """A scope that nobody was asked for is never there."""
        self._count("ask for scopes")
        with pytest.raises(PortalkeyError) as caught:
            self.both[at].access_token(owner, hub, scopes=["not.granted"])
        if isinstance(caught.value, ScopesMissing):
            assert (owner, hub) in self.connected
            assert caught.value.scopes == ("not.granted",)

    @rule(at=which)
    def send_owed(self, at: int) -> None:
        """Some process drains the outbox."""
        self._count("send owed")
        self.both[at].send_owed()

    def _asked(self, owner: str, hub: int | None, ask: Callable[[], str]) -> None:
        mine = {h for o, h in self.connected if o == owner}
        meant = mine if hub is None else mine & {hub}
        try:
            token = self._despite_a_probe(ask)
        except PortalkeyError as trouble:
            self._assert_cause(trouble, owner, meant)
        else:
            self._assert_right(token, owner, meant)

    def _despite_a_probe(self, ask: Callable[[], str]) -> str:
        """Ask once more where the first one was told to wait for what another is finding out.

        After trouble one renewal at a time tries whether HubSpot is back, on a thread of its own.
        """
        try:
            return ask()
        except TryLater:
            if self.trouble_until:
                raise
            self._join()
            return ask()

    def _assert_cause(self, trouble: PortalkeyError, owner: str, meant: set[int]) -> None:
        match trouble:
            case NotConnected():
                assert not meant
            case AccountNotNamed():
                assert set(trouble.hub_ids) == meant
                assert len(meant) > 1
            case NeedsReconnect():
                assert (owner, *meant) in self.ended
                assert trouble.reconnect_url
            case _:
                assert isinstance(trouble, TryLater | OperatorMustAct)
                assert self.trouble_until > self.ahead(), "there is no trouble to speak of"

    def _assert_right(self, token: str, owner: str, meant: set[int]) -> None:
        assert len(meant) == 1, (owner, meant)
        access = self.hubspot._world.ledger.access(token)
        assert access is not None
        assert access.agreement.account.hub_id in meant
        assert access.expires_at > self.hubspot.clock.now()

    def _join(self) -> None:
        for broker in self.both:
            broker._refresh._background.join()

    @invariant()
    def what_is_listed_is_what_is_connected(self) -> None:
        """By both brokers alike, each with a grant or a reason."""
        if not hasattr(self, "both"):
            return
        for broker in self.both:
            listed = {(o, c.hub_id) for o in OWNERS for c in broker.connections(o)}
            assert listed == self.connected
        for owner in OWNERS:
            for connection in self.both[0].connections(owner):
                assert connection.sealed is not None
                if connection.status is ConnectionStatus.NEEDS_RECONNECT:
                    assert (owner, connection.hub_id) in self.ended

    def teardown(self) -> None:
        """Give back what was opened."""
        if hasattr(self, "both"):
            self.hubspot.faults.clear()
            for broker in self.both:
                broker.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One simulator for all runs."""
    with running_hubspot() as hubspot:
        yield Place(hubspot, tmp_path_factory.mktemp("model"))


@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_walk_through_everything(place: Place, block: int) -> None:
    """No order of events makes a wrong token, a lost connection or an error without a cause."""
    steps: Counter[str] = Counter()
    machine = type("Walk", (Model,), {"place": place, "steps": steps})
    per_run = 50
    while steps.total() < STEPS:
        run_state_machine_as_test(
            machine,
            settings=hypothesis_settings(
                max_examples=STEPS // per_run // 2,
                stateful_step_count=per_run,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )

    assert steps.total() >= STEPS
    assert len(steps) == 12, steps
