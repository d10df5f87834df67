"""The README of the distribution, tried as it stands."""

import re
import runpy
from pathlib import Path

from click.testing import CliRunner

from portalkey_simulator.cli import simulate

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_its_python_runs(tmp_path: Path) -> None:
    """Whoever copies the block gets a callback with a code."""
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "block.py"
    file.write_text(block)

    assert "?code=na1-" in runpy.run_path(str(file))["callback_url"]


def test_its_options_are_those_of_the_command() -> None:
    """Each option of the command is named, and no other."""
    usage = CliRunner().invoke(simulate, ["--help"]).output
    options = set(re.findall(r"^  (--[a-z-]+)", usage, re.MULTILINE))

    assert {*re.findall(r"`[a-z- ]*(--[a-z-]+)", README)} == options
