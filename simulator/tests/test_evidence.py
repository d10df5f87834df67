"""The evidence in the API's tables."""

from portalkey_simulator import TOKEN_REFUSALS, Switches
from portalkey_simulator.api.api_behaviours import BEHAVIOURS
from portalkey_simulator.world.evidence import Evidence


def test_behaviours_of_the_api() -> None:
    """Each is a sentence, told once, and what is no presumption can be looked up."""
    assert len({each.says for each in BEHAVIOURS}) == len(BEHAVIOURS)
    for each in BEHAVIOURS:
        assert each.says.endswith("."), each.says
        assert not each.because or each.because.endswith("."), each.because
        assert each.source or each.evidence is Evidence.PRESUMED, each.says


def test_refusals() -> None:
    """Each row rests on something or says what is presumed, and its switch is one."""
    switches = Switches()
    for row in TOKEN_REFUSALS.values():
        assert row.source or row.evidence is Evidence.PRESUMED, row.status
        assert row.presumed or row.source.startswith("https://"), row.status
        if row.status_switch:
            assert getattr(switches, row.status_switch) == row.http_status
