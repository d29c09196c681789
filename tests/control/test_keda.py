"""KEDA's own steps against the cases of KEDA's unit tests, and what comes of them in a world."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscaling.cron import Schedule, is_within, scheduled
from agents.autoscaling.keda import SECOND_NS as S
from agents.autoscaling.keda import Fallback, KedaState, ScaledObject, answered, fallback_milli, polled
from agents.control_plane import ControlPlane
from scenarios.errors import ScenarioError
from scenarios.load import loads
from sim.mesh import Mesh

NOW = 10_000 * S
TEN = Fallback(3, 10)
LONG_AGO, JUST_NOW = KedaState(last_active_ns=0), KedaState(last_active_ns=NOW - 10 * S)
COOLED = KedaState(last_active_ns=NOW - 300 * S)

# (name, spec, state, present count, active, error, what comes); the first eleven are those of KEDA's executor tests
POLLS = [
    ("scale to 0 when not active", {}, LONG_AGO, 10, False, False, 0),
    ("to the minimum from below", {"min_replicas": 5}, LONG_AGO, 1, False, False, 5),
    ("from 0 when active", {}, LONG_AGO, 0, True, False, 1),
    ("to idle when not active", {"min_replicas": 5, "idle_replicas": 0}, LONG_AGO, 10, False, False, 0),
    ("from idle to the minimum when active", {"min_replicas": 5, "idle_replicas": 0}, LONG_AGO, 0, True, False, 5),
    ("from between idle and minimum when active", {"min_replicas": 5, "idle_replicas": 0}, LONG_AGO, 2, True, False, 5),
    ("paused: nothing", {"is_paused": True}, LONG_AGO, 2, True, False, 2),
    ("scale-in paused: not to 0", {"is_scale_in_paused": True}, LONG_AGO, 10, False, False, 10),
    ("scale-in paused: not to idle", {"is_scale_in_paused": True, "min_replicas": 5, "idle_replicas": 0}, LONG_AGO, 10, False, False, 10),
    ("scale-out paused: not from 0", {"is_scale_out_paused": True}, LONG_AGO, 0, True, False, 0),
    ("scale-out paused: not from idle", {"is_scale_out_paused": True, "min_replicas": 5, "idle_replicas": 0}, LONG_AGO, 0, True, False, 0),
    ("paused at 3 moves there", {"paused_replicas": 3}, LONG_AGO, 7, True, False, 3),
    ("paused at 3 stays there", {"paused_replicas": 3}, LONG_AGO, 3, True, False, 3),
    ("cooling down", {}, JUST_NOW, 10, False, False, 10),
    ("cooled for exactly the period: not yet", {}, COOLED, 10, False, False, 10),
    ("never active: the initial period counts", {"initial_cooldown_ns": 20_000 * S}, KedaState(), 10, False, False, 10),
    ("never active, no initial period", {}, KedaState(), 10, False, False, 0),
    ("active above 0: the HPA decides", {}, LONG_AGO, 4, True, False, 4),
    ("inactive at a minimum above 0: the HPA decides", {"min_replicas": 2}, LONG_AGO, 4, False, False, 4),
    ("an error without fallback", {}, LONG_AGO, 10, False, True, 10),
    ("an error with fallback", {"fallback": TEN}, LONG_AGO, 10, False, True, 10),
    ("an error with a fallback to 0 goes on", {"fallback": Fallback(3, 0)}, LONG_AGO, 10, False, True, 0),
    ("an error beside an active trigger at 0", {}, LONG_AGO, 0, True, True, 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "state", "current", "active", "error", "replicas"), [row[1:] for row in POLLS], ids=[row[0] for row in POLLS])  # fmt: skip
def test_polls(spec: dict[str, Any], state: KedaState, current: int, active: bool, error: bool, replicas: int) -> None:
    """H14: none, idle, or leave it to the HPA."""
    assert polled(ScaledObject(**spec), state, current, active, error, NOW)[0].replicas == replicas


def test_what_counts_as_active() -> None:
    """H14: the cooldown begins anew with every active poll, but not with one of which a trigger failed, nor one held back."""
    spec, held = ScaledObject(), ScaledObject(is_scale_out_paused=True)
    assert [polled(one, LONG_AGO, current, True, error, NOW)[1].last_active_ns for one, current, error in (
        (spec, 4, False), (spec, 0, False), (spec, 4, True), (held, 0, False))] == [NOW, NOW, 0, 0]  # fmt: skip


# (fallback, present count, target in thousandths, ready pods for Value, value): KEDA's fallback tests, and Value by hand
VALUES = [
    (Fallback(3, 10), 15, 10_000, None, 100_000),
    (Fallback(3, 10, "currentReplicas"), 6, 10_000, None, 60_000),
    (Fallback(3, 10, "currentReplicasIfHigher"), 8, 10_000, None, 100_000),
    (Fallback(3, 10, "currentReplicasIfHigher"), 12, 10_000, None, 120_000),
    (Fallback(3, 10, "currentReplicasIfLower"), 8, 10_000, None, 80_000),
    (Fallback(3, 10, "currentReplicasIfLower"), 12, 10_000, None, 100_000),
    (Fallback(3, 10), 5, 10_000, 4, 25_000),
    (Fallback(3, 10), 5, 10_000, 0, None),
]


@pytest.mark.parametrize(("fallback", "current", "target", "ready", "value"), VALUES)
def test_fallback_values(fallback: Fallback, current: int, target: int, ready: int | None, value: int | None) -> None:
    """H16: replicas times the target, which the HPA turns back into replicas."""
    assert fallback_milli(fallback, current, target, ready) == value


def test_failures_in_a_row_are_counted() -> None:
    """H16: by trigger; a success begins anew."""
    state = KedaState()
    for failed in (True, True, False, True):
        state = answered(state, "s0", failed)
    assert answered(state, "s1", True).failures == {"s0": 1, "s1": 1}


DAY = Schedule(8 * 3600 * S, 18 * 3600 * S, 24 * 3600 * S, 5)
NIGHT = Schedule(22 * 3600 * S, 6 * 3600 * S, 24 * 3600 * S, 2)
HOURS = [(7.99, False, False), (8, True, False), (17.99, True, False), (18, False, False), (22, False, True), (23.9, False, True),
         (0, False, True), (5.9, False, True), (6, False, False), (24 + 9, True, False)]  # fmt: skip


@pytest.mark.parametrize(("hour", "day", "night"), HOURS)
def test_schedules_hold_from_start_to_end(hour: float, day: bool, night: bool) -> None:
    """H18: the start belongs to it, the end does not; one may go past the end of a period."""
    at = round(hour * 3600 * S)
    assert (is_within(DAY, at), is_within(NIGHT, at)) == (day, night)


def test_the_largest_schedule_holds() -> None:
    """H18: of those that hold now, and of what stands otherwise."""
    both = [DAY, Schedule(9 * 3600 * S, 10 * 3600 * S, 24 * 3600 * S, 9)]
    assert [scheduled(both, 2, hour * 3600 * S)[0] for hour in (7, 8, 9, 10, 18)] == [2, 5, 9, 5, 2]
    assert scheduled(both, 7, 8 * 3600 * S)[0] == 7


@given(st.integers(0, 20), st.integers(0, 5), st.booleans(), st.booleans(), st.integers(0, 20_000))
def test_keda_itself_only_knows_a_few_counts(current: int, least: int, active: bool, error: bool, last_s: int) -> None:
    """H14: whatever happens, it asks for the present count, for none, for one or for the minimum."""
    spec = ScaledObject(min_replicas=least)
    step, _ = polled(spec, KedaState(last_active_ns=last_s * S), current, active, error, NOW)
    assert step.replicas in {current, 0, 1, least}
    assert step.replicas >= min(current, least)


WORLD = """
version: 1
name: keda
duration: 120s
services: {app: {workers: 4, replicas: 1, startup: 2s, endpoints: {get: [{wait: 100ms}]}}}
workload: {some: {entry: app.get, arrivals: {constant: {step: {base: 0/s, to: 40/s, at: 20s, hold: 20s}}}}}
agents:
  app:
    scaling:
      keda:
        triggers: [{prometheus: {of: {workload: some}, threshold: 10}}]
        pollingInterval: 5
        cooldownPeriod: 10
