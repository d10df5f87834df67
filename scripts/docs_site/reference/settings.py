"""Settings: each variable with its default and what it decides, from the fields and their docstrings."""

from collections.abc import Mapping
from functools import cache

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from docs_site.markdown import anchor, code, from_docstring
from docs_site.reference.source import attribute_docs
from portalkey.errors import BadSettings
from portalkey.settings import Settings, environment, standalone
from portalkey.settings.webhook import WebhookSettings

_OF_OPERATOR = "The name of whoever types a command, for the audit; by default their login name on the machine."


def names() -> list[str]:
    """Return every variable that is read."""
    return [*fields(), *sorted(standalone.NAMES), *environment.OF_COMMANDS, *environment.FILES]


def anchors() -> Mapping[str, str]:
    """Return the anchor of each variable."""
    return {name: _anchor(name) for name in names()}


def render() -> str:
    """Return the page."""
    return (
        "# Settings, each by itself\n\nEach variable of the environment, and the argument of `portalkey.Settings` that "
        "stands for it. How they are written, and what goes with what, stands in [Settings](settings.md).\n\n"
        + "".join(_entry(name, attribute, field) for name, (attribute, field) in fields().items())
        + "## Of the standalone app\n\n`portalkey serve` and `portalkey demo` alone read these.\n\n"
        + "".join(_standalone(name, said) for name, said in standalone_docs().items())
        + "## Of commands\n\nThe command line alone reads it.\n\n"
        + _standalone(environment.OPERATOR, _OF_OPERATOR)
        + "## Files in place of secrets\n\nEach names a file that holds what the variable without `_FILE` would.\n\n"
        + "".join(
            f"{anchor(_anchor(name))}### {name}\n\nA file that holds {code(name.removesuffix('_FILE'))}.\n\n"
            for name in environment.FILES
        )
    )


def fields() -> dict[str, tuple[str, FieldInfo]]:
    """Return attribute and field of each variable of ``Settings``."""
    inherited = WebhookSettings.model_fields
    found = sorted(Settings.model_fields.items(), key=lambda each: each[0] in inherited)
    return {str(field.alias): (name, field) for name, field in found}


def _anchor(name: str) -> str:
    return f"setting-{name.lower().replace('_', '-')}"


def describe(field: FieldInfo) -> str:
    """Return what a *field*'s docstring says of it; empty where it has none."""
    return from_docstring(field.description or "")


def _entry(name: str, attribute: str, field: FieldInfo) -> str:
    facts = f"Argument {code(attribute)}; default: {_default(name, field)}."
    return f"{anchor(_anchor(name))}## {name}\n\n{describe(field)}\n\n{facts}\n\n"


@cache
def _required() -> frozenset[str]:
    """Return the variables without which nothing starts."""
    try:
        Settings()
    except BadSettings as trouble:
        return frozenset(problem.split()[0] for problem in trouble.problems)
    return frozenset()


def _default(name: str, field: FieldInfo) -> str:
    if name in _required():
        return "none, it is required"
    if field.default_factory is not None:
        return "the program's name"
    value = field.default
    if isinstance(value, SecretStr) or value in ("", (), None):
        return "none"
    if isinstance(value, bool):
        return code("on" if value else "off")
    return code(" ".join(map(str, value)) if isinstance(value, tuple) else value)


def standalone_docs() -> Mapping[str, str]:
    """Return what each variable of the standalone app decides; empty where nothing says so."""
    docs = attribute_docs(standalone.StandaloneSettings)
    return {name: docs[standalone.attribute_of(name)] for name in sorted(standalone.NAMES)}


def _standalone(name: str, said: str) -> str:
    return f"{anchor(_anchor(name))}### {name}\n\n{from_docstring(said)}\n\n"
