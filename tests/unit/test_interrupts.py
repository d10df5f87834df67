"""A test run that a script put in the background, where SIGINT is ignored."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ENDS = "import signal; signal.raise_signal(signal.SIGINT)"


@pytest.mark.parametrize(
    ("heed", "code"), [("", 0), ("heed_interrupts()", -signal.SIGINT)], ids=["as-it-is", "heeding"]
)
def test_what_is_started_where_interrupts_are_ignored(heed: str, code: int) -> None:
    """A child ends by SIGINT where its parent heeds it; otherwise it inherits the deaf ear."""
    parent = (
        "import subprocess, sys; from support.interrupts import heed_interrupts\n"
        f"{heed}\n"
        f"sys.exit(-subprocess.run([sys.executable, '-c', {ENDS!r}], stderr=-3).returncode)"
    )
    shell = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", parent]
    done = subprocess.run(shell, cwd=TESTS, check=False)
    assert done.returncode == -code