telemetry: {scrape_interval: 5s}
"""


@pytest.mark.parametrize("engine", ["reference", "fast"])
def test_from_none_to_some_and_back(engine: str) -> None:
    """H14, H15: none once nothing is active; one at the first poll that sees requests; 40/10 by the HPA; none after the cooldown.

    The last request comes at 40 s, so the scrape of 45 s still sees one; 55 s is not yet longer than 10 s after.
    """
    mesh = Mesh(loads(WORLD), 1, engine)
    plane = ControlPlane(mesh)
    mesh.advance(mesh.scenario.duration)
    applied = [(decision.time_ns // S, decision.after) for decision in plane.decisions if decision.applied]
    assert applied == [(5, 0), (25, 1), (30, 4), (60, 0)]


def test_missing_metrics_fall_back() -> None:
    """H16: before the first scrape at 60 s the HPA asks at 15 and 30 s in vain, and then takes 3 pods' worth."""
    changes = ["telemetry.scrape_interval=60s", "agents.app.scaling.keda.minReplicaCount=1",
               "agents.app.scaling.keda.fallback={failureThreshold: 2, replicas: 3}"]  # fmt: skip
    mesh = Mesh(loads(WORLD, changes), 1)
    plane = ControlPlane(mesh)
    mesh.advance(59 * S)
    assert [(d.time_ns // S, d.after, d.applied) for d in plane.decisions] == [(15, 1, False), (30, 1, False), (45, 3, True)]


MISTAKES = [
    ("{triggers: [{cpu: {value: 50}}]}", "cpu alone never makes anything active"),
    ("{triggers: [{cron: {start: 5s, end: 5s, desiredReplicas: 1}}]}", "start and end are two different times within the period"),
    ("{triggers: [{cron: {start: 5s, end: 6s, desiredReplicas: 1}}], idleReplicaCount: 0}", "is not less than minReplicaCount"),
    ("{triggers: [{kafka: {}}]}", "must have one of prometheus, cron, cpu"),
    ("{triggers: [{prometheus: {threshold: 1, of: {service: ap}}}]}", "is not a service of this world; did you mean 'app'?"),
]


@pytest.mark.parametrize(("keda", "sentence"), MISTAKES)
def test_mistakes_are_answered_with_the_rule(keda: str, sentence: str) -> None:
    """What KEDA's webhook would refuse, and names that are not there."""
    with pytest.raises(ScenarioError) as caught:
        loads(WORLD, [f"agents.app.scaling={{keda: {keda}}}"])
    assert sentence in str(caught.value)
