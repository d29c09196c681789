"""Prequal's direction: against neighbours that slow pods down it halves the tail of the round robin by weight, and keeps pods emptier."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from agents.control_plane import ControlPlane
from scenarios.load import load
from sim.mesh import Mesh
from tests.theory.test_closed_forms import quantile

S = 1_000_000_000


@cache
def lived(policy: str, seed: int) -> tuple[float, float]:
    """The 99th percentile of latency, s, and of calls inside a pod (RIF), looked at every quarter of a second."""
    mesh = Mesh(load("antagonists", [f"routes.gate -> search.lb_policy={policy}"]), seed)
    ControlPlane(mesh)
    inside = []
    for at in np.arange(12, 40, 0.25):
        mesh.advance(round(at * S))
        seen = mesh.plane.glance()
        inside.append(seen.pods["present"][seen.pod_service == 1])
    mesh.advance(40 * S)
    return quantile(mesh.plane.observe().interval_histogram[0], 0.99) / 1e9, float(np.quantile(np.concatenate(inside), 0.99))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12, 13])
@pytest.mark.parametrize("other", ["weighted_round_robin", "least_request"])
def test_prequal_keeps_the_tail(other, seed):
    """B18 to B21: half the tail latency, as in the paper; of requests in flight less than half, where the paper has a fifth to a tenth."""
    (latency, rif), (others_latency, others_rif) = lived("prequal", seed), lived(other, seed)
    assert others_latency / latency > 1.6
    assert others_rif / rif > 2
    assert latency < 0.6
