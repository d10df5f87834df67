"""HubSpot at 503 for an hour of virtual time, with 1,000 connections."""

from portalkey.model.throttle import Portion, PortionRequest, Throttled
from portalkey.vault import MemoryStore
from simulation.campaign import campaign
from simulation.outage import CONNECTIONS, Outage


class Unbraked(MemoryStore):
    """Nobody remembers how the token endpoint is doing."""

    def take_portion(self, client_id: str, request: PortionRequest) -> Portion | Throttled:
        """As if it had never been asked before."""
        self._throttles.by_app.clear()
        return super().take_portion(client_id, request)


def test_an_hour_without_hubspot() -> None:
    """Living tokens are served, six requests a minute go out at most, and all recover."""
    outage = Outage(seed=1)

    with campaign():
        outage.run()

    assert outage.watch.violations == []
    assert 3 <= outage.busiest_minute() <= 6
    assert outage.asked.wrong == []
    assert outage.asked.refused == 0
    assert outage.asked.served >= CONNECTIONS


def test_an_hour_without_a_breaker() -> None:
    """The control: where nobody remembers, HubSpot is asked far more often (I12)."""
    outage = Outage(seed=1, kind=Unbraked)

    with campaign():
        outage.run(1200.0)

    assert outage.busiest_minute() > 30
