"""Who calls, how often, and what they expect."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import OneOf, Part, Witness, field
from scenarios.schema.sizes import Size
from scenarios.schema.units import Duration, Number, Rate, Share, format_duration
from scenarios.schema.words import Name, Target, Whole


class FlashCrowd(Part):
    """A base rate, a linear rise to a peak, a hold, and the same way down."""

    base: Rate = field(
        says="the rate before and after",
        seen=Witness("shapes", "workload.crowd.arrivals.poisson.flash_crowd.base", ("5/s", "15/s")))
    peak: Rate = field(
        says="the rate while the crowd is there",
        seen=Witness("shapes", "workload.crowd.arrivals.poisson.flash_crowd.peak", ("60/s", "90/s")))
    at: Duration = field(
        says="when the rise begins",
        seen=Witness("shapes", "workload.crowd.arrivals.poisson.flash_crowd.at", ("1s", "1500ms")))
    rise: Duration = field(
        says="how long the rise and the fall take",
        seen=Witness("shapes", "workload.crowd.arrivals.poisson.flash_crowd.rise", ("500ms", "900ms")))
    hold: Duration = field(
        says="how long the peak lasts",
        seen=Witness("shapes", "workload.crowd.arrivals.poisson.flash_crowd.hold", ("1s", "500ms")))


class Ramp(Part):
    """A straight line from one rate to another, constant before and after."""

    start: Rate = field(
        says="the rate before", alias="from",
        seen=Witness("shapes", "workload.slope.arrivals.constant.ramp.from", ("5/s", "15/s")))
    end: Rate = field(
        says="the rate after", alias="to",
        seen=Witness("shapes", "workload.slope.arrivals.constant.ramp.to", ("40/s", "60/s")))
    at: Duration = field(
        0, says="when it begins",
        seen=Witness("shapes", "workload.slope.arrivals.constant.ramp.at", ("1s", "2s")))
    over: Duration = field(
        says="how long it takes",
        seen=Witness("shapes", "workload.slope.arrivals.constant.ramp.over", ("2s", "1s")))


class Step(Part):
    """A rate that jumps."""

    base: Rate = field(
        says="the rate outside the step",
        seen=Witness("shapes", "workload.jump.arrivals.poisson.step.base", ("5/s", "15/s")))
    to: Rate = field(
        says="the rate inside",
        seen=Witness("shapes", "workload.jump.arrivals.poisson.step.to", ("40/s", "60/s")))
    at: Duration = field(
        says="when it jumps",
        seen=Witness("shapes", "workload.jump.arrivals.poisson.step.at", ("1s", "2s")))
    hold: Duration | None = field(
        None, says="for how long; for good if absent",
        seen=Witness("shapes", "workload.jump.arrivals.poisson.step.hold", ("1s", "2s")))


class Diurnal(Part):
    """A day as a cosine between trough and peak, drawn with 96 straight pieces a period."""

    trough: Rate = field(
        says="the lowest rate",
        seen=Witness("shapes", "workload.day.arrivals.poisson.diurnal.trough", ("5/s", "15/s")))
    peak: Rate = field(
        says="the highest rate",
        seen=Witness("shapes", "workload.day.arrivals.poisson.diurnal.peak", ("40/s", "60/s")))
    period: Duration = field(
        86_400_000_000_000, says="one day", ge=96_000,
        seen=Witness("shapes", "workload.day.arrivals.poisson.diurnal.period", ("4s", "2s")))
    peak_at: Duration = field(
        0, says="when the peak is reached, within the period",
        seen=Witness("shapes", "workload.day.arrivals.poisson.diurnal.peak_at", ("1s", "2s")))

    @model_validator(mode="after")
    def _in_order(self) -> Diurnal:
        if self.trough > self.peak:
            raise ValueError(f"trough ({self.trough:g}/s) is more than peak ({self.peak:g}/s)")
        return self


class RateFile(Part):
    """Rates from a CSV file (optionally .gz): a time column and a column of events counted in that interval."""

    short: ClassVar[str] = "path"
    path: str = field(
        says="the file, relative to the scenario file",
        seen=Witness("shapes", "workload.counted.arrivals.poisson.rate_file.path", (
            "counts.csv",
            "fewer_counts.csv")))
    start: str | None = field(
        None, says="the row to begin with, as its first column spells it; the first if absent",
        seen=Witness("shapes", "workload.counted.arrivals.poisson.rate_file.start", ("08:00:01", "08:00:02")))
    length: Duration | None = field(
        None, says="how much of the file; all of it if absent", gt=0,
        seen=Witness("shapes", "workload.counted.arrivals.poisson.rate_file.length", ("2s", "1s")))
    scale: Number = field(
        1.0, says="multiplies the counts", gt=0,
        seen=Witness("shapes", "workload.counted.arrivals.poisson.rate_file.scale", (1, 2)))
    interval: Duration = field(
        60_000_000_000, says="time between two rows", gt=0,
        seen=Witness("shapes", "workload.counted.arrivals.poisson.rate_file.interval", ("1s", "500ms")))
    column: str | None = field(
        None, says="the column with the counts; the second if absent",
        seen=Witness("shapes", "workload.counted.arrivals.poisson.rate_file.column", ("requests", "errors")))


class Pieces(Part):
    """Straight lines between given points."""

    points: Annotated[tuple[tuple[Duration, Rate], ...], Field(min_length=2, max_length=100_000)] = field(
        says="[time, rate] pairs in order of time",
        seen=Witness("shapes", "workload.line.arrivals.poisson.pieces.points", (
            [["0s", "5/s"], ["4s", "40/s"]],
            [["0s", "40/s"], ["4s", "5/s"]])))

    @field_validator("points")
    @classmethod
    def _in_order(cls, points: tuple[tuple[int, float], ...]) -> tuple[tuple[int, float], ...]:
        for (before, _), (after, _) in pairwise(points):
            if after < before:
                raise ValueError(f"is out of order: {format_duration(after)} comes after {format_duration(before)}")
        return points


class RateShape(OneOf):
    """A rate over time. A bare rate is constant."""

    short: ClassVar[str] = "rate"
    rate: Rate | None = field(
        None, says="the same all the time",
        seen=Witness("shapes", "workload.level.arrivals.poisson.rate", ("20/s", "40/s")))
    flash_crowd: FlashCrowd | None = field(
        None, says="a crowd comes and goes",
        seen=Witness("shapes", "workload.level.arrivals.poisson", (
            {"flash_crowd": {"base": "5/s", "peak": "60/s", "at": "1s", "rise": 0, "hold": "1s"}},
            "20/s")))
    ramp: Ramp | None = field(
        None, says="a straight change",
        seen=Witness("shapes", "workload.level.arrivals.poisson", (
            {"ramp": {"from": "5/s", "to": "40/s", "over": "4s"}},
            "20/s")))
    step: Step | None = field(
        None, says="a jump",
        seen=Witness("shapes", "workload.level.arrivals.poisson", (
            {"step": {"base": "5/s", "to": "60/s", "at": "1s"}},
            "20/s")))
    diurnal: Diurnal | None = field(
        None, says="a day",
        seen=Witness("shapes", "workload.level.arrivals.poisson", (
            {"diurnal": {"trough": "5/s", "peak": "60/s", "period": "4s"}},
            "20/s")))
    pieces: Pieces | None = field(
        None, says="straight lines between points",
        seen=Witness("shapes", "workload.level.arrivals.poisson", (
            {"pieces": {"points": [["0s", "5/s"], ["4s", "40/s"]]}},
            "20/s")))
    rate_file: RateFile | None = field(
        None, says="as a file says",
        seen=Witness("shapes", "workload.level.arrivals.poisson", (
            {"rate_file": {"path": "counts.csv", "interval": "1s"}},
            "20/s")))


class Session(Part):
    """A user's visit: a first request, some more, and a pause before the next visit."""

    start: Target | None = field(
        None, says="the entry of the first request; from the mix if absent",
        seen=Witness("shapes", "workload.people.arrivals.users.session.start", ("api.put", "api.get")))
    requests: Whole = field(
        says="requests in a visit", ge=1, le=1_000_000,
        seen=Witness("shapes", "workload.people.arrivals.users.session.requests", (3, 5)))
    pause: Distribution = field(
        Distribution(constant=0), says="time between visits, instead of the think time",
        seen=Witness("shapes", "workload.people.arrivals.users.session.pause", ("500ms", "1s")))


