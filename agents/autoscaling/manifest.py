"""What an `autoscaling/v2` manifest and the controller's flags say. Times are integer ns, names are Kubernetes' own.

Follows staging/src/k8s.io/api/autoscaling/v2/types.go, pkg/apis/autoscaling/v2/defaults.go and
pkg/controller/podautoscaler/config (MECHANISMS 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

SECOND_NS = 1_000_000_000

SelectPolicy = Literal["Max", "Min", "Disabled"]
Source = Literal["Object", "External"]


@dataclass(frozen=True, slots=True)
class ControllerFlags:
    """Flags of kube-controller-manager that shape every HPA: `--horizontal-pod-autoscaler-*` (MECHANISMS 1)."""

    tolerance: float = 0.1  # share of the target, both ways
    downscale_stabilization_ns: int = 300 * SECOND_NS
    cpu_initialization_period_ns: int = 300 * SECOND_NS
    initial_readiness_delay_ns: int = 30 * SECOND_NS
    sync_period_ns: int = 15 * SECOND_NS  # the caller's cadence; `decide` never reads it


@dataclass(frozen=True, slots=True)
class CpuUtilization:
    """Resource metric `cpu` with an `averageUtilization` target: percent of the pods' requests (MECHANISMS 1.2)."""

    average_utilization: int  # percent, > 0
    name: ClassVar[str] = "cpu"
    failure: ClassVar[str] = "FailedGetResourceMetric"  # Kubernetes' reason when the metric cannot be had


@dataclass(frozen=True, slots=True)
class CpuAverageValue:
    """Resource metric `cpu` with an `averageValue` target: milli-cores a pod, whatever it requests (MECHANISMS 1.4)."""

    average_value_milli: int  # milli-cores, > 0
    name: ClassVar[str] = "cpu"
    failure: ClassVar[str] = "FailedGetResourceMetric"  # Kubernetes' reason when the metric cannot be had


@dataclass(frozen=True, slots=True)
class PodsAverageValue:
    """Pods metric with an `averageValue` target: the mean over the pods' own values (MECHANISMS 1.4)."""

    name: str
    average_value_milli: int  # thousandths of the metric's unit, > 0
    failure: ClassVar[str] = "FailedGetPodsMetric"  # Kubernetes' reason when the metric cannot be had


@dataclass(frozen=True, slots=True)
class SourceValue:
    """Object or External metric with a `Value` target: one number against the target (MECHANISMS 1.4)."""

    name: str
    value_milli: int  # thousandths of the metric's unit, > 0
    source: Source = "External"

    @property
    def failure(self) -> str:
        """Kubernetes' reason when the metric cannot be had."""
        return f"FailedGet{self.source}Metric"


@dataclass(frozen=True, slots=True)
class SourceAverageValue:
    """Object or External metric with an `AverageValue` target: one number shared by all replicas (MECHANISMS 1.4)."""

    name: str
    average_value_milli: int  # thousandths of the metric's unit, a replica, > 0
    source: Source = "External"

    @property
    def failure(self) -> str:
        """Kubernetes' reason when the metric cannot be had."""
        return f"FailedGet{self.source}Metric"


MetricSpec = CpuUtilization | CpuAverageValue | PodsAverageValue | SourceValue | SourceAverageValue


@dataclass(frozen=True, slots=True)
class Policy:
    """One rate limit: at most `value` pods, or percent, of change in `period_ns` (HPAScalingPolicy, MECHANISMS 1.7)."""

    kind: Literal["Pods", "Percent"]
    value: int  # pods, or percent of the replicas at the start of the period; > 0
    period_ns: int  # 1 s ... 30 min

    def __post_init__(self) -> None:
        assert self.value > 0 and self.period_ns > 0, self

    def __str__(self) -> str:
        return f"{self.kind} {self.value}/{self.period_ns / SECOND_NS:g}s"


@dataclass(frozen=True, slots=True)
class ScaleUp:
    """Rules for growing; the defaults are those of `behavior.scaleUp` (HPAScalingRules, MECHANISMS 1.7)."""

    policies: tuple[Policy, ...] = (Policy("Pods", 4, 15 * SECOND_NS), Policy("Percent", 100, 15 * SECOND_NS))
    select_policy: SelectPolicy = "Max"
    stabilization_ns: int = 0
    tolerance: float | None = None  # None: the controller's flag

    def __post_init__(self) -> None:
        assert self.policies, "scaleUp needs at least one policy"


@dataclass(frozen=True, slots=True)
class ScaleDown:
    """Rules for shrinking; the defaults are those of `behavior.scaleDown` (HPAScalingRules, MECHANISMS 1.7)."""

    policies: tuple[Policy, ...] = (Policy("Percent", 100, 15 * SECOND_NS),)
    select_policy: SelectPolicy = "Max"
    stabilization_ns: int | None = None  # None: the controller's downscale flag
    tolerance: float | None = None  # None: the controller's flag

    def __post_init__(self) -> None:
        assert self.policies, "scaleDown needs at least one policy"


@dataclass(frozen=True, slots=True)
class Behavior:
    """`spec.behavior`: giving any part of it switches to the second algorithm (MECHANISMS 1.7)."""

    scale_up: ScaleUp = ScaleUp()
    scale_down: ScaleDown = ScaleDown()


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far the ratio of usage to target may stray, as shares of the target (isWithin, MECHANISMS 1.3)."""

    down: float
    up: float

    def contain(self, ratio: float) -> bool:
        """Whether the ratio is near enough to 1 to do nothing; both ends belong."""
        return 1.0 - self.down <= ratio <= 1.0 + self.up


@dataclass(frozen=True)
class HpaSpec:
    """A HorizontalPodAutoscaler's spec, with the controller's flags beside it (MECHANISMS 1, 1.5)."""

    max_replicas: int  # pods
    min_replicas: int = 1  # pods; 0 needs an Object or External metric
    metrics: tuple[MetricSpec, ...] = (CpuUtilization(80),)
    behavior: Behavior | None = None
    flags: ControllerFlags = ControllerFlags()

    def __post_init__(self) -> None:
        assert 0 <= self.min_replicas <= self.max_replicas and self.max_replicas > 0, self
        assert self.metrics, "an HPA needs at least one metric"
        assert self.min_replicas or any(isinstance(m, SourceValue | SourceAverageValue) for m in self.metrics), self

    @cached_property
    def looks_at_pods(self) -> bool:
        """Whether a metric asks for more of the pods than how many there are."""
        return any(not isinstance(metric, SourceAverageValue) for metric in self.metrics)

    @cached_property
    def tolerances(self) -> Tolerances:
        """The tolerance in force each way, as shares of the target (MECHANISMS 1.3)."""
        behavior = self.behavior or Behavior()
        down, up = behavior.scale_down.tolerance, behavior.scale_up.tolerance
        flag = self.flags.tolerance
        return Tolerances(down=flag if down is None else down, up=flag if up is None else up)

    @cached_property
    def downscale_window_ns(self) -> int:
        """How long, in ns, a higher recommendation holds back a scale-down (MECHANISMS 1.6, 1.7)."""
        own = self.behavior.scale_down.stabilization_ns if self.behavior else None
        return self.flags.downscale_stabilization_ns if own is None else own
