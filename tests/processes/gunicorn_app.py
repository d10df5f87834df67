"""An app as gunicorn loads it: the broker is made at import, and has been at work before the fork.

``HERD_PLAN`` is the file of the ``Plan``, pickled.
"""

import hashlib
import os
import pickle
from pathlib import Path

from flask import Flask
from flask.typing import ResponseReturnValue

from portalkey.errors import PortalkeyError
from processes.plan import Plan
from processes.worker import broker_of

plan: Plan = pickle.loads(Path(os.environ["HERD_PLAN"]).read_bytes())  # noqa: S301 - the test's own
broker = broker_of(plan)
broker.access_token("ada")
app = Flask(__name__)


@app.get("/token")
def token() -> ResponseReturnValue:
    """Who answers, and a hash of the token or the code of an error."""
    try:
        got = hashlib.sha256(broker.access_token("ada").encode()).hexdigest()
    except PortalkeyError as trouble:
        got = trouble.code
    return {"process": os.getpid(), "got": got}
