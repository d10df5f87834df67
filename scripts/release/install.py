"""Install the built wheels as their users do: each extra alone, in an environment of its own.

Under the oldest and the newest Python that is found. An extra has to bring what its part of
portalkey imports. ``make install-check ARGS="flask django"`` tries these extras only.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
USES: Mapping[str, str] = {
    "": "from portalkey import Broker; import portalkey.hubspot.signature",
    "cli": "from portalkey.cli import main; from portalkey.cli.group import cli",
    "django": "import portalkey.django, portalkey.django.apps",
    "fastapi": "from portalkey.fastapi import HubSpotAuth, HubSpotConsole",
    "flask": "from portalkey.flask import HubSpotAuth, HubSpotConsole",
    "metrics": "import portalkey.metrics, prometheus_client",
    "origins": "import publicsuffixlist",
    "postgres": "import psycopg; assert psycopg.pq.__impl__ == 'binary'",
    "server": "import cheroot.wsgi; from portalkey.flask import HubSpotAuth",
    "simulator": "from portalkey_simulator import HubSpot",
    "testing": "import portalkey.testing.plugin, pytest",
}
"""What each extra has to be good for; nothing stands for no extra."""


def main(wanted: Sequence[str]) -> int:
    """Install and use the *wanted* extras, or all; return 1 where one fails."""
    pythons = list(find_pythons())
    failed = 0
    for python in dict.fromkeys([pythons[0], pythons[-1]]):
        for extra in wanted or USES:
            trouble = try_extra(python, extra)
            name = f"portalkey[{extra}]" if extra else "portalkey"
            print(
                f"{Path(python).name:<12} {name:<22} {trouble or 'installed and used'}", flush=True
            )
            failed += bool(trouble)
    return int(failed > 0)


def find_pythons() -> Iterator[str]:
    """Yield a Python of each version that is found, the oldest first."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    for version in VERSIONS:
        places = [
            shutil.which(f"python{version}"),
            *map(str, pyenv.glob(f"{version}.*/bin/python*")),
        ]
        named = [each for each in places if each and each.endswith(f"python{version}")]
        yield from [each for each in named if starts(each)][:1]


def starts(python: str) -> bool:
    """Return whether *python* runs; inactive names of pyenv's do not."""
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0


def try_extra(python: str, extra: str) -> str:
    """Return what went wrong as *extra* was installed and used, or nothing."""
    (wheel,) = DIST.glob("portalkey-*.whl")
    with tempfile.TemporaryDirectory() as folder:
        own = f"{folder}/bin/python"
        uv = [sys.executable, "-m", "uv", "--quiet"]
        name = (
            f"portalkey[{extra}] @ {wheel.as_uri()}" if extra else f"portalkey @ {wheel.as_uri()}"
        )
        for command in (
            [*uv, "venv", "--python", python, folder],
            [*uv, "pip", "install", "--python", own, "--find-links", str(DIST), name],
            [own, "-c", USES[extra]],
        ):
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                return (done.stderr.strip().splitlines() or ["failed without a word"])[-1]
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
