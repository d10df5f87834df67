"""HubSpot's webhooks journal: requests, and what each answer means."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    PortalkeyError,
    RateLimited,
)
from portalkey.hubspot import journal as hubspot
from portalkey.hubspot.http import Response
from portalkey.hubspot.journal import FileMissing
from portalkey.hubspot.journal_access import (
    SCOPES,
    app_token_request,
    journal_failure,
    read_app_token,
)
from portalkey.hubspot.subscriptions import (
    read_subscription,
    read_subscriptions,
    subscribe_request,
    subscriptions_request,
)
from portalkey.model.journal import JournalEntry, JournalKind, read_moment
from portalkey.settings import Settings

TOKEN = SecretStr("canary-app-token")
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
GOOD = {
    "type": "app_lifecycle_event",
    "action": "APP_UNINSTALL",
    "portalId": 62515,
    "occurredAt": "2026-11-30T12:00:00.000Z",
    "eventTypeId": "4-1916193",
    "properties": {"hs_app_id": "1", "hs_app_install_level": "ACCOUNT"},
}
NO_ACCOUNTS: list[object] = [None, "62515", 0, -1, 1.5, 2**60]
NO_MOMENTS: list[object] = [None, "now", "2026-11-30", 0, 10**30, True, []]
LINK = {
    "currentOffset": "3c90c3cc-0d44-4b50-8888-8dd25736052a",
    "expiresAt": "2026-11-30T12:10:00Z",
    "url": "https://bucket.s3.amazonaws.com/a/b.json?X-Amz-Signature=canary-signature",
}


def answer(body: object, status: int = 200, **headers: str) -> Response:
    """A response with this JSON."""
    return Response(status, headers, json.dumps(body).encode())


def test_the_request_for_the_apps_own_token(settings: Settings) -> None:
    """The secret and the scopes are in the form."""
    request = app_token_request(settings)

    assert request.url == "https://api.hubapi.com/oauth/2026-09/token"
    assert request.form["grant_type"] == "client_credentials"
    assert request.form["scope"].split() == list(SCOPES)
    assert request.form["client_secret"] == "canary-client-secret"
    assert "canary" not in repr(request)


@pytest.mark.parametrize("use", [{}, {"token_use": "client_credentials"}])
def test_the_apps_own_token(use: dict[str, str]) -> None:
    """It is not shown."""
    token = read_app_token(answer({"access_token": "canary-app", "expires_in": 1800, **use}))

    assert (token.token.get_secret_value(), token.expires_in) == ("canary-app", 1800)
    assert "canary" not in repr(token)


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        (answer({}), BadAnswer, "."),
        (answer({"access_token": "a", "token_use": "refresh_token"}), BadAnswer, "."),
        (answer({"expires_in": 1}), BadAnswer, "lacks"),
        (answer({"status": "BAD_SCOPES"}, 400), HubSpotRefused, "it lacks developer.webhooks"),
        (answer({"status": "BAD_CLIENT_SECRET"}, 400), HubSpotRefused, "HUBSPOT_CLIENT_SECRET"),
        (answer({"status": "BAD_CLIENT_SECRET"}, 401), HubSpotRefused, "HUBSPOT_CLIENT_SECRET"),
        (answer({"error": "invalid_client"}, 401), HubSpotRefused, "HUBSPOT_CLIENT_SECRET"),
        (answer({}, 404), HubSpotRefused, "HUBSPOT_API_URL"),
        (answer({"error": "invalid_grant"}, 400), HubSpotRefused, "journal setup"),
        (answer({}, 429), RateLimited, "."),
        (answer({}, 503), HubSpotUnavailable, "."),
    ],
)
def test_no_token(response: Response, error: type[PortalkeyError], words: str) -> None:
    """None of it is a person's to put right."""
    with pytest.raises(error, match=words):
        read_app_token(response)


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (answer({"category": "MISSING_SCOPES"}, 403), r"MISSING_SCOPES\): it lacks developer"),
        (
            answer(
                {
                    "category": "MISSING_SCOPES",
                    "errors": [{"context": {"requiredScopes": ["x.y"]}}],
                },
                403,
            ),
            "it lacks x.y",
        ),
        (answer({"category": "INVALID_AUTHENTICATION"}, 401), "journal setup"),
        (answer({}, 404), "journal setup"),
    ],
)
def test_refusals_say_what_to_do(response: Response, words: str) -> None:
    """The scopes are named where HubSpot names them."""
    trouble = journal_failure(response)

    assert isinstance(trouble, HubSpotRefused)
    with pytest.raises(HubSpotRefused, match=words):
        raise trouble


