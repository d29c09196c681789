"""Programs of endpoints: the kinds of steps that answering a call may take."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Share
from scenarios.schema.words import Target, Whole


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


for part in (Fallback, Parallel, Option):  # they were written before Step, which names them
    part.model_rebuild()
