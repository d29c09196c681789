"""How a caller picks a pod. Names as Envoy spells them."""

from __future__ import annotations

from typing import ClassVar

from scenarios.schema.model import OneOf, Part, Plain, Witness, field
from scenarios.schema.words import Whole


class LeastRequest(Part):
    """Of a few pods drawn at random, the one with the fewest requests in flight as this caller sees it."""

    choice_count: Whole = field(
        2, says="pods drawn, with replacement", ge=1, le=100,
        seen=Witness("mesh", "routes.users -> front.lb_policy.least_request.choice_count", (2, 5)))


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
