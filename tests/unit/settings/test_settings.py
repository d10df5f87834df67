import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr, ValidationError

from portalkey.errors import BadSettings
from portalkey.settings import Key, Settings, validators

KEY, SECOND = (Fernet.generate_key().decode() for _ in range(2))
SECRET = "canary-client-secret"
ENOUGH: Mapping[str, str] = {
    "HUBSPOT_CLIENT_ID": "client-1",
    "HUBSPOT_CLIENT_SECRET": SECRET,
    "PORTALKEY_KEYS": f"first:{KEY}",
}
CALLBACK = "/auth/hubspot/callback"


def read(**changes: str) -> Settings:
    """Settings from an environment with *changes*, and no file."""
    return Settings.from_env(None, {**ENOUGH, **changes})


def problems(**changes: str) -> tuple[str, ...]:
    """What is wrong with an environment with *changes*."""
    with pytest.raises(BadSettings) as caught:
        read(**changes)
    return caught.value.problems


def test_defaults() -> None:
    """Three variables are enough."""
    settings = read()

    assert settings.client_id == "client-1"
    assert settings.client_secret.get_secret_value() == SECRET
    assert settings.redirect_uri == f"http://localhost:6001{CALLBACK}"
    assert (settings.scopes, settings.optional_scopes) == (("oauth",), ())
    assert settings.api_version == "2026-09"
    assert settings.app_url == "https://app.hubspot.com"
    assert settings.api_url == "https://api.hubapi.com"
    assert settings.pkce
    assert settings.keys == (Key("first", SecretStr(KEY)),)
    assert settings.keys_file is None
    assert settings.database_url.startswith("sqlite:////")
    assert settings.database_url.endswith("/portalkey.db")
    assert settings.public_url == "http://localhost:6001"
    assert settings.allowed_origins == ("http://localhost:6001",)
    assert settings.attempt_seconds == 600
    assert settings.hubspot_calls == 4
    assert settings.database_seconds == 10.0
    assert (settings.proxy_url, settings.ca_file) == (None, None)
    assert not settings.database_plaintext


def test_what_follows_from_settings() -> None:
    """What others need of a setting is said once."""
    plain, mounted = (
        read(),
        read(
            PORTALKEY_PUBLIC_URL="https://app.example.com:8443/",
            HUBSPOT_REDIRECT_URI=f"https://app.example.com:8443/crm{CALLBACK}",
            HUBSPOT_APP_URL="http://127.0.0.1:6101",
            HUBSPOT_API_URL="http://127.0.0.1:6101",
        ),
    )

    assert plain.mount == ""
    assert (plain.host, plain.is_secure, plain.is_simulated) == ("localhost:6001", False, False)
    assert (plain.is_local, mounted.is_local) == (True, False)
    assert mounted.mount == "/crm"
    assert (mounted.host, mounted.is_secure) == ("app.example.com:8443", True)
    assert mounted.is_simulated


def test_every_problem_at_once() -> None:
    """The operator mends everything in one go; each sentence names a variable."""
    found = problems(
        HUBSPOT_CLIENT_ID=" ",
        HUBSPOT_API_VERSION="v2",
        HUBSPOT_PKCE="perhaps",
        PORTALKEY_KEYS="a:b,c",
        PORTALKEY_DATABASE_URL="mysql://x",
        PORTALKEY_ATTEMPT_SECONDS="1",
        PORTALKEY_KEY="x",
    )

    assert [sentence.split()[0] for sentence in found] == [
        "PORTALKEY_KEY",
        "HUBSPOT_CLIENT_ID",
        "HUBSPOT_API_VERSION",
        "HUBSPOT_PKCE",
        "PORTALKEY_KEYS",
        "PORTALKEY_KEYS",
        "PORTALKEY_KEYS",
        "PORTALKEY_DATABASE_URL",
        "PORTALKEY_ATTEMPT_SECONDS",
    ]
    assert all(sentence.endswith((".", "?")) for sentence in found)


def test_nothing_is_set() -> None:
    """An empty environment is told what to get and where."""
    with pytest.raises(BadSettings) as caught:
        Settings.from_env(None, {})

    missing = ["HUBSPOT_CLIENT_ID is missing", "HUBSPOT_CLIENT_SECRET is missing"]
    assert all(each in str(caught.value) for each in [*missing, "make one with `portalkey init`"])
    assert len(caught.value.problems) == 3


