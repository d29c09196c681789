"""Limits that learn how many a pod can have inside at once, as Netflix' concurrency-limits spells them."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator, model_validator

from scenarios.schema.model import OneOf, Part, Witness, field
from scenarios.schema.units import Duration, Number, Share
from scenarios.schema.words import Whole

_AT = "services.front.concurrency_limit"


class Aimd(Part):
    """One more after every good answer, a share of it after a bad one."""

    initialLimit: Whole = field(
        20, says="the limit at first", ge=1, le=1_000_000,
        seen=Witness("limits", f"{_AT}.aimd.initialLimit", (20, 4)))
    minLimit: Whole = field(
        20, says="the limit is never lower", ge=1, le=1_000_000,
        seen=Witness("limits", f"{_AT}.aimd.minLimit", (2, 5)))
    maxLimit: Whole = field(
        200, says="the limit is never higher", ge=1, le=1_000_000,
        seen=Witness("limits", f"{_AT}.aimd.maxLimit", (200, 3)))
    backoffRatio: Number = field(
        0.9, says="what is left of it after a drop", ge=0.5, lt=1,
        seen=Witness("limits", f"{_AT}.aimd.backoffRatio", (0.9, 0.5)))
    timeout: Duration = field(
        5_000_000_000, says="what takes longer counts as dropped", gt=0,
        seen=Witness("limits", f"{_AT}.aimd.timeout", ("30ms", "5s")))

    @model_validator(mode="after")
    def _in_order(self) -> Aimd:
        if self.minLimit > self.maxLimit:
            raise ValueError(f"minLimit ({self.minLimit}) is more than maxLimit ({self.maxLimit})")
        return self


class Vegas(Part):
    """By the queue that times to answer tell of, as TCP Vegas."""

    initialLimit: Whole = field(
        20, says="the limit at first", ge=1, le=1_000_000,
        seen=Witness("limits", "services.stock.concurrency_limit.vegas.initialLimit", (4, 12)))
    maxConcurrency: Whole = field(
        1000, says="the limit is never higher", ge=1, le=1_000_000,
        seen=Witness("limits", "services.stock.concurrency_limit.vegas.maxConcurrency", (1000, 3)))
    smoothing: Number = field(
        1.0, says="how much of a step is taken", gt=0, le=1,
        seen=Witness("limits", "services.stock.concurrency_limit.vegas.smoothing", (1, 0.3)))
    probeMultiplier: Whole = field(
        30, says="the time without load is measured anew every so many times the limit samples, or after half as many", ge=1, le=1_000_000,
        seen=Witness("limits", "services.stock.concurrency_limit.vegas.probeMultiplier", (30, 2)))


class Gradient2(Part):
    """By how the time to answer compares with its long average."""

    initialLimit: Whole = field(
        20, says="the limit at first", ge=1, le=1_000_000,
        seen=Witness("limits", "services.price.concurrency_limit.gradient2.initialLimit", (4, 12)))
    minLimit: Whole = field(
        20, says="the limit is never lower", ge=1, le=1_000_000,
        seen=Witness("limits", "services.price.concurrency_limit.gradient2.minLimit", (2, 6)))
    maxConcurrency: Whole = field(
        200, says="the limit is never higher", ge=1, le=1_000_000,
        seen=Witness("limits", "services.price.concurrency_limit.gradient2.maxConcurrency", (200, 3)))
    smoothing: Number = field(
        0.2, says="how much of a step is taken", gt=0, le=1,
        seen=Witness("limits", "services.price.concurrency_limit.gradient2.smoothing", (0.2, 1)))
    rttTolerance: Number = field(
        1.5, says="how many times its long average an answer may take before the limit falls", ge=1, le=1000,
        seen=Witness("limits", "services.price.concurrency_limit.gradient2.rttTolerance", (1.5, 1)))
    longWindow: Whole = field(
        600, says="samples of the long average", ge=1, le=1_000_000,
        seen=Witness("limits", "services.price.concurrency_limit.gradient2.longWindow", (600, 5)))
    queueSize: Whole = field(
        4, says="how far the limit grows while nothing queues", ge=0, le=1_000_000,
        seen=Witness("limits", "services.price.concurrency_limit.gradient2.queueSize", (4, 1)))

    @model_validator(mode="after")
    def _in_order(self) -> Gradient2:
        if self.minLimit > self.maxConcurrency:
            raise ValueError(f"minLimit ({self.minLimit}) is more than maxConcurrency ({self.maxConcurrency})")
        return self


class ConcurrencyLimit(OneOf):
    """How many a pod lets in at once follows from every answer."""

    modifiers = frozenset({"partitions"})
    aimd: Aimd | None = field(
        None, says="additive increase, multiplicative decrease",
        seen=Witness("limits", "services.store.concurrency_limit", ({"aimd": {"minLimit": 2}}, {"vegas": {}})))
    vegas: Vegas | None = field(
        None, says="by the queue that times to answer tell of",
        seen=Witness("limits", "services.store.concurrency_limit", ({"vegas": {"initialLimit": 4}}, {"gradient2": {}})))
    gradient2: Gradient2 | None = field(
        None, says="by times to answer against their long average",
        seen=Witness("limits", "services.store.concurrency_limit", ({"gradient2": {"initialLimit": 4, "minLimit": 2}}, {"vegas": {}})))
    partitions: dict[Literal["critical", "degraded", "best_effort", "bulk"], Share] = field(
        {}, says="shares of the limit that priorities keep when it is reached; what is left of it goes to whoever comes",
        seen=Witness("limits", "services.front.concurrency_limit.partitions", ({"critical": "90%"}, {"bulk": "50%"})))

    @field_validator("partitions")
    @classmethod
    def _at_most_all(cls, shares: dict[str, float]) -> dict[str, float]:
        if sum(shares.values()) > 1 + 1e-9:
            raise ValueError(f"come to {sum(shares.values()):.0%} together; at most 100 %")
        return shares
