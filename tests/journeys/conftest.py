"""What commands are given."""

from pathlib import Path

import pytest

from portalkey.settings import Settings
from support.environment import environment_of


@pytest.fixture
def env_file(settings: Settings, tmp_path: Path) -> Path:
    """The settings in a file, as commands read them."""
    path = tmp_path / "app.env"
    lines = [f"{name}={value}\n" for name, value in environment_of(settings).items()]
    path.write_text("".join(lines))
    return path
