"""Generated meshes keep the shape they claim, and every size carries the same load."""

from __future__ import annotations

import networkx as nx
import pytest

from scenarios.flow import Flow
from scenarios.load import loads
from scenarios.schema.scenario import Scenario
from scenarios.writing import as_yaml
from tests.benchmarks import generated
from tests.benchmarks.scale import CALLERS, with_replicas

SIZES = (3, 10, 100, 500, 2_000)
LARGE = (100, 500, 2_000)  # where shares can be kept


@pytest.fixture(scope="module")
def graphs():
    """The graphs of the scale series."""
    return {size: generated.grown(size) for size in SIZES}


@pytest.mark.parametrize("size", SIZES)
def test_calls_go_in_no_circle_and_reach_everybody(size, graphs):
    """Acyclic; every service is reached from an entry; entries are called by nobody; only leaves call nobody."""
    graph = graphs[size]
    edges = nx.DiGraph([(caller, callee) for caller, callees in graph.calls.items() for callee in callees])
    assert nx.is_directed_acyclic_graph(edges)
    assert set(edges) == set(range(size))
    assert {n for n, degree in edges.in_degree() if degree == 0} == set(graph.tiers[0])
    assert {n for n, degree in edges.out_degree() if degree == 0} == set(graph.tiers[-1])
    assert all(len(callees) == len(set(callees)) <= generated.FAN_OUT_MAX for callees in graph.calls.values())


@pytest.mark.parametrize("size", LARGE)
def test_the_shape_is_that_of_the_published_graphs(size, graphs):
    """Entries 13 %, leaves 39 %, to half a service; depth 4 ± 0.5; the hottest 5 % take 35 … 60 % of all edges."""
    shape = generated.shape(graphs[size])
    assert shape["entry_share"] == pytest.approx(0.13, abs=0.5 / size)
    assert shape["leaf_share"] == pytest.approx(0.39, abs=0.5 / size)
    assert 3.5 <= shape["depth_mean"] <= 4.5
    assert 0.35 <= shape["hot_share_of_edges"] <= 0.60


@pytest.mark.parametrize("size", LARGE)
def test_few_entries_need_many_services(size, graphs):
    """Sizes are skewed: the largest graph has more than twice the mean, and a request stays within 15 … 40 hops."""
    shape = generated.shape(graphs[size])
    assert shape["services_of_an_entry_most"] > 2 * shape["services_of_an_entry_mean"]
    assert 15 <= shape["hops_a_request"] <= 40


@pytest.mark.parametrize("size", SIZES)
def test_every_service_is_half_busy(size):
    """By the loader's own reckoning: the workers of each half busy, and a hundred visits a second on average."""
    scenario = Scenario.model_validate(generated.world(size))
    flow = Flow(scenario)
    visits, work_ns = flow.visits(), flow.work_ns
    assert sum(visits.values()) == pytest.approx(100 * size, rel=1e-4)
    for name, service in scenario.services.items():
        busy = visits[f"{name}.get"] * work_ns[f"{name}.get"] / 1e9 / (service.replicas * service.workers)
        assert busy == pytest.approx(0.5, rel=1e-4)


def test_a_world_is_a_file():
    """It can be written as YAML and loaded again, and a seed is a world."""
    scenario = Scenario.model_validate(generated.world(30))
    assert loads(as_yaml(scenario)) == scenario
    assert generated.world(30) == generated.world(30) != generated.world(30, seed=2)


@pytest.mark.parametrize(("replicas", "loaded", "busy"), [(10, 10, 0.5), (1_000, 10, 0.005), (1_000, 1_000, 0.5)])
def test_replicas_are_as_busy_as_asked(replicas, loaded, busy):
    """The same traffic for all, or the same for each; callers are half busy either way."""
    scenario = Scenario.model_validate(with_replicas(replicas, loaded))
    flow, services = Flow(scenario), scenario.services
    visits, work_ns = flow.visits(), flow.work_ns
    rho = {name: visits[f"{name}.get"] * work_ns[f"{name}.get"] / 1e9 / (service.replicas * service.workers)
           for name, service in services.items()}  # fmt: skip
    assert rho == pytest.approx({"front": 0.5, "back": busy}, rel=1e-4)
    assert services["front"].replicas == CALLERS
