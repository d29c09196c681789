"""Fluids: formulas against what they stand for, the rule against the rule, and the same shape of answers as meshes of requests."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma, spearmanr

import parley
from agents.autoscaling.minds.hpa import HpaPolicy
from agents.autoscaling.minds.trend import TrendPolicy
from agents.learning.fluid.lanes import FluidLanes
from agents.learning.fluid.latency import beyond, later, quantile_s, waiting_s
from agents.learning.fluid.rule import Shown, rules_of
from agents.learning.judging import scores
from agents.learning.lane_processes import lanes_of
from agents.learning.scaling.actions import MULTIPLES
from agents.learning.tasks import SCALE_V0, Task
from agents.policy import PodView, View
from scenarios.errors import ScenarioError
from scenarios.load import load
from scenarios.schema.hpa import Hpa
from scenarios.schema.planning import Trend
from sim.commands import Scale
from sim.platform.metrics import Series

FLUID = SCALE_V0.changed(fidelity="fluid")
TICK_NS = 15_000_000_000


@pytest.mark.parametrize("rho", [0.5, 0.8, 0.95])
def test_waiting_is_that_of_one_server_and_of_many(rho: float) -> None:
    """M/M/1; and of very many of which the less busy of two is joined, by Little, the jobs that Mitzenmacher's mean field has."""
    mean, variance = waiting_s(np.array(0.04), np.array(1.0), np.array(rho))
    assert mean == pytest.approx(0.04 * rho / (1 - rho)) and variance == pytest.approx(0.04**2 * rho * (2 - rho) / (1 - rho) ** 2)
    jobs = sum(rho ** (2.0**k - 1) for k in range(1, 12))
    mean, variance = waiting_s(np.array(0.04), np.array(1e9), np.array(rho))
    assert mean + 0.04 == pytest.approx(0.04 * jobs / rho, rel=1e-3)
    at_least = [1.0, *(rho ** (2 * (2.0**k - 1)) for k in range(1, 40))]
    drawn = np.random.default_rng(1).choice(39, 400_000, p=-np.diff(at_least) / (at_least[0] - at_least[-1]))
    waits = 0.04 * np.random.default_rng(2).gamma(np.maximum(drawn, 1e-12))
    assert variance == pytest.approx(waits.var(), rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("servers", [2, 4, 8, 16])
@pytest.mark.parametrize("rho", [0.6, 0.8, 0.9])
def test_waiting_is_that_of_requests(servers: int, rho: float, tmp_path: Path) -> None:
    """Of pods among which Envoy's least_request looks at two: the mean within 7 %, the 99th percentile within 12 %."""
    world = {
        "version": 1, "name": "two_of_many", "duration": "600s", "warmup": "30s",
        "services": {"a": {"replicas": servers, "workers": 64, "resources": {"requests": {"cpu": 1}, "limits": {"cpu": 1}},
                           "endpoints": {"x": [{"work": {"exponential": "20ms"}}]}}},
        "routes": {"defaults": {"lb_policy": "least_request"}},
        "workload": {"u": {"entry": "a.x", "arrivals": {"poisson": f"{rho * servers / 0.02:.3f}/s"}}},
    }  # fmt: skip
    (tmp_path / "world.yaml").write_text(yaml.safe_dump(world))
    took = parley.run(tmp_path / "world.yaml", out=tmp_path / "run").summary["latency_ms"]
    mean, variance = waiting_s(np.array(0.02), np.array(float(servers)), np.array(rho))
    whole = mean + 0.02, variance + 0.02**2
    assert 1000 * whole[0] == pytest.approx(took["mean"], rel=0.07)
    assert 1000 * quantile_s(whole, 0.99) == pytest.approx(took["p99"], rel=0.12)


def test_the_longer_of_two_is_clarks() -> None:
    """Against drawn pairs of normals; of two that are far apart it is the longer one."""
    random = np.random.default_rng(1)
    one, other = (0.2, 0.01), (0.25, 0.0025)
    drawn = np.maximum(random.normal(one[0], math.sqrt(one[1]), 400_000), random.normal(other[0], math.sqrt(other[1]), 400_000))
    mean, variance = later(*((np.array(m), np.array(v)) for m, v in (one, other)))
    assert mean == pytest.approx(drawn.mean(), rel=0.005) and variance == pytest.approx(drawn.var(), rel=0.02)
    far = later((np.array(1.0), np.array(0.01)), (np.array(9.0), np.array(0.04)))
    assert far[0] == pytest.approx(9) and far[1] == pytest.approx(0.04)


@pytest.mark.parametrize("shape", [1.0, 3.0, 20.0])
def test_tails_are_those_of_a_gamma_distribution(shape: float) -> None:
    """Wilson and Hilferty's cube root: within a per cent or two."""
    moments = np.array(shape * 0.1), np.array(shape * 0.01)
    exact = gamma(shape, scale=0.1)
    assert quantile_s(moments, 0.99) == pytest.approx(exact.ppf(0.99), rel=0.02)
    assert beyond(moments, np.array(exact.ppf(0.9))) == pytest.approx(0.1, abs=0.005)
    assert beyond(moments, np.array(np.inf)) == 0


def one(number: float) -> Any:
    """Of one service in one mesh."""
    return np.array([[number]])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 400_000), min_size=1, max_size=60), st.floats(0.7, 1.4))
