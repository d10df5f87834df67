"""Trouble at every numbered call of the store and of HubSpot, one after another."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from portalkey.broker import Broker
from portalkey.errors import (
    HubSpotUnavailable,
    NeedsReconnect,
    NotConnected,
    PortalkeyError,
    StoreBusy,
    StoreUnusable,
)
from portalkey.model.connection import Connection
from portalkey_simulator import HubSpot
from processes.herd import connect, connected, expire
from processes.plan import Ahead, Plan
from processes.steps import AFTER, NETWORK, Step, Steps
from processes.worker import broker_of

MEANWHILE = 61.0
"""Seconds after which everything is tried again: no wait of ours is longer."""
HALF_A_DAY = 43200.0
AGAIN = 20
BUSY, UNUSABLE, DOWN = (StoreBusy, False), (StoreUnusable, False), (StoreUnusable, True)
"""How a call of the store fails, and whether everything else does from then on."""
TROUBLES = {"busy-once": BUSY, "unusable-once": UNUSABLE, "from-then-on": DOWN}
everywhere = pytest.mark.parametrize("troubled", TROUBLES.values(), ids=TROUBLES, indirect=True)


class Trouble:
    """At step ``at`` a call fails; where it *lasts*, so does every one that follows.

    A call of the store fails as *kind* says; HubSpot cannot be reached.
    """

    def __init__(self, kind: type[PortalkeyError], *, lasts: bool) -> None:
        self.at: int | None = None
        self.lasts = lasts
        self.met: list[int] = []
        self._kind = kind

    def __call__(self, step: Step) -> None:
        """What happens at *step*."""
        if self.at is None or step.number < self.at:
            return
        if step.number == self.at:
            self.met.append(step.number)
        if step.number == self.at or self.lasts:
            raise HubSpotUnavailable if step.call == NETWORK else self._kind


class Troubled:
    """A broker whose calls fail one after another, and another that sees what is left."""

    def __init__(
        self, plan: Plan, broker: Broker, hubspot: HubSpot, ahead: Ahead, trouble: Trouble
    ) -> None:
        self.steps = Steps(trouble)
        self.broker = broker_of(plan, self.steps)
        self.clean = broker
        self.hubspot = hubspot
        self._ahead = ahead
        self._trouble = trouble
        self._owners = 0
        self.recent = ""

    def everywhere(
        self, prepare: Callable[[str], None], act: Callable[[str], object]
    ) -> Iterator[tuple[str, Step]]:
        """*act* for one owner after another, each with the trouble at the next step."""
        steps = self._acted(prepare, act, None)
        assert steps
        for step in steps:
            yield self._meet(prepare, act, step), step
            self.passes(MEANWHILE)
        assert self._trouble.met == [step.number for step in steps]

    def _meet(
        self, prepare: Callable[[str], None], act: Callable[[str], object], step: Step
    ) -> str:
        """Return the owner for whom *act* met the trouble at *step*.

        A thread on the side may commit what this one waits to have written (group commit), and
        then this one counts a step less and may not get as far: it is tried again.
        """
        for _ in range(AGAIN):
            owner = f"owner-{self._owners}"
            self._acted(prepare, act, step.number)
            if step.number in self._trouble.met:
                return owner
            self.passes(MEANWHILE)
        raise AssertionError(f"{step} was not met in {AGAIN} tries: {self.steps.seen}")

    def _acted(
        self, prepare: Callable[[str], None], act: Callable[[str], object], at: int | None
    ) -> list[Step]:
        owner = f"owner-{self._owners}"
        self._owners += 1
        prepare(owner)
        vault = self.clean.vault
        vault.store.update_throttle(
            vault.client_id, lambda known, _: replace(known, recent=self.recent)
        )
        self.steps.seen.clear()
        self._trouble.at = at
        try:
            act(owner)
        except PortalkeyError:
            assert at is not None
        finally:
            self._trouble.at = None
        return list(self.steps.seen)

    def connect(self, owner: str) -> None:
        """Connect, without trouble."""
        connect(self.broker, self.hubspot, owner)

    def expire(self, owner: str) -> None:
        """A connection of *owner* whose token is over."""
        self.connect(owner)
        expire(self.hubspot, self._ahead)

    def passes(self, seconds: float) -> None:
        """Time passes, for everybody."""
        self._ahead.seconds += seconds
        self.hubspot.clock.move(seconds)

    def row(self, owner: str) -> Connection | None:
        """What stands in the store."""
        return next(iter(self.clean.connections(owner)), None)

    def held(self, row: Connection) -> str:
        """The access token in the store."""
        return self.clean.vault.open_access(row).get_secret_value()

    def is_honoured(self, row: Connection) -> bool:
        """True where HubSpot honours the refresh token of *row*."""
        return self.clean.vault.open_refresh(row).get_secret_value() in self.living

    @property
    def living(self) -> set[str]:
        """Every refresh token that HubSpot honours."""
        return set(self.hubspot._world.ledger._refresh)


@pytest.fixture
def troubled(
    request: pytest.FixtureRequest, plan: Plan, broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> Iterator[Troubled]:
    """A broker for the kind of trouble that the test names."""
    kind, lasts = request.param
    troubled = Troubled(plan, broker, hubspot, ahead, Trouble(kind, lasts=lasts))
    yield troubled
    troubled.broker.close()


@everywhere
def test_trouble_at_every_call_of_a_connect(troubled: Troubled) -> None:
    """A person who tries again is connected, and no attempt is connected without its grant."""

    def act(owner: str) -> None:
        connected(troubled.broker, troubled.hubspot, owner)

    for owner, step in troubled.everywhere(lambda _: None, act):
        row = troubled.row(owner)
        assert row is None or troubled.is_honoured(row), step
        troubled.connect(owner)
        row = troubled.row(owner)
        assert row, step
        assert troubled.is_honoured(row), step
        assert troubled.broker.access_token(owner) == troubled.held(row), step


@pytest.mark.parametrize(
    ("troubled", "rotates", "recent"),
    [
        pytest.param(BUSY, False, "", id="busy-once"),
        pytest.param(UNUSABLE, False, "", id="unusable-once"),
        pytest.param(BUSY, True, "", id="busy-once-rotating"),
        pytest.param(DOWN, True, "", id="from-then-on-rotating"),
        pytest.param(UNUSABLE, True, "x", id="unusable-once-rotating-after-trouble"),
        pytest.param(DOWN, True, "x", id="from-then-on-rotating-after-trouble"),
    ],
    indirect=["troubled"],
)
def test_trouble_at_every_call_of_a_renewal(
    troubled: Troubled, *, rotates: bool, recent: str
) -> None:
    """The same process gets a token afterwards, unless HubSpot's only answer did not arrive."""
    troubled.hubspot.switches.rotate_refresh_tokens = rotates
    troubled.recent = recent
    got: dict[str, str] = {}

    def act(owner: str) -> None:
        got[owner] = troubled.broker.access_token(owner)

    for owner, step in troubled.everywhere(troubled.expire, act):
        row = troubled.row(owner)
        assert row
        assert owner not in got or got[owner] == troubled.held(row), step
        troubled.passes(MEANWHILE)
        is_lost = rotates and (step.moment, step.call) == (AFTER, NETWORK)
        if is_lost:
            with pytest.raises(NeedsReconnect):
                troubled.broker.access_token(owner)
            troubled.connect(owner)
        token, row = troubled.broker.access_token(owner), troubled.row(owner)
        assert row
        assert token == troubled.held(row), step
        assert troubled.is_honoured(row), step


@everywhere
def test_trouble_at_every_call_of_a_disconnect(troubled: Troubled) -> None:
    """Done again it is done, and in the end HubSpot honours the refresh token no longer."""

    def act(owner: str) -> None:
        (connection,) = troubled.broker.connections(owner)
        troubled.broker.disconnect(owner, connection.id)

    for owner, step in troubled.everywhere(troubled.connect, act):
        row = troubled.row(owner)
        if row is not None:
            assert troubled.broker.access_token(owner) == troubled.held(row), step
            with suppress(NotConnected):
                act(owner)
        with pytest.raises(NotConnected):
            troubled.broker.access_token(owner)
        troubled.passes(HALF_A_DAY)
        troubled.clean.send_owed()
        assert not troubled.living, step
