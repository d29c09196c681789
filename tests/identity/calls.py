"""What generated routes may say of a call's life beyond timeouts and plain retries."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

LIMITS: list[dict[str, Any]] = [
    {}, {"max_retries": 0}, {"max_retries": 1}, {"tower_budget": {"ttl": "1s", "min_per_sec": 1, "retry_percent": "50%"}},
    {"tower_budget": {"ttl": "1s", "min_per_sec": 0, "retry_percent": "20%"}},
    {"tower_budget": {"ttl": "1s", "min_per_sec": 0, "retry_percent": "250%"}},
    {"retry_throttling": {"max_tokens": 3, "token_ratio": 0.5}}, {"retry_throttling": {"max_tokens": 1, "token_ratio": 0.1}},
]  # fmt: skip
CONDITIONS = [["reset-before-request"], ["refused-stream", "internal"], ["unavailable", "deadline-exceeded", "cancelled"],
              ["envoy-ratelimited", "resource-exhausted"]]  # fmt: skip

DELAY, ABORT = {"percentage": "50%", "fixed_delay": "2ms"}, {"percentage": "30%", "http_status": 503}
FAULTS: list[dict[str, Any]] = [{"delay": DELAY}, {"delay": DELAY, "abort": ABORT}, {"abort": ABORT},
                                {"delay": DELAY | {"percentage": "100%"}, "abort": ABORT | {"http_status": 429}}]  # fmt: skip

HEDGES: list[dict[str, Any]] = [{"hedging_delay": "1ms"}, {"hedging_delay": "3ms", "max_attempts": 3, "non_fatal": ["5xx"]},
                                {"hedging_delay": "2ms", "max_attempts": 5, "non_fatal": ["reset", "internal"]},
                                {"hedging_delay": "1ms", "tied": True}, {"hedging_delay": "2ms", "tied": True, "non_fatal": ["5xx"]},
                                {"hedging_delay": "1ns", "tied": True, "non_fatal": ["reset"]}]  # fmt: skip


@st.composite
def lives(draw: st.DrawFn, made: dict[str, Any]) -> dict[str, Any]:
    """A generated route, and in one of two more of what it may say."""
    made = made | {"hedge_policy": None}
    if draw(st.booleans()):
        return made
    made = made | {"cancel": draw(st.booleans()), "propagate_deadline": draw(st.booleans())}
    if draw(st.sampled_from([False, False, True])):
        made["fault"] = draw(st.sampled_from(FAULTS))
    if "retries" in made:
        made["retries"] = made["retries"] | draw(retries(made["retries"]))
    if draw(st.sampled_from([False, False, True])):
        made = made | {"retries": None, "per_try_timeout": None, "hedge_policy": draw(st.sampled_from(HEDGES))}
    elif "retries" in made and "per_try_timeout" in made and draw(st.booleans()):
        made["hedge_policy"] = {"hedge_on_per_try_timeout": True}
    return made


@st.composite
def retries(draw: st.DrawFn, made: dict[str, Any]) -> dict[str, Any]:
    """More of a route's retries."""
    more: dict[str, Any] = {} if "retry_budget" in made else dict(draw(st.sampled_from(LIMITS)))
    if draw(st.booleans()):
        more["retry_host_predicate"] = "previous_hosts"
        if draw(st.booleans()):
            more["host_selection_retry_max_attempts"] = draw(st.integers(1, 4))
    if draw(st.booleans()):
        more["retry_back_off"] = made["retry_back_off"] | {"jitter": draw(st.sampled_from(["0%", "20%", "100%"]))}
    if draw(st.sampled_from([False, False, True])):
        more["retry_on"] = draw(st.sampled_from(CONDITIONS))
    return more
