"""A library that is missing, too old or too new says so at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portalkey.adapters.libraries import WORKS, unusable

TELL = """
import importlib, sys
for name in sys.argv[1:]:
    adapter, _, missing = name.partition("-")
    if missing:
        sys.modules[missing] = None
    try:
        importlib.import_module(f"portalkey.adapters.{adapter}").hubspot_client(None, "ada")
    except ImportError as error:
        print(type(error).__name__, error.code, error)
    if missing:
        del sys.modules[missing]
"""
OTHER = {
    "hubspot/discovery/discovery_base.py": "DiscoveryBase = None",
    "hubspot/utils/requests/http_request_builder.py": """
class Request:
    def __init__(self, config, options): pass
    def get_options_for_sending(self): return {"headers": {"Authorization": ""}}
    def get_url(self): return ""
""",
}
SILENT = """
class HubSpot:
    def __init__(self, **_): pass
    def __getattr__(self, _): return self
    def __call__(self, *_, **__): return self
    def __enter__(self): return self
    def __exit__(self, *_): pass
AsyncHubSpot = HubSpot
from httpx import Client as DefaultHttpxClient, AsyncClient as DefaultAsyncHttpxClient
class APIStatusError(Exception): pass
"""
STRICT = SILENT.replace("def __init__(self, **_): pass", "def __init__(self, *, token): pass")


def told(*adapters: str, path: Path | None = None) -> list[str]:
    """What the *adapters* say in a process of their own; ``NAME-LIBRARY`` has none of that."""
    command = [sys.executable, "-W", "error", "-c", TELL, *adapters]
    environment = {**os.environ, "PYTHONPATH": str(path or "")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def is_said(line: str, package: str, why: str) -> bool:
    """Whether *line* names all that somebody needs to know."""
    works, wanted = WORKS[package]
    said = f"LibraryUnusable library_unusable This needs {package} {works}, and {why}"
    return line.startswith(said) and line.endswith(f"run: pip install '{wanted}'")


def test_a_library_is_missing() -> None:
    """What works is named, and the command that installs it."""
    lines = told(
        "httpx-httpx",
        "httpx2-httpx2",
        "requests-requests",
        "hubspot_sdk-hubspot_sdk",
        "hubspot_api_client-hubspot",
    )
    packages = ("httpx", "httpx2", "requests", "hubspot-sdk", "hubspot-api-client")

    assert len(lines) == len(packages)
    assert all(is_said(*each, why="") for each in zip(lines, packages, strict=True))


def test_a_library_that_was_never_installed() -> None:
    """It is not said to have a version."""
    error = unusable("no-such-library", {"no-such-library": ("2", "no-such-library==2")})

    assert str(error) == (
        "This needs no-such-library 2, and it is not installed; "
        "run: pip install 'no-such-library==2'"
    )


@pytest.mark.parametrize("code", [SILENT, STRICT], ids=["silent", "strict"])
def test_an_sdk_that_works_in_another_way(tmp_path: Path, code: str) -> None:
    """It is tried, whatever its version number, before anything is asked of HubSpot."""
    for name, text in {
        "hubspot/__init__.py": code,
        "hubspot_sdk/__init__.py": code,
        **OTHER,
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for package in ("hubspot_sdk", "hubspot_api_client"):
        about = tmp_path / f"{package}-99.0.dist-info" / "METADATA"
        about.parent.mkdir()
        about.write_text(f"Name: {package}\nVersion: 99.0\n")
    older, newer = told("hubspot_api_client", "hubspot_sdk", path=tmp_path)

    assert is_said(older, "hubspot-api-client", "99.0 is installed")
    assert is_said(newer, "hubspot-sdk", "99.0 is installed")
