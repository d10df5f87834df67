"""The page that says how true the simulator is."""

from dataclasses import fields
from pathlib import Path

from portalkey_simulator import Switches
from portalkey_simulator.fidelity import UNKNOWN, render_page
from portalkey_simulator.world.evidence import Evidence
from portalkey_simulator.world.switches import GROUPS, list_behaviours

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_what_the_tables_make() -> None:
    """``make fidelity`` was run after the last change of a table."""
    assert (DOCS / "fidelity.md").read_text() == render_page()


def test_every_switch_is_on_the_page() -> None:
    """With its sentence, its default and its values."""
    page = render_page()

    for name, behaviour in list_behaviours().items():
        assert f"| `{name}`: **`" in page
        assert behaviour.says in page
    assert "| `v1`: **`works`**, `ended` |" in page
    assert "| `drop_state`: **`false`**, `true` |" in page
    assert "| `code_seconds`: **`60`**, a number, 0 or more |" in page


def test_the_unknown_has_switches() -> None:
    """Each name there, and under the headings, is a switch, and rests on little."""
    table = list_behaviours()
    named = {name for names in UNKNOWN.values() for name in names}

    assert set(GROUPS) | named <= {each.name for each in fields(Switches)}
    for name in named:
        assert table[name].evidence is not Evidence.DOCUMENTED or table[name].because, name
