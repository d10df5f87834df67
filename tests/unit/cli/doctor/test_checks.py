"""Each check by itself, given what it judges."""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from portalkey.broker.health import (
    check_inspection,
    check_keys,
    check_pace,
    check_stats,
    check_sweep,
    describe_oldest,
)
from portalkey.broker.journal_health import check_journal
from portalkey.cli.doctor.browser import Page
from portalkey.cli.doctor.credentials import check_credentials
from portalkey.cli.doctor.files import MOST_FILES, find_files
from portalkey.cli.doctor.groups import judge, run
from portalkey.cli.doctor.hubspot import check_clock, check_way
from portalkey.cli.doctor.project import check_app_file, check_project, check_v1
from portalkey.cli.doctor.public import check_headers, check_public, check_session_cookies
from portalkey.cli.doctor.redirect import check_redirect_uri
from portalkey.cli.doctor.settings import check_settings, check_version, read_settings
from portalkey.cli.doctor.store import check_store
from portalkey.errors import HubSpotUnreachable
from portalkey.hubspot.http import Request, Response
from portalkey.model.connection import Account, ConnectionStatus
from portalkey.model.findings import Finding, State, ok, problem, warning
from portalkey.model.journal import META_NAME, JournalState
from portalkey.model.stats import Stats
from portalkey.settings import Settings
from portalkey.settings.surroundings import Surroundings
from portalkey.testing.samples import connect, new_owed
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey.vault.inspection import Inspection, inspect_store
from portalkey.vault.memory import MemoryStore
from portalkey.vault.open import open_store
from portalkey.web.headers import POPUP

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
NOON_IN_HTTP = "Sun, 29 Nov 2026 12:00:00 GMT"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an app at HubSpot."""
    return Settings(
        client_id="app",
        client_secret="canary-secret",
        keys=f"a:{Fernet.generate_key().decode()}",
        scopes="crm.objects.contacts.read",
        optional_scopes="tickets",
        public_url="https://app.example.com",
        redirect_uri="https://app.example.com/crm/auth/hubspot/callback",
        database_url=f"sqlite:///{tmp_path / 'portalkey.db'}",
    )


def states(findings: Any) -> dict[str, State]:
    """What was found, by name."""
    return {each.name: each.state for each in findings}


@pytest.mark.parametrize(
    ("version", "state", "words"),
    [
        ("2026-09", State.OK, "until about March 2028"),
        ("2026-03", State.WARNING, "until about September 2027"),
        ("v3", State.WARNING, "until September 2027"),
        ("2027-03", State.WARNING, "does not know yet"),
    ],
)
def test_a_version_has_an_end(settings: Settings, version: str, state: State, words: str) -> None:
    """Only the newest is good."""
    found = check_version(settings.model_copy(update={"api_version": version}))

    assert (found.state, words in found.sentence) == (state, True)


def test_where_was_looked_is_no_thing_to_be_done(tmp_path: Path) -> None:
    """It is what to do about each that is missing; the file that was read is named."""
    env_file = tmp_path / ".env"
    env_file.write_text(f"PORTALKEY_KEYS=a:{Fernet.generate_key().decode()}\n")

    settings, found = read_settings(env_file)

    assert settings is None
    names = ("HUBSPOT_CLIENT_ID", "HUBSPOT_CLIENT_SECRET")
    assert [each.sentence.split()[0] for each in found] == [*names]
    assert {each.to_do for each in found} == {
        f"What is missing is neither in the environment nor in {env_file}, which was read."
    }


def test_each_warning_of_the_settings_is_one_of_ours(settings: Settings) -> None:
    """With what to do by itself; the version's end is told once, by its own check."""
    for version in ("v3", "2027-03"):
        bad = settings.model_copy(update={"pkce": False, "api_version": version})

        _, found = check_settings(bad, Surroundings())

        assert (found.name, found.state) == ("pkce_off", State.WARNING)
        assert found.to_do == "Set it to on."


