"""Settings in files that only their owner can read."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

DEMO_FILE = "demo.env"
"""The demo's settings, in its data folder."""
PORT = click.IntRange(1, 65535)


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
