"""How a caller picks a pod. Names as Envoy spells them."""

from __future__ import annotations

from typing import ClassVar

from scenarios.schema.model import OneOf, Part, Plain, Witness, field
from scenarios.schema.units import Duration
from scenarios.schema.words import Whole


class LeastRequest(Part):
    """Of a few pods drawn at random, the one with the fewest requests in flight as this caller sees it."""

    choice_count: Whole = field(
        2, says="pods drawn, with replacement", ge=1, le=100,
        seen=Witness("mesh", "routes.users -> front.lb_policy.least_request.choice_count", (2, 5)))
    active_request_bias: float = field(
        1.0, says="among pods of unequal weight: weight over (requests in flight + 1) to this power", ge=0.0, le=100.0,
        seen=Witness("hosts", "routes.users -> heavy.lb_policy.least_request.active_request_bias", (1.0, 0.0)))


class PeakEwma(Part):
    """Linkerd's: of two distinct pods the one whose recent worst latency, times its requests in flight, is less."""

    decay: Duration = field(
        10_000_000_000, says="time in which a past peak falls to 1/e", gt=0,
        seen=Witness("hosts", "routes.users -> plain.lb_policy.peak_ewma.decay", ("10s", "10ms")))
    default_rtt: Duration = field(
        30_000_000, says="latency assumed of a pod not asked yet", gt=0,
        seen=Witness("hosts", "routes.users -> plain.lb_policy.peak_ewma.default_rtt", ("30ms", "1ms")))


class LbPolicy(OneOf):
    """How a caller picks a pod."""

    named: ClassVar[bool] = True
    random: Plain | None = field(
        None, says="every ready pod alike",
        seen=Witness("mesh", "routes.users -> front.lb_policy", ("random", "round_robin")))
    round_robin: Plain | None = field(
        None, says="one after the other",
        seen=Witness("mesh", "routes.users -> front.lb_policy", ("round_robin", "least_request")))
    least_request: LeastRequest | None = field(
        None, says="the least busy of choice_count drawn",
        seen=Witness("mesh", "routes.users -> front.lb_policy", ("least_request", "random")))
    peak_ewma: PeakEwma | None = field(
        None, says="the quicker of two, by peaks of latency that fade; sees no weights",
        seen=Witness("hosts", "routes.users -> plain.lb_policy", ("peak_ewma", "least_request")))