def test_paths(settings: Settings) -> None:
    """They bear the version, and v3 has none, so the newest is taken."""
    requests = [
        subscriptions_request(settings, TOKEN),
        subscribe_request(settings, TOKEN, "4-1916193"),
        hubspot.links_request(settings, TOKEN, None, 20),
        hubspot.links_request(settings, TOKEN, "x-1", 5),
    ]
    base = "https://api.hubapi.com/webhooks-journal"

    assert [(each.method, each.url.removeprefix(base)) for each in requests] == [
        ("GET", "/subscriptions/2026-09"),
        ("POST", "/subscriptions/2026-09"),
        ("GET", "/journal/2026-09/batch/earliest/20"),
        ("GET", "/journal/2026-09/batch/x-1/next/5"),
    ]
    assert json.loads(requests[1].json) == {
        "subscriptionType": "APP_LIFECYCLE_EVENT",
        "eventTypeId": "4-1916193",
        "properties": [],
    }
    assert all(each.bearer is TOKEN for each in requests)
    for version, there in (("v3", "2026-09"), ("2027-03", "2027-03")):
        other = settings.model_copy(update={"api_version": version})
        assert f"/journal/{there}/" in hubspot.links_request(other, TOKEN, None, 1).url
        assert subscriptions_request(other, TOKEN).url.endswith(f"/subscriptions/{there}")


def test_subscriptions() -> None:
    """By what they say of themselves, and of nothing else."""
    known = answer(
        {
            "results": [
                {"objectTypeId": "4-1909196", "actions": ["APP_INSTALL"]},
                {"objectTypeId": "0-1", "actions": ["CREATE", 1], "portalId": 1},
                {"actions": "x"},
                "none",
            ]
        }
    )
    by_action = answer({"results": [{"objectTypeId": "?", "actions": ["APP_UNINSTALL"]}]})

    assert read_subscriptions(known) == {"4-1909196"}
    assert read_subscriptions(by_action) == {"4-1916193"}
    assert read_subscriptions(answer({"results": []})) == frozenset()
    read_subscription(answer({"id": 1}, 201))
    for read in (read_subscriptions, read_subscription):
        with pytest.raises(HubSpotRefused):
            read(answer({"category": "MISSING_SCOPES"}, 403))
    with pytest.raises(BadAnswer):
        read_subscriptions(answer({"results": {}}))


def test_links(settings: Settings) -> None:
    """Each opens by itself, so what opens it is not shown."""
    links = hubspot.read_links(answer({"status": "COMPLETE", "results": [LINK]}), settings, None)

    assert links is not None
    (link,) = links
    assert link.offset == LINK["currentOffset"]
    request = hubspot.file_request(link)
    assert request.url == "https://bucket.s3.amazonaws.com/a/b.json"
    assert request.query is not None
    assert parse_qs(request.query.get_secret_value()) == {"X-Amz-Signature": ["canary-signature"]}
    assert request.bearer is None
    assert "canary" not in f"{link!r} {request!r}"


def test_no_links(settings: Settings) -> None:
    """Nothing new is no trouble; a place that is not known is told; a path that is not, refused."""
    assert hubspot.read_links(Response(204), settings, "x") == ()
    assert hubspot.read_links(answer({"results": []}), settings, "x") == []
    assert hubspot.read_links(answer({}, 404), settings, "x") is None
    with pytest.raises(HubSpotRefused):
        hubspot.read_links(answer({}, 404), settings, None)


