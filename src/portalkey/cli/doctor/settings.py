"""Checks of the settings by themselves."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from portalkey.errors import BadSettings
from portalkey.hubspot import endpoints
from portalkey.model.findings import Finding, ok, problem, warning
from portalkey.settings.environment import LACKS, LOOKED
from portalkey.settings.settings import Settings
from portalkey.settings.standalone import StandaloneSettings
from portalkey.settings.surroundings import Surroundings
from portalkey.settings.warnings import find_warnings

_OF_VERSION = frozenset({"version_ends", "version_unknown"})


def read_settings(env_file: Path) -> tuple[Settings | None, list[Finding]]:
    """Return the settings, where they can be used, and what there is to say of them."""
    try:
        settings = Settings.from_env(env_file)
    except BadSettings as trouble:
        file = f", or in {env_file}" if env_file.exists() else ""
        to_do = f"Change it where the process gets its environment{file}."
        # Where was looked is no trouble of its own.
        where = [each for each in trouble.problems if each.startswith(LOOKED)]
        others = [each for each in trouble.problems if each not in where]
        return None, [
            problem("settings", each, " ".join(where) if where and LACKS in each else to_do)
            for each in others
        ]
    around = Surroundings.look(env_file)
    standalone = check_standalone(env_file, os.environ)
    return settings, [*check_settings(settings, around), *standalone, check_version(settings)]


def check_standalone(env_file: Path | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield why the standalone app would not start with its own settings, if it would not."""
    try:
        StandaloneSettings.from_env(env_file, environ)
    except BadSettings as trouble:
        to_do = "Change it, as portalkey serve does not start so; an app of your own reads none."
        yield from (problem("settings", each, to_do) for each in trouble.problems)


def check_settings(settings: Settings, around: Surroundings) -> Iterator[Finding]:
    """Yield that the settings can be used, and each warning of theirs."""
    source = "a simulator" if settings.is_simulated else "HubSpot"
    yield ok("settings", f"The settings can be used: {settings.public_url} connects to {source}.")
    for each in find_warnings(settings, around):
        if each.code not in _OF_VERSION:  # which is a check of its own
            what, _, to_do = each.sentence.rpartition("; ")
            yield warning(each.code, f"{what}.", to_do[:1].upper() + to_do[1:])


def check_version(settings: Settings) -> Finding:
    """Tell until when HubSpot supports the version that is asked for."""
    version, ends = settings.api_version, endpoints.ENDS.get(settings.api_version)
    if ends is None:
        sentence = f"HUBSPOT_API_VERSION is {version}, which this portalkey does not know yet."
        to_do = f"Install the newest portalkey, or set it to {endpoints.NEWEST}."
        return warning("api_version", sentence, to_do)
    sentence = f"HUBSPOT_API_VERSION is {version}, which HubSpot supports until {ends}."
    if version == endpoints.NEWEST:
        return ok("api_version", sentence)
    return warning("api_version", sentence, f"Set it to {endpoints.NEWEST}.")
