"""What KEDA decides beside its HPA. Times are seconds."""

from __future__ import annotations

from typing import Literal

from agents.autoscaling import keda
from parley.mechanisms.mechanism import Answer, Mechanism
from parley.mechanisms.times import ns, ns_if_any, seconds_if_any
from scenarios.schema.model import Part, field
from scenarios.schema.units import Number, Quantity, format_quantity
from scenarios.schema.words import Whole


class FallbackCase(Part):
    """spec.fallback."""

    failureThreshold: Whole = field(3, says="failures in a row", ge=0)
    replicas: Whole = field(says="pods", ge=0)
    behavior: keda.FallbackBehavior = field("static", says="static or one of currentReplicas, ...IfHigher, ...IfLower")

    def rule(self) -> keda.Fallback:
        """As the rule has it."""
        return keda.Fallback(self.failureThreshold, self.replicas, self.behavior)


class PollCase(Part):
    """One poll of a ScaledObject."""

    minReplicaCount: Whole = field(0, says="pods at least", ge=0)
    idleReplicaCount: Whole | None = field(None, says="pods while nothing is active", ge=0)
    cooldownPeriod: Number = field(300.0, says="seconds since the last activity", ge=0)
    initialCooldownPeriod: Number = field(0.0, says="seconds since the object was made, before any activity", ge=0)
    paused: bool = field(False, says="autoscaling.keda.sh/paused")
    pausedReplicas: Whole | None = field(None, says="autoscaling.keda.sh/paused-replicas", ge=0)
    pausedScaleIn: bool = field(False, says="autoscaling.keda.sh/paused-scale-in")
    pausedScaleOut: bool = field(False, says="autoscaling.keda.sh/paused-scale-out")
    fallback: FallbackCase | None = field(None, says="spec.fallback")
    currentReplicas: Whole = field(says="of the scale target", ge=0)
    isActive: bool = field(says="whether a trigger is above its activation threshold")
    isError: bool = field(False, says="whether a trigger could not be read")
    created: Number = field(0.0, says="when the object was made")
    lastActiveTime: Number | None = field(None, says="status.lastActiveTime")
    now: Number = field(0.0, says="on the clock of the other times")


class InsteadCase(Part):
    """A trigger's value when it could not be read."""

    fallback: FallbackCase = field(says="spec.fallback")
    numberOfFailures: Whole = field(says="in a row, this one included", ge=1)
    currentReplicas: Whole = field(says="of the scale target", ge=0)
    readyReplicas: Whole = field(0, says="of them Running and Ready; for metricType Value", ge=0)
    metricType: Literal["AverageValue", "Value"] = field("AverageValue", says="of the trigger")
    target: Quantity = field(says="its threshold", gt=0)


def _poll(case: PollCase) -> Answer:
    spec = keda.ScaledObject(
        min_replicas=case.minReplicaCount, idle_replicas=case.idleReplicaCount, cooldown_ns=ns(case.cooldownPeriod),
        initial_cooldown_ns=ns(case.initialCooldownPeriod), is_paused=case.paused, paused_replicas=case.pausedReplicas,
        is_scale_in_paused=case.pausedScaleIn, is_scale_out_paused=case.pausedScaleOut,
        fallback=None if case.fallback is None else case.fallback.rule())  # fmt: skip
    state = keda.KedaState(ns(case.created), ns_if_any(case.lastActiveTime))
    step, after = keda.polled(spec, state, case.currentReplicas, case.isActive, case.isError, ns(case.now))
    return {"replicas": step.replicas, "lastActiveTime": seconds_if_any(after.last_active_ns), "reason": step.reason}


def _instead(case: InsteadCase) -> Answer:
    if case.numberOfFailures <= case.fallback.failureThreshold:
        return {"value": None}
    ready = case.readyReplicas if case.metricType == "Value" else None
    milli = keda.fallback_milli(case.fallback.rule(), case.currentReplicas, case.target, ready)
    return {"value": None if milli is None else format_quantity(milli)}


KEDA = (
    Mechanism("keda", "one poll of a ScaledObject: none, idle, some, or leave it to the HPA (H14)", PollCase, {
        "replicas": "pods to ask for; the present ones where nothing is to be done",
        "lastActiveTime": "to remember",
        "reason": "for humans",
    }, _poll, {"currentReplicas": 0, "isActive": True, "minReplicaCount": 5, "idleReplicaCount": 0}),
    Mechanism("keda-fallback", "what the HPA is told of a trigger that cannot be read (H16)", InsteadCase, {
        "value": "a quantity; null: the error itself, which blocks scaling down",
    }, _instead, {"fallback": {"failureThreshold": 3, "replicas": 10}, "numberOfFailures": 4, "currentReplicas": 5, "target": 10}),
)  # fmt: skip
