"""Draws of generated worlds for views that remember each pod: weights, peaks of latency, outliers."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

weights = st.sampled_from([[1], [1], [1, 2], [3, 1, 1], [1, 5, 2]])
policies = st.sampled_from([
    "round_robin", "random", "least_request", {"least_request": {"active_request_bias": 0.5}},
    {"peak_ewma": {"decay": "5ms", "default_rtt": "2ms"}}])  # fmt: skip
shares = st.sampled_from(["0%", "50%", "100%", "100%"])


@st.composite
def detection(draw: st.DrawFn) -> dict[str, Any]:
    """Outlier detection that acts within a tenth of a second."""
    made: dict[str, Any] = {
        "interval": draw(st.sampled_from(["4ms", "7ms", "30ms"])), "base_ejection_time": draw(st.sampled_from(["1ms", "9ms", "20ms"])),
        "max_ejection_time": draw(st.sampled_from(["20ms", "50ms"])), "max_ejection_percent": draw(st.sampled_from(["0%", "40%", "100%"])),
        "success_rate_minimum_hosts": draw(st.integers(1, 3)), "success_rate_request_volume": draw(st.integers(1, 3)),
        "success_rate_stdev_factor": draw(st.sampled_from([0, 500, 1900])), "enforcing_success_rate": draw(shares),
        "failure_percentage_minimum_hosts": draw(st.integers(1, 3)), "failure_percentage_request_volume": draw(st.integers(1, 3)),
        "failure_percentage_threshold": draw(st.sampled_from(["0%", "20%", "50%"])), "enforcing_failure_percentage": draw(shares),
    }  # fmt: skip
    if draw(st.integers(0, 3)) == 0:
        return made | {"rules": "grpc"}
    made |= {"consecutive_5xx": draw(st.integers(1, 3)), "enforcing_consecutive_5xx": draw(shares),
             "consecutive_gateway_failure": draw(st.integers(1, 2)), "enforcing_consecutive_gateway_failure": draw(shares),
             "max_ejection_time_jitter": draw(st.sampled_from(["0s", "5ms"])), "always_eject_one_host": draw(st.booleans())}  # fmt: skip
    if draw(st.booleans()):
        made |= {"split_external_local_origin_errors": True, "consecutive_local_origin_failure": draw(st.integers(1, 2)),
                 "enforcing_failure_percentage_local_origin": draw(shares)}  # fmt: skip
    return made


@st.composite
def settings(draw: st.DrawFn) -> dict[str, Any]:
    """What a route may say of the pods its views remember; mostly nothing."""
    kind = draw(st.integers(0, 5))
    made: dict[str, Any] = {"lb_policy": draw(policies)} if kind in (0, 1) else {}
    if kind in (1, 2):
        made["outlier_detection"] = draw(detection())
        made["healthy_panic_threshold"] = draw(st.sampled_from(["0%", "50%", "100%"]))
    return made
