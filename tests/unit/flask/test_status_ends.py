"""Every wait has an end: the status says so once an attempt's time is up, whoever asks."""

import pytest

from portalkey.broker import Broker
from portalkey.model.attempt import EXCHANGE_SECONDS, RETURNED_SECONDS, AttemptStatus
from portalkey.testing import Ahead
from support.hosting import host_app, page_of, signed_in

ATTEMPT = "E" * 22
LIFE = 600
CODES = {AttemptStatus.RETURNED: "x"}


@pytest.mark.parametrize(
    ("at", "after", "end"),
    [
        (AttemptStatus.AT_HUBSPOT, LIFE, ("expired", None)),
        (AttemptStatus.RETURNED, RETURNED_SECONDS, ("expired", None)),
        (AttemptStatus.EXCHANGING, EXCHANGE_SECONDS + 1, ("failed", "interrupted")),
    ],
    ids=["at_hubspot", "returned", "exchanging"],
)
def test_an_attempt_that_nothing_comes_of_ends_in_time(
    broker: Broker, ahead: Ahead, at: AttemptStatus, after: int, end: tuple[str, str | None]
) -> None:
    """In the session that began it and in another; where it had got to only says how it ends."""
    app = host_app(broker)
    ours, other = signed_in(app), signed_in(app)
    link = page_of(ours).select_one("hubspot-connect[data-key=new] a")
    assert link is not None
    assert ours.get(f"{link['href']}&attempt={ATTEMPT}").status_code == 303
    if at is not AttemptStatus.AT_HUBSPOT:
        assert broker.vault.store.move_attempt(ATTEMPT, at, sealed_code=CODES.get(at))

    def ask() -> list[tuple[str, str | None]]:
        answers = [each.get(f"/api/hubspot/status?attempt={ATTEMPT}") for each in (ours, other)]
        attempts = [each.get_json()["attempt"] for each in answers]
        return [(each["status"], each["error"]) for each in attempts]

    assert ask() == [(at.value, None), ("pending", None)]
    ahead.seconds += after
    assert ask() == [end, end]


def test_an_attempt_that_was_never_begun_is_not_there(broker: Broker) -> None:
    """Whoever is asked first, or has to sign in, may never go on: the page waits by itself."""
    client = signed_in(host_app(broker))
    client.get(f"/auth/hubspot/start?attempt={ATTEMPT}")
    answer = client.get(f"/api/hubspot/status?attempt={ATTEMPT}")

    assert (answer.status_code, answer.get_json()["error"]) == (404, "not_found")
