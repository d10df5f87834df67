"""Goal 12: what an import costs an app that has Flask already."""

import json
import subprocess
import sys
from statistics import median

from bench.report import Result, Row
from bench.workbench import Workbench

_BASE = "flask"
_OURS = "portalkey.flask"
_STATEMENTS = {
    _BASE: "import flask",
    _OURS: "import flask, portalkey.flask",
    "portalkey.flask and Broker": "import flask, portalkey.flask; from portalkey import Broker",
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
        name: [one - base for one, base in zip(each, middle[_BASE], strict=True)]
        for name, each in middle.items()
    }
    seconds, size, _ = over[_OURS]
    return Result(
        goal="G12 import",
        wanted="`import portalkey.flask` adds at most 80 ms and 15 MB to `import flask`",
        is_met=seconds <= 0.08 and size <= 15e6,
        verdict=f"{seconds * 1e3:+.0f} ms, {size / 1e6:+.1f} MB",
        columns=("time", "memory", "modules", "over Flask"),
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


def _imported(statement: str) -> list[float]:
    program = [sys.executable, "-c", _PROGRAM.format(statement=statement)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    told: list[float] = json.loads(done.stdout)
    return told