@pytest.mark.parametrize(
    ("seconds", "state", "side"),
    [
        (0, State.OK, ""),
        (-29, State.OK, "behind"),
        (1, State.OK, "is 1 second ahead"),
        (31, State.WARNING, "31 seconds ahead of"),
        (-301, State.PROBLEM, "301 seconds behind"),
    ],
)
def test_a_clock_is_compared(seconds: int, state: State, side: str) -> None:
    """With HubSpot's own word for the time."""
    at = NOON + timedelta(seconds=seconds)
    found = check_clock(Response(404, {"date": NOON_IN_HTTP}), at)

    assert (found.state, side in found.sentence) == (state, True)


@pytest.mark.parametrize("headers", [{}, {"date": "noon"}, {"date": "Sun, 29 Nov 2026 12:00:00"}])
def test_an_answer_without_a_time_tells_none(headers: Mapping[str, str]) -> None:
    """Nor does one that cannot be read."""
    assert check_clock(Response(200, headers), NOON).state is State.UNKNOWN


def test_a_way_that_is_closed_is_told_with_what_to_do(settings: Settings) -> None:
    """In the words of the error."""

    def send(_: Request) -> Response:
        raise HubSpotUnreachable("The proxy refuses it (407); write USER:PASSWORD.")

    found = list(check_way(settings, send))

    assert states(found) == {"hubspot": State.PROBLEM, "clock": State.UNKNOWN}
    assert (found[0].sentence, found[0].to_do) == (
        "The proxy refuses it (407).",
        "Write USER:PASSWORD.",
    )


@pytest.mark.parametrize(
    ("status", "body", "state", "words"),
    [
        (200, {"active": False}, State.OK, "its secret is right"),
        (200, {"active": True}, State.UNKNOWN, "did not say"),
        (401, {"error": "invalid_client"}, State.PROBLEM, "HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_"),
        (400, {"status": "BAD_CLIENT_ID"}, State.PROBLEM, "Compare HUBSPOT_CLIENT_ID with"),
        (400, {"status": "BAD_CLIENT_SECRET"}, State.PROBLEM, "HUBSPOT_CLIENT_SECRET with"),
        (400, {"status": "BAD_REFRESH_TOKEN"}, State.UNKNOWN, "did not say"),
        (403, {}, State.UNKNOWN, "HubSpot's edge"),
        (429, {}, State.UNKNOWN, "(rate_limited)"),
        (503, {}, State.UNKNOWN, "did not say"),
    ],
)
def test_credentials_are_judged_by_hubspot(
    settings: Settings, status: int, body: Mapping[str, Any], state: State, words: str
) -> None:
    """By a refresh token that nobody has; what does not speak of the client is no verdict."""
    asked: list[Request] = []

    def send(request: Request) -> Response:
        asked.append(request)
        return Response(status, {"content-type": "application/json"}, json.dumps(body).encode())

    found = check_credentials(settings, send)

    assert (found.name, found.state) == ("credentials", state)
    assert words in f"{found.sentence} {found.to_do}"
    (request,) = asked
    assert request.url.endswith("/oauth/2026-09/token/introspect")


REGISTERED = "http://localhost:6001/auth/hubspot/callback"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"apps": [{"client_id": "app", "redirect_uris": [REGISTERED]}]}, State.OK),
        ({"apps": [{"client_id": "app", "redirect_uris": []}]}, State.PROBLEM),
        ({"apps": [{"client_id": "app", "redirect_uris": [f"{REGISTERED}/"]}]}, State.PROBLEM),
        ({"apps": [{"client_id": "other", "redirect_uris": []}]}, None),
        ({"apps": [None, {"client_id": "app", "redirect_uris": None}]}, None),
        ({"apps": 1}, None),
        ({}, None),
    ],
)
def test_a_simulator_has_registered_the_redirect_uri(
    settings: Settings, body: dict[str, object], found: State | None
) -> None:
    """Where it has not, both are named, with the command; what does not say so is no finding."""
    local = settings.model_copy(update={"redirect_uri": REGISTERED})
    answer = Response(200, body=json.dumps(body).encode())

    findings = list(check_redirect_uri(local, lambda _: answer))

    assert [each.state for each in findings] == ([] if found is None else [found])
    if found is State.PROBLEM:
        assert f"--redirect-uri {REGISTERED}`" in findings[0].to_do


