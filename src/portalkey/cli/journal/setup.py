"""``portalkey journal setup``: say what to paste where, subscribe, and try to read."""

import json
from pathlib import Path

import click

from portalkey.broker.journal_setup import SetUp
from portalkey.cli.confirm import confirm
from portalkey.cli.envfile import env_file_option
from portalkey.cli.lines import say
from portalkey.cli.opening import open_broker
from portalkey.cli.tables import count_of
from portalkey.errors import PortalkeyError
from portalkey.hubspot.journal import EVENT_TYPES
from portalkey.hubspot.journal_access import SCOPES

_AT_HUBSPOT = """\
HubSpot lets an app read who installed and uninstalled it, with a token of its own.

1. In app-hsmeta.json of your app's project at HubSpot, the app needs these scopes
   (in config.auth.requiredScopes, or wherever your app's settings list them):

{scopes}

   Then run `hs project upload`. Accounts need not agree again.
2. A firewall or proxy has to let out 443 to *.amazonaws.com, where HubSpot's files lie.
"""
_MAKES = (
    "With the token of the app {client_id}, this makes subscriptions of the app's own to installs "
    "and uninstalls at HubSpot, where they are not there yet, and reads one page on trial."
)
_NEXT = (
    "3. Set PORTALKEY_JOURNAL=on for `portalkey work`, and let it run; no other process reads it."
)


@click.command()
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def setup(*, yes: bool, as_json: bool, env_file: Path) -> None:
    """Say what to paste where at HubSpot, subscribe the app, and try whether reading works.

    What it will make is said, and asked about; --json asks nothing. It may be run as often as you
    like. Nothing of the store is changed.
    """
    with open_broker(env_file, is_reading=True) as broker:
        if not as_json:
            scopes = "\n".join(f'     "{each}",' for each in SCOPES)
            click.echo(_AT_HUBSPOT.format(scopes=scopes))
            say(_MAKES.format(client_id=broker.settings.client_id))
            if not yes:
                confirm("Subscribe?")
        try:
            done = broker.journal_setup.run()
        except PortalkeyError as trouble:
            if as_json:
                click.echo(json.dumps({"ok": False, "error": trouble.code}))
            raise
        is_on = broker.settings.journal
    if as_json:
        click.echo(json.dumps(_to_json(done, is_on=is_on)))
        return
    made = count_of(len(done.made), "subscription")
    say(f"HubSpot lets the app read. {made} made, {len(done.there)} there before.")
    say("One page was read on trial." if done.has_entries else "The journal has no entry yet.")
    say("PORTALKEY_JOURNAL is on; `portalkey work` reads it." if is_on else _NEXT)


def _to_json(done: SetUp, *, is_on: bool) -> dict[str, object]:
    return {
        "ok": True,
        "subscribed": [kind.value for kind in EVENT_TYPES.values()],
        "made": len(done.made),
        "has_entries": done.has_entries,
        "is_on": is_on,
    }
