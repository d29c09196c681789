"""Who calls, how often, and what they expect."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar

from pydantic import Field, field_validator, model_validator

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import OneOf, Part, field
from scenarios.schema.units import Duration, Number, Rate, Share, format_duration
from scenarios.schema.words import Name, Target, Whole


class FlashCrowd(Part):
    """A base rate, a linear rise to a peak, a hold, and the same way down."""

    base: Rate = field(says="the rate before and after")
    peak: Rate = field(says="the rate while the crowd is there")
    at: Duration = field(says="when the rise begins")
    rise: Duration = field(says="how long the rise and the fall take")
    hold: Duration = field(says="how long the peak lasts")


class Ramp(Part):
    """A straight line from one rate to another, constant before and after."""

    start: Rate = field(says="the rate before", alias="from")
    end: Rate = field(says="the rate after", alias="to")
    at: Duration = field(0, says="when it begins")
    over: Duration = field(says="how long it takes")


class Step(Part):
    """A rate that jumps."""

    base: Rate = field(says="the rate outside the step")
    to: Rate = field(says="the rate inside")
    at: Duration = field(says="when it jumps")
    hold: Duration | None = field(None, says="for how long; for good if absent")


class Diurnal(Part):
    """A day as a cosine between trough and peak, drawn with 96 straight pieces a period."""

    trough: Rate = field(says="the lowest rate")
    peak: Rate = field(says="the highest rate")
    period: Duration = field(86_400_000_000_000, says="one day", ge=96_000)
    peak_at: Duration = field(0, says="when the peak is reached, within the period")

    @model_validator(mode="after")
    def _in_order(self) -> Diurnal:
        if self.trough > self.peak:
            raise ValueError(f"trough ({self.trough:g}/s) is more than peak ({self.peak:g}/s)")
        return self


class RateFile(Part):
    """Rates from a CSV file (optionally .gz): a time column and a column of events counted in that interval."""

    short: ClassVar[str] = "path"
    path: str = field(says="the file, relative to the scenario file")
    start: str | None = field(None, says="the row to begin with, as its first column spells it; the first if absent")
    length: Duration | None = field(None, says="how much of the file; all of it if absent", gt=0)
    scale: Number = field(1.0, says="multiplies the counts", gt=0)
    interval: Duration = field(60_000_000_000, says="time between two rows", gt=0)
    column: str | None = field(None, says="the column with the counts; the second if absent")


class Pieces(Part):
    """Straight lines between given points."""

    points: Annotated[tuple[tuple[Duration, Rate], ...], Field(min_length=2, max_length=100_000)] = field(
        says="[time, rate] pairs in order of time")

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
    rate: Rate | None = field(None, says="the same all the time")
    flash_crowd: FlashCrowd | None = field(None, says="a crowd comes and goes")
    ramp: Ramp | None = field(None, says="a straight change")
    step: Step | None = field(None, says="a jump")
    diurnal: Diurnal | None = field(None, says="a day")
    pieces: Pieces | None = field(None, says="straight lines between points")
    rate_file: RateFile | None = field(None, says="as a file says")


class Session(Part):
    """A user's visit: a first request, some more, and a pause before the next visit."""

    start: Target | None = field(None, says="the entry of the first request; from the mix if absent")
    requests: Whole = field(says="requests in a visit", ge=1, le=1_000_000)
    pause: Distribution = field(Distribution(constant=0), says="time between visits, instead of the think time")


class Users(Part):
    """A closed population: each user thinks, asks, waits for the answer, and thinks again."""

    count: Whole = field(says="how many", ge=1, le=10_000_000)
    think: Distribution = field(says="from an answer to the next request")
    spawn: Rate | None = field(None, says="how fast users appear at the start; all at once if absent", gt=0)
    session: Session | None = field(None, says="users come and go in visits")


class Timestamps(Part):
    """One request per line of a file (optionally .gz): seconds since the start, in order."""

    short: ClassVar[str] = "path"
    path: str = field(says="the file, relative to the scenario file")
    column: str | None = field(None, says="the column with the times; the first if absent")


class Arrivals(OneOf):
    """When requests come."""

    poisson: RateShape | None = field(None, says="independent of each other, at this rate")
    constant: RateShape | None = field(None, says="evenly spaced, at this rate")
    timestamps: Timestamps | None = field(None, says="at the times a file gives")
    users: Users | None = field(None, says="from a closed population")


class LatencyGoal(Part):
    """A latency objective: the p-th percentile stays under a bound."""

    p: Number = field(says="percentile", gt=0, lt=100)
    under: Duration = field(says="the bound", gt=0)


class Slo(Part):
    """What callers were promised; a request is `good` when it succeeded within the latency bound."""

    latency: LatencyGoal | None = field(None, says="the latency objective")
    availability: Share | None = field(None, says="share of requests that must succeed")


class Workload(Part):
    """A class of requests from outside the mesh."""

    entry: Target | None = field(None, says="service.endpoint that is called")
    mix: Annotated[dict[Target, Number], Field(min_length=1)] | None = field(None, says="entries by weight")
    load: Number = field(1.0, says="multiplies every rate, or the number of users", ge=0, le=1e6)
    arrivals: Arrivals = field(says="when requests come")
    zone: Name | None = field(None, says="where callers are; without it the entry hop costs no time")
    slo: Slo = field(Slo(), says="what callers were promised")

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
