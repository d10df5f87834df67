"""The simulator's folder could be lifted out and published alone."""

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import portalkey
from portalkey.simulator import TOKEN_REFUSALS, Switches

SOURCE = Path(portalkey.__file__).parent
SIMULATOR = SOURCE / "simulator"
JOURNEY = """
import importlib.util, json, sys
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import urlopen
from portalkey.simulator import running_hubspot

with running_hubspot() as hubspot:
    app = hubspot.app
    client = {"client_id": app.client_id, "client_secret": app.client_secret}
    redirect = {"redirect_uri": app.redirect_uris[0]}
    asked = {"client_id": app.client_id, **redirect, "scope": "oauth", "state": "s"}
    back = hubspot.approve(f"{hubspot.url}/oauth/authorize?{urlencode(asked)}")
    code = {"code": dict(parse_qsl(urlsplit(back).query))["code"]}
    form = {"grant_type": "authorization_code", **client, **redirect, **code}
    answer = urlopen(f"{hubspot.url}/oauth/2026-03/token", urlencode(form).encode())
    assert json.load(answer)["access_token"]

assert importlib.util.find_spec("portalkey.broker") is None
print(sys.modules["portalkey"].__file__)
"""


def test_a_journey_through_a_copy(tmp_path: Path) -> None:
    """It works with nothing of portalkey beside it."""
    package = tmp_path / "portalkey"
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copytree(SIMULATOR, package / "simulator", ignore=shutil.ignore_patterns("*.pyc"))

    # A new environment: the lines of a copy, gone by then, cannot be counted.
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", JOURNEY],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (done.stdout.strip(), done.stderr) == (str(package / "__init__.py"), "")


def test_the_contract_names_every_module() -> None:
    """A module that is new may not be imported by the simulator either."""
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())
    (contract,) = (
        each
        for each in project["tool"]["importlinter"]["contracts"]
        if each["name"] == "The simulator knows nothing of portalkey"
    )
    there = {each.stem for each in SOURCE.glob("*.py")} | {
        each.parent.name for each in SOURCE.glob("*/__init__.py")
    }

    named = {each.removeprefix("portalkey.") for each in contract["forbidden_modules"]}
    assert named == there - {"__init__", "simulator"}


def test_every_module_has_a_room() -> None:
    """The layers of the simulator leave nothing out."""
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())
    (rooms,) = (
        each
        for each in project["tool"]["importlinter"]["contracts"]
        if each["name"] == "The simulator's rooms"
    )
    there = {each.stem for each in SIMULATOR.glob("*.py")} | {
        each.parent.name for each in SIMULATOR.glob("*/__init__.py")
    }

    named = {each.strip("()") for each in " : ".join(rooms["layers"]).split(" : ")}
    assert named == there - {"__init__"}


def switches_read_by(path: Path) -> Iterator[str]:
    """The switches that a module reads: ``world.switches.NAME``, ``self._switches.NAME``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            holder = node.value
            name = holder.attr if isinstance(holder, ast.Attribute) else ""
            name = holder.id if isinstance(holder, ast.Name) else name
            if name.lstrip("_") == "switches":
                yield node.attr


def test_every_switch_is_read() -> None:
    """A switch that nothing reads would promise what it does not do."""
    read = {name for path in SIMULATOR.rglob("*.py") for name in switches_read_by(path)}
    # The code that answers a refusal takes the switch's name from its row.
    read |= {row.status_switch for row in TOKEN_REFUSALS.values()}

    assert {each.name for each in fields(Switches)} - read == set()
