"""``portalkey db move``: copy the store into another database."""

import json
import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from portalkey.cli.envfile import env_file_option
from portalkey.cli.hints import spell
from portalkey.cli.lines import say
from portalkey.cli.terminal import bars
from portalkey.errors import BadSettings, PortalkeyError
from portalkey.settings.environment import PREFIX
from portalkey.settings.settings import Settings
from portalkey.settings.urls import is_postgresql
from portalkey.settings.validators import database_schema, database_url, is_config_file
from portalkey.vault.sql.copy import Moved, Step, move, open_migrated
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.urls import address_of

_SETTING = "PORTALKEY_DATABASE_URL"
_SCHEMA = "PORTALKEY_DATABASE_SCHEMA"
_NEXT = (
    "Now set {settings} in every process, and restart them. Then run the move once more, with the "
    "app stopped or on the new address: it copies what the old store got since this run began. By "
    "then the settings name the new store, so this line names the old one:"
)
_PASSWORDS = (
    "Passwords are left out of it; put one into PGPASSWORD, or into the file that PGPASSFILE names."
)
_NO_DATABASE = (
    "{where} names a config file, and this copies databases only. A config file stays where it is; "
    "connect its accounts again where they are to be kept."
)


def _check(check: Callable[[object], str], value: str) -> str:
    try:
        return check(value)
    except ValueError as problem:
        raise click.BadParameter(f"It {problem}.") from None


# Extra arguments are accepted here and refused by us without quoting them, as click would: one may
# be a URL with a password.
@click.command("move", context_settings={"allow_extra_args": True})
@click.option(
    "--to",
    required=True,
    metavar="URL",
    callback=lambda *arguments: _check(database_url, arguments[-1]),
    help="The database to bring it to.",
)
@click.option(
    "--schema",
    default="",
    callback=lambda *arguments: _check(database_schema, arguments[-1]),
    help="Its schema, if that is neither portalkey nor where its tables are.",
)
@env_file_option("Settings, which name the store to move; the environment goes before them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
@click.pass_context
def move_to(ctx: click.Context, *, to: str, schema: str, env_file: Path, as_json: bool) -> None:
    """Copy the store into another database, and compare every row.

    The old store is only read, and the app may run. Do it again as often as you like: it brings
    over what is new or changed, and leaves alone what the new database made itself. The last time,
    the app should be stopped, or run on the new address.

    Others on this machine can see a command's URL. Leave its password out and put it into
    PGPASSWORD, or into the file that PGPASSFILE names.
    """
    if ctx.args:
        raise click.UsageError("Name the new database with --to, and nothing else beside it.")
    settings = Settings.from_env(env_file)
    for where, url in ((_SETTING, settings.database_url), ("--to", to)):
        if is_config_file(url):
            raise click.ClickException(_NO_DATABASE.format(where=where))
    with ExitStack() as stack:
        plaintext = settings.database_plaintext
        source = stack.enter_context(
            open_migrated(settings.database_url, settings.database_schema, plaintext=plaintext)
        )
        target = stack.enter_context(_target(to, schema, plaintext=plaintext))
        report = _report_json if as_json else stack.enter_context(_bars())
        moved = move(source, target, report)
    if as_json:
        click.echo(_to_json(moved))
        return
    click.echo(_to_text(moved, target.name))
    _say_next(settings, to, schema)


@contextmanager
def _target(url: str, schema: str, *, plaintext: bool) -> Iterator[Database]:
    with ExitStack() as stack:
        problem = ""
        try:
            target = stack.enter_context(open_migrated(url, schema, plaintext=plaintext))
        except BadSettings as trouble:
            problem = " ".join(f"{each}." for each in trouble.problems)
        except PortalkeyError as trouble:
            problem = str(trouble)
        if problem:  # the sentence about the setting holds for the option too
            problem = problem.replace(_SETTING, "--to").replace(_SCHEMA, "--schema")
            raise click.ClickException(problem)
        yield target


@contextmanager
def _bars() -> Iterator[Callable[[Step], None]]:
    with bars() as show:
        yield lambda step: show(f"{step.act} {step.table}", step.done, step.total)


def _report_json(step: Step) -> None:
    click.echo(json.dumps(asdict(step)))


def _to_json(moved: Mapping[str, Moved]) -> str:
    return json.dumps({"act": "verified", **{table: asdict(moved[table]) for table in moved}})


def _to_text(moved: Mapping[str, Moved], name: str) -> str:
    total = sum(each.rows for each in moved.values())
    lines = [f"Moved to {name}, and verified: {total} rows, compared column by column."]
    lines += [f"  {table}: {_count_rows(each)}" for table, each in moved.items()]
    return "\n".join(lines)


def _say_next(settings: Settings, to: str, schema: str) -> None:
    """Say what is left to do, and the command for it on a line of its own."""
    named = f"{_SETTING} to the new address"
    if schema:
        named += f" and {_SCHEMA} to {schema}"
    say(_NEXT.format(settings=named))
    click.echo(f"\n  {_again(settings, to, schema)}\n")
    if is_postgresql(to) or is_postgresql(settings.database_url):
        say(_PASSWORDS)


def _again(settings: Settings, to: str, schema: str) -> str:
    """Return the second run's command, for whoever has set the new address by then."""
    old = {_SETTING: address_of(settings.database_url)}
    if schema or settings.database_schema:
        old[_SCHEMA] = settings.database_schema
    prefix = os.environ.get(PREFIX, "")
    words = [f"{prefix}{name}={shlex.quote(value)}" for name, value in old.items()]
    more = f" --schema {shlex.quote(schema)}" if schema else ""
    return " ".join((*words, spell(f"db move --to {shlex.quote(address_of(to))}{more}")))


def _count_rows(moved: Moved) -> str:
    words = {"new": "new", "changed": "changed", "same": "there already", "kept": "newer there"}
    counts = [(getattr(moved, name), word) for name, word in words.items()]
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "none"