def test_the_trend_is_the_trend(milli: list[int], other: float) -> None:
    """The same pods as `trend` in an agent's chair, whatever comes, even where somebody else changes the pods."""
    described = Trend.model_validate({"averageValue": 16.5, "min": 1, "max": 40})
    policy, rules, asked = TrendPolicy(described, "a"), rules_of([[described]]), 4
    for tick, rate in enumerate(milli, start=1):
        pods = tuple(PodView(f"a-{n}", "Running", n, is_ready=True) for n in range(asked))
        seen = View(tick * TICK_NS, "a", asked, 1000, pods, values_milli={Series("requests_per_second", "service", "a"): rate})
        verdict = policy.decide(seen)
        wanted = next((command.replicas for command in verdict.commands if isinstance(command, Scale)), asked)
        shown = Shown(one(float(rate)), one(0.0), one(1000.0), one(asked), one(0))
        assert rules.proposed(shown, one(asked)).tolist() == [[wanted]]
        asked = min(40, max(1, round(wanted * other)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=60), st.floats(0.7, 1.4),
       st.sampled_from([None, 0, 50, 60, 300]))  # fmt: skip
def test_the_hpa_is_the_hpa(ticks: list[tuple[int, int, int]], other: float, window_s: int | None) -> None:
    """The same pods as `hpa`, however busy pods are, some of them not ready, and whatever somebody else makes of what it asks for."""
    behavior = {} if window_s is None else {"behavior": {"scaleDown": {"stabilizationWindowSeconds": window_s}}}
    described = Hpa.model_validate({"target_cpu": "50%", "min": 1, "max": 40, **behavior})
    policy, rules, asked = HpaPolicy(described, "a"), rules_of([[described]]), 4
    for tick, (usage, starting, lost) in enumerate(ticks, start=40):
        counted = max(asked - starting - lost, 0)
        ready = [PodView(f"a-{n}", "Running", n, 1000, "z", 0, is_ready=True, ready_changed_ns=0, usage_millicores=usage,
                         sampled_ns=tick * TICK_NS, window_ns=TICK_NS) for n in range(counted)]  # fmt: skip
        seen = View(tick * TICK_NS, "a", asked, 1000, (*ready, *(PodView(f"b-{n}", "Pending", n, 1000) for n in range(starting))))
        verdict = policy.decide(seen)
        wanted = asked
        for command in verdict.commands:
            assert isinstance(command, Scale)
            policy.carried_out(command, seen)
            wanted = command.replicas
        shown = Shown(one(0.0), one(float(usage * counted)), one(1000.0), one(counted), one(starting))
        assert rules.proposed(shown, one(asked)).tolist() == [[wanted]]
        asked = min(40, max(1, round(wanted * other)))


def test_a_lane_is_what_it_would_be_alone() -> None:
    """Whatever is beside it, in this process and in two, and every time."""
    def walked(made: Any, seeds: list[int]) -> tuple[Any, ...]:
        seen, random = [made.reset(seeds)], np.random.default_rng(0)
        rewards = []
        for _ in range(30):
            chosen = np.repeat(random.integers(0, 8, (1, 6)), len(seeds), axis=0)
            step = made.step(chosen)
            seen.append(step.observations)
            rewards.append(step.rewards)
        made.close()
        return np.stack(seen, axis=1), np.stack(rewards, axis=1)

    together, alone = walked(FluidLanes(FLUID, 3), [5, 6, 7]), walked(FluidLanes(FLUID, 1), [6])
    apart = walked(lanes_of(FLUID, 3, 2), [5, 6, 7])
    for one, other, third in zip(together, alone, apart, strict=True):
        assert np.array_equal(one[1], other[0]) and np.array_equal(one, third)


@pytest.mark.parametrize("fidelity", ["fluid", "requests"])
@pytest.mark.parametrize(("duration", "warmup", "ticks"), [("3m", "20s", 10), ("6m", "70s", 19), ("100s", "0s", 5), ("61m", "60s", 240)])
def test_an_episode_is_as_long_as_its_shape_says(fidelity: str, duration: str, warmup: str, ticks: int) -> None:
    """By whoever plays it, one process or two; where a world ends within a tick, a fluid ends before it."""
    task = SCALE_V0.changed(fidelity=fidelity, changes=(f"duration={duration}", f"warmup={warmup}", "workload.shoppers.load=0.02"))
    found = []
    for jobs in (1, 2):
        lanes = lanes_of(task, 2, jobs)
        if duration == "61m" and jobs == 2:
            assert lanes.shape.ticks == ticks
            lanes.close()
            continue
        seen, steps = lanes.reset([1, 2], once=True), [np.zeros(2, dtype=np.bool_)]
        while not steps[-1].any():
            follow = np.full(seen.shape[:2], 3)
            steps.append(lanes.step(follow).ended)
        assert steps[-1].all() and len(steps) - 1 == lanes.shape.ticks
        found.append(lanes.shape.ticks)
        lanes.close()
    assert set(found) == {ticks + (fidelity == "requests" and duration == "100s")}


