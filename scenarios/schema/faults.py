"""What goes wrong, when, and to whom. A fault names a fraction or a zone, never a pod that may not exist."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.schema.model import OneOf, Part, Plain, Witness, field
from scenarios.schema.units import Duration, Number, Share
from scenarios.schema.words import AgentName, Name


class Struck(Part):
    """Which pods a fault strikes."""

    service: Name = field(
        says="the service",
        seen=Witness("mesh", "faults.broken.errors.service", ("stock", "front")))
    fraction: Share = field(
        1.0, says="share of its pods, those started meanwhile included",
        seen=Witness("mesh", "faults.broken.errors.fraction", ("100%", "40%")))
    zone: Name | None = field(
        None, says="only pods in this zone",
        seen=Witness("mesh", "faults.sluggish.slow.zone", ("east", "west")))


class Slow(Struck):
    """A gray failure: work takes longer, health checks pass."""

    factor: Number = field(
        says="how many times longer work takes", gt=0, le=1e6,
        seen=Witness("mesh", "faults.sluggish.slow.factor", (3, 9)))


class Errors(Struck):
    """Calls fail at once with some probability."""

    rate: Share = field(
        says="share of calls that fail",
        seen=Witness("mesh", "faults.broken.errors.rate", ("50%", "90%")))


class Crash(Struck):
    """Pods die: what they hold is lost, their callers see a reset, replacements start."""

    role: Literal["primary", "standby"] | None = field(
        None, says="only the pods of a service with `replication` that are this when it happens",
        seen=Witness("database", "faults.lost.crash.role", ("primary", "standby")))


class Link(Part):
    """The way between two zones, in both directions; or within one, where it is named twice."""

    between: tuple[Name, Name] = field(
        says="two zones, or one twice",
        seen=Witness("links", "faults.apart.partition.between", (["east", "west"], ["east", "east"])))


class Partition(Link):
    """No message crosses: what is sent waits until the fault is over."""


class Latency(Link):
    """Messages take longer."""

    added: Duration = field(
        says="on top of each message's latency", gt=0,
        seen=Witness("links", "faults.far.latency.added", ("5ms", "9ms")))


class Loss(Link):
    """Messages are lost and sent again, after 200 ms at first."""

    rate: Share = field(
        says="share of messages that are lost, each time they are sent",
        seen=Witness("links", "faults.noisy.loss.rate", ("10%", "30%")))


class StruckNodes(Part):
    """Which nodes a fault strikes."""

    pool: Name | None = field(
        None, says="only nodes of this pool",
        seen=Witness("cluster", "faults.lost.node_loss.pool", ("small", "gpus")))
    zone: Name | None = field(
        None, says="only nodes in this zone",
        seen=Witness("cluster", "faults.lost.node_loss.zone", ("a", "b")))
    fraction: Share = field(
        1.0, says="share of these nodes",
        seen=Witness("cluster", "faults.lost.node_loss.fraction", ("50%", "100%")))


class StruckZone(Part):
    """Everything in a zone."""

    zone: Name = field(
        says="the zone",
        seen=Witness("cluster", "faults.dark.zone_loss.zone", ("a", "b")))


class StruckRegion(Part):
    """Everything in a region."""

    region: Name = field(
        says="the region, by its name in cluster.regions",
        seen=Witness("cluster", "faults.flooded.region_loss.region", ("south", "north")))


class Delay(Part):
    """Something takes longer."""

    delay: Duration = field(
        says="how much longer", gt=0,
        seen=Witness("cluster", "faults.sticky.config_push_lag.delay", ("500ms", "2s")))


class StruckMetrics(Part):
    """Whose metrics a fault strikes."""

    service: Name | None = field(
        None, says="the service; all if absent",
        seen=Witness("scaling", "faults.deaf.metric_loss.service", ("plain", "ruled")))


class StruckAgent(Part):
    """Whose process is gone: what is sent to it is lost, and it begins anew with no memory but what it had stored."""

    agent: AgentName = field(
        says="the agent",
        seen=Witness("failing_agents", "faults.dead.agent_crash.agent", ("pods", "left"), moves="messages"))


class StruckAgents(Part):
    """Who is cut off: messages between these agents and all others are lost."""

    agents: Annotated[tuple[AgentName, ...], Field(min_length=1)] = field(
        says="the agents, who still hear each other",
        seen=Witness("failing_agents", "faults.deaf.control_partition.agents", (["left"], ["pods"]), moves="messages"))


OF_AGENTS = ("agent_crash", "control_partition")
NODE_FAULTS = ("node_loss", "zone_loss", "region_loss", "drain")


class Fault(OneOf):
    """One thing that goes wrong."""

    modifiers = frozenset({"at", "duration"})
    at: Duration = field(
        says="when it begins",
        seen=Witness("mesh", "faults.broken.at", ("500ms", "1s")))
    duration: Duration | None = field(
        None, says="how long it lasts; to the end if absent", alias="for", gt=0,
        seen=Witness("mesh", "faults.broken.for", ("1s", "2s")))
    slow: Slow | None = field(
        None, says="pods work slower",
        seen=Witness("mesh", "faults.sluggish", (
            {"at": "1s", "slow": {"service": "stock", "factor": 3}},
            {"at": "1s", "slow": {"service": "front", "factor": 3}})))
    errors: Errors | None = field(
        None, says="calls fail",
        seen=Witness("mesh", "faults.broken", (
            {"at": "1s", "errors": {"service": "stock", "rate": "50%"}},
            {"at": "1s", "errors": {"service": "front", "rate": "50%"}})))
    crash: Crash | None = field(
        None, says="pods die",
        seen=Witness("mesh", "faults.crashed", (
            {"at": "1s", "crash": {"service": "stock"}},
            {"at": "1s", "crash": {"service": "front"}})))

    partition: Partition | None = field(
        None, says="no message crosses",
        seen=Witness("links", "faults.apart", (
            {"at": "1s", "for": "1s", "partition": {"between": ["east", "west"]}},
            {"at": "1s", "for": "2s", "partition": {"between": ["east", "west"]}})))
    latency: Latency | None = field(
        None, says="messages take longer",
        seen=Witness("links", "faults.far", (
            {"at": "1s", "latency": {"between": ["east", "west"], "added": "5ms"}},
            {"at": "2s", "latency": {"between": ["east", "west"], "added": "5ms"}})))
    loss: Loss | None = field(
        None, says="messages are lost and sent again",
        seen=Witness("links", "faults.noisy", (
            {"at": "1s", "loss": {"between": ["east", "west"], "rate": "10%"}},
            {"at": "1s", "loss": {"between": ["west", "west"], "rate": "10%"}})))
    node_loss: StruckNodes | None = field(
        None, says="nodes go down with all their pods, and come back at the end",
        seen=Witness("cluster", "faults.lost", (
            {"at": "6s", "for": "4s", "node_loss": {"zone": "a"}},
            {"at": "6s", "for": "4s", "drain": {"zone": "a"}})))
    zone_loss: StruckZone | None = field(
        None, says="all nodes of a zone go down",
        seen=Witness("cluster", "faults.dark", (
            {"at": "10s", "for": "1s", "zone_loss": {"zone": "a"}},
            {"at": "10s", "for": "1s", "zone_loss": {"zone": "b"}})))
    region_loss: StruckRegion | None = field(
        None, says="all nodes of a region's zones go down",
        seen=Witness("cluster", "faults.flooded", (
            {"at": "12s", "for": "1s", "region_loss": {"region": "south"}},
            {"at": "12s", "for": "1s", "region_loss": {"region": "north"}})))
    drain: StruckNodes | None = field(
        None, says="nodes are drained, as for maintenance: their pods are evicted as budgets allow",
        seen=Witness("cluster", "faults.upkeep", (
            {"at": "1s", "for": "1s", "drain": {"zone": "a"}},
            {"at": "1s", "for": "1s", "drain": {"zone": "b"}})))

    config_push_lag: Delay | None = field(
        None, says="changes of the list of endpoints reach callers later",
        seen=Witness("cluster", "faults.sticky", (
            {"at": "1s", "config_push_lag": {"delay": "500ms"}},
            {"at": "1s", "config_push_lag": {"delay": "2s"}})))
    control_plane_outage: Plain | None = field(
        None, says="nothing is decided or told: scale commands, replacements and changes of the list wait for its end",
        seen=Witness("scaling", "faults.away", (
            {"at": "5s", "for": "6s", "control_plane_outage": {}},
            {"at": "20s", "for": "500ms", "control_plane_outage": {}})))
    agent_crash: StruckAgent | None = field(
        None, says="an agent that bargains is gone; at the end it begins anew",
        seen=Witness("failing_agents", "faults.dead", (
            {"at": "5s", "for": "3s", "agent_crash": {"agent": "pods"}},
            {"at": "5s", "for": "9s", "agent_crash": {"agent": "pods"}}), moves="messages"))
    control_partition: StruckAgents | None = field(
        None, says="agents are cut off from all others that bargain",
        seen=Witness("failing_agents", "faults.deaf", (
            {"at": "5s", "for": "3s", "control_partition": {"agents": ["left"]}},
            {"at": "5s", "for": "9s", "control_partition": {"agents": ["left"]}}), moves="messages"))
    metric_loss: StruckMetrics | None = field(
        None, says="scrapes bring nothing",
        seen=Witness("scaling", "faults.deaf", (
            {"at": "4s", "for": "8s", "metric_loss": {}},
            {"at": "20s", "for": "500ms", "metric_loss": {}})))
    metric_lag: Delay | None = field(
        None, says="scrapes are known later",
        seen=Witness("scaling", "faults.late", (
            {"at": "2s", "for": "9s", "metric_lag": {"delay": "3s"}},
            {"at": "20s", "for": "500ms", "metric_lag": {"delay": "1s"}})))

    @model_validator(mode="after")
    def _crash_is_an_instant(self) -> Fault:
        if self.crash is not None and self.duration is not None:
            raise ValueError("is a crash, which is an instant; leave out 'for'")
        return self
