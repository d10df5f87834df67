"""What a URL of PostgreSQL may say, and where it may lead without TLS."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from portalkey.broker.broker import Broker
from portalkey.errors import BadSettings, OperatorMustAct, SourceUnusable
from portalkey.settings import Settings
from portalkey.vault import SQLStore
from portalkey.vault.sql.foreign import read
from portalkey.vault.sql.postgres_url import (
    leads_elsewhere,
    name_database,
    read_url,
    without_environment,
    without_secrets,
)

pytest_plugins = ("support.postgres",)

HERE = [
    "postgresql:///app",
    "postgres://ada@/app",
    "postgresql://localhost/app",
    "postgresql://LocalHost:6432/app",
    "postgresql://127.0.0.1/app",
    "postgresql://127.8.9.10/app",
    "postgresql://[::1]:5432/app",
    "postgresql://[::ffff:127.0.0.1]/app",
    "postgresql://%2Fvar%2Frun%2Fpostgresql/app",
    "postgresql:///app?host=/tmp",
    "postgresql:///app?host=@abstract",
    "postgresql://localhost,127.0.0.1:6432,[::1]/app",
    "postgresql://db.example.com/app?hostaddr=127.0.0.1",
    "postgresql://db.example.com/app?host=/tmp",
]
ELSEWHERE = [
    "postgresql://db.example.com/app",
    "postgres://db/app",
    "postgresql+psycopg://ada:canary@db/app",
    "postgresql://10.0.0.1/app",
    "postgresql://0.0.0.0/app",
    "postgresql://127.1/app",
    "postgresql://localhost.example.com/app",
    "postgresql://[fe80::1%25eth0]/app",
    "postgresql://[2001:db8::1]/app",
    "postgresql://[::ffff:10.0.0.1]/app",
    "postgresql://localhost,db.example.com/app",
    "postgresql://127.0.0.1,10.0.0.1:6432/app",
    "postgresql:///app?host=db.example.com",
    "postgresql:///app?host=/tmp,db",
    "postgresql://localhost/app?host=db",
    "postgresql://localhost/app?hostaddr=10.0.0.1",
    "postgresql://localhost,localhost/app?hostaddr=127.0.0.1,10.0.0.1",
    "postgresql:///?service=crm",
]


@pytest.mark.parametrize("url", HERE)
def test_this_machine_needs_no_tls(url: str) -> None:
    """A socket or a loopback address leads through no network, however it is written."""
    assert not leads_elsewhere(read_url(url))


@pytest.mark.parametrize("mode", ["", "sslmode=disable", "sslmode=allow", "sslmode=prefer"])
@pytest.mark.parametrize("url", ELSEWHERE)
def test_plain_text_to_another_host_is_refused(url: str, mode: str) -> None:
    """Unless somebody says yes to it by name; libpq's own choice falls back in silence."""
    asked = f"{url}{'&' if '?' in url else '?'}{mode}" if mode else url
    with pytest.raises(BadSettings, match="write sslmode=verify-full&sslrootcert=system") as told:
        SQLStore.open(asked)

    assert "PORTALKEY_DATABASE_PLAINTEXT=yes" in str(told.value)
    assert "canary" not in str(told.value)
    assert leads_elsewhere(read_url(asked, plaintext=True))


@pytest.mark.parametrize("url", ELSEWHERE)
@pytest.mark.parametrize(
    "tls",
    ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full", "sslrootcert=system"],
)
def test_tls_to_another_host_is_fine(url: str, tls: str) -> None:
    """The last of them checks the certificate by itself."""
    assert read_url(f"{url}{'&' if '?' in url else '?'}{tls}")


@pytest.mark.parametrize("last", ["disable", "prefer"])
def test_of_two_modes_the_last_one_counts(last: str) -> None:
    """As libpq has it."""
    with pytest.raises(BadSettings, match="does not insist on TLS"):
        read_url(f"postgresql://db/app?sslmode=require&sslmode={last}")


