"""Real processes in a test's hand: hired, told what to do, and killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any, Self

from processes.plan import Outcome, Plan

PATIENCE = 120.0
_PATH = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])


class Crew:
    """Hires processes, each forked from one that has imported everything.

    *env* is added to what they see of the environment; *within* is a command they run within.
    """

    def __init__(self, env: Mapping[str, str] | None = None, within: Sequence[str] = ()) -> None:
        self._members: list[Member] = []
        self._is_up = False
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [*within, sys.executable, "-W", "error", "-m", "processes.worker"]
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                env={**os.environ, "PYTHONPATH": _PATH, **(env or {})},
                pass_fds=[theirs.fileno()],
            )

    @property
    def pid(self) -> int:
        """The process that forks the others, once it is up."""
        if not self._is_up:
            self._answer()
            self._is_up = True
        return self._process.pid

    def hire(self, plan: Plan) -> "Member":
        """One process more, which works as *plan* says."""
        assert self.pid
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [b"fork"], [theirs.fileno()])
        member = Member(self, self._answer(), Pipe(ours.detach()))
        member.say(plan)
        self._members.append(member)
        return member

    def bury(self, member: "Member") -> int:
        """Wait until *member* is dead, with every file of it closed; its status."""
        self._members.remove(member)
        self._control.send(str(member.pid).encode())
        return self._answer()

    def _answer(self) -> int:
        self._control.settimeout(PATIENCE)
        return int(self._control.recv(100))

    def __enter__(self) -> Self:
        return self

    def leave(self) -> None:
        """Let everybody go home."""
        for member in list(self._members):
            member.leave()

    def __exit__(self, *_: object) -> None:
        self.leave()
        self._control.close()
        self._process.wait(PATIENCE)


class Member:
    """One process of a crew."""

    def __init__(self, crew: Crew, pid: int, pipe: Pipe) -> None:
        self.pid = pid
        self._crew = crew
        self._pipe = pipe

    def say(self, said: Any) -> None:
        """Tell the process something."""
        self._pipe.send(said)

    def hear(self, patience: float = PATIENCE) -> Any:
        """What the process tells; EOFError where it died."""
        assert self._pipe.poll(patience), "the process does not answer"
        return self._pipe.recv()

    def begin(self, name: str, *arguments: object) -> None:
        """Let it do something, and do not wait for it."""
        self.say((name, arguments))

    def end(self, patience: float = PATIENCE) -> Any:
        """What came of that."""
        is_well, done = self.hear(patience)
        assert is_well, done
        return done

    def call(self, name: str, *arguments: object) -> Any:
        """Let it do something; what came of that."""
        self.begin(name, *arguments)
        return self.end()

    def access_token(self, owner: str) -> Outcome:
        """One caller there asks for the token of *owner*."""
        outcome: Outcome = self.call("access_token", owner)
        return outcome

    def is_done(self, within: float) -> bool:
        """True once it has answered or died, looked for no longer than *within* seconds."""
        return self._pipe.poll(within)

    def kill(self) -> None:
        """End it as ``kill -9`` does, and see it dead."""
        os.kill(self.pid, signal.SIGKILL)
        self.bury()

    def bury(self) -> int:
        """See it dead; its status."""
        self._pipe.close()
        return self._crew.bury(self)

    def leave(self) -> None:
        """Let it go home."""
        with suppress(OSError):
            self._pipe.close()
        self._crew.bury(self)