GOOD: list[tuple[str, str, str, Any]] = [
    ("HUBSPOT_SCOPES", "a  b oauth a", "scopes", ("oauth", "a", "b")),
    ("HUBSPOT_OPTIONAL_SCOPES", " c c ", "optional_scopes", ("c",)),
    ("HUBSPOT_API_VERSION", "2026-09", "api_version", "2026-09"),
    ("HUBSPOT_API_VERSION", "2026-03", "api_version", "2026-03"),
    ("HUBSPOT_API_VERSION", "2027-03", "api_version", "2027-03"),
    ("HUBSPOT_API_VERSION", "2031-09", "api_version", "2031-09"),
    ("HUBSPOT_APP_URL", "https://app-eu1.hubspot.com/", "app_url", "https://app-eu1.hubspot.com"),
    ("HUBSPOT_API_URL", "https://api-eu1.hubapi.com/", "api_url", "https://api-eu1.hubapi.com"),
    *(("HUBSPOT_PKCE", text, "pkce", True) for text in ("on", "TRUE", "1")),
    *(("HUBSPOT_PKCE", text, "pkce", False) for text in ("off", "False", "0")),
    ("PORTALKEY_ATTEMPT_SECONDS", " 30 ", "attempt_seconds", 30),
    ("PORTALKEY_DATABASE_SECONDS", "2", "database_seconds", 2.0),
    ("PORTALKEY_DATABASE_SECONDS", " 12.5 ", "database_seconds", 12.5),
    ("PORTALKEY_ATTEMPT_SECONDS", "3600", "attempt_seconds", 3600),
    ("PORTALKEY_HUBSPOT_CALLS", " 1 ", "hubspot_calls", 1),
    ("PORTALKEY_HUBSPOT_CALLS", "10000", "hubspot_calls", 10_000),
    ("PORTALKEY_EVENTS_DAYS", " 1 ", "events_days", 1),
    ("PORTALKEY_PENDING_HOURS", "0", "pending_hours", 0),
    ("PORTALKEY_PENDING_HOURS", "168", "pending_hours", 168),
    ("PORTALKEY_INSTALLS_SHARE_ACCOUNTS", "yes", "installs_share_accounts", True),
    ("PORTALKEY_ATTEMPTS_PER_BROWSER", "1000", "attempts_per_browser", 1000),
    ("PORTALKEY_EXCHANGES_PER_MINUTE", "10000", "exchanges_per_minute", 10_000),
    ("PORTALKEY_EVENTS_DAYS", "36500", "events_days", 36500),
    *(
        ("PORTALKEY_DATABASE_URL", text, "database_url", text)
        for text in (
            "sqlite:///portalkey.db",
            "sqlite:////var/lib/portalkey.db",
            "sqlite:///C:/data/my portalkey.db",
            "postgresql://user:pass@db/portalkey",
            "postgresql+psycopg://user@/portalkey?host=/run",
            "postgres://db/portalkey",
            "file:///var/lib/connections.json",
            "file:///var/our%20lib/a b%3F.json?permissions=any",
        )
    ),
    ("PORTALKEY_DATABASE_SCHEMA", " portalkey_1 ", "database_schema", "portalkey_1"),
    *(
        ("PORTALKEY_PROXY_URL", f" {url} ", "proxy_url", SecretStr(url))
        for url in (
            "http://proxy.example:3128",
            "http://ada:p%40ss@10.0.0.1:8080/",
            "http://ada@[::1]:65535",
        )
    ),
    ("PORTALKEY_DATABASE_PLAINTEXT", " yes ", "database_plaintext", True),
    ("PORTALKEY_DATABASE_PLAINTEXT", "no", "database_plaintext", False),
    ("PORTALKEY_COPY", "yes", "is_copy", True),
    ("PORTALKEY_COPY", "no", "is_copy", False),
    (
        "PORTALKEY_ALLOWED_ORIGINS",
        "http://localhost:1, http://localhost:2 http://localhost:6001 http://localhost:1/",
        "allowed_origins",
        ("http://localhost:6001", "http://localhost:1", "http://localhost:2"),
    ),
]


@pytest.mark.parametrize(("name", "text", "attribute", "expected"), GOOD)
def test_what_is_accepted(name: str, text: str, attribute: str, expected: object) -> None:
    """Each setting means what its table says."""
    assert getattr(read(**{name: text}), attribute) == expected


