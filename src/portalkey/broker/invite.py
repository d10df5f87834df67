"""Methods of the Broker about invitations: links for people who have no login in the app.

As a rule whoever uses the app is no Super Admin of the HubSpot account, and whoever is has no login
here. A link lets that person connect the account for an owner, once.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import SecretStr

from portalkey._support.time_limit import moment
from portalkey.broker.audit import operator_facts
from portalkey.errors import NoSession
from portalkey.hubspot.scopes import parse_further
from portalkey.model.authorization import AuthorizationOptions, hash_of, is_hash_of
from portalkey.model.connection import is_storable, require_owner
from portalkey.model.events import Event, EventName, Fact
from portalkey.model.invitation import Invitation, NewInvitation
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.audit import Audit
    from portalkey.broker.installs import Installs

PATH = "/auth/hubspot/invite"
MOST_HOURS = 720
_LONGEST_NAME = 200
_MOST_OF_OWNER = 100_000
_IN_SESSIONS = (
    "Connections are in visitors' own sessions, where nobody else can connect one for them; leave "
    'out store="session" to invite people.'
)


class InvitationMethods:
    """The Broker's methods about invitations."""

    settings: Settings
    vault: Vault
    audit: "Audit"
    attempts: "Installs"

    def invite(
        self,
        owner: str,
        *,
        hub_id: int | None = None,
        scopes: Iterable[str] = (),
        name: str | None = None,
        hours: int | None = None,
        operator: str | None = None,
    ) -> NewInvitation:
        """Make a link by which somebody without a login connects an account for *owner*, once.

        Its secret is told here and never again: send ``.link`` to the one person it is for, and
        keep it nowhere. Whoever opens it first and goes on is the one who can use it.

        Args:
            owner: Whose connection it will be.
            hub_id: The HubSpot account that has to be chosen, as to reconnect it; any by default.
            scopes: Scopes to ask for beyond the settings'.
            name: What the page calls whoever invites; what ``owner_name`` returns by default.
            hours: How long the link holds, 1 to 720; ``PORTALKEY_INVITE_HOURS`` by default.
            operator: Who made it, where that is somebody who runs the app; for the audit.

        Raises:
            TypeError, ValueError: An argument is none that can be used.
            NoSession: Connections are in visitors' sessions.
            StoreBusy, StoreUnusable: There is no link; call it again.
        """
        require_owner(owner)
        if self.vault.store.is_personal:
            raise NoSession(_IN_SESSIONS)
        hours = self.settings.invite_hours if hours is None else hours
        _require_arguments(hub_id, name, hours)
        secret, asked = SecretStr(secrets.token_urlsafe(32)), parse_further(scopes) or None
        blank = self._new_invitation(owner, secret, hours)
        made = replace(blank, name=name, hub_id=hub_id, scopes=asked)
        self._keep(made, {"hub_id": hub_id, "hours": hours, **operator_facts(operator)})
        return NewInvitation(made, self._build_link(secret))

    def _keep(self, invitation: Invitation, facts: Mapping[str, Fact]) -> None:
        event = _event(EventName.INVITED, invitation, facts)
        self.vault.store.invite(invitation, event=event)
        self.audit.announce(event)

    def _build_link(self, secret: SecretStr) -> str:
        address = f"{self.settings.public_url}{self.settings.mount}{PATH}"
        return f"{address}?link={secret.get_secret_value()}"

    def _new_invitation(self, owner: str, secret: SecretStr, hours: int) -> Invitation:
        now = moment(self.vault.store)
        return Invitation(
            id=secrets.token_urlsafe(16),
            client_id=self.vault.client_id,
            owner=owner,
            secret_hash=hash_of(secret),
            created_at=now,
            expires_at=now + timedelta(hours=hours),
            seen_at=now,
        )

    def invitations(self, owner: str | None = None, *, limit: int = 100) -> Sequence[Invitation]:
        """Return invitations of this app, newest first, whatever became of them.

        Only those of *owner*, where one is named. They are kept for thirty days after their end.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        if owner is not None:
            require_owner(owner)
        client_id = self.vault.client_id
        return self.vault.store.invitations(client_id=client_id, owner=owner, at_most=limit)

    def withdraw(
        self, invitation_id: str, *, owner: str | None = None, operator: str | None = None
    ) -> bool:
        """End an invitation of this app; whoever is on the way by its link connects nothing.

        Only one of *owner*, where one is named: name them where a visitor asks for it.

        Returns:
            False where there is none of this id, or it has ended already.

        Raises:
            StoreBusy, StoreUnusable: It may hold still; call it again.
        """
        invitation = self.find_invitation(invitation_id)
        if invitation is None or owner not in {None, invitation.owner}:
            return False
        event = _event(EventName.INVITATION_WITHDRAWN, invitation, operator_facts(operator))
        is_ended = self.vault.store.withdraw(invitation.id, event=event)
        if is_ended:
            self.audit.announce(event)
        return is_ended

    def find_invitation(self, invitation_id: str) -> Invitation | None:
        """Return this app's invitation of this id, whatever became of it."""
        row = self.vault.store.invitation(invitation_id)
        return row if row is not None and row.client_id == self.vault.client_id else None

    def invitation_by_link(self, secret: SecretStr) -> Invitation | None:
        """Return this app's invitation whose link has this *secret*, whatever became of it."""
        row = self.vault.store.invitation_by_secret(hash_of(secret))
        return row if row is not None and row.client_id == self.vault.client_id else None

    def is_bound_to(self, invitation: Invitation, cookies: Sequence[SecretStr]) -> SecretStr | None:
        """Return the one of a browser's *cookies* that the *invitation* is bound to, if one is."""
        expected = invitation.browser_hash or ""
        return next((each for each in cookies if is_hash_of(expected, each)), None)

    def scopes_of_invitation(self, invitation: Invitation) -> tuple[str, ...]:
        """Return the scopes beyond the settings' that it asks for: its own, and those kept.

        Where it is for one account that is connected, that one's are asked for again.
        """
        asked = invitation.scopes or ()
        options = AuthorizationOptions(hub_id=invitation.hub_id, another=True, scopes=asked)
        return self.attempts.find_further(invitation.owner, options)

    def bind_invitation(self, invitation: Invitation) -> SecretStr | None:
        """Bind *invitation* to the browser that gets this as its cookie.

        None where it has ended, or another browser was first.
        """
        cookie = SecretStr(secrets.token_urlsafe(32))
        event = _event(EventName.INVITATION_OPENED, invitation)
        if not self.vault.store.bind_invitation(invitation.id, hash_of(cookie), event=event):
            return None
        self.audit.announce(event)
        return cookie


