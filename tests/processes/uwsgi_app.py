"""An app as a server loads it that forks in its own way.

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

OWNER = "X-Owner"
plan: Plan = pickle.loads(Path(os.environ["APP_PLAN"]).read_bytes())  # noqa: S301 - the test's own
broker = broker_of(plan)
for each in os.environ["APP_USED"].split():
    broker.access_token(each)
app = Flask(__name__)
app.secret_key = "canary-of-a-test"
HubSpotAuth(app, broker, owner=lambda: request.headers.get(OWNER))


@app.get("/own")
def own() -> ResponseReturnValue:
    """Who answers, and what is whoever asks's: accounts and a hash of the token, or an error."""
    owner = request.headers[OWNER]
    try:
        accounts = [each.hub_id for each in broker.connections(owner)]
        token = hashlib.sha256(broker.access_token(owner).encode()).hexdigest()
    except PortalkeyError as trouble:
        return {"process": os.getpid(), "error": trouble.code, "accounts": [], "token": ""}
    return {"process": os.getpid(), "error": "", "accounts": accounts, "token": token}
