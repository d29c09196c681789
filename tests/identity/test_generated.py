"""Generated worlds: whatever a scenario and a control plane do, both engines give the same trace."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios.schema.scenario import Scenario
from sim import commands as c
from sim.build import build_plane
from sim.plane import DataPlane
from sim.trace import first_difference
from tests.conservation import assert_conserved
from tests.identity.worlds import HORIZON_MS, MS, Act, play, scenarios, scripts

UNTIL_NS = HORIZON_MS * MS
WORLDS = settings(max_examples=250, deadline=None, derandomize=True,
                  suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip


@WORLDS
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_engines_agree_to_the_row(data: st.DataObject, seed: int) -> None:
    """D8: on generated worlds both engines emit the same rows, spans, counters and digest."""
    scenario = data.draw(scenarios())
    script = data.draw(scripts(scenario))
    share, tail = data.draw(st.sampled_from([(0.5, False), (0.5, True), (1.0, True)]))
    planes = [play(build_plane(scenario, seed, engine, span_share=share, span_tail=tail, record=True), script, UNTIL_NS)
              for engine in ("reference", "fast")]  # fmt: skip
    assert_same(*planes)
    for plane in planes:
        assert_conserved(plane.observe(), plane.layout)


@settings(WORLDS, max_examples=60)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_any_partition_gives_the_same_digest(data: st.DataObject, seed: int) -> None:
    """D6: where advances are cut does not matter, on either engine, and a fork goes on as its origin does."""
    scenario = data.draw(scenarios())
    script = data.draw(scripts(scenario))
    stops = tuple(data.draw(st.lists(st.integers(0, UNTIL_NS), max_size=12)))
    whole = play(build_plane(scenario, seed, "fast"), script, UNTIL_NS).digest()
    for engine in ("reference", "fast"):
        assert play(build_plane(scenario, seed, engine), script, UNTIL_NS, stops).digest() == whole
        assert forked(build_plane(scenario, seed, engine), script, UNTIL_NS // 2).digest() == whole


def forked(plane: DataPlane, script: list[Act], at_ns: int) -> DataPlane:
    """Play until a time, fork, spoil the origin, and finish the fork."""
    play(plane, [act for act in script if act.at_ns < at_ns], at_ns)
    twin = plane.fork()
    plane.advance(UNTIL_NS)
    return play(twin, [act for act in script if act.at_ns >= at_ns], UNTIL_NS)


def assert_same(one: DataPlane, other: DataPlane) -> None:
    """Two planes have lived the same life."""
    rows, others = one.take_rows(), other.take_rows()
    at = first_difference(rows, others)
    assert at is None, f"row {at}:\n" + "\n".join(f"{a!s:<90} | {b}" for a, b in zip(
        rows[max(0, (at or 0) - 6) : (at or 0) + 3], others[max(0, (at or 0) - 6) : (at or 0) + 3], strict=False))
    assert one.digest() == other.digest()
    assert one.take_spans().tolist() == other.take_spans().tolist()
    assert one.open_spans().tolist() == other.open_spans().tolist()
    a, b = one.observe(), other.observe()
    for field in dataclasses.fields(a):
        assert np.array_equal(getattr(a, field.name), getattr(b, field.name)), field.name


@pytest.mark.parametrize("latency", ["0ms", "2ms", {"exponential": "2ms"}])
def test_a_pod_dies_with_thousands_inside(latency: object) -> None:
    """D13: whatever the network, both engines tell every one of three thousand callers, in the same order."""
    scenario = Scenario.model_validate({
        "version": 1, "name": "crowded", "duration": "4s", "network": {"same_zone": latency},
        "services": {"door": {"endpoints": {"in": [{"parallel": [{"call": "hall.stay"}, {"wait": "3s"}]}]}},
                     "hall": {"endpoints": {"stay": [{"wait": "3s"}]}}},
        "workload": {"crowd": {"entry": "door.in", "arrivals": {"poisson": "1500/s"}}},
    })  # fmt: skip
    script = [Act(0, c.PodReady("door", 0, "local")), Act(0, c.PodReady("hall", 0, "local")),
              Act(2000 * MS, c.PodGone("hall", 0)), Act(2001 * MS, c.PodGone("door", 0))]  # fmt: skip
    planes = [play(build_plane(scenario, 1, engine, span_share=0.1, record=True), script, 4000 * MS)
              for engine in ("reference", "fast")]  # fmt: skip
    assert_same(*planes)
    for plane in planes:
        assert_conserved(plane.observe(), plane.layout)
