"""Nobody gets at what is another's, by any route; ``make figures`` does it time and again."""

from collections.abc import Callable, Iterator

import pytest

from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from security.browsers import APPS
from security.matrix import ALL, NEIGHBOURS, ROOM, Cell, Place, Who, callback, disconnect, try_all

LEAST_CELLS = 490


@pytest.fixture(params=APPS)
def place(
    request: pytest.FixtureRequest,
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    hubspot: HubSpot,
) -> Iterator[Place]:
    """An app of each skin with nobody in it yet, who may begin as often as they like."""
    place = Place(make_broker(settings.model_copy(update=ROOM)), hubspot, request.param)
    yield place
    place.app.close()


def test_off_the_diagonal_nobody_gets_anything(place: Place) -> None:
    """Owner, browser and person at attempt and connection, by every route, with any tokens."""
    visits = place.visits(NEIGHBOURS)
    before = place.state(visits)

    found = try_all(place, visits)

    assert found.gave == []
    assert place.state(visits) == before
    assert sum(found.tried.values()) >= LEAST_CELLS
    assert found.tried.keys() == {act.__name__ for act in ALL}


def test_on_the_diagonal_everything_works(place: Place) -> None:
    """The negative control: the same requests are seen to succeed where they may."""
    visit, another = (place.visit(Who("acme", number, "ada")) for number in (1, 2))
    before = place.state([visit])
    acts = [act for act in ALL if act not in {callback, disconnect}]

    silent = [
        act.__name__
        for act, own in [*((act, visit) for act in acts), (callback, another), (disconnect, visit)]
        if not act(Cell(place, own.client, own.tokens, own))
    ]

    assert silent == []
    assert place.state([visit]) != before
