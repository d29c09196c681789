"""How long something takes: distributions by name, mean and spread."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, field_validator, model_validator

from scenarios.schema.model import OneOf, Part, field
from scenarios.schema.units import Duration, Number, format_duration


class MeanCv(Part):
    """A positive distribution by its mean and coefficient of variation (standard deviation / mean)."""

    mean: Duration = field(says="the mean")
    cv: Number = field(says="standard deviation over mean", gt=0, le=100)


class Pareto(Part):
    """A heavy tail by its mean and shape alpha > 1; the variance is infinite where alpha <= 2."""

    mean: Duration = field(says="the mean")
    alpha: Number = field(says="the tail's shape; smaller is heavier", gt=1, le=1000)


class Uniform(Part):
    """Every length between low and high alike."""

    low: Duration = field(says="the shortest")
    high: Duration = field(says="the longest")

    @model_validator(mode="after")
    def _in_order(self) -> Uniform:
        if self.low > self.high:
            raise ValueError(f"low ({format_duration(self.low)}) is more than high ({format_duration(self.high)})")
        return self


class Component(Part):
    """One part of a mixture."""

    weight: Number = field(says="how often, against the other weights", gt=0)
    of: Distribution = field(says="the distribution drawn from; not a mixture again")

    @field_validator("of")
    @classmethod
    def _is_simple(cls, of: Distribution) -> Distribution:
        if of.mixture is not None:
            raise ValueError("is a mixture inside a mixture; multiply the weights and list all parts in one")
        return of


class Distribution(OneOf):
    """A length of time, drawn afresh each time. A bare duration means `constant`."""

    short: ClassVar[str] = "constant"
    constant: Duration | None = field(None, says="always this long")
    exponential: Duration | None = field(None, says="exponential with this mean")
    lognormal: MeanCv | None = field(None, says="lognormal by mean and cv")
    gamma: MeanCv | None = field(None, says="gamma by mean and cv")
    pareto: Pareto | None = field(None, says="Pareto by mean and alpha")
    uniform: Uniform | None = field(None, says="uniform between low and high")
    mixture: Annotated[tuple[Component, ...], Field(min_length=1)] | None = field(None, says="one of several, by weight")

    @property
    def mean_ns(self) -> float:
        """The mean in nanoseconds, exact from the parameters."""
        value = self.chosen
        if self.kind == "mixture":
            total = sum(part.weight for part in value)
            return float(sum(part.weight * part.of.mean_ns for part in value) / total)
        if self.kind == "uniform":
            return float(value.low + value.high) / 2
        return float(value if isinstance(value, int) else value.mean)
