"""What commands are given."""

from collections.abc import Callable
from pathlib import Path

import pytest

from portalkey.settings import Settings
from support.environment import environment_of
from support.guest import Guest
from support.visitor import Visitor


@pytest.fixture
def env_file(settings: Settings, tmp_path: Path) -> Path:
    """The settings in a file, as commands read them."""
    path = tmp_path / "app.env"
    lines = [f"{name}={value}\n" for name, value in environment_of(settings).items()]
    path.write_text("".join(lines))
    return path


@pytest.fixture
def new_guest(new_visitor: Callable[[], Visitor]) -> Callable[[], Guest]:
    """Makes people without a login, each with another browser."""
    return lambda: Guest(new_visitor())
