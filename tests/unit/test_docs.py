"""The docs say what the code does, or these tests fail."""

import ast
import re
from pathlib import Path

import pytest

from portalkey import errors
from portalkey.cli import COMMANDS
from portalkey.model import attempt, connection
from portalkey.model.events import EventName
from portalkey.settings import Settings, environment, standalone
from portalkey.vault.sql.owners import ERASURES
from portalkey.vault.sql.tables import metadata

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_every_setting_is_listed_and_nothing_else() -> None:
    """One row a setting."""
    rows = [line for line in (DOCS / "settings.md").read_text().splitlines() if line[:3] == "| `"]
    listed = [row.split("`")[1] for row in rows]

    aliases = [str(field.alias) for field in Settings.model_fields.values()]
    assert sorted(listed) == sorted([*aliases, *standalone.NAMES, *environment.OF_COMMANDS])


def leaves(base: type[errors.PortalkeyError]) -> list[type[errors.PortalkeyError]]:
    """The errors that are really raised."""
    return [leaf for kind in base.__subclasses__() for leaf in kind.__subclasses__()]


def test_every_error_is_listed_with_its_code() -> None:
    """One row an error, under who must act."""
    text = (DOCS / "errors.md").read_text()

    for error in leaves(errors.PortalkeyError):
        assert f"| `{error.__name__}` | `{error.code}` |" in text


def test_codes_are_all_different() -> None:
    """A code names one thing."""
    codes = [error.code for error in leaves(errors.PortalkeyError)]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("moves", [attempt.MOVES, connection.MOVES], ids=["attempt", "connection"])
def test_the_states_are_drawn_from_the_table(moves: dict[object, frozenset[object]]) -> None:
    """What moves where is the table in the code."""
    text = (DOCS / "journeys.md").read_text()

    for status, onward in moves.items():
        to = [f"`{each}`" for each in type(status) if each in onward]  # type: ignore[attr-defined]
        assert f"| `{status}` | {', '.join(to) or 'final'} |" in text


def test_every_event_is_listed() -> None:
    """Dashboards and alarms go by their names."""
    text = (DOCS / "tokens.md").read_text()

    assert [name for name in EventName if f"`{name}`" not in text] == []


def test_every_command_is_mentioned() -> None:
    """A command nobody knows is no command."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.glob("*.md")]
    text = "".join(page.read_text() for page in pages)

    for command in COMMANDS:
        assert f"portalkey {command}" in text


def names_of_findings(*folders: str) -> set[str]:
    """The names that code in these rooms gives to what it finds."""
    makers = {"ok", "warning", "problem", "unknown"}
    paths = [path for folder in folders for path in (ROOT / "src/portalkey").glob(folder)]
    calls = [
        node
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
    ]
    return {
        str(each.args[0].value)
        for each in calls
        if isinstance(each.args[0], ast.Constant) and makers & {*_called(each.func)}
    }


def _called(function: ast.expr) -> list[str]:
    """The names that are called, of ``(problem if bad else warning)(...)`` both."""
    return [each.id for each in ast.walk(function) if isinstance(each, ast.Name)]


def test_every_check_is_listed_and_nothing_else() -> None:
    """One row a check of the doctor, and of the database; those of settings have their own page."""
    lines = (DOCS / "doctor.md").read_text().splitlines()
    listed = [line.split("`")[1] for line in lines if line[:3] == "| `"]

    known = names_of_findings(
        "cli/doctor/*.py", "broker/*health.py", "vault/check.py", "vault/sql/check.py"
    )
    assert sorted(listed) == sorted(known)


def test_tables_are_dropped_and_rewritten_whole() -> None:
    """SQL that an operator copies names every table that it is about."""
    drop = re.search(r"DROP TABLE IF EXISTS ([^;]+);", (DOCS / "your-database.md").read_text())
    vacuum = re.search(r"VACUUM FULL ([^`]+)`", (DOCS / "operating.md").read_text())
    assert drop
    assert vacuum

    dropped, rewritten = (re.findall(r"portalkey_\w+", found[1]) for found in (drop, vacuum))
    assert sorted(dropped) == sorted([*metadata.tables, "portalkey_alembic_version"])
    assert sorted(rewritten) == sorted(table.name for table in ERASURES)


def test_links_of_the_readme_lead_somewhere() -> None:
    """No link of the README is broken, and it leads to the list of all pages."""
    text = (ROOT / "README.md").read_text()
    linked = set(re.findall(r"\]\(([^):]+)\)", text))

    files = sorted({each.partition("#")[0] for each in linked})
    assert [each for each in files if not (ROOT / each).exists()] == []
    assert "docs/README.md" in linked


def test_every_file_that_the_map_names_is_there() -> None:
    """Whoever follows CONTRIBUTING.md finds each step where it says."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`((?:src|tests|simulator|docs|bench|scripts)/[\w./-]+)`", text)

    assert len(named) > 50
    assert [path for path in named if not (ROOT / path).exists()] == []
