"""How a process is called where it is counted who took a token."""

import sys

import pytest

from portalkey.errors import BadSettings
from portalkey.settings import Settings
from portalkey.settings.labels import program_name
from portalkey.vault.keyring import new_key

ENOUGH = {
    "HUBSPOT_CLIENT_ID": "client-1",
    "HUBSPOT_CLIENT_SECRET": "secret",
    "PORTALKEY_KEYS": f"first:{new_key().get_secret_value()}",
}


@pytest.mark.parametrize("label", ["web", "worker-1", "sync_contacts", "cron.nightly", "me@host"])
def test_the_operator_says_how_it_is_called(label: str) -> None:
    """Whatever tells one kind of process from another."""
    assert Settings.from_env(None, {**ENOUGH, "PORTALKEY_LABEL": label}).label == label


@pytest.mark.parametrize("label", ["two words", "a/b", "x" * 65, "ä", "a\nb"])
def test_a_label_that_is_no_word_is_refused(label: str) -> None:
    """It stands in the ids of rows and on terminals."""
    with pytest.raises(BadSettings, match="PORTALKEY_LABEL must be 1 to 64 letters"):
        Settings.from_env(None, {**ENOUGH, "PORTALKEY_LABEL": label})


@pytest.mark.parametrize(
    ("started", "name"),
    [
        (["/usr/bin/gunicorn", "app:app"], "gunicorn"),
        (["./nightly sync.py"], "nightly-sync"),
        (["/site-packages/celery/__main__.py"], "celery"),
        (["-c"], "c"),
        (["\u00e4\u00e4"], "python"),
        ([""], "python"),
        ([], "python"),
        (["x" * 99], "x" * 64),
    ],
)
def test_otherwise_it_is_the_programs_name(started: list[str], name: str) -> None:
    """As far as a label may hold it."""
    assert program_name(started) == name


def test_the_default_is_this_program() -> None:
    """It is asked for as the settings are read, and is a label that may be set."""
    settings = Settings.from_env(None, ENOUGH)

    assert settings.label == program_name(sys.argv)
    assert Settings.from_env(None, {**ENOUGH, "PORTALKEY_LABEL": settings.label}) == settings
