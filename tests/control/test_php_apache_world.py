"""Kubernetes' walkthrough once more (FACTS 7), now through the whole chain: traffic, pods, scrapes, agent, cluster."""

from __future__ import annotations

import pytest

from agents.control_plane import ControlPlane
from scenarios.load import load
from sim.mesh import Mesh

S = 1_000_000_000
WITH_BEHAVIOR = ["agents.php-apache.scaling.hpa.behavior={}"]


def walkthrough(changes, engine):
    """Every change of the replicas by its second, and the first reason."""
    mesh = Mesh(load("hpa_walkthrough", changes), 1, engine)
    plane = ControlPlane(mesh)
    mesh.advance(mesh.scenario.duration)
    applied = [decision for decision in plane.decisions if decision.applied]
    return {decision.time_ns // S: decision.after for decision in applied}, applied[0].reason


@pytest.mark.parametrize("engine", ["reference", "fast"])
@pytest.mark.parametrize(
    ("changes", "first", "source", "last_s"),
    [([], 4, "max(2*current, 4)", 675), (WITH_BEHAVIOR, 5, "scaleUp policy Pods 4/15s", 660)],
    ids=["plain", "behavior"],
)
def test_php_apache_goes_to_seven_replicas_and_back(engine, changes, first, source, last_s):
    """305 % of 50 % asks for 7; two syncs to get there, 7 while the load stays, 1 five minutes after the last advice."""
    seen, reason = walkthrough(changes, engine)
    assert seen == {75: first, 90: 7, last_s: 1}
    assert reason == f"cpu 305% of 50% target -> 7, limited to {first} by {source}"
