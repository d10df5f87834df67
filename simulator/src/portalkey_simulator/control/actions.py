"""What each call of the control API does."""

import re
from collections.abc import Mapping
from dataclasses import fields
from urllib.parse import urlsplit

from portalkey_simulator.control import state
from portalkey_simulator.control.dependencies import Asking, Desk, Walk
from portalkey_simulator.control.parsing import CONTROLS, BadField, Missing, Stayed, shortened
from portalkey_simulator.control.request_models import MOST_AHEAD, Decision, Move, NewFault
from portalkey_simulator.control.response_models import (
    Callback,
    ShownClock,
    ShownRequest,
    ShownRule,
    State,
)
from portalkey_simulator.faults.rules import Faults, Rule
from portalkey_simulator.walk import StayedOnPage
from portalkey_simulator.world.field_values import allowed, check
from portalkey_simulator.world.refusals import TOKEN_REFUSALS
from portalkey_simulator.world.switches import Switches

_PAGE = re.compile(r"(/sign-in)?/oauth/([^/]+/)?authorize")
"""Where a person decides."""


def show_state(desk: Desk, _: Asking) -> State:
    """Everything."""
    return state.state(desk.world, desk.faults)


def show_requests(desk: Desk, _: Asking) -> list[ShownRequest]:
    """What was asked, oldest first."""
    return list(state.requests(desk.world))


def forget_requests(desk: Desk, _: Asking) -> None:
    """Begin a new list."""
    desk.world.record.clear()


def set_switches(desk: Desk, asking: Asking) -> dict[str, object]:
    """All of the switches that are named, or none of them.

    Raises:
        BadField: One of them cannot be set so.
    """
    given: Mapping[str, object] = asking.body
    for name, value in given.items():
        check_switch(name, value)
    for name, value in given.items():
        setattr(desk.world.switches, name, value)
    return {each.name: getattr(desk.world.switches, each.name) for each in fields(Switches)}


def check_switch(name: str, value: object, where: str = "") -> None:
    """Let pass what the switch can be.

    Raises:
        BadField: There is no such switch, or it cannot have this value.
    """
    names = tuple(each.name for each in fields(Switches))
    if name not in names:
        raise BadField(f"{where}{shortened(name)}", "is unknown", names)
    wrong = BadField(f"{where}{name}", "cannot have this value", allowed(Switches, name))
    if isinstance(value, str) and CONTROLS.search(value):
        raise wrong
    try:
        check(Switches, name, value)
    except ValueError:
        raise wrong from None


def move_clock(desk: Desk, asking: Asking) -> ShownClock:
    """Let time pass.

    Raises:
        BadField: It would go too far for dates to be told.
    """
    move: Move = asking.body
    if abs(desk.world.clock.ahead + move.move) > MOST_AHEAD:
        far = f"seconds that leave the clock within {MOST_AHEAD:.0f} of the machine's"
        raise BadField("move", "goes too far", (far,))
    desk.world.clock.move(move.move)
    return state.clock(desk.world)


def add_fault(desk: Desk, asking: Asking) -> ShownRule:
    """One more rule.

    Raises:
        BadField: The refusal is none of HubSpot's.
    """
    return state.rule(add_rule(desk.faults, asking.body))


def add_rule(faults: Faults, new: NewFault) -> Rule:
    """The rule that *new* asks for.

    Raises:
        BadField: The refusal is none of HubSpot's.
    """
    if new.fault == "refusal" and new.refusal not in TOKEN_REFUSALS:
        raise BadField("refusal", "is none of HubSpot's", tuple(TOKEN_REFUSALS))
    return faults.add(new.as_fault(), new.at, times=new.times, skip=new.skip, chance=new.chance)


def reset(desk: Desk, _: Asking) -> None:
    """As at the start."""
    desk.reset()


def clear_faults(desk: Desk, _: Asking) -> None:
    """Let everything go well."""
    desk.faults.clear()


def remove_fault(desk: Desk, asking: Asking) -> None:
    """One rule less.

    Raises:
        Missing: There is none of this number, or not any more.
    """
    if not desk.faults.remove(asking.path["number"]):
        there_are = tuple(str(rule.number) for rule in desk.faults.rules)
        raise Missing("number", "is unknown", there_are)


def approve(desk: Desk, asking: Asking) -> Callback:
    """Agree, as a person would.

    Raises:
        BadField: The URL is no authorize URL of this simulator.
        Stayed: The page refused.
    """
    return _walk(desk.approve, asking.body)


def deny(desk: Desk, asking: Asking) -> Callback:
    """Cancel, as a person would.

    Raises:
        BadField: The URL is no authorize URL of this simulator.
        Stayed: The page refused, or denial is silent.
    """
    return _walk(desk.deny, asking.body)


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
