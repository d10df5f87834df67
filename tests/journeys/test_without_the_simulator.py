"""portalkey where portalkey-simulator is not installed: what needs it says what to install."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.commands import clean_environment

ROOT = Path(__file__).parents[2]

# Each Python below this folder finds everything but the simulator, as if it were not installed.
BLOCKER = '''\
"""Hides portalkey-simulator from this Python."""

import sys


class Hidden:
    """Finds no portalkey_simulator, whoever else would."""

    def find_spec(self, name, path=None, target=None):
        """Raise what Python raises for a module that is not there."""
        if name.partition(".")[0] == "portalkey_simulator":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Hidden())
'''

TEST = """
def test_of_a_user(hubspot):
    raise AssertionError("the fixture should not have been made")
"""

CONTRACT = """
from portalkey.testing import StoreContract
from portalkey.vault.memory import MemoryStore
import pytest

class TestStore(StoreContract):
    @pytest.fixture
    def store(self, ahead):
        return MemoryStore(ahead=ahead)
"""


def run_without(tmp_path: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run this Python in *tmp_path* with these arguments, the simulator hidden."""
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "sitecustomize.py").write_text(BLOCKER)
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**clean_environment(), "PYTHONPATH": str(tmp_path / "hidden")},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )


def test_it_is_hidden(tmp_path: Path) -> None:
    """The other tests would prove nothing where the simulator could be imported."""
    done = run_without(tmp_path, "-c", "import portalkey_simulator")

    assert "No module named 'portalkey_simulator'" in done.stderr


@pytest.mark.parametrize(
    ("command", "extras"), [("demo", "server,simulator"), ("simulate", "simulator")]
)
def test_a_command_says_what_to_install(tmp_path: Path, command: str, extras: str) -> None:
    """One sentence, with the command that brings it; no traceback."""
    done = run_without(tmp_path, "-m", "portalkey", command)

    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert f"{command} needs portalkey-simulator" in sentence
    assert sentence.endswith(f"install it with: pip install 'portalkey[{extras}]'")


@pytest.mark.parametrize("command", ["serve", "token", "db", "init", "import", "work"])
def test_other_commands_need_none(tmp_path: Path, command: str) -> None:
    """Only what plays HubSpot needs the simulator."""
    assert run_without(tmp_path, "-m", "portalkey", command, "--help").returncode == 0


def test_a_fixture_says_what_to_install(tmp_path: Path) -> None:
    """The plugin is loaded in every run of pytest, and fails where its fixture is used."""
    (tmp_path / "test_it.py").write_text(TEST)
    done = run_without(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py")

    sentence = "this fixture needs portalkey-simulator; run: pip install 'portalkey[testing]'"
    assert sentence in done.stdout.splitlines()
    assert "1 error" in done.stdout


def test_store_contract_needs_none(tmp_path: Path) -> None:
    """Whoever tests a store of their own needs no HubSpot for it."""
    (tmp_path / "test_it.py").write_text(CONTRACT)
    done = run_without(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py")

    assert done.returncode == 0, done.stdout


def test_examples_say_what_to_install(tmp_path: Path) -> None:
    """An example that cannot be run ends with one sentence."""
    done = run_without(tmp_path, ROOT / "examples" / "simulator.py")

    assert done.returncode == 1
    assert done.stderr == (
        "The examples need portalkey-simulator; install it with: "
        "pip install 'portalkey[simulator]'\n"
    )
