"""Draws of generated worlds whose callers know zones: Istio's levels and weights, Envoy's zone-aware routing."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from scenarios.schema.locality_rules import BESIDE_ZONES
from tests.identity.remembering import detection

FAILOVERS: list[dict[str, Any]] = [{}, {"failover": [{"from": "south", "to": "z"}]}, {"failover": [{"from": "z", "to": "v"}]}]
SPREADS: list[dict[str, Any]] = [
    {"distribute": [{"from": "south/x/*", "to": {"south/x/*": 60, "*": 40}}]},
    {"distribute": [{"from": "z/*", "to": {"south/*": 50, "z": 50}}, {"from": "*", "to": {"south/y": 10, "v/*": 90}}]}]  # fmt: skip


@st.composite
def settings(draw: st.DrawFn, services: dict[str, Any]) -> dict[str, Any]:
    """What every route says of zones; of the caller's pods only where services call each other."""
    kind = draw(st.sampled_from(["failover", "failover", "distribute", *(["aware", "aware"] if "'call'" in repr(services) else [])]))
    if kind == "aware":
        return {"zone_aware_lb_config": {
            "routing_enabled": draw(st.sampled_from(["100%", "100%", "40%"])), "min_cluster_size": draw(st.sampled_from([0, 2, 3])),
            "fail_traffic_on_panic": draw(st.booleans())}}  # fmt: skip
    if kind == "distribute":
        return {"locality_lb_setting": draw(st.sampled_from(SPREADS))}
    return {"locality_lb_setting": draw(st.sampled_from(FAILOVERS)), "outlier_detection": draw(detection())}


@st.composite
def with_zones(draw: st.DrawFn, world: dict[str, Any]) -> dict[str, Any]:
    """A world of four zones in three regions whose calls sometimes heed them; one whose routes keep connections does not."""
    if "connection_pool" in world["routes"]["defaults"] or draw(st.sampled_from([True, True, False])):
        return world
    world["cluster"] = {"zones": ["x", "y", "z", "v"], "regions": {"south": ["x", "y"]}}
    found = draw(settings(world["services"]))
    for service in world["services"].values():
        service["replicas"] += draw(st.sampled_from([0, 2, 5]))
        if found.get("zone_aware_lb_config", {}).get("routing_enabled") == "40%":
            service.pop("load_balancing_weights", None)
    for route in world["routes"].values():
        route["view"] = "caller" if route["view"] == "service" else route["view"]
        kind = route["lb_policy"] if isinstance(route["lb_policy"], str) else next(iter(route["lb_policy"]))
        if kind not in BESIDE_ZONES or "slow_start" in str(route["lb_policy"]):
            route["lb_policy"] = draw(st.sampled_from(BESIDE_ZONES))
        route["subset"] = route["hash_policy"] = None
    world["routes"]["defaults"] |= found
    return world
