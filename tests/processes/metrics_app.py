"""An app with metrics as gunicorn loads it: preloaded, and at work before the fork.

``HERD_PLAN`` is the file of the ``Plan``, pickled.
"""

import os
import pickle
from pathlib import Path

from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from portalkey.metrics import Metrics
from portalkey.model.events import Event, EventName, happened
from processes.plan import Plan
from processes.worker import broker_of

plan: Plan = pickle.loads(Path(os.environ["HERD_PLAN"]).read_bytes())  # noqa: S301 - the test's own
broker = broker_of(plan)
metrics = Metrics(broker)
broker.access_token("ada")
app = Flask(__name__)
app.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]
    app.wsgi_app, {"/metrics": metrics.wsgi_app}
)


@app.get("/count")
def count() -> ResponseReturnValue:
    """Something happens in whichever process answers."""
    happened.send(Event(EventName.REVOKED))
    return str(os.getpid())


@app.get("/token")
def token() -> ResponseReturnValue:
    """A token is asked for."""
    broker.access_token("ada")
    return str(os.getpid())
