import pickle
import pydoc
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

import portalkey
from portalkey import errors
from portalkey.adapters.httpx import HttpxAuth
from portalkey.adapters.httpx2 import HttpxAuth as Httpx2Auth
from portalkey.adapters.hubspot_api_client import hubspot_client
from portalkey.adapters.hubspot_sdk import async_hubspot_client as async_sdk_client
from portalkey.adapters.hubspot_sdk import hubspot_client as sdk_client
from portalkey.adapters.requests import RequestsAuth
from portalkey.broker.broker import Broker
from portalkey.errors import PortalkeyError
from portalkey.settings.settings import Settings

SLOW = {
    "alembic",
    "cryptography",
    "h11",
    "httpx2",
    "psycopg",
    "publicsuffixlist",
    "pydantic",
    "sqlalchemy",
    "sqlite3",
}


def loaded_by(statement: str, before: str = "pass") -> set[str]:
    """Every module that *statement* loads into a fresh interpreter, *before* which that was."""
    code = (
        f"import sys; {before}; there = {{*sys.modules}}; {statement}; "
        "print(*{*sys.modules} - there)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


SKINS = {
    "flask": ("import flask", "from portalkey.flask import HubSpotAuth, HubSpotConsole"),
    "fastapi": (
        "import starlette.applications, starlette.concurrency",
        "from portalkey.fastapi import HubSpotAuth, HubSpotConsole",
    ),
    "django": (
        "import django.contrib.auth.signals, django.core.handlers.base, django.http, django.urls",
        "from portalkey.django import broker, apps",
    ),
}
MOST_OWN, MOST_OTHERS = 18, 2
"""Modules of ours that a skin loads, and of others beside its framework's: under 30 ms in all."""


@pytest.mark.parametrize(("framework", "statement"), SKINS.values(), ids=SKINS)
def test_importing_a_skin_loads_nothing_slow(framework: str, statement: str) -> None:
    """Database, network, cipher, settings and texts are loaded once an app is registered."""
    loaded = loaded_by(statement, framework)
    own = {name for name in loaded if name.partition(".")[0] == "portalkey"}

    assert loaded & SLOW == set()
    assert len(own) <= MOST_OWN, sorted(own)
    assert len(loaded - own) <= MOST_OTHERS, sorted(loaded - own)


def test_importing_the_broker_loads_nothing_before_its_time() -> None:
    """Migrations, the other database and TLS wait for whoever needs them."""
    loaded = loaded_by("from portalkey import Broker")

    assert loaded & {"alembic", "psycopg", "httpx2", "sqlalchemy.dialects.postgresql"} == set()


def test_every_name_at_the_door_leads_somewhere() -> None:
    """What ``__all__`` promises is there, and bears its name."""
    for name in portalkey.__all__:
        value = getattr(portalkey, name)
        assert getattr(value, "__name__", name).rpartition(".")[2] == name


def test_every_error_is_at_the_door() -> None:
    """An app imports all that it catches from one place."""
    kinds = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, PortalkeyError)
    }

    assert kinds <= set(portalkey.__all__)
    assert all(getattr(portalkey, name) is getattr(errors, name) for name in kinds)


def test_the_version_is_the_installed_one() -> None:
    """What a bug report should say is one attribute away."""
    assert portalkey.__version__ == version("portalkey")


def test_help_begins_with_how_a_broker_is_made() -> None:
    """Nobody has to read past a constructor of functions to find ``from_env``."""
    text = pydoc.plain(pydoc.render_doc(portalkey.Broker))

    # Python 3.13 gives each argument of the constructor a line of its own.
    assert "Broker.from_env()" in "\n".join(text.splitlines()[:25])
    assert "<function" not in text
    assert "0x" not in text


@pytest.fixture
def refused(broker: Broker, settings: Settings) -> list[object]:
    """Objects that hold a secret in clear, or lead to one."""
    kinds: list[Callable[..., object]] = [
        RequestsAuth,
        HttpxAuth,
        Httpx2Auth,
        hubspot_client,
        sdk_client,
        async_sdk_client,
    ]
    return [broker, settings, *(make(broker, "ada") for make in kinds)]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_holds_secrets_is_not_pickled(refused: list[object], protocol: int) -> None:
    """A queue or a cache would get the client secret in clear; the sentence says what to do."""
    for secretive in refused:
        with pytest.raises(TypeError, match="make it where the worker's module is imported"):
            pickle.dumps(secretive, protocol)


def test_an_error_below_a_lazy_import_keeps_its_cause(tmp_path: Path) -> None:
    """``from package import Name`` says what broke in the module that has it."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from portalkey._support.lazy import load\n"
        "def __getattr__(name):\n"
        "    return load(__name__, {'Name': 'module'}, name)\n"
    )
    (package / "module.py").write_text("import os\nos.not_there\n")
    code = "from package import Name"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert "AttributeError: module 'os' has no attribute 'not_there'" in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "ImportError: package.module could not be loaded: module 'os' has no attribute 'not_there'"
    )


@pytest.mark.parametrize("package", ["portalkey", "portalkey.vault", "portalkey.testing"])
def test_every_lazy_package_loads_by_one_way(package: str) -> None:
    """A name that is not there is an AttributeError, and nothing else."""
    with pytest.raises(AttributeError, match="no attribute 'Brokre'"):
        vars(import_module(package))["__getattr__"]("Brokre")
