"""``portalkey links create``: a link for somebody without a login."""

import json
from pathlib import Path

import click

from portalkey.cli.envfile import env_file_option
from portalkey.cli.lines import say
from portalkey.cli.opening import find_operator, open_broker
from portalkey.cli.tables import utc
from portalkey.model.facts import invitation_facts

_ONCE = (
    "It connects one account for {owner}, until {until} UTC, in the first browser that goes on "
    "with it. It is not shown again: send it to the one person it is for."
)


@click.command()
@click.argument("owner")
@click.option("--hub-id", type=int, help="The HubSpot account that has to be chosen.")
@click.option("--scope", "scopes", multiple=True, help="Ask for this scope, too; may be repeated.")
@click.option("--name", help="What the page calls whoever invites.")
@click.option("--hours", type=int, help="How long it holds; PORTALKEY_INVITE_HOURS by default.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def create(
    owner: str,
    *,
    hub_id: int | None,
    scopes: tuple[str, ...],
    name: str | None,
    hours: int | None,
    as_json: bool,
    env_file: Path,
) -> None:
    """Make a link by which somebody without a login connects an account for OWNER, once."""
    with open_broker(env_file) as broker:
        try:
            made = broker.invite(
                owner,
                hub_id=hub_id,
                scopes=scopes,
                name=name,
                hours=hours,
                operator=find_operator(env_file),
            )
        except (TypeError, ValueError) as wrong:
            raise click.UsageError(str(wrong)) from None
    if as_json:
        click.echo(json.dumps(invitation_facts(made.invitation) | {"link": made.link}))
        return
    click.echo(made.link)
    say(_ONCE.format(owner=owner, until=utc(made.invitation.expires_at)), err=True)
