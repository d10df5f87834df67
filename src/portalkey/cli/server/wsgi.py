"""WSGI object of the standalone app: ``gunicorn portalkey.cli.server.wsgi:app``."""

import os

from portalkey.broker.broker import Broker
from portalkey.cli.server.app import create_logged_app
from portalkey.settings.standalone import StandaloneSettings

app = create_logged_app(Broker.from_env(), StandaloneSettings.from_env(".env", os.environ))