BAD = [
    ("HUBSPOT_CLIENT_ID", "a b", "unusual characters"),
    ("HUBSPOT_CLIENT_SECRET", "x" * 513, "unusual characters"),
    ("HUBSPOT_SCOPES", "a,b", "put spaces between"),
    ("HUBSPOT_SCOPES", 'a"b', "visible ASCII"),
    ("HUBSPOT_SCOPES", "a" * 6001, "has 6001 characters, and 6000 at most; ask for fewer"),
    ("HUBSPOT_OPTIONAL_SCOPES", "a " * 3001, "has 6001 characters, and 6000 at most"),
    ("HUBSPOT_APP_URL", "http://localhost:1", "a simulator on this machine, and HUBSPOT_API_URL"),
    ("HUBSPOT_API_URL", "http://localhost:1", "a simulator on this machine, and HUBSPOT_APP_URL"),
    ("HUBSPOT_OPTIONAL_SCOPES", "oauth", "repeats oauth of HUBSPOT_SCOPES"),
    ("HUBSPOT_API_VERSION", "v1", "2027-02-16"),
    ("HUBSPOT_API_VERSION", "v4", "set it to 2026-09"),
    ("HUBSPOT_API_VERSION", "../2026-03", "set it to 2026-09"),
    ("HUBSPOT_API_VERSION", "2025-09", "set it to 2026-09"),
    ("HUBSPOT_API_VERSION", "2027-04", "or a later date version; set it to 2026-09"),
    ("HUBSPOT_API_VERSION", "2027-03-beta", "set it to 2026-09"),
    ("HUBSPOT_APP_URL", "https://mcp.hubspot.com", "names HubSpot's MCP server"),
    ("HUBSPOT_APP_URL", "https://mcp-eu1.hubspot.com", "names HubSpot's MCP server"),
    ("HUBSPOT_API_URL", "https://mcp.hubspot.com", "names HubSpot's MCP server"),
    ("HUBSPOT_APP_URL", "https://hubspot.com.evil.test", "under hubspot.com"),
    ("HUBSPOT_API_URL", "http://api.hubapi.com", "under hubspot.com"),
    ("HUBSPOT_PKCE", "S256", "must be on or off"),
    ("HUBSPOT_REDIRECT_URI", f"http://127.0.0.1:6001{CALLBACK}", "IP address"),
    ("HUBSPOT_REDIRECT_URI", f"http://localhost:6001{CALLBACK}.", 'ends in "."'),
    ("HUBSPOT_REDIRECT_URI", f"http://localhost:6001{CALLBACK},", 'ends in ","'),
    (
        "HUBSPOT_REDIRECT_URI",
        f"https://other.example{CALLBACK}",
        f"http://localhost:6001{CALLBACK}",
    ),
    ("PORTALKEY_PUBLIC_URL", "http://app.example.com", "http for localhost only"),
    ("PORTALKEY_ALLOWED_ORIGINS", "*", "wildcard"),
    ("PORTALKEY_ALLOWED_ORIGINS", "https://a.example null", "wildcard"),
    ("PORTALKEY_ALLOWED_ORIGINS", "https://localhost", "another site than http://localhost:6001"),
    ("PORTALKEY_BRIDGE_PATH", "bridge.html", "must be a path"),
    ("PORTALKEY_BRIDGE_PATH", "/bridge.html?x=1", "must be a path"),
    ("PORTALKEY_BRIDGE_PATH", "//evil.test/bridge.html", "must be a path"),
    ("PORTALKEY_BRIDGE_PATH", "/../bridge.html", "must be a path"),
    *(
        ("PORTALKEY_HUBSPOT_CALLS", text, "must be a whole number of requests from 1 to 10000")
        for text in ("0", "-1", "10001", "4.0", "four")
    ),
    ("PORTALKEY_ATTEMPT_SECONDS", "29", "from 30 to 3600"),
    ("PORTALKEY_ATTEMPTS_PER_BROWSER", "0", "whole number of attempts from 1 to 1000"),
    ("PORTALKEY_EXCHANGES_PER_MINUTE", "-1", "whole number of exchanges from 1 to 10000"),
    ("PORTALKEY_EVENTS_DAYS", "0", "whole number of days from 1 to 36500"),
    ("PORTALKEY_PENDING_HOURS", "169", "whole number of hours from 0 to 168"),
    ("PORTALKEY_PENDING_HOURS", "-1", "whole number of hours from 0 to 168"),
    ("PORTALKEY_EVENTS_DAYS", "36501", "from 1 to 36500"),
    ("PORTALKEY_EVENTS_DAYS", "1.5", "from 1 to 36500"),
    ("PORTALKEY_DATABASE_SECONDS", "1.9", "from 2 to 60"),
    ("PORTALKEY_DATABASE_SECONDS", "61", "from 2 to 60"),
    ("PORTALKEY_DATABASE_SECONDS", "ten", "from 2 to 60"),
    ("PORTALKEY_ATTEMPT_SECONDS", "3601", "from 30 to 3600"),
    ("PORTALKEY_ATTEMPT_SECONDS", "60.0", "from 30 to 3600"),
    ("PORTALKEY_ATTEMPT_SECONDS", "1e2", "from 30 to 3600"),
    ("PORTALKEY_ATTEMPT_SECONDS", "９９", "from 30 to 3600"),  # noqa: RUF001 - full width
    ("PORTALKEY_DATABASE_URL", "sqlite://", "must be sqlite:///portalkey.db"),
    ("PORTALKEY_DATABASE_URL", "sqlite:///", "must be sqlite:///portalkey.db"),
    ("PORTALKEY_DATABASE_URL", "sqlite:///:memory:", "must be sqlite:///portalkey.db"),
    ("PORTALKEY_DATABASE_URL", "portalkey.db", "must be sqlite:///portalkey.db"),
    ("PORTALKEY_DATABASE_URL", "mysql://u:canary@h/d", "postgresql://"),
    *(
        ("PORTALKEY_DATABASE_URL", url, "names no file by its whole path; write file:///PATH")
        for url in (
            "file:",
            "file://",
            "file:///",
            "file:///folder/",
            "file:connections.json",
            "file:/connections.json",
            "file://connections.json",
            "file://./connections.json",
            "file://host/connections.json",
            "file:///a%00.json",
        )
    ),
    ("PORTALKEY_DATABASE_URL", "file:///a.json?canary=1", "that is not ?permissions=any"),
    ("PORTALKEY_DATABASE_URL", "file:///C:/a.json", "names a drive of Windows, and there are none"),
    *(("PORTALKEY_COPY", each, "must be yes") for each in ("on", "true", "1")),
    *(("PORTALKEY_DATABASE_PLAINTEXT", each, "must be yes") for each in ("on", "1", "YES", "ja")),
    ("PORTALKEY_DATABASE_SCHEMA", 'x"; DROP TABLE', "must be a name"),
    ("PORTALKEY_DATABASE_SCHEMA", "pg_catalog", "must be a name"),
    *(
        ("PORTALKEY_PROXY_URL", url, "must be http://HOST:PORT or http://USER:PASSWORD@HOST:PORT")
        for url in (
            "canary",
            "http://canary",
            "http://canary:0",
            "http://h:65536",
            "http://u:canary@h@h:1",
            "http://u:can/ary@h:1",
            "http://h:1/canary",
            "ftp://h:1",
        )
    ),
    *(
        ("PORTALKEY_PROXY_URL", f"{scheme}://u:canary@h:1", "by TLS or SOCKS")
        for scheme in ("https", "HTTPS", "socks5", "socks5h", "socks4a")
    ),
    ("PORTALKEY_CA_FILE", "/nowhere", "names no file"),
    ("PORTALKEY_CA_FILE", "/dev/null", "names no file"),
    ("PORTALKEY_CA_FILE", pytest.__file__, "without a certificate in it"),
    ("PORTALKEY_KEYS", "a:canary", "not url-safe base64"),
    ("PORTALKEY_KEYS_FILE", "/nowhere/keys", "no such file"),
]


