"""Any rule, measured as a policy is: by the same meter, at the same instants, for the same terms.

A policy is measured whenever its council meets, before it acts: at every multiple of a tick from the warm-up on. Reading changes
nothing, so a mesh whose rules nobody guides is read at these instants from outside, whatever cadence its rules have.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.control_plane import ControlPlane
from agents.learning.judging import Score, Ticks
from agents.learning.playing import first_tick
from agents.learning.scaling.measuring import Meter
from agents.learning.scaling.reward import reward_of
from agents.learning.tasks import Episode
from sim.mesh import Mesh


def watched(episode: Episode, fewest: Mapping[str, int], tick_ns: int, engine: str = "fast") -> Score:
    """What an episode comes to with the rules that its world has, or none.

    `fewest` names the services whose pods count, and how few each may have: whoever is compared is measured by the same ones.
    Raises ScenarioError and SimulationError.
    """
    assert isinstance(episode.seed, int), "whoever is compared meets one seed"
    mesh = Mesh(episode.world, episode.seed, engine)
    ControlPlane(mesh)
    first_ns = first_tick(episode.world, tick_ns) * tick_ns
    mesh.advance(first_ns)
    meter, ticks = Meter(mesh, fewest), Ticks()
    for tick in range(1, episode.task.ticks + 1):
        if mesh.now_ns >= episode.world.duration:
            break
        mesh.advance(min(first_ns + tick * tick_ns, episode.world.duration))
        measured = meter.take()
        reward = reward_of(measured, episode.task.weights)
        ticks.add(reward.terms, reward.violated, int(measured.pods.sum()), int(measured.moved.sum()))
    return ticks.score(episode.seed)
