"""A frame and bars where rich is installed, and the same words without it."""

import subprocess
import sys

import pytest

PANEL = """
import sys
if {is_missing!r}:
    sys.modules["rich"] = None
from portalkey.cli.terminal import bars, bold, panel
panel("title", ["first [bold]line[/bold]", bold("second")])
with bars() as show:
    show("copying", 1, 2)
    show("copying", 2, 2)
"""


@pytest.mark.parametrize("is_missing", [False, True])
def test_the_lines_are_the_same_without_a_frame(*, is_missing: bool) -> None:
    """Nothing is said by the frame alone, and a pipe gets neither colours nor bars."""
    code = PANEL.format(is_missing=is_missing)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = [line.strip("│╭╮╰╯─ ") for line in done.stdout.splitlines()]

    assert [line for line in lines if line != "title" and line] == [
        "first [bold]line[/bold]",
        "second",
    ]
    assert ("title" in lines) is not is_missing
    assert done.stderr == ""
