"""Windows say what two observations say: row by row here, many at once there."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

import parley
from parley.recording.snapshots import EXACT, PHASES, Busyness, Lookout, PodTimes, quotients
from scenarios.load import loads
from sim.laws.measuring import BUCKETS
from sim.mesh import Mesh
from sim.telemetry import TALLIED, Grown, HistogramGrowth, quantile_ns
from tests.parley.worlds import SHOP

REQUEST, THREAD, LIMIT = "resources: {requests: {cpu: 250m}, limits: {cpu: 1500m}}", "model: thread", "resources: {limits: {cpu: 500m}}"
METERS = f"""
version: 1
name: meters
duration: 1s
services:
  asked: {{workers: 2, startup: 1s, {REQUEST}, endpoints: {{x: [{{work: 2ms}}]}}}}
  held: {{workers: 3, {THREAD}, endpoints: {{x: [{{work: 2ms}}]}}}}
  free: {{workers: 2, {LIMIT}, endpoints: {{x: [{{work: 2ms}}]}}}}
workload: {{w: {{mix: {{asked.x: 1, held.x: 1, free.x: 1}}, arrivals: {{poisson: 300/s}}}}}}
"""


def rows_of(frame, kind):
    """Rows of one window and kind, as mappings."""
    return [row for row in frame.to_dict("records") if row["kind"] == kind]


@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_rows_are_the_difference_of_two_observations(engine, tmp_path):
    """The window [2.0 s, 2.1 s) of every class and service, from two looks at a world of one's own."""
    world = loads(SHOP)
    run = parley.run(world, seed=3, engine=engine, until="2200ms", out=tmp_path / "run")
    windows = run.windows[run.windows.start_ns == 2_000_000_000]
    mesh, seen = Mesh(world, 3, engine), []
    for time_ns in (2_000_000_000, 2_100_000_000):
        mesh.advance(time_ns)
        seen.append(mesh.plane.observe())
    before, after = seen
    for i, row in enumerate(rows_of(windows, "class")):
        change = {name: int(after.workloads[name][i] - before.workloads[name][i]) for name in after.workloads.dtype.names}
        assert [row[name] for name in ("offered", "succeeded", "failed")] == [change[name] for name in ("offered", "succeeded", "failed")]
        assert row["in_flight"] == after.alive[i]
        assert row["latency_mean_ms"] == change["latency_ns"] / change["succeeded"] / 1e6
        assert row["latency_p90_ms"] == quantile_ns(after.workload_histogram[i] - before.workload_histogram[i], 0.9) / 1e6
    for i, row in enumerate(rows_of(windows, "service")):
        mine = after.pod_service == i
        assert row["visits"] == (after.pods["visits"] - before.pods["visits"])[mine].sum()
        assert row["inside_p99_ms"] == quantile_ns(after.service_histogram[i] - before.service_histogram[i], 0.99) / 1e6
        assert row["waiting"] == (after.pods["waiting_area_ns"] - before.pods["waiting_area_ns"])[mine].sum() / 1e8
        assert (row["desired"], row["ready"], row["pending"]) == (2, 2, 0)


def test_quantiles_of_many_rows_are_those_of_each():
    """Rows that are empty, of one entry and of many, at any q."""
    rng = np.random.default_rng(1)
    before, growth = HistogramGrowth(), rng.poisson(0.002, (7, BUCKETS)) * rng.integers(1, 9, (7, BUCKETS))
    growth[3], growth[5] = 0, np.eye(1, BUCKETS, 77)[0]
    start = rng.integers(0, 9, growth.shape)
    before.take(start)
    assert len(before.take(start).at) == 0
    grown = before.take(start + growth)
    for stacked, rows in ((grown, growth), (Grown.stacked([grown, grown], 7), [*growth, *growth])):
        for q, found in zip((0.0, 0.5, 0.99, 1.0), stacked.quantiles_ns(len(rows), 0.0, 0.5, 0.99, 1.0), strict=True):
            assert np.array_equal(found, [quantile_ns(row, q) for row in rows], equal_nan=True)


def test_quotients_are_pythons():
    """Rounded once however large, nan by 0; Python's own division is the oracle."""
    rng = random.Random(1)
    for most in (100, EXACT, 2**62, 2**70):
        pairs = [(rng.randrange(most), rng.randrange(most)) for _ in range(200)] + [(5, 0), (0, 7)]
        parts, wholes = (np.array(side, dtype=object if most > 2**63 else np.int64) for side in zip(*pairs, strict=True))
        expected = [part / whole if whole else math.nan for part, whole in pairs]
        assert np.array_equal(quotients(parts, wholes), expected, equal_nan=True)


