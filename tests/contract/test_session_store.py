"""The session store keeps every promise that a visitor's session can keep."""

from collections.abc import Iterator

import pytest
from flask import Flask, Request
from flask.sessions import SecureCookieSession, SessionInterface

from portalkey.errors import NoSession
from portalkey.flask.session_store import SessionStore
from portalkey.model.search import ConnectionSearch
from portalkey.model.stats import Stats
from portalkey.testing import Ahead, StoreContract
from portalkey.testing.samples import new_connection
from portalkey.vault import MemoryStore

EXEMPT = {
    **dict.fromkeys(
        (
            "test_one_visitor_claims_an_install",
            "test_of_many_claims_one_is_heard",
            "test_an_install_of_somebody_is_theirs_alone",
            "test_those_that_wait_are_listed",
        ),
        "an install that nobody has claimed has no session to lie in",
    ),
    "test_of_owners_who_come_at_once_one_gets_the_account": "its threads are in no request",
    "test_what_ends_with_its_owner_is_given_back_at_once": "no owner is erased from sessions",
    "test_what_ends_with_its_link_is_given_back_at_once": "nobody is invited to another's session",
    "test_of_many_one_gets_it": "its threads stand outside of any request",
    "test_a_row_that_ends_as_it_is_renewed_is_healed_by_that": "its thread stands outside, too",
    "test_a_count_moves_with_every_commit": "no count tells of a session",
    "test_an_empty_store_counts_nothing": "nobody can count the sessions there are",
    "test_connections_are_counted_by_status": "nobody can count the sessions there are",
    "test_the_oldest_failing_is_failing_since_its_first_failure": "it is in some session",
    "test_labels_are_those_of_rows": "nobody can look into the sessions there are",
    "test_rows_are_found_by_their_label": "nobody can look into the sessions there are",
    **dict.fromkeys(
        [
            "test_a_grant_is_sealed_anew",
            "test_what_was_written_meanwhile_is_not_sealed_anew",
            "test_a_leased_row_is_left_for_later",
            "test_a_lease_that_never_ends_keeps_nobody",
            "test_a_lease_is_not_given_on_what_was_sealed_anew",
            "test_of_two_who_seal_anew_one_does",
        ],
        "no command gets at a session; it goes over with its next renewal",
    ),
    **dict.fromkeys(
        (
            "test_connections_are_found_by_what_is_known_of_them",
            "test_a_found_connection_is_as_it_stands",
            "test_the_disconnected_are_found_by_that_status_only",
            "test_old_connections_are_found",
            "test_pages_hold_each_connection_once",
            "test_a_connection_that_ends_between_pages_costs_no_other",
        ),
        "nobody can list the sessions there are",
    ),
    **dict.fromkeys(
        (
            "test_all_of_an_owner_is_known",
            "test_an_owner_is_erased_from_every_table",
            "test_no_token_is_lost_with_its_owner",
        ),
        "nobody can look into the sessions there are",
    ),
    **dict.fromkeys(
        (
            "test_an_invitation_comes_back_whole",
            "test_the_first_browser_has_it",
            "test_it_connects_once",
            "test_a_connection_that_others_came_before_leaves_it_as_it_is",
            "test_a_connection_that_moved_on_is_not_written_over",
            "test_nothing_is_connected_after_its_end",
            "test_a_parked_code_ends_with_it",
            "test_a_withdrawal_ends_what_is_under_way",
            "test_it_holds_until_its_end_and_is_forgotten_later",
            "test_it_is_erased_with_its_owner",
        ),
        "nobody can be invited to a visitor's own session",
    ),
    **dict.fromkeys(
        (
            "test_what_nobody_has_planned_is_due",
            "test_what_is_longest_due_comes_first",
            "test_what_has_ended_is_not_looked_at",
            "test_a_look_is_noted",
            "test_a_look_at_another_grant_is_not_noted",
            "test_a_renewal_leaves_the_plan",
            "test_a_new_grant_begins_anew",
            "test_the_one_that_is_marked_is_the_one_that_was_claimed",
            "test_each_is_claimed_once",
            "test_what_was_not_looked_at_is_due_as_before",
        ),
        "nobody can look into the sessions there are",
    ),
    "test_what_hubspot_is_owed_outlives_its_owner": "its connection is in the session alone",
    "test_an_open_breaker_is_seen": "each process has a breaker of its own",
}
"""What a session cannot promise, and why."""


class OnTheServer(SessionInterface):
    """Sessions with room for everything."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """A new one."""
        return SecureCookieSession()


class TestSessionStore(StoreContract):
    @pytest.fixture(autouse=True)
    def exempt(self, request: pytest.FixtureRequest) -> None:
        """Leave out what a session cannot promise, by name."""
        name = request.node.originalname
        if name in EXEMPT:
            pytest.skip(EXEMPT[name])

    @pytest.fixture
    def store(self, ahead: Ahead) -> Iterator[SessionStore]:
        """One visitor's session, all of it in one request."""
        app = Flask("host")
        app.secret_key = "of-the-host"
        # A cookie would not hold what some promises are about.
        app.session_interface = OnTheServer()
        with app.test_request_context():
            yield SessionStore(MemoryStore(ahead=ahead))


def test_nobody_can_list_sessions() -> None:
    """Whoever tries is told so: an empty list would be another thing."""
    with pytest.raises(NoSession, match="nobody can list"):
        SessionStore(MemoryStore()).find(ConnectionSearch("app"), 9)


def test_nobody_can_sweep_sessions() -> None:
    """Whoever tries is told so: nothing due would be another thing."""
    store = SessionStore(MemoryStore())
    with pytest.raises(NoSession, match="nobody can list"):
        store.claim_looks("app", 9, lambda row: row.seen_at)
    with pytest.raises(NoSession, match="nobody can list"):
        store.note_look(new_connection(store), 60)
    with pytest.raises(NoSession):
        store.release_looks([new_connection(store)])


def test_a_census_leaves_out_what_is_in_sessions() -> None:
    """It says that it does not know, which is another thing than none; it needs no request."""
    counted = SessionStore(MemoryStore()).stats("app")

    assert counted == Stats(None, None, outbox=0, is_breaker_open=None)


def test_what_is_exempt_is_a_promise() -> None:
    """A promise that is renamed does not stay left out."""
    assert all(hasattr(StoreContract, name) for name in EXEMPT)
