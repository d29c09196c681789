"""Failures by chance: how many, how long, how many together, and that nobody's doing moves them."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest

from scenarios.errors import ScenarioError
from scenarios.load import loads
from scenarios.schema.units import HOUR_NS
from sim.platform.outages import GOOGLE_FIRST_YEAR, YEAR_NS, outages, risks, timeline
from sim.platform.scheduling import Scheduler
from tests.control.yards import S, at, entered, life, mesh

YARD = """
version: 1
name: yard
duration: 1h
cluster:
  zones: [east, west]
  nodes: {box: {count: 4, cpu: 4, memory: 4Gi, rack_size: 2}}
services:
  api: {replicas: 8, startup: 5s, resources: {requests: {cpu: 1}}, endpoints: {get: [{work: 10ms}]}}
  db: {replicas: 4, startup: 5s, endpoints: {get: [{work: 10ms}]}}
workload: {few: {entry: api.get, arrivals: {constant: 10/s}}}
"""
DOWN = "failures.processes.m={domain: %s, mtbf: 10m, duration: {exponential: 2m}, common_cause: %s, effect: down}"


def failing(*changes, text=YARD):
    """A scenario and its nodes."""
    world = loads(text, list(changes))
    return world, Scheduler(world.cluster).nodes


def first_year(seeds):
    """How often each risk of the preset comes true, seed by seed."""
    size = ["cluster.nodes.box.count=900", "cluster.nodes.box.rack_size=60", "cluster.regions.all=[east, west]",
            "failures.preset=google_first_year"]  # fmt: skip
    world, nodes = failing(*size)
    return [Counter(one.risk.name for one in timeline(world, seed, nodes, YEAR_NS)) for seed in seeds]


@pytest.mark.parametrize("count", [16, pytest.param(40, marks=pytest.mark.slow)])
def test_a_google_clusters_first_year(count):
    """F9: of 1,800 machines in 30 racks, year upon year: 1000 machines, 20 racks, 5 wonky ones, 1 PDU, 3 routers, half a heat."""
    years = first_year(range(count))
    for (name, *_), expected in zip(GOOGLE_FIRST_YEAR, (1000, 20, 5, 1, 3, 0.5), strict=True):
        mean = sum(year[name] for year in years) / count
        assert abs(mean - expected) <= 4.5 * math.sqrt(expected / count), name


def test_availability_is_that_of_an_alternating_renewal():
    """F7: MTBF 10 min, repair 2 min on average: up 10/12 of the time; 5 deviations of the renewal's central limit."""
    (risk,) = risks(failing(DOWN % ("node", 0))[0].failures)
    down = cycles = 0
    horizon = 20_000 * 720 * S
    for begins, ends in itertools.takewhile(lambda times: times[0] < horizon, outages(risk, 7)):
        down, cycles = down + min(ends, horizon) - begins, cycles + 1
    deviation = math.sqrt(2 * (600 * 120) ** 2 / 720**3 / (horizon / S))  # of the share of time down, up and down exponential
    assert abs(down / horizon - 120 / 720) <= 5 * deviation
    assert abs(cycles - 20_000) <= 5 * math.sqrt(20_000)


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_common_causes_leave_a_domains_own_rate(share):
    """F8: whatever share of a node's failures is common to its rack, it fails as often: the beta-factor model."""
    world, nodes = failing(DOWN % ("node", share), "failures.processes.m.duration=1ms")
    hits: Counter[str] = Counter()
    for one in (one for seed in range(20) for one in timeline(world, seed, nodes, 10 * HOUR_NS)):
        hits.update(node.name for node in one.domain.nodes)
    assert len(hits) == 8
    for count in hits.values():
        assert abs(count - 1200) <= 5 * math.sqrt(1200)


def test_common_causes_strike_siblings_together():
    """F8: with all causes common every failure takes the two nodes of a rack, the four of a zone, or all eight."""
    for domain, parent, size in (("node", "rack", 2), ("rack", "zone", 4), ("zone", "region", 4), ("region", "cluster", 8)):
        world, nodes = failing(DOWN % (domain, 1))
        found = timeline(world, 1, nodes, 10 * HOUR_NS)
        assert {(one.domain.name.split(":")[0], len(one.domain.nodes)) for one in found} == {(parent, size)}


def test_who_fails_when_depends_on_names_only():
    """F7: another node, another process, another policy: what was there fails as before."""
    less, nodes = failing(DOWN % ("node", "20%"))
    more, others = failing(DOWN % ("node", "20%"), "cluster.nodes.new={count: 1, cpu: 1, memory: 1Gi}", "services.api.replicas=2",
                           "failures.processes.x={domain: zone, mtbf: 1m, duration: 1s, effect: down}")  # fmt: skip
    before = {(one.domain.name, one.begins_ns, one.ends_ns) for one in timeline(less, 1, nodes, HOUR_NS) if one.risk.name == "m"}
    after = {(one.domain.name, one.begins_ns, one.ends_ns) for one in timeline(more, 1, others, HOUR_NS) if one.risk.name == "m"}
    assert before < after
    assert {name for name, *_ in after - before} <= {f"{kind}:new-{zone}-0" for kind in ("node", "rack") for zone in ("east", "west")}


@pytest.mark.parametrize("replicas", [2, 8])
def test_nodes_go_down_as_the_timeline_says(replicas):
    """F7: at every whole minute those nodes are down that are in an outage, whoever runs there."""
    world = mesh(YARD, DOWN % ("node", "20%"), f"services.api.replicas={replicas}")
    found = timeline(world.scenario, 1, world.cluster.nodes, HOUR_NS)
    for minute in range(1, 60):
        world.advance(minute * 60 * S)
        now = {node.name for one in found if one.begins_ns < minute * 60 * S <= one.ends_ns for node in one.domain.nodes}
        assert {node.name for node in world.cluster.nodes if node.is_down} == now
    assert len(found) > 10


