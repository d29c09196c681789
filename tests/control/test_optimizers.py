"""Lazy capacity provisioning against every course there is, predictive control against every plan, and both in a world."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.autoscaling.fluid import Fluid, planned
from agents.autoscaling.lazy import begun, bounds, followed, lazily, step_costs
from agents.control_plane import ControlPlane
from scenarios.errors import ScenarioError
from scenarios.load import load
from sim.mesh import Mesh
from tests.scenarios.test_witnesses import WORLDS

S = 1_000_000_000

CONVEX = st.lists(
    st.tuples(st.floats(0, 3), st.floats(0.1, 2), st.floats(0, 4)), min_size=1, max_size=5,
).map(lambda steps: [np.array([price * x + pain * max(0.0, load - x) ** 2 for x in range(4)]) for load, price, pain in steps])  # fmt: skip


def paid(course: Sequence[int], costs: Sequence[np.ndarray], startup_cost: float) -> float:
    """What a course of counts costs that begins with no pod: the definition, word by word."""
    starts = sum(startup_cost * max(0, after - before) for before, after in pairwise([0, *course]))
    return starts + sum(float(step[pods]) for pods, step in zip(course, costs, strict=True))


def lived_lazily(costs: Sequence[np.ndarray], startup_cost: float, window: int = 0) -> list[int]:
    """The course of LCP(w) from no pod on."""
    work, pods, found = begun(0, 0, len(costs[0]) - 1, startup_cost), 0, []
    for t, step in enumerate(costs):
        work = followed(work, step, startup_cost)
        pods = lazily(pods, *bounds(work, costs[t + 1 : t + 1 + window], 0, startup_cost))
        found.append(pods)
    return found


@given(CONVEX, st.floats(0.1, 5), st.integers(0, 3))
def test_lazy_provisioning_costs_at_most_three_times_the_optimum(costs: list[np.ndarray], startup_cost: float, window: int) -> None:
    """H28: of all courses of up to five steps and three pods, whatever the convex costs; with foresight as well."""
    optimum = min(paid(course, costs, startup_cost) for course in product(range(4), repeat=len(costs)))
    assert paid(lived_lazily(costs, startup_cost, window), costs, startup_cost) <= 3 * optimum + 1e-9


@given(CONVEX, st.floats(0.1, 5))
def test_the_optimum_lies_between_the_bounds(costs: list[np.ndarray], startup_cost: float) -> None:
    """H28: an optimal course of the whole never has fewer pods than the lower bound of its step, nor more than the upper."""
    optimum = min(paid(course, costs, startup_cost) for course in product(range(4), repeat=len(costs)))
    work, within = begun(0, 0, 3, startup_cost), []
    for step in costs:
        work = followed(work, step, startup_cost)
        within.append(bounds(work, [], 0, startup_cost))
    optimal = [course for course in product(range(4), repeat=len(costs)) if paid(course, costs, startup_cost) <= optimum + 1e-9]
    assert any(all(low <= pods <= high for pods, (low, high) in zip(course, within, strict=True)) for course in optimal)


@given(CONVEX, st.floats(0.1, 5))
def test_whoever_sees_all_pays_the_optimum(costs: list[np.ndarray], startup_cost: float) -> None:
    """H28: at the first step, with everything foreseen, the two bounds hold an optimal first step between them."""
    work = followed(begun(0, 0, 3, startup_cost), costs[0], startup_cost)
    low, high = bounds(work, costs[1:], 0, startup_cost)
    by_first = {course[0]: paid(course, costs, startup_cost) for course in
                sorted(product(range(4), repeat=len(costs)), key=lambda course: -paid(course, costs, startup_cost))}  # fmt: skip
    assert by_first[low] == pytest.approx(min(by_first.values()), abs=1e-9)
    assert low <= high


def test_a_pod_is_kept_for_as_long_as_a_start_costs() -> None:
    """H28: needed once, and then 1 a step for nothing: in the third idle step of a start that costs 2.5 the pod goes (ski rental)."""
    needed, idle = np.array([100.0, 1.0]), np.array([0.0, 1.0])
    assert lived_lazily([needed, *[idle] * 5], 2.5) == [1, 1, 1, 0, 0, 0]
    assert lived_lazily([needed, *[idle] * 5], 0.0) == [1, 0, 0, 0, 0, 0]


def test_who_sees_further_lets_go_sooner() -> None:
    """H28: a start costs 3.5, and the pod is idle for five steps: who sees two steps ahead lets it go two steps sooner."""
    needed, idle = np.array([100.0, 1.0]), np.array([0.0, 1.0])
    gap = [needed, *[idle] * 5, needed]
    assert lived_lazily(gap, 3.5) == [1, 1, 1, 1, 0, 0, 1]
    assert lived_lazily(gap, 3.5, 2) == [1, 1, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(("pods", "cost"), [(4, 4 + 0.5 * 4), (3, 3 + 0.5 * 6), (8, 8 + 0.5 * 8 / 3)])
def test_what_a_step_costs_by_hand(pods: int, cost: float) -> None:
    """H27: two pods' work over four is rho = 1/2, one request in each; over three 2/3, two in each; over eight 1/4, a third in each."""
    assert step_costs(2.0, 0.5, 1, 8)[pods - 1] == pytest.approx(cost)


