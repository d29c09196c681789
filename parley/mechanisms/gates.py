"""What lets tries through or not: token buckets, throttles, breakers, adaptive limits. Times are milliseconds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from parley.mechanisms.mechanism import Answer, Mechanism
from parley.mechanisms.times import rising
from scenarios.schema.model import Part, field
from scenarios.schema.units import Number, Percent
from scenarios.schema.words import Whole
from sim.laws.adapting import new_limit
from sim.laws.admitting import denial_probability
from sim.laws.breaking import breaker_cells, learn_result, permits_call
from sim.laws.limiting import take_token
from sim.laws.throttling import rejection_probability
from sim.records import BREAKER_RULE, GATE

MS = 1_000_000
STATES = ("CLOSED", "OPEN", "HALF_OPEN")


class BucketCase(Part):
    """A bucket that is full at first, and who asks."""

    max_tokens: Whole = field(says="of the bucket", ge=1, le=1_000_000)
    tokens_per_fill: Whole = field(1, says="added each fill interval", ge=1, le=1_000_000)
    fill_interval_ms: Whole = field(1000, says="the fill interval", ge=1, le=86_400_000)
    times_ms: tuple[Number, ...] = field(says="when a token is asked for, in order")

    @field_validator("times_ms")
    @classmethod
    def _in_order(cls, times: tuple[float, ...]) -> tuple[float, ...]:
        return rising(times, times)


class ThrottleCase(Part):
    """What a client has seen in its window."""

    requests: Whole = field(says="made, those it held back itself included", ge=0)
    accepts: Whole = field(says="that the backend took on", ge=0)
    k: Number = field(2.0, says="K: how many times the accepted rate is let through", ge=1)


class AdmissionCase(Part):
    """What Envoy's admission control has seen in its window."""

    requests: Whole = field(says="that ended", ge=0)
    successes: Whole = field(says="of them with a status below 500", ge=0)
    sr_threshold: Percent = field(0.95, says="sr_threshold", gt=0)
    aggression: Number = field(1.0, says="aggression", ge=1)
    max_rejection_probability: Percent = field(0.8, says="max_rejection_probability")


class GradientCase(Part):
    """An update of Envoy's adaptive concurrency."""

    concurrency_limit: Whole = field(says="the limit so far", ge=1)
    min_rtt_ms: Number = field(says="minimum round trip", gt=0)
    sample_rtt_ms: Number = field(says="the sample's percentile", gt=0)
    buffer: Percent = field(0.25, says="min_rtt_calc_params.buffer")
    min_concurrency: Whole = field(3, says="min_rtt_calc_params.min_concurrency", ge=1)
    max_concurrency_limit: Whole = field(1000, says="concurrency_limit_params.max_concurrency_limit", ge=1)


class Call(Part):
    """A call that asks, and its result at once."""

    at_ms: Number = field(says="when, in order", ge=0)
    failed: bool = field(False, says="whether it fails")
    duration_ms: Number = field(0.0, says="how long it takes, to be judged slow", ge=0)


class BreakerCase(Part):
    """A breaker of resilience4j, closed at first, and the calls it meets."""

    slidingWindowType: Literal["COUNT_BASED", "TIME_BASED"] = field("COUNT_BASED", says="calls or seconds")
    slidingWindowSize: Whole = field(100, says="so many calls, or seconds", ge=1, le=10_000)
    minimumNumberOfCalls: Whole = field(100, says="before a rate counts", ge=1)
    failureRateThreshold: Number = field(50.0, says="percent", gt=0, le=100)
    slowCallRateThreshold: Number = field(100.0, says="percent", gt=0, le=100)
    slowCallDurationThreshold_ms: Number = field(60_000.0, says="longer is slow", ge=0)
    waitDurationInOpenState_ms: Whole = field(60_000, says="before it is half open", ge=0)
    permittedNumberOfCallsInHalfOpenState: Whole = field(10, says="to try it with", ge=1)
    maxWaitDurationInHalfOpenState_ms: Whole = field(0, says="then it opens again; 0: never", ge=0)
    automaticTransitionFromOpenToHalfOpenEnabled: bool = field(False, says="half open without being asked")
    calls: Annotated[tuple[Call, ...], Field(min_length=1)] = field(says="in order of time")

    @field_validator("calls")
    @classmethod
    def _in_order(cls, calls: tuple[Call, ...]) -> tuple[Call, ...]:
        return rising(calls, [call.at_ms for call in calls])


