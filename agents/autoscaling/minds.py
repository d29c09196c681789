"""From what a scenario says about scaling to a mind: the schema's words become the autoscaler's spec."""

from __future__ import annotations

from agents.autoscaling import hpa
from agents.autoscaling.manifest import SECOND_NS
from agents.policy import PodView, Policy, Verdict, View
from scenarios.schema.control import Behavior, Hpa, Scaling, ScalingRules
from sim.commands import Command, Scale


def scaling_policy(scaling: Scaling | None) -> Policy | None:
    """The mind a scenario asks for; None where the replicas of the file stay."""
    return HpaPolicy(scaling.hpa) if scaling is not None and scaling.hpa is not None else None


class HpaPolicy:
    """The Kubernetes HPA in an agent's chair, with its memory."""

    mind = "hpa"

    def __init__(self, described: Hpa) -> None:
        self.spec = hpa_spec(described)
        self.cadence_ns = self.spec.flags.sync_period_ns
        self.state = hpa.HpaState()

    def decide(self, view: View) -> Verdict:
        """One sync."""
        decision, self.state = hpa.decide(self.spec, self.state, _observation(view), view.now_ns)
        stays = decision.desired == view.replicas
        return Verdict(
            reason=decision.reason,
            commands=() if stays else (Scale(view.service, decision.desired),),
            recommended=decision.recommended,
        )

    def carried_out(self, command: Command, view: View) -> None:
        """Remember the scale event, which counts against the rate limits."""
        self.state = hpa.scaled(self.state, self.spec, view.replicas, command.replicas, view.now_ns)


def hpa_spec(described: Hpa) -> hpa.HpaSpec:
    """The autoscaler's spec; the target is a whole percentage of at least 1, as averageUtilization is."""
    return hpa.HpaSpec(
        min_replicas=described.min,
        max_replicas=described.max,
        metrics=(hpa.CpuUtilization(round(described.target_cpu * 100)),),
        behavior=None if described.behavior is None else _behavior(described.behavior),
        flags=hpa.ControllerFlags(
            tolerance=described.tolerance,
            downscale_stabilization_ns=described.downscale_stabilization,
            cpu_initialization_period_ns=described.cpu_initialization_period,
            initial_readiness_delay_ns=described.initial_readiness_delay,
            sync_period_ns=described.sync_period,
        ),
    )


def _behavior(described: Behavior) -> hpa.Behavior:
    up, down = described.scaleUp or ScalingRules(), described.scaleDown or ScalingRules()
    return hpa.Behavior(
        scale_up=hpa.ScaleUp(
            policies=_policies(up) or hpa.ScaleUp().policies,
            select_policy=up.selectPolicy,
            stabilization_ns=_window_ns(up) or 0,
            tolerance=up.tolerance,
        ),
        scale_down=hpa.ScaleDown(
            policies=_policies(down) or hpa.ScaleDown().policies,
            select_policy=down.selectPolicy,
            stabilization_ns=_window_ns(down),
            tolerance=down.tolerance,
        ),
    )


def _policies(rules: ScalingRules) -> tuple[hpa.Policy, ...]:
    return tuple(hpa.Policy(one.type, one.value, one.periodSeconds * SECOND_NS) for one in rules.policies or ())


def _window_ns(rules: ScalingRules) -> int | None:
    seconds = rules.stabilizationWindowSeconds
    return None if seconds is None else seconds * SECOND_NS


def _observation(view: View) -> hpa.Observation:
    return hpa.Observation(
        replicas=view.replicas,
        pods=tuple(_sample(pod, view.request_millicores) for pod in view.pods),
        status_replicas=sum(not pod.is_terminating for pod in view.pods),
    )


def _sample(pod: PodView, request_millicores: int | None) -> hpa.PodSample:
    return hpa.PodSample(
        name=pod.name,
        request_millicores=request_millicores,
        usage_millicores=pod.usage_millicores,
        sample_ns=pod.sampled_ns,
        window_ns=pod.window_ns,
        start_ns=pod.start_ns,
        ready=pod.is_ready,
        ready_transition_ns=pod.ready_changed_ns,
        phase=pod.phase,
        deleted=pod.is_terminating,
    )
