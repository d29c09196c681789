"""What a policy can leave as: a line for each target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agents.learning.bundles.packing import CARD, DESCRIBED, GRAPH, SBOM, TREE, VECTORS
from parley.exporting.card import card
from parley.exporting.finished import Finished
from parley.exporting.hpa import hpa
from parley.exporting.sbom import sbom
from parley.manifests import gateway_api, istio, keda, vpa
from parley.manifests.documents import Leaving
from scenarios.load import load
from scenarios.schema.scenario import Scenario

Files = Mapping[str, bytes]  # by name


@dataclass(frozen=True)
class Target:
    """One of them: what it is, and its files."""

    says: str
    files: Callable[[Finished], Files]
    is_sealed: bool = False  # whether a manifest goes with them, and a signature where there is a key


def _bundle(policy: Finished) -> Files:
    content = {GRAPH: policy.graph, TREE: policy.fitted.tree.file.as_json(), DESCRIBED: policy.described.as_json(),
               VECTORS: policy.golden.as_npz(), CARD: card(policy.described)}  # fmt: skip
    return {**content, SBOM: sbom(policy.described, content)}


def _onnx(policy: Finished) -> Files:
    return {GRAPH: policy.graph, DESCRIBED: policy.described.as_json()}


def _tree(policy: Finished) -> Files:
    return {TREE: policy.fitted.tree.file.as_json(), DESCRIBED: policy.described.as_json()}


def _of_world(name: str, written: Callable[[Scenario], Leaving]) -> Callable[[Finished], Files]:
    """What leaves is the scenario's that the policy was trained in."""
    return lambda policy: {name: str(written(load(policy.task.scenario))).encode()}


TARGETS: dict[str, Target] = {
    "bundle": Target("graph, tree, what they see and do, golden vectors, a model card, an SBOM, a manifest", _bundle, is_sealed=True),
    "onnx": Target("the graph, and what it sees and does", _onnx),
    "tree": Target("the decision tree, and what it sees and does", _tree),
    "hpa": Target("plain autoscalers that follow it, with what that loses", lambda policy: {"hpa.yaml": str(hpa(policy)).encode()}),
    "keda": Target("ScaledObjects that ask `parley serve-scaler`", _of_world("keda.yaml", keda.manifest)),
    "vpa": Target("VerticalPodAutoscalers of its scenario", _of_world("vpa.yaml", vpa.manifest)),
    "istio": Target("routes of its scenario, in Istio's words", _of_world("istio.yaml", istio.manifest)),
    "gateway-api": Target("routes of its scenario, as HTTPRoutes", _of_world("gateway-api.yaml", gateway_api.manifest)),
}
