"""Trouble at every numbered call of a question about another account, and of its answer."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from portalkey.broker import Broker
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.authorization import Callback, Visitor
from portalkey_simulator import HubSpot
from processes.plan import Ahead, Plan
from processes.test_faults import HALF_A_DAY, Trouble, Troubled, everywhere

SECOND = 4410002


@pytest.fixture
def troubled(
    request: pytest.FixtureRequest, plan: Plan, broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> Iterator[Troubled]:
    """A broker for the kind of trouble that the test names."""
    kind, lasts = request.param
    troubled = Troubled(plan, broker, hubspot, ahead, Trouble(kind, lasts=lasts))
    yield troubled
    troubled.broker.close()


class Questions:
    """Attempts of owners who have the first account, and come back with the second."""

    def __init__(self, troubled: Troubled) -> None:
        self._troubled = troubled
        self._ids: dict[str, str] = {}

    def ask(self, owner: str, broker: Broker) -> None:
        """Come back to *broker* with another account than last time."""
        visitor, begun = Visitor(owner, "browser"), broker.begin(owner, "browser")
        self._ids[owner] = begun.attempt.id
        back = self._troubled.hubspot.approve(begun.authorize_url, SECOND)
        cookies = {begun.attempt.id: (begun.cookie,)}
        broker.finish(Callback(parse_qsl(urlsplit(back).query), cookies, visitor))

    def answer(self, owner: str, broker: Broker, *, is_yes: bool) -> None:
        """Say yes or no to it."""
        attempt = self.row(owner)
        assert attempt
        if is_yes:
            broker.confirm(attempt, Visitor(owner, "browser"))
        else:
            broker.cancel(attempt)

    def row(self, owner: str) -> Attempt | None:
        """The attempt, as it stands; None where it was not even begun."""
        return self._troubled.clean.vault.store.attempt(self._ids.get(owner, ""))

    def is_attached(self, owner: str) -> bool:
        """True where the owner has both accounts; the first one is there in any case."""
        hub_ids = [each.hub_id for each in self._troubled.clean.connections(owner)]
        assert SECOND not in hub_ids[:1]
        return SECOND in hub_ids

    def assert_given_back(self, owners: list[str]) -> None:
        """After half a day HubSpot honours what connections hold, and nothing else."""
        clean = self._troubled.clean
        self._troubled.passes(HALF_A_DAY)
        clean.send_owed(50)
        rows = [row for owner in owners for row in clean.connections(owner)]
        held = {clean.vault.open_refresh(row).get_secret_value() for row in rows}
        assert self._troubled.living == held


@everywhere
def test_trouble_at_every_call_of_a_question(troubled: Troubled) -> None:
    """Nothing is attached without a yes, and a question that was put can be said yes to."""
    questions = Questions(troubled)

    def act(owner: str) -> None:
        questions.ask(owner, troubled.broker)

    for owner, step in troubled.everywhere(troubled.connect, act):
        assert not questions.is_attached(owner), step
        row = questions.row(owner)
        if row is not None and row.status is AttemptStatus.ASKING:
            questions.answer(owner, troubled.clean, is_yes=True)
            assert questions.is_attached(owner), step
            troubled.passes(HALF_A_DAY)
            troubled.clean.send_owed(50)
            rows = troubled.clean.connections(owner)
            assert all(map(troubled.is_honoured, rows)), step


@everywhere
@pytest.mark.parametrize("is_yes", [True, False], ids=["yes", "no"])
def test_trouble_at_every_call_of_an_answer(troubled: Troubled, *, is_yes: bool) -> None:
    """The account is attached, or its grant given back: never both, and never neither."""
    questions, owners = Questions(troubled), list[str]()

    def prepare(owner: str) -> None:
        owners.append(owner)
        troubled.connect(owner)
        questions.ask(owner, troubled.clean)

    def act(owner: str) -> None:
        questions.answer(owner, troubled.broker, is_yes=is_yes)

    for owner, step in troubled.everywhere(prepare, act):
        row = questions.row(owner)
        assert row
        is_attached = questions.is_attached(owner)
        assert is_attached == (row.status is AttemptStatus.CONNECTED), step
        assert is_yes or not is_attached, step
        troubled.broker._background.join()
        questions.assert_given_back(owners)
