"""The breaker of this process's own way to HubSpot, on a clock of the test's."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event, Thread

import pytest

from portalkey._support.background import Background
from portalkey.broker.reachability import (
    COSTLY,
    IN_A_ROW,
    LASTING,
    LONGEST_PAUSE,
    PROBE_LOST,
    Reachability,
)
from portalkey.errors import BadAnswer, HubSpotUnavailable, HubSpotUnreachable, PortalkeyError
from portalkey.hubspot.http import Request, Response
from portalkey.testing import Ahead
from support.patience import PATIENCE

PROBE = Request("GET", "https://api.hubapi.com/")
REFRESH = Request("POST", "https://api.hubapi.com/oauth/2026-09/token")


def local(sentence: str = "This machine cannot reach HubSpot.") -> HubSpotUnavailable:
    """Trouble of this machine."""
    trouble = HubSpotUnavailable(sentence)
    trouble.is_local = True
    return trouble


def silence() -> HubSpotUnavailable:
    """A request that nobody answered in time."""
    trouble = HubSpotUnavailable()
    trouble.is_timeout = True
    return trouble


class NoThreads(Background):
    """A server that runs no threads but those of its callers."""

    def start(self, name: str, work: Callable[[], object], *, again: bool = False) -> bool:
        """Take *work*, and never do it."""
        return True


class Way:
    """A way to HubSpot on which a test lays down what happens."""

    def __init__(self) -> None:
        self.time, self.sent = Ahead(), list[Request]()
        self.trouble: Callable[[], PortalkeyError] | None = None
        self.meanwhile: Callable[[], object] = lambda: None
        self.reachability = Reachability(
            self._send, PROBE, clock=self.time, uniform=lambda low, high: (low + high) / 2
        )

    def _send(self, request: Request) -> Response:
        self.sent.append(request)
        self.meanwhile()
        if self.trouble is not None:
            raise self.trouble()
        return Response(503)

    def fail(self, times: int, trouble: Callable[[], PortalkeyError]) -> None:
        """Send requests, each of which meets the *trouble*."""
        self.trouble = trouble
        for number in range(times):
            with pytest.raises(PortalkeyError):
                self.reachability.send(replace(REFRESH, owner=f"owner {number}"))

    def refusal(self) -> HubSpotUnavailable:
        """The error of a caller that asks whether HubSpot may be asked, and sends nothing."""
        with pytest.raises(HubSpotUnavailable) as caught:
            self.reachability.check()
        return caught.value


@pytest.fixture
def way() -> Iterator[Way]:
    """A way on which nothing has failed yet."""
    way = Way()
    yield way
    way.meanwhile()
    way.reachability.close()


def test_a_few_failures_open_it(way: Way) -> None:
    """From then on nothing is sent, and callers hear at once where to look, and until when."""
    way.fail(IN_A_ROW - 1, local)
    way.reachability.check()
    way.fail(1, local)
    way.fail(1, local)

    refusal = way.refusal()

    assert len(way.sent) == IN_A_ROW
    assert str(refusal) == "This machine cannot reach HubSpot. It is tried again in 2 seconds."
    assert (refusal.is_local, refusal.retry_after) == (True, 2.0)


def test_one_failure_that_took_long_opens_it(way: Way) -> None:
    """Whoever holds a lease for so long in vain, while a name is looked for, takes no other one."""
    way.meanwhile = lambda: way.time.passes(COSTLY - 0.1)
    way.fail(1, local)
    assert not way.reachability.is_open

    way.meanwhile = lambda: way.time.passes(COSTLY)
    way.fail(1, local)

    way.meanwhile = lambda: None
    assert way.reachability.is_open


@pytest.mark.parametrize("trouble", [None, HubSpotUnavailable, BadAnswer])
def test_whatever_is_heard_ends_the_row(
    way: Way, trouble: Callable[[], PortalkeyError] | None
) -> None:
    """An answer of any status, a torn or an unusable one: HubSpot can be reached."""
    way.fail(IN_A_ROW - 1, local)
    if trouble is None:
        way.trouble = None
        assert way.reachability.send(REFRESH).status == 503
    else:
        way.fail(1, trouble)
    way.fail(IN_A_ROW - 1, local)

    way.reachability.check()


def test_a_probe_on_a_thread_of_its_own_closes_it(way: Way) -> None:
    """It has no meaning and takes no lease; nobody waits for it, and one is under way at a time."""
    way.fail(IN_A_ROW, local)
    way.trouble, may_answer = None, Event()
    way.meanwhile = lambda: may_answer.wait(PATIENCE)
    way.time.passes(2.0)

    assert way.refusal().is_local
    assert way.refusal().is_local
    may_answer.set()
    way.reachability.close()

    assert way.sent[IN_A_ROW:] == [PROBE]
    way.reachability.check()
    assert not way.reachability.is_open


def test_probes_that_fail_come_less_often(way: Way) -> None:
    """Every ten seconds at most, each pause twice the one before."""
    way.fail(IN_A_ROW, local)
    waits = []
    for _ in range(5):
        wait = way.refusal().retry_after
        waits.append(wait)
        way.time.passes(wait)
        assert way.refusal().is_local
        way.reachability.close()

    assert waits == [2.0, 4.0, 8.0, LONGEST_PAUSE, LONGEST_PAUSE]
    assert way.sent[IN_A_ROW:] == [PROBE] * 5


def test_requests_that_nobody_answers_open_it_too(way: Way) -> None:
    """The sentence does not claim that the machine is at fault."""
    way.fail(IN_A_ROW, silence)

    assert "This machine" not in str(way.refusal())
    assert "does not answer" in str(way.refusal())


def test_one_tenants_requests_that_nobody_answers(way: Way) -> None:
    """What hangs may be the one account's; the others are served on."""
    for _ in range(9):
        way.fail(1, silence)

    way.reachability.check()


