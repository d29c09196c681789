"""Routes: how a caller picks a pod, how long it waits, and when it tries again. Names as Envoy spells them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from scenarios.schema.model import OneOf, Part, Witness, field
from scenarios.schema.units import Bytes, Duration, Share
from scenarios.schema.words import Whole

RetryOn = Literal["5xx", "gateway-error", "reset", "connect-failure"]


class Plain(Part):
    """A choice without settings."""


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


class RetryBackOff(Part):
    """Envoy's fully jittered exponential back-off: before retry n, uniform below min(base x 2^(n-1), max)."""

    base_interval: Duration = field(
        25_000_000, says="upper end of the first wait",
        seen=Witness("mesh", "routes.front -> stock.retries.retry_back_off.base_interval", ("4ms", "30ms")))
    max_interval: Duration | None = field(
        None, says="upper end of any wait; ten times the base if absent",
        seen=Witness("mesh", "routes.front -> stock.retries.retry_back_off.max_interval", ("40ms", "4ms")))

    @model_validator(mode="after")
    def _in_order(self) -> RetryBackOff:
        if self.max_interval is not None and self.max_interval < self.base_interval:
            raise ValueError("max_interval is less than base_interval")
        return self


class RetryBudget(Part):
    """Retries in flight never exceed a share of requests in flight, per caller pod and route."""

    budget_percent: Share = field(
        0.2, says="share of the requests in flight",
        seen=Witness("mesh", "routes.front -> stock.retries.retry_budget.budget_percent", ("0%", "100%")))
    min_retry_concurrency: Whole = field(
        3, says="retries in flight always allowed", ge=0, le=1_000_000,
        seen=Witness("mesh", "routes.front -> stock.retries.retry_budget.min_retry_concurrency", (0, 100)))


class Retries(Part):
    """When a failed attempt is made again."""

    num_retries: Whole = field(
        1, says="extra attempts at most", ge=0, le=100,
        seen=Witness("mesh", "routes.front -> stock.retries.num_retries", (3, 1)))
    retry_on: Annotated[tuple[RetryOn, ...], Field(min_length=1)] = field(
        ("5xx",), says="failures tried again",
        seen=Witness("mesh", "routes.front -> stock.retries.retry_on", (["5xx"], ["reset"])))
    retry_back_off: RetryBackOff = field(
        RetryBackOff(), says="the wait before a retry",
        seen=Witness("mesh", "routes.front -> stock.retries.retry_back_off", ({}, {"base_interval": "1ms"})))
    retry_budget: RetryBudget | None = field(
        None, says="a limit on retries in flight; none if absent",
        seen=Witness("mesh", "routes.front -> stock.retries.retry_budget", (
            {"budget_percent": 0, "min_retry_concurrency": 0},
            {"budget_percent": 1})))


class Route(Part):
    """The edge from a caller to a callee; what is absent comes from the next less specific pattern."""

    lb_policy: LbPolicy | None = field(
        None, says="least_request by default",
        seen=Witness("mesh", "routes.front -> stock.lb_policy", ("round_robin", "random")))
    view: Literal["caller", "zone", "service"] | None = field(
        None, says="who shares a balancer's memory: each caller pod (default), each zone, or the whole service",
        seen=Witness("mesh", "routes.front -> stock.view", ("caller", "service")))
    timeout: Duration | None = field(
        None, says="for all attempts and waits together; none by default", gt=0,
        seen=Witness("mesh", "routes.users -> front.timeout", ("300ms", "30ms")))
    per_try_timeout: Duration | None = field(
        None, says="for one attempt; none by default", gt=0,
        seen=Witness("mesh", "routes.front -> stock.per_try_timeout", ("60ms", "6ms")))
    retries: Retries | None = field(
        None, says="none by default",
        seen=Witness("mesh", "routes.front -> stock.retries", ({"num_retries": 0}, {"num_retries": 2})))
    request_bytes: Bytes | None = field(
        None, says="size of a request, for the egress bill", le=10**12,
        seen=Witness("mesh", "routes.front -> stock.request_bytes", ("2KB", "2MB"), moves="summary"))
    response_bytes: Bytes | None = field(
        None, says="size of an answer, for the egress bill", le=10**12,
        seen=Witness("mesh", "routes.front -> stock.response_bytes", ("20KB", "20MB"), moves="summary"))
