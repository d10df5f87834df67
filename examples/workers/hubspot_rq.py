"""Work on owners' HubSpot accounts, in RQ."""

import logging
import math
import os
from collections.abc import Callable
from functools import wraps

import httpx2
from rq import Retry

from portalkey import Broker, OperatorMustAct, PersonMustAct, TryLater
from portalkey.adapters.httpx2 import HttpxAuth

log = logging.getLogger(__name__)
REDIS_URL = os.environ["REDIS_URL"]  # RQ looks for it in the module that --config names
broker = Broker.from_env()  # before RQ forks: the process of each job goes on with it


def hubspot_job(work: Callable[..., object]) -> Callable[..., object]:
    """Let *work* wait out what will pass, and say of the rest who must act."""

    @wraps(work)
    def job(owner: str, *args: object, **kwargs: object) -> object:
        try:
            return work(owner, *args, **kwargs)
        except TryLater as trouble:
            seconds = math.ceil(trouble.retry_after) + 1  # RQ leaves out parts of a second
            return Retry(max=8, interval=seconds)
        except PersonMustAct as trouble:
            return wait_for_person(owner, trouble)
        except OperatorMustAct as trouble:
            log.critical("HubSpot work stands still: %s", trouble)  # yours wakes somebody
            raise
        finally:
            broker.close()  # waits for a renewal under way: RQ ends the job's process without

    return job


def wait_for_person(owner: str, trouble: PersonMustAct) -> dict[str, object]:
    """Yours keeps this beside the work, shows it in the app, and sends a mail."""
    reconnect_url = getattr(trouble, "reconnect_url", None)  # None: your page with the link
    return {"waits_for": owner, "why": trouble.for_person(), "reconnect_url": reconnect_url}


@hubspot_job
def account_details(owner: str, hub_id: int | None = None) -> dict[str, object]:
    """What HubSpot says about the *owner*'s account."""
    with broker.using(owner, hub_id) as account:
        url = f"{broker.settings.api_url}/account-info/2026-09/details"
        auth = HttpxAuth(broker, owner, account.hub_id)  # a token that works, another after a 401
        return httpx2.get(url, auth=auth).raise_for_status().json()
