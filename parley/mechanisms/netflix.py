"""Netflix' concurrency-limits: a limit after each of its samples, and who gets in where it is shared. Times are milliseconds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from parley.mechanisms.mechanism import Answer, Mechanism
from scenarios.schema.concurrency import Aimd, ConcurrencyLimit, Gradient2, Vegas
from scenarios.schema.model import Part, field
from scenarios.schema.units import Number, Share
from scenarios.schema.words import Whole
from sim.laws.concurrency import busy_of, learn_sample, lets_in, shift_busy
from sim.laws.queueing import PRIORITIES
from sim.records import GATE, LIMIT_RULE
from sim.settings import limit_fields

MS = 1_000_000


class Sample(Part):
    """One that was let in, and is over."""

    rtt_ms: Number = field(says="from when it came in", ge=0)
    inflight: Whole = field(says="how many were inside when it came in, itself included", ge=1)
    didDrop: bool = field(False, says="whether it was dropped")


Samples = Annotated[tuple[Sample, ...], Field(min_length=1)]


class AimdCase(Aimd):
    """Settings of AIMDLimit, and its samples."""

    samples: Samples = field(says="in order")


class VegasCase(Vegas):
    """Settings of VegasLimit, and its samples."""

    samples: Samples = field(says="in order")


class Gradient2Case(Gradient2):
    """Settings of Gradient2Limit, and its samples."""

    samples: Samples = field(says="in order")


class PartitionsCase(Part):
    """A limit that does not move, and who asks."""

    limit: Whole = field(says="how many at once", ge=1, le=1_000_000)
    partitions: dict[Literal["critical", "degraded", "best_effort", "bulk"], Share] = field(says="shares by name")
    acquire: Annotated[tuple[Literal["critical", "degraded", "best_effort", "bulk"], ...], Field(min_length=1)] = field(
        says="the partitions of those who ask, one after the other; nobody leaves")


def _rule(spec: ConcurrencyLimit) -> Any:
    return LIMIT_RULE.make_class()(**limit_fields(spec))


def _limits(case: AimdCase | VegasCase | Gradient2Case) -> Answer:
    kind = {AimdCase: "aimd", VegasCase: "vegas", Gradient2Case: "gradient2"}[type(case)]
    rule, gate = _rule(ConcurrencyLimit.model_validate({kind: case})), GATE.make_class()()
    lets_in(gate, rule, 0, 0)
    limits: list[int] = []
    for sample in case.samples:
        learn_sample(gate, rule, round(sample.rtt_ms * MS), sample.inflight, sample.didDrop)
        limits.append(gate.limit)
    return {"limits": limits}


def _partitions(case: PartitionsCase) -> Answer:
    spec = ConcurrencyLimit(aimd=Aimd(initialLimit=case.limit), partitions=case.partitions)
    rule, gate, acquired = _rule(spec), GATE.make_class()(), list[bool]()
    for name in case.acquire:
        priority, present = PRIORITIES.index(name), sum(busy_of(gate, one) for one in range(len(PRIORITIES)))
        acquired.append(lets_in(gate, rule, present, priority))
        shift_busy(gate, priority, int(acquired[-1]))
    return {"acquired": acquired}


_OF_LIMITS = {"limits": "the limit after each sample"}
NETFLIX = (
    Mechanism("netflix-aimd", "the limit after each sample, by AIMDLimit (W5, W8)", AimdCase, _OF_LIMITS, _limits, {
        "minLimit": 1, "samples": [{"rtt_ms": 10, "inflight": 20}, {"rtt_ms": 10, "inflight": 20, "didDrop": True}]}),
    Mechanism("netflix-vegas", "the limit after each sample, by VegasLimit (W6, W8)", VegasCase, _OF_LIMITS, _limits, {
        "initialLimit": 10, "maxConcurrency": 20, "samples": [{"rtt_ms": 10, "inflight": 10}, {"rtt_ms": 50, "inflight": 11}]}),
    Mechanism("netflix-gradient2", "the limit after each sample, by Gradient2Limit (W7, W8)", Gradient2Case, _OF_LIMITS, _limits, {
        "samples": [{"rtt_ms": 10, "inflight": 20}, {"rtt_ms": 90, "inflight": 20}]}),
    Mechanism("netflix-partitions", "who gets in where a limit is shared, by AbstractPartitionedLimiter (W9)", PartitionsCase, {
        "acquired": "of each who asks, true or false",
    }, _partitions, {"limit": 2, "partitions": {"critical": "50%", "bulk": "50%"}, "acquire": ["bulk", "bulk", "critical", "bulk"]}),
)  # fmt: skip
