"""A VerticalPodAutoscaler for each service whose pods somebody sizes, and back. It knows CPU.

Half of what a scenario says is flags of the recommender and the updater, which belong to the cluster: they are listed.
"""

from __future__ import annotations

from typing import Any

from parley.manifests.documents import Leaving, document, only, read_documents
from scenarios.errors import ScenarioError
from scenarios.load import loads
from scenarios.schema.changing import dumped
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import parse_cpu
from scenarios.schema.vpa import Vpa
from scenarios.writing import as_data, yaml_of

API, KIND = "autoscaling.k8s.io/v1", "VerticalPodAutoscaler"
OF_FILE = ("updateMode", "minReplicas", "minAllowed", "maxAllowed", "controlledValues")  # the others are flags


def manifest(world: Scenario, namespace: str | None = None) -> Leaving:
    """Of all services of a world that somebody sizes. Raises ScenarioError where nobody does."""
    documents, missing = [], []
    for name in sorted(world.services):
        sizing = world.minds(name).sizing
        if sizing is not None and sizing.vpa is not None:
            documents.append(document(API, KIND, name, namespace, _spec(name, sizing.vpa)))
            flags = [(key, value) for key, value in dumped(sizing.vpa).items() if key not in OF_FILE]
            missing += [f"{name}: {key} = {value}: is a flag of the cluster's own recommender or updater" for key, value in flags]
    if not documents:
        raise ScenarioError("agents: nobody sizes pods here; seat somebody, as agents.defaults.sizing: vpa")
    return Leaving(tuple(documents), tuple(missing), (f"Sizes of pods of the scenario {world.name}.",))


def import_vpa(text: str, world: Scenario, source: str = "vpa.yaml") -> Scenario:
    """A world whose services are sized as a file says; flags stay. Raises ScenarioError for what a scenario does not simulate."""
    data = as_data(world)
    agents = data.setdefault("agents", {})
    for place, one in read_documents(text, source, {KIND: API}):
        spec = only(one["spec"], f"{place}: spec", ("targetRef", "updatePolicy", "resourcePolicy"))
        name = only(spec.get("targetRef"), f"{place}: spec.targetRef", ("apiVersion", "kind", "name")).get("name")
        if name not in world.services:
            raise ScenarioError(f"{place}: spec.targetRef.name: {name!r} is no service of {world.name}")
        sizing = world.minds(str(name)).sizing
        flags = {} if sizing is None or sizing.vpa is None else {k: v for k, v in dumped(sizing.vpa).items() if k not in OF_FILE}
        agents[name] = {**agents.get(name, {}), "sizing": {"vpa": {**flags, **_said(spec, f"{place}: spec")}}}
    return loads(yaml_of(data))


def _spec(name: str, vpa: Vpa) -> dict[str, Any]:
    allowed = (("minAllowed", vpa.minAllowed), ("maxAllowed", vpa.maxAllowed))
    bounds = {key: {"cpu": f"{value}m"} for key, value in allowed if value is not None}
    policy = {"containerName": "*", "controlledResources": ["cpu"], "controlledValues": vpa.controlledValues, **bounds}
    return {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "updatePolicy": {"updateMode": vpa.updateMode, "minReplicas": vpa.minReplicas},
        "resourcePolicy": {"containerPolicies": [policy]},
    }


def _said(spec: Any, at: str) -> dict[str, Any]:
    update = only(spec.get("updatePolicy"), f"{at}.updatePolicy", ("updateMode", "minReplicas"))
    said = dict(update)
    containers = only(spec.get("resourcePolicy"), f"{at}.resourcePolicy", ("containerPolicies",)).get("containerPolicies") or [{}]
    if len(containers) != 1 or containers[0].get("containerName", "*") != "*":
        raise ScenarioError(f"{at}.resourcePolicy.containerPolicies: pods have one container here; give one policy, of '*'")
    policy = only(containers[0], f"{at}.resourcePolicy.containerPolicies.0",
                  ("containerName", "controlledResources", "controlledValues", "minAllowed", "maxAllowed"))  # fmt: skip
    if policy.get("controlledValues"):
        said["controlledValues"] = policy["controlledValues"]
    for key in ("minAllowed", "maxAllowed"):
        if (bound := only(policy.get(key), f"{at}.resourcePolicy.containerPolicies.0.{key}", ("cpu",))):
            said[key] = f"{parse_cpu(bound['cpu'])}m"
    return said