@given(st.floats(0, 50), st.floats(0, 10))
def test_costs_of_a_step_are_convex(load: float, request_cost: float) -> None:
    """H27: through the knee too, where the curve goes on as its tangent; and without load a pod is all there is to pay for."""
    costs = step_costs(load, request_cost, 0, 60)
    assert np.isfinite(costs).all()
    assert (np.diff(costs, 2) >= -1e-7 * max(1.0, float(costs.max()))).all()
    assert step_costs(0.0, request_cost, 0, 3).tolist() == [0, 1, 2, 3]


def spent(fluid: Fluid, backlog: float, asked: list[int], rates: Sequence[float], plan: Sequence[int]) -> float:
    """What a plan costs in the fluid model, step by step."""
    total, queue, history = 0.0, backlog, [*asked]
    for pods, rate in zip(plan, rates, strict=True):
        total += pods + fluid.startup_cost * max(0, pods - history[-1])
        history.append(pods)
        serving = min(history[-1 - fluid.lead :])
        queue = max(0.0, queue + rate - fluid.service_rate * serving)
        total += fluid.excess_cost * max(0.0, queue - fluid.delay * rate)
    return total


@settings(deadline=None)  # the first one imports scipy
@given(st.lists(st.floats(0, 40), min_size=1, max_size=4), st.floats(0, 30), st.integers(0, 2), st.floats(0, 3), st.floats(0.01, 2),
       st.floats(0, 1))  # fmt: skip
def test_no_plan_is_cheaper(rates: list[float], backlog: float, lead: int, startup_cost: float, excess_cost: float,
                            delay: float) -> None:  # fmt: skip
    """H25: of all plans of one to four pods in up to four steps, by the definition of their cost."""
    fluid, asked = Fluid(10.0, delay, excess_cost, startup_cost, lead, 1, 4), [2] * max(1, lead)
    best = min(spent(fluid, backlog, asked, rates, plan) for plan in product(range(1, 5), repeat=len(rates)))
    assert spent(fluid, backlog, asked, rates, planned(fluid, backlog, asked, rates)) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize(("rate", "pods"), [(0.0, 1), (20.0, 2), (25.0, 3), (99.0, 6)])
def test_a_steady_rate_by_hand(rate: float, pods: int) -> None:
    """H25: with dear waiting and nothing in the queue, rate over mu, rounded up, within the bounds."""
    fluid = Fluid(service_rate=10.0, delay=0.0, excess_cost=1000.0, startup_cost=0.0, lead=0, least=1, most=6)
    assert planned(fluid, 0.0, [3], [rate] * 3) == (pods,) * 3


