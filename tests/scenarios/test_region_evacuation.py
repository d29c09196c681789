"""What a lost and a drained region cost, by counting: failures until pods are ejected, and who bears the load then."""

from __future__ import annotations

from typing import Any

import pytest

from agents.control_plane import ControlPlane
from scenarios.load import load
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh

S = 1_000_000_000
EAST, WEST, EU = range(3)


def upto(mesh: Mesh, seconds: int) -> Any:
    """What is seen at a time."""
    mesh.advance(seconds * S)
    return mesh.plane.observe()


def begun(world: Scenario, seed: int) -> Mesh:
    """The mesh at time 0, with its control plane."""
    mesh = Mesh(world, seed)
    ControlPlane(mesh)
    return mesh


def visits(seen: Any) -> dict[int, int]:
    """Calls that each region's first four pods let in; pods are dealt to the regions in turn."""
    return {region: int(seen.pods["visits"][region:12:3].sum()) for region in (EAST, WEST, EU)}


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_lost_region_costs_five_failures_a_pod(seed):
    """4 pods x 5 failures; then all calls find the other regions, which have 1.5 times their load: 720/s on 800/s."""
    mesh = begun(load("region_evacuation"), seed)
    before, after, later = (upto(mesh, at) for at in (59, 65, 95))
    assert after.workloads["failed"].tolist()[EAST] - before.workloads["failed"].tolist()[EAST] == pytest.approx(20, abs=2)
    assert (later.workloads["failed"] == after.workloads["failed"]).all()
    moved = {region: visits(later)[region] - visits(after)[region] for region in (EAST, WEST, EU)}
    assert moved[EAST] == 0
    assert later.ejections.tolist() == [4, 0, 0]
    assert [moved[WEST] / 30, moved[EU] / 30] == pytest.approx([360, 360], rel=0.05)


def test_the_default_cap_makes_it_an_outage():
    """max_ejection_percent of 10 lets one of twelve pods be out. East's health stays 100, as for any level with three of four in
    service, and all its calls are refused until the nodes have been silent for 40 s."""
    mesh = begun(load("region_evacuation", ["routes.defaults.outlier_detection.max_ejection_percent=10%"]), 1)
    before, during, after = (upto(mesh, at) for at in (61, 99, 105))
    assert during.workloads["succeeded"][EAST] == before.workloads["succeeded"][EAST]
    assert after.workloads["succeeded"][EAST] - during.workloads["succeeded"][EAST] > 4 * 240


def test_half_a_region_keeps_seven_tenths():
    """Two of four pods: health 1.4 x 50. So survivors have 1.4 times their load, whatever share is lost, while other regions have room:
    above 71 % of its capacity a region must not lose more than two sevenths of its pods."""
    half = "faults.dark={at: 1m, for: 1m, node_loss: {zone: us-east, fraction: 50%}}"
    mesh = begun(load("region_evacuation", [half]), 1)
    before, after = upto(mesh, 65), upto(mesh, 95)
    kept = visits(after)[EAST] - visits(before)[EAST]
    assert kept / (30 * 240) == pytest.approx(0.70, abs=0.02)


def test_a_drained_region_loses_nobody():
    """Pods that drain leave the list first, and finish what they have."""
    mesh = begun(load("region_evacuation"), 2)
    before, after = upto(mesh, 179), upto(mesh, 239)
    assert (after.workloads["failed"] == before.workloads["failed"]).all()
    assert visits(after)[WEST] - visits(before)[WEST] < 3 * 240
