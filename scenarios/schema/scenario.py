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

from scenarios.schema.alerting import BurnRateAlert
from scenarios.schema.changing import Change, assigned, dumped
from scenarios.schema.cluster import Cluster
from scenarios.schema.control import Agent, Telemetry
from scenarios.schema.control_network import ControlNetwork
from scenarios.schema.crosschecks import broken_rules
from scenarios.schema.discovery import Discovery
from scenarios.schema.failures import Failures
from scenarios.schema.faults import Fault
from scenarios.schema.mistakes import broken, mistakes_of
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.negotiating import Negotiation
from scenarios.schema.placed import Place
from scenarios.schema.pods import Rollout
from scenarios.schema.resilience import Route
from scenarios.schema.routing import DEFAULTS
from scenarios.schema.topology import Network, Service
from scenarios.schema.units import Duration, Warmup, parse_duration, parse_share
from scenarios.schema.words import Currency, Name, Pattern, RunName
from scenarios.schema.workload import Workload

COMPARISON = re.compile(r"(<=|>=|<|>)\s*(\S.*)")
SHARES = ("good", "availability", "quality")
LATENCIES = ("mean", "p50", "p75", "p90", "p95", "p99", "p999")


class Expect(Part):
    """An assertion on requests that arrived in [from, until): a scenario is a test."""

    good: str | None = field(
        None, says="share of offered requests answered within the SLO, as '>= 99%'",
        seen=Witness("hello", "expect.0.good", (">= 0%", "> 100%"), moves="verdict"))
    availability: str | None = field(
        None, says="share of offered requests that succeeded, as '>= 99.9%'",
        seen=Witness("hello", "expect.1.availability", (">= 0%", "> 100%"), moves="verdict"))
    quality: str | None = field(
        None, says="mean quality of successful answers, as '>= 95%'; 100% where no ladder or stale value lowers it",
        seen=Witness("steps", "expect.0.quality", (">= 0%", "> 100%"), moves="verdict"))
    mean: str | None = field(
        None, says="mean latency of successes, as '< 20ms'",
        seen=Witness("hello", "expect.2.mean", ("< 1h", "< 0s"), moves="verdict"))
    p50: str | None = field(
        None, says="median latency of successes, as '< 20ms'",
        seen=Witness("hello", "expect.3.p50", ("< 1h", "< 0s"), moves="verdict"))
    p75: str | None = field(
        None, says="75th percentile, as '< 50ms'",
        seen=Witness("hello", "expect.9.p75", ("< 1h", "< 0s"), moves="verdict"))
    p90: str | None = field(
        None, says="90th percentile, as '< 100ms'",
        seen=Witness("hello", "expect.10.p90", ("< 1h", "< 0s"), moves="verdict"))
    p95: str | None = field(
        None, says="95th percentile, as '< 200ms'",
        seen=Witness("hello", "expect.4.p95", ("< 1h", "< 0s"), moves="verdict"))
    p99: str | None = field(
        None, says="99th percentile, as '< 300ms'",
        seen=Witness("hello", "expect.5.p99", ("< 1h", "< 0s"), moves="verdict"))
    p999: str | None = field(
        None, says="99.9th percentile, as '< 500ms'",
        seen=Witness("hello", "expect.11.p999", ("< 1h", "< 0s"), moves="verdict"))
    workload: Name | None = field(
        None, says="only this class; all together if absent",
        seen=Witness("hello", "expect.6.workload", ("readers", "writers"), moves="verdict"))
    start: Duration | None = field(
        None, says="from here on; the warm-up's end if absent", alias="from",
        seen=Witness("hello", "expect.7.from", ("3s", "1s"), moves="verdict"))
    until: Duration | None = field(
        None, says="up to here; the end of the run if absent",
        seen=Witness("hello", "expect.8.until", ("1500ms", "3s"), moves="verdict"))

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
    name: RunName = field(
        says="what runs are called",
        seen=Witness("hello", "name", ("hello", "hello_again"), moves="manifest"))
    question: str = field(
        "", says="what a run of this file answers", max_length=500,
        seen=Witness("hello", "question", ("Is it?", "Or is it not?"), moves="manifest"))
    duration: Duration = field(
        says="how long a run lasts", gt=0,
        seen=Witness("hello", "duration", ("4s", "5s")))
    warmup: Warmup = field(
        0, says="requests that arrive earlier are not measured; auto: MSER-5 finds how long, from a run of steady load",
        seen=Witness("hello", "warmup", ("500ms", "1s"), moves="summary"))
    currency: Currency = field(
        "EUR", says="of prices",
        seen=Witness("hello", "currency", ("EUR", "USD"), moves="manifest"))
    cluster: Cluster = field(
        Cluster(), says="zones and nodes",
        seen=Witness("mesh", "cluster", ({"zones": ["east", "west"]}, {"zones": ["west", "east"]})))
    network: Network = field(
        Network(), says="latency between services",
        seen=Witness("mesh", "network", ({"same_zone": "1ms"}, {"same_zone": "2ms"})))
    services: Annotated[dict[Name, Service], Field(min_length=1)] = field(
        says="by name",
        seen=Witness("hello", "services", (
            {"api": {"replicas": 1, "endpoints": {"get": [{"work": "5ms"}], "put": [{"work": "5ms"}]}}},
            {"api": {"replicas": 1, "endpoints": {"get": [{"work": "9ms"}], "put": [{"work": "5ms"}]}}})))
    routes: dict[Pattern, Route] = field(
        {}, says="by pattern, most specific wins: 'a.x -> b.y', 'a -> b', '* -> b', defaults",
        seen=Witness("hello", "routes", (
            {"defaults": {"lb_policy": "random"}},
            {"defaults": {"lb_policy": "round_robin"}})))
    workload: Annotated[dict[Name, Workload], Field(min_length=1)] = field(
        says="classes of requests by name",
        seen=Witness("hello", "workload", (
            {"readers": {"entry": "api.get", "arrivals": {"poisson": "60/s"}}},
            {"readers": {"entry": "api.put", "arrivals": {"poisson": "60/s"}}})))
    agents: dict[Name, Agent] = field(
        {}, says="minds by service; `defaults` for all",
        seen=Witness("scaling", "agents", (
            {},
            {"plain": {"scaling": {"hpa": {"target_cpu": "60%", "max": 6, "sync_period": "1s"}}}})))
    negotiations: dict[Name, Negotiation] = field(
        {}, says="what agents bargain for, by name",
        seen=Witness("market", "negotiations.pods.pool.capacity", (12, 9)))
    control_network: ControlNetwork = field(
        ControlNetwork(), says="what messages between agents meet",
        seen=Witness("market", "control_network", ({}, {"latency": "900ms"}), moves="messages"))
    telemetry: Telemetry = field(
        Telemetry(), says="how the control plane sees the mesh",
        seen=Witness("scaling", "telemetry", ({"scrape_interval": "1s"}, {"scrape_interval": "7s"})))
    alerts: dict[Name, BurnRateAlert] = field(
        {}, says="on error budgets, by name",
        seen=Witness("alerting", "alerts", (
            {}, {"burning": {"workload": "some", "period": "20m", "interval": "1s", "windows": [
                {"long_window": "6s", "short_window": "2s", "budget": "2%"}]}}), moves="decisions"))
    discovery: Discovery = field(
        Discovery(), says="how callers learn of pods",
        seen=Witness("cluster", "discovery", ({}, {"propagation_delay": "1s"})))
    rollouts: dict[Name, Rollout] = field(
        {}, says="new releases by name",
        seen=Witness("cluster", "rollouts", ({}, {"v2": {"at": "3s", "service": "cart", "errors": "50%"}})))
    faults: dict[Name, Fault] = field(
        {}, says="by name",
        seen=Witness("hello", "faults", ({}, {"lost": {"at": "1s", "crash": {"service": "api"}}})))
    failures: Failures = field(
        Failures(), says="what goes wrong by chance",
        seen=Witness("failures", "failures", (
            {},
            {"processes": {"m": {"domain": "node", "mtbf": "2s", "duration": "1s", "effect": "down"}}})))
    expect: tuple[Expect, ...] = field(
        (), says="assertions; a run exits with 3 when one fails",
        seen=Witness("hello", "expect", ([], [{"good": "> 100%"}]), moves="verdict"))

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

    def minds(self, service: str) -> Agent:
        """A service's own word on each of its minds, or else that of the defaults."""
        own, defaults = (self.agents.get(name, Agent()) for name in (service, DEFAULTS))
        return Agent(scaling=own.scaling or defaults.scaling, sizing=own.sizing or defaults.sizing, policy=own.policy or defaults.policy)

    def most_pods(self, service: str) -> float:
        """How many pods a service may come to have, which may be inf: of the file, by its autoscaler, or out of a pool."""
        scaling = self.minds(service).scaling
        shares = [pool.capacity // pool.members[service].units for one in self.negotiations.values()
                  if (pool := one.pool) is not None and service in pool.members]  # fmt: skip
        return max(self.services[service].replicas, scaling.most or 0 if scaling else 0, *shares)

    def with_(self, **changes: Any) -> Scenario:
        """A changed copy: `scenario.with_(**{"services.cart.replicas": 5})`. Values are spelled as in a file.

        None takes a name out of a mapping of names. Raises ScenarioError for an unknown path or a broken rule.
        """
        data: Any = dumped(self)
        for path, value in changes.items():
            written = dumped(value) if isinstance(value, BaseModel) else value
            data = assigned(type(self), data, Change(path, written, Place("with_")))
        return type(self).model_validate(data)
