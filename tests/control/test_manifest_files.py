"""Autoscalers go to a Kubernetes manifest and come back the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscaling.manifest_files import hpa_of, manifest_of
from agents.autoscaling.minds.hpa import hpa_spec
from scenarios.errors import ScenarioError
from scenarios.schema.hpa import Hpa
from scenarios.yaml_reading import read_yaml

# As in Kubernetes' walkthrough.
PHP_APACHE = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: php-apache}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: php-apache}
  minReplicas: 1
  maxReplicas: 10
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
"""

quantities = st.sampled_from(["1", "500m", "1500m", "20"])
averages = quantities.map(lambda q: {"type": "AverageValue", "averageValue": q})
values = st.one_of(quantities.map(lambda q: {"type": "Value", "value": q}), averages)
names = st.sampled_from(["requests_per_second", "concurrency", "queue_length", "latency_p95"])
metrics = st.one_of(
    st.integers(1, 200).map(lambda share: {"type": "Resource", "resource": {
        "name": "cpu", "target": {"type": "Utilization", "averageUtilization": share}}}),
    averages.map(lambda target: {"type": "Resource", "resource": {"name": "cpu", "target": target}}),
    averages.map(lambda target: {"type": "Pods", "pods": {"metric": {"name": "concurrency"}, "target": target}}),
    st.tuples(names, values).map(lambda two: {"type": "Object", "object": {
        "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "front"}, "metric": {"name": two[0]}, "target": two[1]}}),
    st.tuples(names, values).map(lambda two: {"type": "External", "external": {
        "metric": {"name": two[0], "selector": {"matchLabels": {"service": "front"}}}, "target": two[1]}}),
)  # fmt: skip
rules = st.fixed_dictionaries({}, optional={
    "stabilizationWindowSeconds": st.integers(0, 600), "selectPolicy": st.sampled_from(["Max", "Min", "Disabled"]),
    "policies": st.lists(st.fixed_dictionaries({
        "type": st.sampled_from(["Pods", "Percent"]), "value": st.integers(1, 100), "periodSeconds": st.integers(1, 60)}),
        min_size=1, max_size=2),
    "tolerance": st.sampled_from([0.05, 0.1, 0.25])})  # fmt: skip
specs = st.fixed_dictionaries(
    {"min": st.integers(1, 3), "max": st.integers(3, 9), "metrics": st.lists(metrics, min_size=1, max_size=4)},
    optional={"behavior": st.fixed_dictionaries({}, optional={"scaleUp": rules, "scaleDown": rules})})  # fmt: skip


@given(specs)
def test_there_and_back(described: dict[str, Any]) -> None:
    """Every metric, target and behaviour decides the same after the trip, and a second trip writes the same file."""
    hpa = Hpa.model_validate(described)
    manifest = manifest_of(hpa, "app")
    name, back = hpa_of(manifest)
    assert (name, hpa_spec(back, "app")) == ("app", hpa_spec(hpa, "app"))
    assert manifest_of(back, "app") == manifest


def test_the_walkthroughs_manifest_is_read() -> None:
    """php-apache, 1 to 10, 50 % of cpu; and is written back as it was."""
    manifest = read_yaml(PHP_APACHE, "php-apache.yaml")
    name, hpa = hpa_of(manifest)
    assert (name, hpa.min, hpa.max, hpa.utilizations) == ("php-apache", 1, 10, [0.5])
    assert manifest_of(hpa, name) == manifest


def test_the_short_form_is_spelled_out() -> None:
    """target_cpu is one metric; a file without metrics means 80 % of cpu."""
    short = Hpa.model_validate({"target_cpu": "50%", "min": 1, "max": 10})
    assert manifest_of(short, "php-apache") == read_yaml(PHP_APACHE, "php-apache.yaml")
    bare = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "spec": {"scaleTargetRef": {"name": "app"}, "maxReplicas": 5}}  # fmt: skip
    assert hpa_of(bare)[1].utilizations == [0.8]


def changed(**spec: Any) -> dict[str, Any]:
    """The walkthrough's manifest with another spec."""
    manifest = dict(read_yaml(PHP_APACHE, "php-apache.yaml"))
    return {**manifest, "spec": {**manifest["spec"], **spec}}


MISTAKES = [
    ({"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler"}, "is autoscaling/v1 HorizontalPodAutoscaler, not autoscaling/v2"),
    (changed(scaleTargetRef="app"), "names no deployment"),
    (changed(behavior=3), "behavior"),
    (changed(paused=True), "may have scaleTargetRef, minReplicas, maxReplicas, metrics, behavior"),
    (changed(metrics=[{"type": "Resource", "resource": {"name": "memory", "target": {"averageUtilization": 5}}}]),
     "= 'memory' is not one of cpu"),
    (changed(metrics=[{"type": "ContainerResource", "containerResource": {}}]), "must have one of resource, pods, object, external"),
    (changed(maxReplicas=0), "max = 0 must be at least 1"),
]


@pytest.mark.parametrize(("manifest", "sentence"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_what_is_not_modelled_is_refused(manifest: dict[str, Any], sentence: str) -> None:
    """Other versions, memory, containers, nonsense."""
    with pytest.raises(ScenarioError) as caught:
        hpa_of(manifest)
    assert sentence in str(caught.value)
