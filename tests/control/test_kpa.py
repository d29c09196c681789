"""Knative's pod autoscaler against the figures of Knative's own unit tests, and laws that hold everywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscaling.buckets import Buckets, average, recorded, smoothing, weighted_average
from agents.autoscaling.kpa import SECOND_NS as S
from agents.autoscaling.kpa import DeciderSpec, KpaState, decide, started, targets
from agents.control_plane import ControlPlane
from scenarios.load import loads
from sim.mesh import Mesh

NOW = 1000 * S


def spec(target: float, burst: float = 100, **changes: Any) -> DeciderSpec:
    """As Knative's tests have it: rates of 10, and a target of 75 % of what a pod takes."""
    return replace(DeciderSpec(target, target / 0.75, 10.0, 10.0, 2.0, 60 * S, burst), **changes)


@dataclass(frozen=True)
class Row:
    """A case of TestAutoscalerScale in Knative: what is seen, and what comes."""

    name: str
    spec: DeciderSpec
    stable: float
    panic: float
    ready: int
    scale: int
    state: KpaState = field(default_factory=KpaState)


PANICKING = KpaState(NOW - 5 * S, 5)
SCALE = [
    Row("NoDataAtZero", spec(10), 0, 0, 1, 0),
    Row("StableModeUnlimitedTBC", spec(181, -1), 21, 26, 1, 1),
    Row("0TBC", spec(10, 0), 50, 49, 1, 5),
    Row("StableModeNoChange", spec(10), 50, 50, 1, 5),
    Row("PanicStableLargerThanPanic", spec(1), 50, 30, 5, 50, PANICKING),
    Row("PanicStableLessThanPanic", spec(1), 20, 30, 5, 30, PANICKING),
    Row("StableModeNoChangeAlreadyScaled", spec(10), 50, 50, 5, 5),
    Row("IncreaseWithSmallScaleUpRate", spec(1, 1982, max_scale_up_rate=1.1), 3, 3.1, 2, 3),
    Row("DecreaseWithSmallScaleDownRate", spec(10, 1982, max_scale_down_rate=1.1), 1, 1, 100, 90),
    Row("DecreaseNonReachable", spec(10, 1982, max_scale_down_rate=1.1, is_reachable=False), 1, 1, 100, 1),
    Row("PanicModeDoublePodCount", spec(10, 84), 50, 100, 1, 10),
    Row("UseOnePodAsMinimumIfEndpointsNotFound", spec(10, 81), 1000, 888, 0, 10),
    Row("RateLimitScaleUp", spec(10, 61), 1000, 1001, 1, 10),
    Row("RateLimitScaleDown", spec(10, 61), 1, 1, 100, 10),
    Row("StableModeDecrease", spec(10, 98), 50, 50, 8, 5),
    Row("ActivationScale without traffic", spec(10, 75, activation_scale=2), 0, 0, 1, 0),
    Row("ActivationScale", spec(10, 75, activation_scale=2), 1, 0, 1, 2),
]  # fmt: skip


@pytest.mark.parametrize("row", SCALE, ids=lambda row: row.name)
def test_knatives_own_cases(row: Row) -> None:
    """H11, H12: the pod count, and the burst capacity in excess: ready x total - TBC - panic, with the true ready count."""
    result, _ = decide(row.spec, row.state, row.ready, row.stable, row.panic, NOW)
    burst = row.spec.target_burst_capacity
    excess = math.floor(row.ready * row.spec.total_value - burst - row.panic) if burst > 0 else burst
    assert (result.desired, result.excess_burst_capacity) == (row.scale, excess)


