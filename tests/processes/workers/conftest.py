"""Workers at work on the example, and owners who connected earlier."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey_simulator import HubSpot, running_hubspot
from processes.herd import LIFETIME, connect, renewals
from processes.plan import Ahead, Plan
from processes.worker import broker_of
from processes.workers.workshop import Connect, Workshop


@pytest.fixture(scope="module")
def hubspot() -> Iterator[HubSpot]:
    """One for all tests here, as starting workers takes long; each has an owner of its own."""
    with running_hubspot() as running:
        yield running


@pytest.fixture(scope="module")
def workshop(
    hubspot: HubSpot,
    empty_store: Path,
    redis_server_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workshop]:
    """The example, copied; no secret has got into its log at the end."""
    folder = tmp_path_factory.mktemp("workshop")
    shutil.copy(empty_store, folder / "portalkey.db")
    settings = Settings(
        client_id=hubspot.app.client_id,
        client_secret=hubspot.app.client_secret,
        redirect_uri=hubspot.app.redirect_uris[0],
        scopes="oauth crm.objects.contacts.read",
        app_url=hubspot.url,
        api_url=hubspot.url,
        keys=f"test:{Fernet.generate_key().decode()}",
        database_url=f"sqlite:///{folder / 'portalkey.db'}",
    )
    workshop = Workshop(folder, settings, redis_server_url)
    yield workshop
    assert [each for each in secrets_of(hubspot) if each in workshop.log] == []


def secrets_of(hubspot: HubSpot) -> set[str]:
    """What HubSpot was sent that nobody else may see."""
    names = ("client_secret", "refresh_token")
    forms = {asked.form[name] for asked in hubspot.requests for name in names if name in asked.form}
    bearers = {asked.headers.get("authorization", "") for asked in hubspot.requests}
    return forms | {each.removeprefix("Bearer ") for each in bearers if each}


@pytest.fixture
def broker(workshop: Workshop, ahead: Ahead) -> Iterator[Broker]:
    """The web app's."""
    broker = broker_of(Plan(workshop.settings, ahead.file))
    yield broker
    broker.close()


@pytest.fixture
def connect_earlier(broker: Broker, hubspot: HubSpot, ahead: Ahead) -> Connect:
    """Connects an account for an owner so many seconds ago; its ``hub_id``."""

    def connect_it(owner: str, seconds: float = LIFETIME, account: int = 0) -> int:
        hub_id = hubspot.accounts[account].hub_id
        ahead.seconds = -seconds
        connect(broker, hubspot, owner, hub_id)
        ahead.seconds = 0
        return hub_id

    return connect_it


@pytest.fixture
def asked(hubspot: HubSpot) -> Callable[[], int]:
    """How often HubSpot was asked to renew a token in this test."""
    before = renewals(hubspot)
    return lambda: renewals(hubspot) - before
