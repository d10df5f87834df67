"""``portalkey connections revoke --all``: end many connections at once."""

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portalkey.cli.confirm import confirm_by_typing
from portalkey.cli.connections.finding import find_pages
from portalkey.cli.envfile import env_file_option
from portalkey.cli.lines import say
from portalkey.cli.moments import Span
from portalkey.cli.opening import find_operator, open_broker
from portalkey.cli.tables import count_of
from portalkey.cli.terminal import Show, bars
from portalkey.model.search import Narrowing
from portalkey.settings.warnings import ERASED_IN_COPY

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_AT_ONCE = 20
_WHAT = (
    "This ends {connections}. Their tokens are erased here at once and revoked at HubSpot. It "
    "cannot be undone: each person has to connect again."
)
_WOULD = "Would end {connections}. Nothing was changed."
_NONE = "No connection was found; there is nothing to end."
_WHAT_IN_COPY = (
    "This ends {connections}. Their tokens are erased here; this is a copy (PORTALKEY_COPY), and "
    "HubSpot is told nothing. It cannot be undone: each person has to connect again."
)
_DONE_IN_COPY = f"Ended {{connections}}. {ERASED_IN_COPY}"
_DONE = "Ended {connections}. HubSpot was told to forget {revoked}."
_OWED = (
    "HubSpot does not know of {owed} yet: it cannot be reached, asks for a pause, or another "
    "process is at it. The app's processes tell it by themselves; run this once more in a minute, "
    "or `portalkey work`, to do it here."
)


@click.command(short_help="End all connections, or many of them.")
@click.option("--all", "is_all", is_flag=True, help="Say that you mean all of them.")
@click.option("--owner", help="Only this owner's.")
@click.option("--hub-id", type=int, help="Only those to this HubSpot account.")
@click.option(
    "--older-than",
    type=Span(),
    metavar="SPAN",
    help="Only those that somebody connected longer ago than this, such as 90d.",
)
@click.option("--dry-run", is_flag=True, help="Count them, and end none.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@env_file_option()
def revoke(
    *,
    is_all: bool,
    owner: str | None,
    hub_id: int | None,
    older_than: timedelta | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    env_file: Path,
) -> None:
    """End all connections, or all of an owner, of a HubSpot account, or that are old.

    First the tokens of all of them are erased here, then HubSpot is told to forget each. Run it
    again if it was cut off: it goes on where it was.
    """
    if not is_all:
        raise click.UsageError("Say --all, and narrow it with --owner, --hub-id or --older-than.")
    if owner == "":
        raise click.BadParameter("name an owner, or leave it out.", param_hint="--owner")
    with open_broker(env_file, is_store_said=not as_json) as broker:
        operator = find_operator(env_file)
        is_copy = broker.settings.is_copy
        before = broker.now() - older_than if older_than else None
        named = Narrowing(owner=owner, hub_id=hub_id, connected_before=before)
        number = sum(len(page.connections) for page in find_pages(broker, None, **named))
        if dry_run:
            _report({"dry_run": True, "connections": number}, _WOULD, as_json=as_json)
            return
        if number and not yes:
            what = _WHAT_IN_COPY if is_copy else _WHAT
            say(what.format(connections=count_of(number, "connection")), err=True)
            confirm_by_typing(f"revoke {number}")
        with bars(is_shown=not as_json) as show:
            ended = _end(broker, named, number, operator, show)
            told = _tell(broker, show)
        numbers = {"dry_run": False, "connections": ended, "revoked": told}
        owed = 0 if is_copy else broker.stats().outbox
        done = _DONE_IN_COPY if is_copy else _DONE
        _report(numbers | {"owed": owed}, done, as_json=as_json)


def _end(broker: "Broker", named: Narrowing, number: int, operator: str, show: Show) -> int:
    ended = 0
    show("Erasing tokens", 0, number)
    for page in find_pages(broker, None, **named):
        for connection in page.connections:
            ended += broker.revoke(connection, operator=operator)
            show("Erasing tokens", ended, max(number, ended))
    return ended


def _tell(broker: "Broker", show: Show) -> int:
    told, owed = 0, broker.stats().outbox
    show("Telling HubSpot", 0, owed)
    while sent := broker.send_owed(_AT_ONCE):
        told += sent
        show("Telling HubSpot", told, max(owed, told))
    return told


def _report(numbers: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(numbers))
        return
    if not (numbers["connections"] or numbers.get("revoked")):
        sentence = _NONE
    connections = count_of(numbers["connections"], "connection")
    revoked = count_of(numbers.get("revoked", 0), "refresh token")
    say(sentence.format(connections=connections, revoked=revoked))
    if numbers.get("owed"):
        say(_OWED.format(owed=count_of(numbers["owed"], "refresh token")), err=True)
