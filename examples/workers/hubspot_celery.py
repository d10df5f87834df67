"""Work on owners' HubSpot accounts, in Celery."""

import logging
import os

import httpx2
from celery import Celery, Task
from celery.signals import worker_process_shutdown

from portalkey import Broker, OperatorMustAct, PersonMustAct, TryLater
from portalkey.adapters.httpx2 import HttpxAuth

log = logging.getLogger(__name__)
app = Celery(__name__, broker=os.environ["CELERY_URL"], backend=os.environ["CELERY_URL"])
# More than any retry_after, or Redis gives a waiting task out twice.
app.conf.broker_transport_options = {"visibility_timeout": 7200}
broker = Broker.from_env()  # before the pool forks: each child goes on with it


@worker_process_shutdown.connect
def close(**_: object) -> None:
    """Wait for a renewal under way: the pool's children end without."""
    broker.close()


class HubSpotTask(Task):
    """Waits out what will pass, and says of the rest who must act."""

    max_retries = 8
    acks_late = reject_on_worker_lost = True  # a task whose process dies is run again

    def __call__(self, owner: str, *args: object, **kwargs: object) -> object:
        """Do the *owner*'s work."""
        try:
            return self.run(owner, *args, **kwargs)
        except TryLater as trouble:
            raise self.retry(exc=trouble, countdown=trouble.retry_after) from trouble
        except PersonMustAct as trouble:
            return wait_for_person(owner, trouble)
        except OperatorMustAct as trouble:
            log.critical("HubSpot work stands still: %s", trouble)  # yours wakes somebody
            raise


def wait_for_person(owner: str, trouble: PersonMustAct) -> dict[str, object]:
    """Yours keeps this beside the work, shows it in the app, and sends a mail."""
    reconnect_url = getattr(trouble, "reconnect_url", None)  # None: your page with the link
    return {"waits_for": owner, "why": trouble.for_person(), "reconnect_url": reconnect_url}


@app.task(base=HubSpotTask)
def account_details(owner: str, hub_id: int | None = None) -> dict[str, object]:
    """What HubSpot says about the *owner*'s account."""
    with broker.using(owner, hub_id) as account:
        url = f"{broker.settings.api_url}/account-info/2026-09/details"
        auth = HttpxAuth(broker, owner, account.hub_id)  # a token that works, another after a 401
        return httpx2.get(url, auth=auth).raise_for_status().json()
