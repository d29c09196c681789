"""Metrics other than CPU utilisation: Kubernetes' own cases, and what a scenario makes of `metrics`."""

from __future__ import annotations

import pytest

from agents.autoscaling.hpa import (
    CpuUtilization,
    Observation,
    PodsAverageValue,
    SourceAverageValue,
    SourceValue,
    decide,
)
from agents.autoscaling.manifest import SECOND_NS as S
from agents.autoscaling.manifest import CpuAverageValue, MetricSpec
from agents.autoscaling.minds.hpa import hpa_needs, hpa_spec
from scenarios.errors import ScenarioError
from scenarios.load import loads
from scenarios.schema.hpa import Hpa
from sim.platform.metrics import Series
from tests.control.hpa_table import AGED, NOW, load, pod, seen, spec

QPS = PodsAverageValue("qps", 15_000)


def says(*milli: int, ready: str = "") -> Observation:
    """As many Running pods with these values of qps; `ready` has a letter a pod, and n means it is not Ready."""
    states = ready.ljust(len(milli), "y")
    pods = [pod(values_milli={"qps": value}, ready=state == "y") for value, state in zip(milli, states, strict=True)]
    return seen(len(pods), *pods)


def elsewhere(replicas: int, milli: int, ready: int | None = None) -> Observation:
    """So many pods, of which some are Ready, and qps from elsewhere."""
    pods = [pod(ready=number < (replicas if ready is None else ready)) for number in range(replicas)]
    return seen(replicas, *pods, qps=milli)


# Figures of replica_calculator_test.go in Kubernetes: (name there, metric, world, replicas, reported value).
KUBERNETES = [
    ("ScaleUpCM", QPS, says(20_000, 10_000, 30_000), 4, 20_000),
    ("ScaleUpCMUnreadyHotCpuNoLessScale", QPS, says(50_000, 10_000, 30_000, ready="yyn"), 6, 30_000),
    ("ScaleUpCMUnreadyHotCpuScaleWouldScaleDown", QPS, says(50_000, 15_000, 30_000, ready="nyn"), 7, 31_666),
    ("ScaleUpCMObject", SourceValue("qps", 15_000, "Object"), elsewhere(3, 20_000), 4, 20_000),
    ("ScaleUpCMPerPodObject", SourceAverageValue("qps", 5_000, "Object"), elsewhere(3, 20_000), 4, 6_667),
    ("ScaleUpCMObjectIgnoresUnreadyPods", SourceValue("qps", 10_000, "Object"), elsewhere(3, 50_000, ready=1), 5, 50_000),
    ("ScaleUpCMExternal", PodsAverageValue("qps", 4_400), says(8_600), 2, 8_600),
    ("ScaleUpCMExternalIgnoresUnreadyPods", SourceValue("qps", 4_400), elsewhere(3, 8_600, ready=1), 2, 8_600),
    ("ScaleUpPerPodCMExternal", SourceAverageValue("qps", 2_150), elsewhere(3, 8_600), 4, 2_867),
    ("ScaleDownCM", PodsAverageValue("qps", 20_000), says(*[12_000] * 5), 3, 12_000),
    ("ScaleDownPerPodCMObject", SourceAverageValue("qps", 2_000, "Object"), elsewhere(5, 6_000), 3, 1_200),
    ("ScaleDownCMObject", SourceValue("qps", 20_000, "Object"), elsewhere(5, 12_000), 3, 12_000),
    ("ScaleDownCMExternal", SourceValue("qps", 14_334), elsewhere(5, 8_600), 3, 8_600),
    ("ScaleDownPerPodCMExternal", SourceAverageValue("qps", 2_867), elsewhere(5, 8_600), 3, 1_720),
]  # fmt: skip


@pytest.mark.parametrize(("metric", "world", "replicas", "reported"), [row[1:] for row in KUBERNETES], ids=[row[0] for row in KUBERNETES])
def test_kubernetes_own_cases(metric: MetricSpec, world: Observation, replicas: int, reported: int) -> None:
    """H3, H4: the replicas and the reported value that Kubernetes' unit tests expect."""
    decision, _ = decide(spec(metric), AGED, world, NOW)
    assert (decision.recommended, decision.metrics[0].reading) == (replicas, reported)


# Settled pods; the target is 40m a pod, whatever is requested. Worked by hand.
CPU_VALUES = [
    ("a mean twice the target doubles", load(3, 80), 6, 80),
    ("inside tolerance stays", load(3, 43), 3, 43),
    ("no request is needed", seen(2, pod(90, request_millicores=None), pod(70, request_millicores=None)), 4, 80),
    ("a missing pod is taken for 0 on the way up: (120 + 0) / 2 = 60", seen(2, pod(120), pod(None)), 3, 120),
    ("a missing pod is taken for the target on the way down: (10 + 40) / 2 = 25", seen(2, pod(10), pod(None)), 2, 10),
    ("a pod that never was ready is taken for 0: (120 + 0) / 2 = 60", seen(2, pod(120), pod(
        900, ready=False, start_ns=NOW - 60 * S, ready_transition_ns=NOW - 60 * S)), 3, 120),
    ("means are truncated: 133 / 3 is 44, which is inside tolerance", seen(3, pod(44), pod(44), pod(45)), 3, 44),
]  # fmt: skip


