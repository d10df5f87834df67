"""Rules of the house that import-linter cannot hold by itself."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import portalkey

SOURCE = Path(portalkey.__file__).parent
ROOT = Path(__file__).parents[2]

IMPURE = {"authorities", "client", "connections", "deadline", "troubles", "tunnel"}
"""What of ``hubspot/`` reaches the network, or reads what is there for it."""


def test_every_pure_module_of_hubspot_is_in_its_contract() -> None:
    """The contract lists modules, and a new one would stand outside without a word."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (contract,) = (each for each in linter["contracts"] if each["name"].startswith("hubspot/"))
    modules = {path.stem for path in (SOURCE / "hubspot").glob("*.py")} - {"__init__"}

    assert modules >= IMPURE
    assert set(contract["source_modules"]) == {
        f"portalkey.hubspot.{name}" for name in modules - IMPURE
    }
    assert "allow_indirect_imports" not in contract


ROOMS = ("web", "django", "fastapi", "flask", "cli", "adapters", "metrics.py", "testing")
"""Everything above the Broker."""
INSIDES = {"attempts", "audit", "introspector", "vault"}
"""What the Broker is made of, beside all that begins with an underscore."""


def files_of(room: str) -> list[Path]:
    """The modules of a *room*, which may be a single one."""
    path = SOURCE / room
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def reaches_past_the_broker(source: str) -> Iterator[str]:
    """Places in *source* that take something out of a Broker."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and is_broker(node.value):
            is_private = node.attr.startswith("_") and not node.attr.startswith("__")
            if is_private or node.attr in INSIDES:
                yield ast.unparse(node)


def is_broker(node: ast.expr) -> bool:
    """Whether *node* is a name or an attribute that a Broker goes by."""
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    return name in {"broker", "_broker"}


@pytest.mark.parametrize("room", ROOMS)
def test_nobody_reaches_past_the_broker(room: str) -> None:
    """Skins, adapters and commands speak to the Broker, and not to what is behind it."""
    files = files_of(room)
    found = {path.name: list(reaches_past_the_broker(path.read_text())) for path in files}

    assert files
    assert {name: places for name, places in found.items() if places} == {}


@pytest.mark.parametrize(
    ("source", "places"),
    [
        ("broker.vault.store.now()", ["broker.vault"]),
        ("self._broker.audit.record(event)", ["self._broker.audit"]),
        ("context.broker.attempts", ["context.broker.attempts"]),
        ("broker.introspector", ["broker.introspector"]),
        ("broker._tokens = None", ["broker._tokens"]),
        ("broker.begin(attempt); self._broker.settings.pkce; self.vault", []),
        ("broker.__class__; broker_of(app).connections; request.vault", []),
    ],
)
def test_the_search_finds_what_reaches_past(source: str, places: list[str]) -> None:
    """A search that finds nothing anywhere would hold no rule."""
    assert list(reaches_past_the_broker(source)) == places
