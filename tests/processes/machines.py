"""Two machines: two networks that meet at a third, where they can be made; else two groups.

In either form they share neither lock files nor clocks: the second one's own is an hour off.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from portalkey_simulator import HubSpot
from processes.crew import Crew, Member
from processes.plan import Plan
from processes.relay import made_in, relaying

HOUR = 3600.0
NAMESPACES, GROUPS = "network namespaces", "process groups"
_POSTGRES = 5432
_APART = ("unshare", "--net", "--mount", "--")


@dataclass(frozen=True, slots=True)
class Machine:
    """A crew, and how its members work."""

    crew: Crew
    plan: Plan

    def hire(self, **differently: Any) -> Member:
        """One process more on this machine."""
        return self.crew.hire(replace(self.plan, **differently))


def forms() -> list[str]:
    """How two machines can be had here, the truest first."""
    if os.geteuid() or not all(map(shutil.which, ("ip", "unshare", "nsenter"))):
        return [GROUPS]
    probe = [*_APART, "ip", "link", "add", "near", "type", "veth", "peer", "name", "far"]
    done = subprocess.run(probe, capture_output=True, check=False)
    return [GROUPS] if done.returncode else [NAMESPACES, GROUPS]


@contextmanager
def two_machines(
    form: str, plan: Plan, hubspot: HubSpot, folder: Path
) -> Iterator[tuple[Machine, Machine]]:
    """Two machines that see HubSpot and the database of *plan*, in one of the ``forms``."""
    with ExitStack() as stack:
        crews = []
        for number in (1, 2):
            place = folder / f"machine-{number}"
            place.mkdir()
            within = _APART if form == NAMESPACES else ()
            crews.append(stack.enter_context(Crew({"TMPDIR": str(place)}, within)))
        plans = [plan, replace(plan, clock_off=HOUR)]
        if form == NAMESPACES:
            cloud = stack.enter_context(_network())
            for number, crew in enumerate(crews):
                address = f"10.91.{number + 1}"
                _join(cloud, crew.pid, number, address)
                stack.enter_context(_reaching(hubspot, cloud, crew.pid, f"{address}.1"))
                url = stack.enter_context(_serving(plan, cloud, f"{address}.1"))
                update = {"database_url": url, "database_plaintext": True}
                there = plan.settings.model_copy(update=update)
                plans[number] = replace(plans[number], settings=there)
        yield Machine(crews[0], plans[0]), Machine(crews[1], plans[1])


@contextmanager
def _network() -> Iterator[int]:
    """A network of its own, by the id of a process that keeps it."""
    command = ["unshare", "--net", "--", "cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as keeper:
        assert keeper.stdin
        assert keeper.stdout
        keeper.stdin.write(b"\n")
        keeper.stdin.flush()
        keeper.stdout.read(1)  # what answers is within
        yield keeper.pid
        keeper.stdin.close()


def _join(cloud: int, machine: int, number: int, address: str) -> None:
    """Lay a cable between two networks."""
    near = f"machine-{number}"
    for pid, command in (
        (cloud, f"link add {near} type veth peer name cloud netns {machine}"),
        (cloud, f"addr add {address}.1/24 dev {near}"),
        (cloud, f"link set {near} up"),
        (machine, "link set lo up"),
        (machine, f"addr add {address}.2/24 dev cloud"),
        (machine, "link set cloud up"),
    ):
        enter = ["nsenter", f"--net=/proc/{pid}/ns/net", "ip"]
        subprocess.run([*enter, *command.split()], check=True)


@contextmanager
def _reaching(hubspot: HubSpot, cloud: int, machine: int, address: str) -> Iterator[None]:
    """HubSpot at its port of the machine's localhost, by way of the cable."""
    at = (address, hubspot.port)
    inside = ("127.0.0.1", hubspot.port)
    across = partial(made_in, machine, partial(socket.create_connection, at))
    with (
        relaying(
            made_in(cloud, partial(socket.create_server, at)),
            partial(socket.create_connection, inside),
        ),
        relaying(made_in(machine, partial(socket.create_server, inside)), across),
    ):
        yield


@contextmanager
def _serving(plan: Plan, cloud: int, address: str) -> Iterator[str]:
    """The URL of the database of *plan* at an *address* of the cloud."""
    named = {"user": "postgres"} | conninfo_to_dict(plan.settings.database_url)
    listener = made_in(cloud, partial(socket.create_server, (address, _POSTGRES)))
    with relaying(listener, partial(_to_postgres, dict(named))):
        there = {**named, "host": address, "port": _POSTGRES}
        yield f"postgresql://?{urlencode(there, quote_via=quote)}"


def _to_postgres(named: Mapping[str, Any]) -> socket.socket:
    host, port = str(named.get("host", "localhost")), int(named.get("port") or _POSTGRES)
    if not host.startswith("/"):
        return socket.create_connection((host, port))
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(f"{host}/.s.PGSQL.{port}")
    return connection
