"""A whole small app whose visitors can connect their HubSpot account."""

import secrets

import requests
from flask import Flask, redirect, render_template, session
from werkzeug import Response

from portalkey import Broker, PersonMustAct
from portalkey.adapters.requests import RequestsAuth
from portalkey.flask import HubSpotAuth

app = Flask(__name__)
app.secret_key = secrets.token_hex()  # yours stays the same, or a restart signs everybody out
broker = Broker.from_env()
HubSpotAuth(app, broker, owner=lambda: session.get("user"))


@app.get("/")
def home() -> str:
    """The page with the link; every visitor is a user here, as there is no sign-in."""
    user = session.setdefault("user", secrets.token_hex(8))
    return render_template("home.html", connections=broker.connections(user))


@app.get("/account/<int:hub_id>")
def account(hub_id: int) -> dict[str, object] | Response:
    """What HubSpot says about the account, asked with a token that is always valid."""
    auth = RequestsAuth(broker, session.get("user", "nobody"), hub_id)
    url = f"{broker.settings.api_url}/account-info/2026-09/details"
    try:
        answer = requests.get(url, auth=auth, timeout=10)
        answer.raise_for_status()
        return answer.json()
    except PersonMustAct:  # for one, the app was removed at HubSpot
        return redirect("/connections/setup")
