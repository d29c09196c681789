"""Warnings of databases: a primary or standbys that are asked for more than they can do, and settings that nothing comes of."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.flow import Flow
from scenarios.saturation import capacity_per_pod
from scenarios.schema.topology import Service

Rates = dict[str, float]  # calls per second by service.endpoint


def database_cautions(flow: Flow) -> Iterator[str]:
    """Every warning about the databases of a world."""
    for name, service in flow.world.services.items():
        if service.replication is None:
            continue
        primary, standbys = _asked(flow, name, service)
        pods = service.replicas - 1
        yield from _overload(flow, name, primary, "primary", 1)
        if pods > 0:
            yield from _overload(flow, name, standbys, "standbys", pods)
        elif service.replicas == 1:
            yield f"services.{name}.replicas: is 1, so there is no standby: when the primary dies writes fail until a new pod is ready"
        if service.replication.stale_quality < 1.0 and not sum(standbys.values()):
            yield f"services.{name}.replication.stale_quality: acts only on reads of standbys, and no route with load goes there"


def _asked(flow: Flow, name: str, service: Service) -> tuple[Rates, Rates]:
    """What the primary is asked, and what all standbys are together, by the roles that routes name."""
    primary, standbys = Rates(), Rates()
    alone = service.replicas <= 1
    share_of = {"primary": 1.0, "standby": 0.0, "prefer-standby": float(alone), "any": 1.0 / max(1, service.replicas)}
    for (caller, target), route in flow.routes.items():
        if route.callee == name:
            asked, share = flow.asked(caller, target), share_of[route.target_session_attrs]
            primary[target] = primary.get(target, 0.0) + asked * share
            standbys[target] = standbys.get(target, 0.0) + asked * (1.0 - share)
    return primary, standbys


def _overload(flow: Flow, name: str, rates: Rates, who: str, pods: int) -> Iterator[str]:
    offered, capacity = sum(rates.values()), pods * capacity_per_pod(flow, name, rates)
    if 0 < offered >= capacity:
        are, more = ("is", "more replicas do not help") if who == "primary" else ("are", "more replicas help")
        yield f"services.{name}: its {who} {are} asked {offered:.4g}/s and can serve {capacity:.4g}/s; {more}"
