"""uWSGI, as an app within it sees it."""

import logging
import sys
from types import ModuleType

import pytest

from portalkey._support import uwsgi


def within(
    *, worker: int = 1, mule: int = 0, threads: int = 1, opt: dict[str, object] | None = None
) -> ModuleType:
    """Return uWSGI's module as one of its processes has it."""
    module = ModuleType("uwsgi")
    vars(module).update(
        worker_id=lambda: worker, mule_id=lambda: mule, has_threads=threads, opt=opt or {}
    )
    return module


def test_elsewhere_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a module of that name that is something else."""
    assert uwsgi.find_uwsgi() is None
    monkeypatch.setitem(sys.modules, "uwsgi", ModuleType("uwsgi"))
    assert uwsgi.find_uwsgi() is None
    assert not uwsgi.is_before_fork()
    assert uwsgi.has_threads()
    assert uwsgi.runs_threads()


@pytest.mark.parametrize(
    ("module", "before_fork", "runs"),
    [
        (within(), False, True),
        (within(worker=0), True, False),
        (within(worker=0, mule=1), False, True),
        (within(threads=0), False, False),
        (within(threads=0, opt={"gevent": b"10"}), False, True),
    ],
)
def test_where_threads_run(module: ModuleType, *, before_fork: bool, runs: bool) -> None:
    """In workers and mules; not before the fork, and not without enable-threads."""
    assert uwsgi.is_before_fork(module) is before_fork
    assert uwsgi.runs_threads(module) is runs


def test_missing_threads_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """With what it means and what to set; where threads run there is nothing to say."""
    warner = uwsgi.Warner()
    with caplog.at_level(logging.WARNING):
        warner.warn_of_missing_threads(within())
        assert not caplog.records
        for _ in range(2):
            warner.warn_of_missing_threads(within(threads=0))

    (record,) = caplog.records
    assert "enable-threads" in record.getMessage()
    assert "ahead" in record.getMessage()
