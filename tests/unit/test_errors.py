"""Errors, as an app gets them."""

import pickle

import pytest

from portalkey import errors
from portalkey.errors import PortalkeyError


def one_of(kind: type[PortalkeyError]) -> PortalkeyError:
    """An error of this *kind*, with something in every field."""
    made: dict[type[PortalkeyError], PortalkeyError] = {
        errors.AccountNotNamed: errors.AccountNotNamed([1, 2]),
        errors.ScopesMissing: errors.ScopesMissing(["crm.lists.read"]),
        errors.BadSettings: errors.BadSettings(["one", "two"]),
        errors.SessionFull: errors.SessionFull(5000, 4093),
        errors.NeedsReconnect: errors.NeedsReconnect(reconnect_url="https://app.example/c"),
        errors.HubSpotRefused: errors.HubSpotRefused("no", status="BAD_CLIENT_ID", of_app=True),
        errors.NoKeyOpens: errors.NoKeyOpens("old"),
        errors.RateLimited: errors.RateLimited(retry_after=7.5, said=7.0),
    }
    return made.get(kind) or kind()


LEAVES = [leaf for family in PortalkeyError.__subclasses__() for leaf in family.__subclasses__()]


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_an_error_comes_back_from_another_process(kind: type[PortalkeyError]) -> None:
    """Celery and RQ pickle what a task raised: kind, sentence and fields are the same there."""
    error = one_of(kind)

    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own

    assert type(back) is kind
    assert str(back) == str(error)
    assert vars(back) == vars(error)
    assert back.args == error.args