def test_a_drive_is_part_of_a_path_where_there_are_drives() -> None:
    """On Windows it is needed, and the slash before it is not."""
    path, is_for_all = validators.config_file("file:///C:/our%20data/a.json", windows=True)

    assert (path.as_posix(), is_for_all) == ("C:/our data/a.json", False)
    with pytest.raises(ValueError, match="names no drive; write file:///C:/PATH"):
        validators.config_file("file:///data/a.json", windows=True)


def test_a_file_of_keys_is_named_and_keys_in_its_place_are_not() -> None:
    """Which file cannot be read is said; somebody may have put the keys themselves there."""
    key = Fernet.generate_key().decode()
    (file,) = problems(PORTALKEY_KEYS="", PORTALKEY_KEYS_FILE="/nowhere/keys")
    (keys,) = problems(PORTALKEY_KEYS="", PORTALKEY_KEYS_FILE=f"new:{key}")

    assert file.startswith("PORTALKEY_KEYS_FILE (/nowhere/keys) cannot be read (no such file")
    assert keys.startswith("PORTALKEY_KEYS_FILE cannot be read (no such file")
    assert key not in keys


def test_scopes_in_quotes_are_read_without() -> None:
    """`docker run --env-file` hands the quotes of a file on."""
    for quoted in ('"oauth tickets"', "'oauth tickets'"):
        assert validators.any_scopes(quoted) == validators.any_scopes("oauth tickets")
    with pytest.raises(ValueError, match="cannot be used"):
        validators.any_scopes('"oauth tickets')


