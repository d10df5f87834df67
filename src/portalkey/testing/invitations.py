"""Promises of a store about invitations: one browser, one connection, and an end that holds."""
# ruff: noqa: S101, ANN401 - these are tests, though they are shipped, and take any field

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

from portalkey.model.attempt import EXCHANGE_SECONDS, RETURNED_SECONDS, AttemptStatus
from portalkey.model.events import Event, EventName
from portalkey.model.invitation import Invitation, InvitationStatus
from portalkey.testing.samples import Ahead, new_attempt, new_connection
from portalkey.vault.store import Store

_EVENT = Event(EventName.INVITED, "ada")
_HOURS, _DAY, _SOON = 72, 86400.0, 20


def new_invitation(store: Store, **changes: Any) -> Invitation:
    """Add an invitation to *store* that holds for three days."""
    now = store.now()
    invitation = Invitation(
        id=secrets.token_hex(16),
        client_id="app",
        owner="ada",
        secret_hash=secrets.token_hex(32),
        created_at=now,
        expires_at=now + timedelta(hours=_HOURS),
        seen_at=now,
        name="Ada's",
        hub_id=2**40,
        scopes=("tickets",),
    )
    invitation = replace(invitation, **changes)
    store.invite(invitation, event=_EVENT)
    return invitation


def load(store: Store, invitation: Invitation) -> Invitation:
    """Return the *invitation* as it stands in *store*."""
    row = store.invitation(invitation.id)
    assert row
    return row


def begin(store: Store, invitation: Invitation) -> str:
    """Return the id of an attempt by *invitation* whose code is being exchanged."""
    attempt = new_attempt(store, invitation_id=invitation.id)
    assert store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
    return attempt.id


