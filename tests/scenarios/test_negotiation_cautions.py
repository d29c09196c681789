"""What `parley check` says of negotiations that are sound, and seldom meant so."""

from __future__ import annotations

import pytest

from agents.control_plane import ControlPlane
from scenarios.checking import check
from scenarios.load import load
from scenarios.source_files import shipped
from sim.mesh import Mesh
from tests.scenarios.test_witnesses import WORLDS

POOL, CREDITS = "negotiations.pods.pool", "negotiations.relief.credits"
CLAIRVOYANT = "{planner: {view: clairvoyant}}"
IDLE = ("services.lone={endpoints: {run: [{work: 1ms}]}}", "workload.idle={entry: lone.run, arrivals: {poisson: 1/s}}")
NODES = "cluster.nodes={box: {count: 2, cpu: 4, memory: 16Gi}}"
PODS = ("services.left.resources={requests: {cpu: 1}}", "services.right.resources={requests: {cpu: 1500m}}")


def said(world: str, *changes: str) -> list[str]:
    """Warnings about negotiations and their network, of a world of tests/house/worlds, changed."""
    report = check(load(WORLDS / f"{world}.yaml", changes, folder=WORLDS))
    return [one for one in report.warnings if one.startswith(("negotiations", "control_network"))]


@pytest.mark.parametrize(("world", "changes", "sentence"), [
    ("market", [f"{POOL}.by=first_come"], "negotiations.pods.lease: has no effect, for under first_come nothing is leased"),
    ("market", [f"{POOL}.by=selfish"], "negotiations.pods.deadline: has no effect, for under selfish nobody waits for an answer"),
    ("market", [f"{POOL}.by=first_come"], "control_network: carries no message"),
    ("chain", [f"{CREDITS}.by=none"], "negotiations.relief.every: has no effect, for under none nobody does anything"),
    ("crossing", ["negotiations.crossing.spill.by=gossip"], "negotiations.crossing.lease: has no effect, for under gossip"),
    ("crossing", ["negotiations.crossing.spill.by=stay"], "control_network: carries no message"),
    ("crossing", ["negotiations.crossing.spill.by=gossip"], "negotiations.crossing.spill.latency_price: has no effect under gossip"),
    ("crossing", ["negotiations.crossing.spill={service: api, by: selfish, spread: 40%}"], "spill.spread: has no effect under selfish"),
    ("market", [f"{POOL}.by={CLAIRVOYANT}", f"{POOL}.spread=40%"], f"{POOL}.spread: has no effect under a clairvoyant planner"),
    ("crossing", [f"negotiations.crossing.spill={{service: api, by: {CLAIRVOYANT}, spread: 40%}}"], "spill.spread: has no effect under a"),
    ("chain", [f"{CREDITS}.by=none", f"{CREDITS}.floor=30%"], f"{CREDITS}.floor: has no effect under none"),
    ("market", [f"{POOL}.by=selfish"], f"{POOL}.price: has no effect under selfish"),
    ("market", [*IDLE, f"{POOL}.worth={{idle: 9}}"], f"{POOL}.worth.idle: moves nobody, for idle comes to no member of the pool"),
    ("chain", [*IDLE, f"{CREDITS}.worth={{idle: 9}}"], f"{CREDITS}.worth.idle: moves nobody, for idle comes to no service that grants"),
    ("market", [f"{POOL}.by=dual", "routes.'many -> left'.local_rate_limit=null"],
     f"{POOL}.by.dual: leases many so much flow, and many -> left has no local_rate_limit"),
    ("market", [f"{POOL}.price=0/h"], f"{POOL}.price: is 0, so units are wanted as long as they might be of any use"),
    ("market", [NODES, *PODS], f"{POOL}.capacity: is 12, and by what its members request the cluster's nodes hold 8 units at most"),
    ("market", [NODES, *PODS, f"{POOL}.members.left.units=2", f"{POOL}.capacity=17"], "the cluster's nodes hold 16 units at most"),
])  # fmt: skip
def test_what_nobody_heeds_is_said(world: str, changes: list[str], sentence: str) -> None:
    """Each with its place."""
    assert any(sentence in one for one in said(world, *changes)), said(world, *changes)


