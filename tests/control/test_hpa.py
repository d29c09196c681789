"""The HPA against a table worked out by hand from Kubernetes' rules, then against laws that hold everywhere.

Requests are 100m unless a row says otherwise, so a pod's usage in milli-cores is also its percentage. The default
target is 50 %, the default history is one old entry that no window reaches, so that a scale-down shows at once.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.autoscaling.hpa import (
    Behavior,
    Condition,
    CpuUtilization,
    HpaSpec,
    HpaState,
    Observation,
    Recommendation,
    ScaleEvent,
    ScaleUp,
    decide,
    scaled,
)
from agents.autoscaling.manifest import SECOND_NS as S
from tests.control.hpa_table import (
    AGED,
    DEFAULT,
    FOUR,
    FRESH,
    LAG,
    LAG_EACH,
    NOW,
    TABLE,
    TENTH,
    Row,
    after_events,
    downs,
    load,
    pod,
    recalling,
    seen,
    spec,
    ups,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.law)
def test_table(row: Row) -> None:
    """Every rule of MECHANISMS 1, worked out by hand."""
    decision, _ = decide(row.spec, row.state, row.seen, NOW)
    assert (decision.recommended, decision.desired) == (row.recommended, row.desired), decision.reason
    assert not row.because or row.because in {condition.reason for condition in decision.conditions}


def test_the_table_is_long_enough_and_repeats_no_law() -> None:
    """The table keeps at least 45 rows, each with its own law."""
    assert len({row.law for row in TABLE}) == len(TABLE) >= 45


def test_the_reported_utilisation_is_that_of_the_first_pass() -> None:
    """1.2: filling in missing pods changes the ratio, never the reported 110 %."""
    decision, _ = decide(spec(), AGED, seen(2, pod(110), pod(None)), NOW)
    assert [proposal.reading for proposal in decision.metrics] == [110]


def test_the_reported_average_is_rounded_up() -> None:
    """1.4: 10000 shared by 3 replicas is reported as 3334."""
    decision, _ = decide(spec(LAG_EACH), AGED, seen(3, lag=10_000), NOW)
    assert decision.metrics[0].reading == 3334


def test_the_first_sync_seeds_history_with_the_current_count() -> None:
    """1.7: first the seed, then the recommendation of the same sync."""
    _, state = decide(spec(), FRESH, load(10, 10), NOW)
    assert state.recommendations == (Recommendation(10, NOW), Recommendation(2, NOW))


def test_history_keeps_the_recommendation_before_windows_and_limits() -> None:
    """1.7: what is remembered is 30, though the window holds 5 and the rate allows 5."""
    held = ups(stabilization_ns=60 * S)
    decision, state = decide(held, recalling((5, 10 * S)), load(1, 1500), NOW)
    assert (decision.desired, state.recommendations[-1]) == (5, Recommendation(30, NOW))


def test_slots_older_than_the_windows_are_reused() -> None:
    """1.6: the newest stale slot in the list is overwritten, an entry exactly as old as the window is kept."""
    past = recalling((1, 400 * S), (2, 350 * S), (3, 300 * S))
    _, state = decide(spec(), past, load(4, 50), NOW)
    assert state.recommendations == (past.recommendations[0], Recommendation(4, NOW), past.recommendations[2])


def test_a_slot_is_reused_only_when_both_windows_are_over() -> None:
    """1.7: with a scaleUp window of 600 s a 400 s old entry is still needed."""
    long_up = spec(behavior=Behavior(scale_up=ScaleUp(stabilization_ns=600 * S)))
    _, state = decide(long_up, recalling((4, 400 * S)), load(4, 50), NOW)
    assert state.recommendations == (Recommendation(4, NOW - 400 * S), Recommendation(4, NOW))


def test_a_sync_without_a_recommendation_remembers_nothing() -> None:
    """1.5: blocked, disabled and corrected syncs leave the history alone."""
    worlds = [(spec(LAG), load(4, 10)), (spec(), load(0, 0)), (spec(max_replicas=3), load(4, 10))]
    assert [decide(each, AGED, world, NOW)[1] for each, world in worlds] == [AGED] * 3


def test_scale_events_are_stored_only_with_behavior() -> None:
    """1.7: without behavior nothing reads them, so nothing stores them."""
    assert scaled(AGED, spec(), 2, 5, NOW) == AGED
    assert scaled(AGED, DEFAULT, 2, 5, NOW).scale_up_events == (ScaleEvent(3, NOW),)
    assert scaled(AGED, DEFAULT, 5, 2, NOW).scale_down_events == (ScaleEvent(3, NOW),)
    assert scaled(AGED, DEFAULT, 5, 5, NOW) == AGED


def test_scale_events_older_than_the_longest_period_are_reused() -> None:
    """1.7: with periods of 15 s and 60 s a 60 s old event is kept, an older one gives its slot."""
    both = ups(FOUR, TENTH)
    kept = scaled(after_events(up=(1, 60 * S)), both, 2, 5, NOW)
    reused = scaled(after_events(up=(1, 60 * S + 1)), both, 2, 5, NOW)
    assert [event.change for event in kept.scale_up_events] == [1, 3]
    assert [event.change for event in reused.scale_up_events] == [3]


def test_a_rate_limit_holds_over_several_syncs() -> None:
    """1.7: Pods 4/15s, asked every 5 s, grows 1 -> 5 and then waits until the event is 15 s old."""
    state, replicas, seen_replicas = AGED, 1, []
    for sync in range(5):
        now = NOW + 5 * S * sync
        decision, state = decide(ups(FOUR), state, load(replicas, 5000), now)
        state = scaled(state, ups(FOUR), replicas, decision.desired, now)
        replicas = decision.desired
        seen_replicas.append(replicas)
    assert seen_replicas == [5, 5, 5, 9, 9]


REASONS = [
    (spec(CpuUtilization(70)), AGED, load(4, 143), "cpu 143% of 70% target -> 9, limited to 8 by max(2*current, 4)"),
    (
        replace(ups(FOUR), metrics=(CpuUtilization(70),)), AGED, load(4, 343),
        "cpu 343% of 70% target -> 20, limited to 8 by scaleUp policy Pods 4/15s",
    ),
    (downs(TENTH), AGED, load(10, 10), "cpu 10% of 50% target -> 2, limited to 9 by scaleDown policy Percent 10/60s"),
    (spec(), recalling((9, 5 * S)), load(10, 10), "cpu 10% of 50% target -> 2, held at 9 by scaleDown window 300s"),
    (spec(max_replicas=5), AGED, load(3, 500), "cpu 500% of 50% target -> 30, limited to 5 by maxReplicas"),
    (spec(LAG_EACH), AGED, seen(4, lag=9500), "lag 2.375 of 1 a pod target -> 10, limited to 8 by max(2*current, 4)"),
    (spec(LAG), AGED, seen(2, pod(), pod(), lag=15_000), "lag 15 of 10 target -> 3"),
    (spec(LAG), AGED, load(2, 10), "lag unknown (no value of lag): stays at 2"),
    (spec(), AGED, load(0, 0), "replicas 0 with minReplicas 1: autoscaling is disabled"),
    (spec(max_replicas=3), AGED, load(4, 10), "replicas 4 above maxReplicas 3 -> 3"),
    (spec(min_replicas=3), AGED, load(1, 10), "replicas 1 below minReplicas 3 -> 3"),
]


@pytest.mark.parametrize(("rules", "state", "world", "reason"), REASONS, ids=[row[3] for row in REASONS])
def test_reasons_are_written_for_humans(rules: HpaSpec, state: HpaState, world: Observation, reason: str) -> None:
    """1.5: a decision says what was measured, what it asks for, and who held it back."""
    assert decide(rules, state, world, NOW)[0].reason == reason


def test_conditions_carry_kubernetes_types_and_reasons() -> None:
    """1.7: a limited step reports all three conditions; one that was not set is None."""
    limited, _ = decide(spec(), AGED, load(1, 500), NOW)
    blocked, _ = decide(spec(LAG), AGED, load(1, 500), NOW)
    assert limited.conditions == (
        Condition("AbleToScale", True, "ReadyForNewScale"),
        Condition("ScalingActive", True, "ValidMetricFound"),
        Condition("ScalingLimited", True, "ScaleUpLimit"),
    )
    assert blocked.condition("ScalingActive") == Condition("ScalingActive", False, "FailedGetExternalMetric")
    assert blocked.condition("ScalingLimited") is None


@pytest.mark.parametrize("bounds", [(0, -1), (3, 2), (0, 5)])
def test_a_spec_out_of_bounds_is_our_own_mistake(bounds: tuple[int, int]) -> None:
    """1.5: 0 <= minReplicas <= maxReplicas, and minReplicas 0 needs an Object or External metric."""
    with pytest.raises(AssertionError):
        HpaSpec(min_replicas=bounds[0], max_replicas=bounds[1])
