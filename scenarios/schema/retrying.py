"""When a caller tries again. Names as Envoy spells them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration, Share
from scenarios.schema.words import Whole

RetryOn = Literal["5xx", "gateway-error", "reset", "connect-failure"]


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
