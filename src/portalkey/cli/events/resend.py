"""``portalkey events resend``: an event, once more, to every receiver."""

from pathlib import Path

import click

from portalkey.cli.envfile import env_file_option
from portalkey.cli.opening import open_broker


@click.command()
@click.argument("event_id", metavar="ID")
@env_file_option()
def resend(event_id: str, env_file: Path) -> None:
    """Send an event to every receiver again, under the same ID.

    The ID is in `portalkey events --json`. Whoever has seen it already may leave it alone.
    """
    with open_broker(env_file, is_reading=True) as broker:
        number = broker.resend_event(event_id)
        if number is None:
            raise click.ClickException(
                f"There is no event {event_id!a} of this app that receivers hear of; look at "
                "`portalkey events --json`."
            )
        arrived = broker.notify()
    if not number:
        click.echo("No receiver is known: nobody was owed it.", err=True)
        return
    here = f"{arrived} went from here at once" if arrived else "none is at hand here"
    click.echo(f"Owed to {number} receiver{'' if number == 1 else 's'}; {here}.")
