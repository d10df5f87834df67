"""``portalkey db backup``: a copy of the store in a file of its own, while the app runs."""

import json
from pathlib import Path

import click

from portalkey.cli.envfile import env_file_option
from portalkey.cli.lines import say
from portalkey.cli.terminal import bars
from portalkey.settings.settings import Settings
from portalkey.vault.backup import back_up, dump_command

_DONE = (
    "Backed up to {file}: {number}, {size}, looked through for damage, its owner's only.\n"
    "Its tokens are sealed: without the keys (PORTALKEY_KEYS) it opens to nobody, you included. "
    "Keep them elsewhere."
)
_POSTGRESQL = "This store is in PostgreSQL, whose own program backs it up. Run:\n\n  {command}\n"
_WHERE_FROM = (
    "Where the database wants a password, put it into PGPASSWORD or into the file that PGPASSFILE "
    "names. Nothing was written."
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@env_file_option("Settings, which name the store; the environment goes before them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def backup(*, file: Path, env_file: Path, as_json: bool) -> None:
    """Copy the store into a new FILE, while the app runs.

    It is one moment of the store, and is in its place whole or not at all; a file that is there
    already is never written over. For PostgreSQL it says how, and ends with exit code 1.
    """
    settings = Settings.from_env(env_file)
    file = file.absolute()
    with bars(is_shown=not as_json) as show:
        number = back_up(settings, file, lambda done, total: show("Copying", done, total))
    if number is None:
        command = dump_command(settings, file)
        if as_json:
            click.echo(json.dumps({"file": None, "run": command}))
        else:
            click.echo(_POSTGRESQL.format(command=command), err=True)
            say(_WHERE_FROM, err=True)
        raise SystemExit(1)
    size = file.stat().st_size
    if as_json:
        click.echo(json.dumps({"file": str(file), "connections": number, "bytes": size}))
        return
    connections = f"{number} connection{'' if number == 1 else 's'}"
    say(_DONE.format(file=file, number=connections, size=f"{size:,} bytes"))
