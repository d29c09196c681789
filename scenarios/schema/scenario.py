"""The whole file, and the rules that hold between its parts."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from scenarios.schema.changing import Change, assigned, dumped
from scenarios.schema.control import Agent, Telemetry
from scenarios.schema.crosschecks import broken_rules
from scenarios.schema.faults import Fault
from scenarios.schema.mistakes import broken, mistakes_of
from scenarios.schema.model import Part, field
from scenarios.schema.placed import Place
from scenarios.schema.resilience import Route
from scenarios.schema.topology import Cluster, Network, Service
from scenarios.schema.units import Duration, parse_duration, parse_share
from scenarios.schema.words import Currency, Name, Pattern, RunName
from scenarios.schema.workload import Workload

COMPARISON = re.compile(r"(<=|>=|<|>)\s*(\S.*)")
SHARES = ("good", "availability")
LATENCIES = ("mean", "p50", "p95", "p99")


class Expect(Part):
    """An assertion on requests that arrived in [from, until): a scenario is a test."""

    good: str | None = field(None, says="share of offered requests answered within the SLO, as '>= 99%'")
    availability: str | None = field(None, says="share of offered requests that succeeded, as '>= 99.9%'")
    mean: str | None = field(None, says="mean latency of successes, as '< 20ms'")
    p50: str | None = field(None, says="median latency of successes, as '< 20ms'")
    p95: str | None = field(None, says="95th percentile, as '< 200ms'")
    p99: str | None = field(None, says="99th percentile, as '< 300ms'")
    workload: Name | None = field(None, says="only this class; all together if absent")
    start: Duration | None = field(None, says="from here on; the warm-up's end if absent", alias="from")
    until: Duration | None = field(None, says="up to here; the end of the run if absent")

    @field_validator(*SHARES, *LATENCIES)
    @classmethod
    def _is_a_comparison(cls, text: str | None, info: ValidationInfo) -> str | None:
        if text is not None:
            _compared(str(info.field_name), text)
        return text

    @model_validator(mode="after")
    def _asserts_something(self) -> Expect:
        if not self.bounds():
            raise ValueError(f"asserts nothing; give at least one of {', '.join(SHARES + LATENCIES)}")
        return self

    def bounds(self) -> list[tuple[str, str, float]]:
        """(what, one of < <= > >=, bound) of each assertion; the bound is a share 0 … 1 or nanoseconds."""
        given = [(what, getattr(self, what)) for what in SHARES + LATENCIES]
        return [(what, *_compared(what, text)) for what, text in given if text is not None]


def _compared(what: str, text: str) -> tuple[str, float]:
    found = COMPARISON.fullmatch(text.strip())
    if found is None:
        raise ValueError("is not a comparison: write one of < <= > >= and a value, as '>= 99%' or '< 300ms'")
    return found[1], parse_share(found[2]) if what in SHARES else parse_duration(found[2])


class Scenario(Part):
    """A world and the question asked of it."""

    version: Literal[1] = field(says="of this format")
    name: RunName = field(says="what runs are called")
    question: str = field("", says="what a run of this file answers", max_length=500)
    duration: Duration = field(says="how long a run lasts", gt=0)
    warmup: Duration = field(0, says="requests that arrive earlier are not measured")
    currency: Currency = field("EUR", says="of prices")
    cluster: Cluster = field(Cluster(), says="zones and nodes")
    network: Network = field(Network(), says="latency between services")
    services: Annotated[dict[Name, Service], Field(min_length=1)] = field(says="by name")
    routes: dict[Pattern, Route] = field({}, says="by pattern, most specific wins: 'a.x -> b.y', 'a -> b', '* -> b', defaults")
    workload: Annotated[dict[Name, Workload], Field(min_length=1)] = field(says="classes of requests by name")
    agents: dict[Name, Agent] = field({}, says="minds by service; `defaults` for all")
    telemetry: Telemetry = field(Telemetry(), says="how the control plane sees the mesh")
    faults: dict[Name, Fault] = field({}, says="by name")
    expect: tuple[Expect, ...] = field((), says="assertions; a run exits with 3 when one fails")

    @model_validator(mode="wrap")
    @classmethod
    def _checked(cls, value: Any, handler: ModelWrapValidatorHandler[Scenario]) -> Scenario:
        """Every way to a Scenario leads through here: a file, a dict, keywords. Raises ScenarioError."""
        try:
            world = handler(value)
        except ValidationError as error:
            raise broken(mistakes_of(cls, value, error), value) from None
        mistakes = list(broken_rules(world))
        if mistakes:
            raise broken(mistakes, value)
        return world

    def with_(self, **changes: Any) -> Scenario:
        """A changed copy: `scenario.with_(**{"services.cart.replicas": 5})`. Values are spelled as in a file.

        None takes a name out of a mapping of names. Raises ScenarioError for an unknown path or a broken rule.
        """
        data: Any = dumped(self)
        for path, value in changes.items():
            written = dumped(value) if isinstance(value, BaseModel) else value
            data = assigned(type(self), data, Change(path, written, Place("with_")))
        return type(self).model_validate(data)
