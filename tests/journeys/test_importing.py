"""``portalkey import``: what other libraries kept goes on here, as an operator brings it over."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner

from portalkey.broker import Broker
from portalkey.cli.group import cli
from portalkey.cli.importing.reports import escape
from portalkey.errors import NotConnected, SourceUnusable
from portalkey.model.connection import ConnectionStatus
from portalkey.model.events import EventName
from portalkey.settings import Settings
from portalkey_simulator import App, HubSpot, running_hubspot
from support.commands import run
from support.old_app import LIBRARIES, OldUser, issued, make, write_csv

pytest_plugins = ("support.postgres",)

MANY, FEW = 100, 12
"""How many rows; ``bench/imports.py`` brings over 10,000 from each library."""

Import = Callable[..., "Imported"]


class Imported:
    """What one command came to: its exit code, what it said, and its report."""

    def __init__(self, code: int, said: str, report: Sequence[Mapping[str, str]]) -> None:
        self.code = code
        self.said = said
        self.report = report

    @property
    def outcomes(self) -> list[str]:
        """One a row, in the order of the source."""
        return [row["outcome"] for row in self.report]


@pytest.fixture
def bring(env_file: Path, tmp_path: Path, hubspot: HubSpot) -> Import:
    """Runs the command; nothing that it says or writes holds a token."""
    numbers = count()

    def run_it(library: str, source: object, *more: str) -> Imported:
        path = tmp_path / f"report-{next(numbers)}.csv"
        told = ("--env-file", str(env_file), "--report", str(path), *more)
        done = CliRunner().invoke(cli, ["import", library, str(source), *told])
        written = path.read_text() if path.exists() else ""
        for token in hubspot._world.ledger._refresh:
            assert token not in done.output + written
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Imported(done.exit_code, done.output, list(csv.DictReader(written.splitlines())))

    return run_it


@pytest.fixture
def old_url(tmp_path: Path) -> str:
    """Where the old app keeps its tokens."""
    return f"sqlite:///{tmp_path / 'old.db'}"


def asked(hubspot: HubSpot) -> Counter[str]:
    """How often which endpoint was asked."""
    return Counter(each.path.rpartition("/")[2] for each in hubspot.requests)


def connected(broker: Broker, people: Sequence[OldUser]) -> list[OldUser]:
    """Those of *people* whose own refresh token is kept, for their own account."""
    found = []
    for each in people:
        for connection in broker.connections(str(each.user_id)):
            token = broker.vault.open_refresh(connection).get_secret_value()
            if (connection.hub_id, token) == (each.hub_id, each.refresh_token):
                found.append(each)
    return found


@pytest.mark.parametrize("library", LIBRARIES)
def test_moving_in(
    library: str, bring: Import, hubspot: HubSpot, broker: Broker, old_url: str, tmp_path: Path
) -> None:
    """Every row of the library's own tables becomes a connection; the old file stays as it was."""
    people = issued(hubspot, MANY)
    make(library, old_url, people)
    before = (tmp_path / "old.db").read_bytes()

    first, again = bring(library, old_url), bring(library, old_url)

    assert (first.code, again.code) == (0, 0)
    assert first.said.startswith(f"Imported {MANY} of {MANY} rows from {library}.\n")
    assert f"Imported 0 of {MANY} rows" in again.said
    assert [row["owner"] for row in again.report] == [str(each.user_id) for each in people]
    assert again.outcomes == ["there"] * MANY
    assert connected(broker, people) == people
    assert asked(hubspot) == {"introspect": 2 * MANY}
    assert (tmp_path / "old.db").read_bytes() == before


@pytest.mark.parametrize("library", LIBRARIES)
def test_moving_in_from_postgresql(
    library: str, bring: Import, hubspot: HubSpot, broker: Broker, postgres_url: str
) -> None:
    """PostgreSQL has types of its own for JSON and times, and the rows are the same."""
    people = issued(hubspot, FEW)
    make(library, postgres_url, people)

    done = bring(library, postgres_url)

    assert (done.code, done.outcomes) == (0, ["imported"] * FEW)
    assert connected(broker, people) == people


