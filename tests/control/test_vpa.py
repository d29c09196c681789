"""The Vertical Pod Autoscaler: its histogram and estimators by Kubernetes' own cases, and what it does in a world."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscaling import vpa
from agents.autoscaling.decaying import Buckets, Decaying, added, reaching
from agents.control_plane import ControlPlane
from scenarios.errors import ScenarioError
from scenarios.load import load, loads
from sim.mesh import Mesh
from tests.scenarios.test_witnesses import WORLDS

S = 1_000_000_000
HOUR_NS, MINUTE_NS = 3600 * S, 60 * S
WIDE = Buckets(first=1.0, ratio=2.0, count=8)  # 0, 1, 3, 7, 15, 31, ...
VALUES = (0.5, 2.0, 5.0, 10.0)  # one in each of the first four, which end at 1, 3, 7 and 15


def test_buckets_are_those_of_kubernetes_own_test() -> None:
    """H29: histogram_options_test.go: up to 500, the first 40 wide, each half as much again: 0, 40, 100, 190, 325, 527.5."""
    buckets = reaching(500.0, 40.0, 1.5)
    assert [buckets.start(bucket) for bucket in range(buckets.count)] == [0, 40, 100, 190, 325, 527.5]
    assert [buckets.of(value) for value in (0, 39.99, 40, 100, 900)] == [0, 0, 1, 2, 5]
    assert vpa.CPU_BUCKETS.count == 176 and vpa.CPU_BUCKETS.start(175) >= 1000 > vpa.CPU_BUCKETS.start(174)


@given(st.floats(0, 1000))
def test_a_value_lies_in_its_bucket(value: float) -> None:
    """H29: not before its start, and before the start of the next."""
    bucket = vpa.CPU_BUCKETS.of(value)
    assert vpa.CPU_BUCKETS.start(bucket) <= value * (1 + 1e-12)
    assert bucket == vpa.CPU_BUCKETS.count - 1 or value < vpa.CPU_BUCKETS.start(bucket + 1) * (1 + 1e-12)


def kept(weights: tuple[float, ...], apart_ns: int) -> Decaying:
    """VALUES with weights, each so long after the one before."""
    histogram = Decaying(WIDE, HOUR_NS)
    for index, (value, weight) in enumerate(zip(VALUES, weights, strict=True)):
        histogram = added(histogram, value, weight, index * apart_ns)
    return histogram


@pytest.mark.parametrize(("share", "end"), [(0.0, 1), (0.1, 1), (0.2, 3), (0.3, 3), (0.4, 7), (0.6, 7), (0.7, 15), (1.0, 15)])
def test_percentiles_by_hand(share: float, end: float) -> None:
    """H29: weights 1, 2, 3, 4 of ten at one time: the end of the bucket that reaches the share (TestPercentiles)."""
    assert kept((1, 2, 3, 4), 0).percentile(share) == end


@pytest.mark.parametrize(("share", "end"), [(0.0, 1), (0.02, 1), (0.03, 3), (0.10, 3), (0.11, 7), (0.34, 7), (0.35, 15), (1.0, 15)])
def test_percentiles_of_what_fades_by_hand(share: float, end: float) -> None:
    """H29: the same an hour apart, a half-life: 1/8, 2/4, 3/2 and 4 of 6.125 (TestDecayingHistogramPercentiles)."""
    assert kept((1, 2, 3, 4), HOUR_NS).percentile(share) == end


def test_what_has_faded_away_is_forgotten() -> None:
    """H29: 20 half-lives leave a thousandth a millionth of it; 101 leave nothing, and the scale is begun anew (TestLongtermDecay)."""
    heavy = added(Decaying(WIDE, HOUR_NS), 2.0, 1000, 0)
    later = added(heavy, 0.5, 1, 20 * HOUR_NS)
    assert (later.percentile(0.999), later.percentile(1.0)) == (1, 3)
    assert added(heavy, 0.5, 1, 120 * HOUR_NS).weights == {0: 1.0}
    assert Decaying(WIDE, HOUR_NS).percentile(0.9) == 0.0


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 10**6)), min_size=1, max_size=30), st.floats(0, 1))
def test_percentiles_cover_their_share(samples: list[tuple[float, int]], share: float) -> None:
    """H29: without time between them, at least so many samples lie below a percentile, which is at most a bucket too high."""
    histogram = Decaying(vpa.CPU_BUCKETS, HOUR_NS)
    for value, _ in samples:
        histogram = added(histogram, value, 0.1, 0)
    found, values = histogram.percentile(share), sorted(value for value, _ in samples)
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
    next_one = values[min(len(values) - 1, math.floor(share * len(values) + 1e-9))]  # sums of weights may fall on either side of a share
    assert found <= max(0.01, next_one) * 1.06 + 0.0111


def seen(count: int, millicores: int, apart_ns: int) -> vpa.Usage:
    """So many equal samples."""
    usage = vpa.nothing_seen()
    for index in range(count):
        usage = vpa.sampled(usage, millicores, index * apart_ns)
    return usage


@pytest.mark.parametrize(("interval_ns", "known"), [(24 * HOUR_NS, 0.00625), (18 * MINUTE_NS, 0.5)])
def test_confidence_is_that_of_kubernetes_own_test(interval_ns: int, known: float) -> None:
    """H30: nine samples two minutes apart are worth 9/1440 of a day, and half of 18 minutes (estimator_test.go)."""
    assert vpa.confidence(seen(9, 1000, 2 * MINUTE_NS), interval_ns) == pytest.approx(known)


def test_a_recommendation_by_hand() -> None:
    """H30: 1 core steadily, 36 hours of a sample a minute: c = 1.5 days.

    1 core lies in bucket 36, which ends at 0.01 * (1.05^37 - 1)/0.05 = 1.016281 cores: 1016m, and 152m margin make 1168m. Lower: times
    (1 + 0.001/1.5)^-2 = 0.998668, 1166m; upper: times 1 + 1/1.5, 1946m.
    """
    usage = seen(36 * 60 + 1, 1000, MINUTE_NS)
    assert vpa.recommended(vpa.Recommender(), usage) == vpa.Recommendation(1166, 1168, 1946)
    assert vpa.recommended(vpa.Recommender(min_allowed=1167, max_allowed=1500), usage) == vpa.Recommendation(1167, 1168, 1500)


def test_little_known_evicts_nobody() -> None:
    """H30: of one sample the lower bound is the least there is and the upper bound is none; of no sample there is nothing."""
    advice = vpa.recommended(vpa.Recommender(), seen(1, 1000, 0))
    assert advice == vpa.Recommendation(25, 1168, vpa.AMOUNT_MAX)
    assert str(advice) == "target 1168m of 25m … any"
    assert vpa.recommended(vpa.Recommender(), vpa.nothing_seen()) is None


@pytest.mark.parametrize(("hours", "times"), [(12, 3.0), (24, 2.0), (7 * 24, 1.14)])
def test_the_upper_bound_comes_down_as_recommender_go_says(hours: int, times: float) -> None:
    """H30: three times after half a day, twice after one, 1.14 times after a week."""
    advice = vpa.recommended(vpa.Recommender(), seen(hours * 60 + 1, 1000, MINUTE_NS))
    assert advice is not None and advice.upper / 1168 == pytest.approx(times, abs=0.01)


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=40), st.integers(1, 10**13))
def test_bounds_are_in_order(usages: list[int], apart_ns: int) -> None:
    """H30: whatever was seen, lower <= target <= upper, all at least the least and finite."""
    usage = vpa.nothing_seen()
    for index, millicores in enumerate(usages):
        usage = vpa.sampled(usage, millicores, index * apart_ns)
    advice = vpa.recommended(vpa.Recommender(), usage)
    assert advice is not None and 25 <= advice.lower <= advice.target <= advice.upper <= vpa.AMOUNT_MAX


ADVICE = vpa.Recommendation(150, 200, 400)
OLD, YOUNG = 0, 13 * HOUR_NS  # at 14 h


@pytest.mark.parametrize(("request_", "start_ns", "is_due"), [
    (149, YOUNG, True), (150, YOUNG, False), (400, YOUNG, False), (401, YOUNG, True), (401, None, True),
    (150, OLD, True), (200, OLD, False), (190, OLD, False), (222, OLD, False), (223, OLD, True), (300, None, False)])  # fmt: skip
def test_who_is_due_by_hand(request_: int, start_ns: int | None, is_due: bool) -> None:
    """H31: outside of 150m to 400m always; within, after 12 h, if 200m is a tenth of the request away or more: 22/222 is not, 23/223 is."""
    assert bool(vpa.due(vpa.Updater(), ADVICE, [vpa.SizedPod(0, request_, start_ns)], 14 * HOUR_NS)) == is_due


def test_those_that_are_to_grow_come_first() -> None:
    """H31: 100m (+100 %), 140m (+43 %), then 900m (-78 %) and 500m (-60 %)."""
    pods = [vpa.SizedPod(order, request, 0) for order, request in enumerate((500, 140, 900, 100))]
    assert [pod.request for pod in vpa.due(vpa.Updater(), ADVICE, pods, 0)] == [100, 140, 900, 500]


@pytest.mark.parametrize(("running", "pending", "replicas", "tolerance", "least", "gone"), [
    (4, 0, 4, 0.5, 2, 2), (3, 0, 4, 0.5, 2, 1), (2, 0, 4, 0.5, 2, 0), (1, 0, 1, 0.5, 2, 0), (1, 0, 1, 0.5, 1, 1), (3, 0, 3, 0.0, 2, 1),
    (2, 0, 3, 0.0, 2, 0), (3, 1, 4, 0.5, 2, 2), (0, 3, 3, 0.5, 2, 3), (5, 0, 4, 0.5, 2, 3),
    (1, 1, 2, 0.5, 3, 1), (0, 1, 1, 0.5, 2, 1)])  # fmt: skip
def test_how_many_go_at_once_by_hand(running: int, pending: int, replicas: int, tolerance: float, least: int, gone: int) -> None:
    """H31: half of four may be missing; one of one, or where the tolerance comes to none, if nobody is; pending ones always, even of

    fewer pods than minReplicas.
    """
    pods = [vpa.SizedPod(order, 100, 0 if order < running else None) for order in range(running + pending)]
    flags = vpa.Updater(min_replicas=least, eviction_tolerance=tolerance)
    assert len(vpa.evicted(flags, pods, pods, replicas)) == gone


@pytest.mark.parametrize(("limit", "request_", "target", "new"), [
    (None, 100, 300, None), (100, 100, 300, 300), (250, 100, 300, 750), (100, 30, 31, 103)])  # fmt: skip
def test_limits_keep_their_proportion(limit: int | None, request_: int, target: int, new: int | None) -> None:
    """H32: rounded down; none stays none."""
    assert vpa.limit_for(limit, request_, target) == new


def lived(*changes: str, engine: str = "reference", until: int = 24 * S) -> ControlPlane:
    """Their own small world."""
    mesh = Mesh(load(WORLDS / "sizing.yaml", list(changes), folder=WORLDS), 1, engine)
    plane = ControlPlane(mesh)
    mesh.advance(until)
    return plane


def told(mode: str) -> str:
    """A change to that updateMode, with what it knows."""
    return f"agents.tight.sizing.vpa={{updateMode: {mode}, recommender_interval: 1s, confidence_interval_cpu: 2s}}"


def test_pods_that_are_too_small_grow_in_a_world() -> None:
    """H31, H32: four pods of 200m cannot do 1.2 cores of work; their successors request more, may use more, and do it."""
    plane = lived()
    sizes = [pod.size for pod in plane.mesh.cluster.pods("tight")]
    assert all(size.requests.cpu and size.requests.cpu > 200 for size in sizes)
    assert all(size.cpu_limit == vpa.limit_for(200, 100, size.requests.cpu or 0) for size in sizes)
    rows = [row for row in plane.decisions if row.service == "tight" and "evicts" in row.reason]
    assert any(row.before == 100 and row.after == row.recommended and row.applied for row in rows)
    done = [int(each.mesh.plane.observe().workloads["succeeded"][0]) for each in (plane, lived(told("Off")))]
    assert done[0] > 1.1 * done[1]


@pytest.mark.parametrize("mode", ["Off", "Initial"])
def test_modes_that_evict_nobody(mode: str) -> None:
    """H32: Off tells, and new pods stay as the file has them; Initial sizes pods that come, of which there are none."""
    plane = lived(told(mode), until=10 * S)
    rows = [row for row in plane.decisions if row.service == "tight"]
    assert all(pod.size.requests.cpu == 100 for pod in plane.mesh.cluster.pods("tight"))
    assert any(row.applied for row in rows) == (mode == "Initial")
    assert (plane.mesh.cluster.size("tight").requests.cpu == 100) == (mode == "Off")
    assert mode == "Initial" or all(row.before == row.after == 100 and (row.recommended or 0) > 100 for row in rows)


def test_intervals_that_do_not_divide_each_other_wake_it_for_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """H29, H31: at 1 s and 1.000001 s it is woken twice a second, not a million times, and does what is due."""
    mesh = Mesh(load(WORLDS / "sizing.yaml", ["agents.tight.sizing.vpa.updater_interval=1.000001s"], folder=WORLDS), 1, "reference")
    plane, woken = ControlPlane(mesh), list[int]()
    policy = plane.seats["tight/size"].policy
    decide = policy.decide
    monkeypatch.setattr(policy, "decide", lambda view: (woken.append(view.now_ns), decide(view))[1])
    mesh.advance(3 * S + 1)
    assert woken == [S, S + 1000, 2 * S, 2 * S + 2000, 3 * S]
    assert next(row.time_ns for row in plane.decisions if row.service == "tight") == S


def test_a_request_is_what_others_go_by() -> None:
    """H32: nodes are reserved for what pods request now, and an HPA's percentages are of it."""
    text = (WORLDS / "sizing.yaml").read_text() + "\ncluster: {nodes: {pool: {count: 1, cpu: 16, memory: 64Gi}}}\n"
    mesh = Mesh(loads(text), 1, "reference")
    plane = ControlPlane(mesh)
    mesh.advance(24 * S)
    (node,) = mesh.cluster.nodes
    assert node.cpu_reserved == sum(pod.size.requests.cpu or 0 for name in ("tight", "roomy") for pod in mesh.cluster.pods(name))
    view = plane.view(plane.seats["tight/size"])
    assert {pod.request_millicores for pod in view.pods} == {pod.size.requests.cpu for pod in mesh.cluster.pods("tight")}


