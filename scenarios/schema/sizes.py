"""How much one request asks for, against others of its class: a factor of mean 1 that all its works share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import OneOf, Part, Witness, field
from scenarios.schema.units import Number

WHOLE = 1_000_000_000  # a size is counted in such parts of the mean


class SizeCv(Part):
    """A positive distribution of mean 1 by its coefficient of variation."""

    cv: Number = field(
        says="standard deviation over mean", ge=0.001, le=100,
        seen=Witness("sizes", "workload.readers.size.lognormal.cv", (0.5, 2)))


class SizeTail(Part):
    """A heavy tail of mean 1 by its shape alpha > 1; the variance is infinite where alpha <= 2."""

    alpha: Number = field(
        says="the tail's shape; smaller is heavier", gt=1, le=1000,
        seen=Witness("sizes", "workload.writers.size.pareto.alpha", (2.5, 1.5)))


class SizeComponent(Part):
    """Some of the requests, all of one size."""

    weight: Number = field(
        says="how many, against the other weights", ge=0.001, le=1e6,
        seen=Witness("sizes", "workload.loaders.size.mixture.0.weight", (9, 1)))
    of: Number = field(
        says="their size, against the other sizes: the mean of all is made 1", ge=0.001, le=1e6,
        seen=Witness("sizes", "workload.loaders.size.mixture.0.of", (1, 5)))


class Size(OneOf):
    """A factor of mean 1, drawn once for each request; all its works, in every service and every try, take so many times longer."""

    lognormal: SizeCv | None = field(
        None, says="lognormal by its cv",
        seen=Witness("sizes", "workload.readers.size", ({"lognormal": {"cv": 0.5}}, {"gamma": {"cv": 0.5}})))
    gamma: SizeCv | None = field(
        None, says="gamma by its cv; exponential where that is 1",
        seen=Witness("sizes", "workload.readers.size", ({"gamma": {"cv": 1}}, {"lognormal": {"cv": 1}})))
    pareto: SizeTail | None = field(
        None, says="Pareto by its alpha",
        seen=Witness("sizes", "workload.readers.size", ({"pareto": {"alpha": 3}}, {"lognormal": {"cv": 1}})))
    mixture: Annotated[tuple[SizeComponent, ...], Field(min_length=1)] | None = field(
        None, says="one of several sizes, by weight",
        seen=Witness("sizes", "workload.readers.size", (
            {"mixture": [{"weight": 1, "of": 1}, {"weight": 1, "of": 3}]},
            {"mixture": [{"weight": 1, "of": 1}, {"weight": 1, "of": 9}]})))

    @property
    def distribution(self) -> Distribution:
        """The same as a distribution of lengths: a whole is a second of them, so a nanosecond is a part of the mean."""
        value = self.chosen
        if self.kind == "mixture":
            mean = sum(part.weight * part.of for part in value) / sum(part.weight for part in value)
            spec: Any = [{"weight": part.weight, "of": f"{round(WHOLE * part.of / mean)}ns"} for part in value]
        else:
            spec = {"mean": f"{WHOLE}ns", **value.model_dump()}
        return Distribution.model_validate({self.kind: spec})
