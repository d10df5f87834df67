"""The app's logo, as Flask finds it."""

from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from portalkey.broker import Broker
from portalkey.errors import BadSettings
from portalkey.flask import HubSpotAuth
from portalkey.settings import Settings


def broker_with(settings: Settings, logo: str) -> closing[Broker]:
    """A broker whose settings name *logo*."""
    return closing(Broker.of(settings.model_copy(update={"app_logo": logo})))


@pytest.mark.parametrize("folder", ["there", None])
def test_a_logo_that_is_not_there_stops_the_start(
    settings: Settings, tmp_path: Path, folder: str | None
) -> None:
    """Whoever runs the app hears of it before anybody sees a broken picture."""
    app = Flask(__name__, static_folder=folder and str(tmp_path))
    with (
        broker_with(settings, "logo.svg") as broker,
        pytest.raises(BadSettings, match=r"logo\.svg"),
    ):
        HubSpotAuth(app, broker, owner=lambda: "ada")


def test_a_logo_of_the_static_folder_is_taken(settings: Settings, tmp_path: Path) -> None:
    """It is served by the app itself."""
    (tmp_path / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    app = Flask(__name__, static_folder=str(tmp_path))
    with broker_with(settings, "logo.svg") as broker:
        HubSpotAuth(app, broker, owner=lambda: "ada")
