"""Negative controls: with any one check taken away, the test that is named for it fails."""

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
        "attempts.py",
        "self._vault.store.attempt_by_state(state_hash) if state_hash else None",
        "self._vault.store.attempt(next(iter(returned.cookies), ''))",
        "test_unknown_state_is_refused",
    ),
    "cookie": (
        "attempts.py",
        "if not is_hash_of(attempt.cookie_hash, returned.cookies.get(attempt.id)):",
        "if False:",
        "test_another_browser_ends_the_attempt",
    ),
    "owner": (
        "attempts.py",
        "if owner != attempt.owner:",
        "if False:",
        "test_another_owner_in_the_same_browser_ends_the_attempt",
    ),
    "expiry": (
        "vault/rules.py",
        "if attempt.status in EXPIRES",
        "if False",
        "test_an_expired_attempt_exchanges_nothing",
    ),
    "claim": (
        "attempts.py",
        "claimed = self._vault.store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)",
        "claimed = attempt",
        "test_two_callbacks_at_once_make_one_exchange",
    ),
}


def run(source: Path, test: str) -> int:
    """The exit code of one test against the package in *source*."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", test, CALLBACK]
    environment = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    environment["PYTHONPATH"] = str(source)
    done = subprocess.run(command, check=False, capture_output=True, cwd=ROOT, env=environment)
    return done.returncode


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_taken_away_is_noticed(check: str, tmp_path: Path) -> None:
    """State, cookie, owner, expiry and claim: none of them is decoration."""
    module, guard, nothing, test = CHECKS[check]
    shutil.copytree(Path(portalkey.__file__).parent, tmp_path / "portalkey")
    file = tmp_path / "portalkey" / module
    text = file.read_text()
    assert guard in text
    file.write_text(text.replace(guard, nothing))

    assert run(tmp_path, test) == pytest.ExitCode.TESTS_FAILED


def test_an_unchanged_copy_passes(tmp_path: Path) -> None:
    """The copy itself is not what fails."""
    shutil.copytree(Path(portalkey.__file__).parent, tmp_path / "portalkey")
    tests = " or ".join(test for *_, test in CHECKS.values())

    assert run(tmp_path, tests) == pytest.ExitCode.OK
