"""What ``docs/testing.md`` tells people to write, as they would run it."""

import json
import re
from pathlib import Path

import pytest

import portalkey_simulator  # noqa: F401 - loaded once, and not in each run within
from portalkey import flask  # noqa: F401 - as above
from portalkey.testing import account, parts  # noqa: F401 - as above

pytest_plugins = ("pytester",)

PAGE = Path(__file__).parents[3] / "docs" / "testing.md"
QUICK = ("-p", "no:xdist", "-p", "no:hypothesispytest", "--strict-markers")


def test_every_block_without_a_browser(pytester: pytest.Pytester) -> None:
    """They are all true, each in a file of its own."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    quick = [each for each in blocks if "page.goto" not in each]
    count = sum(len(re.findall(r"^ *def test_", each, re.MULTILINE)) for each in quick)
    for number, block in enumerate(quick):
        named = re.match(r"# (\w+)\.py\n", block)
        pytester.makepyfile(**{named[1] if named else f"test_{number}": block})
    pytester.syspathinsert()

    pytester.runpytest_inprocess(*QUICK).assert_outcomes(passed=count)
    assert len(quick) == len(blocks) - 1


def test_line_about_a_project(pytester: pytest.Pytester) -> None:
    """It reads the file as it is called there."""
    (line,) = re.findall(r"`(App\.from_hsmeta\(.+?\))`", PAGE.read_text())
    auth = {"type": "oauth", "redirectUrls": ["https://a.example/"], "requiredScopes": ["tickets"]}
    file = json.dumps({"uid": "mine", "config": {"auth": auth}})
    test = f"def test_it():\n    assert {line}.required_scopes == ('tickets',)"
    pytester.makefile(".json", **{"app-hsmeta": file})
    pytester.makepyfile(f"from portalkey_simulator import App\n\n{test}")

    pytester.runpytest_inprocess(*QUICK).assert_outcomes(passed=1)