def test_it_answers_in_the_shape_of_requests() -> None:
    """The same rows, features within their bounds, masks and terms; shares sum to the reward; episodes follow each other."""
    made = FluidLanes(FLUID.changed(ticks=12), 2)
    seen, features = made.reset([1, 2]), made.shape.features
    for _ in range(13):
        step = made.step(np.full((2, 6), 3))
        seen = step.observations
        assert ((seen >= features.low) & (seen <= features.high)).all() and np.isfinite(seen).all()
        assert step.own.sum(axis=1) == pytest.approx(step.rewards) and made.masks[:, :, 3].all()
        assert set(step.infos[0]["reward_terms"]) == {"slo", "drop", "cost", "churn"}
        assert bool(step.ended.all()) == bool(step.last)
        if step.ended.all():
            assert not np.array_equal(step.last[0], seen[0])


@pytest.mark.parametrize(("change", "place"), [
    ("agents.front.scaling={staffing: {target_wait: 10%, max: 9}}", "agents.front.scaling"),
    ("agents.front.scaling={trend: {averageValue: 20, max: 9}}", "agents.front.scaling: .* rules of one kind"),
    ("agents.defaults.scaling.hpa.behavior.scaleUp={stabilizationWindowSeconds: 30}", "agents.catalog.scaling"),
    ("services.store.resources.requests.cpu=500m", "services.store.resources"),
    ("faults.lost={at: 5m, crash: {service: front}}", "faults"),
    ("routes.defaults.retries={num_retries: 2}", "routes"),
    ("telemetry.delivery_lag=5s", "telemetry.delivery_lag"),
    ("services.store.endpoints.read=[{wait: 5ms}]", "services.store.endpoints.read"),
    ("services.store.queue={size: 1}", r"services\.store\.queue: a fluid knows nothing of it"),
    ("services.store.readinessProbe={initialDelaySeconds: 500}", r"services\.store\.readinessProbe"),
    ("routes.defaults.circuit_breakers={max_requests: 1}", r"routes\.defaults\.circuit_breakers"),
    ("workload.crowd.size={pareto: {alpha: 2.5}}", r"workload\.crowd\.size"),
    ("workload.crowd.arrivals={users: {count: 300, think: 1s}}", r"workload\.crowd\.arrivals: a fluid knows poisson alone"),
])  # fmt: skip
def test_what_a_fluid_cannot_stand_for_is_refused(change: str, place: str) -> None:
    """By its place, and with what can be done."""
    with pytest.raises(ScenarioError, match=f"{place}.*fidelity: requests"):
        FluidLanes(FLUID, 1).reset([1], {"scenario": load("learning_to_scale", [change])})


def paid(task: Task, action: int, episodes: range) -> tuple[float, float]:
    """Reward and pods of who always takes one action."""
    played = scores(task, episodes, lambda _, masks: np.where(masks[:, action], action, 3))
    return float(np.mean([one.reward for one in played])), float(np.mean([one.pods for one in played]))


@pytest.mark.parametrize("fidelity", ["fluid", pytest.param("requests", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("multiple", "target"), [(0.8, 62), pytest.param(0.7, 71, marks=pytest.mark.slow)])
def test_a_multiple_is_the_rule_with_another_target(fidelity: str, multiple: float, target: int) -> None:
    """In the mesh itself: eight tenths of an HPA on 50 %, always, are an HPA on 62 %, in pods and in what they earn."""
    episodes = range(900_001, 900_005)
    task, other = (SCALE_V0.changed(fidelity=fidelity, changes=(f"agents.defaults.scaling.hpa.target_cpu={one}%",)) for one in (50, target))
    (reward, pods), (meant, meant_pods) = paid(task, MULTIPLES.index(multiple), episodes), paid(other, 3, episodes)
    assert reward == pytest.approx(meant, rel=0.12) and pods == pytest.approx(meant_pods, rel=0.04)


@pytest.mark.slow
def test_fluid_and_requests_rank_policies_alike() -> None:
    """Eight policies that always choose the same multiple, on the same four episodes: the gap is known, and small where it matters."""
    found = {fidelity: [paid(SCALE_V0.changed(fidelity=fidelity), action, range(900_001, 900_005))[0] for action in range(8)]
             for fidelity in ("requests", "fluid")}  # fmt: skip
    assert spearmanr(found["requests"], found["fluid"]).statistic > 0.9
    assert found["fluid"][3] == pytest.approx(found["requests"][3], rel=0.15), "the rule itself"
