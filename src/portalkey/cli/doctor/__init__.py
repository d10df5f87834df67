"""``portalkey doctor``: look at the installation, and say what has to be done."""

import json
from pathlib import Path

import click

from portalkey.cli.doctor.groups import Groups, judge, look
from portalkey.cli.envfile import env_file_option
from portalkey.cli.findings import as_objects, print_findings
from portalkey.model.findings import has_problem


@click.command()
@click.option("--public", "is_public", is_flag=True, help="Ask the app at its public URL, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def doctor(*, is_public: bool, as_json: bool, env_file: Path) -> None:
    """Look at settings, store, HubSpot and project, and say what has to be done.

    Nothing is changed. The exit code is 1 where something has to be done.
    """
    groups = look(env_file, Path.cwd(), is_public=is_public)
    has_problems = any(map(has_problem, groups.values()))
    if as_json:
        click.echo(json.dumps(_to_object(groups, is_ok=not has_problems)))
    else:
        click.echo(click.style(judge(groups), bold=True))
        print_findings(groups)
    if has_problems:
        raise SystemExit(1)


def _to_object(groups: Groups, *, is_ok: bool) -> dict[str, object]:
    checks = [
        {"group": title, **each}
        for title, findings in groups.items()
        for each in as_objects(findings)
    ]
    return {"ok": is_ok, "judgement": judge(groups), "checks": checks}
