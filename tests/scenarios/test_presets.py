"""Presets say what the real systems do, as the notes on their mechanisms have it; what a file writes goes over them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scenarios.schema.breaking import CircuitBreakers
from scenarios.schema.ejecting import OutlierDetection
from scenarios.schema.hpa import Hpa
from scenarios.schema.presets import PRESETS
from scenarios.schema.resilience import Route
from scenarios.schema.routing import Edge, preset, resolve
from scenarios.schema.units import parse_duration

MECHANISMS = Path(__file__).parents[3] / "shared" / "MECHANISMS.md"
EDGE = Edge("a", "x", "b", "y")


def section(number: str) -> str:
    """The text of a numbered section."""
    if not MECHANISMS.exists():
        pytest.skip("the notes on mechanisms are not beside the repository")
    found = re.search(rf"^## {number}\. .*?(?=^## |\Z)", MECHANISMS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[0]


def said(number: str, pattern: str) -> str:
    """What a section says where the pattern's group is."""
    found = re.search(pattern, section(number))
    assert found is not None, pattern
    return found[1]


def ns(text: str) -> int:
    """A duration as the notes write it: `15 s`, `5 min`."""
    return parse_duration(text.replace(" ", "").replace("min", "m"))


def envoy(name: str) -> str:
    """The default of a field of outlier detection."""
    return said("5", rf"`{name}` (\d+)")


def test_envoy_without_settings() -> None:
    """Breakers, timeout, back-off and panic threshold as its sources have them; no retries until a route asks for them."""
    route = preset("envoy")
    assert route.circuit_breakers is not None and route.retries is not None
    assert route.circuit_breakers.max_requests == CircuitBreakers().max_requests == int(said("6", r"`max_requests` (\d+)"))
    assert route.retries.max_retries == int(said("6", r"`max_retries` (\d+)"))
    assert route.timeout == ns(said("7", r"Route `timeout` (\d+ s)"))
    assert route.retries.retry_back_off.base_interval == ns(said("7", r"base (\d+ ms), max"))
    assert route.retries.retry_back_off.max_interval == ns(said("7", r"10\*base = (\d+ ms)"))
    assert route.healthy_panic_threshold == int(said("4", r"`healthy_panic_threshold` (\d+)%")) / 100
    assert route.retries.num_retries == 0


def test_envoy_asked_for_more() -> None:
    """What a route gets that names a feature and no figure: the defaults of outlier detection and of retries."""
    detection = OutlierDetection()
    for name in ("consecutive_5xx", "consecutive_gateway_failure", "consecutive_local_origin_failure"):
        assert getattr(detection, name) == int(envoy(name)), name
    assert detection.interval == ns(said("5", r"`interval` (\d+ s)"))
    assert detection.base_ejection_time == ns(said("5", r"`base_ejection_time` (\d+ s)"))
    assert detection.max_ejection_time == ns(said("5", r"max\((\d+ s), base\)"))
    assert detection.max_ejection_percent == int(envoy("max_ejection_percent")) / 100
    assert detection.success_rate_minimum_hosts == int(envoy("minimum_hosts"))
    assert detection.success_rate_request_volume == int(envoy("request_volume"))
    assert detection.success_rate_stdev_factor == int(envoy("stdev_factor"))
    assert detection.enforcing_failure_percentage == int(said("5", r"failure percentage: enforce \*\*(\d+)\*\*")) / 100
    assert detection.failure_percentage_threshold == int(said("5", r"threshold (\d+), hosts")) / 100
    assert detection.failure_percentage_minimum_hosts == int(said("5", r"threshold \d+, hosts (\d+)"))
    assert detection.failure_percentage_request_volume == int(said("5", r"hosts \d+, volume (\d+)"))
    asked = resolve({"a -> b": Route.model_validate({"preset": "envoy", "retries": {}})}, EDGE).retries
    assert asked is not None
    assert asked.num_retries == int(said("7", r"`num_retries` (\d+)"))


