"""Adoption: a refresh token that another program was given becomes a connection of an owner's.

HubSpot is asked whose it is, by introspection, which consumes nothing: the other program goes on
working. What is here already stays as it is, so the same may be done any number of times.
"""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from portalkey.broker import waiting
from portalkey.errors import HubSpotRefused, NeedsReconnect, NotConnected, SourceUnusable
from portalkey.hubspot.account import identify, introspect_request, read_introspection
from portalkey.hubspot.http import Request, Response
from portalkey.hubspot.json_body import Answer, is_token
from portalkey.model.connection import Account, Connection, Grant, require_owner
from portalkey.settings.settings import Settings
from portalkey.vault.adoption import Adoption
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.async_methods import Executor
    from portalkey.broker.audit import Audit
    from portalkey.broker.caller_gate import CallerGate
    from portalkey.broker.parts import Parts

OF_ANOTHER_APP = "MISMATCH_REFRESH_TOKEN_CLIENT"
"""HubSpot's word for a refresh token that it issued to another app."""
_LABEL = re.compile(r"[\x20-\x7E]{1,64}")

_DEAD = (
    "HubSpot does not honour this refresh token for this app: it was revoked, the app was "
    "uninstalled, or it is another app's. Its person has to connect the account here."
)
_ANOTHERS = (
    "This refresh token is another app's; compare HUBSPOT_CLIENT_ID with the one that people "
    "connected with."
)
_ACCESS = "This is an access token, which cannot be renewed; give the refresh token."
_NO_TOKEN = "This cannot be a refresh token: it is text of printable ASCII without spaces."  # noqa: S105 - a sentence
_OTHER_ACCOUNT = (
    "HubSpot says that this refresh token is for the account {found}, and not for {named}; look "
    "which row it belongs to. Nothing was kept."
)


@dataclass(frozen=True, slots=True)
class Known:
    """Account and scopes of a refresh token that HubSpot honours for this app."""

    account: Account
    scopes: tuple[str, ...] | None


def build_inspection(settings: Settings, refresh_token: SecretStr) -> Request:
    """Build the request that asks HubSpot about *refresh_token*."""
    return introspect_request(settings, refresh_token)


def read_inspection(settings: Settings, response: Response, refresh_token: SecretStr) -> Known:
    """Read what HubSpot says about *refresh_token*.

    Raises:
        NeedsReconnect: It is not honoured.
        SourceUnusable: It is no refresh token.
        HubSpotRefused: It is another app's, with the status ``OF_ANOTHER_APP``; or as below.
        BadAnswer, PersonMustAct, HubSpotRefused, TryLater: As ``read_introspection`` does.
    """
    introspection = read_introspection(response)
    if not introspection.active:
        raise NeedsReconnect(_DEAD)
    answer = Answer.of(response)
    if answer.get("client_id") not in (None, settings.client_id):
        raise HubSpotRefused(_ANOTHERS, status=OF_ANOTHER_APP)
    if answer.get("token_use") not in (None, "refresh_token"):
        raise SourceUnusable(_ACCESS)
    grant = Grant(access_token=SecretStr(""), refresh_token=refresh_token, expires_in=0)
    return Known(*identify(grant, introspection, None))


class AdoptMethods:
    """The Broker's methods that take in what another program was given."""

    settings: Settings
    vault: Vault
    audit: "Audit"
    _executor: "Executor"
    _gate: "CallerGate"
    _parts: "Parts"

    def adopt(
        self,
        owner: str,
        refresh_token: str | SecretStr,
        *,
        hub_id: int | None = None,
        imported_from: str = "app",
    ) -> Connection:
        """Make a connection of *owner*'s out of a *refresh_token* that the app kept itself.

        HubSpot is asked whose it is, which consumes nothing. Where the owner has that account here
        already, it stays as it is, whatever its status: call this as often as you like.

        Args:
            owner: Whom it belongs to, as ``HubSpotAuth(owner=...)`` returns them.
            refresh_token: HubSpot issued it to this app, whose ``HUBSPOT_CLIENT_ID`` is set here.
            hub_id: The account that it has to be for, where that is known.
            imported_from: The source's name in the audit: up to 64 printable characters, no secret.

        Returns:
            The connection, new or as it was; look at its ``status``.

        Raises:
            NeedsReconnect: HubSpot does not honour it; the person has to connect here.
            SourceUnusable: It is no refresh token, or is for another account than *hub_id*.
            NotConnected: The owner was erased at this moment.
            HubSpotRefused: It is another app's, or HubSpot refuses this one.
            HubSpotUnreachable, BadAnswer, BadSettings, StoreUnusable: The operator must act.
            HubSpotUnavailable, RateLimited, StoreBusy: Try again after ``.retry_after`` seconds.
            TypeError, ValueError: *owner* or *imported_from* cannot be one.
        """
        token = _require_arguments(owner, refresh_token, imported_from)
        found = (known := self._inspect(owner, token)).account.hub_id
        if hub_id not in {None, found}:
            raise SourceUnusable(_OTHER_ACCOUNT.format(found=found, named=hub_id))
        self.adopt_known(owner, token, known, imported_from=imported_from)
        connection = self.vault.store.connection_to(owner, self.settings.client_id, found)
        if connection is None:  # erased in between
            raise NotConnected
        return connection

    async def adopt_async(
        self,
        owner: str,
        refresh_token: str | SecretStr,
        *,
        hub_id: int | None = None,
        imported_from: str = "app",
    ) -> Connection:
        """As ``adopt``; the event loop goes on while the disk and HubSpot are waited for."""
        return await self._executor.run_in_thread(
            lambda: self.adopt(owner, refresh_token, hub_id=hub_id, imported_from=imported_from)
        )

    def adopt_known(
        self, owner: str, refresh_token: SecretStr, known: Known, *, imported_from: str
    ) -> bool:
        """Take in a grant that HubSpot was asked about already; see ``Adoption.adopt``.

        False where the owner has a connection to that account already, which stays as it is.
        """
        adoption = Adoption(self.vault.keyring, self.vault.store, self.settings.client_id)
        event = adoption.adopt(
            owner, refresh_token, known.account, known.scopes, imported_from=imported_from
        )
        if event is not None:
            self.audit.announce(event)
        return event is not None

    def _inspect(self, owner: str, token: SecretStr) -> Known:
        request = build_inspection(self.settings, token)
        with self._gate.place(owner):
            seconds = waiting.request_seconds(waiting.LONGEST)
            response = self._parts.way.send(replace(request, seconds=seconds, owner=owner))
        return read_inspection(self.settings, response, token)


def _require_arguments(owner: str, refresh_token: str | SecretStr, source: str) -> SecretStr:
    require_owner(owner)
    if _LABEL.fullmatch(source) is None:
        raise ValueError("imported_from must be 1 to 64 printable characters of ASCII")
    token = refresh_token if isinstance(refresh_token, SecretStr) else SecretStr(refresh_token)
    if not is_token(token.get_secret_value()):
        raise SourceUnusable(_NO_TOKEN)
    return token
