"""Every operation of the control API, as a table: routes and document go by it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portalkey_simulator.control import actions, registry
from portalkey_simulator.control.dependencies import Arguments, Dependencies
from portalkey_simulator.control.objects import Object
from portalkey_simulator.control.request_models import (
    Decision,
    Empty,
    Expire,
    Move,
    NewFault,
    NewSecret,
    Uninstall,
)
from portalkey_simulator.control.response_models import (
    AccountView,
    AppView,
    Callback,
    ClockView,
    ExpiredCount,
    RequestView,
    RuleView,
    State,
    UninstalledApps,
)
from portalkey_simulator.control.schemas import Json, JsonSchema, Many, Schema
from portalkey_simulator.world.accounts import Account, User
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.switches import Switches


class _SwitchesSchema(Json):
    """Switches by their names; their own table says what they can be."""

    def json_schema(self) -> JsonSchema:
        """Return the table of switches, as JSON Schema."""
        return Object(Switches, partial=True).json_schema()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: *answer* is the schema of the body that comes with *status*, if one does.

    *may_miss*: whether its path may lead to nothing; *may_stay*: whether a page may refuse.
    """

    method: str
    path: str
    says: str
    act: Callable[[Dependencies, Arguments], Any]
    body: Schema | None = None
    answer: Schema | None = None
    status: int = 200
    may_miss: bool = False
    may_stay: bool = False

    def match_path(self, path: str) -> dict[str, int] | None:
        """Return the numbers in *path* by their names; None where it is another path."""
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[0-9]{1,16})", self.path)
        match = re.fullmatch(pattern, path, re.ASCII)
        return match and {name: int(number) for name, number in match.groupdict().items()}


SWITCHES, ACCOUNT = _SwitchesSchema(), Object(AccountView)
OPERATIONS = (
    Operation(
        "GET", "state", "Everything that there is to see.", actions.show_state, None, Object(State)
    ),
    Operation(
        "PATCH",
        "switches",
        "Set some switches: all that are named, or none. Answers what all of them are now.",
        actions.set_switches,
        SWITCHES,
        SWITCHES,
    ),
    Operation(
        "POST",
        "clock",
        "Let this many seconds pass at once.",
        actions.move_clock,
        Object(Move),
        Object(ClockView),
    ),
    Operation(
        "POST",
        "faults",
        "Let answers go wrong.",
        actions.add_fault,
        Object(NewFault),
        Object(RuleView),
        201,
    ),
    Operation("DELETE", "faults", "Let everything go well.", actions.clear_faults, status=204),
    Operation(
        "DELETE",
        "faults/{number}",
        "Take one rule away.",
        actions.remove_fault,
        status=204,
        may_miss=True,
    ),
    Operation(
        "POST",
        "approve",
        "Agree on the consent page, as a person would.",
        actions.approve,
        Object(Decision),
        Object(Callback),
        may_stay=True,
    ),
    Operation(
        "POST",
        "deny",
        "Cancel on the consent page, as a person would.",
        actions.deny,
        Object(Decision),
        Object(Callback),
        may_stay=True,
    ),
    Operation(
        "GET",
        "requests",
        "What programs asked for, oldest first; secrets are left out.",
        actions.show_requests,
        None,
        Many(Object(RequestView), list),
    ),
    Operation(
        "DELETE", "requests", "Begin a new list of requests.", actions.forget_requests, status=204
    ),
    Operation(
        "POST", "accounts", "Add an account.", registry.add_account, Object(Account), ACCOUNT, 201
    ),
    Operation(
        "PATCH",
        "accounts/{hub_id}",
        "Change an account. Tokens that are out follow it, with the scopes they were granted.",
        registry.change_account,
        Object(Account, partial=True, without=("hub_id",)),
        ACCOUNT,
        may_miss=True,
    ),
    Operation(
        "PATCH",
        "accounts/{hub_id}/users/{user_id}",
        "Change somebody in an account.",
        registry.change_user,
        Object(User, partial=True, without=("user_id",)),
        ACCOUNT,
        may_miss=True,
    ),
    Operation("POST", "apps", "Add an app.", registry.add_app, Object(App), Object(AppView), 201),
    Operation(
        "POST",
        "secret",
        "Give an app a new client secret; the old one ends now, or after some seconds.",
        registry.rotate_secret,
        Object(NewSecret),
        Object(AppView),
    ),
    Operation(
        "POST",
        "uninstall",
        "Take an app out of an account, or all of them: its refresh tokens there end.",
        registry.uninstall,
        Object(Uninstall),
        Object(UninstalledApps),
    ),
    Operation(
        "POST",
        "expire",
        "Let access tokens be past their time: one, an account's, or all.",
        registry.expire,
        Object(Expire),
        Object(ExpiredCount),
    ),
    Operation("POST", "reset", "Be as at the start.", actions.reset, Object(Empty), status=204),
)
