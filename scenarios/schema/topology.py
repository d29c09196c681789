"""What is asked and how it is answered: the network between services, and services."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.schema.concurrency import ConcurrencyLimit
from scenarios.schema.distributions import Distribution
from scenarios.schema.limiting import AdaptiveConcurrency, LocalRateLimit
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.pods import DisruptionBudget, Image, Probe, Resources, Strategy
from scenarios.schema.programs import Step
from scenarios.schema.queueing import Queue, Shedding
from scenarios.schema.replicating import Replication
from scenarios.schema.units import Duration, PricePerGB
from scenarios.schema.words import Name, Whole


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
    tolerations: tuple[Name, ...] = field(
        (), says="taints of nodes that its pods may run on all the same",
        seen=Witness("cluster", "services.brain.tolerations", (["gpu"], [])))
    image: Image | None = field(
        None, says="what a node pulls before it starts a pod, where it has not got it; nothing if absent",
        seen=Witness("cluster", "services.brain.image", ("20MB", "200MB")))
    load_balancing_weights: Annotated[tuple[Annotated[Whole, Field(ge=1, le=1_000_000)], ...], Field(min_length=1)] = field(
        (1,), says="what share of calls a pod gets beside others, by round_robin and least_request; dealt to pod numbers in turn",
        seen=Witness("hosts", "services.heavy.load_balancing_weights", ([1, 3, 2], [1, 1, 9])))
    startup: Distribution = field(
        Distribution(constant=0), says="from scheduled, and its image pulled, to ready, or to answering probes",
        seen=Witness("mesh", "services.stock.startup", ("200ms", "1s")))
    startupProbe: Probe | None = field(
        None, says="nothing else is probed before it has succeeded; the container is killed when it fails",
        seen=Witness("cluster", "services.cart.startupProbe", ({"periodSeconds": 1}, {"periodSeconds": 4})))
    readinessProbe: Probe | None = field(
        None, says="a pod is ready while it succeeds; without it, as long as it runs",
        seen=Witness("cluster", "services.cart.readinessProbe", (
            {"periodSeconds": 1, "response": "200ms", "failureThreshold": 1},
            {"periodSeconds": 4})))
    livenessProbe: Probe | None = field(
        None, says="the container is killed and started again when it fails",
        seen=Witness("cluster", "services.cart.livenessProbe", (
            {"periodSeconds": 1, "response": "200ms", "failureThreshold": 1},
            {"periodSeconds": 10})))
    minReadySeconds: Whole = field(
        0, says="how long a pod must be ready before a rolling update counts it as available", ge=0, le=86_400,
        seen=Witness("cluster", "services.cart.minReadySeconds", (0, 3)))
    strategy: Strategy = field(
        Strategy(), says="how a rollout replaces pods",
        seen=Witness("cluster", "services.cart.strategy", ({"type": "RollingUpdate"}, {"type": "Recreate"})))
    podDisruptionBudget: DisruptionBudget | None = field(
        None, says="how many pods an eviction must leave",
        seen=Witness("cluster", "services.cart.podDisruptionBudget", ({"minAvailable": 1}, {"minAvailable": "100%"})))
    preStopSeconds: Whole = field(
        0, says="how long a draining pod stays at least, so that callers may learn of it (preStop.sleep.seconds)", ge=0, le=86_400,
        seen=Witness("cluster", "services.cart.preStopSeconds", (0, 3), moves="summary"))
    termination_grace_period: Duration = field(
        30_000_000_000, says="how long a draining pod may finish its requests",
        seen=Witness("scaling", "services.plain.termination_grace_period", ("30s", "0s")))
    queue: Queue = field(
        Queue(), says="where requests wait for a worker",
        seen=Witness("mesh", "services.stock.queue", ({}, {"size": 0})))
    local_rate_limit: LocalRateLimit | None = field(
        None, says="how often a pod lets calls in: one bucket at each pod's door; none by default",
        seen=Witness("gates", "services.stock.local_rate_limit", (
            {"token_bucket": {"max_tokens": 6, "tokens_per_fill": 4, "fill_interval": "50ms"}},
            {"token_bucket": {"max_tokens": 1, "fill_interval": "1s"}})))
    adaptive_concurrency: AdaptiveConcurrency | None = field(
        None, says="how many a pod lets in at once, by what it takes to answer; no limit by default",
        seen=Witness("gates", "services.front.adaptive_concurrency", (
            {"concurrency_limit_params": {"concurrency_update_interval": "50ms"}, "min_rtt_calc_params": {"interval": "300ms"}},
            {"concurrency_limit_params": {"concurrency_update_interval": "50ms"}, "min_rtt_calc_params": {"fixed_value": "1ms"}})))
    concurrency_limit: ConcurrencyLimit | None = field(
        None, says="how many a pod lets in at once, learned from every answer; no limit by default",
        seen=Witness("limits", "services.front.concurrency_limit", ({"aimd": {"minLimit": 2}}, {"gradient2": {}})))
    shedding: Shedding | None = field(
        None, says="calls that a busy pod turns away by their class's priority",
        seen=Witness("pods", "services.door.shedding", ({"start": "50%", "full": "90%"}, {"start": "10%", "full": "30%"})))
    max_connections: Whole | None = field(
        None, says="connections a pod has open at most, of all callers with a connection_pool; others are refused. No limit if absent",
        ge=1, le=1_000_000,
        seen=Witness("pools", "services.store.max_connections", (6, 4)))
    replication: Replication | None = field(
        None, says="its pods are a database: one is the primary, the others are its standbys; all are alike if absent",
        seen=Witness("database", "services.store.replication", (
            {"writes": ["put"], "ttl": "300ms", "loop_wait": "100ms", "promotion": "50ms"},
            {"writes": ["put"], "ttl": "600ms", "loop_wait": "100ms", "promotion": "50ms"})))
    endpoints: Annotated[dict[Name, Annotated[tuple[Step, ...], Field(min_length=1)]], Field(min_length=1)] = field(
        says="programs by name: what answering a call takes",
        seen=Witness("mesh", "services.stock.endpoints", (
            {"look_up": [{"work": "5ms"}], "price": [{"work": "5ms"}]},
            {"look_up": [{"work": "5ms"}], "price": [{"work": "9ms"}]})))

    @model_validator(mode="after")
    def _succeeds_at_once(self) -> Service:
        for name in ("startupProbe", "livenessProbe"):
            probe: Probe | None = getattr(self, name)
            if probe is not None and probe.successThreshold != 1:
                raise ValueError(f"{name}.successThreshold is {probe.successThreshold}; only a readinessProbe may want more than 1")
        return self

    @model_validator(mode="after")
    def _one_limit(self) -> Service:
        if self.adaptive_concurrency is not None and self.concurrency_limit is not None:
            raise ValueError("has both adaptive_concurrency and concurrency_limit; each finds a limit of its own, so keep one")
        return self

    @property
    def is_gated(self) -> bool:
        """Whether something at a pod's door may turn a call away, besides a full queue."""
        return any(gate is not None for gate in (self.local_rate_limit, self.adaptive_concurrency, self.concurrency_limit))
