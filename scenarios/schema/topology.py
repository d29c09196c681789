"""Where work runs: zones and nodes, the network between them, and services."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.programs import Step
from scenarios.schema.units import Bytes, Duration, MilliCores, PricePerGB, PricePerHour
from scenarios.schema.words import Name, Whole


class NodePool(Part):
    """Like machines in one or more zones."""

    zones: tuple[Name, ...] | None = field(
        None, says="zones that have them; all by default",
        seen=Witness("mesh", "cluster.nodes.small.zones", (["east", "west"], ["east"])))
    count: Whole = field(
        says="nodes per zone", ge=0, le=100_000,
        seen=Witness("mesh", "cluster.nodes.small.count", (2, 0)))
    cpu: MilliCores = field(
        says="cores a node offers to pods",
        seen=Witness("mesh", "cluster.nodes.small.cpu", (2, "10m")))
    memory: Bytes = field(
        says="memory a node offers to pods", gt=0,
        seen=Witness("mesh", "cluster.nodes.small.memory", ("4Gi", "1Mi")))
    price: PricePerHour = field(
        0.0, says="what a node costs",
        seen=Witness("mesh", "cluster.nodes.small.price", ("0.10/h", "0.20/h"), moves="summary"))


class Cluster(Part):
    """Zones and the nodes in them; without nodes there is always room for another pod."""

    zones: Annotated[tuple[Name, ...], Field(min_length=1)] = field(
        ("local",), says="zones, in order of placement",
        seen=Witness("mesh", "cluster.zones", (["east", "west"], ["west", "east"])))
    nodes: dict[Name, NodePool] = field(
        {}, says="pools of nodes by name",
        seen=Witness("mesh", "cluster.nodes", ({}, {"tiny": {"count": 1, "cpu": "10m", "memory": "1Mi"}})))


class Network(Part):
    """What a message between two services waits for, one way, by whether the zones differ."""

    same_zone: Distribution = field(
        Distribution(constant=0), says="latency within a zone, one way",
        seen=Witness("mesh", "network.same_zone", ("0.5ms", "1ms")))
    cross_zone: Distribution | None = field(
        None, says="latency between zones, one way; like same_zone if absent",
        seen=Witness("mesh", "network.cross_zone", ("3ms", "6ms")))
    egress: PricePerGB = field(
        0.0, says="price of data that leaves a zone",
        seen=Witness("mesh", "network.egress", ("0.10/GB", "0.20/GB"), moves="summary"))


class Requests(Part):
    """What the scheduler reserves for a pod; cpu is also the denominator of the HPA's utilisation."""

    cpu: MilliCores | None = field(
        None, says="cores reserved",
        seen=Witness("mesh", "services.front.resources.requests.cpu", ("500m", 3)))
    memory: Bytes | None = field(
        None, says="memory reserved", gt=0,
        seen=Witness("mesh", "services.front.resources.requests.memory", ("256Mi", "8Gi")))


class Limits(Part):
    """What a pod may use at most."""

    cpu: MilliCores | None = field(
        None, says="cores: at most ceil(n) work at once, the last fraction slower",
        seen=Witness("mesh", "services.stock.resources.limits.cpu", (2, "500m")))


class Resources(Part):
    """Kubernetes' requests and limits of one pod."""

    requests: Requests = field(
        Requests(), says="what is reserved",
        seen=Witness("mesh", "services.front.resources.requests", ({"cpu": "500m"}, {"cpu": 3})))
    limits: Limits = field(
        Limits(), says="what is allowed",
        seen=Witness("mesh", "services.stock.resources.limits", ({"cpu": 2}, {"cpu": "500m"})))

    @model_validator(mode="after")
    def _limit_covers_request(self) -> Resources:
        asked, allowed = self.requests.cpu, self.limits.cpu
        if asked is not None and allowed is not None and allowed < asked:
            raise ValueError(f"limits.cpu ({allowed}m) is less than requests.cpu ({asked}m)")
        return self


class Queue(Part):
    """First in, first out, in each pod."""

    size: Whole | None = field(
        None, says="requests that may wait in a pod; more are rejected. No limit if absent", ge=0, le=10_000_000,
        seen=Witness("mesh", "services.stock.queue.size", (20, 0)))  # fmt: skip


class Service(Part):
    """Pods that answer the same calls."""

    replicas: Whole = field(
        1, says="pods at the start", ge=0, le=100_000,
        seen=Witness("mesh", "services.stock.replicas", (2, 3)))
    workers: Whole = field(
        1, says="requests a pod works on at once", ge=1, le=1_000_000,
        seen=Witness("mesh", "services.front.workers", (1, 2)))
    model: Literal["async", "thread"] = field(
        "async", says="a worker is free while its request waits downstream (async), or held until the answer (thread)",
        seen=Witness("mesh", "services.front.model", ("async", "thread")))
    resources: Resources = field(
        Resources(), says="Kubernetes requests and limits of a pod",
        seen=Witness("mesh", "services.stock.resources", ({}, {"limits": {"cpu": "500m"}})))
    startup: Distribution = field(
        Distribution(constant=0), says="from scheduled to ready",
        seen=Witness("mesh", "services.stock.startup", ("200ms", "1s")))
    termination_grace_period: Duration = field(
        30_000_000_000, says="how long a draining pod may finish its requests",
        seen=Witness("scaling", "services.plain.termination_grace_period", ("30s", "0s")))
    queue: Queue = field(
        Queue(), says="where requests wait for a worker",
        seen=Witness("mesh", "services.stock.queue", ({}, {"size": 0})))
    endpoints: Annotated[dict[Name, Annotated[tuple[Step, ...], Field(min_length=1)]], Field(min_length=1)] = field(
        says="programs by name: what answering a call takes",
        seen=Witness("mesh", "services.stock.endpoints", (
            {"look_up": [{"work": "5ms"}], "price": [{"work": "5ms"}]},
            {"look_up": [{"work": "5ms"}], "price": [{"work": "9ms"}]})))
