"""The list of security requirements is whole, and names tests that there are."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import portalkey
from portalkey.broker.delivery import KEEP_SECONDS
from portalkey.broker.owed_uninstalls import LONGEST
from portalkey.model.counters import COUNTERS_DAYS
from portalkey.model.transitions import RETENTION, STRANGERS_RETENTION
from portalkey.settings import Settings
from portalkey.vault.sql.tables import metadata
from portalkey.web.console.door import SESSION_HOURS

ROOT = Path(__file__).parents[2]
SOURCE = Path(portalkey.__file__).parent
LIST = ROOT / "docs" / "security.md"
POLICY = ROOT / "SECURITY.md"
ROW = re.compile(r"\| R(\d+) \| (.+?) \| (.+?) \| (.*?) ?\|")
STATES = ("held", "not applicable", "elsewhere", "not met")
NUMBERS = range(1, 112)


@dataclass(frozen=True)
class Requirement:
    """One row of the page."""

    number: int
    rule: str
    state: str
    why: str
    tests: tuple[str, ...]


def read_rows(text: str) -> list[Requirement]:
    """The rows in *text*."""
    rows = [ROW.fullmatch(line) for line in text.splitlines() if line.startswith("| R")]
    assert all(rows)
    return [
        Requirement(int(row[1]), row[2], *split(row[3]), tuple(re.findall(r"`([^`]+)`", row[4])))
        for row in rows
        if row
    ]


def split(state: str) -> tuple[str, str]:
    """A state, and the words after it."""
    name, _, why = state.partition(": ")
    return name, why


@cache
def names_of_tests(path: Path) -> set[str]:
    """The tests in the file at *path*, those of classes included."""
    nodes = ast.walk(ast.parse(path.read_text()))
    functions = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {each.name for each in functions if each.name.startswith("test_")}


def is_there(test: str) -> bool:
    """True where ``file::name`` is a test."""
    file, _, name = test.partition("::")
    path = ROOT / file
    return path.is_file() and name in names_of_tests(path)


def missed(text: str) -> dict[int, str]:
    """The numbers in the policy of what is not met, each with its reason."""
    section = text.partition("## What is not met")[2].partition("\n## ")[0]
    return {
        int(number): reason for number, reason in re.findall(r"- \*\*R(\d+)\*\*: (.+)", section)
    }


ROWS = read_rows(LIST.read_text())


def test_every_requirement_stands_there_once() -> None:
    """In their order, each with a sentence and a state."""
    assert [each.number for each in ROWS] == list(NUMBERS)
    assert {each.state for each in ROWS} <= set(STATES)
    assert all(len(each.rule) > 15 and each.rule.endswith(".") for each in ROWS)


def test_every_test_that_is_named_is_there() -> None:
    """A test that is renamed or removed is missed here."""
    named = {test for each in ROWS for test in each.tests}

    assert len(named) > 150
    assert sorted(test for test in named if not is_there(test)) == []


def test_what_is_held_names_its_test() -> None:
    """And what is not says why."""
    assert [each.number for each in ROWS if each.state == "held" and not each.tests] == []
    assert [each.number for each in ROWS if each.state != "held" and len(each.why) < 15] == []


def test_what_is_not_met_stands_in_the_policy() -> None:
    """With a reason; and what is met does not."""
    reasons = missed(POLICY.read_text())

    assert set(reasons) == {each.number for each in ROWS if each.state == "not met"}
    assert [number for number, reason in reasons.items() if len(reason) < 40] == []


@pytest.mark.parametrize(
    "test",
    [
        "tests/architecture/test_security_list.py::test_that_is_not",
        "tests/architecture/test_nothing.py::test_x",
        "tests/architecture/test_security_list.py::is_there",
    ],
)
def test_a_test_that_is_not_there_would_be_seen(test: str) -> None:
    """The negative control."""
    assert not is_there(test)


def section_about_people() -> str:
    """What the page says is stored about people."""
    return LIST.read_text().partition("## What is stored about people")[2].partition("\n## ")[0]


def test_every_table_is_in_the_inventory_of_data() -> None:
    """A new table has to say what it keeps of people, and for how long."""
    tables = section_about_people().partition("In browsers:")[0]
    named = re.findall(r"^\| `(portalkey_\w+)` \|", tables, flags=re.MULTILINE)

    assert sorted(named) == sorted(metadata.tables)


def test_terms_in_the_inventory_of_data_are_the_codes() -> None:
    """Days and hours are those that the purge goes by."""
    defaults = Settings.model_fields
    terms = [
        f"| {RETENTION.days} days after its end; an hour for an install",
        f"`PORTALKEY_EVENTS_DAYS`, {defaults['events_days'].default} days by default",
        f"| {COUNTERS_DAYS} days |",
        f"`PORTALKEY_PENDING_HOURS`, {defaults['pending_hours'].default} by default",
        f"{defaults['invite_hours'].default} hours by default",
        f"an uninstall {LONGEST.days} days at most",
    ]

    assert STRANGERS_RETENTION.total_seconds() == 3600
    assert (KEEP_SECONDS, SESSION_HOURS) == (5 * 86400, 8)
    assert [each for each in terms if each not in section_about_people()] == []


COOKIES = {"attempt", "return", "install", "invited", "console"}
"""Families of cookies in the inventory of data, by the word in their names."""


def test_every_cookie_is_in_the_inventory_of_data() -> None:
    """A cookie that the web code names has a row."""
    text = "".join(path.read_text() for path in (SOURCE / "web").rglob("*.py"))
    named = set(re.findall(r"\}portalkey_([a-z]+)", text)) | {"return"}
    listed = set(
        re.findall(r"`portalkey_([a-z]+)", section_about_people().partition("In browsers:")[2])
    )

    assert named == listed == COOKIES


SQL_WORDS = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|DROP|ALTER|CREATE|PRAGMA|SET LOCAL)\s+\S")


def formatted_sql(source: str) -> list[str]:
    """Statements in *source* that are put together from text and values."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.JoinedStr) and SQL_WORDS.search(ast.unparse(node))
    ]


