"""Laws of the HPA that hold for every world that can be built from its pieces."""

from __future__ import annotations

import copy
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.autoscaling.hpa import (
    Behavior,
    CpuUtilization,
    HpaDecision,
    HpaSpec,
    HpaState,
    Observation,
    Policy,
    Recommendation,
    ScaleDown,
    ScaleEvent,
    ScaleUp,
    decide,
)
from agents.autoscaling.manifest import SECOND_NS as S
from tests.control.hpa_table import (
    AGED,
    CPU,
    FRESH,
    INT32_MAX,
    LAG,
    LAG_EACH,
    NOW,
    RPS,
    load,
    pod,
    seen,
    spec,
)

# The laws below hold for every world that can be built from these pieces. A slow machine breaks no law.
everywhere = settings(deadline=None)
ages = st.integers(0, 700).map(lambda seconds: seconds * S)
samples = st.builds(
    pod,
    usage=st.none() | st.integers(0, 2000),
    request_millicores=st.sampled_from([0, 50, 100, 250, None]) | st.just(100),
    phase=st.sampled_from(["Pending", "Running", "Running", "Running", "Succeeded", "Failed"]),
    deleted=st.sampled_from([False, False, False, True]),
    ready=st.booleans(),
    start_ns=st.none() | ages.map(lambda age: NOW - age),
    ready_transition_ns=st.none() | ages.map(lambda age: NOW - age),
    values_milli=st.dictionaries(st.just("rps"), st.integers(0, 10_000)),
)
worlds = st.builds(
    Observation,
    replicas=st.integers(0, 40),
    pods=st.lists(samples, max_size=12).map(tuple),
    values_milli=st.dictionaries(st.just("lag"), st.integers(0, 10**19)),
    status_replicas=st.none() | st.integers(0, 40),
)
policies = st.builds(
    Policy,
    kind=st.sampled_from(["Pods", "Percent"]),
    value=st.integers(1, 100),
    period_ns=st.integers(1, 120).map(lambda seconds: seconds * S),
)
rule_fields = {
    "policies": st.lists(policies, min_size=1, max_size=3).map(tuple),
    "select_policy": st.sampled_from(["Max", "Min", "Disabled"]),
    "stabilization_ns": ages,
    "tolerance": st.none() | st.floats(0, 1),
}
behaviors = st.builds(Behavior, st.builds(ScaleUp, **rule_fields), st.builds(ScaleDown, **rule_fields))
metrics = st.sampled_from([CpuUtilization(50), CpuUtilization(150), RPS, LAG, LAG_EACH])
specs = st.builds(
    lambda metrics, low, more, behavior: spec(*metrics, min_replicas=low, max_replicas=low + more, behavior=behavior),
    st.lists(metrics, min_size=1, max_size=3), st.integers(1, 10), st.integers(0, 30), st.none() | behaviors,
)
past = ages.map(lambda age: NOW - age)
events = st.lists(st.builds(ScaleEvent, change=st.integers(1, 20), at_ns=past), max_size=4).map(tuple)
states = st.builds(
    HpaState,
    recommendations=st.lists(
        st.builds(Recommendation, replicas=st.integers(0, 40), at_ns=past), max_size=6
    ).map(tuple),
    scale_up_events=events,
    scale_down_events=events,
)


def decided(rules: HpaSpec, state: HpaState, world: Observation) -> HpaDecision:
    """The decision alone."""
    return decide(rules, state, world, NOW)[0]


@everywhere
@given(specs, states, worlds)
def test_the_result_is_within_bounds(rules: HpaSpec, state: HpaState, world: Observation) -> None:
    """1.5: minReplicas <= desired <= maxReplicas, unless autoscaling is disabled at 0."""
    desired = decided(rules, state, world).desired
    assert rules.min_replicas <= desired <= rules.max_replicas or desired == world.replicas == 0


