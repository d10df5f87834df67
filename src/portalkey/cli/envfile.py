"""Settings in files that only their owner can read."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from platformdirs import user_data_path

from portalkey.cli.hints import choose_env_file

F = TypeVar("F", bound=Callable[..., Any])

DEMO_FILE = "demo.env"
"""The demo's settings, in its data folder."""
PORT = click.IntRange(1, 65535)


def default_data() -> Path:
    """Return the demo's default folder for its data."""
    return user_data_path("portalkey") / "demo"


def env_file_option(
    help: str = "Settings; the environment goes before them.",  # noqa: A002 - as click calls it
) -> Callable[[F], F]:
    """Return the option ``--env-file`` of a command."""
    return click.option(
        "--env-file",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path(".env"),
        show_default=True,
        callback=choose_env_file,
        help=help,
    )


def write_private(path: Path, text: str) -> None:
    """Write *text* to *path*, readable by its owner only, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def env_lines(values: Mapping[str, str]) -> str:
    """Return *values* as lines of an ``.env`` file, quoted: a path may hold a space or a #."""
    return "".join(f"{name}={_quote(value)}\n" for name, value in values.items())


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