def test_no_sql_is_put_together() -> None:
    """Values are parameters; what is formatted are names and numbers of our own, each looked at."""
    found = {
        f"{path.relative_to(SOURCE).as_posix()}: {text}"
        for path in SOURCE.rglob("*.py")
        for text in formatted_sql(path.read_text())
    }

    assert found == FORMATTED


FORMATTED = {
    "vault/sql/marks.py: f'(SELECT count(*) FROM {name})'",
    "vault/sql/marks.py: f'CREATE VIEW {guard} AS SELECT {counts} AS number_of_rows'",
    "vault/sql/marks.py: f'CREATE VIEW {qualify(connection, MARK)} AS SELECT 1 AS is_here'",
    "vault/sql/marks.py: f'DROP VIEW IF EXISTS {qualify(connection, view)}'",
    "vault/sql/postgres.py: f'SET LOCAL search_path TO {quote_name(schema)}'",
    "vault/sql/postgres.py: f'SET LOCAL {each}'",
    "vault/sql/postgres.py: f\"SET LOCAL lock_timeout = '{_MIGRATE_SECONDS}s'\"",
    "vault/sql/schemas.py: f'CREATE SCHEMA {quote_name(schema)}'",
    "vault/sql/sqlite.py: f'PRAGMA {pragma}'",
}
"""Views, schemas, limits and pragmas, which take no parameters. All of it is constants and numbers,
but for a schema's name, which is quoted; the operator's has letters, digits and underscores only.
"""


def test_sql_that_is_put_together_would_be_seen() -> None:
    """The negative control."""
    assert formatted_sql('f"SELECT * FROM x WHERE y = {z}"')
