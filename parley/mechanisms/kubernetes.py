"""What the HorizontalPodAutoscaler decides."""

from __future__ import annotations

from agents.autoscaling import hpa
from agents.autoscaling.behavior import limited, stabilized
from agents.autoscaling.manifest import MetricSpec
from parley.mechanisms.hpa_cases import BehaviorCase, HpaCase
from parley.mechanisms.mechanism import Answer, Mechanism
from parley.mechanisms.times import ns
from scenarios.errors import ScenarioError
from scenarios.schema.units import NS_PER_S, format_quantity


def _sync(case: HpaCase) -> Answer:
    spec = _spec(case, tuple(metric.metric() for metric in case.metrics), hpa.ControllerFlags(
        case.tolerance, case.downscale_stabilization, case.cpu_initialization_period, case.initial_readiness_delay))  # fmt: skip
    seen = hpa.Observation(case.currentReplicas, tuple(pod.sample() for pod in case.pods), case.values, case.statusReplicas)
    decision, state = hpa.decide(spec, case.state(), seen, ns(case.now))
    return {
        "desiredReplicas": decision.desired,
        "recommendation": decision.recommended,
        "currentMetrics": [_proposed(proposal) for proposal in decision.metrics],
        "conditions": [{"type": one.type, "status": str(one.status), "reason": one.reason} for one in decision.conditions],
        "reason": decision.reason,
        "recommendations": [{"timestamp": one.at_ns / NS_PER_S, "recommendation": one.replicas} for one in state.recommendations],
    }


def _proposed(proposal: hpa.Proposal) -> Answer:
    reading, is_percent = proposal.reading, isinstance(proposal.metric, hpa.CpuUtilization)
    value = reading if reading is None or is_percent else format_quantity(reading)
    return {"name": proposal.metric.name, "replicas": proposal.replicas, "value": value, "error": proposal.error or None}


def _step(case: BehaviorCase) -> Answer:
    spec = _spec(case, (hpa.SourceValue("any", 1),), hpa.ControllerFlags(downscale_stabilization_ns=case.downscale_stabilization))
    state = case.state() if case.recommendations else hpa.HpaState(
        (hpa.Recommendation(case.currentReplicas, ns(case.now)),), *_events(case.state()))  # fmt: skip
    steady = stabilized(spec, state, case.currentReplicas, case.recommendation, ns(case.now))
    final = limited(spec, state, case.currentReplicas, steady.replicas, ns(case.now))
    return {"desiredReplicas": final.replicas, "stabilizedRecommendation": steady.replicas, "stabilized": steady.reason,
            "limited": final.reason}  # fmt: skip


def _events(state: hpa.HpaState) -> tuple[tuple[hpa.ScaleEvent, ...], tuple[hpa.ScaleEvent, ...]]:
    return state.scale_up_events, state.scale_down_events


def _spec(case: HpaCase | BehaviorCase, metrics: tuple[MetricSpec, ...], flags: hpa.ControllerFlags) -> hpa.HpaSpec:
    if case.minReplicas > case.maxReplicas:
        raise ScenarioError(f"minReplicas ({case.minReplicas}) is more than maxReplicas ({case.maxReplicas})")
    if case.minReplicas == 0 and not any(isinstance(one, hpa.SourceValue | hpa.SourceAverageValue) for one in metrics):
        raise ScenarioError("minReplicas = 0 needs an Object or External metric")
    return hpa.HpaSpec(case.maxReplicas, case.minReplicas, metrics, case.behaviour(), flags)


KUBERNETES = (
    Mechanism("hpa", "one sync of the HorizontalPodAutoscaler (H1 to H9)", HpaCase, {
        "desiredReplicas": "pods to ask for",
        "recommendation": "pods before windows, limits and bounds; null where there is none",
        "currentMetrics": "of each metric: name, replicas it proposes, value (percent, or a quantity), error",
        "conditions": "type, status and reason of those this sync set",
        "reason": "for humans",
        "recommendations": "the history to remember",
    }, _sync, {
        "maxReplicas": 10, "currentReplicas": 1,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}],
        "pods": [{"request": "200m", "usage": "610m"}]}),
    Mechanism("hpa-behavior", "a recommendation after windows, rate limits and bounds (H6 to H9)", BehaviorCase, {
        "desiredReplicas": "pods to ask for",
        "stabilizedRecommendation": "pods after the windows",
        "stabilized": "Kubernetes' reason of that stage",
        "limited": "Kubernetes' reason of the last stage",
    }, _step, {"maxReplicas": 100, "currentReplicas": 3, "recommendation": 50, "behavior": {}}),
)  # fmt: skip
