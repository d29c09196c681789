"""Generated worlds whose every route can be told of other weights, rates, budgets, bounds and timeouts, and is, again and again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios.schema.locality_rules import BESIDE_ZONES
from scenarios.schema.scenario import Scenario
from sim import commands as c
from sim.build import build_plane
from tests.conservation import assert_conserved
from tests.identity.located import SPREADS
from tests.identity.remembering import detection, weights
from tests.identity.rerouting import commands
from tests.identity.test_generated import UNTIL_NS, assert_same, forked
from tests.identity.worlds import HORIZON_MS, MS, Act, arrivals, play, scripts

WORLDS = settings(max_examples=100, deadline=None, derandomize=True,
                  suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip
places = st.sampled_from([{}, {"zone": "x"}, {"zone": "z"}])
CALLS = {"a": ["b", "c"], "b": ["c"], "c": []}


@st.composite
def reroutable(draw: st.DrawFn) -> Scenario:
    """Three services in four zones; their pods fail now and then, so that retries and ejections are seen."""
    work = draw(st.sampled_from(["1ms", "2ms", {"exponential": "2ms"}]))
    services = {name: {
        "replicas": draw(st.integers(1, 8)), "workers": 2, "queue": {"size": 2}, "load_balancing_weights": draw(weights),
        "endpoints": {"get": [{"work": work}, *({"call": f"{other}.get", "on_failure": "ignore"} for other in others)]},
    } for name, others in CALLS.items()}  # fmt: skip
    zones = ["x", "y", "z", "v"]
    return Scenario.model_validate({
        "version": 1, "name": "rerouted", "duration": f"{HORIZON_MS}ms", "cluster": {"zones": zones, "regions": {"south": ["x", "y"]}},
        "network": {"same_zone": "0ms", "cross_zone": draw(st.sampled_from(["1ms", {"exponential": "1ms"}]))},
        "services": services,
        "routes": {"defaults": draw(route()), "a -> b": draw(route()), "a -> c": draw(route())},
        "workload": {name: {"entry": "a.get", "arrivals": draw(arrivals(["a.get"]))} | draw(places) for name in ("one", "two")},
    })  # fmt: skip


@st.composite
def route(draw: st.DrawFn) -> dict[str, Any]:
    """A route with weights, a bucket, a budget, a bound and a timeout, which calls within it may have to keep."""
    bucket = {"max_tokens": draw(st.integers(1, 9)), "tokens_per_fill": draw(st.integers(1, 30)), "fill_interval": "50ms"}
    made: dict[str, Any] = {
        "lb_policy": draw(st.sampled_from(BESIDE_ZONES)), "view": draw(st.sampled_from(["caller", "zone"])), "per_try_timeout": "9ms",
        "circuit_breakers": {"max_requests": draw(st.integers(0, 6))}, "timeout": "20ms", "propagate_deadline": draw(st.booleans()),
        "locality_lb_setting": draw(st.sampled_from(SPREADS)), "local_rate_limit": {"token_bucket": bucket},
        "retries": {"num_retries": 3, "retry_on": ["5xx"], "retry_back_off": {"base_interval": draw(st.sampled_from(["0ms", "2ms"]))},
                    "retry_budget": {"budget_percent": "20%", "min_retry_concurrency": draw(st.integers(0, 1))}},
    }  # fmt: skip
    if draw(st.booleans()):
        made["load_balancing_weights"] = draw(st.sampled_from([[1], [1, 3, 2], [0, 1], [2, 0, 0, 1]]))
    if draw(st.booleans()):
        made["locality_lb_setting"] = None
    return made | ({"outlier_detection": draw(detection())} if draw(st.booleans()) else {})


@st.composite
def lives(draw: st.DrawFn, scenario: Scenario) -> list[Act]:
    """The script of any world, failing pods, and many commands to routes."""
    acts = draw(scripts(scenario))
    acts += [Act(0, c.PodFailing(name, 0, 0.5)) for name, spec in scenario.services.items() if spec.replicas > 0]
    told = draw(st.lists(commands(scenario), max_size=4))
    return acts + [Act(draw(st.integers(0, HORIZON_MS - 1)) * MS, one) for some in told for one in some]


def agree(data: st.DataObject, seed: int) -> None:
    """Both engines live the same life, however it is cut; a fork goes on as its origin does."""
    scenario = data.draw(reroutable())
    script = data.draw(lives(scenario))
    planes = [play(build_plane(scenario, seed, engine, span_share=0.5, record=True), script, UNTIL_NS) for engine in ("reference", "fast")]
    assert_same(*planes)
    assert_conserved(planes[1].observe(), planes[1].layout)
    cut = tuple(data.draw(st.lists(st.integers(0, UNTIL_NS), max_size=4)))
    assert play(build_plane(scenario, seed, "fast"), script, UNTIL_NS, cut).digest() == planes[1].digest()
    assert forked(build_plane(scenario, seed, "fast"), script, UNTIL_NS // 2).digest() == planes[1].digest()


@WORLDS
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_engines_agree_on_routes_that_change(data: st.DataObject, seed: int) -> None:
    """D8, Z13, W11, R10, R11, X9: the same rows, spans, counts and digest whatever routes are told."""
    agree(data, seed)


@pytest.mark.slow
@settings(WORLDS, max_examples=1000)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_engines_agree_on_a_thousand_such(data: st.DataObject, seed: int) -> None:
    """The same, on many more."""
    agree(data, seed)