def _bucket(case: BucketCase) -> Answer:
    token_ns = case.fill_interval_ms * MS
    full = case.max_tokens * token_ns
    gate: Any = GATE.make_class()(credit=full)
    return {"allowed": [take_token(gate, full, token_ns, case.tokens_per_fill, round(at * MS)) for at in case.times_ms]}


def _throttle(case: ThrottleCase) -> Answer:
    return {"rejectionProbability": rejection_probability(case.requests, case.accepts, case.k)}


def _admission(case: AdmissionCase) -> Answer:
    given = (case.requests, case.successes, case.sr_threshold, case.aggression, case.max_rejection_probability)
    return {"rejectionProbability": denial_probability(*given)}


def _gradient(case: GradientCase) -> Answer:
    rule = SimpleNamespace(buffer=case.buffer, least=case.min_concurrency, most=case.max_concurrency_limit)
    return {"concurrency_limit": new_limit(case.concurrency_limit, round(case.min_rtt_ms * MS), round(case.sample_rtt_ms * MS), rule)}


def _breaker(case: BreakerCase) -> Answer:
    is_timed = case.slidingWindowType == "TIME_BASED"
    rule: Any = BREAKER_RULE.make_class()(
        size=case.slidingWindowSize, is_timed=int(is_timed), is_automatic=int(case.automaticTransitionFromOpenToHalfOpenEnabled),
        minimum=case.minimumNumberOfCalls, failure_rate=case.failureRateThreshold / 100, slow_rate=case.slowCallRateThreshold / 100,
        slow_ns=round(case.slowCallDurationThreshold_ms * MS), wait_ns=case.waitDurationInOpenState_ms * MS,
        permitted=case.permittedNumberOfCallsInHalfOpenState, half_open_ns=case.maxWaitDurationInHalfOpenState_ms * MS,
        cells=breaker_cells(case.slidingWindowSize, is_timed))  # fmt: skip
    gate: Any = GATE.make_class()(permits=rule.permitted)
    cells, found = [0] * rule.cells, []
    for call in case.calls:
        now_ns = round(call.at_ms * MS)
        permitted = permits_call(gate, cells, rule, now_ns)
        if permitted:
            is_slow = call.duration_ms > case.slowCallDurationThreshold_ms
            learn_result(gate, cells, rule, now_ns, int(call.failed), int(is_slow))
        found.append({"permitted": permitted, "state": STATES[gate.state]})
    return {"calls": found}


GATES = (
    Mechanism("envoy-token-bucket", "who gets a token of a bucket that is full at first (W1)", BucketCase, {
        "allowed": "of each time, true or false",
    }, _bucket, {"max_tokens": 1, "tokens_per_fill": 1, "fill_interval_ms": 2000, "times_ms": [0, 500, 1500, 2000]}),
    Mechanism("adaptive-throttle", "how likely a client holds a try back, by the SRE book (W2)", ThrottleCase, {
        "rejectionProbability": "max(0, (requests - K accepts) / (requests + 1))",
    }, _throttle, {"requests": 100, "accepts": 25}),
    Mechanism("envoy-admission-control", "how likely a call is turned away (W10)", AdmissionCase, {
        "rejectionProbability": "((n - ok/threshold) / (n + 1)) ^ (1/aggression), at most the maximum",
    }, _admission, {"requests": 99, "successes": 57}),
    Mechanism("envoy-gradient", "the next limit of adaptive concurrency (W3)", GradientCase, {
        "concurrency_limit": "floor(L g + sqrt(L g)), within the limits",
    }, _gradient, {"concurrency_limit": 100, "min_rtt_ms": 10, "sample_rtt_ms": 25}),
    Mechanism("resilience4j-circuitbreaker", "which calls a breaker lets go, and its state after each (X2, X3)", BreakerCase, {
        "calls": "of each: permitted, and the state after it",
    }, _breaker, {"slidingWindowSize": 2, "minimumNumberOfCalls": 2, "calls": [
        {"at_ms": 0, "failed": True}, {"at_ms": 1, "failed": True}, {"at_ms": 2}]}),
)  # fmt: skip
