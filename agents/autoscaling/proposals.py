"""From one metric to one replica count: replica_calculator.go and metrics/utilization.go (MECHANISMS 1.2 to 1.4).

Ratios are float64 and are rounded where Kubernetes rounds them, so that even 112 % of 100 % over 25 pods asks for 29.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from agents.autoscaling.manifest import (
    CpuAverageValue,
    CpuUtilization,
    HpaSpec,
    MetricSpec,
    PodsAverageValue,
    SourceAverageValue,
    SourceValue,
    Tolerances,
)
from agents.autoscaling.pods import Observation, Standing, cpu_standing, standing

INT32_MAX = 2**31 - 1


class Proposal(NamedTuple):
    """What one metric asks for, or why it cannot; readings are percent for cpu, else thousandths (MECHANISMS 1.5)."""

    metric: MetricSpec
    replicas: int | None  # pods, 0 ... 2^31-1; None when the metric failed
    reading: int | None  # first pass; None when the metric failed or there is nothing to share it by
    error: str = ""  # why it failed

    def __str__(self) -> str:
        if self.replicas is None:
            return f"{self.metric.name} unknown ({self.error})"
        return f"{self.metric.name} {_against_target(self.metric, self.reading)} target -> {self.replicas}"


class _Unavailable(Exception):
    """The metric has no answer this time."""


class _Load(NamedTuple):
    usage: int  # milli-cores, or thousandths of the metric's unit
    weight: int  # requested milli-cores, or 1


@dataclass(frozen=True, slots=True)
class _Census:
    ready: tuple[_Load, ...]
    missing: tuple[int, ...]  # weights
    unready: tuple[int, ...]  # weights


@dataclass(frozen=True, slots=True)
class _Goal:
    target: int
    scale: int  # 100 for a percentage of the weights, 1 for a plain mean

    def reading(self, loads: tuple[_Load, ...]) -> int:
        weight = sum(load.weight for load in loads)
        if not weight:
            raise _Unavailable("no sample of a pod that counts")
        return self.scale * sum(load.usage for load in loads) // weight

    def ratio(self, reading: int) -> float:
        return float(reading) / float(self.target)

    def assumed_usage(self, weight: int) -> int:
        return weight * max(self.scale, self.target) // self.scale


def propose(metric: MetricSpec, spec: HpaSpec, observation: Observation, now_ns: int) -> Proposal:
    """What `metric` alone asks for at `now_ns`, in pods (computeReplicasForMetric, MECHANISMS 1.2 to 1.4)."""
    try:
        replicas, reading = _computed(metric, spec, observation, now_ns)
    except _Unavailable as unavailable:
        return Proposal(metric, None, None, str(unavailable))
    return Proposal(metric, replicas, reading)


def _computed(metric: MetricSpec, spec: HpaSpec, observation: Observation, now_ns: int) -> tuple[int, int | None]:
    match metric:
        case CpuUtilization():
            census = _cpu_census(spec, observation, now_ns)
            goal = _Goal(metric.average_utilization, scale=100)
            return _from_pods(census, goal, observation.replicas, spec.tolerances)
        case CpuAverageValue():
            census = _cpu_census(spec, observation, now_ns, by_request=False)
            goal = _Goal(metric.average_value_milli, scale=1)
            return _from_pods(census, goal, observation.replicas, spec.tolerances)
        case PodsAverageValue():
            census = _value_census(metric.name, observation)
            goal = _Goal(metric.average_value_milli, scale=1)
            return _from_pods(census, goal, observation.replicas, spec.tolerances)
        case SourceValue():
            return _from_value(metric, observation, spec.tolerances)
        case SourceAverageValue():
            return _from_average_value(metric, observation, spec.tolerances)


def _cpu_census(spec: HpaSpec, observation: Observation, now_ns: int, by_request: bool = True) -> _Census:
    seen = []
    for pod in observation.pods:
        # Terminating pods are asked too: Kubernetes reads the requests of every pod the selector matches.
        if by_request and pod.request_millicores is None:
            raise _Unavailable(f"missing request for cpu in pod {pod.name}")
        load = _Load(pod.usage_millicores or 0, (pod.request_millicores or 0) if by_request else 1)
        seen.append((cpu_standing(pod, spec.flags, now_ns), load))
    return _census(seen)


def _value_census(name: str, observation: Observation) -> _Census:
    return _census(
        (standing(pod, sampled=name in pod.values_milli), _Load(pod.values_milli.get(name, 0), 1))
        for pod in observation.pods
    )


def _census(seen: Iterable[tuple[Standing, _Load]]) -> _Census:
    groups: dict[Standing, list[_Load]] = {each: [] for each in Standing}
    for found, load in seen:
        groups[found].append(load)
    return _Census(
        ready=tuple(groups[Standing.READY]),
        missing=tuple(load.weight for load in groups[Standing.MISSING]),
        unready=tuple(load.weight for load in groups[Standing.UNREADY]),
    )


def _from_pods(census: _Census, goal: _Goal, current: int, tolerances: Tolerances) -> tuple[int, int]:
    reading = goal.reading(census.ready)
    first = goal.ratio(reading)
    loads = _filled_in(census, goal, first)
    if len(loads) > len(census.ready):
        second = goal.ratio(goal.reading(loads))
        return _second_pass(first, second, len(loads), current, tolerances), reading
    if tolerances.contain(first):
        return current, reading
    return _ceil_int32(first * len(census.ready)), reading


def _filled_in(census: _Census, goal: _Goal, ratio: float) -> tuple[_Load, ...]:
    # Every assumption works against the move the samples ask for.
    if ratio < 1.0:
        return census.ready + tuple(_Load(goal.assumed_usage(weight), weight) for weight in census.missing)
    if ratio > 1.0:
        return census.ready + tuple(_Load(0, weight) for weight in census.missing + census.unready)
    return census.ready


def _second_pass(first: float, second: float, pods: int, current: int, tolerances: Tolerances) -> int:
    flipped = first < 1.0 < second or second < 1.0 < first
    if flipped or tolerances.contain(second):
        return current
    replicas = _ceil_int32(second * pods)
    contradicts = replicas > current if second < 1.0 else replicas < current
    return current if contradicts else replicas


def _from_value(metric: SourceValue, observation: Observation, tolerances: Tolerances) -> tuple[int, int]:
    value = _source_value(metric.name, observation)
    ratio = float(value) / float(metric.value_milli)
    if observation.replicas == 0:
        return _ceil_int32(ratio), value
    if tolerances.contain(ratio):
        return observation.replicas, value
    if not observation.pods:
        raise _Unavailable("no pods to multiply")
    return _ceil_int32(ratio * observation.serving_replicas), value


def _from_average_value(
    metric: SourceAverageValue, observation: Observation, tolerances: Tolerances
) -> tuple[int, int | None]:
    value, existing = _source_value(metric.name, observation), observation.existing_replicas
    wanted = _ceil_int32(float(value) / float(metric.average_value_milli))
    if existing == 0:
        return wanted, None
    ratio = float(value) / (float(metric.average_value_milli) * float(existing))
    return existing if tolerances.contain(ratio) else wanted, -(-value // existing)


def _source_value(name: str, observation: Observation) -> int:
    if name not in observation.values_milli:
        raise _Unavailable(f"no value of {name}")
    return observation.values_milli[name]


def _ceil_int32(replicas: float) -> int:
    return INT32_MAX if replicas >= INT32_MAX else math.ceil(replicas)


def _against_target(metric: MetricSpec, reading: int | None) -> str:
    match metric:
        case CpuUtilization():
            return f"{reading}% of {metric.average_utilization}%"
        case SourceValue():
            return f"{_units(reading)} of {_units(metric.value_milli)}"
        case CpuAverageValue() | PodsAverageValue() | SourceAverageValue():
            return f"{_units(reading)} of {_units(metric.average_value_milli)} a pod"


def _units(milli: int | None) -> str:
    return "?" if milli is None else f"{milli / 1000:.15g}"