@pytest.mark.parametrize("most", [10**9, 10**14, 2**61])
def test_utilization_is_exact_however_long_a_window(most):
    """By the cpu request, by workers and by cores: one division of integers each, in windows of a second to a century."""
    layout, rng = Mesh(loads(METERS)).plane.layout, random.Random(2)
    grown, serving = np.zeros((3, len(TALLIED)), dtype=np.int64), np.array([rng.randrange(1, most) for _ in range(3)])
    areas = {name: [rng.randrange(most // 2, most) for _ in range(3)] for name in ("working", "present")}
    areas |= {name: [rng.randrange(most // 2) for _ in range(3)] for name in ("slow", "waiting")}
    for name, values in areas.items():
        grown[:, TALLIED[f"{name}_area_ns"]] = values
    serving_ns = serving.tolist()
    expected = [
        (areas["working"][0] * 1000 - areas["slow"][0] * 500) / (250 * serving_ns[0]),
        (areas["present"][1] - areas["waiting"][1]) / (3 * serving_ns[1]),
        areas["working"][2] / (0.5 * serving_ns[2]),
    ]
    assert Busyness(layout, np.array([500, 0, 500])).utilization(grown, serving).tolist() == expected


def test_pods_are_counted_as_the_cluster_counts_them():
    """By phase, from the log alone, while pods come, wait for room, start, drain and go; their time is the integral."""
    mesh, elapsed = Mesh(loads(METERS + "cluster: {nodes: {box: {count: 1, cpu: 1, memory: 4Gi, price: 1/h}}}\n")), 500_000_000
    times, taken, area, seen = PodTimes(mesh.plane.layout.services), 0, 0, set()
    for turn, replicas in enumerate((1, 6, 6, 5, 3, 1, 2, 0, 7, 7)):
        mesh.advance(turn * elapsed)
        mesh.cluster.scale("asked", replicas)
        if turn == 3:
            mesh.cluster.crash("asked", 0)
        mesh.advance(turn * elapsed + 1)  # all that the platform does falls on these instants
        times.take(mesh.cluster.log[taken:])
        taken = len(mesh.cluster.log)
        counts = mesh.cluster.counts("asked")
        now = np.array([getattr(counts, phase.value) for phase in PHASES])
        assert times.counts()[:, 0].tolist() == now.tolist()
        assert mesh.cluster.desired() == [replicas, 1, 1]
        assert times.at(turn * elapsed + 1)[:, 0].tolist() == (area + now).tolist()
        area, seen = area + now * elapsed, seen | {phase for phase, n in zip(PHASES, now, strict=True) if n}
    assert seen == set(PHASES)


def test_a_snapshot_adds_up_all_pods():
    """Services in the order of the file, whoever became ready first; visits and requests as observed."""
    mesh = Mesh(loads(SHOP), 2)
    mesh.advance(3 * 10**9)
    seen = mesh.plane.observe()
    taken = Lookout(mesh.plane.layout, mesh.cluster).snapshot(mesh.plane.glance())
    assert (taken.visits, taken.offered) == (seen.pods["visits"].sum(), seen.workloads["offered"].sum())
    for i in range(len(taken.services)):
        for name, place in TALLIED.items():
            assert taken.services[i, place] == seen.pods[name][seen.pod_service == i].sum()


@pytest.mark.parametrize(("model", "busy", "stalled", "throttled"), [("ps", 0.5, 1.0, 0), ("cfs", 0.5, 1.5, 10)])
def test_cores_that_are_shared(model, busy, stalled, throttled, tmp_path):
    """L12, L13: two who always work under a limit of 500m use half a core; a period's quota is gone after a quarter of it."""
    spec = f"resources: {{requests: {{cpu: 250m}}, limits: {{cpu: 500m}}, cpu_model: {model}}}"
    run = parley.run(loads(f"""
version: 1
name: shared
duration: 2s
warmup: 1s
services: {{a: {{workers: 2, {spec}, endpoints: {{x: [{{work: 1h}}]}}}}}}
workload: {{w: {{entry: a.x, arrivals: {{users: {{count: 2, think: 0s}}}}}}}}
"""), out=tmp_path / "run")  # fmt: skip
    rows = [row for row in rows_of(run.windows, "service") if row["start_ns"] >= 1_000_000_000]
    assert np.mean([row["busy_cores"] for row in rows]) == pytest.approx(busy)
    assert np.mean([row["utilization"] for row in rows]) == pytest.approx(busy / 0.25)
    assert sum(row["throttled"] for row in rows) == throttled
    assert np.mean([row["stalled"] for row in rows]) == pytest.approx(stalled)
