"""Several worlds at once: each lives the life it would live alone."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.control_plane import ControlPlane
from scenarios.load import load, loads
from sim.build import advance_planes, build_plane
from sim.commands import PodReady
from sim.errors import TooManyCalls
from sim.mesh import Mesh, advance_many
from tests.identity.worlds import HORIZON_MS, MS, play, scenarios, scripts

UNTIL_NS = HORIZON_MS * MS
SECOND = 1_000_000_000


def meshes(engine: str = "fast") -> list[Mesh]:
    """Different scenarios and seeds, faults and minds among them."""
    made = [Mesh(load("flash_crowd"), seed, engine) for seed in (1, 2)]
    made += [Mesh(load("fan_out"), 3, engine), Mesh(load("three_tier_retries"), 4, engine), Mesh(load("mm8"), 5, engine)]
    for mesh in made[:2]:
        ControlPlane(mesh)
    return made


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_meshes_together_and_alone(threads: int) -> None:
    """D8: whoever advances beside a mesh, in one call or another thread, its digest is its own."""
    alone, together = meshes(), meshes()
    for mesh in alone:
        mesh.advance(40 * SECOND)
    for until_s in (7, 8, 31, 40):
        advance_many(together, until_s * SECOND, threads)
    assert [mesh.plane.digest() for mesh in together] == [mesh.plane.digest() for mesh in alone]
    assert [mesh.now_ns for mesh in together] == [40 * SECOND] * len(together)


@settings(max_examples=15, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_planes_of_a_batch(data: st.DataObject, seed: int) -> None:
    """D6: generated worlds in one batch, of either engine, each cut at times of its own, with spans kept or not."""
    scenario = data.draw(scenarios())
    script = [act for act in data.draw(scripts(scenario)) if act.at_ns == 0]
    cuts = st.lists(st.integers(0, UNTIL_NS), min_size=3, max_size=3)
    stops = [sorted(row) for row in zip(*[sorted(data.draw(cuts)) for _ in range(3)], strict=True)]
    batch = [build_plane(scenario, seed + i, engine, span_share=share, record=share == 0.0)
             for i, (engine, share) in enumerate([("fast", 0.5), ("reference", 0.0), ("fast", 0.0)])]  # fmt: skip
    for plane in batch:
        play(plane, script, 0)
    for stop in stops:
        advance_planes(batch, stop)
    advance_planes(batch, [UNTIL_NS] * 3)
    alone = [play(build_plane(scenario, seed + i, "fast"), script, UNTIL_NS) for i in range(3)]
    assert [plane.digest() for plane in batch] == [plane.digest() for plane in alone]


def test_one_of_a_batch_cannot_go_on() -> None:
    """Its fault is raised; the others have come as far as the call brought them, and go on."""
    loop = loads("""
version: 1
name: greedy
duration: 10s
services:
  a: {endpoints: {x: [{call: b.y, repeat: 100000}, {call: b.y, repeat: 100000}, {call: b.y, repeat: 100000}]}}
  b: {endpoints: {y: [{work: 1us}]}}
workload: {w: {entry: a.x, arrivals: {constant: 1/s}}}
""")
    good, bad = Mesh(load("mm8"), 1), build_plane(loop, 1)
    for service in ("a", "b"):
        bad.apply(PodReady(service, 0, "local"))
    with pytest.raises(TooManyCalls, match="request 0 made more"):
        advance_planes([good.plane, bad], [10 * SECOND] * 2)
    good.advance(10 * SECOND)
    alone = Mesh(load("mm8"), 1)
    alone.advance(10 * SECOND)
    assert good.plane.digest() == alone.plane.digest()
