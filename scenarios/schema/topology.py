"""Where work runs: zones and nodes, the network between them, services and their endpoints' programs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import Part, field
from scenarios.schema.units import Bytes, Duration, MilliCores, PricePerGB, PricePerHour, Share
from scenarios.schema.words import Name, Target, Whole


class NodePool(Part):
    """Like machines in one or more zones."""

    zones: tuple[Name, ...] | None = field(None, says="zones that have them; all by default")
    count: Whole = field(says="nodes per zone", ge=0, le=100_000)
    cpu: MilliCores = field(says="cores a node offers to pods")
    memory: Bytes = field(says="memory a node offers to pods", gt=0)
    price: PricePerHour = field(0.0, says="what a node costs")


class Cluster(Part):
    """Zones and the nodes in them; without nodes there is always room for another pod."""

    zones: Annotated[tuple[Name, ...], Field(min_length=1)] = field(("local",), says="zones, in order of placement")
    nodes: dict[Name, NodePool] = field({}, says="pools of nodes by name")


class Network(Part):
    """What a message between two services waits for, one way, by whether the zones differ."""

    same_zone: Distribution = field(Distribution(constant=0), says="latency within a zone, one way")
    cross_zone: Distribution | None = field(None, says="latency between zones, one way; like same_zone if absent")
    egress: PricePerGB = field(0.0, says="price of data that leaves a zone")


class Requests(Part):
    """What the scheduler reserves for a pod; cpu is also the denominator of the HPA's utilisation."""

    cpu: MilliCores | None = field(None, says="cores reserved")
    memory: Bytes | None = field(None, says="memory reserved", gt=0)


class Limits(Part):
    """What a pod may use at most."""

    cpu: MilliCores | None = field(None, says="cores: at most ceil(n) work at once, the last fraction slower")


class Resources(Part):
    """Kubernetes' requests and limits of one pod."""

    requests: Requests = field(Requests(), says="what is reserved")
    limits: Limits = field(Limits(), says="what is allowed")

    @model_validator(mode="after")
    def _limit_covers_request(self) -> Resources:
        asked, allowed = self.requests.cpu, self.limits.cpu
        if asked is not None and allowed is not None and allowed < asked:
            raise ValueError(f"limits.cpu ({allowed}m) is less than requests.cpu ({asked}m)")
        return self


class Queue(Part):
    """First in, first out, in each pod."""

    size: Whole | None = field(None, says="requests that may wait in a pod; more are rejected. No limit if absent",
                             ge=0, le=10_000_000)  # fmt: skip


class Work(Part):
    """Use one core for a while (CPU-seconds)."""

    work: Distribution = field(says="CPU time")


class Wait(Part):
    """Let time pass without a core: a sleep, a disk, somebody outside."""

    wait: Distribution = field(says="time")


class Fallback(Part):
    """What to do instead of a failed call."""

    fallback: Annotated[tuple[Step, ...], Field(min_length=1)] = field(says="steps done in place of the failed call")


OnFailure = Annotated[
    Annotated[Literal["fail", "ignore"], Tag("word")] | Annotated[Fallback, Tag("fallback")],
    Discriminator(lambda value: "fallback" if isinstance(value, (dict, Fallback)) else "word"),
]


class Call(Part):
    """Ask another service and wait for its answer; over the route that fits best."""

    call: Target = field(says="service.endpoint")
    repeat: Whole = field(1, says="this many times, one after the other", ge=1, le=100_000)
    on_failure: OnFailure = field("fail", says="fail the endpoint, go on, or do other steps")


Join = Annotated[
    Annotated[Literal["all", "first"], Tag("word")] | Annotated[Whole, Field(ge=1), Tag("number")],
    Discriminator(lambda value: "number" if isinstance(value, (int, float)) else "word"),
]


class Parallel(Part):
    """Several branches at once; each is a step or a list of steps."""

    parallel: Annotated[tuple[tuple[Step, ...], ...], Field(min_length=1, max_length=4096)] = field(says="the branches")
    join: Join = field(
        "all", says="how many branches must succeed before the endpoint goes on: all, first, or a number")

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

    probability: Share = field(says="how often this way is taken")
    steps: Annotated[tuple[Step, ...], Field(min_length=1)] = field(says="what happens on this way")


class Branch(Part):
    """At most one of several ways; what is left of 100 % does nothing."""

    branch: Annotated[tuple[Option, ...], Field(min_length=1, max_length=1024)] = field(says="the ways")

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

    replicas: Whole = field(1, says="pods at the start", ge=0, le=100_000)
    workers: Whole = field(1, says="requests a pod works on at once", ge=1, le=1_000_000)
    model: Literal["async", "thread"] = field(
        "async", says="a worker is free while its request waits downstream (async), or held until the answer (thread)")
    resources: Resources = field(Resources(), says="Kubernetes requests and limits of a pod")
    startup: Distribution = field(Distribution(constant=0), says="from scheduled to ready")
    termination_grace_period: Duration = field(30_000_000_000, says="how long a draining pod may finish its requests")
    queue: Queue = field(Queue(), says="where requests wait for a worker")
    endpoints: Annotated[dict[Name, Annotated[tuple[Step, ...], Field(min_length=1)]], Field(min_length=1)] = field(
        says="programs by name: what answering a call takes")