def test_the_first_use_of_an_imported_connection(
    bring: Import, hubspot: HubSpot, broker: Broker, tmp_path: Path
) -> None:
    """The token is renewed once and works, and the audit says where the connection came from."""
    people = issued(hubspot, 1)
    write_csv(tmp_path / "old.csv", people)
    bring("csv", tmp_path / "old.csv")

    token = broker.access_token("1")

    assert broker.access_token("1") == token
    assert hubspot._world.ledger.access(token)
    assert asked(hubspot) == {"introspect": 1, "token": 1}
    (connection,) = broker.connections("1")
    assert connection.account.user_email == hubspot.accounts[1].user_email
    assert connection.scopes == ("oauth", "crm.objects.contacts.read")
    (event,) = broker.vault.store.events(owner="1")
    assert event.name is EventName.CONNECTED
    assert event.facts == {"hub_id": connection.hub_id, "imported_from": "csv"}


def test_a_refresh_token_of_v1(
    bring: Import, hubspot: HubSpot, broker: Broker, tmp_path: Path
) -> None:
    """A bare UUID, as v1 issued it, is asked about and renewed on 2026-09."""
    people = issued(hubspot, 1, is_v1=True)
    assert UUID(people[0].refresh_token)
    write_csv(tmp_path / "old.csv", people)

    bring("csv", tmp_path / "old.csv")

    assert broker.access_token("1")
    assert {each.path for each in hubspot.requests} == {
        "/oauth/2026-09/token/introspect",
        "/oauth/2026-09/token",
    }
    assert connected(broker, people) == people


def test_a_dry_run(
    bring: Import, hubspot: HubSpot, env_file: Path, settings: Settings, tmp_path: Path
) -> None:
    """Rows are judged by what they say, HubSpot is not asked, and no store is opened."""
    people = issued(hubspot, 2)
    write_csv(tmp_path / "old.csv", people)
    with (tmp_path / "old.csv").open("a") as file:
        file.write(f"1,another,{people[0].hub_id}\n,token,\nada,,\nbob,a token,\n")
    env_file.write_text(env_file.read_text().replace("portalkey.db", "nowhere.db"))

    done = bring("csv", tmp_path / "old.csv", "--dry-run")

    assert done.said.startswith("Can read 2 of 6 rows from csv.\n")
    assert done.code == 1
    assert done.outcomes == ["readable"] * 2 + ["twice", "no_owner", "empty", "unreadable"]
    assert not hubspot.requests
    assert not (tmp_path / "nowhere.db").exists()
    assert "nowhere.db" not in settings.database_url


def test_asking_only(bring: Import, hubspot: HubSpot, broker: Broker, tmp_path: Path) -> None:
    """HubSpot is asked, the report is written, and nothing else is."""
    write_csv(tmp_path / "old.csv", issued(hubspot, FEW))

    done = bring("csv", tmp_path / "old.csv", "--check")

    assert done.said.startswith(f"Would import {FEW} of {FEW} rows from csv.\n")
    assert (done.code, done.outcomes) == (0, ["importable"] * FEW)
    assert asked(hubspot) == {"introspect": FEW}
    assert not broker.vault.store.events()
    with pytest.raises(NotConnected):
        broker.access_token("1")


def test_rows_that_cannot_be_imported(
    bring: Import, hubspot: HubSpot, broker: Broker, tmp_path: Path
) -> None:
    """Each is named by its line with what is wrong with it, and the good ones are imported."""
    good, dead, access, wrong, nobodys, hubless = issued(hubspot, 6)
    hubspot._world.ledger.revoke(dead.refresh_token or "", client_id=hubspot.app.client_id)
    lines = {
        f"good,{good.refresh_token},{good.hub_id}": "imported",
        f"good,{good.refresh_token},": "twice",
        f" ,{nobodys.refresh_token},": "no_owner",
        "empty,,": "empty",
        f"dead,{dead.refresh_token},": "dead",
        f"access,{access.access_token},": "wrong_kind",
        f"wrong,{wrong.refresh_token},{wrong.hub_id + 9}": "other_account",
        f"short,{hubless.refresh_token}": "unreadable",
        f"hubless,{hubless.refresh_token},none": "unreadable",
        "spaced,not a token,": "unreadable",
        f"again,{good.refresh_token},": "imported",
    }
    source = tmp_path / "old.csv"
    source.write_text("owner,refresh_token,hub_id\n\n" + "\n".join(lines), encoding="utf-8-sig")

    done = bring("csv", source)

    assert done.code == 1
    assert done.outcomes == list(lines.values())
    assert [row["row"] for row in done.report] == [f"line {n}" for n in range(3, 3 + len(lines))]
    assert "line 10: It has 2 fields instead of 3." in done.said
    assert f"names another account than the row does: {wrong.hub_id}." in done.said
    assert len(broker.connections("good")) == len(broker.connections("again")) == 1
    assert not any(map(broker.connections, ("dead", "access", "wrong", "hubless")))


