"""The actions of the control API, one a function."""

import re
from collections.abc import Mapping
from dataclasses import fields
from urllib.parse import urlsplit

from portalkey_simulator.control import state
from portalkey_simulator.control.dependencies import Arguments, Dependencies, Walk
from portalkey_simulator.control.parsing import CONTROLS, BadField, Missing, Stayed, shorten
from portalkey_simulator.control.request_models import MOST_AHEAD, Decision, Move, NewFault
from portalkey_simulator.control.response_models import (
    Callback,
    ClockView,
    RequestView,
    RuleView,
    State,
)
from portalkey_simulator.faults.rules import Faults, Rule
from portalkey_simulator.walk import StayedOnPage
from portalkey_simulator.world.field_values import check_value, describe_values
from portalkey_simulator.world.refusals import TOKEN_REFUSALS
from portalkey_simulator.world.switches import Switches

_PAGE = re.compile(r"(/sign-in)?/oauth/([^/]+/)?authorize")
"""The pages on which a person decides."""


def show_state(simulator: Dependencies, _: Arguments) -> State:
    """Show everything."""
    return state.describe_state(simulator.world, simulator.faults)


def show_requests(simulator: Dependencies, _: Arguments) -> list[RequestView]:
    """List the requests, oldest first."""
    return list(state.describe_requests(simulator.world))


def forget_requests(simulator: Dependencies, _: Arguments) -> None:
    """Begin a new list."""
    simulator.world.record.clear()


def set_switches(simulator: Dependencies, arguments: Arguments) -> dict[str, object]:
    """Set all of the switches that are named, or none of them.

    Raises:
        BadField: One of them cannot be set so.
    """
    values: Mapping[str, object] = arguments.body
    for name, value in values.items():
        check_switch(name, value)
    for name, value in values.items():
        setattr(simulator.world.switches, name, value)
    return {each.name: getattr(simulator.world.switches, each.name) for each in fields(Switches)}


def check_switch(name: str, value: object, where: str = "") -> None:
    """Check that the switch can have this value.

    Raises:
        BadField: There is no such switch, or it cannot have this value.
    """
    names = tuple(each.name for each in fields(Switches))
    if name not in names:
        raise BadField(f"{where}{shorten(name)}", "is unknown", names)
    wrong = BadField(f"{where}{name}", "cannot have this value", describe_values(Switches, name))
    if isinstance(value, str) and CONTROLS.search(value):
        raise wrong
    try:
        check_value(Switches, name, value)
    except ValueError:
        raise wrong from None


def move_clock(simulator: Dependencies, arguments: Arguments) -> ClockView:
    """Let time pass.

    Raises:
        BadField: It would go too far for dates to be written.
    """
    move: Move = arguments.body
    if abs(simulator.world.clock.ahead + move.move) > MOST_AHEAD:
        far = f"seconds that leave the clock within {MOST_AHEAD:.0f} of the machine's"
        raise BadField("move", "goes too far", (far,))
    simulator.world.clock.move(move.move)
    return state.describe_clock(simulator.world)


def add_fault(simulator: Dependencies, arguments: Arguments) -> RuleView:
    """Add a rule.

    Raises:
        BadField: The refusal is none of HubSpot's.
    """
    return state.describe_rule(add_rule(simulator.faults, arguments.body))


def add_rule(faults: Faults, new: NewFault) -> Rule:
    """Add the rule that *new* asks for, and return it.

    Raises:
        BadField: The refusal is none of HubSpot's.
    """
    if new.fault == "refusal" and new.refusal not in TOKEN_REFUSALS:
        raise BadField("refusal", "is none of HubSpot's", tuple(TOKEN_REFUSALS))
    return faults.add(new.to_fault(), new.at, times=new.times, skip=new.skip, chance=new.chance)


def reset(simulator: Dependencies, _: Arguments) -> None:
    """Be as at the start."""
    simulator.reset()


def clear_faults(simulator: Dependencies, _: Arguments) -> None:
    """Let everything go well."""
    simulator.faults.clear()


def remove_fault(simulator: Dependencies, arguments: Arguments) -> None:
    """Remove a rule.

    Raises:
        Missing: There is none of this number, or not any more.
    """
    if not simulator.faults.remove(arguments.path["number"]):
        there_are = tuple(str(rule.number) for rule in simulator.faults.rules)
        raise Missing("number", "is unknown", there_are)


def approve(simulator: Dependencies, arguments: Arguments) -> Callback:
    """Agree, as a person would.

    Raises:
        BadField: The URL is no authorize URL of this simulator.
        Stayed: The page refused.
    """
    return _walk(simulator.approve, arguments.body)


def deny(simulator: Dependencies, arguments: Arguments) -> Callback:
    """Cancel, as a person would.

    Raises:
        BadField: The URL is no authorize URL of this simulator.
        Stayed: The page refused, or denial is silent.
    """
    return _walk(simulator.deny, arguments.body)


def _walk(walk: Walk, decision: Decision) -> Callback:
    url = decision.authorize_url
    try:
        if _PAGE.fullmatch(urlsplit(url).path):
            return Callback(walk(url, decision.hub_id, decision.user_id))
    except StayedOnPage as stayed:
        raise Stayed("authorize_url", stayed.sentence) from None
    except ValueError:
        pass  # no URL at all, or somebody else's
    one = ("http://localhost:PORT/oauth/authorize?…",)
    raise BadField("authorize_url", "is none of this simulator's", one)
