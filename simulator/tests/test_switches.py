"""The table of switches: what each can be, and what is known of it."""

import math
from dataclasses import fields

import pytest

from portalkey_simulator import Switches
from portalkey_simulator.world.field_values import check_value, describe_values
from portalkey_simulator.world.switches import list_behaviours


def test_every_switch_says_what_it_is() -> None:
    """Each has a sentence, and a default that it may have."""
    table = list_behaviours()

    assert list(table) == [each.name for each in fields(Switches)]
    for each in fields(Switches):
        check_value(Switches, each.name, each.default)
        assert table[each.name].says.endswith((".", ")")), each.name


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("v1", "gone", "works, ended"),
        ("drop_state", 1, "true, false"),
        ("drop_state", "yes", "true, false"),
        ("latency", -1, "a number, 0 or more"),
        ("latency", math.nan, "a number, 0 or more"),
        ("latency", math.inf, "a number, 0 or more"),
        ("latency", True, "a number, 0 or more"),
        ("calls_per_ten_seconds", 1.5, "a whole number, 0 or more"),
        ("bad_client_status", 402, "400, 401"),
        ("bad_client_status", 400.0, "400, 401"),
        ("consent_opener_policy", "none", "same-origin, .*null"),
        ("cancel_error", None, "a text"),
    ],
)
def test_values_that_a_switch_cannot_have(name: str, value: object, named: str) -> None:
    """They are refused with those that it can have, and the switch stays as it was."""
    switches = Switches()
    before = getattr(switches, name)

    with pytest.raises(ValueError, match=f"{name} cannot be .*{named}"):
        setattr(switches, name, value)
    assert getattr(switches, name) == before


def test_values_that_a_switch_can_have() -> None:
    """Whole numbers are numbers, and null is for those that may be nothing."""
    switches = Switches()
    switches.latency = 2
    switches.consent_opener_policy = "same-origin"
    switches.consent_opener_policy = None

    assert (switches.latency, switches.consent_opener_policy) == (2, None)


def test_no_such_switch() -> None:
    """A slip of the pen is told at once, with the names that there are."""
    with pytest.raises(AttributeError, match=r"'drop_sate'.*drop_state"):
        Switches().drop_sate = True
    with pytest.raises(AttributeError, match="drop_sate"):
        describe_values(Switches, "drop_sate")
