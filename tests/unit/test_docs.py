"""The docs say what the code does, or these tests fail."""

import re
from pathlib import Path

import pytest

from portalkey import errors
from portalkey.cli import COMMANDS
from portalkey.model import attempt, connection
from portalkey.model.events import EventName
from portalkey.settings import Settings, standalone

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_every_setting_is_listed_and_nothing_else() -> None:
    """One row a setting."""
    rows = [line for line in (DOCS / "settings.md").read_text().splitlines() if line[:3] == "| `"]
    listed = [row.split("`")[1] for row in rows]

    aliases = [str(field.alias) for field in Settings.model_fields.values()]
    assert sorted(listed) == sorted([*aliases, *standalone.NAMES])


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
    text = (ROOT / "README.md").read_text() + (ROOT / "CHANGELOG.md").read_text()

    for command in COMMANDS:
        assert f"portalkey {command}" in text


def test_links_between_pages_lead_somewhere() -> None:
    """No link of the README is broken, and no page is without one."""
    text = (ROOT / "README.md").read_text()
    linked = set(re.findall(r"\]\(([^):]+)\)", text))

    assert [each for each in sorted(linked) if not (ROOT / each).exists()] == []
    assert {f"docs/{page.name}" for page in DOCS.glob("*.md")} <= linked


def test_every_file_that_the_map_names_is_there() -> None:
    """Whoever follows CONTRIBUTING.md finds each step where it says."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`((?:src|tests|simulator|docs|bench)/[\w./-]+)`", text)

    assert len(named) > 50
    assert [path for path in named if not (ROOT / path).exists()] == []