@pytest.mark.parametrize(
    "change",
    [
        {"url": None},
        {"url": 7},
        {"url": "https://a.example/" + "x" * 9000},
        *({"url": f"https://a.example/{end}"} for end in ("\n", "?\n", "?" + "x" * 9000)),
        *({"url": url} for url in ("https://[::1", "https:///x", "https://", "https:a.example")),
        *({"url": url} for url in ("http://a.example/x", "https://127.0.0.1/x", "file:///etc/x")),
        *({"url": url} for url in ("https://localhost/x", "https://a@b.example/x", "ftp://a.b/x")),
        *(
            {"url": url}
            for url in ("https://a.example:8443/x", "https://[::1]/x", "https://10.1/x")
        ),
        *({"url": url} for url in ("https://ä.example/x", "https://a.example/x y", "//a.example")),
    ],
)
def test_links_that_lead_elsewhere(settings: Settings, change: dict[str, Any]) -> None:
    """Only https at a host with a name is asked, and never this machine or its network.

    Such a link holds up no other.
    """
    links = hubspot.read_links(answer({"results": [LINK | change, LINK]}), settings, None)

    assert links is not None
    with pytest.raises(FileMissing, match="cannot be a file of its own"):
        hubspot.file_request(links[0])
    assert "x" * 100 not in str(links[0].url)
    assert hubspot.file_request(links[1])


@pytest.mark.parametrize("offset", [None, "../..", "", 7])
def test_links_to_no_place(settings: Settings, offset: object) -> None:
    """Without a place nobody can read on."""
    with pytest.raises(BadAnswer, match="a place that cannot be one"):
        hubspot.read_links(answer({"results": [LINK | {"currentOffset": offset}]}), settings, None)


def test_the_longest_links_there_may_be(settings: Settings) -> None:
    """As many as are asked for have room in one answer: Amazon's are long."""
    assert hubspot.links_request(settings, TOKEN, None, 20).longest == hubspot.LONGEST_LINKS
    assert hubspot.LONGEST_LINKS > 20 * (8192 + 1000)


def test_links_of_a_simulator(settings: Settings) -> None:
    """Its own are on this machine, and only its own."""
    local = settings.model_copy(update={"api_url": "http://localhost:6002"})
    own = LINK | {"url": "http://localhost:6002/webhooks-journal/pages/x?app=1"}
    others = LINK | {"url": "http://localhost:60020/x"}

    links = hubspot.read_links(answer({"results": [own, others]}), local, None)
    assert links is not None
    assert [each.url for each in links] == [own["url"].partition("?")[0], None]


def read(*entries: object, **more: object) -> hubspot.Page:
    """A file with these entries."""
    return hubspot.read_file(answer({"offset": "x", "journalEvents": list(entries), **more}))


def test_entries() -> None:
    """What is known is read, whatever stands beside it."""
    installed = GOOD | {"action": "APP_INSTALL", "eventTypeId": "4-1909196"}
    page = read(GOOD | {"new": [1]}, installed, publishedAt="2026-11-30T12:00:01Z")

    assert page.entries == [
        JournalEntry(JournalKind.UNINSTALLED, 62515, AT),
        JournalEntry(JournalKind.INSTALLED, 62515, AT),
    ]
    assert (page.unreadable, page.published_at) == (0, AT + timedelta(seconds=1))


def test_an_entry_by_its_type_alone() -> None:
    """HubSpot names the kind twice; one is enough."""
    by_type = {name: value for name, value in GOOD.items() if name not in {"action", "type"}}
    moment = int(AT.timestamp() * 1000)

    assert read(by_type | {"occurredAt": moment}).entries == read(GOOD).entries


def test_entries_that_are_passed_over() -> None:
    """Of other kinds."""
    others = [{"action": "UPDATE", "eventTypeId": "0-1"}, {"type": "x"}, {"action": 1}, 7, None]

    assert read(*others) == hubspot.Page([], 0, None)


