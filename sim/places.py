"""What a route's view knows of every zone before it meets any pod: which level it is of, and which weight it has a part in."""

from __future__ import annotations

from scenarios.schema.cluster import Cluster
from scenarios.schema.localities import Distribute, Failover, fits
from scenarios.schema.routing import ResolvedRoute
from sim.laws.localities import level_of

Fields = dict[str, int]
NOWHERE = {"level": -1, "group": -1}


def zones_seen(route: ResolvedRoute, cluster: Cluster, here: int) -> list[Fields]:
    """Fields of the hosts in each zone, and last of all hosts together, as a caller in zone `here` (-1: none) sees them."""
    setting = route.locality_lb_setting
    if setting is None:
        return [{"level": 0, "group": -1} for _ in cluster.zones] + [{"level": 0, "group": -1}]
    regions = [cluster.region_of(zone) for zone in cluster.zones]
    if setting.distribute:
        return [*_spread(setting.distribute, cluster, regions, here), NOWHERE]
    return [*_levels(setting.failover, regions, here), NOWHERE]


def _spread(rules: tuple[Distribute, ...], cluster: Cluster, regions: list[str], here: int) -> list[Fields]:
    """Z8: one level, less the zones that nothing is sent to; where no rule fits the caller, all zones."""
    place = ("", "") if here < 0 else (regions[here], cluster.zones[here])
    rule = next((one for one in rules if fits(one.source, *place)), None)
    found: list[Fields] = []
    for region, zone in zip(regions, cluster.zones, strict=True):
        group = next((i for i, to in enumerate(rule.target) if fits(to, region, zone)), -1) if rule is not None else -1
        weight = list(rule.target.values())[group] if rule is not None and group >= 0 else 0
        found.append({"level": 0 if rule is None or group >= 0 else -1, "group": group, "group_weight": weight})
    return found


def _levels(rules: tuple[Failover, ...], regions: list[str], here: int) -> list[Fields]:
    """Z1: the caller's zone, then its region, then others."""
    names = list(dict.fromkeys(regions))
    own = names.index(regions[here]) if here >= 0 else -1
    to = next((names.index(rule.target) for rule in rules if here >= 0 and rule.source == regions[here]), -1)
    return [{"level": level_of(zone, names.index(region), here, own, to), "group": -1} for zone, region in enumerate(regions)]
