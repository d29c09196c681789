"""What Envoy's router, and gRPC, decide about a failed try. Times are whole milliseconds in, exact milliseconds out."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from parley.mechanisms.mechanism import Answer, Mechanism
from scenarios.naming import suggestion
from scenarios.schema.model import Part, field
from scenarios.schema.retrying import RetryOn
from scenarios.schema.units import Number, Share
from scenarios.schema.words import Whole
from sim.laws.retrying import OUTCOMES, RETRY_MASKS, back_off_ns, is_retriable, jittered_back_off_ns, retry_allowed

MS = 1_000_000


class BackOff(Part):
    """The wait before a retry."""

    base_interval_ms: Whole = field(25, says="retry_back_off.base_interval", ge=1, le=86_400_000)
    max_interval_ms: Whole | None = field(None, says="retry_back_off.max_interval; ten times the base if absent", ge=1, le=864_000_000)
    retry: Whole = field(says="which retry: 1 is the first", ge=1, le=100)
    random: Number = field(says="the draw, 0 <= random < 1", ge=0, lt=1)


class JitteredBackOff(Part):
    """The wait before a retry, as gRPC's proposal A6 has it."""

    initialBackoff_ms: Whole = field(says="initialBackoff", ge=1, le=86_400_000)
    maxBackoff_ms: Whole = field(says="maxBackoff", ge=1, le=864_000_000)
    retry: Whole = field(says="which retry: 1 is the first", ge=1, le=100)
    jitter: Share = field(0.2, says="how far around the bound the wait may be")
    random: Number = field(says="the draw, 0 <= random < 1", ge=0, lt=1)


class Budget(Part):
    """Whether one more retry may be in flight."""

    budget_percent: Share = field(0.2, says="retry_budget.budget_percent, as a share or with %")
    min_retry_concurrency: Whole = field(3, says="retry_budget.min_retry_concurrency", ge=0)
    active_requests: Whole = field(says="tries in flight, pending ones included", ge=0)
    active_retries: Whole = field(says="retries in flight, waits included", ge=0)


class Failed(Part):
    """Whether retry_on names an outcome."""

    retry_on: Annotated[tuple[RetryOn, ...], Field(min_length=1)] = field(("5xx",), says="the conditions")
    outcome: str = field(says=f"how the try ended: {', '.join(OUTCOMES)}")

    @field_validator("outcome")
    @classmethod
    def _is_known(cls, outcome: str) -> str:
        if outcome not in OUTCOMES:
            raise ValueError(f"is not one of {', '.join(OUTCOMES)}{suggestion(outcome, OUTCOMES)}")
        return outcome


def _back_off(case: BackOff) -> Answer:
    base, most = case.base_interval_ms * MS, case.max_interval_ms
    wait_ns = back_off_ns(base, 10 * base if most is None else most * MS, case.retry, case.random)
    return {"wait_ms": wait_ns / MS}


def _jittered(case: JitteredBackOff) -> Answer:
    wait_ns = jittered_back_off_ns(case.initialBackoff_ms * MS, case.maxBackoff_ms * MS, case.retry, case.jitter, case.random)
    return {"wait_ms": wait_ns / MS}


def _budget(case: Budget) -> Answer:
    allowed = retry_allowed(case.active_requests, case.active_retries, case.budget_percent, case.min_retry_concurrency)
    return {"allowed": allowed}


def _retriable(case: Failed) -> Answer:
    outcome = OUTCOMES.index(case.outcome)
    return {"retried": any(is_retriable(RETRY_MASKS[condition], outcome) for condition in case.retry_on)}


ENVOY = (
    Mechanism("envoy-retry-back-off", "the wait before a retry: full jitter, exponential bound (R2)", BackOff,
              {"wait_ms": "milliseconds"}, _back_off, {"retry": 3, "random": 0.5}),
    Mechanism("envoy-retry-budget", "whether the budget allows one more retry (R3)", Budget,
              {"allowed": "true or false"}, _budget, {"budget_percent": "20%", "active_requests": 40, "active_retries": 8}),
    Mechanism("grpc-retry-back-off", "the wait before a retry: around an exponential bound that doubles (R5)", JitteredBackOff,
              {"wait_ms": "milliseconds"}, _jittered, {"initialBackoff_ms": 100, "maxBackoff_ms": 1000, "retry": 3, "random": 0.25}),
    Mechanism("envoy-retry-on", "whether retry_on names the outcome of a try (R1)", Failed,
              {"retried": "true or false"}, _retriable, {"retry_on": ["reset"], "outcome": "timed_out"}),
)  # fmt: skip