@pytest.mark.parametrize(
    "change",
    [
        *[{"portalId": each} for each in NO_ACCOUNTS],
        *[{"occurredAt": each} for each in NO_MOMENTS],
        {"occurredAt": "2026-11-30T12:00:00"},
        {"properties": {"hs_app_install_level": "USER"}},
        {"properties": {"hs_app_install_level": "USER", "hs_user_id": "-1"}},
    ],
)
def test_entries_that_cannot_be_read(change: dict[str, object]) -> None:
    """They are counted, and hold up none of the others."""
    page = read(GOOD | change, GOOD)

    assert (len(page.entries), page.unreadable) == (1, 1)


def test_the_install_of_one_user() -> None:
    """As a text or a number."""
    for user in ("770101", 770101):
        properties = {"hs_app_install_level": "USER", "hs_user_id": user}
        assert read(GOOD | {"properties": properties}).entries[0].user_id == 770101
    assert read(GOOD | {"properties": None}).entries[0].user_id is None


def test_a_level_in_small_letters() -> None:
    """What one user uninstalled ends nobody else's, however it is written."""
    properties = {"hs_app_install_level": "user", "hs_user_id": "770101"}
    assert read(GOOD | {"properties": properties}).entries[0].user_id == 770101


def test_files_that_are_packed() -> None:
    """Amazon sends them as they were stored."""
    good = json.dumps({"journalEvents": [GOOD]}).encode()
    bomb = gzip.compress(b" " * (hubspot.LONGEST_FILE + 1))

    assert len(hubspot.read_file(Response(200, {}, gzip.compress(good))).entries) == 1
    for body, words in (
        (bomb, "has over"),
        (b"\x1f\x8b" + b"x" * 20, "cannot be unpacked"),
        (b"\x1f\x8b", "not one whole"),
        (gzip.compress(good)[:-9], "not one whole"),
        (gzip.compress(good) * 2, "not one whole"),
    ):
        with pytest.raises(BadAnswer, match=words):
            hubspot.read_file(Response(200, {}, body))


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer({"journalEvents": {}}), BadAnswer),
        (answer([]), BadAnswer),
        (Response(200, {}, b"<Error/>"), FileMissing),
        *((Response(status), FileMissing) for status in (206, 302, 403, 404, 410)),
        *((Response(status), HubSpotUnavailable) for status in (408, 425, 429, 500, 503)),
    ],
)
def test_files_that_are_none(response: Response, error: type[PortalkeyError]) -> None:
    """What passes by itself is told from what is wrong."""
    with pytest.raises(error):
        hubspot.read_file(response)


def test_what_time_it_is_there() -> None:
    """As the answer says, if it says so."""
    moment = "Mon, 30 Nov 2026 12:00:00 GMT"

    assert Response(200, {"date": moment}).date == AT
    for text in ("", "now", "Mon, 30 Nov 2026 12:00:00 -0000", "Fri, 31 Dec 9999 23:59:59 GMT"):
        headers = {"date": text}
        assert Response(200, headers).date is None


def test_moments_of_entries() -> None:
    """With a zone, and no older than HubSpot."""
    assert read_moment("2026-11-30T12:00:00Z") == AT
    assert read_moment("2026-11-30T13:00:00+01:00") == AT
    assert str(read_moment("2026-11-30T13:00:00+01:00")) == str(AT)
    assert read_moment("1999-01-01T00:00:00Z") is None
    assert read_moment("9999-12-31T23:59:59-12:00") is None


def test_marks_of_entries() -> None:
    """The same for the same, another for anything else."""
    entry = JournalEntry(JournalKind.INSTALLED, 1, AT)
    others = [
        replace(entry, kind=JournalKind.UNINSTALLED),
        replace(entry, hub_id=2),
        replace(entry, at=AT + timedelta(milliseconds=1)),
        replace(entry, user_id=1),
    ]

    assert entry.mark == replace(entry).mark
    assert len({entry.mark, *(each.mark for each in others)}) == 5
