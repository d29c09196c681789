"""Which zones a caller prefers: Istio's localityLbSetting, and Envoy's zone-aware routing. Names and defaults as there."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Share
from scenarios.schema.words import Name, Whole, word

_NAME = r"[a-z][a-z0-9_-]{0,62}"
Locality = Annotated[str, *word(rf"\*|{_NAME}(?:/{_NAME})?(?:/\*)?", "a locality: write 'region/zone/*', 'region/*' or '*'")]
Percent = Annotated[Whole, Field(ge=1, le=100)]
_LOCAL, _SPREAD, _AWARE = (f"routes.{edge}" for edge in (
    "users -> near.locality_lb_setting", "users -> split.locality_lb_setting", "front -> even.zone_aware_lb_config"))  # fmt: skip


class Failover(Part):
    """Where callers of a region go when that, and so their own zone, cannot serve them."""

    source: Name = field(
        says="region of the callers", alias="from",
        seen=Witness("zones", f"{_LOCAL}.failover.0.from", ("south", "north")))
    target: Name = field(
        says="region that is asked before all others", alias="to",
        seen=Witness("zones", f"{_LOCAL}.failover.0.to", ("west", "north")))


class Distribute(Part):
    """How callers of a locality spread their calls, whether pods there are well or not; where nothing is written, nothing goes."""

    source: Locality = field(
        says="callers, as region/zone/*, region/* or *", alias="from",
        seen=Witness("zones", f"{_SPREAD}.distribute.0.from", ("south/a/*", "south/b/*")))
    target: Annotated[dict[Locality, Percent], Field(min_length=1)] = field(
        says="percent by locality, 100 together", alias="to",
        seen=Witness("zones", f"{_SPREAD}.distribute.0.to", ({"south/*": 70, "north/*": 30}, {"south/a/*": 20, "north/*": 80})))

    @model_validator(mode="after")
    def _whole(self) -> Distribute:
        if sum(self.target.values()) != 100:
            raise ValueError(f"'to' adds up to {sum(self.target.values())}; give percents that make 100")
        return self


class LocalityLbSetting(Part):
    """Istio's: calls stay in the caller's zone while pods there are well, or are spread by weights."""

    enabled: StrictBool = field(
        True, says="whether zones matter at all",
        seen=Witness("zones", f"{_LOCAL}.enabled", (True, False)))
    failover: tuple[Failover, ...] = field(
        (), says="which region is next, by the caller's; any by default",
        seen=Witness("zones", f"{_LOCAL}.failover", ([{"from": "south", "to": "west"}], [])))
    distribute: tuple[Distribute, ...] = field(
        (), says="weights of zones, in place of the caller's own zone first; the first that fits the caller holds",
        seen=Witness("zones", f"{_SPREAD}.distribute", (
            [{"from": "south/a/*", "to": {"south/*": 70, "north/*": 30}}],
            [{"from": "*", "to": {"west/*": 100}}])))

    @property
    def is_weighted(self) -> bool:
        """Whether zones of one level take turns by weight: in Istio only where one of the two is written."""
        return bool(self.failover or self.distribute)

    @model_validator(mode="after")
    def _one_of_two(self) -> LocalityLbSetting:
        if self.failover and self.distribute:
            raise ValueError("failover and distribute exclude each other, as in Istio: weights do not ask who is near")
        return self


class ZoneAwareLbConfig(Part):
    """Envoy's: as many calls stay in the zone as leave every pod the same share."""

    routing_enabled: Share = field(
        1.0, says="share of calls that zones matter for",
        seen=Witness("zones", f"{_AWARE}.routing_enabled", ("100%", "50%")))
    min_cluster_size: Whole = field(
        6, says="pods in service without which zones do not matter", ge=0,
        seen=Witness("zones", f"{_AWARE}.min_cluster_size", (4, 40)))
    fail_traffic_on_panic: StrictBool = field(
        False, says="whether calls fail, instead of going to all pods, when too few are in service",
        seen=Witness("zones", f"{_AWARE}.fail_traffic_on_panic", (False, True)))


def fits(locality: str, region: str, zone: str) -> bool:
    """Whether a zone of a region is meant by `region/zone/*`, `region/*` or `*`."""
    parts = [part for part in locality.split("/") if part != "*"]
    return parts == [region, zone][: len(parts)]