@pytest.mark.parametrize(("world", "changes"), [
    ("market", []), ("market", [f"{POOL}.by=dual"]), ("chain", []), ("crossing", []),
    ("market", [f"{POOL}.by=first_come", "negotiations.pods.lease=60s", "negotiations.pods.every=5s", "negotiations.pods.deadline=2s",
                "control_network={}"]),
    ("market", [f"{POOL}.by=selfish", "negotiations.pods.lease=60s", "negotiations.pods.every=5s", "negotiations.pods.deadline=2s",
                "control_network={}", f"{POOL}.price=0/h"]),
    ("market", [NODES, *PODS, f"{POOL}.capacity=8"]), ("market", [f"{POOL}.by=planner", f"{POOL}.spread=40%"]),
    ("chain", [f"{CREDITS}.by={CLAIRVOYANT}", f"{CREDITS}.spread=40%"]),
])  # fmt: skip
def test_what_is_meant_is_passed_over(world: str, changes: list[str]) -> None:
    """Defaults that nobody heeds, and a pool that nodes have room for."""
    assert said(world, *changes) == []


@pytest.mark.parametrize(("world", "terms", "is_read"), [
    ("market", POOL, False), ("crossing", "negotiations.crossing.spill", False), ("chain", CREDITS, True)])
def test_a_clairvoyant_planner_reads_a_spread_where_nothing_is_said(world: str, terms: str, is_read: bool) -> None:
    """Whole runs, the same or not."""
    digests = set()
    for spread in ("20%", "80%"):
        mesh = Mesh(load(WORLDS / f"{world}.yaml", [f"{terms}.by={CLAIRVOYANT}", f"{terms}.spread={spread}"], folder=WORLDS), 1)
        ControlPlane(mesh)
        mesh.advance(mesh.scenario.duration)
        digests.add(mesh.plane.digest())
    assert len(digests) == 1 + is_read


def test_shipped_worlds_give_no_cause() -> None:
    """All of them."""
    for name in shipped():
        warned = [one for one in check(load(name)).warnings if one.startswith(("negotiations", "control_network"))]
        assert warned == [], name


def test_credits_by_priority_heed_priorities() -> None:
    """So nothing is said of classes that differ in it."""
    def is_said(by: str) -> bool:
        warnings = check(load(WORLDS / "chain.yaml", [f"{CREDITS}.by={by}"], folder=WORLDS)).warnings
        return any("classes differ in priority" in one for one in warnings)

    assert is_said("credits") and not is_said("strict_priority")


@pytest.mark.parametrize(("changes", "by", "told"), [
    ([], "credits", []),
    (["services.edge.replicas=10"], "credits", ["edge.buy -> middle.write"]),
    (["services.edge.replicas=10"], "none", []),
    (["services.edge.replicas=10", "routes.defaults.view=service"], "planner", []),
    (["services.edge.replicas=10", "routes.defaults.local_rate_limit.token_bucket.fill_interval=10s"], "proportional", []),
    (["workload.buyers.arrivals={poisson: 4/s}"], "strict_priority",
     ["buyers -> edge", "edge.buy -> middle.write", "middle.write -> end.take"]),
])  # fmt: skip
def test_a_gate_may_be_too_coarse_for_credits(changes: list[str], by: str, told: list[str]) -> None:
    """Fewer than five tokens a fill for each bucket: 10 pods of edge send 37/s of buyers, and 50/s of visitors."""
    warnings = check(load(WORLDS / "chain.yaml", [f"{CREDITS}.by={by}", *changes], folder=WORLDS)).warnings
    coarse = [one for one in warnings if "whole tokens a fill" in one]
    assert all("; a longer one is closer" in one for one in coarse)
    assert [one.split(".local_rate_limit")[0].removeprefix("routes.") for one in coarse] == told
