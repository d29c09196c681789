"""Where work runs: zones and nodes, the network between them, services and their endpoints' programs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Bytes, Duration, MilliCores, PricePerGB, PricePerHour, Share
from scenarios.schema.words import Name, Target, Whole


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


class Work(Part):
    """Use one core for a while (CPU-seconds)."""

    work: Distribution = field(
        says="CPU time",
        seen=Witness("mesh", "services.front.endpoints.page.0.work", ("10ms", "12ms")))


class Wait(Part):
    """Let time pass without a core: a sleep, a disk, somebody outside."""

    wait: Distribution = field(
        says="time",
        seen=Witness("mesh", "services.front.endpoints.page.1.wait", ("2ms", "4ms")))


class Fallback(Part):
    """What to do instead of a failed call."""

    fallback: Annotated[tuple[Step, ...], Field(min_length=1)] = field(
        says="steps done in place of the failed call",
        seen=Witness("mesh", "services.front.endpoints.page.2.on_failure.fallback", (
            [{"work": "1ms"}],
            [{"work": "3ms"}])))


OnFailure = Annotated[
    Annotated[Literal["fail", "ignore"], Tag("word")] | Annotated[Fallback, Tag("fallback")],
    Discriminator(lambda value: "fallback" if isinstance(value, (dict, Fallback)) else "word"),
]


class Call(Part):
    """Ask another service and wait for its answer; over the route that fits best."""

    call: Target = field(
        says="service.endpoint",
        seen=Witness("mesh", "services.front.endpoints.page.2.call", ("stock.look_up", "stock.price")))
    repeat: Whole = field(
        1, says="this many times, one after the other", ge=1, le=100_000,
        seen=Witness("mesh", "services.front.endpoints.page.2.repeat", (1, 2)))
    on_failure: OnFailure = field(
        "fail", says="fail the endpoint, go on, or do other steps",
        seen=Witness("mesh", "services.front.endpoints.page.2.on_failure", ("fail", "ignore")))


Join = Annotated[
    Annotated[Literal["all", "first"], Tag("word")] | Annotated[Whole, Field(ge=1), Tag("number")],
    Discriminator(lambda value: "number" if isinstance(value, (int, float)) else "word"),
]


class Parallel(Part):
    """Several branches at once; each is a step or a list of steps."""

    parallel: Annotated[tuple[tuple[Step, ...], ...], Field(min_length=1, max_length=4096)] = field(
        says="the branches",
        seen=Witness("mesh", "services.front.endpoints.page.3.parallel", ([{"wait": "5ms"}], [{"wait": "9ms"}])))
    join: Join = field(
        "all", says="how many branches must succeed before the endpoint goes on: all, first, or a number",
        seen=Witness("mesh", "services.front.endpoints.page.3.join", ("all", "first")))

    @field_validator("parallel", mode="before")
    @classmethod
    def _single_steps(cls, branches: Any) -> Any:
        return [b if isinstance(b, (list, tuple)) else [b] for b in branches] if isinstance(branches, list) else branches

    @classmethod
    def _with_short_forms(cls, schema: JsonSchemaValue) -> JsonSchemaValue:
        several = schema["properties"]["parallel"]["items"]
        schema["properties"]["parallel"]["items"] = {"anyOf": [several, several["items"]]}
        return schema

    @model_validator(mode="after")
    def _can_be_joined(self) -> Parallel:
        if isinstance(self.join, int) and self.join > len(self.parallel):
            raise ValueError(f"join waits for {self.join} branches, but there are {len(self.parallel)}")
        return self


class Option(Part):
    """One way on, taken with some probability."""

    probability: Share = field(
        says="how often this way is taken",
        seen=Witness("mesh", "services.front.endpoints.page.4.branch.0.probability", ("30%", "80%")))
    steps: Annotated[tuple[Step, ...], Field(min_length=1)] = field(
        says="what happens on this way",
        seen=Witness("mesh", "services.front.endpoints.page.4.branch.0.steps", (
            [{"work": "5ms"}],
            [{"work": "9ms"}])))


class Branch(Part):
    """At most one of several ways; what is left of 100 % does nothing."""

    branch: Annotated[tuple[Option, ...], Field(min_length=1, max_length=1024)] = field(
        says="the ways",
        seen=Witness("mesh", "services.front.endpoints.page.4.branch", (
            [{"probability": "30%", "steps": [{"wait": "5ms"}]}],
            [{"probability": "30%", "steps": [{"wait": "9ms"}]}])))

    @field_validator("branch")
    @classmethod
    def _at_most_all(cls, ways: tuple[Option, ...]) -> tuple[Option, ...]:
        total = sum(way.probability for way in ways)
        if total > 1.0 + 1e-9:  # three thirds, written in decimals, are allowed
            raise ValueError(f"has probabilities of {total * 100:.6g}% together, and 100% is all there is")
        return ways


STEP_KINDS = ("work", "wait", "call", "parallel", "branch")


def _step_kind(value: Any) -> str | None:
    keys = value.keys() if isinstance(value, dict) else type(value).model_fields if isinstance(value, Part) else ()
    return next((kind for kind in STEP_KINDS if kind in keys), None)


Step = Annotated[
    Annotated[Work, Tag("work")] | Annotated[Wait, Tag("wait")] | Annotated[Call, Tag("call")]
    | Annotated[Parallel, Tag("parallel")] | Annotated[Branch, Tag("branch")],
    Discriminator(_step_kind, custom_error_type="step_kind",
                  custom_error_message="a step is one of work, wait, call, parallel, branch"),
]  # fmt: skip


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


for part in (Fallback, Parallel, Option):  # they were written before Step, which names them
    part.model_rebuild()
