"""Small markets to try parties in."""

from __future__ import annotations

from agents.control_plane import ControlPlane
from agents.negotiation.parties.pools.member import MemberAgent, Wanting
from scenarios.load import load
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh
from tests.scenarios.test_witnesses import WORLDS

MECHANISMS = ("first_come", "selfish", "proportional", "strict_priority", "planner", "{planner: {view: clairvoyant}}", "uniform_price",
              "vcg", "k_double", "mcafee", "nash", "kalai_smorodinsky", "egalitarian", "{bundles: {step: 5/s}}", "dual",
              "{english_clock: {increment: 5/h}}",
              "concession", "{concession: {strategy: micro}}")  # fmt: skip
BAD = "control_network={latency: {exponential: 80ms}, loss: 15%, duplicates: 15%, clock_skew: 100ms}"
TROUBLE = ("faults={dead: {at: 6s, for: 4s, agent_crash: {agent: pods}}, gone: {at: 14s, for: 3s, agent_crash: {agent: left}}, "
           "cut: {at: 17s, for: 3s, control_partition: {agents: [right]}}}")  # fmt: skip
UNARRANGED = ("first_come", "selfish")


def market(*changes: str) -> Scenario:
    """The market of tests/house/worlds, changed."""
    return load(WORLDS / "market.yaml", changes, folder=WORLDS)


def lived(world: Scenario, seed: int = 1, engine: str = "fast") -> tuple[Mesh, ControlPlane]:
    """A whole run."""
    mesh = Mesh(world, seed, engine)
    plane = ControlPlane(mesh)
    mesh.advance(world.duration)
    return mesh, plane


def in_use(plane: ControlPlane) -> int:
    """Units that members may use now, floors included, by their own clocks."""
    members = [party for party in plane.parties.values() if isinstance(party, MemberAgent)]
    return sum(one.trade.described.floor * one.trade.described.units + one.holding.usable(one.now_ns) for one in members)


def asked_for(plane: ControlPlane) -> int:
    """Units of the pods that members have asked the platform for."""
    members = [party for party in plane.parties.values() if isinstance(party, Wanting)]
    return sum(plane.mesh.cluster.replicas(one.name) * one.trade.described.units for one in members)
