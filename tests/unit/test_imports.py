import subprocess
import sys

import pytest

import portalkey

SLOW = {
    "alembic",
    "cryptography",
    "httpcore2",
    "httpx2",
    "psycopg",
    "publicsuffixlist",
    "pydantic",
    "sqlalchemy",
    "sqlite3",
}


def loaded_by(statement: str) -> set[str]:
    """Every module that *statement* loads into a fresh interpreter."""
    code = f"import sys; there = {{*sys.modules}}; {statement}; print(*{{*sys.modules}} - there)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_skin_loads_nothing_slow() -> None:
    """Database, network, cipher and settings are loaded once an app is registered."""
    loaded = loaded_by("import portalkey; from portalkey.flask import HubSpotAuth")

    assert loaded & SLOW == set()


def test_importing_the_broker_loads_nothing_before_its_time() -> None:
    """Migrations, the other database and TLS wait for whoever needs them."""
    loaded = loaded_by("from portalkey import Broker")

    assert loaded & {"alembic", "psycopg", "httpx2", "sqlalchemy.dialects.postgresql"} == set()


def test_every_name_at_the_door_leads_somewhere() -> None:
    """What ``__all__`` promises is there, and bears its name."""
    for name in portalkey.__all__:
        found = getattr(portalkey, name)
        assert getattr(found, "__name__", name).rpartition(".")[2] == name


def test_a_name_that_is_not_at_the_door_is_refused() -> None:
    """A slip of the pen is told as for any module."""
    with pytest.raises(AttributeError, match="no attribute 'Brokre'"):
        vars(portalkey)["__getattr__"]("Brokre")
