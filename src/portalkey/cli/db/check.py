"""``portalkey db check``: is the store, or a backup of one, whole and of the right age."""

import json
from pathlib import Path

import click

from portalkey.cli.envfile import env_file_option
from portalkey.cli.findings import as_objects, print_findings
from portalkey.model.findings import Finding, has_problem
from portalkey.settings.settings import Settings
from portalkey.vault.check import check_file, check_labels, check_store, lacks_tables


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@env_file_option("Settings, which name the store; the environment goes before them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def check(*, file: Path | None, env_file: Path, as_json: bool) -> None:
    """Look whether the store is whole and complete; changes nothing.

    With FILE it looks at that instead, which may be a backup. The exit code is 1 where something
    has to be done.
    """
    findings = check_file(file) if file else _check_store(Settings.from_env(env_file))
    if as_json:
        is_ok = not has_problem(findings)
        click.echo(json.dumps({"ok": is_ok, "checks": as_objects(findings)}))
    else:
        print_findings({"": findings})
    if has_problem(findings):
        raise SystemExit(1)


def _check_store(settings: Settings) -> list[Finding]:
    """Check the store, and where it can be used, whether the keys for it are here."""
    findings = check_store(settings)
    is_old = not any(each.name in {"tables", "file"} for each in findings)  # brought up at start
    if has_problem(findings) or is_old or lacks_tables(findings):
        return findings
    return [*findings, check_labels(settings)]