class Users(Part):
    """A closed population: each user thinks, asks, waits for the answer, and thinks again."""

    count: Whole = field(
        says="how many", ge=1, le=10_000_000,
        seen=Witness("shapes", "workload.people.arrivals.users.count", (6, 9)))
    think: Distribution = field(
        says="from an answer to the next request",
        seen=Witness("shapes", "workload.people.arrivals.users.think", ("200ms", "300ms")))
    spawn: Rate | None = field(
        None, says="how fast users appear at the start; all at once if absent", gt=0,
        seen=Witness("shapes", "workload.people.arrivals.users.spawn", ("10/s", "3/s")))
    session: Session | None = field(
        None, says="users come and go in visits",
        seen=Witness("shapes", "workload.people.arrivals.users.session", (
            {"requests": 2},
            {"requests": 2, "pause": "1s"})))


class Timestamps(Part):
    """One request per line of a file (optionally .gz): seconds since the start, in order."""

    short: ClassVar[str] = "path"
    path: str = field(
        says="the file, relative to the scenario file",
        seen=Witness("shapes", "workload.recorded.arrivals.timestamps.path", ("times.csv", "fewer_times.csv")))
    column: str | None = field(
        None, says="the column with the times; the first if absent",
        seen=Witness("shapes", "workload.recorded.arrivals.timestamps.column", ("at", "late")))


