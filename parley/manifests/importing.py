"""A file of a cluster, whatever it holds, laid over a scenario."""

from __future__ import annotations

from collections.abc import Callable

from parley.manifests.autoscalers import import_hpa
from parley.manifests.documents import read_documents
from parley.manifests.gateway_api import import_gateway_api
from parley.manifests.istio import import_istio
from parley.manifests.vpa import import_vpa
from scenarios.errors import ScenarioError
from scenarios.schema.scenario import Scenario
from scenarios.writing import yaml_of

Reader = Callable[[str, Scenario, str], Scenario]
KINDS = {"HorizontalPodAutoscaler": "autoscaling/v2", "VerticalPodAutoscaler": "autoscaling.k8s.io/v1",
         "VirtualService": "networking.istio.io/v1", "DestinationRule": "networking.istio.io/v1",
         "HTTPRoute": "gateway.networking.k8s.io/v1"}  # fmt: skip
READERS: dict[str, Reader] = {
    "autoscaling/v2": import_hpa, "autoscaling.k8s.io/v1": import_vpa, "networking.istio.io/v1": import_istio,
    "gateway.networking.k8s.io/v1": import_gateway_api,
}  # fmt: skip


def import_manifests(text: str, world: Scenario, source: str) -> Scenario:
    """A world with what the documents say, those of one API after the other. Raises ScenarioError where they cannot be simulated."""
    documents = read_documents(text, source, KINDS)
    if not documents:
        raise ScenarioError(f"{source}: holds no document; it may hold {', '.join(KINDS)}")
    for version in dict.fromkeys(KINDS[one["kind"]] for _, one in documents):
        mine = "---\n".join(yaml_of(one) for _, one in documents if KINDS[one["kind"]] == version)
        world = READERS[version](mine, world, source)
    return world
