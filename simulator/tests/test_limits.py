"""Rate limits, and the headers about them."""

from collections.abc import Callable

import httpx2

from portalkey_simulator import HubSpot

Grant = Callable[..., dict[str, str]]

CONTACTS = "/crm/v3/objects/contacts"
DETAILS = "/account-info/2026-03/details"
SCOPES = ("oauth", "crm.objects.contacts.read")


def left(answer: httpx2.Response) -> str | None:
    """The number of calls that are left, as the answer says."""
    return answer.headers.get("X-HubSpot-RateLimit-Remaining")


def test_calls_count_down(hubspot: HubSpot, http: httpx2.Client, grant: Grant) -> None:
    """All calls of an app in an account share one window; only a 401 does not count."""
    headers = grant(*SCOPES)

    first = http.get(DETAILS, headers=headers)
    assert first.headers["X-HubSpot-RateLimit-Max"] == "110"
    assert first.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert left(first) == "109"
    assert left(http.get(CONTACTS, headers=headers)) == "108"
    assert left(http.get("/crm/v3/objects/deals", headers=headers)) == "107"
    assert left(http.get(CONTACTS)) is None
    assert left(http.get(CONTACTS, headers=grant(*SCOPES))) == "106"
    assert left(http.get(CONTACTS, headers=grant(*SCOPES, hub_id=4410002))) == "109"
    hubspot.clock.move(11)
    assert left(http.get(CONTACTS, headers=headers)) == "109"


def test_too_many_calls(hubspot: HubSpot, http: httpx2.Client, grant: Grant) -> None:
    """One more than there are is answered with 429 until the window has rolled on."""
    hubspot.switches.calls_per_ten_seconds = 2
    headers = grant(*SCOPES)

    statuses = [http.get(CONTACTS, headers=headers).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    answer = http.get(DETAILS, headers=headers)
    body = answer.json()
    assert left(answer) == "0"
    assert body.pop("correlationId") == answer.headers["X-HubSpot-Correlation-Id"]
    assert len(body.pop("requestId")) == 32
    assert body == {
        "status": "error",
        "message": "You have reached your ten_secondly_rolling limit.",
        "errorType": "RATE_LIMIT",
        "policyName": "TEN_SECONDLY_ROLLING",
        "groupName": "publicapi:private_app-api-calls-ten-secondly:3300001:4410001",
    }
    hubspot.clock.move(11)
    assert http.get(CONTACTS, headers=headers).status_code == 200


def test_too_many_searches(hubspot: HubSpot, http: httpx2.Client, grant: Grant) -> None:
    """Searches have a limit of their own for the whole account, and tell nothing of any."""
    headers = grant(*SCOPES)
    hubspot.switches.searches_per_second = 2

    answers = [http.post(f"{CONTACTS}/search", json={}, headers=headers) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert not [name for each in answers for name in each.headers if "ratelimit" in name]
    assert answers[2].json()["policyName"] == "SECONDLY"
    assert answers[2].json()["message"] == "You have reached your secondly limit."
    assert left(http.get(CONTACTS, headers=headers)) == "109"
    hubspot.clock.move(2)
    assert http.post(f"{CONTACTS}/search", json={}, headers=headers).status_code == 200


def test_every_answer_can_be_found_again(http: httpx2.Client, grant: Grant) -> None:
    """Good answers and bad ones have an id of their own, and none lets another origin read it."""
    answers = [
        http.get(CONTACTS, headers={**grant(*SCOPES), "Origin": "https://app.example"}),
        http.get(CONTACTS),
        http.options(CONTACTS, headers={"Origin": "https://app.example"}),
        http.head(CONTACTS, headers=grant(*SCOPES)),
        http.post("/oauth/2026-03/token"),
    ]

    assert [each.status_code for each in answers] == [200, 401, 405, 200, 400]
    assert len({each.headers["X-HubSpot-Correlation-Id"] for each in answers}) == 5
    assert not [name for each in answers for name in each.headers if "access-control" in name]
