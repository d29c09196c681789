"""Small worlds whose zones spill over."""

from __future__ import annotations

from agents.control_plane import ControlPlane
from agents.negotiation.parties.zones.net import BargainingZone
from agents.negotiation.parties.zones.zone import ZoneAgent
from scenarios.load import load
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh
from tests.scenarios.test_witnesses import WORLDS

MECHANISMS = ("stay", "proportional", "selfish", "gossip", "contract_net", "planner", "{planner: {view: clairvoyant}}")
ARRANGED = MECHANISMS[1:]
BAD = "control_network={latency: {exponential: 80ms}, loss: 15%, duplicates: 15%, clock_skew: 100ms}"
TROUBLE = ("faults={dead: {at: 6s, for: 4s, agent_crash: {agent: api@west}}, gone: {at: 13s, for: 3s, agent_crash: {agent: api@east}}, "
           "cut: {at: 17s, for: 3s, control_partition: {agents: [api@middle]}}, dark: {at: 19s, for: 2s, metric_loss: {}}}")  # fmt: skip


def crossing(*changes: str, by: str | None = None) -> Scenario:
    """The crossing of tests/house/worlds, changed."""
    how = () if by is None else (f"negotiations.crossing.spill.by={by}",)
    return load(WORLDS / "crossing.yaml", [*how, *changes], folder=WORLDS)


def lived(world: Scenario, seed: int = 1, engine: str = "fast") -> tuple[Mesh, ControlPlane]:
    """A whole run."""
    mesh = Mesh(world, seed, engine)
    plane = ControlPlane(mesh)
    mesh.advance(world.duration)
    return mesh, plane


def zones(plane: ControlPlane) -> dict[str, ZoneAgent]:
    """The zones' agents by zone."""
    return {party.zone: party for party in plane.parties.values() if isinstance(party, ZoneAgent)}


def in_use(plane: ControlPlane, taker: str) -> int:
    """Thousandths of a request a second that others may send to a zone by their leases, by their own clocks."""
    bargaining = [party for party in plane.parties.values() if isinstance(party, BargainingZone)]
    return sum(one.holdings[taker].usable(one.now_ns) for one in bargaining if taker in one.holdings)