@pytest.mark.parametrize("mark", [".", ","])
def test_a_mark_that_was_copied_along_with_the_redirect_uri(settings: Settings, mark: str) -> None:
    """It is what to look at: both addresses side by side look the same."""
    local = settings.model_copy(update={"redirect_uri": REGISTERED})
    app = {"client_id": "app", "redirect_uris": [f"{REGISTERED}{mark}"]}
    answer = Response(200, body=json.dumps({"apps": [app]}).encode())

    (found,) = check_redirect_uri(local, lambda _: answer)

    assert found.state is State.PROBLEM
    assert f'{REGISTERED} with "{mark}" behind it, not without' in found.sentence
    assert f"--redirect-uri {REGISTERED}`: the mark was copied along" in found.to_do


def test_code_that_asks_v1_is_found(tmp_path: Path) -> None:
    """In files of people; not in what was installed, made or is too long."""
    for name in ("old.py", "web/app.ts", "node_modules/x/a.js", ".git/b.py", "notes.bin"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("first\nurl = 'https://api.hubapi.com/oauth/v1/token'\n")
    (tmp_path / "long.js").write_text("/oauth/v1/" * 100_000)
    files = list(find_files(tmp_path))

    before, after = (check_v1(files, tmp_path, date(2027, 2, each)) for each in (15, 16))

    assert (before.state, after.state) == (State.WARNING, State.PROBLEM)
    assert before.sentence.endswith("2027-02-16: old.py:2, web/app.ts:2.")
    assert check_v1([], tmp_path, date(2027, 2, 16)).state is State.OK


def test_the_search_has_an_end(tmp_path: Path, settings: Settings) -> None:
    """A folder may be anything, the root of a disk too."""
    (tmp_path / "a").mkdir()
    for number in range(MOST_FILES + 5):
        (tmp_path / "a" / f"{number}.py").touch()

    found, _ = check_project(settings, tmp_path, NOON.date())

    assert "the first 5000 files were looked at" in found.sentence


def app_file(folder: Path, **auth: Any) -> Path:
    """An app-hsmeta.json that agrees with the settings, but for *auth*."""
    right = {
        "type": "oauth",
        "redirectUrls": ["https://app.example.com/crm/auth/hubspot/callback"],
        "requiredScopes": ["oauth"],
        "conditionallyRequiredScopes": ["crm.objects.contacts.read"],
        "optionalScopes": ["tickets", "files"],
    }
    path = folder / "app-hsmeta.json"
    path.write_text(json.dumps({"uid": "app", "config": {"auth": {**right, **auth}}}))
    return path


@pytest.mark.parametrize(
    ("auth", "state", "words"),
    [
        ({}, State.OK, "has the redirect URI and the scopes"),
        ({"redirectUrls": ["https://other.example"]}, State.PROBLEM, "lacks HUBSPOT_REDIRECT_URI"),
        ({"requiredScopes": ["oauth", "files"]}, State.PROBLEM, "requiredScopes has files"),
        ({"conditionallyRequiredScopes": []}, State.PROBLEM, "HUBSPOT_SCOPES has crm.objects"),
        ({"optionalScopes": None}, State.PROBLEM, "HUBSPOT_OPTIONAL_SCOPES has tickets"),
        ({"type": "static"}, State.UNKNOWN, "no config.auth of type oauth"),
    ],
)
def test_the_app_file_is_compared(
    settings: Settings, tmp_path: Path, auth: Any, state: State, words: str
) -> None:
    """Redirect URI and scopes, by HubSpot's classes of them."""
    (found,) = check_app_file(settings, app_file(tmp_path, **auth), tmp_path)

    assert (found.state, words in found.sentence) == (state, True)


def test_an_app_file_that_is_none_is_said(settings: Settings, tmp_path: Path) -> None:
    """Whatever stands in it."""
    for text in ("", "[]", '{"config": 1}', '{"config": {"auth": []}}'):
        path = tmp_path / "app-hsmeta.json"
        path.write_text(text)
        assert states(check_app_file(settings, path, tmp_path)) == {"app_file": State.UNKNOWN}


GONE = (
    "a: 1 connection, 0 attempts under way, 0 revocations; "
    "with gone: 0 connections, 0 attempts under way, 1 revocation."
)


@pytest.fixture
def vault(settings: Settings) -> Iterator[Vault]:
    """A store with a row of the settings' key, and one of a key that is not here."""
    with closing(SQLStore.open(settings.database_url)) as store:
        yield Vault(Keyring(settings.keys), store, "app")


def test_a_missing_key_is_a_problem_and_nothing_is_written(vault: Vault) -> None:
    """Counted with the rows that wait for it."""
    assert states(check_keys(vault, ["a"])) == {"keys": State.OK, "rows_by_key": State.OK}
    connect(vault.store, owner="bob", id="row 2", sealed=None)
    vault.store.enqueue(new_owed(vault.store, key_name="gone"))
    assert states(check_keys(vault, ["a"]))["keys"] is State.OK  # it only waits
    connect(vault.store)  # under the label a, and sealed with another key

    found = list(check_keys(vault, ["a"]))

    assert states(found) == {"keys": State.PROBLEM, "rows_by_key": State.OK}
    assert found[-1].sentence.endswith(GONE)
    assert vault.store.meta("key_check app a") is None


def test_long_failing_is_a_warning() -> None:
    """An hour of it is more than a bad moment."""
    numbers = dict.fromkeys(ConnectionStatus, 1)

    for seconds, has in ((3599.0, False), (3601.0, True)):
        found = states(check_stats(Stats(numbers, seconds, 0, is_breaker_open=False)))
        assert ("failing" in found) is has


@pytest.mark.parametrize(
    ("live", "rate", "state", "words"),
    [
        (14_000, 10, State.OK, "about 14,000 connections that are used all day"),
        (14_001, 10, State.WARNING, "set PORTALKEY_REFRESH_RATE to 11 in"),
        (700, 0.5, State.OK, "0.5 renewals a second"),
    ],
)
def test_more_connections_than_the_rate_carries_are_a_warning(
    live: int, rate: float, state: State, words: str
) -> None:
    """Those that are live, whether or not they fail just now; the others cost nothing."""
    numbers = {
        ConnectionStatus.CONNECTED: live - 10,
        ConnectionStatus.FAILING: 10,
        ConnectionStatus.NEEDS_RECONNECT: 1_000_000,
    }
    found = check_pace(Stats(numbers, 0.0, 0, is_breaker_open=False), rate)

    assert found.state is state
    assert words in f"{found.sentence} {found.to_do}"


def test_an_open_breaker_is_a_warning() -> None:
    """With the code that opened it."""
    inspection = Inspection({"events": 3}, 5, 0.0, "hubspot_refused")
    breaker, sizes = check_inspection(inspection)

    assert (breaker.state, "hubspot_refused" in breaker.sentence) == (State.WARNING, True)
    assert sizes.sentence == "The store takes 0.0 MB. Rows by table: events 3."
    oldest = describe_oldest(inspection).sentence
    assert oldest == "Every live connection had its tokens renewed on 1970-01-01 or later."


@pytest.mark.parametrize(
    ("hours", "swept", "state", "words"),
    [
        (2.0, (None, None), State.OK, "within about a day"),
        (
            40.0,
            (None, None),
            State.WARNING,
            "for 40 hours; nobody has looked after idle connections.",
        ),
        (
            40.0,
            (3.0, None),
            State.WARNING,
            "connections since 2026-11-01 09:00 UTC. Run `portalkey work`",
        ),
        (
            40.0,
            (0.1, None),
            State.WARNING,
            "though `portalkey work` runs. Run `portalkey work --o",
        ),
        (2.0, (0.1, 0.2), State.WARNING, "it is not believed"),
        (2.0, (None, 0.2), State.WARNING, "it is not believed"),
        (2.0, (9.0, 9.0), State.OK, "within about a day"),
    ],
)
def test_idle_connections_have_to_be_looked_after(
    vault: Vault,
    hours: float,
    swept: tuple[float | None, float | None],
    state: State,
    words: str,
) -> None:
    """By a worker that runs, and by a HubSpot that is believed, by whichever process."""
    now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    for name, ago in zip(("sweep_round app", "sweep_stopped app"), swept, strict=True):
        if ago is not None:
            vault.store.put_meta(name, (now - timedelta(hours=ago)).isoformat())
    inspection = Inspection({}, 5, None, None, now.timestamp() - hours * 3600)
    found = check_sweep(vault, inspection, now)

    assert (found.name, found.state) == ("sweep", state)
    assert words in f"{found.sentence} {found.to_do}"


def test_a_copy_need_not_look_after_idle_connections(vault: Vault) -> None:
    """It asks HubSpot for no grant; nor is there anything to ask where nobody is connected."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    old, none = Inspection({}, 5, None, None, 1.0), Inspection({}, 5, None, None)

    assert check_sweep(vault, old, now, is_copy=True).state is State.OK
    assert check_sweep(vault, none, now).state is State.OK


@pytest.mark.parametrize("kind", ["sqlite:///{}/other.db", "file:///{}/other.json"])
def test_the_oldest_word_is_found(settings: Settings, tmp_path: Path, kind: str) -> None:
    """When HubSpot last spoke of it, by a grant or a look; what has ended does not count."""
    url = kind.format(tmp_path)
    settings = settings.model_copy(update={"database_url": url})
    with closing(open_store(url)) as store:
        app = settings.client_id
        now = store.now()
        old = now - timedelta(days=9)
        granted_at = old + timedelta(days=1)
        times = {"client_id": app, "connected_at": old, "granted_at": granted_at}
        row = connect(store, account=Account(1), **times)
        connect(store, account=Account(2), **times, status=ConnectionStatus.NEEDS_RECONNECT)
        connect(store, account=Account(3), client_id=app)
        assert inspect_store(settings).oldest_word == granted_at.timestamp()
        assert store.note_look(row, 60)
        assert (inspect_store(settings).oldest_word or 0) >= now.timestamp() - 1


def test_a_revocation_that_fails_again_and_again_is_a_warning(
    settings: Settings, vault: Vault
) -> None:
    """It is due, and has been tried often."""
    vault.store.enqueue(new_owed(vault.store, key_name="a", tries=5))

    assert states(check_store(settings))["outbox"] is State.WARNING


def test_a_store_that_is_not_there_yet_is_made_later(settings: Settings) -> None:
    """That is how every installation begins."""
    assert states(check_store(settings)) == {"store": State.WARNING}


def test_a_damaged_store_is_not_looked_into(settings: Settings, tmp_path: Path) -> None:
    """And nothing is written to it."""
    (tmp_path / "portalkey.db").write_bytes(b"diary" * 1000)

    assert states(check_store(settings)) == {"file": State.PROBLEM, "store": State.UNKNOWN}
    assert (tmp_path / "portalkey.db").read_bytes() == b"diary" * 1000


def test_a_store_that_can_only_be_read(settings: Settings, vault: Vault, nobody: Path) -> None:
    """It is whole, and the app could not start with it."""
    path = nobody / "portalkey.db"
    SQLStore.open(f"sqlite:///{path}").close()
    path.chmod(0o400)
    found = states(check_store(settings.model_copy(update={"database_url": f"sqlite:///{path}"})))

    assert (found["integrity"], found["store"]) == (State.OK, State.PROBLEM)


def test_a_check_that_breaks_ends_no_other() -> None:
    """Its error's words are not repeated, as they may hold a secret."""

    def check() -> Iterator[Finding]:
        yield ok("a", "Good.")
        raise ValueError("canary")

    assert [each.name for each in run(check)] == ["a", "doctor"]
    assert "canary" not in str(run(check))


@pytest.mark.parametrize(
    ("findings", "judgement"),
    [
        ([ok("a", "")], "All is well: 1 check."),
        (
            [ok("a", ""), warning("b", "", "")],
            "Nothing has to be done; 2 checks, 1 warning, 0 not looked at.",
        ),
        ([problem("a", "", "")], "1 thing has to be done (0 warnings, 0 not looked at)."),
        ([problem("a", "", "")] * 2, "2 things have to be done (0 warnings, 0 not looked at)."),
    ],
)
def test_a_judgement_is_one_sentence(findings: list[Finding], judgement: str) -> None:
    """The worst first."""
    assert judge({"Group": findings}) == judgement


def page(status: int = 200, *changes: tuple[str, str]) -> Page:
    """A page of the popup, with headers that something laid on."""
    replaced = {name for name, _ in changes}
    ours = [(name.lower(), value) for name, value in POPUP.items()]
    return Page(status, [*((n, v) for n, v in ours if n not in replaced), *changes], b"")


def test_a_header_that_was_laid_on_ours_is_named() -> None:
    """With what a browser gets."""
    (found,) = check_headers(page(200, ("cross-origin-opener-policy", "same-origin")))

    assert (found.name, found.state) == ("headers", State.PROBLEM)
    assert '"same-origin" as a browser gets it' in found.sentence
    assert states(check_headers(page())) == {"headers": State.OK}


@pytest.mark.parametrize(
    ("cookie", "state"),
    [
        ("session=x; Secure; Path=/", State.OK),
        ("session=x; Path=/", State.PROBLEM),
        ("session=x; Secure; Path=/shop", State.PROBLEM),
        ("session=x; Secure; Path=/crm", State.OK),
    ],
)
def test_cookies_are_looked_at(cookie: str, state: State) -> None:
    """They have to be secure, and to come to the callback."""
    answer = page(200, ("set-cookie", cookie))

    assert states(check_session_cookies(answer, is_secure=True, mount="/crm")) == {"cookies": state}


@pytest.mark.parametrize(
    "headers", [[], [("set-cookie", "se\tssion=x")], [("set-cookie", "")]], ids=repr
)
def test_a_cookie_that_was_not_seen_is_not_called_good(headers: list[tuple[str, str]]) -> None:
    """Whoever is not signed in is set none; on https, what to set and look for is said."""
    for is_secure in (True, False):
        found = check_session_cookies(page(200, *headers), is_secure=is_secure, mount="")
        (cookies,) = found
        assert (cookies.name, cookies.state) == ("cookies", State.UNKNOWN)
        assert "not seen" in cookies.sentence
        assert "TLS" not in cookies.sentence
        assert ("session_not_secure" in cookies.to_do) is is_secure


@pytest.mark.parametrize("is_secure", [True, False])
def test_cookies_that_are_well_are_named(*, is_secure: bool) -> None:
    """They need not be the session's; and where there is no TLS, none is spoken of."""
    answer = page(200, ("set-cookie", "b=x; Secure"), ("set-cookie", "a=x; Secure; Path=/"))
    (found,) = check_session_cookies(answer, is_secure=is_secure, mount="")

    assert found.state is State.OK
    assert "(a, b)" in found.sentence
    assert ("over TLS only" in found.sentence) is is_secure


def test_an_app_behind_a_narrow_proxy(settings: Settings) -> None:
    """Long addresses, long cookies, the script: each is said by itself."""

    def visit(path: str, headers: Mapping[str, str] | None = None) -> Page:
        if len(path) > 2000:
            return page(414)
        if headers:
            return page(431)
        return page(404 if path.endswith(".js") else 200)

    assert states(check_public(settings, visit)) == {
        "mount": State.OK,
        "headers": State.OK,
        "layout": State.OK,
        "opener_policy": State.OK,
        "cookies": State.UNKNOWN,
        "script": State.PROBLEM,
        "long_address": State.PROBLEM,
        "long_cookies": State.PROBLEM,
    }


SIGN_INS = [
    Page(401, [], b""),
    Page(403, [("content-security-policy", "default-src 'self'")], b""),
    Page(302, [("location", "https://login.example.com/?rd=canary")], b""),
    page(302, ("location", "/login?next=/crm/auth/hubspot/refused")),  # of the app's own middleware
]


@pytest.mark.parametrize("answer", SIGN_INS, ids=lambda each: str(each.status))
def test_a_sign_in_in_front_of_everything(settings: Settings, answer: Page) -> None:
    """Nothing was seen, so nothing is judged; what to open is said."""
    found = list(check_public(settings, lambda *_: answer))

    assert states(found) == {"mount": State.UNKNOWN, "headers": State.UNKNOWN}
    assert "a sign-in in front of the app answered" in found[0].sentence
    assert "canary" not in found[0].sentence
    assert found[0].to_do.startswith("Open the addresses")


@pytest.mark.parametrize("answer", SIGN_INS, ids=lambda each: str(each.status))
def test_a_sign_in_in_front_of_all_but_one_page(settings: Settings, answer: Page) -> None:
    """What was not portalkey's own page is no reason to call anything good, nor its cookies bad."""
    answer = Page(answer.status, [*answer.headers, ("set-cookie", "sign_in=x; Path=/")], b"")

    def visit(path: str, headers: Mapping[str, str] | None = None) -> Page:
        return page(403) if path.endswith("/refused") and not headers else answer

    assert states(check_public(settings, visit)) == {
        "mount": State.OK,
        "headers": State.OK,
        "layout": State.OK,
        **dict.fromkeys(
            ("opener_policy", "cookies", "script", "long_address", "long_cookies"), State.UNKNOWN
        ),
    }


def test_an_app_that_asks_to_sign_in_shows_no_setup_page(settings: Settings) -> None:
    """Its own page says so; the policy is that of another page."""

    def visit(path: str, headers: Mapping[str, str] | None = None) -> Page:
        return page(401 if path.endswith("/setup") else 403)

    assert states(check_public(settings, visit))["opener_policy"] is State.UNKNOWN


def test_an_app_that_is_elsewhere(settings: Settings) -> None:
    """Its pages are not there, nobody answers, or its certificate is not trusted."""

    def refuse(path: str, headers: Mapping[str, str] | None = None) -> Page:
        raise ConnectionRefusedError

    def distrust(path: str, headers: Mapping[str, str] | None = None) -> Page:
        error = ssl.SSLCertVerificationError()
        error.verify_message = "certificate has expired"
        raise error

    assert states(check_public(settings, lambda *_: Page(404, [], b""))) == {"mount": State.PROBLEM}
    for visit in (refuse, distrust):
        expected = {"public_url": State.PROBLEM, "headers": State.UNKNOWN}
        assert states(check_public(settings, visit)) == expected


@pytest.mark.parametrize(
    ("journal", "known", "state", "words"),
    [
        (False, JournalState(), State.OK, "PORTALKEY_JOURNAL is off"),
        (True, JournalState(), State.WARNING, "never read"),
        (True, JournalState(read_at=NOON, is_caught_up=True), State.OK, "up to 0 seconds ago"),
        (
            True,
            JournalState(read_at=NOON - timedelta(hours=1), is_caught_up=True),
            State.WARNING,
            "up to 3600 seconds ago",
        ),
        (
            True,
            JournalState(read_at=NOON, error="hubspot_refused", error_at=NOON),
            State.PROBLEM,
            "could not be read since 2026-11-29 12:00 UTC (hubspot_refused)",
        ),
        (True, JournalState(error="rate_limited"), State.WARNING, "for a while (rate_limited)"),
    ],
)
def test_the_journal(
    settings: Settings, *, journal: bool, known: JournalState, state: State, words: str
) -> None:
    """Off is fine; on, somebody has to read it."""
    store = MemoryStore(lambda: NOON)
    store.put_meta(META_NAME + settings.client_id, known.dump())
    found = check_journal(settings.model_copy(update={"journal": journal}), store)

    assert (found.state, words in found.sentence) == (state, True), found.sentence
    assert bool(found.to_do) == (state is not State.OK)
