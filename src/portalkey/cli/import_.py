"""``portalkey import``: bring over the connections of another library."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from portalkey.broker.broker import Broker
from portalkey.cli.envfile import env_file_option
from portalkey.cli.importing import SOURCES, MoveIn, Names, Outcome, Result, Row, read_rows
from portalkey.cli.importing.dry_run import rehearse
from portalkey.cli.importing.reports import reporting
from portalkey.cli.importing.token_inspector import TokenInspector
from portalkey.cli.terminal import bars
from portalkey.errors import PortalkeyError, SourceUnusable
from portalkey.hubspot.client import HubSpotClient
from portalkey.settings.settings import Settings

Work = Callable[[Sequence[Row], Callable[[Result], object]], object]
"""Imports rows, and reports the result of each."""

_LISTED = 10
"""Most failed rows to name at the end; the report names all."""
_NOTHING = (
    "There is nothing to import: no row was found for this provider. Look at --provider and "
    "--table, and whether the app kept its tokens at all."
)
_VERBS = {
    Outcome.IMPORTED: "Imported",
    Outcome.IMPORTABLE: "Would import",
    Outcome.READABLE: "Can read",
}
_AGAIN = "What is said above is done. Run this again for the rest; nothing is done twice."


def _source(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    del ctx, parameter
    if value in SOURCES:
        return value
    # Without quoting the value, which may be a URL with a password.
    raise click.BadParameter(f"It has to be one of {', '.join(SOURCES)}.")


# Extra arguments are accepted here, so that we refuse them without quoting them either.
@click.command("import", context_settings={"allow_extra_args": True})
@click.argument("library", callback=_source)
@click.argument("source")
@click.option(
    "--dry-run", is_flag=True, help="Only read SOURCE; ask neither HubSpot nor the store."
)
@click.option("--check", is_flag=True, help="Ask HubSpot about every row, and import none.")
@click.option("--provider", default="hubspot", show_default=True, help="HubSpot's name there.")
@click.option("--table", default="", help="The table of tokens, where it is not the library's own.")
@click.option("--owner-column", default="user_id", show_default=True, help="The user's id there.")
@click.option("--owner-prefix", default="", help="Put before each owner, as in user: for user:17.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file, made new, of what became of each row and why: .json, .jsonl, or else CSV.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
@env_file_option("Settings, which name the store to import into; the environment goes before them.")
@click.pass_context
def import_(
    ctx: click.Context,
    /,
    *,
    library: str,
    source: str,
    report: Path | None,
    as_json: bool,
    env_file: Path,
    dry_run: bool,
    check: bool,
    owner_prefix: str,
    **names: str,
) -> None:
    """Bring over the connections that another library kept, so that nobody has to connect again.

    LIBRARY is flask-dance, django-allauth, social-auth, csv or json. SOURCE is the address of the
    old app's database (sqlite:///PATH, postgresql://USER@HOST/NAME), or a file; - is standard
    input. CSV has the header owner,refresh_token or owner,refresh_token,hub_id; JSON is a list of
    objects with these members, or one a line. HubSpot is asked what each token is for, which
    consumes nothing. What is here already stays. Do it as often as you like.

    Others on this machine can see a command's URL: put its password into PGPASSWORD.
    """
    _require_usable(ctx.args, report, is_twofold=dry_run and check)
    settings = Settings.from_env(env_file)
    rows = read_rows(library, source, Names(**names), plaintext=settings.database_plaintext)
    if not rows:
        raise SourceUnusable(_NOTHING)
    summary = _Summary(library, good=_good(dry_run=dry_run, check=check), as_json=as_json)
    with _importing(settings, library, owner_prefix, dry_run=dry_run, check=check) as work:
        trouble = _run(work, rows, summary, report)
    summary.conclude(len(rows))
    if trouble:
        raise click.ClickException(f"{trouble} {_AGAIN}")
    ctx.exit(1 if summary.failed else 0)


def _require_usable(others: Sequence[str], report: Path | None, *, is_twofold: bool) -> None:
    """Raise where the arguments are too many, or contradict one another."""
    if others:
        raise click.UsageError("Name one source, and nothing else beside it.")
    if report and report.exists():
        raise click.UsageError(f"{report} is there already; name a new file for the report.")
    if is_twofold:
        raise click.UsageError("--dry-run asks nobody, and --check asks HubSpot: name one of them.")


def _good(*, dry_run: bool, check: bool) -> Outcome:
    """Return what the best of rows come to."""
    if dry_run:
        return Outcome.READABLE
    return Outcome.IMPORTABLE if check else Outcome.IMPORTED


def _run(
    work: Work, rows: Sequence[Row], summary: "_Summary", report: Path | None
) -> PortalkeyError | None:
    """Import *rows*, and return the error that cut the import off, if one did."""
    with reporting(report) as write, bars(is_shown=not summary.as_json) as show:
        show("importing", 0, len(rows))

        def add(result: Result) -> None:
            summary.add(result)
            write(result)
            show("importing", summary.count, len(rows))

        try:
            work(rows, add)
        except PortalkeyError as trouble:
            return trouble
    return None


@contextmanager
def _importing(
    settings: Settings, library: str, prefix: str, *, dry_run: bool, check: bool
) -> Iterator[Work]:
    """Hand out what imports rows; a dry run opens neither a store nor a way to HubSpot."""
    if dry_run:
        yield partial(rehearse, prefix=prefix)
        return
    broker, client = Broker.of(settings), HubSpotClient.of(settings)
    try:
        inspector = TokenInspector(settings, client.send)
        yield MoveIn(broker, inspector, imported_from=library, prefix=prefix, is_dry=check).run
    finally:
        client.close()
        broker.close()


class _Summary:
    """Outcomes of the rows, printed: for programs one by one, for people at the end."""

    def __init__(self, library: str, *, good: Outcome, as_json: bool) -> None:
        self._library = library
        self._good = good
        self.as_json = as_json
        self._counts: Counter[Outcome] = Counter()
        self.failed: list[Result] = []

    @property
    def count(self) -> int:
        return self._counts.total()

    def add(self, result: Result) -> None:
        self._counts[result.outcome] += 1
        if result.is_failure:
            self.failed.append(result)
        if self.as_json:
            click.echo(json.dumps(asdict(result)))

    def conclude(self, rows: int) -> None:
        if self.as_json:
            counts = {outcome.value: self._counts[outcome] for outcome in Outcome}
            is_dry = self._good is not Outcome.IMPORTED
            ended = {"act": "ended", "dry_run": is_dry, "rows": rows, **counts}
            click.echo(json.dumps(ended))
            return
        verb = _VERBS[self._good]
        click.echo(f"{verb} {self._counts[self._good]} of {rows} rows from {self._library}.")
        for outcome in Outcome:
            if self._counts[outcome]:
                click.echo(f"  {outcome.replace('_', ' ')}: {self._counts[outcome]}")
        for result in self.failed[:_LISTED]:
            click.echo(f"{result.row}: {result.why}")
        if len(self.failed) > _LISTED:
            click.echo(f"And {len(self.failed) - _LISTED} more; --report FILE.csv names them all.")