@everywhere
@given(specs, states, worlds)
def test_scale_down_stops_at_the_highest_recent_recommendation(
    rules: HpaSpec, state: HpaState, world: Observation
) -> None:
    """1.6, 1.7: a scale-down never goes below what any sync of the downscale window asked for."""
    decision = decided(rules, state, world)
    window_ns = rules.downscale_window_ns
    recent = [entry.replicas for entry in state.recommendations if NOW - entry.at_ns < window_ns]
    if decision.recommended is not None and decision.desired < world.replicas:
        assert decision.desired >= max([decision.recommended, *recent])


@everywhere
@given(specs, states, worlds)
def test_an_up_window_never_lets_more_through_than_its_lowest_entry(
    rules: HpaSpec, state: HpaState, world: Observation
) -> None:
    """1.7: a scale-up never exceeds what every sync of the scaleUp window asked for."""
    decision = decided(rules, state, world)
    if rules.behavior and decision.recommended is not None and decision.desired > world.replicas:
        window_ns = rules.behavior.scale_up.stabilization_ns
        recent = [entry.replicas for entry in state.recommendations if NOW - entry.at_ns < window_ns]
        assert decision.desired <= min([decision.recommended, *recent])


@everywhere
@given(st.integers(1, 40), st.integers(45, 55), st.none() | behaviors)
def test_nothing_changes_inside_tolerance(replicas: int, usage: int, behavior: Behavior | None) -> None:
    """1.3: 45 to 55 % of 50 % leaves any count as it is, whatever the behavior says about rates and windows."""
    if behavior:
        up, down = replace(behavior.scale_up, tolerance=None), replace(behavior.scale_down, tolerance=None)
        behavior = Behavior(up, down)
    assert decided(spec(behavior=behavior), FRESH, load(replicas, usage)).desired == replicas


@everywhere
@given(specs, states, worlds)
def test_a_decision_is_a_function_of_its_arguments(rules: HpaSpec, state: HpaState, world: Observation) -> None:
    """1: the same spec, state, observation and time give the same decision and state, and none of them is touched."""
    before = copy.deepcopy((rules, state, world))
    first, second = decide(rules, state, world, NOW), decide(rules, state, world, NOW)
    assert first == second
    assert (rules, state, world) == before


@everywhere
@given(specs, states, worlds, st.randoms())
def test_the_order_of_pods_does_not_matter(rules: HpaSpec, state: HpaState, world: Observation, random: Random) -> None:
    """1.1: pods are a set."""
    shuffled = list(world.pods)
    random.shuffle(shuffled)
    assert decided(rules, state, replace(world, pods=tuple(shuffled))).desired == decided(rules, state, world).desired


@everywhere
@given(specs, states, worlds)
def test_recommendations_saturate_at_int32(rules: HpaSpec, state: HpaState, world: Observation) -> None:
    """1.4: however large a metric is, a recommendation fits an int32."""
    recommended = decided(rules, state, world).recommended
    assert recommended is None or 0 <= recommended <= INT32_MAX


@everywhere
@given(specs, states, worlds)
def test_a_failed_metric_never_lets_the_target_shrink(rules: HpaSpec, state: HpaState, world: Observation) -> None:
    """1.5: with any metric failed, fewer replicas come only from maxReplicas."""
    decision = decided(rules, state, world)
    if any(proposal.replicas is None for proposal in decision.metrics):
        assert decision.desired >= world.replicas


@everywhere
@given(st.integers(2, 40), st.integers(0, 500))
def test_losing_one_sample_among_equals_never_strengthens_the_move(pods: int, usage: int) -> None:
    """1.2: what is assumed of a missing pod works against the move, and never turns it round."""
    full = decided(CPU, AGED, load(pods, usage)).recommended
    less = decided(CPU, AGED, seen(pods, *[pod(usage)] * (pods - 1), pod(None))).recommended
    assert full is not None
    assert less is not None
    assert pods <= less <= full or full <= less <= pods
