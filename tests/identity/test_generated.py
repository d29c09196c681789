"""Generated worlds: whatever a scenario and a control plane do, both engines give the same trace."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios.schema.scenario import Scenario
from sim import commands as c
from sim.build import build_plane
from sim.fast import engine as fast
from sim.laws.retrying import OK
from sim.plane import DataPlane
from sim.trace import ARRIVED, FINISHED, first_difference
from tests.conservation import assert_conserved
from tests.identity.worlds import HORIZON_MS, MS, Act, play, scenarios, scripts

UNTIL_NS = HORIZON_MS * MS
WORLDS = settings(max_examples=60, deadline=None, derandomize=True,
                  suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip


@WORLDS
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_engines_agree_to_the_row(data: st.DataObject, seed: int) -> None:
    """D8: on generated worlds both engines emit the same rows, spans, counters and digest."""
    agree(data, seed)


@pytest.mark.slow
@settings(WORLDS, max_examples=1000)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_engines_agree_on_a_thousand(data: st.DataObject, seed: int) -> None:
    """D8: the same, on many more."""
    agree(data, seed)


def agree(data: st.DataObject, seed: int) -> None:
    """Both engines live the same life in a world that is drawn."""
    scenario = data.draw(scenarios())
    script = data.draw(scripts(scenario))
    share, tail = data.draw(st.sampled_from([(0.5, False), (0.5, True), (1.0, True)]))
    planes = [play(build_plane(scenario, seed, engine, span_share=share, span_tail=tail, record=True), script, UNTIL_NS)
              for engine in ("reference", "fast")]  # fmt: skip
    assert_same(*planes)
    for plane in planes:
        assert_conserved(plane.observe(), plane.layout)


@settings(WORLDS, max_examples=20)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_the_tail_is_a_part_of_all(data: st.DataObject, seed: int) -> None:
    """M4: the tail's spans are all spans of the requests that the trace shows to be bad, wherever advances are cut."""
    scenario = data.draw(scenarios())
    script = data.draw(scripts(scenario))
    stops = tuple(data.draw(st.lists(st.integers(0, UNTIL_NS), max_size=6)))
    for engine in ("reference", "fast"):
        every = play(build_plane(scenario, seed, engine, span_share=1.0, record=True), script, UNTIL_NS)
        tail = play(build_plane(scenario, seed, engine, span_share=1.0, span_tail=True), script, UNTIL_NS, stops)
        bad = bad_requests(every)
        for spans, some in ((every.take_spans(), tail.take_spans()), (every.open_spans(), tail.open_spans())):
            assert sorted(some.tolist()) == sorted(spans[np.isin(spans["request"], bad)].tolist())
        assert tail.digest() == every.digest()


def bad_requests(plane: DataPlane) -> list[int]:
    """Numbers of the requests that failed or took longer than their class's objective, by the rows."""
    rows = plane.take_rows()
    arrived = {row.request: row.time_ns for row in rows if row.kind == ARRIVED}
    return [row.request for row in rows if row.kind == FINISHED and (
        row.value != OK or row.time_ns - arrived[row.request] > plane.layout.good_ns(row.place))]  # fmt: skip


@settings(WORLDS, max_examples=20)
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


@pytest.mark.parametrize("is_drained", [False, True])
def test_a_request_of_more_spans_than_places(is_drained: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """M4: 3,000 spans of one request are written when it fails, through a buffer of fewer places."""
    monkeypatch.setattr(fast, "SPANS_HELD", 100)
    scenario = Scenario.model_validate({
        "version": 1, "name": "greedy", "duration": "4s",
        "services": {"door": {"endpoints": {"in": [{"call": "hall.stay", "repeat": 3000}, {"call": "void.stay"}]}},
                     "hall": {"endpoints": {"stay": [{"work": "1us"}]}}, "void": {"replicas": 0, "endpoints": {"stay": [{"work": "1us"}]}}},
        "workload": {"crowd": {"entry": "door.in", "arrivals": {"constant": "100/s"}}},
    })  # fmt: skip
    script = [Act(0, c.PodReady(name, 0, "local")) for name in ("door", "hall")]
    taken: dict[str, list[Any]] = {}
    for engine in ("reference", "fast"):
        plane, parts = build_plane(scenario, 1, engine, span_share=1.0, span_tail=True), taken.setdefault(engine, [])
        if is_drained:
            plane.drain_spans(lambda some, parts=parts: parts.append(some.copy()))
        play(plane, script, 35 * MS)
        parts.append(plane.take_spans())
    assert np.concatenate(taken["fast"]).tolist() == np.concatenate(taken["reference"]).tolist()
    assert [(span["request"], span["call"]) for span in np.concatenate(taken["fast"])] == [
        (request, call) for request in range(3) for call in [*range(1, 3002), 0]]  # fmt: skip
    assert not is_drained or max(map(len, taken["fast"])) < 2000
