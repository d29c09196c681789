"""What a world answers: the figures of its own `expect` block, without a run folder."""

from __future__ import annotations

from typing import Any

from agents.control_plane import ControlPlane
from parley.recording.judging import verdicts
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh


def lived(world: Scenario, seed: int = 1) -> Mesh:
    """The mesh at the end of its life, minds included."""
    mesh = Mesh(world, seed)
    ControlPlane(mesh)
    mesh.advance(world.duration)
    return mesh


def answers(world: Scenario, seed: int = 1) -> list[dict[str, Any]]:
    """A verdict for each assertion of `expect`, in order; `measured` is a share, or milliseconds."""
    plane = lived(world, seed).plane
    return verdicts(plane.layout, plane.observe(), world.duration)
