"""Routes as the Gateway API has them: an HTTPRoute of each Service in a mesh (GAMMA), with its timeouts and, of late, its retries.

An HTTPRoute of a Service holds for all its callers, and knows timeouts and retries only; `retry` is in the experimental channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parley.manifests.documents import (
    Document,
    Leaving,
    document,
    duration_ns,
    one_of,
    only,
    placed,
    read_documents,
    spelled,
)
from parley.manifests.routes import Data, callee_endpoint, imported, leaving, told_apart
from scenarios.errors import ScenarioError
from scenarios.schema.routing import Edge, ResolvedRoute
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import format_duration

API, KIND = "gateway.networking.k8s.io/v1", "HTTPRoute"
PORT = 80  # of every Service; a backend has to name one
CODES = {"5xx": [500, 502, 503, 504], "gateway-error": [502, 503, 504]}
REASONS = {
    "timeout": "the Gateway API counts whole milliseconds",
    "per_try_timeout": "the Gateway API counts whole milliseconds, and no more than the request has",
    "retries.retry_on": "the Gateway API has status codes, and those of 5xx or of gateway-error are what a scenario can tell",
    "lb_policy": "is the mesh's own choice",
    "request_bytes": "is what the traffic is, not what a mesh does with it",
    "response_bytes": "is what the traffic is, not what a mesh does with it",
}  # fmt: skip
OTHERWISE = "the Gateway API has no word for it"


def manifest(world: Scenario, namespace: str | None = None) -> Leaving:
    """All routes of a world, as far as callers of a service agree. What cannot be said is listed, with the reason."""
    rules: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for name, route in told_apart(world).items():
        rules.setdefault((route.callee, callee_endpoint(name)), {})[route.caller] = _rule(route, callee_endpoint(name))
    agreed: dict[str, list[dict[str, Any]]] = {}
    disagreeing = []
    for (callee, _), by_caller in rules.items():
        first = next(iter(by_caller.values()))
        if any(one != first for one in by_caller.values()):
            disagreeing.append(f"{callee}: {', '.join(by_caller)} call it each in a way of its own, and an HTTPRoute holds for all callers")
        else:
            agreed.setdefault(callee, []).append(first)
            agreed[callee].sort(key=lambda rule: "matches" not in rule)
    documents = [document(API, KIND, callee, namespace, {"parentRefs": [{"group": "", "kind": "Service", "name": callee, "port": PORT}],
                                                         "rules": agreed[callee]}) for callee in sorted(agreed)]  # fmt: skip
    return leaving(world, documents, Files(placed(documents)).said, REASONS, OTHERWISE, disagreeing)


def import_gateway_api(text: str, world: Scenario, source: str = "gateway-api.yaml") -> Scenario:
    """A world with the routes of a file. Raises ScenarioError for what a scenario does not simulate."""
    was, says = placed(manifest(world).documents), read_documents(text, source, {KIND: API})
    return imported(world, Files(was).said, Files(says).said)


@dataclass(frozen=True)
class Files:
    """Documents with their places."""

    documents: Sequence[tuple[str, Document]]

    def said(self, edge: Edge) -> Data | None:
        """What they say of an edge, as a scenario spells it; None where they say nothing of its callee."""
        for place, one in self.documents:
            spec = only(one["spec"], f"{place}: spec", ("parentRefs", "hostnames", "rules"))
            parent = one_of(spec.get("parentRefs"), f"{place}: spec.parentRefs")
            if parent.get("kind") != "Service":
                raise ScenarioError(f"{place}: spec.parentRefs.0.kind: {parent.get('kind')!r} is not Service: a scenario has a mesh inside")
            if parent.get("name") != edge.callee:
                continue
            for number, rule in enumerate(spec.get("rules") or ()):
                at = f"{place}: spec.rules.{number}"
                only(rule, at, ("name", "matches", "timeouts", "retry", "backendRefs"))
                if _fits(rule, at, edge):
                    return _said(rule, at, edge)
        return None


def _rule(route: ResolvedRoute, endpoint: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"matches": [{"path": {"type": "Exact", "value": f"/{endpoint}"}}]} if endpoint else {}
    whole, each = spelled(route.timeout_ns), spelled(route.per_try_timeout_ns)
    if each is not None and route.timeout_ns and route.per_try_timeout_ns > route.timeout_ns:
        each = None
    if timeouts := {key: value for key, value in (("request", whole), ("backendRequest", each)) if value is not None}:
        rule["timeouts"] = timeouts
    if route.retries is not None:
        rule["retry"] = {"attempts": route.retries.num_retries}
        if (codes := next((of for word, of in CODES.items() if route.retries.retry_on == (word,)), None)) is not None:
            rule["retry"]["codes"] = codes
        if (wait := spelled(route.retries.retry_back_off.base_interval)) is not None:
            rule["retry"]["backoff"] = wait
    return {**rule, "backendRefs": [{"name": route.callee, "port": PORT}]}


def _fits(rule: Mapping[str, Any], at: str, edge: Edge) -> bool:
    if not rule.get("matches"):
        return True
    match = only(one_of(rule["matches"], f"{at}.matches"), f"{at}.matches.0", ("path",))
    path = only(match.get("path"), f"{at}.matches.0.path", ("type", "value"))
    if path.get("type") == "Exact":
        return bool(path.get("value") == f"/{edge.callee_endpoint}")
    if path.get("type", "PathPrefix") == "PathPrefix" and path.get("value", "/") == "/":
        return True
    raise ScenarioError(f"{at}.matches.0.path: is neither Exact, which is an endpoint, nor PathPrefix /, which are all")


def _said(rule: Mapping[str, Any], at: str, edge: Edge) -> Data:
    backend = only(one_of(rule.get("backendRefs"), f"{at}.backendRefs"), f"{at}.backendRefs.0", ("group", "kind", "name", "port", "weight"))
    if backend.get("name") != edge.callee:
        raise ScenarioError(f"{at}.backendRefs.0.name: is another service than the HTTPRoute is of")
    timeouts = only(rule.get("timeouts"), f"{at}.timeouts", ("request", "backendRequest"))
    said: Data = {}
    for key, name in (("timeout", "request"), ("per_try_timeout", "backendRequest")):
        if timeouts.get(name) is not None and (ns := duration_ns(timeouts[name], f"{at}.timeouts.{name}")):
            said[key] = format_duration(ns)
    if rule.get("retry") is not None:
        retry = only(rule["retry"], f"{at}.retry", ("attempts", "codes", "backoff"))
        codes = sorted(retry.get("codes") or CODES["5xx"])
        word = next((word for word, of in CODES.items() if of == codes), None)
        if word is None:
            raise ScenarioError(f"{at}.retry.codes: {codes} are neither those of 5xx, {CODES['5xx']}, nor of gateway-error, "
                                f"{CODES['gateway-error']}")  # fmt: skip
        said["retries"] = {"num_retries": retry.get("attempts", 1), "retry_on": [word]}
        if retry.get("backoff") is not None:
            said["retries"]["retry_back_off"] = {"base_interval": format_duration(duration_ns(retry["backoff"], f"{at}.retry.backoff"))}
    return said
