"""A part of portalkey whose extra is not installed says so in one sentence."""

import subprocess
import sys

import pytest

HIDDEN = """
import importlib, sys


class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {library!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Hidden())
try:
    {statement}
except ImportError as error:
    print(type(error).__name__, getattr(error, "code", None), error)
"""


def report_without(library: str, statement: str) -> str:
    """What *statement* raises in a process that finds no *library*, on one line."""
    code = HIDDEN.format(library=library, statement=statement)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("library", ["django", "flask", "prometheus_client", "pytest", "starlette"])
def test_it_is_hidden(library: str) -> None:
    """The other tests would prove nothing where the library could be imported."""
    assert report_without(library, f"import {library}") == (
        f"ModuleNotFoundError None No module named '{library}'"
    )


@pytest.mark.parametrize(
    ("statement", "library", "sentence"),
    [
        (
            "from portalkey.flask import HubSpotAuth",
            "flask",
            "HubSpotAuth needs Flask; run: pip install 'portalkey[flask]'",
        ),
        (
            "import portalkey.flask.session_store",
            "flask",
            "HubSpotAuth needs Flask; run: pip install 'portalkey[flask]'",
        ),
        (
            "from portalkey.flask.visitor import visitor",
            "flask",
            "HubSpotAuth needs Flask; run: pip install 'portalkey[flask]'",
        ),
        *(
            (
                statement,
                "starlette",
                "HubSpotAuth needs Starlette; run: pip install 'portalkey[fastapi]'",
            )
            for statement in (
                "from portalkey.fastapi import HubSpotAuth",
                "from portalkey.fastapi.console import HubSpotConsole",
                "import portalkey.fastapi.visitor",
            )
        ),
        (
            "from portalkey.django import broker",
            "django",
            "portalkey.django needs Django; run: pip install 'portalkey[django]'",
        ),
        (
            "import portalkey.django.middleware",
            "django",
            "portalkey.django needs Django; run: pip install 'portalkey[django]'",
        ),
        (
            "from portalkey.metrics import Metrics",
            "prometheus_client",
            "Metrics need prometheus-client; run: pip install 'portalkey[metrics]'",
        ),
        (
            "from portalkey.testing import StoreContract",
            "pytest",
            "StoreContract needs pytest; run: pip install 'portalkey[testing]'",
        ),
    ],
)
def test_an_extra_that_is_missing(statement: str, library: str, sentence: str) -> None:
    """One sentence with the command that brings it, and an ImportError as any other."""
    assert report_without(library, statement) == f"LibraryUnusable library_unusable {sentence}"


@pytest.mark.parametrize("library", ["django", "flask", "prometheus_client", "pytest", "starlette"])
def test_what_needs_no_extra(library: str) -> None:
    """A worker goes on without any of them."""
    statement = "from portalkey import Broker; import portalkey.testing, portalkey.adapters.bearer"

    assert report_without(library, statement) == ""


@pytest.mark.parametrize("platform", ["linux", "freebsd13"])
def test_authorities_in_files_need_no_truststore(platform: str) -> None:
    """The library that asks Windows and macOS is loaded nowhere else."""
    statement = (
        "from portalkey.hubspot.authorities import system_context; "
        f"print(type(system_context(platform={platform!r})).__module__)"
    )

    assert report_without("truststore", statement) == "ssl"
