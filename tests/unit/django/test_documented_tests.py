"""What ``docs/django.md`` tells people to write as tests of their own, as they would run it."""

import re
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client, TestCase

from portalkey.settings import Settings
from support.django_hosting import site_with

pytest_plugins = ("pytester",)

PAGE = Path(__file__).parents[3] / "docs" / "django.md"
QUICK = ("-p", "no:xdist", "-p", "no:hypothesispytest", "--strict-markers")


def blocks() -> list[str]:
    """The blocks of the section about tests."""
    section = PAGE.read_text().partition("\n## Tests\n")[2].partition("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


class PytestDjango:
    """Stands in for pytest-django, which would set Django up once more."""

    @pytest.fixture
    def db(self) -> Iterator[None]:
        """The site's database, as it was before."""
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    @pytest.fixture
    def client(self) -> Client:
        """A browser."""
        return Client()

    @pytest.fixture
    def django_user_model(self) -> Any:
        """The site's model of a user."""
        return get_user_model()


def test_a_test_case_that_connects(settings: Settings) -> None:
    """One with a HubSpot of its own, and one with the site's settings and a store of its own."""
    connecting, pages = (each for each in blocks() if "(TestCase)" in each)
    names: dict[str, Any] = {"__name__": __name__}
    for block in (connecting, pages):
        exec(compile(block, "django.md", "exec"), names)  # noqa: S102
    pages_of_nobody = type("Pages", (names["PageTests"],), {"test_it": see_nobody})
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    suite = unittest.TestSuite(map(load, (names["ConnectingTests"], pages_of_nobody)))
    result = unittest.TestResult()
    with site_with(settings, {}):
        suite.run(result)

    assert [*result.errors, *result.failures] == []
    assert result.testsRun == 2


def see_nobody(case: TestCase) -> None:
    """Open the setup page as nobody, in a site with a store of its own."""
    assert case.client.get("/connections/setup").status_code == 303


def test_a_test_of_pytest_that_connects(pytester: pytest.Pytester) -> None:
    """The broker of the plugin is the site's meanwhile."""
    (block,) = (each for each in blocks() if "django_user_model" in each)
    pytester.makepyfile(block)

    done = pytester.runpytest_inprocess(*QUICK, plugins=[PytestDjango()])
    done.assert_outcomes(passed=1)
