"""Words about attempts: one for each end that there is."""

from dataclasses import replace

import pytest

from portalkey import errors
from portalkey.model.attempt import INTERRUPTED, Attempt, AttemptStatus
from portalkey.model.attempt_words import BY_CHECK, BY_ERROR, BY_STATUS, words_about
from portalkey.sentences import explain
from portalkey.testing.samples import new_attempt
from portalkey.vault import MemoryStore

IN_NO_ATTEMPT = {
    "account_not_named",  # asked for a token
    "bad_settings",  # the app does not start
    "library_unusable",
    "no_session",
    "not_connected",
    "not_from_hubspot",  # HubSpot's own requests, or somebody's who is not HubSpot
    "not_hubspot",
    "owner_unusable",  # the app's page says so, before anything begins
    "session_unusable",
    "source_unusable",
    "store_is_copy",  # a copy's own attempts are its own to finish
}


@pytest.fixture
def attempt() -> Attempt:
    """An attempt at HubSpot."""
    return new_attempt(MemoryStore())


def codes() -> set[str]:
    """The codes of all errors that are raised."""
    groups = errors.PortalkeyError.__subclasses__()
    return {leaf.code for group in groups for leaf in group.__subclasses__()}


def test_every_status_has_words() -> None:
    """But for the one that is told by its error."""
    assert set(BY_STATUS) == set(AttemptStatus) - {AttemptStatus.FAILED}


def test_every_error_that_an_attempt_ends_with_has_words() -> None:
    """A new one is put here, or among those that end none."""
    assert set(BY_ERROR) == codes() - IN_NO_ATTEMPT | {INTERRUPTED}


def test_whoever_reads_the_page_and_whoever_answers_read_of_the_same() -> None:
    """The pages have a sentence for each, too."""
    unknown = explain("en", "of_tomorrow")

    assert [code for code in BY_ERROR if explain("en", code) == unknown] == []


@pytest.mark.parametrize("check", BY_CHECK)
def test_a_mismatch_is_told_by_what_differed(attempt: Attempt, check: str) -> None:
    """Signing in again is another thing than an attack."""
    failed = replace(attempt, status=AttemptStatus.FAILED, error="attempt_mismatch")

    assert words_about(replace(failed, failed_check=check)) == BY_CHECK[check]
    assert words_about(failed) == BY_ERROR["attempt_mismatch"]


def test_an_unknown_error_is_named(attempt: Attempt) -> None:
    """A newer portalkey may have written it."""
    words = words_about(replace(attempt, status=AttemptStatus.FAILED, error="of_tomorrow"))

    assert "of_tomorrow" in words.happened
