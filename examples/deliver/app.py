"""A page that is given the access token itself. Read docs/deliver.md first: this is a risk."""

import secrets

from flask import Flask, render_template, session

from portalkey import Broker
from portalkey.flask import HubSpotAuth

app = Flask(__name__)
app.secret_key = secrets.token_hex()  # yours stays the same, or a restart signs everybody out
HubSpotAuth(app, Broker.from_env(), owner=lambda: session.get("user"), deliver="access_token")


@app.get("/")
def home() -> str:
    """The page; every visitor is a user here, as there is no sign-in."""
    session.setdefault("user", secrets.token_hex(8))
    return render_template("home.html")
