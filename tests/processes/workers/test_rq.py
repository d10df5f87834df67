"""RQ: the example's own jobs, each in a process of its own, over a real Redis."""

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from redis import Redis
from rq import Worker
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.registry import ScheduledJobRegistry

from portalkey.broker import Broker
from portalkey_simulator import HubSpot
from processes.workers.workshop import (
    DELAY,
    LONG,
    NEAR_END,
    REFUSAL,
    Connect,
    Workshop,
    has_heard,
    kill_children,
    rq_client,
    until,
)

pytest_plugins = ("support.redis_server",)

AT_ONCE = 4
ENDS = (JobStatus.FINISHED, JobStatus.FAILED, JobStatus.SCHEDULED)
Enqueue = Callable[[str], Job]


@pytest.fixture(scope="module")
def workers(workshop: Workshop) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """RQ, with two workers that wait for jobs."""
    with workshop.rq() as one, workshop.rq() as other, Redis.from_url(workshop.redis_url) as redis:
        until(lambda: len(Worker.all(redis)) == 2)
        yield [one, other]


@pytest.fixture
def enqueue(workshop: Workshop, workers: object) -> Iterator[Enqueue]:
    """Gives RQ a job to do for an owner."""
    with rq_client(workshop.redis_url) as enqueue:
        yield enqueue


def ended(job: Job) -> JobStatus:
    """How the *job* ended."""
    seen: list[JobStatus] = []

    def has_ended() -> bool:
        seen.append(job.get_status())
        return seen[-1] in ENDS

    until(has_ended)
    return seen[-1]


def is_due(job: Job) -> bool:
    """Whether the next worker will take it up."""
    waiting = ScheduledJobRegistry(job.origin, connection=job.connection)
    try:
        due: datetime = waiting.get_scheduled_time(job)
    except NoSuchJobError:
        # RQ calls a job scheduled before it writes down for when; it queues what it takes out.
        return job.get_status() is not JobStatus.SCHEDULED
    return due <= datetime.now(UTC)


def test_jobs_at_once_send_one_request(
    enqueue: Enqueue, hubspot: HubSpot, connect_earlier: Connect, asked: Callable[[], int]
) -> None:
    """A broker made before RQ forks keeps the processes of two workers to one request."""
    hub_id = connect_earlier("gus")
    hubspot.next_token_answer(delay=DELAY)

    jobs = [enqueue("gus") for _ in range(AT_ONCE)]

    assert {ended(job) for job in jobs} == {JobStatus.FINISHED}
    assert {job.return_value()["portalId"] for job in jobs} == {hub_id}
    assert asked() == 1
    assert len({job.latest_result().worker_name for job in jobs}) == 2


def test_a_job_waits_until_hubspot_is_back(
    workshop: Workshop,
    enqueue: Enqueue,
    hubspot: HubSpot,
    connect_earlier: Connect,
    asked: Callable[[], int],
) -> None:
    """It is scheduled for when the error says, and does its work then."""
    hub_id = connect_earlier("hal")
    hubspot.next_token_answer(503)
    job = enqueue("hal")

    assert ended(job) is JobStatus.SCHEDULED
    until(lambda: is_due(job))
    workshop.rq_burst()

    assert ended(job) is JobStatus.FINISHED
    assert job.return_value()["portalId"] == hub_id
    assert asked() == 2


def test_a_job_waits_for_a_person(
    enqueue: Enqueue, hubspot: HubSpot, connect_earlier: Connect, asked: Callable[[], int]
) -> None:
    """Nothing is tried again, and what it leaves says where to reconnect."""
    hubspot.uninstall(connect_earlier("ivy", account=1))
    job = enqueue("ivy")

    assert ended(job) is JobStatus.FINISHED
    assert "/connections/setup?reconnect=" in job.return_value()["reconnect_url"]
    assert asked() == 1


def test_a_job_fails_where_the_operator_must_act(
    enqueue: Enqueue, hubspot: HubSpot, connect_earlier: Connect, asked: Callable[[], int]
) -> None:
    """Nothing is tried again."""
    connect_earlier("jo")
    hubspot.next_token_refusal(REFUSAL)
    job = enqueue("jo")

    assert ended(job) is JobStatus.FAILED
    assert REFUSAL in job.latest_result().exc_string
    assert asked() == 1


def test_a_job_ends_after_its_renewal(
    enqueue: Enqueue,
    hubspot: HubSpot,
    broker: Broker,
    connect_earlier: Connect,
    asked: Callable[[], int],
) -> None:
    """What is renewed in the background is kept before the job's process is ended."""
    connect_earlier("kim", NEAR_END)
    hubspot.next_token_answer(delay=DELAY)

    assert ended(enqueue("kim")) is JobStatus.FINISHED

    (connection,) = broker.connections("kim")
    assert connection.seconds_left > NEAR_END
    assert asked() == 1


def test_a_killed_job_is_in_nobodys_way(
    workers: list["subprocess.Popen[bytes]"],
    enqueue: Enqueue,
    hubspot: HubSpot,
    connect_earlier: Connect,
    asked: Callable[[], int],
) -> None:
    """The next one renews the token at once, though the dead one's process was about to."""
    hub_id = connect_earlier("lou")
    hubspot.next_token_answer(delay=LONG)
    job = enqueue("lou")
    until(lambda: has_heard(hubspot))

    for each in workers:
        kill_children(each)

    assert ended(job) is JobStatus.FAILED
    following = enqueue("lou")
    assert ended(following) is JobStatus.FINISHED
    assert following.return_value()["portalId"] == hub_id
    assert asked() == 1  # the dead one's is not answered yet, and so not counted
