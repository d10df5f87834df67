"""Commands that messages name, spelled as this one was called: any other may mean another store."""

import re
import shlex
from pathlib import Path

import click
from click.core import ParameterSource

from portalkey.cli.commands import Host

ENV_FILE = "portalkey.env_file"
"""Key of the settings' file in the context's ``meta``, where one was named."""
_HINT = re.compile(r"`portalkey ([^`]+)`")
_OF_NO_FILE = frozenset({"demo", "init", "simulate"})
"""Commands that read no file of settings."""


def spell(command: str) -> str:
    """Return how *command*, such as ``keys rotate``, is called from where this one was."""
    context = click.get_current_context(silent=True)
    if context is None:
        return f"portalkey {command}"
    root = context.find_root()
    words = [root.obj.program if root.obj else "portalkey"]
    if prefix := root.params.get("env_prefix"):
        words += ["--env-prefix", shlex.quote(prefix)]
    words.append(command)
    file = context.meta.get(ENV_FILE)
    if file is not None and command.split(maxsplit=1)[0] not in _OF_NO_FILE:
        words += ["--env-file", shlex.quote(str(file))]
    return " ".join(words)


def respell(text: str) -> str:
    """Return *text* with each command that it names between backticks spelled so."""
    return _HINT.sub(lambda hint: f"`{spell(hint[1])}`", text)


def choose_env_file(context: click.Context, parameter: click.Parameter, value: Path) -> Path:
    """Return the file of settings: the host's by default; keep for the hints which was named."""
    if context.get_parameter_source(parameter.name or "") is not ParameterSource.DEFAULT:
        context.meta[ENV_FILE] = value
        return value
    host = context.find_root().obj
    return host.env_file if isinstance(host, Host) else value
