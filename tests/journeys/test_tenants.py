"""Credentials by tenant: a broker for each, over the store of one, as the docs show."""

import secrets
from collections.abc import Callable

from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.hubspot.client import HubSpotClient
from portalkey.settings import Settings
from portalkey.vault import Vault
from portalkey_simulator import App, running_hubspot
from support.old_app import issued


def test_brokers_over_one_store(
    settings: Settings, make_broker: Callable[[Settings], Broker]
) -> None:
    """Each tenant's grant is renewed by their own app, and one who leaves takes nobody along."""
    apps = [App(name, secrets.token_hex(16), (settings.redirect_uri,)) for name in ("one", "two")]
    with running_hubspot(apps=apps) as hubspot:
        house = make_broker(settings.model_copy(update={"api_url": hubspot.url}))

        def broker_of(app: App) -> Broker:
            own = house.settings.model_copy(
                update={
                    "client_id": app.client_id,
                    "client_secret": SecretStr(app.client_secret),
                }
            )
            client = HubSpotClient.of(own)
            vault = Vault(house.vault.keyring, house.vault.store, own.client_id)
            return Broker(own, vault, client.send, close=client.close)

        brokers = [broker_of(app) for app in apps]
        for app, broker in zip(apps, brokers, strict=True):
            (person,) = issued(hubspot, 1, app.client_id)
            broker.adopt("ada", person.refresh_token or "")
        first, second = brokers
        tokens = {each.access_token("ada") for each in brokers}
        first.close()
        ids = [each.client_id for each in second.connections("ada")]
        again = second.access_token("ada")
        second.close()
        house.close()

    assert (len(tokens), again in tokens) == (2, True)
    assert ids == ["two"]
