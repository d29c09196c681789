"""A ScaledObject for each service that a policy guides, whose one trigger asks the scaler (`parley serve-scaler`)."""

from __future__ import annotations

from typing import Any

from agents.autoscaling.seating import PODS_MAX
from parley.manifests.documents import Leaving, document
from scenarios.errors import ScenarioError
from scenarios.schema.control import Scaling
from scenarios.schema.scenario import Scenario

API, KIND = "keda.sh/v1alpha1", "ScaledObject"
FAILURES = 4  # polls in a row that fail before `fallback` stands in
TICK_S = 15


def manifest(world: Scenario, namespace: str | None = None, address: str = "parley-scaler.parley:6000", tolerance: float = 0.1,
             pushed: bool = False) -> Leaving:
    """Of all services of a world that somebody scales. `pushed` makes KEDA listen for `StreamIsActive`, too.

    The HPA which KEDA makes follows the number at once: no stabilization window, as the guard already holds what is too far in one step;
    what the HPA does to rise is its default. With a tolerance of 0 the manifest says so (Kubernetes 1.33 and later), and so must the
    scaler's --tolerance; else the HPA leaves steps within its tenth alone, and the scaler rounds up to what is heard.
    Raises ScenarioError where nobody scales.
    """
    documents = []
    for name in sorted(world.services):
        scaling = world.minds(name).scaling
        if scaling is not None and scaling.fixed is None:
            documents.append(document(API, KIND, name, namespace, _spec(world, name, scaling, address, tolerance, pushed)))
    if not documents:
        raise ScenarioError("agents: nobody scales here, so there is nothing for KEDA to do")
    return Leaving(tuple(documents), (), (
        f"Pods of the scenario {world.name}, as a policy decides behind {address}.",
        "Where the scaler cannot tell, KEDA keeps the pods there are, and the file's own number at least."))  # fmt: skip


def _spec(world: Scenario, name: str, scaling: Scaling, address: str, tolerance: float, pushed: bool) -> dict[str, Any]:
    least = max(1, int(getattr(scaling.chosen, "min", 1)))
    most = int(min(PODS_MAX, scaling.most or PODS_MAX))
    exact = {"tolerance": "0"} if tolerance == 0 else {}
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "pollingInterval": TICK_S, "minReplicaCount": least, "maxReplicaCount": most,
        "fallback": {"failureThreshold": FAILURES, "replicas": min(most, max(least, world.services[name].replicas)),
                     "behavior": "currentReplicasIfHigher"},
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {
            "scaleUp": {"stabilizationWindowSeconds": 0, **exact},
            "scaleDown": {"stabilizationWindowSeconds": 0, **exact,
                          "policies": [{"type": "Percent", "value": 100, "periodSeconds": TICK_S}]},
        }}},
        "triggers": [{"type": "external-push" if pushed else "external", "metricType": "AverageValue",
                      "metadata": {"scalerAddress": address, "service": name}}],
    }  # fmt: skip
