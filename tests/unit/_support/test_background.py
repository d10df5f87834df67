"""Work that nobody waits for."""

import logging
import subprocess
import sys
import threading

import pytest

from portalkey._support.background import Background
from portalkey.errors import StoreBusy


def test_a_name_is_at_work_once() -> None:
    """Whoever comes second is told so, and starts nothing."""
    background, gate, done = Background(), threading.Event(), list[str]()

    def work() -> None:
        gate.wait()
        done.append("x")

    assert background.start("a", work)
    assert not background.start("a", work)
    gate.set()
    background.join()
    assert done == ["x"]
    assert background.start("a", work)
    background.join()


def test_what_is_asked_for_again_is_done_once_more() -> None:
    """Whoever is about to end has looked already; as often as it is asked for meanwhile, once."""
    background, gate, done = Background(), threading.Event(), list[str]()

    def work() -> None:
        gate.wait()
        done.append("x")

    assert background.start("a", work, again=True)
    assert [background.start("a", work, again=True) for _ in range(3)] == [True] * 3
    gate.set()
    assert background.join()
    assert done == ["x"] * 2
    assert background.start("a", work, again=True)
    assert background.join()
    assert done == ["x"] * 3


def test_what_hangs_is_not_waited_for() -> None:
    """Nor does the interpreter's end wait for it, where it may hang."""
    background, gate, seen = Background(is_daemon=True), threading.Event(), list[bool]()

    def hang() -> None:
        seen.append(threading.current_thread().daemon)
        gate.wait()

    assert background.start("a", hang)
    assert not background.join(0.01)
    gate.set()
    assert background.join()
    assert seen == [True]


def test_so_many_at_once() -> None:
    """The next one is not started; nobody has to wait for it."""
    background, gate = Background(at_once=2), threading.Event()

    assert [background.start(str(n), gate.wait) for n in range(3)] == [True, True, False]
    gate.set()
    background.join()


@pytest.mark.parametrize(("error", "told"), [(StoreBusy(), False), (ValueError("oh"), True)])
def test_trouble_ends_there(
    caplog: pytest.LogCaptureFixture, error: Exception, *, told: bool
) -> None:
    """A mistake of ours is logged as one; trouble of the store was told where it came up."""
    background = Background()

    def work() -> None:
        raise error

    with caplog.at_level(logging.ERROR):
        assert background.start("a", work)
        background.join()
    assert bool(caplog.records) == told


def test_the_interpreter_waits_for_it() -> None:
    """What was begun is done before a script ends; nothing is begun after that."""
    script = """
import atexit, threading
from portalkey._support.background import Background
background, gate = Background(), threading.Event()
def work():
    gate.wait()
    print("done", flush=True)
background.start("a", work)
threading._register_atexit(gate.set)
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )

    assert ran.stdout == "done\n"