def test_a_hanging_hubspot_is_probed_by_one_caller_at_a_time(way: Way) -> None:
    """By what it wants anyway: the server that answers a probe may not be the one that hangs."""
    way.fail(IN_A_ROW, silence)
    way.time.passes(2.0)
    way.reachability.check()
    is_asked, may_answer = Event(), Event()

    def hang() -> None:
        is_asked.set()
        may_answer.wait(PATIENCE)

    way.meanwhile, way.trouble = hang, None
    caller = Thread(target=way.reachability.send, args=[REFRESH])
    caller.start()
    assert is_asked.wait(PATIENCE)
    assert way.refusal().is_local
    may_answer.set()
    caller.join(PATIENCE)

    assert way.sent[IN_A_ROW:] == [REFRESH]
    way.reachability.check()


def test_a_probe_of_a_caller_that_fails(way: Way) -> None:
    """The next one may try after a longer pause."""
    way.fail(IN_A_ROW, silence)
    way.time.passes(2.0)
    way.fail(1, silence)

    assert way.refusal().retry_after == 4.0


def test_a_thread_that_never_runs(way: Way) -> None:
    """A server without threads loses the probe; then a caller tries."""
    way.fail(IN_A_ROW, local)
    way.reachability._background = NoThreads()
    way.time.passes(2.0)
    assert way.refusal().is_local
    way.time.passes(PROBE_LOST)
    way.trouble = None

    assert way.reachability.send(REFRESH).status == 503
    assert not way.reachability.is_open


def test_what_fails_late_is_no_news(way: Way) -> None:
    """Requests that were under way when it opened do not put the probe off."""
    way.meanwhile = lambda: way.fail(IN_A_ROW, local) if len(way.sent) == 1 else None
    way.fail(1, local)

    assert way.refusal().retry_after == 2.0


def test_it_is_closed_meanwhile(way: Way) -> None:
    """An answer to an earlier request closes it for a caller that just found it open."""
    way.fail(IN_A_ROW, local)
    way.trouble = None
    way.reachability._observe(REFRESH)
    way.reachability._admit(is_sending=True)

    assert way.reachability.send(REFRESH).status == 503


def test_it_says_so_once(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    """One warning as it opens, and a line as HubSpot answers again."""
    caplog.set_level(logging.INFO, "portalkey")
    way.fail(IN_A_ROW + 2, local)
    way.trouble = None
    way.time.passes(2.0)
    assert way.refusal().is_local
    way.reachability.close()

    levels = [record.levelname for record in caplog.records]
    assert levels == ["WARNING", "INFO"]


def certain() -> HubSpotUnreachable:
    """Trouble that no time mends."""
    return HubSpotUnreachable("Its certificate cannot be trusted; name it in PORTALKEY_CA_FILE.")


def probe_after(way: Way, seconds: float) -> None:
    """Let time pass until a caller starts a probe, and wait for that."""
    way.time.passes(seconds)
    with pytest.raises(PortalkeyError):
        way.reachability.check()
    way.reachability.close()


def test_what_is_certain_opens_it_at_once(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    """Every caller hears that it is the operator's, the log once; what is mended is noticed."""
    caplog.set_level(logging.INFO, "portalkey")
    way.fail(1, certain)
    for _ in range(2):
        with pytest.raises(HubSpotUnreachable, match="PORTALKEY_CA_FILE"):
            way.reachability.check()
    way.trouble = None
    probe_after(way, 2.0)

    assert way.sent == [replace(REFRESH, owner="owner 0"), PROBE]
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    way.reachability.check()


def test_what_lasts_becomes_the_operators(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    """A name that is not resolved for minutes is no passing trouble; the log hears once in five."""
    caplog.set_level(logging.INFO, "portalkey")
    way.fail(IN_A_ROW, local)
    probe_after(way, LASTING - 1)
    assert way.refusal().is_local
    for _ in range(3):
        probe_after(way, LONGEST_PAUSE * 2)
        with pytest.raises(HubSpotUnreachable, match="This machine cannot reach HubSpot"):
            way.reachability.check()

    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]


def test_what_was_asked_long_ago_has_not_lasted(way: Way) -> None:
    """An app that slept for an hour has not seen HubSpot out of reach for as long."""
    way.fail(IN_A_ROW, local)
    way.time.passes(12 * LASTING)

    assert way.refusal().is_local


def test_a_hang_before_it_does_not_count(way: Way) -> None:
    """How long HubSpot did not answer says nothing of this machine."""
    way.fail(IN_A_ROW, silence)
    way.time.passes(LASTING)
    way.fail(1, local)

    assert way.refusal().is_local


def test_a_forked_child_finds_out_for_itself(way: Way) -> None:
    """Its parent's probe runs on a thread that it does not have."""
    way.fail(IN_A_ROW, local)

    with way.reachability._lock:
        way.reachability._renew()

    way.reachability.check()