MISTAKES = [
    ("services.tight.resources.requests={}", "pods of tight request no cpu; give services.tight.resources.requests.cpu"),
    ("services.tight.resources.cpu_model=fcfs", "give services.tight.resources.cpu_model: cfs, or controlledValues: RequestsOnly"),
    ("agents.tight.sizing.vpa.minAllowed=4", "minAllowed (4000m) is more than maxAllowed (3000m)"),
    ("agents.tight.sizing.vpa.updateMode=Auto", "'Auto'"),
    ("agents.tight.sizing.vpa.updateMode=Off", "minReplicas means nothing with updateMode Off, under which no pod is evicted"),
    ("agents.tight.sizing.vpa={updateMode: Initial, pod_update_threshold: 5%}", "pod_update_threshold means nothing with"),
    ("agents.tight.sizing.vpa={updateMode: Off, controlledValues: RequestsOnly}", "under which no pod is changed"),
    ("agents.tight.sizing.vpa.recommendation_lower_bound_cpu_percentile=91%",
     "percentiles are out of order: the lower bound's is 0.91, the target's 0.9 and the upper bound's 0.95"),
    ("agents.tight.sizing.vpa.recommendation_upper_bound_cpu_percentile=80%", "percentiles are out of order"),
    ("agents.tight.sizing=vap", "did you mean 'vpa'?"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), MISTAKES)
def test_mistakes_are_answered_with_the_rule(change: str, sentence: str) -> None:
    """Combinations that mean nothing, names that are not there."""
    with pytest.raises(ScenarioError) as caught:
        lived(change, until=1)
    assert sentence in str(caught.value)
