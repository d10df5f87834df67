"""The simulator needs nothing of portalkey."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import portalkey_simulator
from portalkey_simulator import TOKEN_REFUSALS, Switches

SOURCE = Path(portalkey_simulator.__file__).parent
JOURNEY = """
import json, sys
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import urlopen
from portalkey_simulator import running_hubspot

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

assert not any(name.split(".")[0] == "portalkey" for name in sys.modules)
print(sys.modules["portalkey_simulator"].__file__)
"""


def test_a_journey_through_a_copy(tmp_path: Path) -> None:
    """It works with nothing of portalkey beside it."""
    package = tmp_path / "portalkey_simulator"
    shutil.copytree(SOURCE, package, ignore=shutil.ignore_patterns("*.pyc"))

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


def test_it_imports_nothing_of_portalkey() -> None:
    """It is a distribution of its own, for any client in any language."""
    imported = {name for path in SOURCE.rglob("*.py") for name in imported_by(path)}

    assert {name for name in imported if name.split(".")[0] == "portalkey"} == set()


def imported_by(path: Path) -> Iterator[str]:
    """Every module that the file at *path* imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""


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
    read = {name for path in SOURCE.rglob("*.py") for name in switches_read_by(path)}
    # The code that answers a refusal takes the switch's name from its row.
    read |= {row.status_switch for row in TOKEN_REFUSALS.values()}

    assert {each.name for each in fields(Switches)} - read == set()