class InvitationPromises:
    """An invitation is bound once, used once, and holds no longer than it says."""

    def test_an_invitation_comes_back_whole(self, store: Store) -> None:
        """By its id, by its secret's hash, among its owner's and its app's."""
        made = new_invitation(store)
        new_invitation(store, owner="eve")
        new_invitation(store, client_id="another")

        assert replace(load(store, made), seen_at=made.seen_at) == made
        found = store.invitation_by_secret(made.secret_hash)
        assert found
        assert found.id == made.id
        assert store.invitation_by_secret("none") is None
        assert store.invitation("no\0ne") is None
        ids = [each.id for each in store.invitations(client_id="app", owner="ada")]
        assert ids == [made.id]
        assert len(store.invitations(owner="ada")) == len(store.invitations(client_id="app"))
        assert len(store.invitations(client_id="app", at_most=1)) == 1
        assert [each.name for each in store.events()].count(EventName.INVITED) == 3  # noqa: PLR2004 - as made

    def test_the_first_browser_has_it(self, store: Store) -> None:
        """It may come again; its event is recorded once."""
        made = new_invitation(store)
        opened = Event(EventName.INVITATION_OPENED, "ada")

        assert store.bind_invitation(made.id, "first", event=opened)
        assert not store.bind_invitation(made.id, "second", event=opened)
        assert store.bind_invitation(made.id, "first", event=opened)
        assert not store.bind_invitation("none", "first", event=opened)
        assert load(store, made).browser_hash == "first"
        assert [each.name for each in store.events()].count(EventName.INVITATION_OPENED) == 1

    def test_it_connects_once(self, store: Store) -> None:
        """With the connection, or not at all; another attempt by it ends without one."""
        made, row = new_invitation(store), new_connection(store)
        one, two = begin(store, made), begin(store, made)

        assert store.connect(one, row)
        assert not store.connect(two, new_connection(store, owner="eve"))
        used = load(store, made)
        assert (used.status, used.connection_id) == (InvitationStatus.USED, row.id)
        late = store.attempt(two)
        assert late
        assert late.status is AttemptStatus.CANCELLED
        assert store.connections("eve", "app") == []
        assert not store.withdraw(made.id, event=_EVENT)

    def test_a_connection_that_others_came_before_leaves_it_as_it_is(self, store: Store) -> None:
        """The same attempt can try again."""
        made, row = new_invitation(store), new_connection(store)
        attempt = begin(store, made)
        assert store.connect(None, row)

        assert not store.connect(attempt, new_connection(store))
        assert load(store, made).is_live
        again = store.attempt(attempt)
        assert again
        assert again.is_open

    def test_a_connection_that_moved_on_is_not_written_over(self, store: Store) -> None:
        """A link takes the place of the row as it was read, and of no later one."""
        made, row = new_invitation(store), new_connection(store)
        attempt = begin(store, made)
        assert store.connect(None, row)
        following = replace(row, generation=2)
        assert store.connect(None, replace(following, further_scopes=("tickets",)))

        assert not store.connect(attempt, following)
        assert load(store, made).is_live
        (kept,) = store.connections("ada", "app")
        assert kept.further_scopes == ("tickets",)

    def test_nothing_is_connected_after_its_end(self, store: Store, ahead: Ahead) -> None:
        """However far it has come by then."""
        until = timedelta(seconds=EXCHANGE_SECONDS - 1)
        made = new_invitation(store, expires_at=store.now() + until)
        attempt = begin(store, made)
        ahead.passes(EXCHANGE_SECONDS - 1)

        assert not store.connect(attempt, new_connection(store))
        assert store.connections("ada", "app") == []
        assert load(store, made).status is InvitationStatus.EXPIRED
        late = store.attempt(attempt)
        assert late
        assert late.status is AttemptStatus.CANCELLED

    def test_a_parked_code_ends_with_it(self, store: Store, ahead: Ahead) -> None:
        """A link's attempt waits for its browser no longer than it had anyway."""
        made = new_invitation(store)
        until = store.now() + timedelta(seconds=_SOON)
        short = new_attempt(store, invitation_id=made.id, expires_at=until)
        long = new_attempt(store, invitation_id=made.id)
        for each in (short, long):
            assert store.move_attempt(each.id, AttemptStatus.RETURNED, sealed_code="sealed")
        ahead.passes(_SOON)

        found = [store.attempt(each.id) for each in (short, long)]
        assert [each.status for each in found if each] == [
            AttemptStatus.EXPIRED,
            AttemptStatus.RETURNED,
        ]
        ahead.passes(RETURNED_SECONDS)
        over = store.attempt(long.id)
        assert over
        assert over.status is AttemptStatus.EXPIRED

    def test_a_withdrawal_ends_what_is_under_way(self, store: Store) -> None:
        """And what began in the same moment connects nothing either."""
        made, withdrawn = new_invitation(store), Event(EventName.INVITATION_WITHDRAWN, "ada")
        before, others = begin(store, made), new_attempt(store)

        assert store.withdraw(made.id, event=withdrawn)
        assert not store.withdraw(made.id, event=withdrawn)
        assert not store.withdraw("none", event=withdrawn)
        after = begin(store, made)
        assert not store.connect(before, new_connection(store))
        assert not store.connect(after, new_connection(store))
        assert load(store, made).status is InvitationStatus.WITHDRAWN
        assert not store.bind_invitation(made.id, "first", event=withdrawn)
        untouched = store.attempt(others.id)
        assert untouched
        assert untouched.is_open
        names = [each.name for each in store.events()]
        assert names.count(EventName.INVITATION_WITHDRAWN) == 1

    def test_it_holds_until_its_end_and_is_forgotten_later(
        self, store: Store, ahead: Ahead
    ) -> None:
        """Nobody binds or withdraws it then."""
        made = new_invitation(store)
        ahead.passes(_HOURS * 3600 + 1)

        assert load(store, made).status is InvitationStatus.EXPIRED
        assert not store.bind_invitation(made.id, "first", event=_EVENT)
        assert not store.withdraw(made.id, event=_EVENT)
        store.purge(9, events_days=400)
        assert store.invitation(made.id)
        ahead.passes(31 * _DAY)
        store.purge(9, events_days=400)
        assert store.invitation(made.id) is None

    def test_it_is_erased_with_its_owner(self, store: Store) -> None:
        """Others' stay."""
        new_invitation(store)
        other = new_invitation(store, owner="eve")

        assert store.erase_owner("ada", Event(EventName.OWNER_ERASED))
        assert [each.id for each in store.invitations(client_id="app")] == [other.id]
