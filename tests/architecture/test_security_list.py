"""The list of security requirements is whole, and names tests that there are."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import portalkey

ROOT = Path(__file__).parents[2]
SOURCE = Path(portalkey.__file__).parent
LIST = ROOT / "docs" / "security.md"
POLICY = ROOT / "SECURITY.md"
ROW = re.compile(r"\| R(\d+) \| (.+?) \| (.+?) \| (.*?) ?\|")
STATES = ("held", "not applicable", "elsewhere", "not met")
NUMBERS = range(1, 109)


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