def test_many_rows_that_fail(bring: Import, tmp_path: Path) -> None:
    """Ten are named to people; the report and programs get all."""
    (tmp_path / "old.csv").write_text("owner,refresh_token\n" + "ada,\n" * 12)

    for_people = bring("csv", tmp_path / "old.csv")
    for_programs = bring("csv", tmp_path / "old.csv", "--json")

    assert for_people.said.count("The row has no refresh token") == 10
    assert for_people.said.endswith("And 2 more; --report FILE.csv names them all.\n")
    *rows, last = map(json.loads, for_programs.said.splitlines())
    assert [(row["row"], row["outcome"]) for row in rows][11] == ("line 13", "empty")
    assert {last[name] for name in ("rows", "empty")} == {12}
    assert (last["act"], last["dry_run"], last["imported"]) == ("ended", False, 0)


def test_what_is_here_stays(
    bring: Import, hubspot: HubSpot, broker: Broker, tmp_path: Path
) -> None:
    """Neither a connection nor a disconnect that happened here is undone by importing again."""
    source = tmp_path / "old.csv"
    ada, bob = issued(hubspot, 2)
    write_csv(source, [ada, bob])
    bring("csv", source)
    (connection,) = broker.connections("2")
    broker.disconnect("2", connection.id)
    newer = issued(hubspot, 2)
    write_csv(source, newer)

    done = bring("csv", source)

    assert (done.code, done.outcomes) == (0, ["there", "disconnected"])
    assert connected(broker, [ada, bob, *newer]) == [ada]


def test_tokens_of_another_app(bring: Import, settings: Settings, tmp_path: Path) -> None:
    """HubSpot does not honour them for this app, and nobody is connected by them."""
    redirect = settings.redirect_uri
    with running_hubspot(apps=[App("another", "secret", (redirect,))]) as elsewhere:
        write_csv(tmp_path / "old.csv", issued(elsewhere, FEW))

    done = bring("csv", tmp_path / "old.csv")

    assert (done.code, done.outcomes) == (1, ["dead"] * FEW)
    assert "or it is another app's" in done.said


def test_a_model_without_users(bring: Import, hubspot: HubSpot, old_url: str) -> None:
    """Flask-Dance can keep a token that is nobody's: it is reported and not imported."""
    make("flask-dance", old_url, issued(hubspot, 1), "no-user")

    done = bring("flask-dance", old_url)

    assert (done.code, done.outcomes) == (1, ["no_owner"])
    assert done.report[0]["row"] == "row 1"
    assert not asked(hubspot)


def test_users_with_uuids(bring: Import, hubspot: HubSpot, broker: Broker, old_url: str) -> None:
    """The owner is the id as the app knows it, whatever SQLite made of it, after the prefix."""
    user_id = "0b3f7d6e-5c7a-4f0e-9a55-1d2c3b4a5968"
    (person,) = issued(hubspot, 1)
    make("flask-dance", old_url, [replace(person, user_id=user_id)], "uuid")

    done = bring("flask-dance", old_url, "--owner-prefix", "user:")

    assert done.outcomes == ["imported"]
    (connection,) = broker.connections(f"user:{user_id}")
    assert connection.status is ConnectionStatus.CONNECTED


def test_the_old_table_is_in_our_own_database(
    bring: Import, hubspot: HubSpot, broker: Broker, settings: Settings
) -> None:
    """Tables of the app and of portalkey live side by side."""
    people = issued(hubspot, FEW)
    make("flask-dance", settings.database_url, people)

    assert bring("flask-dance", settings.database_url).outcomes == ["imported"] * FEW
    assert connected(broker, people) == people


