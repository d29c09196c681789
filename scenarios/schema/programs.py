"""Programs of endpoints: the kinds of steps that answering a call may take."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue

from scenarios.schema.distributions import Distribution
from scenarios.schema.keys import Keys
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration, Share
from scenarios.schema.words import Name, Target, Whole


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


class Rung(Part):
    """One way to answer all the same."""

    steps: tuple[Step, ...] = field(
        (), says="steps done in place of the failed call; without any, a default that cannot fail",
        seen=Witness("steps", "services.shop.endpoints.page.2.on_failure.ladder.0.steps", (
            [{"wait": "1ms"}],
            [{"wait": "3ms"}])))
    quality: Share = field(
        1.0, says="how good an answer is that is made so; multiplied up the calls",
        seen=Witness("steps", "services.shop.endpoints.page.2.on_failure.ladder.0.quality", ("90%", "30%"), moves="summary"))


class Ladder(Part):
    """What to do instead of a failed call, and what instead of that, down to the last."""

    ladder: Annotated[tuple[Rung, ...], Field(min_length=1, max_length=64)] = field(
        says="rungs, each tried when the one before has failed",
        seen=Witness("steps", "services.shop.endpoints.page.2.on_failure.ladder", (
            [{"steps": [{"wait": "1ms"}]}],
            [{"steps": [{"call": "store.get"}]}, {"quality": "40%"}])))

    @field_validator("ladder")
    @classmethod
    def _is_climbed(cls, rungs: tuple[Rung, ...]) -> tuple[Rung, ...]:
        for number, rung in enumerate(rungs[:-1], 1):
            if not rung.steps:
                raise ValueError(f"has no steps on rung {number}, which cannot fail, so nothing below it is ever tried")
        return rungs


def _remedy(value: Any) -> str:
    if isinstance(value, Ladder) or (isinstance(value, dict) and "ladder" in value):
        return "ladder"
    return "fallback" if isinstance(value, (dict, Fallback)) else "word"


OnFailure = Annotated[
    Annotated[Literal["fail", "ignore"], Tag("word")] | Annotated[Fallback, Tag("fallback")] | Annotated[Ladder, Tag("ladder")],
    Discriminator(_remedy),
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
        "fail", says="fail the endpoint, go on, do other steps, or climb down a ladder of them",
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


class CacheSettings(Part):
    """Values by key that need not be asked for again."""

    keys: Keys = field(
        says="what is looked up",
        seen=Witness("steps", "services.shop.endpoints.page.0.cache.keys", (
            {"zipf": {"count": 40, "exponent": 1.0}},
            {"uniform": {"count": 400}})))
    header_name: Name | None = field(
        None, says="the key is the value of this header, with these keys as its values: the same for the whole request",
        seen=Witness("hashing", "services.shop.endpoints.page.0.cache.header_name", ("x-item", None)))
    capacity: Whole | None = field(
        None, says="values it keeps; no limit if absent", ge=1, le=100_000_000,
        seen=Witness("steps", "services.shop.endpoints.page.0.cache.capacity", (10, 20)))
    ttl: Duration | None = field(
        None, says="how long a value may be used; for ever if absent", gt=0,
        seen=Witness("steps", "services.shop.endpoints.page.0.cache.ttl", ("100ms", "1s")))
    policy: Literal["lru", "fifo"] = field(
        "lru", says="who has to go when it is full: the least recently used, or the first that came in",
        seen=Witness("steps", "services.shop.endpoints.page.0.cache.policy", ("lru", "fifo")))
    scope: Literal["pod", "service"] = field(
        "pod", says="each pod has its own, cold when it starts (pod), or all pods share one (service)",
        seen=Witness("steps", "services.shop.endpoints.page.0.cache.scope", ("pod", "service")))
    on_miss: Annotated[tuple[Step, ...], Field(min_length=1)] = field(
        says="steps that get the value when it is not there",
        seen=Witness("steps", "services.shop.endpoints.page.0.cache.on_miss", (
            [{"wait": "5ms"}],
            [{"wait": "9ms"}])))
    hit: tuple[Step, ...] = field(
        (), says="steps that a hit takes",
        seen=Witness("steps", "services.shop.endpoints.page.0.cache.hit", ([], [{"work": "1ms"}])))
    coalesce: bool = field(
        False, says="whoever misses a key that is being filled waits for that (single flight); else all fill",
        seen=Witness("steps", "services.shop.endpoints.page.0.cache.coalesce", (False, True)))
    stale_if_error: Duration | None = field(
        None, says="for so long after its ttl a value stands in when filling fails (RFC 5861)", gt=0,
        seen=Witness("steps", "services.shop.endpoints.page.1.cache.stale_if_error", ("1ms", "1s")))
    stale_quality: Share = field(
        1.0, says="quality of an answer made with such a value",
        seen=Witness("steps", "services.shop.endpoints.page.1.cache.stale_quality", ("100%", "50%"), moves="summary"))

    @model_validator(mode="after")
    def _grows_stale(self) -> CacheSettings:
        if self.stale_if_error is not None and self.ttl is None:
            raise ValueError("has stale_if_error without a ttl: its values never grow stale. Give it a ttl")
        if self.stale_if_error is None and self.stale_quality != 1.0:
            raise ValueError("has a stale_quality, but never serves stale values: give it stale_if_error")
        return self


class Cache(Part):
    """Go on at once with a value that is kept, or get it first."""

    cache: CacheSettings = field(
        says="the values that are kept, and how missing ones are got",
        seen=Witness("steps", "services.shop.endpoints.page.0.cache", (
            {"keys": {"uniform": 10}, "on_miss": [{"wait": "5ms"}]},
            {"keys": {"uniform": 10}, "on_miss": [{"wait": "9ms"}]})))


class LockSettings(Part):
    """Keys that one strand at a time may hold: rows that are updated, mutexes."""

    keys: Keys = field(
        says="what is locked",
        seen=Witness("locks", "services.shop.endpoints.buy.0.lock.keys", ({"uniform": 1}, {"uniform": 50})))
    header_name: Name | None = field(
        None, says="the key is the value of this header, with these keys as its values: the same for the whole request",
        seen=Witness("hashing", "services.shop.endpoints.buy.0.lock.header_name", ("x-item", None)))
    steps: Annotated[tuple[Step, ...], Field(min_length=1)] = field(
        says="what is done while the key is held",
        seen=Witness("locks", "services.shop.endpoints.buy.0.lock.steps", ([{"wait": "2ms"}], [{"wait": "4ms"}])))
    scope: Literal["service", "pod"] = field(
        "service", says="all pods lock the same keys, as rows of one database (service), or each pod its own (pod)",
        seen=Witness("locks", "services.shop.endpoints.buy.1.lock.scope", ("service", "pod")))
    name: Name | None = field(
        None, says="lock steps of a service with one name lock the same keys; without a name each has keys of its own",
        seen=Witness("locks", "services.shop.endpoints.buy.0.lock.name", ("row", "line")))


class Lock(Part):
    """Do steps while nobody else holds the same key; whoever finds it held waits, first come first."""

    lock: LockSettings = field(
        says="the keys, and what is done while one is held",
        seen=Witness("locks", "services.shop.endpoints.buy.0.lock", (
            {"keys": {"uniform": 1}, "steps": [{"wait": "2ms"}]},
            {"keys": {"uniform": 1}, "steps": [{"wait": "4ms"}]})))


STEP_KINDS = ("work", "wait", "call", "parallel", "branch", "cache", "lock")


def _step_kind(value: Any) -> str | None:
    keys = value.keys() if isinstance(value, dict) else type(value).model_fields if isinstance(value, Part) else ()
    return next((kind for kind in STEP_KINDS if kind in keys), None)


Step = Annotated[
    Annotated[Work, Tag("work")] | Annotated[Wait, Tag("wait")] | Annotated[Call, Tag("call")]
    | Annotated[Parallel, Tag("parallel")] | Annotated[Branch, Tag("branch")] | Annotated[Cache, Tag("cache")]
    | Annotated[Lock, Tag("lock")],
    Discriminator(_step_kind, custom_error_type="step_kind",
                  custom_error_message=f"a step is one of {', '.join(STEP_KINDS)}"),
]  # fmt: skip


for part in (Fallback, Rung, Parallel, Option, CacheSettings, LockSettings):  # they were written before Step, which names them
    part.model_rebuild()