@pytest.mark.parametrize(("name", "text", "problem"), BAD)
def test_what_is_refused(name: str, text: str, problem: str) -> None:
    """A value that cannot be used is named with what to do, and not quoted where it is secret."""
    changes = {"PORTALKEY_KEYS": "", name: text} if name == "PORTALKEY_KEYS_FILE" else {name: text}

    found = problems(**changes)

    assert len(found) == 1
    assert found[0].startswith(f"{name} ")
    assert problem in found[0]
    assert "canary" not in found[0]


def test_scope_in_both_lists() -> None:
    """HubSpot stops at a scope in the wrong list; it must not be guessed which."""
    assert "repeats b of" in problems(HUBSPOT_SCOPES="a b", HUBSPOT_OPTIONAL_SCOPES="b c")[0]


def test_scopes_that_make_too_long_an_address() -> None:
    """Both lists together; the sentence says how long it is, and how long it may be."""
    many = [f"{number:0100}" for number in range(59)]

    (problem,) = problems(
        HUBSPOT_SCOPES=" ".join(many),
        HUBSPOT_OPTIONAL_SCOPES=" ".join(f"o{each}" for each in many[:20]),
    )

    assert "make an address of 8" in problem
    assert "take 8000; ask for fewer" in problem
    assert len(read(HUBSPOT_SCOPES=" ".join(many)).scopes) == 60


def test_redirect_uri_elsewhere() -> None:
    """The person is told both ways out, with the mount kept."""
    found = problems(
        PORTALKEY_PUBLIC_URL="https://app.example.com",
        HUBSPOT_REDIRECT_URI=f"https://old.example.com/crm{CALLBACK}",
    )

    assert f"https://app.example.com/crm{CALLBACK}" in found[0]
    assert "PORTALKEY_PUBLIC_URL to https://old.example.com" in found[0]


def secret_file(path: Path, content: str) -> str:
    """The name of a file with a secret in it."""
    path.write_text(content)
    path.chmod(0o600)
    return str(path)


def test_secrets_in_files(tmp_path: Path) -> None:
    """Docker and Kubernetes hand secrets over so; a line end after one is no part of it."""
    url = "postgresql://ada:secret@db.example.com/app"
    settings = Settings.from_env(
        None,
        {
            "HUBSPOT_CLIENT_ID": "client-1",
            "HUBSPOT_CLIENT_SECRET_FILE": secret_file(tmp_path / "secret", f"{SECRET}\n"),
            "PORTALKEY_KEYS_FILE": secret_file(tmp_path / "keys", f"first:{KEY}\n"),
            "PORTALKEY_DATABASE_URL_FILE": secret_file(tmp_path / "url", f"{url}\n"),
        },
    )

    assert settings.client_secret.get_secret_value() == SECRET
    assert settings.keys == (Key("first", SecretStr(KEY)),)
    assert settings.database_url == url


def test_a_file_of_authorities(tmp_path: Path) -> None:
    """Everybody may read it; whoever could change it could read client secrets."""
    file = tmp_path / "authority.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\n")
    file.chmod(0o644)
    assert read(PORTALKEY_CA_FILE=str(file)).ca_file == file
    assert Settings(client_id="c", client_secret="s", keys=f"a:{KEY}", ca_file=file).ca_file == file

    file.chmod(0o646)
    (problem,) = problems(PORTALKEY_CA_FILE=str(file))
    assert "everybody may change; run `chmod o-w` on it" in problem


def test_a_secret_in_two_places_is_a_problem(tmp_path: Path) -> None:
    """Nobody can say which one is meant."""
    path = secret_file(tmp_path / "secret", SECRET)

    assert problems(HUBSPOT_CLIENT_SECRET_FILE=path) == (
        "HUBSPOT_CLIENT_SECRET and HUBSPOT_CLIENT_SECRET_FILE are both set; keep one of them.",
    )


