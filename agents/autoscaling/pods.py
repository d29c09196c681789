"""What the autoscaler sees, and which pods count: groupPods in replica_calculator.go (MECHANISMS 1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Literal, NamedTuple

from agents.autoscaling.manifest import ControllerFlags

Phase = Literal["Pending", "Running", "Succeeded", "Failed"]


class Standing(Enum):
    """What one pod is worth to one metric in one sync (MECHANISMS 1.1)."""

    READY = "ready"
    UNREADY = "unready"
    MISSING = "missing"  # running, but without a sample
    IGNORED = "ignored"  # terminating or failed


class PodSample(NamedTuple):
    """One pod the selector matches, with its newest samples. CPU is in milli-cores, times are ns (MECHANISMS 1.1)."""

    name: str
    request_millicores: int | None  # sum over the containers; None if any container has no request
    usage_millicores: int | None = None  # mean over the sample's window; None without a sample
    sample_ns: int = 0  # the end of the sample's window
    window_ns: int = 0  # the length of the sample's window
    start_ns: int | None = None  # status.startTime; None before the kubelet has seen the pod
    ready: bool = False  # the Ready condition is True now
    ready_transition_ns: int | None = None  # when it last changed; None without a Ready condition
    phase: Phase = "Running"
    deleted: bool = False  # a deletionTimestamp is set
    values_milli: Mapping[str, int] = MappingProxyType({})  # metric -> thousandths, >= 0: Pods metrics


@dataclass(frozen=True, slots=True)
class Observation:
    """One sync's view of the scale target: every pod the selector matches, and the metrics from elsewhere."""

    replicas: int  # spec.replicas of the target, pods
    pods: tuple[PodSample, ...] = ()
    values_milli: Mapping[str, int] = field(default_factory=dict)  # metric -> thousandths, >= 0: Object, External
    status_replicas: int | None = None  # status.replicas, pods that exist; None: the same as `replicas`

    @property
    def existing_replicas(self) -> int:
        """Pods that exist, by status.replicas where it is known."""
        return self.replicas if self.status_replicas is None else self.status_replicas

    @property
    def serving_replicas(self) -> int:
        """Pods that are Running and Ready, terminating ones too: getReadyPodsCount (MECHANISMS 1.4)."""
        return sum(pod.phase == "Running" and pod.ready for pod in self.pods)


def standing(pod: PodSample, sampled: bool) -> Standing:
    """A pod's standing for a metric to which readiness does not matter: tests (1) to (3) of MECHANISMS 1.1."""
    if pod.deleted or pod.phase == "Failed":
        return Standing.IGNORED
    if pod.phase == "Pending":
        return Standing.UNREADY
    return Standing.READY if sampled else Standing.MISSING


def cpu_standing(pod: PodSample, flags: ControllerFlags, now_ns: int) -> Standing:
    """A pod's standing for the CPU metric at `now_ns`: test (4) of MECHANISMS 1.1 on top of the others."""
    plain = standing(pod, sampled=pod.usage_millicores is not None)
    if plain is Standing.READY and not _cpu_sample_counts(pod, flags, now_ns):
        return Standing.UNREADY
    return plain


def _cpu_sample_counts(pod: PodSample, flags: ControllerFlags, now_ns: int) -> bool:
    if pod.start_ns is None or pod.ready_transition_ns is None:
        return False
    if now_ns < pod.start_ns + flags.cpu_initialization_period_ns:
        # A window that opened before the pod turned Ready still holds the cost of starting up.
        return pod.ready and pod.sample_ns >= pod.ready_transition_ns + pod.window_ns
    # A transition after the first readiness delay can only mean that the pod was Ready once: it then keeps its voice.
    return pod.ready or pod.ready_transition_ns >= pod.start_ns + flags.initial_readiness_delay_ns