def test_pods_crash_by_their_own_addresses():
    """F7: pod 3 dies as long after it was ready whether it was there from the start or is asked for later."""
    crashes = "failures.processes.c={domain: pod, services: [api], mtbf: 1m, effect: down}"
    at_once = mesh(YARD, crashes, "services.api.replicas=4", until_s=600)
    later = mesh(YARD, crashes, "services.api.replicas=3", "cluster.nodes={}", until_s=0)
    at(later, 1, later.cluster.scale, "api", 4)
    later.advance(600 * S)
    ages = [entered(world, "gone")[3] - entered(world, "ready")[3] for world in (at_once, later)]
    assert ages[0] == pytest.approx(ages[1], abs=1e-6)
    assert not entered(at_once, "gone", "db")


def test_pods_may_be_ill_and_get_well():
    """F7: slow and sound in turns; never while it is not there."""
    ill = "failures.processes.i={domain: pod, services: [api], mtbf: 20s, duration: 10s, effect: {slow: 4}}"
    world = mesh(YARD, ill)
    seen = Counter(pod.slowdown for second in range(1, 600) for pod in (world.advance(second * S), world.cluster.pods("api"))[1])
    assert set(seen) == {1.0, 4.0}
    assert abs(seen[4.0] / seen.total() - 1 / 3) < 0.05


def test_neighbours_suffer_together():
    """F7: an antagonist on a node slows every pod on it, of whatever service, and no other."""
    world = mesh(YARD, "failures.processes.n={domain: node, mtbf: 1m, duration: 30s, effect: {slow: 3}}")
    found, met = timeline(world.scenario, 1, world.cluster.nodes, HOUR_NS), 0
    for second in range(10, 600, 10):
        world.advance(second * S)
        noisy = [node.name for one in found if one.begins_ns < second * S <= one.ends_ns for node in one.domain.nodes]
        for pod in (*world.cluster.pods("api"), *world.cluster.pods("db")):
            assert pod.slowdown == 3.0 ** noisy.count(pod.node)
        met += len(noisy)
    assert met > 50


def test_a_release_fails_as_one():
    """F8: at any time all pods of a revision fail alike, while a rollout is half way too."""
    cohort = "failures.processes.r={domain: release, services: [api], mtbf: 1m, duration: 20s, effect: {errors: 40%}}"
    world = mesh(YARD, cohort, "rollouts.v2={at: 1m, service: api}", "services.api.startup=100s")
    rates = Counter()
    for second in range(61, 161):
        world.advance(second * S)
        for revision in (0, 1):
            pods = [pod for pod in world.cluster.pods("api") if pod.revision == revision and pod.is_serving]
            rates[revision, frozenset(pod.error_rate for pod in pods)] += 1
    assert all(len(found) <= 1 for _, found in rates)
    world.advance(1000 * S)
    assert {pod.revision for pod in world.cluster.pods("api")} == {1}


@pytest.mark.parametrize(("more", "struck"), [("domain: dependency, services: [api]", {"api"}), ("domain: config", {"api", "db"})])
def test_what_is_shared_fails_for_all(more, struck):
    """F8: a dependency strikes those that depend on it, a config push everybody, all at one instant."""
    world = mesh(YARD, f"failures.processes.s={{{more}, mtbf: 30s, duration: 30s, effect: {{errors: 100%}}}}")
    met = set()
    for second in range(1, 300):
        world.advance(second * S)
        bad = {name for name in ("api", "db") if all(pod.error_rate == 1.0 for pod in world.cluster.pods(name))}
        assert bad in (set(), struck)
        met |= bad
    assert met == struck


def test_both_engines_meet_the_same_failures():
    """D8: one digest with nodes down, pods crashing and neighbours at once."""
    changes = [DOWN % ("rack", "30%"), "failures.processes.n={domain: node, mtbf: 20s, duration: 5s, effect: {slow: 3}}",
               "failures.processes.c={domain: pod, mtbf: 2m, effect: down}"]  # fmt: skip
    one, other = (mesh(YARD, *changes, until_s=900, engine=engine, seed=2) for engine in ("reference", "fast"))
    assert one.plane.digest() == other.plane.digest()
    assert life(one, 0) == life(other, 0)
    assert one.plane.observe().workloads["failed"][0] > 10


@pytest.mark.parametrize(
    ("process", "sentence"),
    [
        ("{domain: config, mtbf: 1m, duration: 1s, effect: down}", "domain config cannot be down"),
        ("{domain: node, services: [api], mtbf: 1m, duration: 1s, effect: down}", "is down for all; leave them out"),
        ("{domain: config, mtbf: 1m, duration: 1s, common_cause: 10%, effect: {slow: 2}}", "no parent that common causes could strike"),
        ("{domain: dependency, mtbf: 1m, duration: 1s, effect: {slow: 2}}", "name the services that depend on it"),
        ("{domain: node, mtbf: 1m, effect: down}", "last no time; give a duration"),
        ("{domain: node, services: [apy], mtbf: 1m, duration: 1s, effect: {slow: 2}}", "is not a service of this world"),
    ],
)
def test_nonsense_is_refused(process, sentence):
    """What cannot be meant is told, with what would be."""
    with pytest.raises(ScenarioError, match=sentence):
        loads(YARD, [f"failures.processes.p={process}"])
