"""YAML that leaves is valid, says what it cannot say, and comes back as the same world."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from parley.manifests import gateway_api, istio, keda, vpa
from parley.manifests.documents import Leaving
from parley.manifests.routes import named_routes
from scenarios.errors import ScenarioError
from scenarios.load import load, loads
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh
from tests.house.sources import ROOT
from tests.manifests.schemas import require_valid

FILES = sorted([*(ROOT / "scenarios").glob("*.yaml"), *(ROOT / "tests/house/worlds").glob("*.yaml")])
TRIPS: dict[str, tuple[Callable[[Scenario], Leaving], Callable[[str, Scenario], Scenario]]] = {
    "istio": (istio.manifest, istio.import_istio), "gateway-api": (gateway_api.manifest, gateway_api.import_gateway_api)}
SIMULATED = ["gates.yaml", "pools.yaml", "hosts.yaml", "zones.yaml", "flash_crowd.yaml", "three_tier_retries.yaml"]
WHILE_NS = 4_000_000_000


@functools.cache
def world(name: str) -> Scenario:
    """A shipped scenario, or one that witnesses."""
    return load(str(next(path for path in FILES if path.name == name)))


def routes(of: Scenario) -> dict[str, Any]:
    """Resolved, by name."""
    return {name: route for name, (_, route) in named_routes(of).items()}


@pytest.mark.parametrize("trip", TRIPS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_routes_leave_and_come_back(path: Path, trip: str) -> None:
    """Of every world there is: valid by the CRDs, and each route as it was."""
    there, back = TRIPS[trip]
    of = world(path.name)
    text = str(there(of))
    for one in yaml.safe_load_all(text):
        require_valid(one)
    assert routes(back(text, of)) == routes(of)


@pytest.mark.parametrize("trip", TRIPS)
@pytest.mark.parametrize("name", SIMULATED)
def test_what_came_back_runs_to_the_same_digest(name: str, trip: str) -> None:
    """Simulated again, request by request, by the readable engine."""
    there, back = TRIPS[trip]
    assert digest(back(str(there(world(name))), world(name))) == digest(world(name))


def digest(of: Scenario) -> str:
    """Of its trace."""
    mesh = Mesh(of, 1, "reference")
    mesh.advance(min(WHILE_NS, of.duration))
    return mesh.plane.digest()


def test_what_is_changed_in_a_file_changes_the_world() -> None:
    """A timeout, a retry taken away, a rule for one endpoint; what Istio has no word for stays."""
    of = world("retry_credits.yaml")
    documents = list(yaml.safe_load_all(str(istio.manifest(of))))
    service = next(one for one in documents if one["kind"] == "VirtualService" and one["metadata"]["name"] == "edge")
    rule = service["spec"]["http"][0]
    rule["timeout"], rule["retries"] = "1m2s3ms", {"attempts": 0}
    back = routes(istio.import_istio(yaml.safe_dump_all(documents), of))
    (name,) = [name for name, route in back.items() if route != routes(of)[name]]
    assert (back[name].timeout_ns, back[name].retries) == (62_003_000_000, None)
    assert back[name].request_bytes == routes(of)[name].request_bytes


def test_an_endpoint_of_its_own() -> None:
    """A rule by path that the scenario did not have becomes a route of that endpoint alone."""
    of = world("hello.yaml")
    plain = {"route": [{"destination": {"host": "api"}}], "retries": {"attempts": 0}}
    rules = [{"match": [{"uri": {"exact": "/put"}}], "timeout": "9s", **plain}, plain]
    text = yaml.safe_dump({"apiVersion": istio.API, "kind": "VirtualService", "metadata": {"name": "api"}, "spec": {
        "hosts": ["api"], "http": rules}})
    back = routes(istio.import_istio(text, of))
    assert {name: route.timeout_ns for name, route in back.items() if name.endswith(".put")}


def test_what_cannot_be_said_is_listed_with_the_reason() -> None:
    """Above the documents, a line each; nothing else differs when it is read back by somebody who has the file only."""
    text = str(istio.manifest(world("gates.yaml")))
    for sentence in ("# not said: front -> price: circuit_breaker = ", "resilience4j's stands in the caller's own code",
                     "# not said: users -> front: local_rate_limit = ", "Istio has it in an EnvoyFilter only"):  # fmt: skip
        assert sentence in text
    text = str(gateway_api.manifest(world("flash_crowd.yaml")))
    assert "retry_budget" in text and "the Gateway API has no word for it" in text


def virtual_service(**rule: Any) -> str:
    """With one rule of `gateway`."""
    whole = {"route": [{"destination": {"host": "gateway"}}], **rule}
    return yaml.safe_dump({"apiVersion": istio.API, "kind": "VirtualService", "metadata": {"name": "x"}, "spec": {
        "hosts": ["gateway"], "http": [whole]}})


REFUSED = [
    (virtual_service(mirror={"host": "b"}), "spec.http.0.mirror: is nothing that a scenario can simulate here"),
    (virtual_service(timeout="soon"), "spec.http.0.timeout: 'soon' is no duration: write it as 250ms"),
    (virtual_service(retries={"atempts": 3}), "did you mean 'attempts'?"),
    (virtual_service(route=[{"destination": {"host": "a"}}, {"destination": {"host": "b"}}]), "is not a list of one entry"),
    (virtual_service(route=[{"destination": {"host": "other"}}]), "is another service than the VirtualService is of"),
    (virtual_service(match=[{"headers": {"x": {"exact": "y"}}}]), "match.0.headers: is nothing"),
    ("kind: Sidecar\napiVersion: networking.istio.io/v1\nspec: {}\n", "not one of networking.istio.io/v1 VirtualService"),
    ("- 3\n", "document 1: is no object"),
    (virtual_service(retries={"attempts": 500}), "num_retries"),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_a_scenario_cannot_simulate_is_refused(text: str, sentence: str) -> None:
    """With its place in the file."""
    with pytest.raises(ScenarioError) as caught:
        istio.import_istio(text, world("three_tier_retries.yaml"))
    assert sentence in str(caught.value)


def test_scaled_objects_point_at_the_scaler() -> None:
    """One a service, within the bounds of its rule; a tolerance of nothing is said to the HPA too."""
    made = keda.manifest(world("learning_to_scale.yaml"), "shop", "scaler.parley:6000", tolerance=0.0, pushed=True)
    for one in made.documents:
        require_valid(one)
    spec = next(one["spec"] for one in made.documents if one["metadata"]["name"] == "front")
    assert spec["triggers"] == [{"type": "external-push", "metricType": "AverageValue",
                                 "metadata": {"scalerAddress": "scaler.parley:6000", "service": "front"}}]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"], spec["fallback"]["replicas"]) == (1, 40, 4)
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behavior["scaleUp"]["tolerance"] == behavior["scaleDown"]["tolerance"] == "0"
    with pytest.raises(ScenarioError, match="nobody scales"):
        keda.manifest(world("three_tier.yaml"))


def test_sizes_leave_and_come_back() -> None:
    """A VerticalPodAutoscaler each; flags of the cluster are listed and stay."""
    of = world("sizing.yaml")
    made = vpa.manifest(of)
    for one in made.documents:
        require_valid(one)
    back = vpa.import_vpa(str(made), of)
    assert {name: back.minds(name).sizing for name in of.services} == {name: of.minds(name).sizing for name in of.services}
    assert any("is a flag of the cluster's own recommender" in one for one in made.unsaid)
    with pytest.raises(ScenarioError, match="nobody sizes"):
        vpa.manifest(world("three_tier.yaml"))


def test_names_that_kubernetes_has_not() -> None:
    """Are told before anything is written."""
    of = loads("version: 1\nname: a\nduration: 1s\nservices: {a_b: {replicas: 1, endpoints: {get: [{work: 1ms}]}}}\n"
               "workload: {u: {entry: a_b.get, arrivals: {poisson: 1/s}}}\n")  # fmt: skip
    with pytest.raises(ScenarioError, match="is no name in Kubernetes"):
        istio.manifest(of)


def test_the_schemas_bite() -> None:
    """An unknown field, a missing one, a wrong word."""
    for kind, spec in (("HTTPRoute", {"retries": 3}), ("ScaledObject", {"triggers": []}),
                       ("DestinationRule", {"trafficPolicy": {"loadBalancer": {"simple": "BEST"}}})):  # fmt: skip
        with pytest.raises(jsonschema.ValidationError):
            require_valid({"kind": kind, "spec": spec})