def test_a_secret_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    """The sentence names the setting, and what should be in the file."""
    (problem, *_) = problems(HUBSPOT_CLIENT_SECRET="", HUBSPOT_CLIENT_SECRET_FILE=str(tmp_path))

    assert problem.startswith("HUBSPOT_CLIENT_SECRET_FILE cannot be read (it is not a file)")
    assert problem.endswith("name a file of the client secret.")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql://ada:can@ry@db.example.com/app", "write %40"),
        ("postgresql://ada:can/ry@db.example.com/app", "%2F for /"),
        ("postgres://ada:canary/@@db/app?sslmode=require", "write %40"),
        ("postgresql://ada:can#ry@db/app", "has a # that is not quoted; write %23 for # in"),
        ("postgresql://ada:can?ry@db/app", "write %3F for ?"),
        ("postgresql://ada:can%ry@db/app", "write %25 for %"),
        ("postgresql://ada:canary%@db/app", "write %25 for %"),
        ("postgresql+psycopg2://ada:canary@db/app", "driver (postgresql+psycopg2); write post"),
        ("postgresql+asyncpg://ada:canary@db/app", "driver (postgresql+asyncpg); write post"),
        ("jdbc:postgresql://db/app?password=canary", "driver (jdbc:postgresql); write post"),
        ("pgsql://ada:canary@db/app", "driver (pgsql); write postgresql://"),
    ],
)
def test_an_address_of_postgresql_that_reads_otherwise(url: str, problem: str) -> None:
    """A password whose end reads as the host would be said in a message."""
    (sentence,) = problems(PORTALKEY_DATABASE_URL=url)

    assert problem in sentence
    assert "can" not in sentence.replace("can be", "").replace("cannot", "")


def test_an_address_of_postgresql_with_everything_quoted() -> None:
    """Users and parameters may have any character, quoted; what follows the ? is libpq's."""
    url = "postgresql://ada:c%40n%2Fry@[::1]:5433/app?options=-c%20x&application_name=a@b/c"

    assert read(PORTALKEY_DATABASE_URL=url).database_url == url


def test_file_under_the_environment(tmp_path: Path) -> None:
    """The environment comes first, a blank variable counts as unset, and a $ is a $."""
    file = tmp_path / ".env"
    file.write_text(
        "HUBSPOT_CLIENT_ID=from-file\nHUBSPOT_CLIENT_SECRET='a${PATH}$b'\nHUBSPOT_SCOPES=s\n"
        "# PORTALKEY_KEY=x\nexport HUBSPOT_PKCE=off\nHUBSPOT_API_VERSION=\nPORTALKEY_KEYS\n"
    )

    settings = Settings.from_env(file, {"HUBSPOT_CLIENT_ID": "c", "PORTALKEY_KEYS": f"k:{KEY}"})

    assert settings.client_id == "c"
    assert settings.client_secret.get_secret_value() == "a${PATH}$b"
    assert (settings.scopes, settings.pkce) == (("oauth", "s"), False)


def test_environment_of_the_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without arguments both come from where the process stands."""
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("HUBSPOT_CLIENT_ID=from-file\n", "utf-8")
    for name, value in ENOUGH.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HUBSPOT_CLIENT_ID")

    assert Settings.from_env().client_id == "from-file"


def test_constructor_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that constructs its settings gets no others by surprise."""
    monkeypatch.setenv("HUBSPOT_SCOPES", "from-environment")

    settings = Settings(client_id="c", client_secret=SECRET, keys=f"a:{KEY}")

    assert settings.scopes == ("oauth",)


def test_constructor_takes_values() -> None:
    """Text and the values themselves are both fine."""
    settings = Settings(
        client_id="c",
        client_secret=SecretStr(SECRET),
        keys=[Key("a", SecretStr(KEY))],
        scopes=["a", "b"],
        optional_scopes=("c",),
        pkce=False,
        allowed_origins=["http://localhost:5173"],
        keys_file=None,
        attempt_seconds=60,
    )

    assert settings.scopes == ("oauth", "a", "b")
    assert settings.allowed_origins == ("http://localhost:6001", "http://localhost:5173")
    assert (settings.pkce, settings.attempt_seconds) == (False, 60)
    assert settings.keys[0].name == "a"


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("clientid", "x", "clientid is not a setting; did you mean client_id?"),
        ("client_id", 7, "HUBSPOT_CLIENT_ID must be text."),
        ("keys", 7, "PORTALKEY_KEYS must be text."),
        ("keys", ["x"], "PORTALKEY_KEYS must be text."),
        ("keys", [], "PORTALKEY_KEYS holds no key"),
        ("keys", [Key("a", SecretStr("x"))], "not url-safe base64"),
        ("scopes", [7], "HUBSPOT_SCOPES cannot be used"),
        ("attempt_seconds", True, "PORTALKEY_ATTEMPT_SECONDS must be text"),
        ("hubspot_calls", True, "PORTALKEY_HUBSPOT_CALLS must be text"),
        ("hubspot_calls", 0, "PORTALKEY_HUBSPOT_CALLS must be a whole number"),
        ("attempt_seconds", 29, "PORTALKEY_ATTEMPT_SECONDS must be a whole number"),
        ("keys_file", 7, "PORTALKEY_KEYS_FILE must be text"),
        ("allowed_origins", [7], "PORTALKEY_ALLOWED_ORIGINS must be text"),
    ],
)
def test_constructor_refuses(name: str, value: object, problem: str) -> None:
    """The constructor is as strict as the environment."""
    values = {"client_id": "c", "client_secret": SECRET, "keys": f"a:{KEY}", name: value}

    with pytest.raises(BadSettings) as caught:
        Settings(**values)

    assert any(problem in each for each in caught.value.problems)


