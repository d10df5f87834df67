"""Every call of the control API, as a table: the door and the document go by it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portalkey_simulator.control import actions, registry
from portalkey_simulator.control.dependencies import Asking, Desk
from portalkey_simulator.control.objects import Object
from portalkey_simulator.control.request_models import (
    Decision,
    Empty,
    Expire,
    Move,
    NewFault,
    Uninstall,
)
from portalkey_simulator.control.response_models import (
    Callback,
    Expired,
    ShownAccount,
    ShownApp,
    ShownClock,
    ShownRequest,
    ShownRule,
    State,
    Uninstalled,
)
from portalkey_simulator.control.schemas import Json, Many, Schema, Shape
from portalkey_simulator.world.accounts import Account, User
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.switches import Switches


class _Switching(Json):
    """Switches by their names. What they can be is their own to say."""

    def schema(self) -> Schema:
        """The table of switches, as JSON Schema."""
        return Object(Switches, partial=True).schema()


@dataclass(frozen=True, slots=True)
class Call:
    """One call: *answer* is the shape of what comes with *status*, None where there is nothing.

    *may_miss*: whether its path may lead to nothing; *may_stay*: whether a page may refuse.
    """

    method: str
    path: str
    says: str
    act: Callable[[Desk, Asking], Any]
    body: Shape | None = None
    answer: Shape | None = None
    status: int = 200
    may_miss: bool = False
    may_stay: bool = False

    def numbers(self, path: str) -> dict[str, int] | None:
        """The numbers in *path*, by their names in the table; None where it is another path."""
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[0-9]{1,16})", self.path)
        match = re.fullmatch(pattern, path, re.ASCII)
        return match and {name: int(number) for name, number in match.groupdict().items()}


SWITCHES, ACCOUNT = _Switching(), Object(ShownAccount)
CALLS = (
    Call(
        "GET", "state", "Everything that there is to see.", actions.show_state, None, Object(State)
    ),
    Call(
        "PATCH",
        "switches",
        "Set some switches: all that are named, or none. Answers what all of them are now.",
        actions.set_switches,
        SWITCHES,
        SWITCHES,
    ),
    Call(
        "POST",
        "clock",
        "Let this many seconds pass at once.",
        actions.move_clock,
        Object(Move),
        Object(ShownClock),
    ),
    Call(
        "POST",
        "faults",
        "Let answers go wrong.",
        actions.add_fault,
        Object(NewFault),
        Object(ShownRule),
        201,
    ),
    Call("DELETE", "faults", "Let everything go well.", actions.clear_faults, status=204),
    Call(
        "DELETE",
        "faults/{number}",
        "Take one rule away.",
        actions.remove_fault,
        status=204,
        may_miss=True,
    ),
    Call(
        "POST",
        "approve",
        "Agree on the consent page, as a person would.",
        actions.approve,
        Object(Decision),
        Object(Callback),
        may_stay=True,
    ),
    Call(
        "POST",
        "deny",
        "Cancel on the consent page, as a person would.",
        actions.deny,
        Object(Decision),
        Object(Callback),
        may_stay=True,
    ),
    Call(
        "GET",
        "requests",
        "What programs asked for, oldest first; secrets are left out.",
        actions.show_requests,
        None,
        Many(Object(ShownRequest), list),
    ),
    Call(
        "DELETE", "requests", "Begin a new list of requests.", actions.forget_requests, status=204
    ),
    Call(
        "POST", "accounts", "Add an account.", registry.add_account, Object(Account), ACCOUNT, 201
    ),
    Call(
        "PATCH",
        "accounts/{hub_id}",
        "Change an account. Tokens that are out follow it, with the scopes they were granted.",
        registry.change_account,
        Object(Account, partial=True, without=("hub_id",)),
        ACCOUNT,
        may_miss=True,
    ),
    Call(
        "PATCH",
        "accounts/{hub_id}/users/{user_id}",
        "Change somebody in an account.",
        registry.change_user,
        Object(User, partial=True, without=("user_id",)),
        ACCOUNT,
        may_miss=True,
    ),
    Call("POST", "apps", "Add an app.", registry.add_app, Object(App), Object(ShownApp), 201),
    Call(
        "POST",
        "uninstall",
        "Take an app out of an account, or all of them: its refresh tokens there end.",
        registry.uninstall,
        Object(Uninstall),
        Object(Uninstalled),
    ),
    Call(
        "POST",
        "expire",
        "Let access tokens be past their time: one, an account's, or all.",
        registry.expire,
        Object(Expire),
        Object(Expired),
    ),
    Call("POST", "reset", "Be as at the start.", actions.reset, Object(Empty), status=204),
)
