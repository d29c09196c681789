"""How long something takes: distributions by name, mean and spread."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, field_validator, model_validator

from scenarios.schema.model import OneOf, Part, Witness, field
from scenarios.schema.units import Duration, Number, format_duration


class MeanCv(Part):
    """A positive distribution by its mean and coefficient of variation (standard deviation / mean)."""

    mean: Duration = field(
        says="the mean",
        seen=Witness("hello", "services.api.endpoints.get.0.work.lognormal.mean", ("2ms", "3ms")))
    cv: Number = field(
        says="standard deviation over mean", ge=0.001, le=100,
        seen=Witness("hello", "services.api.endpoints.get.0.work.lognormal.cv", (0.5, 2)))


class Pareto(Part):
    """A heavy tail by its mean and shape alpha > 1; the variance is infinite where alpha <= 2."""

    mean: Duration = field(
        says="the mean",
        seen=Witness("hello", "services.api.endpoints.get.1.work.pareto.mean", ("2ms", "3ms")))
    alpha: Number = field(
        says="the tail's shape; smaller is heavier", gt=1, le=1000,
        seen=Witness("hello", "services.api.endpoints.get.1.work.pareto.alpha", (2.5, 1.5)))


class Uniform(Part):
    """Every length between low and high alike."""

    low: Duration = field(
        says="the shortest",
        seen=Witness("hello", "services.api.endpoints.get.2.work.uniform.low", ("1ms", "2ms")))
    high: Duration = field(
        says="the longest",
        seen=Witness("hello", "services.api.endpoints.get.2.work.uniform.high", ("3ms", "5ms")))

    @model_validator(mode="after")
    def _in_order(self) -> Uniform:
        if self.low > self.high:
            raise ValueError(f"low ({format_duration(self.low)}) is more than high ({format_duration(self.high)})")
        return self


class Component(Part):
    """One part of a mixture."""

    weight: Number = field(
        says="how often, against the other weights", gt=0,
        seen=Witness("hello", "services.api.endpoints.get.3.work.mixture.0.weight", (1, 9)))
    of: Distribution = field(
        says="the distribution drawn from; not a mixture again",
        seen=Witness("hello", "services.api.endpoints.get.3.work.mixture.0.of", ("1ms", "2ms")))

    @field_validator("of")
    @classmethod
    def _is_simple(cls, of: Distribution) -> Distribution:
        if of.mixture is not None:
            raise ValueError("is a mixture inside a mixture; multiply the weights and list all parts in one")
        return of


class Distribution(OneOf):
    """A length of time, drawn afresh each time. A bare duration means `constant`."""

    short: ClassVar[str] = "constant"
    constant: Duration | None = field(
        None, says="always this long",
        seen=Witness("hello", "services.api.endpoints.get.0.work", ({"constant": "5ms"}, {"exponential": "5ms"})))
    exponential: Duration | None = field(
        None, says="exponential with this mean",
        seen=Witness("hello", "services.api.endpoints.get.0.work", ({"exponential": "5ms"}, {"constant": "5ms"})))
    lognormal: MeanCv | None = field(
        None, says="lognormal by mean and cv",
        seen=Witness("hello", "services.api.endpoints.get.0.work", (
            {"lognormal": {"mean": "2ms", "cv": 0.5}},
            {"gamma": {"mean": "2ms", "cv": 0.5}})))
    gamma: MeanCv | None = field(
        None, says="gamma by mean and cv",
        seen=Witness("hello", "services.api.endpoints.get.0.work", (
            {"gamma": {"mean": "2ms", "cv": 0.5}},
            {"constant": "2ms"})))
    pareto: Pareto | None = field(
        None, says="Pareto by mean and alpha",
        seen=Witness("hello", "services.api.endpoints.get.0.work", (
            {"pareto": {"mean": "2ms", "alpha": 3}},
            {"constant": "2ms"})))
    uniform: Uniform | None = field(
        None, says="uniform between low and high",
        seen=Witness("hello", "services.api.endpoints.get.0.work", (
            {"uniform": {"low": "1ms", "high": "3ms"}},
            {"constant": "2ms"})))
    mixture: Annotated[tuple[Component, ...], Field(min_length=1)] | None = field(
        None, says="one of several, by weight",
        seen=Witness("hello", "services.api.endpoints.get.0.work", (
            {"mixture": [{"weight": 1, "of": "1ms"}, {"weight": 1, "of": "3ms"}]},
            {"constant": "2ms"})))

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


Component.model_rebuild()  # it was written before Distribution, which names it