def run(decider: DeciderSpec, *steps: tuple[float, int, float, float]) -> list[tuple[int, int | None]]:
    """(second, ready, stable, panic) after one another: each pod count, and the second of the panic."""
    state, found = KpaState(), []
    for at_s, ready, stable, panic in steps:
        result, state = decide(decider, state, ready, stable, panic, NOW + round(at_s * S))
        found.append((result.desired, None if state.panic_ns is None else (state.panic_ns - NOW) // S))
    return found


def test_a_panic_ends_once_the_stable_window_has_passed() -> None:
    """H12, UnpanicAfterSlowIncrease: below the threshold nothing moves its start; at 62 s it is over."""
    assert run(spec(1, 98), (0, 10, 11, 25), (30, 40, 30, 41), (62, 55, 50, 56)) == [(25, 0), (41, 0), (50, None)]


def test_a_panic_is_extended_while_the_surge_goes_on() -> None:
    """H12, ExtendPanicWindow: 80 over 40 is at the threshold again."""
    assert run(spec(1, 98), (0, 10, 11, 25), (30, 40, 30, 80)) == [(25, 0), (80, 30)]


def test_a_panic_never_scales_down() -> None:
    """H12, PanicThenUnPanicScaleDown: 100 pods until 60 s are over, strictly."""
    steps = (0, 10, 100, 1000), (30, 10, 1, 1), (60, 10, 1, 1), (61, 10, 1, 1)
    assert [pods for pods, _ in run(spec(10, 93), *steps)] == [100, 100, 100, 1]


def test_exponential_growth_is_followed() -> None:
    """H12, PanicModeExponentialTrackAndStabilize: 6, 36, 216, 1296."""
    steps = [(second, 6**second, 6 ** (second + 1), 6 ** (second + 1)) for second in range(4)]
    assert [pods for pods, _ in run(spec(1, 101), *steps)] == [6, 36, 216, 1296]


def test_scale_down_waits_for_the_delay() -> None:
    """H13, ScaleDownDelay: five minutes after 40 there are still 4 pods, two seconds later none; lower counts scroll out in order."""
    slow = spec(10, scale_down_delay_ns=300 * S, panic_threshold=100.0)
    simple = run(slow, (2, 0, 40, 40), (300, 0, 0, 0), (302, 0, 0, 0))
    gradual = run(slow, *((60 * m, 0, load, load) for m, load in [(9, 40), (10, 30), (11, 0), (14, 0), (15, 0)]))
    assert [pods for pods, _ in simple] == [4, 4, 0]
    assert [pods for pods, _ in gradual] == [4, 4, 4, 3, 0]


@pytest.mark.parametrize(("ready", "panics"), [(0, False), (1, False), (2, True)])
def test_a_new_decider_of_several_pods_begins_in_panic(ready: int, panics: bool) -> None:
    """H12, StartInPanicMode: it knows no past, so what is there stays."""
    state = started(ready, NOW)
    assert (state.panic_ns is not None, state.max_panic_pods) == (panics, ready)


TARGETS = [  # (rps, containerConcurrency, annotation, utilization, target, total)
    ((False, 0, None, 0.7), (70, 100)), ((False, 10, None, 0.7), (7, 10)), ((False, 10, 5.0, 0.7), (3.5, 5)),
    ((False, 10, 20.0, 0.7), (7, 10)), ((False, 0, 20.0, 0.7), (14, 20)), ((True, 0, None, 0.7), (140, 200)),
    ((True, 10, 50.0, 0.7), (35, 50)), ((False, 0, 0.001, 0.7), (0.01, 0.001)),
]  # fmt: skip


@pytest.mark.parametrize(("given", "found"), TARGETS)
def test_targets(given: tuple[bool, float, float | None, float], found: tuple[float, float]) -> None:
    """H11: the limit or the default, an annotation above the limit is ignored, and never less than 0.01."""
    assert targets(*given) == pytest.approx(found)


def filled(window_s: int, *writes: tuple[float, float]) -> Buckets:
    """Buckets with values at seconds."""
    buckets = Buckets(window_s * S)
    for at_s, value in writes:
        buckets = recorded(buckets, NOW + round(at_s * S), value)
    return buckets


FIVE = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]
HOLED = [*FIVE, (6, 91)]
LATER = [*HOLED, (60, 1984)]
LATE = [*LATER, (57, 4), (61, 5)]
AVERAGES = [  # (writes, second of the look, average): TestTimedFloat64BucketsWindowAverage in Knative, window of 5 s
    ([(0, 1)], 0, 1), (FIVE, 4, 3), (FIVE, 3.6, 3), (FIVE, 6, (15 - 1 - 2) / 3), (FIVE, 10, 0),
    (HOLED, 6, (15 - 1 - 2 + 91) / 5), (LATER, 60, 1984), ([*LATER, (57, 4)], 60, (4 + 1984) / 4), (LATE, 61, (4 + 1984 + 5) / 5),
    ([*LATE, (58, 10)], 61, (4 + 10 + 1984 + 5) / 5), ([*LATE, (55, 10)], 61, (4 + 1984 + 5) / 5),
    ([*LATE, (56, 10)], 61, (4 + 1984 + 5) / 5), ([*LATE, (66, 10)], 66, 10),
    ([(second, 5) for second in range(8, -1, -1)], 5, 5), ([], 0, 0),
]  # fmt: skip


@pytest.mark.parametrize(("writes", "at_s", "mean"), AVERAGES)
def test_window_averages(writes: list[tuple[float, float]], at_s: float, mean: float) -> None:
    """H10: a partial window, a lag, holes, silence, late and too late values."""
    assert average(filled(5, *writes), NOW + round(at_s * S)) == round(mean, 6)


def test_weighted_averages() -> None:
    """H10, WeightedAverage in Knative: 6m + 5m(1-m) + ..., and nothing after a window of silence; 5.812 by hand."""
    m = smoothing(5)
    buckets = filled(5, *((second, second) for second in range(2, 7)))
    assert weighted_average(buckets, NOW + 6 * S) == pytest.approx(sum((6 - age) * m * (1 - m) ** age for age in range(5)))
    assert weighted_average(filled(5, (0, 2)), NOW + S) == pytest.approx(2 * m * (1 - m))
    assert weighted_average(buckets, NOW + 16 * S) == 0
    assert round(weighted_average(filled(5, *((second, second + 1) for second in range(6))), NOW + 5 * S), 3) == 5.812


@pytest.mark.parametrize(("count", "weight"), [(100, 0.2), (60, 0.2), (40, 0.20567), (6, 0.78456)])
def test_the_weight_of_the_newest(count: int, weight: float) -> None:
    """H10, ComputeDecayMultiplier in Knative."""
    assert smoothing(count) == pytest.approx(weight, abs=1e-5)


loads_ = st.floats(0, 1e4)
writes_ = st.lists(st.tuples(st.integers(0, 40), st.floats(0, 100)), max_size=30)


@given(writes_, st.integers(0, 60))
def test_an_average_lies_between_nothing_and_the_largest_second(writes: list[tuple[int, float]], at_s: int) -> None:
    """H10: whatever comes in whatever order."""
    seconds: dict[int, float] = {}
    for second, value in writes:
        seconds[second] = seconds.get(second, 0) + value
    assert -1e-6 <= average(filled(10, *writes), NOW + at_s * S) <= max(seconds.values(), default=0) + 1e-6


@given(loads_, loads_, st.integers(0, 50), st.floats(1.01, 10), st.floats(1.01, 10))
def test_one_decision_keeps_to_its_rates(stable: float, panic: float, ready: int, up: float, down: float) -> None:
    """H11: between floor(ready / down) and ceil(up x ready)."""
    result, _ = decide(spec(3, max_scale_up_rate=up, max_scale_down_rate=down), KpaState(), ready, stable, panic, NOW)
    assert math.floor(max(1, ready) / down) <= result.desired <= math.ceil(up * max(1, ready))


@given(loads_, loads_, loads_, st.integers(0, 50))
def test_more_load_never_asks_for_fewer(stable: float, more: float, panic: float, ready: int) -> None:
    """H11: with the same state and pods."""
    low, high = (decide(spec(3), KpaState(), ready, load, panic, NOW)[0].desired for load in sorted((stable, more)))
    assert low <= high


WORLD = """
version: 1
name: knative
duration: 90s
services: {app: {workers: 10, startup: 1s, endpoints: {get: [{wait: 1s}]}}}
workload: {some: {entry: app.get, arrivals: {constant: {step: {base: 2/s, to: 40/s, at: 20s, hold: 10s}}}}}
agents: {app: {scaling: {kpa: {target: 10, stable_window: 20s}}}}
"""


@pytest.mark.parametrize("engine", ["reference", "fast"])
def test_in_a_world_it_panics_and_comes_back(engine: str) -> None:
    """H12: 40 inside, 7 a pod: 6 pods in panic within four seconds, which outlives the surge by 20 s; then 1 again."""
    mesh = Mesh(loads(WORLD), 1, engine)
    plane = ControlPlane(mesh)
    mesh.advance(mesh.scenario.duration)
    assert {decision.time_ns // S % 2 for decision in plane.decisions} == {0}
    applied = [(decision.time_ns // S, decision.after) for decision in plane.decisions if decision.applied]
    assert max(pods for _, pods in applied) == 6
    assert next(at for at, pods in applied if pods == 6) <= 24
    assert applied[-1][1] == 1 and 44 <= applied[-1][0] <= 60
    assert "panic" in next(decision.reason for decision in plane.decisions if decision.after == 6)


def test_lost_scrapes_are_silence() -> None:
    """H10, H11: while nothing is scraped for a whole window there is no decision, and a late scrape is recorded once."""
    lost = "faults={deaf: {at: 30s, for: 40s, metric_loss: {service: app}}}"
    mesh = Mesh(loads(WORLD, [lost]), 1)
    plane = ControlPlane(mesh)
    mesh.advance(mesh.scenario.duration)
    silent = [decision.time_ns // S for decision in plane.decisions if decision.reason == "no data: no decision"]
    assert silent and silent[0] in (50, 52) and silent[-1] in (68, 70)
    assert {decision.after for decision in plane.decisions if decision.time_ns // S in silent} == {6}


def test_a_late_scrape_is_recorded_once() -> None:
    """H10: while scrapes take five seconds to be known, the average sees each of them at its time, and none twice."""
    late = "faults={slow: {at: 4s, for: 10s, metric_lag: {delay: 5s}}}"
    mesh = Mesh(loads(WORLD, [late]), 1)
    plane = ControlPlane(mesh)
    mesh.advance(15 * S)
    buckets = plane.seats["app"].policy.stable
    assert len(buckets.values) == len([at for at in range(1, 15) if at not in range(4, 9)])