@pytest.mark.parametrize(("world", "replicas", "reported"), [row[1:] for row in CPU_VALUES], ids=[row[0] for row in CPU_VALUES])
def test_cpu_against_an_average_value(world: Observation, replicas: int, reported: int) -> None:
    """H2: milli-cores a pod, with the same doubts about young pods as a utilisation."""
    decision, _ = decide(spec(CpuAverageValue(40)), AGED, world, NOW)
    assert (decision.recommended, decision.metrics[0].reading) == (replicas, reported)


def test_a_metric_that_fails_blocks_the_way_down_only() -> None:
    """H5: cpu asks for 1 of 4 and qps has no value: 4 stay; cpu asks for 8: 8 it is."""
    both = spec(CpuUtilization(50), SourceValue("qps", 1_000))
    down, up = (decide(both, AGED, load(4, usage), NOW)[0] for usage in (10, 100))
    assert (down.desired, down.reason) == (4, "qps unknown (no value of qps): stays at 4")
    assert up.desired == 8


METRICS = """
[{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}},
 {type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: 500m}}},
 {type: Pods, pods: {metric: {name: concurrency}, target: {type: AverageValue, averageValue: "1.5"}}},
 {type: Object, object: {describedObject: {apiVersion: v1, kind: Service, name: front}, metric: {name: requests_per_second},
                         target: {type: Value, value: 1k}}},
 {type: External, external: {metric: {name: latency_p95}, target: {type: Value, value: 300m}}},
 {type: External, external: {metric: {name: requests_per_second, selector: {matchLabels: {workload: some}}},
                             target: {type: AverageValue, averageValue: 20}}}]
"""
WORLD = """
version: 1
name: several
duration: 20s
services:
  front: {replicas: 2, workers: 8, resources: {requests: {cpu: 1}}, endpoints: {page: [{work: 1ms}, {call: back.run}]}}
  back: {replicas: 2, workers: 8, resources: {requests: {cpu: 1}}, endpoints: {run: [{work: 5ms}]}}
workload: {some: {entry: front.page, arrivals: {constant: 50/s}}}
agents: {back: {scaling: {hpa: {max: 9, metrics: %s}}}}
"""


def described(metrics: str) -> Hpa:
    """The HPA of `back` in a world, as the schema has it."""
    hpa = loads(WORLD % metrics).agents["back"].scaling.hpa
    assert hpa is not None
    return hpa


def test_metrics_are_spelled_as_kubernetes_spells_them() -> None:
    """Every kind of metric and target, quantities in thousandths, names with what they are of."""
    hpa = described(METRICS)
    assert hpa_spec(hpa, "back").metrics == (
        CpuUtilization(70), CpuAverageValue(500), PodsAverageValue("concurrency", 1500),
        SourceValue("requests_per_second{service=front}", 1_000_000, "Object"),
        SourceValue("latency_p95{service=back}", 300), SourceAverageValue("requests_per_second{workload=some}", 20_000),
    )  # fmt: skip
    assert hpa_needs(hpa, "back").series == (
        Series("requests_per_second", "service", "front"), Series("latency_p95", "service", "back"),
        Series("requests_per_second", "workload", "some"),
    )  # fmt: skip


MISTAKES = [
    ("[{pods: {metric: {name: rps}, target: {averageValue: 1}}}]", "metric.name = 'rps' is not one of requests_per_second"),
    ("[{podz: {}}]", "must have one of resource, pods, object, external"),
    ("[{type: Pods, resource: {target: {averageUtilization: 1}}}]", "metrics.0.type = 'Pods' is not one of Resource"),
    ("[{pods: {metric: {name: concurrency}, target: {averageValue: 1x}}}]", "averageValue = '1x' is not a quantity; write it like 100"),
    ("[{pods: {metric: {name: concurrency}, target: {averageValue: 0}}}]", "averageValue = 0 must be more than 0"),
    ("[{object: {describedObject: {name: frnt}, metric: {name: concurrency}, target: {value: 1}}}]",
     "metrics.0.object.describedObject.name = 'frnt' is not a service of this world; did you mean 'front'?"),
    ("[{external: {metric: {name: concurrency, selector: {matchLabels: {workload: some}}}, target: {value: 1}}}]",
     "concurrency is a metric of services; a workload has requests_per_second and latencies"),
    ("[{external: {metric: {name: latency_p50, selector: {matchLabels: {workload: somme}}}, target: {value: 1}}}]",
     "workload = 'somme' is not a workload of this world; did you mean 'some'?"),
    ("[{pods: {metric: {name: concurrency}, target: {averageValue: 1}}}], target_cpu: 50%",
     "must have exactly one of target_cpu, as in target_cpu: 60%, and metrics; it has both"),
    ("[{pods: {metric: {name: concurrency}, target: {averageValue: 1}}}], min: 0", "give an Object or External metric too"),
]  # fmt: skip


@pytest.mark.parametrize(("metrics", "sentence"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_mistakes_are_answered_with_the_rule(metrics: str, sentence: str) -> None:
    """A wrong name, kind, quantity or combination."""
    with pytest.raises(ScenarioError) as caught:
        described(metrics)
    assert sentence in str(caught.value)
