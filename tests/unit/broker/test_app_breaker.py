"""The breaker of what HubSpot says of the app to this process, on a clock of the test's."""

import logging
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.broker.app_breaker import LONGEST_WAIT, MOST_OWNERS, PROBE_LOST, AppBreaker
from portalkey.errors import HubSpotRefused, HubSpotUnavailable, PortalkeyError
from portalkey.hubspot.http import Request, Response
from portalkey.model.events import EventName
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey_simulator import HubSpot
from processes.herd import connect
from unit.broker.test_exchange_in_turn import come_back, exchanges, fail

REFUSED = Response(401, {}, b'{"error":"invalid_client"}')
OLD_SECRET = SecretStr("the-old-secret-of-the-app")
OWN = ("ada", "bob", "cy")


class App:
    """An app whose breaker a test watches."""

    def __init__(self) -> None:
        self.time, self.sent = Ahead(), list[str | None]()
        self.said: Response | PortalkeyError = REFUSED
        self.alarms: list[HubSpotRefused] = []
        self.breaker = AppBreaker(
            self._send,
            lambda: None,
            clock=self.time,
            uniform=lambda _, high: high,
            on_refused=self.alarms.append,
        )

    def _send(self, request: Request) -> Response:
        self.sent.append(request.owner)
        if isinstance(self.said, Response):
            return self.said
        raise self.said

    def send(self, owner: str | None = "ada") -> None:
        """Send a request that bears the client secret."""
        form = {"client_secret": "s", "refresh_token": "r"}
        self.breaker.send(Request("POST", "https://api.hubapi.com/", form, owner=owner))

    def open(self) -> None:
        """Have three owners refused."""
        for owner in OWN:
            self.send(owner)

    def refusal(self, owner: str | None = "eve") -> HubSpotRefused | None:
        """The error of a caller that asks whether HubSpot may be asked for *owner*."""
        try:
            self.breaker.check(owner)
        except HubSpotRefused as refusal:
            return refusal
        return None


@pytest.fixture
def app() -> App:
    """An app with the breaker closed."""
    return App()


def test_one_owner_that_is_refused_waits_alone(app: App) -> None:
    """Longer each time, up to a minute, and hears what the operator has to compare."""
    for seconds in (10, 20, 40, LONGEST_WAIT, LONGEST_WAIT):
        app.send("ada")
        refusal = app.refusal("ada")
        assert refusal
        assert "HUBSPOT_CLIENT_SECRET" in str(refusal)
        assert f"It is asked again in {seconds:.0f} seconds." in str(refusal)
        assert (refusal.status, refusal.of_app, refusal.is_local) == ("invalid_client", True, True)
        assert app.refusal("bob") is None
        app.time.passes(seconds)
        assert app.refusal("ada") is None

    assert not app.breaker.is_open
    assert len(app.alarms) == 5


