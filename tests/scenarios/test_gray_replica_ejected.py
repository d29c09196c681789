"""One slow pod of fifty, and callers that eject what fails: what each return costs is a count, and what does not fail stays."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.load import load
from sim.mesh import Mesh

S = 1_000_000_000
CHANCERS, ROTATORS, CHOOSERS = range(3)
A_TIMEOUT = 6000 / 50 * 1.0 + 5  # what a pod is sent in 1 s, and five failures in a row


def failed(mesh: Mesh, *seconds: int) -> np.ndarray:
    """Requests of each class that failed between times."""
    counts = []
    for at in seconds:
        mesh.advance(at * S)
        counts.append(mesh.plane.observe().workloads["failed"].copy())
    return np.diff(counts, axis=0)


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_every_return_costs_a_timeout(seed):
    """Its queue is longer than 1 s after half a second; the first timeouts come a second later, and five end it. What it was sent meanwhile
    fails. Sweeps are at whole 10 s: out at 11.5 s for 30 s, until 50 s; at 51.5 s for 60 s, until 120 s. In between nothing fails."""
    mesh = Mesh(load("gray_replica_ejected").with_(duration="130s"), seed)
    first, _, second, _, third = failed(mesh, 10, 15, 50, 55, 120, 125)
    quiet = failed(mesh, 125, 129)
    for count in (first, second, third):
        assert count[[CHANCERS, ROTATORS]] == pytest.approx([A_TIMEOUT] * 2, abs=45)  # four deviations of a Poisson count
        assert count[CHOOSERS] <= 5
    assert quiet.sum() <= 2


def test_between_returns_nothing_fails():
    """While the pod is out its callers do not know of it."""
    mesh = Mesh(load("gray_replica_ejected"), 24)
    assert failed(mesh, 15, 50).sum() <= 2


def test_slowness_that_answers_in_time_is_not_seen():
    """At 10 % load with one worker the slow pod is half busy, and one answer in 22,000 takes longer than a second (e^-10): it goes on being
    asked as often as any other, for ten minutes, and its fiftieth of the answers takes nine times as long."""
    world = load("gray_replica_ejected")
    changes = {f"services.{name}.workers": 1 for name in world.services}
    changes |= {f"workload.{name}.load": 0.1 * 50 * 100 / 6000 for name in world.workload}
    mesh = Mesh(world.with_(**changes, expect=[], duration="610s"), 25)
    mesh.advance(20 * S)
    before = mesh.plane.observe().pods["visits"].copy()
    mesh.advance(600 * S)
    seen = mesh.plane.observe()
    for service in (CHANCERS, ROTATORS):
        got = (seen.pods["visits"] - before)[seen.pod_service == service]
        assert got.min() / got.mean() > 0.95
