"""A simulator as a file describes it, in TOML or JSON."""

import datetime as dt
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Protocol

from portalkey_simulator.control.actions import add_rule, check_switch
from portalkey_simulator.control.objects import Object
from portalkey_simulator.control.parsing import BadField, read_json, shortened
from portalkey_simulator.control.request_models import NewFault
from portalkey_simulator.control.schemas import AnyOf, Json, Many, Nothing, Number
from portalkey_simulator.faults.rules import Faults
from portalkey_simulator.world.accounts import ACCOUNTS, Account
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.refusals import TOKEN_REFUSALS
from portalkey_simulator.world.switches import Switches

_JSON = ("what JSON has",)
_PORT = AnyOf((Number(0, 65535, whole=True), Nothing()))


class BadConfig(Exception):
    """The file cannot be used; the text is a sentence with the file, the field, and what may be."""


class Settable(Protocol):
    """A simulator, as far as a file sets it."""

    faults: Faults

    @property
    def switches(self) -> Switches:
        """What can be switched."""


@dataclass(frozen=True)
class Config:
    """What a file says; without ``apps`` there is the ready-made one."""

    port: int | None = None
    seed: int | None = None
    apps: tuple[App, ...] = ()
    accounts: tuple[Account, ...] = ACCOUNTS
    switches: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[NewFault, ...] = ()

    def prepare(self, simulator: Settable) -> None:
        """Set switches and faults."""
        for name, value in self.switches.items():
            setattr(simulator.switches, name, value)
        for each in self.faults:
            add_rule(simulator.faults, each)


@dataclass(frozen=True)
class _File:
    """What may stand in a file; apps and switches are read in a second step."""

    port: Annotated[int | None, _PORT] = None
    seed: int | None = None
    apps: Annotated[tuple[Any, ...], Many(Json(), tuple)] = ()
    accounts: tuple[Account, ...] = ()
    switches: Annotated[Mapping[str, Any], Json()] = field(default_factory=dict)
    faults: tuple[NewFault, ...] = ()


def read_config(path: Path) -> Config:
    """What the file at *path* says: TOML where it is called ``.toml``, and JSON otherwise.

    Raises:
        BadConfig: It cannot be read, or says what cannot be.
    """
    try:
        return _config(Object(_File).read(_content(path), ""), path.parent)
    except BadField as bad:
        raise BadConfig(f"{path}: {bad}.") from None
    except OSError as trouble:
        raise BadConfig(f"{path}: {trouble.strerror}.") from None


def _content(path: Path) -> Mapping[str, Any]:
    text = path.read_bytes()
    if path.suffix.lower() != ".toml":
        return read_json(text, "file")
    try:
        content = tomllib.loads(text.decode())
        _as_in_json(content)
    except (ValueError, RecursionError) as wrong:
        raise BadField("file", f"is not TOML ({wrong})") from None
    return content


def _as_in_json(value: object, where: str = "") -> None:
    """Refuse what TOML has and JSON has not: dates and times, infinities, what is no number."""
    if isinstance(value, dict):
        for name, one in value.items():
            _as_in_json(one, f"{where}.{shortened(name)}".lstrip("."))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            _as_in_json(one, f"{where}[{at}]")
    elif isinstance(value, float) and not math.isfinite(value):
        raise BadField(where, f"cannot be {value}", _JSON)
    elif isinstance(value, dt.date | dt.time):
        raise BadField(where, f"cannot be a {type(value).__name__}", _JSON)


def _config(file: _File, folder: Path) -> Config:
    apps = tuple(_app(given, folder, f"apps[{at}]") for at, given in enumerate(file.apps))
    _all_different("apps", "client_id", [app.client_id for app in apps])
    _all_different("accounts", "hub_id", [account.hub_id for account in file.accounts])
    for name, value in file.switches.items():
        check_switch(name, value, "switches.")
    for at, each in enumerate(file.faults):
        if each.fault == "refusal" and each.refusal not in TOKEN_REFUSALS:
            raise BadField(f"faults[{at}].refusal", "is none of HubSpot's", tuple(TOKEN_REFUSALS))
    accounts = file.accounts or ACCOUNTS
    return Config(file.port, file.seed, apps, accounts, file.switches, file.faults)


def _app(given: Mapping[str, Any], folder: Path, where: str) -> App:
    """An app, all of it given, or as the project file says that ``hsmeta`` names."""
    if "hsmeta" not in given:
        app: App = Object(App).read(given, where)
        return app
    rest = {name: value for name, value in given.items() if name != "hsmeta"}
    values = Object(App, partial=True).read(rest, where)
    for name in ("client_id", "client_secret"):
        if name not in values:
            raise BadField(f"{where}.{name}", "is missing", ("a text",))
    try:
        return App.from_hsmeta(folder / str(given["hsmeta"]), **values)
    except (ValueError, OSError) as wrong:
        raise BadField(f"{where}.hsmeta", f"does not do: {wrong}") from None


def _all_different(where: str, name: str, values: Sequence[object]) -> None:
    for at, value in enumerate(values):
        if value in values[:at]:
            raise BadField(f"{where}[{at}].{name}", "is given more than once")
