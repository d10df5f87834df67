"""``docs/fidelity.md``, made from the tables that the simulator itself reads.

::

    python -m portalkey_simulator.fidelity > docs/fidelity.md
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields

from portalkey_simulator.api.api_behaviours import BEHAVIOURS as OF_THE_API
from portalkey_simulator.faults.fault_kinds import KINDS, PLACES
from portalkey_simulator.pages.page_behaviours import BEHAVIOURS as OF_THE_PAGES
from portalkey_simulator.pages.sentences import SENTENCES
from portalkey_simulator.world.accounts import LACKING
from portalkey_simulator.world.evidence import Behaviour, Evidence
from portalkey_simulator.world.field_values import allowed
from portalkey_simulator.world.refusals import TOKEN_REFUSALS
from portalkey_simulator.world.switches import GROUPS, Switches, behaviours

UNKNOWN: Mapping[str, tuple[str, ...]] = {
    "Whether somebody who cancels is sent back, and with which `error`": (
        "cancel_sends",
        "cancel_error",
    ),
    "Whether PKCE is enforced for an ordinary app": ("pkce",),
    "How long a code lives, and what one that is used again does": (
        "code_seconds",
        "reuse_ends_tokens",
    ),
    "The HTTP status of a wrong client id or secret": ("bad_client_status",),
    "Whether the token endpoints read JSON, or Basic authentication": (
        "json_bodies",
        "basic_authentication",
    ),
    "Which `Cross-Origin-Opener-Policy` HubSpot's pages send": (
        "consent_opener_policy",
        "refusal_opener_policy",
        "redirect_opener_policy",
        "sign_in_opener_policy",
        "opener_policies_report_only",
    ),
    "What becomes of old access tokens on refresh, revocation and uninstall": (
        "refresh_ends_access",
        "revoke_ends_access",
        "uninstall_ends_access",
    ),
    "Whether an ordinary grant tells `user_id` and `id_token`": ("sends_user_id", "sends_id_token"),
    "The HTTP status of `BAD_HUB`": ("bad_hub_status",),
    "The limit of the token endpoints": ("token_requests_per_second",),
    "Which scope account info needs": ("account_info_scope",),
    "How a redirect URI is compared": ("redirect_match",),
    "Whether `oauth` is required of every new app": ("oauth_required",),
    "The hosts of hublets beyond `na1` and `eu1`": (),
}
"""What nobody outside of HubSpot knows, and the switches that are for it."""

_INTRODUCTION = """\
# How true the simulator is

Written by `make fidelity`, from the tables that the simulator reads.

Each behaviour rests on one of three:

- **documented**: HubSpot says so, in the documentation that is linked.
- **captured**: somebody published what HubSpot answered.
- **presumed**: nothing public shows it; it is the best guess.

The values of a switch are set in Python (`hubspot.switches.NAME = value`), by the marker of the
pytest plugin, or over the control API; [Testing](testing.md) tells how.
The default comes first. Nothing here was tried against HubSpot itself."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table, and what it rests on."""

    evidence: Evidence
    cells: tuple[str, ...]


def fidelity_page() -> str:
    """The page, in Markdown."""
    sections = dict(_sections())
    counts = Counter(line.evidence for lines in sections.values() for line in lines[1])
    told = ", ".join(f"{counts[each]} {each}" for each in Evidence)
    lines = [_INTRODUCTION, "", f"**{counts.total()} behaviours: {told}.**"]
    lines += ["", "## Still unknown", "", "One developer test account would settle these.", ""]
    lines += [f"- {question}{_switches_for(names)}" for question, names in UNKNOWN.items()]
    for title, (header, rows) in sections.items():
        lines += ["", f"## {title}", "", *_table(header, (row.cells for row in rows))]
    lines += ["", *_faults()]
    return "\n".join(lines) + "\n"