def test_keys_in_a_file(tmp_path: Path) -> None:
    """Keys may stand in a file of their own, one in a line."""
    file = tmp_path / "keys"
    file.touch(0o600)
    file.write_text(f"a:{KEY}\nb:{SECOND}\n")

    settings = read(PORTALKEY_KEYS="", PORTALKEY_KEYS_FILE=str(file))

    assert [key.name for key in settings.keys] == ["a", "b"]
    assert settings.keys_file == file
    assert Settings(client_id="c", client_secret="s", keys_file=file).keys == settings.keys


def test_keys_in_both_places(tmp_path: Path) -> None:
    """Which of two places counts is nobody's guess."""
    file = tmp_path / "keys"
    file.touch(0o600)
    file.write_text(f"b:{SECOND}")

    found = problems(PORTALKEY_KEYS_FILE=str(file))

    assert found == ("PORTALKEY_KEYS and PORTALKEY_KEYS_FILE are both set; keep one of them.",)


DERIVED = ("mount", "wanted_scopes", "host", "is_secure", "is_simulated", "is_local")


def test_what_follows_from_settings_is_worked_out_once() -> None:
    """Having been asked for changes neither equality, text nor a copy with other values."""
    values = {
        "PORTALKEY_PUBLIC_URL": "https://a.test",
        "HUBSPOT_REDIRECT_URI": f"https://a.test{CALLBACK}",
    }
    asked, fresh = read(**values), read(**values)
    for name in DERIVED:
        assert getattr(asked, name) is getattr(asked, name)

    assert asked == fresh
    assert (repr(asked), asked.model_dump()) == (repr(fresh), fresh.model_dump())
    assert asked.is_secure
    assert not asked.model_copy(update={"public_url": "http://localhost:6001"}).is_secure


@pytest.mark.parametrize("name", DERIVED)
def test_what_follows_from_settings_is_frozen_too(name: str) -> None:
    """Nobody can put another value in its place."""
    with pytest.raises(AttributeError, match="cannot be set"):
        setattr(read(), name, "x")


def test_frozen() -> None:
    """Settings are decided once."""
    settings = read()

    with pytest.raises(ValidationError):
        settings.client_id = "x"


def test_settings_keep_their_secrets() -> None:
    """No secret, key or database password is shown."""
    settings = read(
        PORTALKEY_DATABASE_URL="postgresql://user:canary@db/portalkey",
        PORTALKEY_PROXY_URL="http://user:canary@proxy:3128",
    )

    shown = f"{settings!r} {settings} {settings.keys}"
    assert "canary" not in shown
    assert KEY not in shown


def from_file(folder: Path) -> Settings:
    """Settings from a file that holds secrets and a problem."""
    file = folder / ".env"
    file.write_text(f"HUBSPOT_CLIENT_SECRET={SECRET}\nPORTALKEY_KEYS=a:{KEY}\nHUBSPOT_PKCE=x\n")
    return Settings.from_env(file, {})


def constructed(_folder: Path) -> Settings:
    """Settings made of secrets and a problem."""
    keys = SecretStr(f"a:{KEY}")
    return Settings(client_secret=SecretStr(SECRET), keys=keys, pkce=SECRET)


@pytest.mark.parametrize("make", [from_file, constructed])
def test_crash_report(make: Callable[[Path], Settings], tmp_path: Path) -> None:
    """A refusal holds no secret: not in a cause, and in no variable of its frames."""
    with pytest.raises(BadSettings) as caught:
        make(tmp_path)

    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame.locals for frame in told.stack if "/portalkey/" in frame.filename]
    assert ours
    assert SECRET not in f"{ours} {caught.value}"
    assert KEY not in f"{ours} {caught.value}"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_every_setting_says_what_it_is() -> None:
    """The reference and `portalkey init` are written from these."""
    fields = Settings.model_fields.values()

    assert all(field.description for field in fields)
    assert len({field.alias for field in fields}) == 37