class Arrivals(OneOf):
    """When requests come."""

    poisson: RateShape | None = field(
        None, says="independent of each other, at this rate",
        seen=Witness("hello", "workload.readers.arrivals", ({"poisson": "60/s"}, {"constant": "60/s"})))
    constant: RateShape | None = field(
        None, says="evenly spaced, at this rate",
        seen=Witness("hello", "workload.writers.arrivals", ({"constant": "20/s"}, {"poisson": "20/s"})))
    timestamps: Timestamps | None = field(
        None, says="at the times a file gives",
        seen=Witness("shapes", "workload.recorded.arrivals", ({"timestamps": "times.csv"}, {"constant": "2/s"})))
    users: Users | None = field(
        None, says="from a closed population",
        seen=Witness("hello", "workload.writers.arrivals", (
            {"users": {"count": 3, "think": "100ms"}},
            {"constant": "20/s"})))


class LatencyGoal(Part):
    """A latency objective: the p-th percentile stays under a bound."""

    p: Number = field(
        says="percentile", gt=0, lt=100,
        seen=Witness("hello", "workload.readers.slo.latency.p", (99, 10), moves="summary"))
    under: Duration = field(
        says="the bound", gt=0,
        seen=Witness("hello", "workload.readers.slo.latency.under", ("50ms", "1ms"), moves="summary"))


class Slo(Part):
    """What callers were promised; a request is `good` when it succeeded within the latency bound."""

    latency: LatencyGoal | None = field(
        None, says="the latency objective",
        seen=Witness("hello", "workload.readers.slo.latency", (
            {"p": 99, "under": "1h"},
            {"p": 99, "under": "1ms"}), moves="summary"))
    availability: Share | None = field(
        None, says="share of requests that must succeed",
        seen=Witness("hello", "workload.readers.slo.availability", ("99%", "1%"), moves="summary"))


class Workload(Part):
    """A class of requests from outside the mesh."""

    entry: Target | None = field(
        None, says="service.endpoint that is called",
        seen=Witness("hello", "workload.readers.entry", ("api.get", "api.put")))
    mix: Annotated[dict[Target, Number], Field(min_length=1)] | None = field(
        None, says="entries by weight",
        seen=Witness("hello", "workload.writers.mix", ({"api.get": 1}, {"api.put": 1})))
    load: Number = field(
        1.0, says="multiplies every rate, or the number of users", ge=0, le=1e6,
        seen=Witness("hello", "workload.readers.load", (1, 2)))
    arrivals: Arrivals = field(
        says="when requests come",
        seen=Witness("hello", "workload.readers.arrivals", ({"poisson": "60/s"}, {"poisson": "90/s"})))
    zone: Name | None = field(
        None, says="where callers are; without it the entry hop costs no time",
        seen=Witness("mesh", "workload.users.zone", ("east", "west")))
    priority: Literal["critical", "degraded", "best_effort", "bulk"] = field(
        "critical", says="how much its requests matter, where queues go by priority and doors shed",
        seen=Witness("pods", "workload.browsers.priority", ("critical", "bulk")))
    size: Size | None = field(
        None, says="how much a request asks for: a factor of mean 1 on all works that are done for it; all alike if absent",
        seen=Witness("sizes", "workload.writers.size", ({"pareto": {"alpha": 2.5}}, None)))
    slo: Slo = field(
        Slo(), says="what callers were promised",
        seen=Witness("hello", "workload.readers.slo", ({}, {"latency": {"p": 99, "under": "1ms"}}), moves="summary"))

    @model_validator(mode="after")
    def _entry_or_mix(self) -> Workload:
        if (self.entry is None) == (self.mix is None):
            raise ValueError("must have exactly one of entry, mix")
        if self.mix is not None and (min(self.mix.values()) < 0 or sum(self.mix.values()) <= 0):
            raise ValueError("must have a mix whose weights are not negative and not all zero")
        return self

    @property
    def entries(self) -> dict[str, float]:
        """Entries and their weights, in the order of the file."""
        return {self.entry: 1.0} if self.entry is not None else dict(self.mix or {})