@pytest.mark.parametrize(("backlog", "delay", "pods"), [(0, 0, 2), (25, 0, 5), (25, 1, 3), (25, 2, 1), (1000, 0, 9)])
def test_one_step_by_hand(backlog: float, delay: float, pods: int) -> None:
    """H25: (backlog + rate - delay * rate) / mu, rounded up: 20 a step, and each pod serves 10."""
    fluid = Fluid(service_rate=10.0, delay=delay, excess_cost=1000.0, startup_cost=0.0, lead=0, least=1, most=9)
    assert planned(fluid, backlog, [1], [20.0]) == (pods,)


def test_a_pod_is_asked_for_a_lead_before_it_is_needed() -> None:
    """H25: a step in the fourth step, two steps of lead: asked for in the second, as late as will do."""
    fluid = Fluid(service_rate=10.0, delay=0.0, excess_cost=1000.0, startup_cost=0.0, lead=2, least=1, most=6)
    assert planned(fluid, 0.0, [1, 1], [10.0, 10, 10, 30, 30, 30])[:4] == (1, 3, 3, 3)


def test_starts_that_cost_more_than_idling_are_saved() -> None:
    """H25: a gap of two steps is bridged where starting two pods costs 5 each, and not where it costs nothing."""
    dear, free = (Fluid(10.0, 0.0, 1000.0, cost, 0, 1, 6) for cost in (5.0, 0.0))
    rates = [30.0, 10.0, 10.0, 30.0]
    assert planned(dear, 0.0, [3], rates) == (3, 3, 3, 3)
    assert planned(free, 0.0, [3], rates) == (3, 1, 1, 3)


def lived(*changes: str, engine: str = "fast", until: int = 20 * S) -> ControlPlane:
    """Their own small world."""
    mesh = Mesh(load(WORLDS / "optimizers.yaml", list(changes), folder=WORLDS), 1, engine)
    plane = ControlPlane(mesh)
    mesh.advance(until)
    return plane


def test_lazy_pods_go_later_than_they_came() -> None:
    """H28: in a wave, the lazy service is never below what the load takes, and keeps its pods into the trough."""
    rows = [row for row in lived().decisions if row.service == "lazy" and row.time_ns >= 6 * S]
    assert "no optimal plan has fewer than" in rows[0].reason
    downs = lived("agents.lazy.scaling.lcp.startup_cost=0s").decisions
    steps = [sum(row.after < row.before for row in found if row.service == "lazy") for found in (lived().decisions, downs)]
    assert steps[0] < steps[1]


def test_predictive_control_tells_its_plan() -> None:
    """H26: the backlog that gathers while pods start is worked off, and then they go."""
    rows = [row for row in lived().decisions if row.mind == "mpc"]
    assert max(row.after for row in rows) == 8 and rows[-1].after == 1
    assert any("from step" in row.reason for row in rows)


MISTAKES = [
    ("agents.fluid.scaling.mpc.horizon=2s", "horizon is not beyond lead"),
    ("agents.fluid.scaling.mpc.horizon=5m", "horizon has 300 intervals, more than 60"),
    ("agents.lazy.scaling.lcp.window=5m", "window has 300 intervals, more than 60"),
    ("agents.lazy.scaling.lcp.max=20000", "max is more than 10000"),
    ("agents.lazy.scaling.lcp.of={workload: wave}", "is not a workload of this world; did you mean 'waves'?"),
]


@pytest.mark.parametrize(("change", "sentence"), MISTAKES)
def test_mistakes_are_answered_with_the_rule(change: str, sentence: str) -> None:
    """Combinations that mean nothing, names that are not there."""
    with pytest.raises(ScenarioError) as caught:
        lived(change, until=1)
    assert sentence in str(caught.value)
