"""Where tries go before a balancer picks: Envoy's levels, localities and zones, and Istio's levels by place."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from parley.mechanisms.mechanism import Answer, Mechanism
from scenarios.schema.localities import Failover
from scenarios.schema.model import Part, field
from scenarios.schema.units import Number, Share
from scenarios.schema.words import Name, Whole
from sim.laws.localities import effective_weight, level_of, reckon_zones, share_out
from sim.records import HOST_SET, LEVEL

PRIORITIES = (0, 2, 3, 4)  # Istio's number of each level; 1 is for the same zone and another subzone
Level, Locality = LEVEL.make_class(), HOST_SET.make_class()


class LevelCounts(Part):
    """Hosts of one level."""

    hosts: Whole = field(says="all of them", ge=0)
    healthy: Whole = field(says="of them in service", ge=0)

    @model_validator(mode="after")
    def _possible(self) -> LevelCounts:
        if self.healthy > self.hosts:
            raise ValueError(f"healthy is {self.healthy} of {self.hosts}")
        return self


class WeighedLocality(LevelCounts):
    """Hosts of one locality, and its weight."""

    weight: Number = field(says="load_balancing_weight", ge=0)


class ZoneCounts(Part):
    """A zone's part of the callers and of those called."""

    hosts: Whole = field(says="of the cluster that is called, in service", ge=0)
    callers: Whole = field(says="of the local cluster", ge=0)


class PriorityCase(Part):
    """Levels, P=0 first."""

    levels: Annotated[tuple[LevelCounts, ...], Field(min_length=1)] = field(says="hosts and healthy of each")
    healthy_panic_threshold: Share = field(0.5, says="as a share or with %")


class LocalityCase(Part):
    """Localities of one level."""

    localities: Annotated[tuple[WeighedLocality, ...], Field(min_length=1)] = field(says="hosts, healthy and weight of each")


class ZoneCase(Part):
    """Zones, the caller's own first."""

    zones: Annotated[tuple[ZoneCounts, ...], Field(min_length=1)] = field(says="hosts and callers of each, the caller's zone first")

    @model_validator(mode="after")
    def _has_callers(self) -> ZoneCase:
        if not any(zone.callers for zone in self.zones):
            raise ValueError("zones have no callers, so there is no share of theirs to leave alike")
        return self


class PlaceCase(Part):
    """A caller and a pod."""

    region: Name = field(says="of the caller")
    zone: Name = field(says="of the caller")
    to_region: Name = field(says="of the pod")
    to_zone: Name = field(says="of the pod")
    failover: tuple[Failover, ...] = field((), says="localityLbSetting.failover")


def _priority(case: PriorityCase) -> Answer:
    levels = [Level(hosts=one.hosts, healthy=one.healthy) for one in case.levels]
    share_out(levels, 0, len(levels), case.healthy_panic_threshold)
    return {"load": [level.load for level in levels], "panic": [bool(level.panics) for level in levels]}


def _locality(case: LocalityCase) -> Answer:
    weights = [effective_weight(one.weight, one.healthy, one.hosts) for one in case.localities]
    total = sum(weights)
    return {"effectiveWeight": weights, "share": [weight / total if total else 0.0 for weight in weights]}


def _zone(case: ZoneCase) -> Answer:
    zones: list[Any] = [Locality(hosts=one.hosts, healthy=one.hosts, callers=one.callers) for one in case.zones]
    stays = reckon_zones(zones, 0, len(zones), 0)
    return {"localPercent": stays / 100, "residualCapacity": [zone.residual for zone in zones]}


def _place(case: PlaceCase) -> Answer:
    regions = [case.region, *(rule.target for rule in case.failover), case.to_region]
    region, to = regions.index(case.region), regions.index(case.to_region)
    named = next((regions.index(rule.target) for rule in case.failover if rule.source == case.region), -1)
    zone = 0 if to == region and case.to_zone == case.zone else 1
    return {"priority": PRIORITIES[level_of(zone, to, 0, region, named)]}


LOCALITIES = (
    Mechanism("envoy-priority-load", "what each level gets, and whether it panics (Z3, Z4)", PriorityCase,
              {"load": "percent of each level", "panic": "whether all hosts of a level are picked from"}, _priority,
              {"levels": [{"hosts": 100, "healthy": 71}, {"hosts": 100, "healthy": 100}]}),
    Mechanism("envoy-locality-weight", "what each locality of a level gets (Z6)", LocalityCase,
              {"effectiveWeight": "weights that count", "share": "of the level's tries"}, _locality,
              {"localities": [{"weight": 1, "hosts": 2, "healthy": 1}, {"weight": 2, "hosts": 2, "healthy": 2}]}),
    Mechanism("envoy-zone-aware", "what stays in the caller's zone, and what others can take (Z10, Z11)", ZoneCase,
              {"localPercent": "of tries that stay", "residualCapacity": "ten thousandths by zone"}, _zone,
              {"zones": [{"hosts": 25, "callers": 40}, {"hosts": 50, "callers": 40}, {"hosts": 25, "callers": 20}]}),
    Mechanism("istio-locality-priority", "the priority of a pod, seen from a caller, before gaps are closed up (Z1)", PlaceCase,
              {"priority": "0: the caller's zone, 2: its region, 3: another, or the one named, 4: others than that"}, _place,
              {"region": "south", "zone": "a", "to_region": "north", "to_zone": "c"}),
)  # fmt: skip
