"""The Flask example app, as each kind of server wants it."""

import importlib
import os
from typing import Any

from app import app  # type: ignore[import-not-found]  # the example's folder is on the path
from flask import request

from portalkey.flask import from_hubspot

app.secret_key = os.environ["APP_SECRET"]  # every process has the same

__all__ = ["app"]


def hear_hubspot(rest: str) -> bytes:
    """Answer what HubSpot sent."""
    assert rest
    return request.get_data()


HOOK = "/hubspot/webhook/<path:rest>"
app.add_url_rule(HOOK, view_func=from_hubspot(hear_hubspot), methods=["POST"])


def __getattr__(name: str) -> Any:
    """The app through an adapter; none is imported where another is meant."""
    if name == "through_a2wsgi":
        return importlib.import_module("a2wsgi").WSGIMiddleware(app)
    if name == "through_asgiref":
        return importlib.import_module("asgiref.wsgi").WsgiToAsgi(app)
    if name == "handle_apig_wsgi":
        return importlib.import_module("apig_wsgi").make_lambda_handler(app)
    if name == "handle_awsgi2":
        respond = importlib.import_module("awsgi2").response
        return lambda event, context: respond(app, event, context)
    if name == "handle_mangum":
        adapt = importlib.import_module("mangum").Mangum
        return adapt(__getattr__("through_a2wsgi"), lifespan="off")
    raise AttributeError(name)