@pytest.mark.parametrize("mode", ["REQUIRE", "no-verify", "true", ""])
def test_a_mode_that_there_is_not_is_refused(mode: str) -> None:
    """On this machine too, before libpq does so at every connection."""
    with pytest.raises(BadSettings, match="an sslmode that libpq does not know; write sslmode="):
        read_url(f"postgresql://localhost/app?sslmode={mode}")


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ("pgbouncer=true", "has pgbouncer after .*; take it out, as portalkey works through PgB"),
        ("schema=crm", "has schema after .* set PORTALKEY_DATABASE_SCHEMA"),
        ("currentSchema=crm", "has currentSchema after .* set PORTALKEY_DATABASE_SCHEMA"),
        ("ssl=require", "has ssl after .*; write sslmode=require"),
        ("sslaccept=strict", "has sslaccept after .*; write sslmode=require"),
        ("SSLMODE=require", "has SSLMODE after .*; did you mean sslmode?"),
        ("aplication_name=x", "has aplication_name after .*; did you mean application_name?"),
        ("connection_limit=5", "has connection_limit after .*; take it out"),
        ("statement_timeout=5", "has statement_timeout after .* set PORTALKEY_DATABASE_SECONDS"),
        ("sslmode=require&supa=canary", "has supa after .*; take it out"),
    ],
)
def test_a_part_of_another_driver_is_named(part: str, sentence: str) -> None:
    """With what to write in its place, and without its value."""
    with pytest.raises(BadSettings, match=sentence) as told:
        SQLStore.open(f"postgresql://ada:canary@localhost/app?{part}")

    assert "canary" not in str(told.value)
    assert told.value.__cause__ is told.value.__context__ is None


def test_every_such_part_is_named_at_once() -> None:
    """Whoever moves here from another driver puts all of them right in one go."""
    with pytest.raises(BadSettings) as told:
        read_url("postgresql://db/app?pgbouncer=true&connect_timeout=3&connection_limit=1")

    assert len(told.value.problems) == 2


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:pa?canary=1&x=2@db/app?nothing",
        "postgresql://ada:pa/x?canary=1@db/app",
        "postgresql://db/app?password=pa&canary=1",
        "postgresql://db/app?password=pa&canary",
        "postgresql://db/app?sslpassword=pa&canary=1",
        "postgresql://db/app?canary",
        "postgresql://db/app?can%20ary=1",
        "postgresql://ada:pa@canary@db/app",
    ],
)
def test_what_may_be_the_tail_of_a_password_is_not_named(url: str) -> None:
    """Where the parts cannot be told apart, the sentence is about all of it."""
    with pytest.raises(BadSettings, match=r"PORTALKEY_DATABASE_URL (is not|has an? [@?])") as told:
        SQLStore.open(url)

    assert "canary" not in str(told.value)
    assert "can ary" not in str(told.value)


@pytest.mark.parametrize("scheme", ["postgresql+psycopg2", "postgresql+asyncpg", "pgsql"])
def test_another_driver_is_named_wherever_a_url_is_asked_for(scheme: str) -> None:
    """A store's address, and that of a database to import from."""
    url = f"{scheme}://ada:canary@localhost/app"
    named = rf"names another driver \({scheme.replace('+', '[+]')}\); write postgresql://"
    with pytest.raises(BadSettings, match=f"PORTALKEY_DATABASE_URL {named}"):
        SQLStore.open(url)
    with pytest.raises(SourceUnusable, match=f"SOURCE {named}"):
        read(url, lambda _: None)


def test_another_apps_database_is_not_read_in_plain_text() -> None:
    """Its tokens are not sealed, so they least of all."""
    with pytest.raises(SourceUnusable, match="SOURCE names a database on another host"):
        read("postgresql://db.invalid/app", lambda _: None)


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., str]:
    """What opening an app's store says, its address in a file; 127.1 is no loopback to us."""
    file = tmp_path / "url"
    file.write_text("postgresql://ada:canary@127.1:1/app")
    file.chmod(0o600)

    def open_with(**more: str) -> str:
        environ = {
            "HUBSPOT_CLIENT_ID": "app",
            "HUBSPOT_CLIENT_SECRET": "canary-secret",
            "PORTALKEY_KEYS": f"test:{Fernet.generate_key().decode()}",
            "PORTALKEY_DATABASE_URL_FILE": str(file),
            "PORTALKEY_DATABASE_SECONDS": "2",
            **more,
        }
        with pytest.raises(OperatorMustAct) as told:
            Broker.of(Settings.from_env(None, environ))
        return str(told.value)

    return open_with


def test_an_app_begins_only_where_its_store_is_safe(opened: Callable[..., str]) -> None:
    """Refused before a packet is sent; with a yes it goes on to the server."""
    refused = opened()
    allowed = opened(PORTALKEY_DATABASE_PLAINTEXT="yes")

    assert "does not insist on TLS" in refused
    assert "app at 127.1 (port 1) cannot be reached" in allowed
    assert "canary" not in refused + allowed


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://ada:canary@db.example:5433/crm", "crm at db.example (port 5433)"),
        ("postgresql://ada:canary@localhost/crm", "crm at localhost (port 5432)"),
        ("postgresql:///crm", "crm at this machine (port 5432)"),
        ("postgresql:///crm?host=/tmp&port=6432", "crm at /tmp (port 6432)"),
        ("postgresql:///crm?hostaddr=127.0.0.1", "crm at 127.0.0.1 (port 5432)"),
        ("postgresql://a,b/crm?port=6432", "crm at a (port 6432), b (port 6432)"),
        ("postgresql://a:1,b/crm", "crm at a (port 1), b (port 5432)"),
        ("postgresql:///?service=crm", "of the service crm"),
    ],
)
def test_a_database_is_named_by_all_its_hosts_and_ports(url: str, name: str) -> None:
    """That is what to look at where it cannot be reached; who knocks is not told."""
    assert name_database(read_url(url, plaintext=True)) == name


