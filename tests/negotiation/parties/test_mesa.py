"""What Mesa's users expect of a model, on a mesh whose agents bargain: registry, AgentSet, DataCollector, batch_run, step and running."""

from __future__ import annotations

from typing import Any

import mesa
import pytest

from agents.control_plane import ControlPlane
from agents.negotiation.parties.flows.class_agent import ClassAgent
from agents.negotiation.parties.party import Party
from agents.negotiation.parties.pools.member import MemberAgent, Wanting
from agents.negotiation.parties.pools.pool import Auctioneer, PoolAgent
from sim.mesh import Mesh
from tests.negotiation.parties.markets import lived, market

SHORT = "duration=9s"


class Market(ControlPlane):
    """The small market under a mechanism, as a user would write it."""

    def __init__(self, by: Any = "vcg", seed: int = 1) -> None:
        world = market(SHORT).with_(**{"negotiations.pods.pool.by": by})
        super().__init__(Mesh(world, seed))
        self.datacollector = mesa.DataCollector(
            model_reporters={"time_s": lambda plane: plane.mesh.now_ns / 1e9, "messages": lambda plane: len(plane.network.log),
                             "interval": "interval_ns"},
            agent_reporters={"name": "name", "pods": "pods", "paid": "paid"},
            agenttype_reporters={MemberAgent: {"units": lambda one: one.holding.usable(one.now_ns)}, Party: {"name": "name"}},
        )  # fmt: skip
        self.datacollector.collect(self)

    def step(self) -> None:
        """One control interval, and what came of it."""
        super().step()
        self.datacollector.collect(self)


def told(plane: ControlPlane) -> tuple[Any, ...]:
    """All that a run is known by."""
    return plane.mesh.plane.digest(), plane.decisions, plane.network.log


def test_the_registry_knows_agents_by_the_classes_one_imports() -> None:
    """All of them, in the order of their making, each with an id of its own, by type."""
    plane = Market()
    assert [agent.name for agent in plane.agents] == ["left", "right", "pods"]
    assert [agent.unique_id for agent in plane.agents] == [1, 2, 3]
    assert plane.agent_types == [MemberAgent, Auctioneer]
    assert plane.agents_by_type[MemberAgent].get("name") == ["left", "right"]
    assert issubclass(Market, mesa.Model) and issubclass(MemberAgent, mesa.Agent) and type(plane) is Market


def test_sets_of_agents_are_selected_asked_and_summed() -> None:
    """select, get, map, agg and groupby; a class stands for what is below it, too."""
    plane = Market(by="dual")
    members = plane.agents.select(agent_type=MemberAgent)
    assert members.get("name") == ["left", "right"] and members.get(["name", "pods"]) == [["left", 2], ["right", 2]]
    assert [len(plane.agents.select(agent_type=kind)) for kind in (Wanting, ClassAgent, PoolAgent, Party)] == [2, 2, 1, 5]
    assert plane.agents.select(lambda one: getattr(one, "pods", 0) == 2, at_most=1).get("name") == ["left"]
    plane.run_model()
    assert members.agg("pods", sum) <= 12 and members.map(lambda one: one.pods) == members.get("pods") != [2, 2]
    assert members.agg("pods", [min, max]) == [min(members.get("pods")), max(members.get("pods"))]
    by_kind = plane.agents.groupby(lambda one: type(one).__name__)
    assert by_kind.count() == {"MemberAgent": 2, "ClassAgent": 2, "PriceAgent": 1}
    assert by_kind.agg("name", list)["MemberAgent"] == ["left", "right"]
    assert members.sort("name", ascending=False).get("name") == ["right", "left"]


def test_a_data_collector_sees_parties_and_services() -> None:
    """A row a step and, by agent, a row each; None where an agent has no such thing; by type for a class and for what is below it."""
    plane = Market()
    plane.run_model()
    model = plane.datacollector.get_model_vars_dataframe()
    assert list(model.time_s) == [0, 2, 4, 6, 8, 9] and model.messages.is_monotonic_increasing and set(model.interval) == {2 * 10**9}
    agents = plane.datacollector.get_agent_vars_dataframe()
    assert list(agents.loc[0].name) == ["left", "right", "pods"] and list(agents.loc[0].pods[:2]) == [2, 2]
    assert agents.loc[5].pods.sum() > 4 and agents.pods.isna().sum() == 6  # of the pool, each time
    assert (agents.loc[5].paid[:2] > 0).all()
    units = plane.datacollector.get_agenttype_vars_dataframe(MemberAgent)
    assert len(units) == 12 and units.units.max() <= 10
    assert list(plane.datacollector.get_agenttype_vars_dataframe(Party).loc[0].name) == ["left", "right", "pods"]