def _sections() -> Iterator[tuple[str, tuple[tuple[str, ...], list[Line]]]]:
    """Every table with evidence: its title, header and rows."""
    title = ""
    groups: dict[str, list[Line]] = {}
    for name, line in _switched():
        title = GROUPS.get(name, title)
        groups.setdefault(title, []).append(line)
    for title, lines in groups.items():
        yield title, (("what it does", "evidence", "switch and its values"), lines)
    yield "More of the pages", (_FIXED, [_fixed(each) for each in OF_THE_PAGES])
    yield "More of the API", (_FIXED, [_fixed(each) for each in OF_THE_API])
    yield "Where a journey ends on HubSpot's page", (("it says", "when", "evidence"), _sentences())
    yield (
        "How the token endpoints refuse",
        (("`status`", "HTTP", "`error`", "`message`", "evidence"), _refusals()),
    )
    yield "What a tier cannot grant", (("tier", "scopes", "evidence"), _tiers())


_FIXED = ("what it does", "evidence")


def _switched() -> Iterator[tuple[str, Line]]:
    """Every switch by its name."""
    told = behaviours()
    for each in fields(Switches):
        behaviour = told[each.name]
        default = _value(each.default)
        values = [value for words in allowed(Switches, each.name) for value in _split(words)]
        others = [_coded(value) for value in values if value != default]
        switch = f"`{each.name}`: **{_coded(default)}**, {', '.join(others)}"
        cells = (_words(behaviour), _evidence(behaviour.evidence, behaviour.source), switch)
        yield each.name, Line(behaviour.evidence, cells)


def _fixed(behaviour: Behaviour) -> Line:
    cells = (_words(behaviour), _evidence(behaviour.evidence, behaviour.source))
    return Line(behaviour.evidence, cells)


def _sentences() -> list[Line]:
    return [
        Line(each.evidence, (each.says, each.when, _evidence(each.evidence, each.source)))
        for each in SENTENCES.values()
    ]


def _refusals() -> list[Line]:
    return [
        Line(
            each.evidence,
            (
                f"`{each.status}`",
                f"{each.http_status}"
                + (f" (switch `{each.status_switch}`)" if each.status_switch else ""),
                f"`{each.error}`",
                each.message,
                _evidence(each.evidence, each.source)
                + (f"; presumed: {each.presumed}" if each.presumed else ""),
            ),
        )
        for each in TOKEN_REFUSALS.values()
    ]


def _tiers() -> list[Line]:
    # That tiers lack scopes is documented; which lacks which is not.
    return [
        Line(Evidence.PRESUMED, (tier, _names(scopes) or "none", Evidence.PRESUMED))
        for tier, scopes in LACKING.items()
    ]


def _faults() -> list[str]:
    kinds = [(f"`{kind}`", says) for kind, says in KINDS.items()]
    places = [(f"`{place}`", says) for place, says in PLACES.items()]
    return [
        "## What goes wrong on demand",
        "",
        *_table(("fault", "what happens"), kinds),
        "",
        *_table(("place", "what is meant"), places),
    ]


def _switches_for(names: Iterable[str]) -> str:
    return f": {_names(names, in_order=True)}" if names else ""


def _names(names: Iterable[str], *, in_order: bool = False) -> str:
    return ", ".join(f"`{each}`" for each in (names if in_order else sorted(names)))


def _words(behaviour: Behaviour) -> str:
    return f"{behaviour.says} {behaviour.because}".strip()


def _evidence(evidence: Evidence, source: str) -> str:
    if source.startswith("https://"):
        return f"{evidence} ([source]({source}))"
    return f"{evidence}: {source}" if source else f"{evidence}"


def _value(value: object) -> str:
    """A value as JSON has it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else f"{value}"


def _split(words: str) -> list[str]:
    return words.split(", ") if words == "true, false" else [words]


def _coded(value: str) -> str:
    """The value as code, unless words describe it."""
    return value if " " in value else f"`{value}`"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = tuple(header)
    yield f"| {' | '.join(names)} |"
    yield f"| {' | '.join('---' for _ in names)} |"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |"


if __name__ == "__main__":
    print(fidelity_page(), end="")  # noqa: T201 - it is for a file
