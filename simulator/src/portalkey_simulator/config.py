"""Read a simulator's config file, in TOML or JSON."""

import datetime as dt
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Protocol

from portalkey_simulator.control.actions import add_rule, check_switch
from portalkey_simulator.control.objects import Object
from portalkey_simulator.control.parsing import BadField, read_json, shorten
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
    """The file cannot be used; the text is a sentence with file, field, and allowed values."""


class Settable(Protocol):
    """The parts of a simulator that a file sets."""

    faults: Faults

    @property
    def switches(self) -> Switches:
        """The switches."""


@dataclass(frozen=True)
class Config:
    """The content of a file; without ``apps`` there is the ready-made one."""

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
    """The fields of a file; apps and switches are read in a second step."""

    port: Annotated[int | None, _PORT] = None
    seed: int | None = None
    apps: Annotated[tuple[Any, ...], Many(Json(), tuple)] = ()
    accounts: tuple[Account, ...] = ()
    switches: Annotated[Mapping[str, Any], Json()] = field(default_factory=dict)
    faults: tuple[NewFault, ...] = ()


def read_config(path: Path) -> Config:
    """Read the file at *path*: TOML where it is called ``.toml``, and JSON otherwise.

    Raises:
        BadConfig: It cannot be read, or a value in it cannot be used.
    """
    try:
        return _build_config(Object(_File).read(_load(path), ""), path.parent)
    except BadField as bad:
        raise BadConfig(f"{path}: {bad}.") from None
    except OSError as trouble:
        raise BadConfig(f"{path}: {trouble.strerror}.") from None


def _load(path: Path) -> Mapping[str, Any]:
    text = path.read_bytes()
    if path.suffix.lower() != ".toml":
        return read_json(text, "file")
    try:
        content = tomllib.loads(text.decode())
        _check_json_values(content)
    except (ValueError, RecursionError) as wrong:
        raise BadField("file", f"is not TOML ({wrong})") from None
    return content


def _check_json_values(value: object, where: str = "") -> None:
    """Refuse values that JSON has not: dates, times, infinities, NaN."""
    if isinstance(value, dict):
        for name, one in value.items():
            _check_json_values(one, f"{where}.{shorten(name)}".lstrip("."))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            _check_json_values(one, f"{where}[{at}]")
    elif isinstance(value, float) and not math.isfinite(value):
        raise BadField(where, f"cannot be {value}", _JSON)
    elif isinstance(value, dt.date | dt.time):
        raise BadField(where, f"cannot be a {type(value).__name__}", _JSON)


def _build_config(file: _File, folder: Path) -> Config:
    apps = tuple(_read_app(each, folder, f"apps[{at}]") for at, each in enumerate(file.apps))
    _check_unique("apps", "client_id", [app.client_id for app in apps])
    _check_unique("accounts", "hub_id", [account.hub_id for account in file.accounts])
    for name, value in file.switches.items():
        check_switch(name, value, "switches.")
    for at, each in enumerate(file.faults):
        if each.fault == "refusal" and each.refusal not in TOKEN_REFUSALS:
            raise BadField(f"faults[{at}].refusal", "is none of HubSpot's", tuple(TOKEN_REFUSALS))
    accounts = file.accounts or ACCOUNTS
    return Config(file.port, file.seed, apps, accounts, file.switches, file.faults)


def _read_app(fields: Mapping[str, Any], folder: Path, where: str) -> App:
    """Read an app from its own fields, or from the project file that ``hsmeta`` names."""
    if "hsmeta" not in fields:
        app: App = Object(App).read(fields, where)
        return app
    rest = {name: value for name, value in fields.items() if name != "hsmeta"}
    values = Object(App, partial=True).read(rest, where)
    for name in ("client_id", "client_secret"):
        if name not in values:
            raise BadField(f"{where}.{name}", "is missing", ("a text",))
    try:
        return App.from_hsmeta(folder / str(fields["hsmeta"]), **values)
    except (ValueError, OSError) as wrong:
        raise BadField(f"{where}.hsmeta", f"does not do: {wrong}") from None


def _check_unique(where: str, name: str, values: Sequence[object]) -> None:
    for at, value in enumerate(values):
        if value in values[:at]:
            raise BadField(f"{where}[{at}].{name}", "is given more than once")
