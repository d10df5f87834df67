"""Rules of what the grant of a link or an install takes over from the connection before. Pure."""

from collections.abc import Collection, Iterable

from portalkey.errors import AccountTaken
from portalkey.model.attempt import LINK, Attempt
from portalkey.model.connection import Connection, ConnectionStatus, find_missing


def find_further(
    attempt: Attempt,
    row: Connection | None,
    scopes: tuple[str, ...] | None,
    wanted: Iterable[str],
) -> tuple[str, ...] | None:
    """Return what a link's or an install's connection was asked for beyond the settings.

    By *attempt* or before it: only who began in the app asks for all of it anew. A link takes
    nothing away from a connection that works: from this *row*, and no later one, as the store
    writes over its generation only. An install asks for nothing further, as HubSpot's own address
    asks; what was asked for before stays remembered.

    Raises:
        AccountTaken: A link would take scopes from the *row*.
    """
    if attempt.is_install:
        return carry_further(row, None)
    if find_loss(row, scopes, wanted):
        trouble = AccountTaken()
        trouble.cause = LINK
        raise trouble
    return carry_further(row, attempt.scopes)


def find_loss(
    row: Connection | None, scopes: Collection[str] | None, wanted: Iterable[str]
) -> tuple[str, ...]:
    """Return the scopes that a working connection would lose to a link's grant with *scopes*.

    Whoever was invited shall take nothing away from the owner. What nobody wants any more, neither
    the settings (*wanted*) nor the *row*, is no loss. Where HubSpot does not say what it granted,
    all of it may be lost.
    """
    if row is None or not row.is_authenticated:
        return ()
    in_use = dict.fromkeys((*wanted, *(row.further_scopes or ())))
    has = [scope for scope in in_use if scope not in row.missing_scopes(in_use)]
    return find_missing(tuple(scopes), has) if scopes else tuple(has)


def carry_further(row: Connection | None, asked: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return what the connection remembers: what the *row* did, and what was *asked* for now."""
    is_live = row is not None and row.status is not ConnectionStatus.DISCONNECTED
    before = (row.further_scopes or ()) if row and is_live else ()
    return tuple(dict.fromkeys((*before, *(asked or ())))) or None
