"""Every skin, each under a real server, for what holds whichever it is."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from contract.skins.django_skin import DjangoSkin
from contract.skins.fastapi_skin import FastAPISkin
from contract.skins.flask_skin import FlaskSkin
from contract.skins.plan import Host, Plan, Skin
from contract.skins.quart_skin import QuartSkin
from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.visitor import Visitor

SKINS: tuple[Skin, ...] = (FlaskSkin(), FastAPISkin(), DjangoSkin(), QuartSkin())

Open = Callable[..., Host]


@pytest.fixture(params=SKINS, ids=lambda skin: skin.name)
def skin(request: pytest.FixtureRequest) -> Skin:
    """Each of the skins."""
    skin: Skin = request.param
    return skin


@pytest.fixture
def open_host(
    skin: Skin, settings: Settings, make_broker: Callable[[Settings], Broker], port: int
) -> Iterator[Open]:
    """Serves an app of this skin by a plan; *changes* are those of its settings."""
    with ExitStack() as stack:

        def serve(
            plan: Plan | None = None, broker: Broker | None = None, **changes: object
        ) -> Host:
            plan = plan or Plan()
            changes["redirect_uri"] = f"{settings.public_url}{plan.mount}/auth/hubspot/callback"
            broker = broker or make_broker(settings.model_copy(update=changes))
            stack.enter_context(skin.serve(broker, plan, port))
            return Host(broker, plan)

        yield serve


@pytest.fixture
def new_visitor(hubspot: HubSpot) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors of a host, each with a browser of their own, signed in by name."""
    with ExitStack() as stack:

        def make(host: Host, name: str | None = "ada") -> Visitor:
            visitor = stack.enter_context(Visitor(host.url, hubspot))
            if name is not None:
                visitor.get(f"/as/{name}")
            return visitor

        yield make
