"""Gates of generated worlds: breakers, limits and throttles so narrow that a hundred milliseconds show them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

rarely = st.sampled_from([True, False, False, False])
buckets = st.builds(
    lambda most, fill, interval: {"token_bucket": {"max_tokens": most, "tokens_per_fill": fill, "fill_interval": interval}},
    st.integers(1, 6), st.integers(1, 9), st.sampled_from(["50ms", "51ms", "1s"]))  # fmt: skip


@st.composite
def breakers(draw: st.DrawFn) -> dict[str, Any]:
    """A breaker of few calls and short waits, that times of whole milliseconds meet to the instant."""
    return {
        "failureRateThreshold": draw(st.sampled_from(["20%", "50%", "100%"])),
        "slowCallRateThreshold": draw(st.sampled_from(["50%", "100%"])),
        "slowCallDurationThreshold": draw(st.sampled_from(["3ms", "8ms", "60s"])),
        "minimumNumberOfCalls": draw(st.integers(1, 6)),
        "slidingWindowType": draw(st.sampled_from(["COUNT_BASED", "TIME_BASED"])),
        "slidingWindowSize": draw(st.integers(1, 8)),
        "waitDurationInOpenState": draw(st.sampled_from(["2ms", "5ms", "20ms"])),
        "permittedNumberOfCallsInHalfOpenState": draw(st.integers(1, 4)),
        "maxWaitDurationInHalfOpenState": draw(st.sampled_from(["0s", "3ms"])),
        "automaticTransitionFromOpenToHalfOpenEnabled": draw(st.booleans()),
    }


@st.composite
def route_gates(draw: st.DrawFn) -> dict[str, Any]:
    """Settings of a route; mostly none, so that the other features are seen without them."""
    made: dict[str, Any] = {}
    if not draw(rarely):
        return made
    if draw(st.booleans()):
        made["circuit_breakers"] = {"max_requests": draw(st.integers(0, 3))}
    if draw(st.booleans()):
        made["circuit_breaker"] = draw(breakers())
    if draw(rarely):
        made["local_rate_limit"] = draw(buckets)
    if draw(rarely):
        made["admission_control"] = {"sampling_window": "1s", "aggression": draw(st.sampled_from([1, 3])),
                                     "max_rejection_probability": draw(st.sampled_from(["50%", "100%"]))}  # fmt: skip
    if draw(rarely):
        made["adaptive_throttling"] = {"k": draw(st.sampled_from([1, 1.2, 2])), "window": draw(st.sampled_from(["5ms", "30ms", "2m"]))}
    return made


@st.composite
def controllers(draw: st.DrawFn) -> dict[str, Any]:
    """Adaptive concurrency that measures and updates within a few milliseconds."""
    minimum: dict[str, Any] = {"request_count": draw(st.integers(1, 5)), "min_concurrency": draw(st.integers(1, 3)),
                               "jitter": draw(st.sampled_from(["0%", "50%"])), "buffer": draw(st.sampled_from(["0%", "25%"]))}  # fmt: skip
    minimum |= draw(st.sampled_from([{"interval": "10ms"}, {"interval": "40ms"}, {"fixed_value": "3ms"}]))
    limits = {"max_concurrency_limit": draw(st.sampled_from([3, 1000])),
              "concurrency_update_interval": draw(st.sampled_from(["1ms", "3ms", "10ms"]))}  # fmt: skip
    return {"sample_aggregate_percentile": draw(st.sampled_from(["50%", "95%", "100%"])),
            "concurrency_limit_params": limits, "min_rtt_calc_params": minimum}  # fmt: skip


@st.composite
def door_gates(draw: st.DrawFn) -> dict[str, Any]:
    """Settings of a service; mostly none."""
    made: dict[str, Any] = {"local_rate_limit": draw(buckets)} if draw(rarely) else {}
    if draw(rarely):
        return made | {"adaptive_concurrency": draw(controllers())}
    return made | ({"concurrency_limit": draw(learned_limits())} if draw(rarely) else {})


@st.composite
def learned_limits(draw: st.DrawFn) -> dict[str, Any]:
    """Netflix' limits, so narrow that they move within a hundred milliseconds."""
    made: dict[str, Any] = draw(st.sampled_from([
        {"aimd": {"initialLimit": 2, "minLimit": 1, "maxLimit": 4, "backoffRatio": 0.5, "timeout": "8ms"}},
        {"aimd": {"initialLimit": 3, "minLimit": 1}}, {"vegas": {"initialLimit": 2, "probeMultiplier": 3}},
        {"vegas": {"initialLimit": 4, "smoothing": 0.3, "maxConcurrency": 9}},
        {"gradient2": {"initialLimit": 2, "minLimit": 1, "longWindow": 5}},
        {"gradient2": {"initialLimit": 4, "minLimit": 2, "smoothing": 1, "rttTolerance": 1, "queueSize": 1}},
    ]))  # fmt: skip
    shares = draw(st.sampled_from([{}, {"critical": "50%"}, {"critical": "70%", "bulk": "30%"}, {"degraded": "20%", "best_effort": "20%"}]))
    return made | {"partitions": shares}


@st.composite
def pools(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A connection pool or a bulkhead of few places, for callers with a view of their own."""
    if kind == "bulkhead":
        return {"view": "caller", "bulkhead": {"maxConcurrentCalls": draw(st.integers(1, 3)),
                                               "maxWaitDuration": draw(st.sampled_from(["0s", "2ms", "7ms"]))}}  # fmt: skip
    made: dict[str, Any] = {"max_connections": draw(st.integers(1, 4)), "max_pending_requests": draw(st.sampled_from([1, 2, 5, 50])),
                            "connect": draw(st.sampled_from(["0s", "1ms", {"exponential": "2ms"}]))}  # fmt: skip
    for key, lengths in (("connection_timeout", ["3ms", "10ms"]), ("idle_timeout", ["1ms", "8ms"]),
                         ("max_connection_duration", ["2ms", "20ms"]), ("max_requests_per_connection", [1, 3])):  # fmt: skip
        if draw(rarely):
            made[key] = draw(st.sampled_from(lengths))
    return {"view": "caller", "connection_pool": made}


KINDS = [None, None, None, "connection_pool", "bulkhead"]


@st.composite
def with_pools(draw: st.DrawFn, world: dict[str, Any], called: str) -> dict[str, Any]:
    """A world in which, sometimes, every call needs a connection or a place; `called` is a service that is surely called."""
    kind = draw(st.sampled_from(KINDS))
    if kind is None:
        return world
    world["routes"]["defaults"] |= draw(pools(kind))
    for route in world["routes"].values():
        route["hedge_policy"] = None
        for key in ("retry_host_predicate", "host_selection_retry_max_attempts"):
            (route.get("retries") or {}).pop(key, None)
    if kind == "connection_pool":
        for route in world["routes"].values():
            route.pop("outlier_detection", None)
        for service in world["services"].values():
            service.pop("load_balancing_weights", None)
    if kind == "connection_pool" and draw(st.booleans()):
        world["services"][called]["max_connections"] = draw(st.integers(1, 4))
    return world
