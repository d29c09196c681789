"""A pool counts the pods that are asked for. Those that drain are beyond it, for their grace at most."""

from __future__ import annotations

import pytest

from agents.control_plane import ControlPlane
from sim.clock import ControlPhase
from sim.mesh import Mesh
from tests.negotiation.parties.markets import market

CAPACITY = 12


def pods_of(*changes: str) -> list[tuple[int, int]]:
    """(pods that serve or are on their way, pods that drain) of all members, so often."""
    world = market(*changes)
    mesh = Mesh(world, 3)
    plane = ControlPlane(mesh)
    seen: list[tuple[int, int]] = []

    def look() -> None:
        counts = [mesh.cluster.counts(name) for name in ("left", "right")]
        seen.append((sum(one.pending + one.starting + one.ready + one.unready for one in counts), sum(one.draining for one in counts)))
        plane.clock.after(97_000_000, ControlPhase.WAKE, "~watch", look)

    plane.clock.after(97_000_000, ControlPhase.WAKE, "~watch", look)
    mesh.advance(world.duration)
    return seen


@pytest.mark.parametrize("by", ["vcg", "dual", "first_come"])
@pytest.mark.parametrize(("grace", "is_beyond"), [("0s", False), ("30s", True)])
def test_pods_that_do_not_drain_are_within_the_capacity(by: str, grace: str, is_beyond: bool) -> None:
    """Whatever is granted anew while others still finish what they have begun: J5."""
    graces = [f"services.{name}.termination_grace_period={grace}" for name in ("left", "right")]
    seen = pods_of(f"negotiations.pods.pool.by={by}", *graces)
    assert max(there for there, _ in seen) == CAPACITY
    assert (max(there + draining for there, draining in seen) > CAPACITY) == is_beyond
