"""Write ``docs/fidelity.md`` from the tables that the simulator itself reads.

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
from portalkey_simulator.world.field_values import describe_values
from portalkey_simulator.world.refusals import TOKEN_REFUSALS
from portalkey_simulator.world.switches import GROUPS, Switches, list_behaviours

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
    "How long an old client secret is accepted, and whether a new one ends refresh tokens": (
        "new_secret_ends_tokens",
    ),
    "The hosts of hublets beyond `na1` and `eu1`": (),
}
"""Questions that nobody outside of HubSpot can answer, and the switches for them."""

SOURCES: tuple[tuple[str, str, str], ...] = (
    (
        "2026-10-01",
        "HubSpot's OpenAPI files, as other public repositories quote that state",
        "https://github.com/HubSpot/HubSpot-public-api-spec-collection",
    ),
    (
        "2026-09-25",
        "a live comparison of v1 and 2026-03, by Nango",
        "https://github.com/NangoHQ/nango/issues/7664",
    ),
    (
        "2026-09-10",
        "live use of 2026-09, by usertour",
        "https://github.com/usertour/usertour/pull/490",
    ),
    (
        "2026-08-21",
        "HubSpot's OpenAPI files, read whole: 194 answers of the simulator fit them",
        "https://github.com/HubSpot/HubSpot-public-api-spec-collection",
    ),
    (
        "2026-03-30",
        "HubSpot's guides to OAuth and to errors",
        "https://developers.hubspot.com/docs/api-reference/error-handling",
    ),
    (
        "2017 to 2025-04",
        "a public archive of HubSpot's developer Slack, before the error bodies of 2026",
        "https://github.com/hubspotdev/devslackarchive",
    ),
)
"""By date, the newest first: where two of them differ, the newer one counts."""

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
    """One row of a table, and its evidence."""

    evidence: Evidence
    cells: tuple[str, ...]


def render_page() -> str:
    """Render the page, in Markdown."""
    sections = dict(_build_sections())
    counts = Counter(line.evidence for lines in sections.values() for line in lines[1])
    summary = ", ".join(f"{counts[each]} {each}" for each in Evidence)
    lines = [_INTRODUCTION, "", f"**{counts.total()} behaviours: {summary}.**"]
    lines += ["", "## Still unknown", "", "One developer test account would settle these.", ""]
    lines += [f"- {question}{_render_switches(names)}" for question, names in UNKNOWN.items()]
    lines += ["", "## Which source is newer", ""]
    lines += ["Where two of these differ, the newer one counts.", ""]
    dated = [(date, f"{says} ([source]({url}))") for date, says, url in SOURCES]
    lines += _render_table(("of", "source"), dated)
    for title, (header, rows) in sections.items():
        lines += ["", f"## {title}", "", *_render_table(header, (row.cells for row in rows))]
    lines += ["", *_render_faults()]
    return "\n".join(lines) + "\n"


def _build_sections() -> Iterator[tuple[str, tuple[tuple[str, ...], list[Line]]]]:
    """Build every table with evidence: its title, header and rows."""
    title = ""
    groups: dict[str, list[Line]] = {}
    for name, line in _list_switches():
        title = GROUPS.get(name, title)
        groups.setdefault(title, []).append(line)
    for title, lines in groups.items():
        yield title, (("what it does", "evidence", "switch and its values"), lines)
    yield "More of the pages", (_FIXED, [_behaviour_line(each) for each in OF_THE_PAGES])
    yield "More of the API", (_FIXED, [_behaviour_line(each) for each in OF_THE_API])
    yield (
        "Where a journey ends on HubSpot's page",
        (("it says", "when", "evidence"), _list_sentences()),
    )
    yield (
        "How the token endpoints refuse",
        (("`status`", "HTTP", "`error`", "`message`", "evidence"), _list_refusals()),
    )
    yield "What a tier cannot grant", (("tier", "scopes", "evidence"), _list_tiers())


_FIXED = ("what it does", "evidence")


def _list_switches() -> Iterator[tuple[str, Line]]:
    """List every switch by its name."""
    behaviours = list_behaviours()
    for each in fields(Switches):
        behaviour = behaviours[each.name]
        default = _format_value(each.default)
        values = [
            value for words in describe_values(Switches, each.name) for value in _split_words(words)
        ]
        others = [_format_code(value) for value in values if value != default]
        switch = f"`{each.name}`: **{_format_code(default)}**, {', '.join(others)}"
        cells = (
            _render_behaviour(behaviour),
            _render_evidence(behaviour.evidence, behaviour.source),
            switch,
        )
        yield each.name, Line(behaviour.evidence, cells)


def _behaviour_line(behaviour: Behaviour) -> Line:
    cells = (_render_behaviour(behaviour), _render_evidence(behaviour.evidence, behaviour.source))
    return Line(behaviour.evidence, cells)


def _list_sentences() -> list[Line]:
    return [
        Line(each.evidence, (each.says, each.when, _render_evidence(each.evidence, each.source)))
        for each in SENTENCES.values()
    ]


def _list_refusals() -> list[Line]:
    return [
        Line(
            each.evidence,
            (
                f"`{each.status}`",
                f"{each.http_status}"
                + (f" (switch `{each.status_switch}`)" if each.status_switch else ""),
                f"`{each.error}`",
                each.message,
                _render_evidence(each.evidence, each.source)
                + (f"; presumed: {each.presumed}" if each.presumed else ""),
            ),
        )
        for each in TOKEN_REFUSALS.values()
    ]


def _list_tiers() -> list[Line]:
    # That tiers lack scopes is documented; which lacks which is not.
    return [
        Line(Evidence.PRESUMED, (tier, _render_names(scopes) or "none", Evidence.PRESUMED))
        for tier, scopes in LACKING.items()
    ]


def _render_faults() -> list[str]:
    kinds = [(f"`{kind}`", says) for kind, says in KINDS.items()]
    places = [(f"`{place}`", says) for place, says in PLACES.items()]
    return [
        "## What goes wrong on demand",
        "",
        *_render_table(("fault", "what happens"), kinds),
        "",
        *_render_table(("place", "what is meant"), places),
    ]


def _render_switches(names: Iterable[str]) -> str:
    return f": {_render_names(names, in_order=True)}" if names else ""


def _render_names(names: Iterable[str], *, in_order: bool = False) -> str:
    return ", ".join(f"`{each}`" for each in (names if in_order else sorted(names)))


def _render_behaviour(behaviour: Behaviour) -> str:
    return f"{behaviour.says} {behaviour.because}".strip()


def _render_evidence(evidence: Evidence, source: str) -> str:
    if source.startswith("https://"):
        return f"{evidence} ([source]({source}))"
    return f"{evidence}: {source}" if source else f"{evidence}"


def _format_value(value: object) -> str:
    """Format a value as JSON has it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else f"{value}"


def _split_words(words: str) -> list[str]:
    return words.split(", ") if words == "true, false" else [words]


def _format_code(value: str) -> str:
    """Format the value as code, unless words describe it."""
    return value if " " in value else f"`{value}`"


def _render_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = tuple(header)
    yield f"| {' | '.join(names)} |"
    yield f"| {' | '.join('---' for _ in names)} |"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |"


if __name__ == "__main__":
    print(render_page(), end="")  # noqa: T201 - it is for a file
