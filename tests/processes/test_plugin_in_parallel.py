"""The plugin's fixtures in several processes at once."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
import pytest

@pytest.mark.parametrize("number", range(8))
def test_it(number, hubspot, broker, connected_account):
    hubspot.clock.move(1900)
    assert connected_account.access_token()
    assert [each.path[-6:] for each in hubspot.requests].count("/token") == 2
"""


def test_parallel_runs_do_not_meet(tmp_path: Path) -> None:
    """Each test has a port, a store and a HubSpot of its own, whichever worker runs it."""
    (tmp_path / "test_it.py").write_text(TESTS)
    # None of the plugins that lie about here: three processes would have to load them all.
    arguments = ["-q", "-p", "xdist", "-p", "portalkey.testing.plugin", "-n", "2"]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, "--rootdir", tmp_path, tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=alone,
    )
    assert "8 passed" in done.stdout, done.stdout