def test_hubspot_refuses_the_app(
    bring: Import, hubspot: HubSpot, broker: Broker, env_file: Path, tmp_path: Path
) -> None:
    """The import ends, says what to compare, and goes on where it was once that is put right."""
    source, right = tmp_path / "old.csv", env_file.read_text()
    people = issued(hubspot, FEW)
    write_csv(source, people)
    env_file.write_text(right.replace(hubspot.app.client_secret, "wrong"))

    refused = bring("csv", source)
    env_file.write_text(right)
    done = bring("csv", source)

    assert (refused.code, refused.outcomes) == (1, [])
    assert "(BAD_CLIENT_SECRET): compare HUBSPOT_CLIENT_ID and" in refused.said
    assert "Run this again for the rest; nothing is done twice." in refused.said
    assert done.outcomes == ["imported"] * FEW
    assert connected(broker, people) == people


@pytest.mark.parametrize("kind", ["semicolons", "tabs", "list", "lines", "stdin"])
def test_files_as_people_have_them(
    kind: str, env_file: Path, hubspot: HubSpot, broker: Broker, tmp_path: Path
) -> None:
    """Columns in any order, a spreadsheet's own delimiters and encoding, JSON, and a pipe."""
    people = issued(hubspot, 2)
    rows = [(each.hub_id, each.refresh_token or "", each.user_id) for each in people]
    members = [dict(zip(("hub_id", "refresh_token", "owner"), row, strict=True)) for row in rows]
    header = ("hub_id", "refresh_token", "owner")

    def table(delimiter: str) -> str:
        return "\r\n".join(delimiter.join(map(str, row)) for row in (header, *rows))

    library, content = {
        "semicolons": ("csv", table(";").encode("utf-8-sig")),
        "tabs": ("csv", table("\t").encode("utf-16")),
        "list": ("json", json.dumps(members, indent=2).encode()),
        "lines": ("json", "\n".join(map(json.dumps, members)).encode()),
        "stdin": ("json", json.dumps(members).encode()),
    }[kind]
    source = tmp_path / "source"
    source.write_bytes(content)
    where, typed = ("-", content) if kind == "stdin" else (str(source), None)

    told = ["import", library, where, "--env-file", str(env_file)]
    done = CliRunner().invoke(cli, told, input=typed)

    assert done.exit_code == 0, done.output
    assert done.output == f"Imported 2 of 2 rows from {library}.\n  imported: 2\n"
    assert connected(broker, people) == people


def test_members_that_cannot_be_read(bring: Import, hubspot: HubSpot, tmp_path: Path) -> None:
    """Each is one row's trouble, and none of it is repeated."""
    (good,) = issued(hubspot, 1)
    members: list[object] = [
        {"owner": 1, "refresh_token": good.refresh_token, "hub_id": str(good.hub_id)},
        {"owner": True, "refresh_token": SECRET},
        {"owner": "ada", "refresh_token": SECRET, "hub_id": 1.5},
        {"owner": "ada", "refresh_token": ["canary-password"]},
        {"owner": "ada", "refresh_token": SECRET, SECRET: 1},
        {"owner": "ada"},
        {"owner": "\ud800", "refresh_token": SECRET},
        [SECRET],
        {"owner": "ada", "refresh_token": None},
    ]
    source = tmp_path / "old.json"
    source.write_text(json.dumps(members))

    done = bring("json", source)

    assert done.outcomes == ["imported", *["unreadable"] * 5, "no_owner", "unreadable", "empty"]
    assert [row["row"] for row in done.report] == [f"object {n}" for n in range(1, 10)]
    assert SECRET not in done.said + str(done.report)


def test_a_report_that_a_spreadsheet_opens(env_file: Path, tmp_path: Path) -> None:
    """What looks like a formula is text there, and JSON has it as it is."""
    owners = ["=1+1", "+1", "-1", "@SUM(1)", "ada"]
    source = tmp_path / "old.json"
    source.write_text("\n".join(json.dumps({"owner": o, "refresh_token": ""}) for o in owners))
    reports = [tmp_path / f"report.{kind}" for kind in ("csv", "json", "jsonl")]

    for path in reports:
        told = ["--dry-run", "--env-file", str(env_file), "--report", str(path)]
        CliRunner().invoke(cli, ["import", "json", str(source), *told])

    rows = list(csv.DictReader(reports[0].read_text().splitlines()))
    assert [row["owner"] for row in rows] == ["'=1+1", "'+1", "'-1", "'@SUM(1)", "ada"]
    listed = json.loads(reports[1].read_text())
    assert listed == [json.loads(line) for line in reports[2].read_text().splitlines()]
    assert [row["owner"] for row in listed] == owners


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_a_spreadsheet_would_run(start: str) -> None:
    """Each beginning of a formula is put behind an apostrophe."""
    assert escape(f"{start}1") == f"'{start}1"
    assert escape(f"1{start}") == f"1{start}"