def test_istio_as_shipped() -> None:
    """Two retries of a few conditions that avoid previous hosts; no timeout, no breaker, no panic."""
    route = preset("istio")
    assert route.retries is not None and route.lb_policy is not None
    assert route.retries.num_retries == int(said("11", r"attempts (\d+), retryOn"))
    named = said("11", r"retryOn ([\w,-]+)").split(",")
    assert list(route.retries.retry_on) == [one for one in named if one != "retriable-status-codes"]  # a code is not an outcome here
    assert route.retries.host_selection_retry_max_attempts == int(said("11", r"host_selection_retry_max_attempts (\d+)"))
    assert route.retries.retry_host_predicate == said("11", r"max_attempts \d+ with (\w+)")
    assert route.lb_policy.kind == said("11", r"default (\w+) \(P2C\)").lower()
    assert "No** request timeout by default" in section("11") and route.timeout is None
    assert "no effective breaker" in section("11") and route.circuit_breakers is None
    assert "panic disabled" in section("11") and route.healthy_panic_threshold == 0.0


def test_linkerd_as_shipped() -> None:
    """Peak EWMA, and tower's budget for those who want retries."""
    route = preset("linkerd")
    assert route.lb_policy is not None and route.lb_policy.peak_ewma is not None and route.retries is not None
    assert route.lb_policy.peak_ewma.default_rtt == ns(said("12", r"default rtt (\d+ ms)"))
    assert route.lb_policy.peak_ewma.decay == ns(said("12", r"decay (\d+ s)"))
    budget = route.retries.tower_budget
    assert budget is not None
    figures = re.search(r"retry budget: ttl (\d+ s), (\d+)/s, (\d+)%", section("12"))
    assert figures is not None
    assert (budget.ttl, budget.min_per_sec, budget.retry_percent) == (ns(figures[1]), int(figures[2]), int(figures[3]) / 100)


def test_grpc_channels() -> None:
    """A6's jitter; no panic (A50 knows none)."""
    route = preset("grpc")
    assert route.retries is not None
    assert route.retries.retry_back_off.jitter == pytest.approx(1 - float(said("13", r"U\((0\.\d),1\.2\)")))
    assert route.retries.num_retries == 0 and route.healthy_panic_threshold == 0.0


def test_kubernetes_autoscaler() -> None:
    """The controller's flags, where an `hpa` leaves them open."""
    hpa = Hpa.model_validate({"target_cpu": "50%", "max": 2})
    assert hpa.sync_period == ns(said("1", r"sync-period` (\d+ s)"))
    assert hpa.tolerance == float(said("1", r"`-tolerance` (0\.\d)"))
    assert hpa.downscale_stabilization == ns(said("1", r"downscale-stabilization` (\d+ min)"))
    assert hpa.cpu_initialization_period == ns(said("1", r"cpu-initialization-period` (\d+ min)"))
    assert hpa.initial_readiness_delay == ns(said("1", r"initial-readiness-delay` (\d+ s)"))


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_written_goes_over_a_preset(name: str) -> None:
    """A field by itself, wherever it is written; retries field by field, but for the limit, of which there is one."""
    routes = {"defaults": Route.model_validate({"timeout": "3s"}), "a -> b": Route.model_validate({
        "preset": name, "retries": {"num_retries": 4, "retry_budget": {}}})}  # fmt: skip
    route, base = resolve(routes, EDGE), preset(name)
    assert route.timeout_ns == 3_000_000_000
    assert route.lb_policy == base.lb_policy
    assert route.retries is not None and route.retries.num_retries == 4
    assert route.retries.retry_budget is not None and not route.retries.max_retries and not route.retries.tower_budget
    if base.retries is not None:
        assert route.retries.retry_back_off == base.retries.retry_back_off


def test_without_preset_nothing_changes() -> None:
    """The defaults of a route are Parley's own."""
    assert resolve({}, EDGE) == resolve({"a -> b": Route()}, EDGE)
    assert resolve({}, EDGE).timeout_ns == 0
