"""Small chains to try back-pressure in, and what a chain's callers may send at an instant."""

from __future__ import annotations

from agents.control_plane import ControlPlane
from agents.negotiation.parties.chains.chain import ChainAgent
from agents.negotiation.parties.chains.legs import MICRO
from agents.negotiation.parties.chains.spending import Spending
from scenarios.load import load
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from sim.clock import ControlPhase
from sim.mesh import Mesh
from sim.reference.engine import ReferencePlane
from tests.scenarios.test_witnesses import WORLDS

MECHANISMS = ("proportional", "strict_priority", "credits", "{credits: {passes_on: false}}", "planner", "{planner: {view: clairvoyant}}")
BAD = "control_network={latency: {exponential: 60ms}, loss: 15%, duplicates: 15%, clock_skew: 100ms}"
TROUBLE = ("faults={dead: {at: 3s, for: 2s, agent_crash: {agent: middle}}, gone: {at: 6s, for: 2s, agent_crash: {agent: edge}}, "
           "cut: {at: 9s, for: 3s, control_partition: {agents: [end]}}}")  # fmt: skip
OF_PLANNER = ("faults={dead: {at: 3s, for: 2s, agent_crash: {agent: relief}}, gone: {at: 6s, for: 2s, agent_crash: {agent: edge}}, "
              "cut: {at: 9s, for: 3s, control_partition: {agents: [middle]}}}")  # fmt: skip


def chain(*changes: str) -> Scenario:
    """The chain of tests/house/worlds, changed."""
    return load(WORLDS / "chain.yaml", changes, folder=WORLDS)


def bargained(by: str, *changes: str) -> Scenario:
    """A chain under a mechanism."""
    return chain(f"negotiations.relief.credits.by={by}", *changes)


def trouble(by: str) -> str:
    """A crash of who grants and of who sends, and a cut."""
    return OF_PLANNER if "planner" in by else TROUBLE


def callers(plane: ControlPlane) -> list[tuple[ChainAgent, Spending]]:
    """Every leg, with the agent that sends by it."""
    return [(party, one) for party in plane.parties.values() if isinstance(party, ChainAgent) for one in party.spending.values()]


def promised(plane: ControlPlane) -> dict[str, int]:
    """By service, the credits that its callers may use now, floors included, by their own clocks."""
    used: dict[str, int] = {}
    for party, one in callers(plane):
        used[one.leg.callee] = used.get(one.leg.callee, 0) + one.credits(party.now_ns)
    return used


def let_through(plane: ControlPlane) -> dict[str, float]:
    """By service, the credits that its callers' buckets and retry budgets let through now in the long run, as proxies have them."""
    assert isinstance(plane.mesh.plane, ReferencePlane), "whose routes can be read"
    routes, used = {route.policy.name: route.policy for route in plane.mesh.plane.routes}, dict[str, float]()
    for _, one in callers(plane):
        route = routes[one.leg.name]
        assert route.local_rate_limit is not None
        bucket = route.local_rate_limit.token_bucket
        rate = bucket.tokens_per_fill * NS_PER_S / bucket.fill_interval
        if one.leg.caller in plane.mesh.scenario.services:
            rate *= len(plane.mesh.cluster.pods(one.leg.caller))
        again = 0.0
        if route.retries is not None and route.retries.retry_budget is not None:
            share = route.retries.retry_budget.budget_percent
            again = min(float(route.retries.num_retries), share / (1 - share) if share < 1 else float("inf"))
        used[one.leg.callee] = used.get(one.leg.callee, 0.0) + rate * (1 + again) / one.leg.per_pod * MICRO
    return used


def lived(world: Scenario, seed: int = 1, engine: str = "fast") -> tuple[Mesh, ControlPlane]:
    """A whole run."""
    mesh = Mesh(world, seed, engine)
    plane = ControlPlane(mesh)
    mesh.advance(world.duration)
    return mesh, plane


def watched(plane: ControlPlane, every_ns: int) -> list[tuple[dict[str, int], dict[str, float]]]:
    """(promised, let through) so often, at the end of what happens at each instant."""
    seen: list[tuple[dict[str, int], dict[str, float]]] = []

    def look() -> None:
        seen.append((promised(plane), let_through(plane)))
        plane.clock.after(every_ns, ControlPhase.WAKE, "~watch", look)

    plane.clock.after(every_ns, ControlPhase.WAKE, "~watch", look)
    return seen
