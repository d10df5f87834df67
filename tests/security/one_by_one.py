"""Runs tests against copies of the package: ``python one_by_one.py FILE COPY=TESTS ...``.

The last line it prints is the list of exit codes. Libraries are loaded once, before the first fork,
as that takes longer than the tests do; the package itself is loaded from each copy anew.
"""

import importlib
import json
import os
import sys

import pytest

LIBRARIES = (
    "alembic.command",
    "bs4",
    "cheroot.wsgi",
    "cryptography.fernet",
    "flask",
    "httpx2",
    "jinja2",
    "pydantic",
    "sqlalchemy.orm",
)


def exit_code(file: str, copy: str, tests: str) -> int:
    """What pytest ends with in a process of its own, where *copy* comes first."""
    child = os.fork()
    if not child:
        sys.path.insert(0, copy)
        code = pytest.main(["-q", "-p", "no:cacheprovider", "-k", tests, file])
        sys.stdout.flush()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    for each in LIBRARIES:
        importlib.import_module(each)
    # Alembic has loaded the guard of its plugins, and with it a part of the package.
    for name in [each for each in sys.modules if each.partition(".")[0] == "portalkey"]:
        del sys.modules[name]
    file, *runs = sys.argv[1:]
    codes = [exit_code(file, *each.split("=")) for each in runs]
    print(json.dumps(codes))  # noqa: T201 - it is asked for that
