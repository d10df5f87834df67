"""Goal 12: what an import costs an app that has its framework already."""

import json
import subprocess
import sys
from statistics import median

from bench.report import Result, Row
from bench.workbench import Workbench

_BASE = "flask"
_OURS = "portalkey.flask"
_ASGI_BASE = "starlette"
_ASGI_OURS = "portalkey.fastapi"
_DJANGO_BASE = "django"
_DJANGO_OURS = "portalkey.django"
_DJANGO = "import django.contrib.auth.signals, django.core.handlers.base, django.http, django.urls"
_STATEMENTS = {
    _BASE: "import flask",
    _OURS: "import flask, portalkey.flask",
    "portalkey.flask and Broker": "import flask, portalkey.flask; from portalkey import Broker",
    _ASGI_BASE: "import starlette.applications",
    _ASGI_OURS: "import starlette.applications, portalkey.fastapi",
    _DJANGO_BASE: _DJANGO,
    _DJANGO_OURS: f"{_DJANGO}, portalkey.django.apps",
    "Flask-Dance": "import flask, flask_dance.consumer",
    "Flask-Dance with its SQLAlchemy storage": (
        "import flask, flask_sqlalchemy, flask_dance.consumer, flask_dance.consumer.storage.sqla"
    ),
    "Authlib's Flask client": "import flask, authlib.integrations.flask_client",
    "flask, sqlite3, http.client, Fernet": (
        "import flask, sqlite3, http.client, cryptography.fernet"
    ),
}
_PROGRAM = """
import time
began = time.perf_counter()
{statement}
took = time.perf_counter() - began
import sys, json
pages = int(open("/proc/self/statm").read().split()[1])
print(json.dumps([took, pages * 4096, len(sys.modules)]))
"""


def added(bench: Workbench) -> Result:
    """Goal 12."""
    found: dict[str, list[list[float]]] = {name: [] for name in _STATEMENTS}
    for _ in range(bench.times(9, 3) + 1):
        for name, statement in _STATEMENTS.items():
            bench.tell(f"G12 {name}")
            found[name].append(_imported(statement))
    middle = {
        name: [median(each) for each in zip(*runs[1:], strict=True)] for name, runs in found.items()
    }
    over = {
        name: [one - base for one, base in zip(each, middle[_base_of(name)], strict=True)]
        for name, each in middle.items()
    }
    seconds, size, _ = over[_OURS]
    asgi_seconds, django_seconds = over[_ASGI_OURS][0], over[_DJANGO_OURS][0]
    return Result(
        goal="G12 import",
        wanted="Each skin adds at most 30 ms to the import of its framework, and "
        "`portalkey.flask` at most 15 MB",
        is_met=max(seconds, asgi_seconds, django_seconds) <= 0.03 and size <= 15e6,
        verdict=f"Flask {seconds * 1e3:+.0f} ms, {size / 1e6:+.1f} MB; Starlette "
        f"{asgi_seconds * 1e3:+.0f} ms; Django {django_seconds * 1e3:+.0f} ms",
        columns=("time", "memory", "modules", "over the framework"),
        rows=[
            Row(
                name,
                (
                    f"{each[0] * 1e3:.0f} ms",
                    f"{each[1] / 1e6:.1f} MB",
                    f"{each[2]:.0f}",
                    f"{over[name][0] * 1e3:+.0f} ms, {over[name][1] / 1e6:+.1f} MB",
                ),
            )
            for name, each in middle.items()
        ],
        raw={"seconds, bytes, modules": found},
    )


def _base_of(name: str) -> str:
    if name in {_DJANGO_BASE, _DJANGO_OURS}:
        return _DJANGO_BASE
    return _ASGI_BASE if name in {_ASGI_BASE, _ASGI_OURS} else _BASE


def _imported(statement: str) -> list[float]:
    program = [sys.executable, "-c", _PROGRAM.format(statement=statement)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    told: list[float] = json.loads(done.stdout)
    return told
