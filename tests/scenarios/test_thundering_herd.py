"""A herd of 4,000 at one instant is a queue of 4,000 x 5 ms / 8 = 2.5 s; spread over a time J it is an ordinary M/M/8."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.load import load
from sim.mesh import Mesh
from tests.scenarios.answers import answers
from tests.theory import oracles

CLIENTS, SERVERS, SERVICE_MS, S = 4000, 8, 5.0, 1_000_000_000
DRAINED_MS = CLIENTS * SERVICE_MS / SERVERS
HERD = load("thundering_herd")


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_herd_waits_for_itself(seed):
    """Its k-th client waits for k services by 8 servers: half of 2.5 s at the median, nearly all of it at the 99th percentile."""
    world = HERD.with_(expect=[{"mean": "> 0s", "p50": "> 0s", "p99": "> 0s", "from": "79s", "until": "81s"}])
    mean, p50, p99 = (one["measured"] for one in answers(world, seed))
    assert mean == pytest.approx(DRAINED_MS / 2, rel=0.06)
    assert p50 == pytest.approx(DRAINED_MS * 0.5, rel=0.06)
    assert p99 == pytest.approx(DRAINED_MS * 0.99, rel=0.06)


def test_a_herd_does_not_scatter_by_itself():
    """Forty seconds later it still comes within 3 s of every ten: as a block at the rate at which it was served."""
    mesh, offered = Mesh(HERD, 1), []
    for second in range(110, 121):
        mesh.advance(second * S)
        offered.append(int(mesh.plane.observe().workloads["offered"][0]))
    assert np.sort(np.diff(offered))[-3:].sum() > 0.99 * CLIENTS


def test_full_jitter_makes_it_a_crowd():
    """4,000 within 20 s, and those who ask again: never many more than 400/s, a quarter of what 8 servers can."""
    figures = {one["what"]: one["measured"] for one in answers(load("thundering_herd_jitter")) if " from " in one["expect"]}
    assert figures["p99"] == pytest.approx(oracles.mmc_quantile(0.4, SERVICE_MS, SERVERS, 0.99), rel=0.05)


@pytest.mark.parametrize(("base", "waiting"), [("25ms", (3500, 3700)), ("250ms", (3500, 3700)), ("20s", (0, 20))])
def test_retries_are_as_scattered_as_their_back_off_is_wide(base, waiting):
    """Envoy's jitter is full, between nothing and the first interval: 25 ms are none to a herd that takes 2.5 s.

    A quarter of a second after the station died, as many wait as came by then, less what it served.
    """
    retries = {"num_retries": 1, "retry_back_off": {"base_interval": base, "max_interval": base}}
    mesh = Mesh(HERD.with_(routes={"clients -> station": {"retries": retries}}), 1)
    mesh.advance(70 * S + S // 4)
    low, high = waiting
    assert low <= mesh.plane.observe().pods["waiting"].sum() <= high


def test_everybody_waits_when_the_station_dies():
    """That is what makes the herd: those who are inside hear of it at one instant."""
    mesh = Mesh(HERD, 1)
    mesh.advance(70 * S)
    assert mesh.plane.observe().pods["present"].sum() == pytest.approx(CLIENTS, abs=5)
