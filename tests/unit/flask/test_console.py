"""The console of a Flask app, as far as Flask alone has a say in it."""

import io

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import FlaskGroup

from portalkey.broker import Broker
from portalkey.flask import HubSpotConsole


class Unreadable(io.RawIOBase):
    """A body that nobody may read."""

    def readinto(self, buffer: object) -> int:
        """Fail."""
        pytest.fail("the body was read")


def test_a_strangers_body_is_not_read(broker: Broker) -> None:
    """They meet the app's own 404 before."""
    app = Flask("host")
    HubSpotConsole(app, broker, allow=lambda _: None)
    body = {"wsgi.input": Unreadable(), "CONTENT_LENGTH": "10"}
    answer = app.test_client().post(
        "/console/erase", content_type="application/x-www-form-urlencoded", environ_overrides=body
    )

    assert answer.status_code == 404


def test_the_console_is_among_the_apps_routes(broker: Broker) -> None:
    """``flask routes`` lists it, though it names no methods."""
    app = Flask("host")
    HubSpotConsole(app, broker, allow=lambda _: None)

    listed = CliRunner().invoke(FlaskGroup(create_app=lambda: app), ["routes"])
    assert "/console/<path:rest>" in listed.output
