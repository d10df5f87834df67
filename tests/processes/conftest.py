"""What every test with processes needs: a clock and a crew."""

from collections.abc import Iterator

import pytest

from portalkey.settings import Settings
from processes.crew import Crew
from processes.plan import Ahead, Plan


@pytest.fixture
def ahead(tmp_path_factory: pytest.TempPathFactory) -> Ahead:
    """How far the stores' clocks are ahead, in all processes."""
    return Ahead(tmp_path_factory.mktemp("clock") / "ahead")


@pytest.fixture
def plan(settings: Settings, ahead: Ahead) -> Plan:
    """How the processes work, unless a test wants it otherwise."""
    return Plan(settings, ahead.file)


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """Processes of one machine, whose lock files are in a place of their own."""
    with Crew({"TMPDIR": str(tmp_path_factory.mktemp("machine"))}) as crew:
        yield crew


@pytest.fixture
def crew(machine: Crew) -> Iterator[Crew]:
    """Processes of one machine, gone when the test ends."""
    yield machine
    machine.leave()
