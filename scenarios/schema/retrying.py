"""When a caller tries again. Names as Envoy spells them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration, Number, Percent, Share
from scenarios.schema.words import Whole

RetryOn = Literal["5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "refused-stream", "envoy-ratelimited",
                  "cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"]  # fmt: skip


class RetryBackOff(Part):
    """Exponential back-off: before retry n Envoy waits uniformly below min(base x 2^(n-1), max), gRPC around it."""

    base_interval: Duration = field(
        25_000_000, says="upper end of the first wait",
        seen=Witness("mesh", "routes.front -> stock.retries.retry_back_off.base_interval", ("4ms", "30ms")))
    max_interval: Duration | None = field(
        None, says="upper end of any wait; ten times the base if absent",
        seen=Witness("mesh", "routes.front -> stock.retries.retry_back_off.max_interval", ("40ms", "4ms")))
    jitter: Share | None = field(
        None, says="gRPC's: the wait is that bound, give or take this share of it (there 20%); Envoy's full jitter if absent",
        seen=Witness("calls", "routes.front -> cart.retries.retry_back_off.jitter", ("20%", "0%")))

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


class TowerBudget(Part):
    """tower's and Linkerd's: a share of the attempts that succeeded of late, and some a second whatever happened."""

    ttl: Duration = field(
        10_000_000_000, says="how long a success counts", ge=1_000_000_000, le=60_000_000_000,
        seen=Witness("calls", "routes.front -> stock.retries.tower_budget.ttl", ("1s", "4s")))
    min_per_sec: Whole = field(
        10, says="retries a second always allowed", ge=0, le=1_000_000,
        seen=Witness("calls", "routes.front -> stock.retries.tower_budget.min_per_sec", (0, 50)))
    retry_percent: Percent = field(
        0.2, says="retries allowed for each success", le=1000.0,
        seen=Witness("calls", "routes.front -> stock.retries.tower_budget.retry_percent", ("10%", "100%")))

    @field_validator("retry_percent")
    @classmethod
    def _is_countable(cls, share: float) -> float:
        if 0.0 < share < 0.0001:
            raise ValueError("is less than one retry for 10,000 successes; write 0% for none at all")
        return share


class RetryThrottling(Part):
    """gRPC's `retryThrottling`: a failure costs a token, a success wins a part of one; no retry below half of them."""

    max_tokens: Whole = field(
        10, says="tokens at the start, and at most", gt=0, le=1000,
        seen=Witness("calls", "routes.users -> front.retries.retry_throttling.max_tokens", (4, 40)))
    token_ratio: Number = field(
        0.1, says="tokens won by a success, to a thousandth", ge=0.001, le=1000.0,
        seen=Witness("calls", "routes.users -> front.retries.retry_throttling.token_ratio", (0.01, 2.0)))


LIMITS = ("retry_budget", "max_retries", "tower_budget", "retry_throttling")


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
    max_retries: Whole | None = field(
        None, says="retries in flight at most, per caller pod and route: Envoy's static limit, where it is 3; none if absent",
        ge=0, le=1_000_000,
        seen=Witness("calls", "routes.front -> cart.retries.max_retries", (0, 3)))
    tower_budget: TowerBudget | None = field(
        None, says="tower's and Linkerd's budget; none if absent",
        seen=Witness("calls", "routes.front -> stock.retries.tower_budget", ({"min_per_sec": 0}, {"min_per_sec": 50})))
    retry_throttling: RetryThrottling | None = field(
        None, says="gRPC's throttling; none if absent",
        seen=Witness("calls", "routes.users -> front.retries.retry_throttling", ({"max_tokens": 2}, {"max_tokens": 100})))
    retry_host_predicate: Literal["previous_hosts"] | None = field(
        None, says="a retry avoids the pods that this call tried before; none if absent",
        seen=Witness("calls", "routes.front -> offers.retries.retry_host_predicate", ("previous_hosts", None)))
    host_selection_retry_max_attempts: Whole = field(
        1, says="how often such a retry picks again; the last pick is taken as it is", ge=1, le=100,
        seen=Witness("calls", "routes.front -> cart.retries.host_selection_retry_max_attempts", (1, 9)))

    @property
    def is_limited(self) -> bool:
        """Whether anything but `num_retries` limits them."""
        return bool(self._limits())

    def over(self, base: Retries) -> Retries:
        """These, where something is written, else those of a preset; of limits there is one, and what is written wins.

        A preset without retries has them once they are written.
        """
        kept = base.model_fields_set - (set(LIMITS) if self.is_limited else set())
        kept -= set() if base.num_retries else {"num_retries"}
        fields = {name: getattr(base, name) for name in kept} | {name: getattr(self, name) for name in self.model_fields_set}
        return Retries.model_construct(**fields)

    def _limits(self) -> list[str]:
        return [name for name in LIMITS if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _fits_together(self) -> Retries:
        if len(self._limits()) > 1:
            raise ValueError(f"has {' and '.join(self._limits())}; retries have one limit, as in every real proxy: keep one of them")
        if "host_selection_retry_max_attempts" in self.model_fields_set and self.retry_host_predicate is None:
            raise ValueError("host_selection_retry_max_attempts means nothing without retry_host_predicate: previous_hosts")
        return self
