"""The app of the mixed load: portalkey's own pages, a view that asks for a token, and a plain one.

``MIXED_PLAN`` is the file of the ``Plan``, pickled.
"""

import os
import pickle
from pathlib import Path

from flask import session
from flask.typing import ResponseReturnValue

import bench.stage  # noqa: F401 - the tests' own processes can be imported from here on
from portalkey.cli.server.app import create_app
from portalkey.errors import NotConnected, PortalkeyError
from processes.plan import Plan
from processes.worker import broker_of

plan: Plan = pickle.loads(Path(os.environ["MIXED_PLAN"]).read_bytes())  # noqa: S301 - our own
broker = broker_of(plan)
app = create_app(broker)


@app.get("/token")
def token() -> ResponseReturnValue:
    """Ask for the visitor's token, and answer how that went."""
    try:
        broker.access_token(session.get("owner", "nobody"))
    except NotConnected as trouble:
        return {"code": trouble.code}
    except PortalkeyError as trouble:
        return {"code": trouble.code}, 503
    return {"code": "ok"}


@app.get("/plain")
def plain() -> ResponseReturnValue:
    """Answer without portalkey."""
    return {"code": "ok"}
