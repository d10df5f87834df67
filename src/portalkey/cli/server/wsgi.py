"""WSGI object of the standalone app: ``gunicorn portalkey.cli.server.wsgi:app``."""

import os

from portalkey.broker.broker import Broker
from portalkey.cli.server.app import create_logged_app
from portalkey.cli.server.logs import set_up_logs
from portalkey.settings.standalone import StandaloneSettings

_standalone = StandaloneSettings.from_env(".env", os.environ)
set_up_logs(_standalone.log_format, _standalone.log_level)
app = create_logged_app(Broker.from_env(), _standalone)
