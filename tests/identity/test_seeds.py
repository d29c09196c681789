"""Seeds of their own for what comes, for what strikes, and for all else."""

from __future__ import annotations

import numpy as np
import pytest

from agents.control_plane import ControlPlane
from scenarios.load import loads
from scenarios.schema.scenario import Scenario
from sim.draws import Seed, Seeds
from sim.mesh import Mesh

WORLD = """
version: 1
name: struck
question: who is struck when?
duration: 60s
services:
  api: {replicas: 3, resources: {requests: {cpu: 1}}, startup: {exponential: 5s}, endpoints: {get: [{work: {exponential: 20ms}}]}}
workload: {users: {entry: api.get, arrivals: {poisson: 40/s}}}
agents: {api: {scaling: {hpa: {target_cpu: 20%, max: 8, sync_period: 5s}}}}
faults: {lost: {at: 20s, crash: {service: api, fraction: 40%}}}
"""


def lived(world: Scenario, seed: Seed, engine: str) -> tuple[str, list[int], list[tuple[str, int, int]]]:
    """(digest, arrivals by the end, pods with what they did)."""
    mesh = Mesh(world, seed, engine)
    ControlPlane(mesh)
    mesh.advance(world.duration)
    seen = mesh.plane.glance()
    pods = zip(seen.pod_service.tolist(), seen.pod_number.tolist(), seen.pods["visits"].tolist(), strict=True)
    return mesh.plane.digest(), seen.workloads["offered"].tolist(), [(str(a), b, c) for a, b, c in pods]


@pytest.mark.parametrize("engine", ["reference", "fast"])
def test_one_seed_is_three_that_are_the_same(engine: str) -> None:
    """To the digest."""
    world = loads(WORLD)
    assert lived(world, 7, engine) == lived(world, Seeds(7, 7, 7), engine)


@pytest.mark.parametrize("engine", ["reference", "fast"])
def test_each_moves_its_own(engine: str) -> None:
    """The same requests come under another seed of faults or of services, and others under another seed of demand."""
    world = loads(WORLD)
    digest, offered, _ = lived(world, Seeds(7, 7, 7), engine)
    for other in (Seeds(7, 8, 7), Seeds(7, 7, 8)):
        moved = lived(world, other, engine)
        assert moved[1] == offered and moved[0] != digest
    assert lived(world, Seeds(8, 7, 7), engine)[1] != offered


def test_both_engines_agree_under_three_seeds() -> None:
    """They draw by the same addresses."""
    world = loads(WORLD)
    assert lived(world, Seeds(1, 2, 3), "reference") == lived(world, Seeds(1, 2, 3), "fast")
    assert np.unique([lived(world, Seeds(1, 2, faults), "fast")[0] for faults in range(6)]).size > 1
