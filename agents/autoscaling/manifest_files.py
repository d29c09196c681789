"""HorizontalPodAutoscalers as Kubernetes has them in files: `autoscaling/v2` to a scenario's `hpa`, and back.

What a file cannot say, the controller's flags, is the scenario's alone; what a scenario does not model is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenarios.errors import ScenarioError
from scenarios.schema.changing import dumped
from scenarios.schema.hpa import Hpa
from scenarios.schema.mistakes import validated
from scenarios.schema.units import parse_quantity

API_VERSION, KIND = "autoscaling/v2", "HorizontalPodAutoscaler"
SPEC = ("scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior")
DEFAULT_UTILIZATION = 80  # of cpu, where a file names no metric (SetDefaults_HorizontalPodAutoscaler)


def manifest_of(hpa: Hpa, service: str) -> dict[str, Any]:
    """The manifest of a service's autoscaler, as YAML or JSON would hold it."""
    written = dumped(hpa)
    spec: dict[str, Any] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": service},
        "minReplicas": hpa.min, "maxReplicas": hpa.max, "metrics": _metrics(hpa, written),
    }  # fmt: skip
    if hpa.behavior is not None:
        spec["behavior"] = _behavior(written["behavior"])
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": service}, "spec": spec}


def hpa_of(manifest: Mapping[str, Any]) -> tuple[str, Hpa]:
    """(service, autoscaler) of a manifest; its status and metadata are left alone. Raises ScenarioError with the rule."""
    if (manifest.get("apiVersion"), manifest.get("kind")) != (API_VERSION, KIND):
        raise ScenarioError(f"is {manifest.get('apiVersion')} {manifest.get('kind')}, not {API_VERSION} {KIND}")
    spec = manifest.get("spec")
    if not isinstance(spec, Mapping) or not isinstance(target := spec.get("scaleTargetRef"), Mapping) or "name" not in target:
        raise ScenarioError("names no deployment; give spec.scaleTargetRef.name")
    if "maxReplicas" not in spec or any(key not in SPEC for key in spec):
        raise ScenarioError(f"spec has {', '.join(spec)}; it needs maxReplicas, and may have {', '.join(SPEC)}")
    data: dict[str, Any] = {"min": spec.get("minReplicas", 1), "max": spec["maxReplicas"]}
    data["metrics"] = spec.get("metrics") or [_cpu(DEFAULT_UTILIZATION)]
    if spec.get("behavior") is not None:
        sides = spec["behavior"]
        data["behavior"] = {side: _as_shares(of) for side, of in sides.items()} if isinstance(sides, Mapping) else sides
    return str(target["name"]), validated(Hpa, data, "an autoscaler")


def _as_shares(rules: Any) -> Any:
    """A tolerance is a quantity in a file, and a share here."""
    if not isinstance(rules, Mapping) or rules.get("tolerance") is None:
        return rules
    return {**rules, "tolerance": parse_quantity(rules["tolerance"]) / 1000}


def _metrics(hpa: Hpa, written: Mapping[str, Any]) -> list[dict[str, Any]]:
    if hpa.target_cpu is not None:
        return [_cpu(round(hpa.target_cpu * 100))]
    return [_whole(metric, of) for metric, of in zip(hpa.metrics or (), written["metrics"], strict=True)]


def _cpu(utilization: int) -> dict[str, Any]:
    return {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": utilization}}}


def _whole(metric: Any, written: Mapping[str, Any]) -> dict[str, Any]:
    """A metric with the kinds that a scenario may leave out and a file may not."""
    kind = metric.type.lower()
    inner, body = getattr(metric, kind), dict(written[kind])
    body["target"] = {"type": inner.target.type, **written[kind]["target"]}
    if kind == "resource":
        body["name"] = inner.name
    elif kind == "object":
        described = inner.describedObject
        body["describedObject"] = {"apiVersion": described.apiVersion, "kind": described.kind, "name": described.name}
    return {"type": metric.type, kind: body}


def _behavior(written: Mapping[str, Any]) -> dict[str, Any]:
    """Tolerances are quantities in a file."""
    rules = {side: dict(of) for side, of in written.items() if of is not None}
    for of in rules.values():
        if of.get("tolerance") is not None:
            of["tolerance"] = f"{of['tolerance']:g}"
    return rules
