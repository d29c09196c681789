"""D5 and D6: ranks pack what order needs, and control's clock refuses what is not whole nanoseconds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import clock
from sim.clock import ControlClock, ControlPhase, Phase, arrival_rank, control_rank, rank

places = st.tuples(st.sampled_from(list(Phase)), st.integers(0, (1 << 40) - 1), st.integers(0, clock.CALLS_MAX))


@given(places, places)
def test_rank_sorts_by_phase_request_and_call(one, other):
    """D5: as the tuple does, and it fits a signed 64-bit word above SimPy's own priorities."""
    assert (rank(*one) < rank(*other)) == (one < other)
    assert (rank(*one) == rank(*other)) == (one == other)
    assert 2 <= rank(*one) < 1 << 62


@given(*[st.tuples(st.integers(0, 1000), st.integers(0, (1 << 40) - 1))] * 2)
def test_arrival_rank_sorts_by_workload_and_user(one, other):
    """D5: arrivals come after everything else of their instant."""
    assert (arrival_rank(*one) < arrival_rank(*other)) == (one < other)
    assert rank(clock.DELIVERED, (1 << 40) - 1, clock.CALLS_MAX) < arrival_rank(*one) < 1 << 62


def test_the_order_of_phases():
    """D5: as SEMANTICS lists them; a list to be changed with its version only."""
    assert [phase.name for phase in sorted(Phase)] == [
        "WORKED", "REPLIED", "TIMED_OUT", "EXPIRED", "RETRIED", "DELIVERED", "ARRIVED", "CALLED_OFF", "CONNECTED", "WAITED",
        "OUTRUN", "PROBED"]  # fmt: skip
    assert [phase.name for phase in sorted(ControlPhase)] == ["FAULT", "PLATFORM", "CONFIG", "SCRAPE", "MESSAGE", "WAKE", "COUNCIL"]


names = st.text(st.characters(min_codepoint=97, max_codepoint=122), max_size=20)


@given(*[st.tuples(st.sampled_from(list(ControlPhase)), names)] * 2)
def test_control_rank_sorts_by_phase_and_name(one, other):
    """D6: so adding an agent reorders nobody."""
    assert (control_rank(*one) < control_rank(*other)) == (one < other)


def test_control_acts_in_order_of_phase_and_name():
    """D6: whoever asked first."""
    control, done = ControlClock(), []
    for phase, name in [("WAKE", "b"), ("WAKE", "a"), ("FAULT", "z"), ("SCRAPE", "m"), ("MESSAGE", "q"), ("PLATFORM", "p")]:
        control.at(5, ControlPhase[phase], name, lambda name=name: done.append(name))
    control.after(3, ControlPhase.WAKE, "early", lambda: done.append("early"))
    control.env.run(until=10)
    assert done == ["early", "z", "p", "m", "q", "a", "b"]


@pytest.mark.parametrize("time", [1.0, True, "1"])
def test_control_time_is_whole(time):
    """D4: a float is refused, however round."""
    with pytest.raises(TypeError, match="int nanoseconds"):
        ControlClock().at(time, ControlPhase.WAKE, "a", lambda: None)
    with pytest.raises(TypeError, match="int nanoseconds"):
        ControlClock().after(time, ControlPhase.WAKE, "a", lambda: None)


def test_control_does_not_act_in_the_past():
    """D4: before now is refused with both times."""
    with pytest.raises(ValueError, match="-1 ns is before now, 0 ns"):
        ControlClock().at(-1, ControlPhase.WAKE, "a", lambda: None)
