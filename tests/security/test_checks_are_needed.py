"""Negative controls: with any one check taken away, the test that is named for it fails."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import portalkey

ROOT = Path(__file__).parents[2]
CALLBACK = "tests/journeys/test_callback.py"

CHECKS = {
    "state": (
        "broker/connect.py",
        "self._vault.store.attempt_by_state(state_hash) if state_hash else None",
        "self._vault.store.attempt(next(iter(callback.cookies), ''))",
        "test_unknown_state_is_refused",
    ),
    "cookie": (
        "broker/connect.py",
        "if find_match(attempt.cookie_hash, callback.cookies.get(attempt.id, ())) is None:",
        "if False:",
        "test_another_browser_ends_nothing",
    ),
    "link": (
        "broker/connect.py",
        "if not is_of_link(attempt, callback.links):",
        "if False:",
        "test_a_links_return_wants_the_links_cookie",
    ),
    "owner": (
        "model/authorization.py",
        "if visitor.owner != attempt.owner:",
        "if False:",
        "test_who_is_not_the_same_exchanges_nothing",
    ),
    "person": (
        "model/authorization.py",
        "if visitor.person != attempt.person:",
        "if False:",
        "test_who_is_not_the_same_exchanges_nothing",
    ),
    "session": (
        "model/authorization.py",
        "return None if find_match(attempt.browser_hash, values) else SESSION",
        "return None",
        "test_who_is_not_the_same_exchanges_nothing",
    ),
    "rejection": (
        "broker/attempt_ends.py",
        "if self._vault.store.move_attempt(attempt.id, to, event=refused) is None:",
        "if False:",
        "test_another_ends_no_exchange_under_way",
    ),
    "expiry": (
        "model/transitions.py",
        "if attempt.status in EXPIRES",
        "if False",
        "test_an_expired_attempt_exchanges_nothing",
    ),
    "claim": (
        "broker/connect.py",
        "claimed = self._vault.store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)",
        "claimed = attempt",
        "test_two_callbacks_at_once_make_one_exchange",
    ),
}


def exit_codes(tests: dict[Path, str]) -> list[int]:
    """Those of pytest, running the tests against the package in each folder."""
    command = [sys.executable, str(Path(__file__).with_name("one_by_one.py")), CALLBACK]
    command += [f"{folder}={wanted}" for folder, wanted in tests.items()]
    environment = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    # The plugins of this environment take longer to load than the tests to run.
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    done = subprocess.run(command, check=False, capture_output=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    codes: list[int] = json.loads(done.stdout.splitlines()[-1])
    return codes


def copied(folder: Path) -> Path:
    """A copy of the package in a *folder*."""
    return shutil.copytree(Path(portalkey.__file__).parent, folder / "portalkey")


def test_a_check_taken_away_is_noticed(tmp_path: Path) -> None:
    """None of the checks is decoration, and a whole copy passes.

    All in one test, as they share a process that has loaded the libraries.
    """
    whole = tmp_path / "whole"
    copied(whole)
    tests = {whole: " or ".join(test for *_, test in CHECKS.values())}
    for name, (module, guard, nothing, test) in CHECKS.items():
        file = copied(tmp_path / name) / module
        text = file.read_text()
        assert guard in text
        file.write_text(text.replace(guard, nothing))
        tests[tmp_path / name] = test

    found = dict(zip(["whole", *CHECKS], exit_codes(tests), strict=True))

    noticed = dict.fromkeys(CHECKS, pytest.ExitCode.TESTS_FAILED)
    assert found == {"whole": pytest.ExitCode.OK, **noticed}