def test_steps_end_with_the_run() -> None:
    """`running` turns false at the end; another step then changes nothing."""
    plane = Market()
    assert plane.running and plane.steps == 0
    plane.run_model()
    assert (plane.running, plane.steps, plane.mesh.now_ns) == (False, 5, 9 * 10**9)
    before = told(plane)
    plane.step()
    assert told(plane) == before and not plane.running


@pytest.mark.parametrize("by", ["vcg", "dual", "first_come"])
def test_looking_changes_nothing(by: str) -> None:
    """A run that is stepped, collected and shuffled is the run: Mesa's random numbers are Mesa's alone."""
    plane = Market(by=by)
    while plane.running:
        plane.agents.shuffle_do("step")
        plane.agents.shuffle(inplace=True)
        assert plane.random.random() < 1 and plane.rng.random() < 1
        plane.step()
    _, alone = lived(market(f"negotiations.pods.pool.by={by}", SHORT))
    assert told(plane) == told(alone)


def test_an_agent_of_somebody_elses_changes_nothing() -> None:
    """A user may put agents of his own into the model; they are in the registry, and disturb nobody."""
    plane = Market()
    onlooker = mesa.Agent(plane)
    plane.run_model()
    assert onlooker in plane.agents and len(plane.agents) == 4
    assert told(plane) == told(lived(market("negotiations.pods.pool.by=vcg", SHORT))[1])


def test_batch_run_goes_over_seeds_and_mechanisms() -> None:
    """Rows as Mesa makes them; each is the run that one gets without it."""
    rows = mesa.batch_run(Market, {"by": ["vcg", "dual", {"english_clock": {"increment": "5/h"}}], "seed": [1, 2]}, display_progress=False)
    assert len({row["RunId"] for row in rows}) == 6 and {row["Step"] for row in rows} == {4}
    kept = {(str(row["by"]), row["seed"], row["name"]): row for row in rows}
    assert len(kept) == 2 * (3 + 5 + 3)
    for seed in (1, 2):
        alone = Mesh(market("negotiations.pods.pool.by=dual", SHORT), seed)
        plane = ControlPlane(alone)
        alone.advance(8 * 10**9)
        assert {kept["dual", seed, name]["messages"] for name in ("left", "many", "pods")} == {len(plane.network.log)}
        assert kept["dual", seed, "left"]["pods"] == alone.cluster.replicas("left")
    assert kept["vcg", 1, "left"]["paid"] != kept["vcg", 2, "left"]["paid"]


@pytest.mark.slow
def test_batch_run_in_processes_gives_the_same_rows() -> None:
    """Mesa begins a new interpreter for each."""
    asked = {"by": ["vcg", "dual"], "seed": 3}
    alone, together = (mesa.batch_run(Market, asked, number_processes=n, data_collection_period=1, display_progress=False) for n in (1, 2))
    order = [(row["RunId"], row["Step"], row["AgentID"]) for row in alone]
    assert sorted(together, key=lambda row: (row["RunId"], row["Step"], row["AgentID"])) == alone and order == sorted(order)


def test_who_is_removed_is_gone() -> None:
    """It answers nobody; the platform takes its pods when its lease is over, and the others share what was its."""
    world = market("faults={dead: {at: 3s, for: 2s, agent_crash: {agent: left}}}")
    plane = ControlPlane(Mesh(world, 1))
    plane.step()
    (left,) = plane.agents.select(lambda one: one.name == "left")
    left.remove()
    plane.run_model()
    assert left not in plane.agents and len(plane.agents) == 2
    assert [row.sender for row in plane.network.log if row.sender == "left"] == []
    assert plane.mesh.cluster.replicas("left") == 1
