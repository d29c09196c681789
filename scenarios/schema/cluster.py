"""Where pods run: regions, zones and the nodes in them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Bandwidth, Bytes, Duration, MilliCores, PricePerHour
from scenarios.schema.words import Name, Whole


class NodeAutoscaling(Part):
    """The cluster autoscaler's flags for one pool: nodes come where pods do not fit, and go when they are empty."""

    max: Whole = field(
        says="nodes per zone at most", ge=0, le=100_000,
        seen=Witness("growing", "cluster.nodes.box.autoscaling.max", (3, 2)))
    min: Whole = field(
        0, says="nodes per zone that stay, empty or not", ge=0, le=100_000,
        seen=Witness("growing", "cluster.nodes.box.autoscaling.min", (0, 3), moves="summary"))
    provisioning: Distribution = field(
        says="from the decision to a node that takes pods (1 to 5 min is usual)",
        seen=Witness("growing", "cluster.nodes.box.autoscaling.provisioning", ("1s", "4s")))
    scan_interval: Duration = field(
        10_000_000_000, says="how often pods without room and empty nodes are looked for", gt=0,
        seen=Witness("growing", "cluster.nodes.box.autoscaling.scan_interval", ("500ms", "3s")))
    unneeded_time: Duration = field(
        600_000_000_000, says="how long a node must be empty before it goes",
        seen=Witness("growing", "cluster.nodes.box.autoscaling.unneeded_time", ("1s", "20s"), moves="summary"))

    @model_validator(mode="after")
    def _in_order(self) -> NodeAutoscaling:
        if self.min > self.max:
            raise ValueError(f"min ({self.min}) is more than max ({self.max})")
        return self


class NodePool(Part):
    """Like machines in one or more zones."""

    zones: tuple[Name, ...] | None = field(
        None, says="zones that have them; all by default",
        seen=Witness("mesh", "cluster.nodes.small.zones", (["east", "west"], ["east"])))
    count: Whole = field(
        says="nodes per zone; at the start, where they are autoscaled", ge=0, le=100_000,
        seen=Witness("mesh", "cluster.nodes.small.count", (2, 0)))
    cpu: MilliCores = field(
        says="cores a node offers to pods",
        seen=Witness("mesh", "cluster.nodes.small.cpu", (2, "10m")))
    memory: Bytes = field(
        says="memory a node offers to pods", gt=0,
        seen=Witness("mesh", "cluster.nodes.small.memory", ("4Gi", "1Mi")))
    gpu: Whole = field(
        0, says="GPUs a node offers to pods", ge=0, le=1024,
        seen=Witness("cluster", "cluster.nodes.gpus.gpu", (1, 0)))
    taints: tuple[Name, ...] = field(
        (), says="NoSchedule: only pods of services that tolerate all of them run here",
        seen=Witness("cluster", "cluster.nodes.gpus.taints", (["gpu"], ["odd"])))
    pull_bandwidth: Bandwidth | None = field(
        None, says="how fast a node pulls images, one after the other; in no time if absent",
        seen=Witness("cluster", "cluster.nodes.gpus.pull_bandwidth", ("10MB/s", "2MB/s")))
    autoscaling: NodeAutoscaling | None = field(
        None, says="lets nodes come and go; they stay as they are if absent",
        seen=Witness("growing", "cluster.nodes.box.autoscaling", (
            {"max": 3, "provisioning": "1s", "scan_interval": "500ms"},
            {"max": 1, "provisioning": "1s", "scan_interval": "500ms"})))
    rack_size: Whole | None = field(
        None, says="nodes that share a rack, for failures that strike one; each is on its own if absent", ge=1, le=100_000,
        seen=Witness("failures", "cluster.nodes.box.rack_size", (2, 4)))
    price: PricePerHour = field(
        0.0, says="what a node costs",
        seen=Witness("mesh", "cluster.nodes.small.price", ("0.10/h", "0.20/h"), moves="summary"))

    @property
    def most(self) -> int:
        """Nodes per zone that there may be."""
        return self.count if self.autoscaling is None else max(self.count, self.autoscaling.max)


class Cluster(Part):
    """Zones and the nodes in them; without nodes there is always room for another pod."""

    zones: Annotated[tuple[Name, ...], Field(min_length=1)] = field(
        ("local",), says="zones, in order of placement",
        seen=Witness("mesh", "cluster.zones", (["east", "west"], ["west", "east"])))
    regions: dict[Name, Annotated[tuple[Name, ...], Field(min_length=1)]] = field(
        {}, says="zones of each region, for callers and faults; a zone in none is a region of its own",
        seen=Witness("cluster", "cluster.regions", ({"south": ["a", "b"]}, {"south": ["a"]})))
    nodes: dict[Name, NodePool] = field(
        {}, says="pools of nodes by name",
        seen=Witness("mesh", "cluster.nodes", ({}, {"tiny": {"count": 1, "cpu": "10m", "memory": "1Mi"}})))
    node_monitor_grace_period: Duration = field(
        40_000_000_000, says="how long a node may be silent before it counts as lost, and its pods as not ready",
        seen=Witness("cluster", "cluster.node_monitor_grace_period", ("1s", "9s")))
    unreachable_toleration: Duration = field(
        300_000_000_000, says="how long the pods of a lost node wait for it before others take their place",
        seen=Witness("cluster", "cluster.unreachable_toleration", ("1s", "9s")))

    def region_of(self, zone: str) -> str:
        """The region of a zone; one in none is a region of its own, of the same name."""
        return next((region for region, zones in self.regions.items() if zone in zones), zone)