def test_three_owners_open_it(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is sent, whoever asks; the log says so once."""
    with caplog.at_level(logging.ERROR, "portalkey"):
        app.open()

    assert app.breaker.is_open
    assert app.refusal("eve")
    with pytest.raises(HubSpotRefused):
        app.send("eve")
    assert app.sent == [*OWN]
    assert len(caplog.records) == 1


def test_an_answer_in_between_keeps_it_closed(app: App) -> None:
    """Whoever HubSpot answers has the right settings, even where a grant is dead."""
    dead = Response(400, {}, b'{"error":"invalid_grant"}')
    for owner, answer in zip(OWN, (Response(200), dead, REFUSED), strict=True):
        app.said = REFUSED
        app.send(owner)
        app.said = answer
        app.send("eve")

    assert not app.breaker.is_open


def test_one_at_a_time_tries_again(app: App) -> None:
    """The others go on hearing of it until the first that is answered."""
    app.open()
    app.time.passes(10)
    assert app.refusal("eve") is None
    app.send("eve")
    assert app.refusal("dan")

    app.time.passes(20)
    app.said = Response(200)
    app.send("dan")
    assert not app.breaker.is_open
    assert [app.refusal(owner) for owner in (*OWN, "eve")] == [None] * 4


def test_a_try_under_way_keeps_the_others_out(app: App) -> None:
    """And one that came to nothing does so for a while only."""
    app.open()
    app.time.passes(10)
    app.said = HubSpotUnavailable()
    with pytest.raises(HubSpotUnavailable):
        app.send("eve")
    assert app.refusal("dan")

    app.time.passes(PROBE_LOST)
    assert app.refusal("dan") is None


def test_an_outage_says_nothing_of_the_app(app: App) -> None:
    """Neither for it nor against it."""
    app.open()
    app.time.passes(10)
    app.said = Response(503)
    app.send("eve")

    assert app.breaker.is_open


def test_requests_without_the_secret_pass(app: App) -> None:
    """What HubSpot says to an access token is another matter."""
    app.open()

    assert app.breaker.send(Request("GET", "https://api.hubapi.com/")) is REFUSED
    assert len(app.alarms) == 3


def test_very_many_owners_are_not_remembered(app: App) -> None:
    """Memory has its bounds."""
    app.said = Response(403)
    for number in range(MOST_OWNERS + 1):
        app.breaker._open = None
        app.send(f"owner {number}")

    assert len(app.breaker._waits) == 1


def test_a_process_with_a_wrong_secret_beside_a_healthy_one(
    settings: Settings, make_broker: Callable[[Settings], Broker], hubspot: HubSpot
) -> None:
    """After a rotation one machine has the old one: the others go on as if it were not there."""
    healthy = make_broker(settings)
    wrong = make_broker(settings.model_copy(update={"client_secret": OLD_SECRET}))
    owners = [f"owner {number}" for number in range(6)]
    for owner in owners:
        connect(healthy, hubspot, owner)
    for owner in owners:
        row = healthy.connections(owner)[0]
        assert wrong._refresh.force_refresh(row).generation == row.generation

    rows = [healthy.connections(owner)[0] for owner in owners]
    assert [(row.status, row.failures, row.is_leased) for row in rows] == [
        ("connected", 0, False)
    ] * 6
    sent = exchanges(hubspot)
    assert sent == 6 + 3
    assert not healthy.stats().is_breaker_open
    renewed = [healthy._refresh.force_refresh(row) for row in rows]
    assert [row.generation for row in renewed] == [row.generation + 1 for row in rows]
    assert len([e for e in healthy.vault.store.events() if e.name == "hubspot_refused"]) == 1


@pytest.mark.parametrize("way", ["renewal", "exchange"])
def test_a_probe_that_is_refused_is_handed_on(
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    hubspot: HubSpot,
    ahead: Ahead,
    way: str,
) -> None:
    """It told nothing of HubSpot's health: the healthy need not wait for it to be given up."""
    healthy = make_broker(settings)
    wrong = make_broker(settings.model_copy(update={"client_secret": OLD_SECRET}))
    for owner in ("ada", "bob"):
        connect(healthy, hubspot, owner)
    fail(healthy, "hubspot_unavailable")
    ahead.seconds += 31
    if way == "renewal":
        wrong._refresh.force_refresh(healthy.connections("ada")[0])
    else:
        assert come_back(wrong, hubspot, "ada").error == "hubspot_refused"
    assert healthy.stats().is_breaker_open

    row = healthy.connections("bob")[0]
    assert healthy._refresh.force_refresh(row).generation == row.generation + 1
    assert not healthy.stats().is_breaker_open


def test_a_code_is_not_spent_while_the_app_is_refused(broker: Broker, hubspot: HubSpot) -> None:
    """For the person it passes; an answer that is kept can go on elsewhere."""
    hubspot.next_token_refusal("BAD_CLIENT_SECRET")
    assert come_back(broker, hubspot).error == "hubspot_refused"

    attempt = come_back(broker, hubspot)

    assert (attempt.status, attempt.error, exchanges(hubspot)) == ("returned", None, 1)
    assert come_back(broker, hubspot, "bob").status == "connected"


def test_a_revocation_is_left_to_others(
    settings: Settings, make_broker: Callable[[Settings], Broker], hubspot: HubSpot, ahead: Ahead
) -> None:
    """What one process is refused is due for another at once, or half a minute later."""
    healthy = make_broker(settings)
    wrong = make_broker(settings.model_copy(update={"client_secret": OLD_SECRET}))
    for owner in OWN:
        connect(healthy, hubspot, owner)
        wrong.disconnect(owner, healthy.connections(owner)[0].id)
    wrong.close()

    assert healthy.stats().outbox == 3
    assert healthy.send_owed() == 2
    ahead.seconds += 31
    assert healthy.send_owed() == 1
    assert [e.name for e in healthy.vault.store.events()].count(EventName.HUBSPOT_REFUSED) == 1