def test_two_client_secrets_while_one_is_changed() -> None:
    """The first is sent; both are known, and neither is in a repr, also after a copy."""
    settings = Settings.from_env(
        None, {**ENOUGH, "HUBSPOT_CLIENT_SECRET": "new-canary, old-canary"}
    )
    copy = settings.model_copy(update={"label": "web"})

    for each in (settings, copy, Settings(**{n: getattr(copy, n) for n in Settings.model_fields})):
        assert each.client_secret.get_secret_value() == "new-canary"
        known = [secret.get_secret_value() for secret in each.client_secrets]
        assert known == ["new-canary", "old-canary"]
        assert "canary" not in repr(each)


@pytest.mark.parametrize("wrong", ["a,b,c", "a,a", "a,", ",a", "a b,c", ","])
def test_client_secrets_that_cannot_be_used(wrong: str) -> None:
    """Three, one twice, or an empty one."""
    with pytest.raises(BadSettings, match="HUBSPOT_CLIENT_SECRET"):
        Settings.from_env(None, {**ENOUGH, "HUBSPOT_CLIENT_SECRET": wrong})


EU: Mapping[str, str] = {
    "EU_HUBSPOT_CLIENT_ID": "client-of-eu",
    "EU_HUBSPOT_CLIENT_SECRET": "secret-of-eu",
    "EU_HUBSPOT_REDIRECT_URI": f"http://localhost:6001/eu{CALLBACK}",
    "EU_PORTALKEY_APP_NAME": "Europe",
    "HUBSPOT_SCOPES": "oauth crm.objects.contacts.read",
    "PORTALKEY_EVENTS_DAYS": "30",
}


@pytest.mark.parametrize("says", ["argument", "environment"])
def test_settings_of_another_hubspot_app(says: str) -> None:
    """With a prefix they stand beside the first's, and share what is no app's own."""
    environ = {**ENOUGH, **EU}
    if says == "argument":
        settings = Settings.from_env(None, environ, prefix="EU_")
    else:
        settings = Settings.from_env(None, {**environ, "PORTALKEY_ENV_PREFIX": "EU_"})
    first = Settings.from_env(None, environ)

    assert (settings.client_id, first.client_id) == ("client-of-eu", "client-1")
    assert (settings.mount, first.mount) == ("/eu", "")
    assert settings.client_secret.get_secret_value() == "secret-of-eu"
    assert settings.keys == first.keys
    assert (settings.events_days, settings.app_name) == (30, "Europe")
    assert (settings.scopes, len(first.scopes)) == (("oauth",), 2)


def test_another_hubspot_app_takes_no_credentials_of_the_first() -> None:
    """What it has not been given is missing, whatever stands beside it."""
    with pytest.raises(BadSettings) as caught:
        Settings.from_env(None, ENOUGH, prefix="EU_")

    told = " ".join(caught.value.problems)
    assert "HUBSPOT_CLIENT_ID" in told
    assert "HUBSPOT_CLIENT_SECRET" in told
    assert SECRET not in told


def test_a_file_of_another_hubspot_app(tmp_path: Path) -> None:
    """A secret in a file takes the place of the first's, which names none."""
    (tmp_path / "address").write_text(f"sqlite:///{tmp_path / 'eu.db'}")
    (tmp_path / "address").chmod(0o600)
    shared = {"PORTALKEY_DATABASE_URL": f"sqlite:///{tmp_path / 'first.db'}"}
    own = {"EU_PORTALKEY_DATABASE_URL_FILE": str(tmp_path / "address")}

    settings = Settings.from_env(None, {**ENOUGH, **EU, **shared, **own}, prefix="EU_")

    assert settings.database_url.endswith("/eu.db")


@pytest.mark.parametrize("prefix", ["eu_", "EU", "E_", "HUBSPOT_", "PORTALKEY_EU_", "E-U_", "_"])
def test_a_prefix_that_cannot_be_one(prefix: str) -> None:
    """It says how one looks."""
    with pytest.raises(BadSettings, match="PORTALKEY_ENV_PREFIX must be capitals"):
        Settings.from_env(None, {**ENOUGH, **EU}, prefix=prefix)


def test_where_was_looked_is_said_of_what_is_missing(tmp_path: Path) -> None:
    """A server that starts in another folder reads another file, or none."""
    with pytest.raises(BadSettings, match=rf"there is no \.env in {tmp_path};"):
        Settings.from_env(tmp_path / ".env", {})
    (tmp_path / ".env").write_text("HUBSPOT_CLIENT_ID=abc\n")
    with pytest.raises(BadSettings, match=rf"nor in {tmp_path}/\.env, which was read"):
        Settings.from_env(tmp_path / ".env", {})
    with pytest.raises(BadSettings) as without:
        Settings.from_env(None, {})
    assert "What is missing" not in str(without.value)
