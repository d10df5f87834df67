"""A page made by React, whose visitors can connect their HubSpot account."""

import secrets

from flask import Flask, Response, session

from portalkey import Broker
from portalkey.flask import HubSpotAuth

app = Flask(__name__)
app.secret_key = secrets.token_hex()  # yours stays the same, or a restart signs everybody out
HubSpotAuth(app, Broker.from_env(), owner=lambda: session.get("user"))


@app.get("/")
def home() -> Response:
    """The page; every visitor is a user here, as there is no sign-in."""
    session.setdefault("user", secrets.token_hex(8))
    return app.send_static_file("index.html")
