"""Faults: whom they strike, what several do together, and that nothing of them stays."""

from __future__ import annotations

import pytest

from scenarios.load import loads
from sim.draws import FAULT, family_key, unit
from sim.laws.failing import is_struck
from sim.mesh import Mesh

S = 1_000_000_000
ROW = """
version: 1
name: row
duration: 5m
cluster: {zones: [east, west]}
services:
  api: {replicas: 8, startup: 1s, endpoints: {get: [{wait: 1500ms}]}}
workload: {few: {entry: api.get, arrivals: {constant: 1/h}}}
"""


def mesh(*faults, replicas=8, arrivals="1/h"):
    """Eight pods in a row, and faults f0, f1, ... to meet them."""
    changes = [f"faults.f{i}={text}" for i, text in enumerate(faults)]
    more = [f"services.api.replicas={replicas}", f"workload.few.arrivals.constant={arrivals}"]
    return Mesh(loads(ROW, [*changes, *more]), 1, "reference")


def states(world, time_ns, what):
    """`slowdown` or `error_rate` by pod number, once everything up to and at a time has happened."""
    world.advance(time_ns + 1)
    return {number: getattr(pod, what) for (_, number), pod in world.plane.by_name.items() if not pod.is_gone}


def struck(name, fraction, numbers, seed=1):
    """The numbers the law picks."""
    offset = unit(family_key(seed, "fault", name), FAULT, 0)
    return {number for number in numbers if is_struck(number, fraction, offset)}


@pytest.mark.parametrize("fraction", [0.0, 0.15, 0.5, 1.0])
def test_a_fraction_of_the_pods_is_struck_by_number(fraction):
    """Exactly those the law picks by the fault's name, and about the fraction of all."""
    world = mesh(f"{{at: 10s, slow: {{service: api, fraction: {fraction}, factor: 3}}}}")
    slow = {number for number, factor in states(world, 10 * S, "slowdown").items() if factor == 3.0}
    assert slow == struck("f0", fraction, range(8))
    assert abs(len(slow) - 8 * fraction) < 1


def test_only_pods_of_the_zone_are_struck():
    """Even numbers are in the east."""
    world = mesh("{at: 10s, errors: {service: api, zone: east, rate: 30%}}")
    assert states(world, 10 * S, "error_rate") == {n: 0.3 if n % 2 == 0 else 0.0 for n in range(8)}


def test_a_fault_is_over_at_its_end():
    """Struck from 10 s to 12 s, and exactly as before from then on."""
    world = mesh("{at: 10s, for: 2s, slow: {service: api, factor: 3}}")
    seen = [set(states(world, time * S, "slowdown").values()) for time in (9, 10, 11, 12)]
    assert seen == [{1.0}, {3.0}, {3.0}, {1.0}]


def test_overlapping_faults_combine():
    """Slowdowns multiply, error rates are those of independent failures; each end takes its own part away."""
    world = mesh(
        "{at: 1s, for: 4s, slow: {service: api, factor: 3}}", "{at: 2s, for: 1s, slow: {service: api, factor: 2}}",
        "{at: 1s, for: 4s, errors: {service: api, rate: 50%}}", "{at: 2s, for: 1s, errors: {service: api, rate: 20%}}",
    )  # fmt: skip
    seen = [(states(world, t * S, "slowdown")[0], states(world, t * S, "error_rate")[0]) for t in (1, 2, 3, 5)]
    assert seen == [(3.0, 0.5), (6.0, pytest.approx(1 - 0.5 * 0.8)), (3.0, 0.5), (1.0, 0.0)]


def test_pods_that_become_ready_during_a_fault_are_struck_too():
    """The same law, by number; a pod that comes later is sound."""
    world = mesh("{at: 10s, for: 10s, slow: {service: api, fraction: 50%, factor: 3}}")
    world.advance(12 * S)
    world.cluster.scale("api", 16)
    slow = {number for number, factor in states(world, 15 * S, "slowdown").items() if factor == 3.0}
    assert slow == struck("f0", 0.5, range(16))
    world.advance(30 * S)
    world.cluster.scale("api", 24)
    assert set(states(world, 35 * S, "slowdown").values()) == {1.0}


def test_who_is_struck_does_not_depend_on_how_many_there_are():
    """Pod 5 of 8 meets the fate of pod 5 of 16: the fault names a fraction, not a pod."""
    fault = "{at: 10s, slow: {service: api, fraction: 40%, factor: 3}}"
    few, many = (states(mesh(fault, replicas=n), 10 * S, "slowdown") for n in (8, 16))
    assert few.items() <= many.items()


def test_a_crash_takes_serving_pods_and_replacements_start():
    """Half of them die at the instant; as many start, with numbers of their own, and no crash meets those."""
    world = mesh("{at: 10s, crash: {service: api, fraction: 50%}}")
    alive = set(states(world, 10 * S, "slowdown"))
    assert alive == set(range(8)) - struck("f0", 0.5, range(8))
    assert world.cluster.counts("api").starting == 8 - len(alive)
    assert set(states(world, 12 * S, "slowdown")) == alive | set(range(8, 16 - len(alive)))


def test_a_crash_meets_draining_pods_too():
    """What they hold is lost at once."""
    world = mesh("{at: 10s, crash: {service: api}}", replicas=2, arrivals="5/s")
    world.advance(10 * S - 1)
    world.cluster.scale("api", 1)
    world.advance(10 * S + 1)
    assert [str(pod.phase) for pod in world.cluster.pods("api")] == ["starting"]
    assert world.plane.observe().pods["lost"].min() > 0


def test_both_engines_meet_the_same_faults():
    """One digest with slow, failing and crashing pods in one run."""
    faults = (
        "{at: 2s, for: 5s, slow: {service: api, fraction: 40%, factor: 3}}",
        "{at: 3s, for: 5s, errors: {service: api, fraction: 60%, rate: 50%}}",
        "{at: 4s, crash: {service: api, fraction: 50%}}",
    )
    changes = [*(f"faults.f{i}={text}" for i, text in enumerate(faults)), "workload.few.arrivals.constant=20/s",
               "services.api.endpoints.get=[{work: {exponential: 90ms}}]"]  # fmt: skip
    worlds = [Mesh(loads(ROW, changes), 1, engine) for engine in ("reference", "fast")]
    for world in worlds:
        world.advance(15 * S)
    assert worlds[0].plane.digest() == worlds[1].plane.digest()
    assert worlds[0].plane.observe().workloads["failed"][0] > 10