def withdraw_all(vault: Vault, audit: "Audit", owner: str) -> None:
    """End every link of *owner* that holds still, and whatever is on the way by one.

    Raises:
        StoreBusy, StoreUnusable: Some may hold still.
    """
    client_id = vault.client_id
    for each in vault.store.invitations(client_id=client_id, owner=owner, at_most=_MOST_OF_OWNER):
        event = _event(EventName.INVITATION_WITHDRAWN, each)
        if each.is_live and vault.store.withdraw(each.id, event=event):
            audit.announce(event)


def _event(
    name: EventName, invitation: Invitation, facts: Mapping[str, Fact] | None = None
) -> Event:
    named: dict[str, Fact] = {"invitation": invitation.id}
    return Event(name, invitation.owner, facts={**named, **(facts or {})})


def _require_arguments(hub_id: object, name: str | None, hours: object) -> None:
    if hub_id is not None and type(hub_id) is not int:
        raise TypeError(f"hub_id must be a number such as 4410001, not {type(hub_id).__name__}")
    if type(hours) is not int or not 1 <= hours <= MOST_HOURS:
        raise ValueError(f"hours must be a whole number from 1 to {MOST_HOURS}")
    if name is not None and not (name.strip() and len(name) <= _LONGEST_NAME and is_storable(name)):
        raise ValueError(f"name must be what people read, of {_LONGEST_NAME} characters at most")