def test_a_password_is_quoted_as_the_settings_page_says(tmp_path: Path) -> None:
    """By the command there, into a line of ``.env`` like the one there; no mark is lost."""
    page = (Path(__file__).parents[4] / "docs/settings.md").read_text()
    section = page.partition("### A password in the URL")[2]
    command = section.partition("```sh\n")[2].partition("\n```")[0]
    line = section.partition("```ini\n")[2].partition("\n```")[0]
    password = "p#ss w%rd@:/?[&=+'\"$é41"
    typed = subprocess.run(
        ["/bin/sh", "-c", command.replace("python3", f"'{sys.executable}'")],
        input=f"{password}\n",
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,  # without a terminal, from which it would be asked for
    )
    (tmp_path / ".env").write_text(line.replace("PASSWORD@", f"{typed.stdout.strip()}@"))
    app = {
        "HUBSPOT_CLIENT_ID": "app",
        "HUBSPOT_CLIENT_SECRET": "canary-secret",
        "PORTALKEY_KEYS": f"test:{Fernet.generate_key().decode()}",
    }
    url = Settings.from_env(tmp_path / ".env", app).database_url

    assert read_url(url)["password"] == password
    assert read_url(url)["host"] == "db.example.com"


HOSTILE = {
    "PGHOST": "nowhere.invalid",
    "PGHOSTADDR": "192.0.2.1",
    "PGPORT": "1",
    "PGUSER": "canary",
    "PGDATABASE": "canary",
    "PGSSLMODE": "canary",
    "PGOPTIONS": "-c canary.x=1 -c canary",
    "PGCLIENTENCODING": "SQL_ASCII",
    "PGAPPNAME": "canary",
    "PGTARGETSESSIONATTRS": "standby",
}
OPEN = """
import sys
from portalkey.vault import SQLStore
store = SQLStore.open(sys.argv[1])
query = "SELECT current_user, current_setting('application_name')"
print(*store._database._drivers.run(lambda driver: driver.execute(query).fetchone()))
store.close()
"""


def test_nothing_is_taken_from_other_programs_variables(migrated_postgres_url: str) -> None:
    """Whatever libpq would look up in the environment; some values would end every connection."""
    known = {each.envvar.decode() for each in pq.Conninfo.get_defaults() if each.envvar}
    ours = {"PGSERVICE", "PGPASSWORD", "PGPASSFILE", "PGREQUIREAUTH"}
    hostile = dict.fromkeys(known - ours, "canary") | HOSTILE
    done = subprocess.run(
        [sys.executable, "-c", OPEN, migrated_postgres_url],
        env={**os.environ, **hostile},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.returncode) == ("postgres portalkey\n", 0), done.stderr


def test_a_password_may_come_from_libpqs_own_variables() -> None:
    """They decide of no way, and keep it out of a command's arguments.

    Nor is an empty require_auth handed on, which to libpq means that no password may be asked for.
    """
    filled = without_environment(conninfo_to_dict("postgresql://ada@localhost/app"))

    assert not {"password", "passfile", "require_auth"} & filled.keys()
    assert filled["user"] == "ada"
    assert filled["hostaddr"] == filled["options"] == ""


@pytest.mark.parametrize(
    "url",
    [
        "postgres://ada:canary@db.example.com/app?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql+psycopg://a%40b:canary@[::1]:5433/d%2Fb?pass%77ord=canary",
        "postgresql://ada:canary@one:1,two:2/app?sslpassword=canary",
        "postgresql://ada:canary@%2Frun%2Fpostgresql/app",
        "postgresql://ada:c%23a%2Fn%3Fcanary@localhost/app",
        "postgresql://:canary@/?user=ada",
        "postgresql:///",
    ],
)
def test_a_url_to_copy_is_the_same_without_its_password(url: str) -> None:
    """Wherever that stands, and however it is quoted."""
    shown = without_secrets(url)

    assert "canary" not in shown
    told = read_url(url, plaintext=True)
    assert read_url(shown, plaintext=True) == {
        name: value for name, value in told.items() if "password" not in name
    }


def test_a_service_is_libpqs_own_matter() -> None:
    """Whoever names one means what its file says, before any default."""
    named = {"service": "crm", "sslmode": "require"}

    assert without_environment(named) == named