SECRET = "canary-password"
FILES = {
    "none.csv": b"owner,refresh_token\n",
    "bare.csv": b"ada,canary-password\n",
    "bytes.csv": b"owner,refresh_token\nada,\xff\n",
    "wide.csv": "owner,refresh_token\nada,canary-password\n".encode("utf-16-le"),
    "text.json": b"canary-password\n",
    "object.json": b'{"owner": "ada",\n "refresh_token": "canary-password"}',
    "cut.json": b'[{"owner": "ada", "refresh_token": "canary-password"',
    "quotes.csv": b'owner,refresh_token\nada,"canary-password',
}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("csv AT/nowhere.csv", "No such file or directory: 'AT/nowhere.csv'"),
        ("csv AT/bare.csv", "The first line of AT/bare.csv has to name the columns owner and"),
        ("csv AT/bytes.csv", "bytes.csv is not UTF-8 text (line 2). In a spreadsheet, save it"),
        ("csv AT/wide.csv", "wide.csv is UTF-16 text without a mark of its byte order, or no"),
        ("json AT/text.json", "text.json is neither a JSON list of objects nor one JSON object a"),
        ("json AT/object.json", "object.json is neither a JSON list of objects nor one JSON"),
        ("json AT/cut.json", "cut.json is neither a JSON list of objects nor one JSON object a"),
        ("csv AT/none.csv --dry-run --check", "--dry-run asks nobody, and --check asks HubSpot"),
        (
            "csv AT/quotes.csv",
            "quotes.csv cannot be read as CSV after line 2; look at its quotation",
        ),
        ("csv AT/none.csv", "There is nothing to import: no row was found"),
        ("csv AT/none.csv --report AT/none.csv", "is there already; name a new file"),
        (f"csv AT/none.csv {SECRET}", "Name one source, and nothing else beside it."),
        (f"postgresql://:{SECRET}@/ x", "It has to be one of flask-dance, django-allauth"),
        ("flask-dance sqlite:///AT/nowhere.db", "AT/nowhere.db cannot be opened; look whether"),
        ("flask-dance sqlite:///AT/none.csv", "AT/none.csv is not a SQLite database"),
        (f"flask-dance mysql://:{SECRET}@h/x", "SOURCE names no database that can be read"),
        (f"flask-dance {SECRET}", "SOURCE names no database that can be read"),
        (f"flask-dance postgresql://:{SECRET}@/?no=1", "SOURCE has no after its question mark"),
        (f"flask-dance postgresql://:{SECRET}@192.0.2.1/x", "SOURCE names a database on another"),
        (f"social-auth postgresql://:{SECRET}@127.0.0.1:1/x", "at host and port in SOURCE."),
    ],
)
def test_a_source_that_cannot_be_used(
    env_file: Path, tmp_path: Path, arguments: str, words: str
) -> None:
    """It says what to look at, in a sentence, and repeats no password."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    told = arguments.replace("AT", str(tmp_path)).split()

    done = CliRunner().invoke(cli, ["import", *told, "--env-file", str(env_file)])

    said = f"{' '.join(done.output.split())} {done.exception}"
    assert done.exit_code != 0
    assert isinstance(done.exception, SystemExit | SourceUnusable | OSError)
    assert words.replace("AT", str(tmp_path)) in said
    assert SECRET not in said


def test_what_an_operator_sees(env_file: Path, hubspot: HubSpot, tmp_path: Path) -> None:
    """Sentences, and an exit code that says whether all is well."""
    write_csv(tmp_path / "old.csv", issued(hubspot, FEW))
    told = ("import", "--env-file", str(env_file))

    good = run(*told, "csv", str(tmp_path / "old.csv"))
    bad = run(*told, "flask-dance", f"postgresql://ada:{SECRET}@127.0.0.1:1/old")

    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout == f"Imported {FEW} of {FEW} rows from csv.\n  imported: {FEW}\n"
    assert bad.returncode == 1
    assert bad.stderr.startswith("The database old at 127.0.0.1 (port 1) cannot be reached;")
    assert SECRET not in bad.stdout + bad.stderr
    assert "Traceback" not in bad.stderr
