"""An app as servers load it that fork in their own way, or replace the interpreter's threads.

``APP_PLAN`` is the file of the ``Plan``, pickled; ``APP_USED`` names owners whom the broker serves
as the module is imported, before the fork.
"""

import hashlib
import os
import pickle
from pathlib import Path

from flask import Flask, request
from flask.typing import ResponseReturnValue

from portalkey.errors import PortalkeyError
from portalkey.flask import HubSpotAuth
from processes.plan import Plan
from processes.worker import broker_of

plan: Plan = pickle.loads(Path(os.environ["APP_PLAN"]).read_bytes())  # noqa: S301 - the test's own
broker = broker_of(plan)
for each in os.environ["APP_USED"].split():
    broker.access_token(each)
app = Flask(__name__)
app.secret_key = "canary-of-a-test"
HubSpotAuth(app, broker, owner=lambda: request.headers.get("X-Owner"))


@app.get("/own")
def own() -> ResponseReturnValue:
    """Who answers, and what is whoever asks's: accounts and a hash of the token, or an error."""
    owner = request.headers["X-Owner"]
    try:
        accounts = [each.hub_id for each in broker.connections(owner)]
        token = hashlib.sha256(broker.access_token(owner).encode()).hexdigest()
    except PortalkeyError as trouble:
        return {"process": os.getpid(), "accounts": [], "token": trouble.code}
    return {"process": os.getpid(), "accounts": accounts, "token": token}


@app.get("/tick")
def tick() -> ResponseReturnValue:
    """Nothing of ours is in here."""
    return {"process": os.getpid()}
