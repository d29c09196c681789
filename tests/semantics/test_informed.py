"""Balancers that are told how pods fare, that ask, or that know."""

from __future__ import annotations

from collections import Counter

import pytest

from sim.commands import PodDraining, PodFailing, PodGone, PodSlowed
from sim.plane import DataPlane
from tests.worlds import plane_of, rows, told

SENT = 1
EVERY_MS = "workload: {w: {entry: a.x, arrivals: {constant: 1000/s}}}"


def places(plane: DataPlane, upto_ms: float) -> list[int]:
    """Pods that tries were sent to up to a time, in order."""
    return [row.place for row in rows(plane, upto_ms + 0.5) if row.kind == SENT]


def plane_by(policy: str, engine: str, work: str = "1ms", replicas: int = 3, more: str = EVERY_MS) -> DataPlane:
    """A service of some pods, of four workers each, whose clients go by a policy."""
    return plane_of(f"""
services: {{a: {{replicas: {replicas}, workers: 4, endpoints: {{x: [{{work: {work}}}]}}}}}}
routes: {{w -> a: {{lb_policy: {policy}}}}}
{more}
""", engine)  # fmt: skip


WEIGHTS = "{weighted_round_robin: {blackout_period: 1s, weight_update_period: 100ms}}"


def test_weights_follow_reports(engine):
    """B16, B17: a pod five times slower says 333/s at 0.42 of its cores where others say 333/s at 0.083; after the blackout it gets a
    fifth of what they get, until its weight, reported at ever fewer calls, has grown stable."""
    plane = plane_by(WEIGHTS, engine)
    plane.apply(PodSlowed("a", 0, 5.0))
    assert Counter(places(plane, 1000)) == pytest.approx({0: 333, 1: 333, 2: 333}, abs=2)
    places(plane, 3000)
    later = Counter(places(plane, 5000))
    assert later[0] * 5 == pytest.approx(later[1], rel=0.05)
    assert later[1] == pytest.approx(later[2], rel=0.02)


def test_failures_weigh(engine):
    """B16: of half the answers failures, at 0.083 of its cores, a penalty of 1 adds a half: the weight falls to a seventh."""
    plane = plane_by(WEIGHTS, engine)
    plane.apply(PodFailing("a", 0, 0.5))
    places(plane, 3000)
    later = Counter(places(plane, 6000))
    assert later[0] < later[1] / 4


def test_without_reports_in_turn(engine):
    """B16, B17: in the default blackout of ten seconds all weigh the same."""
    sent = places(plane_by("weighted_round_robin", engine), 60)
    assert all(set(sent[i : i + 3]) == {0, 1, 2} for i in range(0, 60, 3))


def test_probes_are_numbered_and_serve_later_calls(engine):
    """B18: the first call finds no probe; its three have the numbers 1 to 3 and no rows, so a retry's number is 4."""
    plane = plane_of(f"""
services: {{a: {{replicas: 1, endpoints: {{x: [{{work: 1ms}}]}}}}}}
routes: {{w -> a: {{lb_policy: prequal, retries: {{num_retries: 1, retry_on: [5xx], retry_back_off: {{base_interval: 0ms}}}}}}}}
{EVERY_MS}
""", engine)  # fmt: skip
    plane.apply(PodFailing("a", 0, 1.0))
    assert told(plane, 1.1, "sent", "returned") == [
        "1 0.0 sent 0 0", "1 0.0 returned 0 failed", "1 0.4 sent 0 1", "1 0.4 returned 0 failed"]


def test_a_hot_pod_is_avoided(engine):
    """B19, B20: calls to pod 0 hang; probes tell what it has inside, so it gets few of them until the others are as full."""
    plane = plane_by("{prequal: {q_rif: 0.5}}", engine, work="2ms", replicas=4)
    plane.apply(PodSlowed("a", 0, 10_000.0))
    sent = Counter(places(plane, 400))
    assert sent[0] < 12
    assert all(sent[pod] > 80 for pod in (1, 2, 3))


def test_of_cold_pods_the_quicker(engine):
    """B19, B20: with a quantile of 1 nobody is hot, and the pod that is five times slower is asked only while nobody has answered yet."""
    plane = plane_by("{prequal: {q_rif: 1.0}}", engine, work="1ms", replicas=4)
    plane.apply(PodSlowed("a", 0, 5.0))
    sent = Counter(places(plane, 500))
    assert sent[0] < 15


def test_probes_too_late_tell_nothing(engine):
    """B18: a network of 2 ms each way is beyond a timeout of 3 ms: any host, as at random."""
    more = "network: {same_zone: 2ms}\nworkload: {w: {zone: local, entry: a.x, arrivals: {constant: 1000/s}}}"
    for patience, most in (("3ms", range(70, 140)), ("5ms", range(40))):
        plane = plane_by(f"{{prequal: {{q_rif: 1.0, probe_timeout: {patience}}}}}", engine, replicas=4, more=more)
        plane.apply(PodSlowed("a", 0, 8.0))
        assert places(plane, 400).count(0) in most


def test_probes_of_pods_that_left_are_forgotten(engine):
    """B18, B21: nobody is sent to a pod that is drained, and a dead one that stays listed answers no probe."""
    plane = plane_by("prequal", engine, replicas=4)
    places(plane, 50)
    plane.apply(PodDraining("a", 1))
    plane.apply(PodGone("a", 2, stays_listed=True))
    sent = Counter(places(plane, 400))
    assert sent[1] == 0
    assert sent[2] < 60  # those known from before, and any host where there are less than two probes


def test_c3_avoids_a_queue(engine):
    """B22: all are asked once; the slow pod answers late, and is asked no more while the others do better."""
    plane = plane_by("c3", engine, replicas=4)
    plane.apply(PodSlowed("a", 0, 30.0))
    sent = places(plane, 300)
    assert set(sent[:8]) == {0, 1, 2, 3}
    assert sent.count(0) < 6


@pytest.mark.parametrize("policy", ["join_shortest_queue", "least_work"])
def test_the_least_loaded_pod(engine, policy):
    """B23, B24: four pods of one worker, four calls at once after each other, 10 ms of work each: nobody waits; with a fifth, one does."""
    plane = plane_of(f"""
services: {{a: {{replicas: 4, workers: 1, endpoints: {{x: [{{work: 10ms}}]}}}}}}
routes: {{w -> a: {{lb_policy: {policy}}}}}
workload: {{w: {{entry: a.x, arrivals: {{timestamps: times(0, 1, 2, 3, 4, 30, 31)}}}}}}
""", engine)  # fmt: skip
    sent = places(plane, 100)
    assert sorted(sent[:4]) == [0, 1, 2, 3]
    assert sent[4] in range(4) if policy == "join_shortest_queue" else sent[4] == sent[0]  # which has the least left
    assert sent[5] != sent[6]


def test_what_is_on_its_way_counts(engine):
    """B23: over a network of 5 ms four calls of one millisecond go to four pods, though nobody is inside yet."""
    plane = plane_of("""
network: {same_zone: 5ms}
services: {a: {replicas: 4, workers: 1, endpoints: {x: [{work: 10ms}]}}}
routes: {w -> a: {lb_policy: join_shortest_queue}}
workload: {w: {zone: local, entry: a.x, arrivals: {timestamps: times(0, 1, 2, 3)}}}
""", engine)  # fmt: skip
    assert sorted(places(plane, 100)) == [0, 1, 2, 3]
