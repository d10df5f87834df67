"""All checks, in groups: one that breaks ends no other."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from portalkey.cli.doctor.hubspot import check_hubspot, now
from portalkey.cli.doctor.project import check_project
from portalkey.cli.doctor.settings import read_settings
from portalkey.cli.doctor.store import check_store
from portalkey.hubspot.authorities import read_authorities
from portalkey.model.findings import Finding, State, unknown
from portalkey.settings.settings import Settings

_REPORT = "This is a mistake in portalkey; please report it."
Groups = Mapping[str, Sequence[Finding]]


def look(env_file: Path, folder: Path, *, is_public: bool) -> Groups:
    """Return the findings of each group.

    Args:
        env_file: The file of settings; it may be missing.
        folder: The project, whose files are looked through.
        is_public: True where the app is asked at its public address, too.
    """
    settings, findings = read_settings(env_file)
    groups: dict[str, Sequence[Finding]] = {"Settings": findings}
    if settings is None:
        groups["Everything else"] = [
            unknown(
                "everything", "Nothing else was looked at, as that needs settings that can be used."
            )
        ]
        return groups
    for title, check in _checks(settings, folder, is_public=is_public).items():
        groups[title] = run(check)
    return groups


def _checks(
    settings: Settings, folder: Path, *, is_public: bool
) -> Mapping[str, Callable[[], Iterable[Finding]]]:
    checks: dict[str, Callable[[], Iterable[Finding]]] = {
        "Store": lambda: check_store(settings),
        "HubSpot": lambda: check_hubspot(settings),
        "Project": lambda: check_project(settings, folder, now().date()),
    }
    if is_public:
        # Imported here: nothing else needs the routes of our pages.
        from portalkey.cli.doctor.browser import open_browser  # noqa: PLC0415 - see above
        from portalkey.cli.doctor.public import check_public  # noqa: PLC0415 - see above

        def check() -> Iterable[Finding]:
            authorities = read_authorities(settings.ca_file)
            return check_public(settings, open_browser(settings.public_url, authorities))

        checks["Public address"] = check
    return checks


def run(check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return what *check* finds, up to where it breaks."""
    findings: list[Finding] = []
    try:
        findings.extend(check())
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks go on
        kind = type(error).__name__  # its words may quote a secret
        findings.append(unknown("doctor", f"A check broke off ({kind}).", _REPORT))
    return findings


def judge(groups: Groups) -> str:
    """Return the judgement in one sentence."""
    findings = [each for group in groups.values() for each in group]
    problems = [each for each in findings if each.state is State.PROBLEM]
    warnings = sum(each.state is State.WARNING for each in findings)
    unseen = sum(each.state is State.UNKNOWN for each in findings)
    beside = f"{_count(warnings, 'warning')}, {unseen} not looked at"
    if problems:
        have = "has" if len(problems) == 1 else "have"
        return f"{_count(len(problems), 'thing')} {have} to be done ({beside})."
    if warnings or unseen:
        return f"Nothing has to be done; {_count(len(findings), 'check')}, {beside}."
    return f"All is well: {_count(len(findings), 'check')}."


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
