"""Caches by hand: hits, misses, who has to go, who waits for whom, and what dies with a pod."""

from __future__ import annotations

import pytest

from scenarios.schema.keys import Keys
from sim.commands import PodFailing, PodGone, PodReady
from sim.draws import child_key, family_key, indexed_key
from sim.sampling import draw_key
from tests.conservation import assert_drained
from tests.worlds import MS, lines, plane_of, told

ONE_KEY = """
services:
  a: {{workers: 99, endpoints: {{x: [{{cache: {{keys: {{uniform: 1}}, {settings}}}}}, {{wait: 1ms}}]}}}}
  b: {{workers: 99, endpoints: {{y: [{{wait: 10ms}}]}}}}
workload: {{w: {{entry: a.x, arrivals: {{timestamps: times({times})}}}}}}
"""


def counted(plane) -> dict[str, int]:
    """What the only cache counted, zeros left out."""
    (tally,) = plane.observe().caches
    return {name: int(tally[name]) for name in tally.dtype.names if tally[name]}


def ends(settings: str, times: str, engine: str) -> tuple[list[str], dict[str, int]]:
    """When each request ended and how, and what was counted."""
    plane = plane_of(ONE_KEY.format(settings=settings, times=times), engine)
    found = [" ".join(row.split()[::4]) for row in told(plane, 1000, "finished")]
    assert_drained(plane.observe(), plane.layout)
    return found, counted(plane)


def test_a_hit_goes_on_at_once(engine):
    """S3: the first request fills for 10 ms, the next two find the value."""
    found = ends("on_miss: [{call: b.y}]", "0, 20, 20", engine)
    assert found == (["11 ok", "21 ok", "21 ok"], {"hits": 2, "misses": 1, "fills": 1})


def test_a_hit_may_take_steps(engine):
    """S3: `hit` is what a hit takes; a miss does not take it."""
    found = ends("on_miss: [{call: b.y}], hit: [{wait: 2ms}, {wait: 3ms}]", "0, 20", engine)
    assert found == (["11 ok", "26 ok"], {"hits": 1, "misses": 1, "fills": 1})


def test_a_value_expires(engine):
    """S3: filled at 10 ms with a ttl of 20 ms, it is fresh at 29.9 ms and stale at 30 ms."""
    found = ends("on_miss: [{call: b.y}], ttl: 20ms", "0, 29.9, 30", engine)
    assert found == (["11 ok", "30.9 ok", "41 ok"], {"hits": 1, "misses": 2, "fills": 2})


def test_without_coalescing_every_miss_fills(engine):
    """S6: three that miss together call three times; the value is that of the last, fresh up to 13 + 20 ms."""
    found = ends("on_miss: [{call: b.y}], ttl: 20ms", "0, 1, 3, 32, 33", engine)
    assert found == (["11 ok", "12 ok", "14 ok", "33 ok", "44 ok"], {"hits": 1, "misses": 4, "fills": 4})


def test_with_coalescing_one_fills_for_all(engine):
    """S6: who misses while the first fills waits for that, and all go on together; the store is asked once."""
    found = ends("on_miss: [{call: b.y}], coalesce: true", "0, 1, 3, 20", engine)
    assert found == (["11 ok", "11 ok", "11 ok", "21 ok"], {"hits": 1, "misses": 1, "coalesced": 2, "fills": 1})


def test_those_who_wait_share_a_failure(engine):
    """S6: a fill that fails fails for all who wait, as single flight has it; the next look-up tries again."""
    plane = plane_of(ONE_KEY.format(settings="on_miss: [{call: b.y}], coalesce: true", times="0, 1, 2, 20"), engine)
    plane.advance(5 * MS)
    plane.apply(PodGone("b", 0))
    plane.advance(15 * MS)
    plane.apply(PodReady("b", 1, "local"))
    assert told(plane, 100, "finished") == lines("""
         5 0.0 finished 0 failed
         5 1.0 finished 0 failed
         5 2.0 finished 0 failed
        31 3.0 finished 0 ok
    """)
    assert counted(plane) == {"misses": 2, "coalesced": 2, "fills": 1}


def test_they_go_on_in_the_order_they_came(engine):
    """S6: the filler first, then those who waited; each has the core in turn."""
    plane = plane_of("""
services: {a: {workers: 1, endpoints: {x: [{cache: {keys: {uniform: 1}, on_miss: [{wait: 5ms}], coalesce: true}}, {work: 1ms}]}}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 1, 2)}}}
""", engine)  # fmt: skip
    assert told(plane, 100, "started", "finished") == lines("""
        5 0.0 started  0 1
        6 1.0 started  0 1
        6 0.0 finished 0 ok
        7 2.0 started  0 1
        7 1.0 finished 0 ok
        8 2.0 finished 0 ok
    """)


@pytest.mark.parametrize("policy", ["lru", "fifo"])
def test_who_has_to_go(engine, policy):
    """S4: with room for two of three keys, what the trace of keys makes of LRU and FIFO, worked out beside."""
    text = f"""
services:
  a: {{workers: 9, endpoints: {{x: [{{cache: {{keys: {{uniform: 3}}, capacity: 2, policy: {policy}, on_miss: [{{wait: 0ms}}]}}}}]}}}}
workload: {{w: {{entry: a.x, arrivals: {{constant: 1000/s}}}}}}
"""
    plane = plane_of(text, engine)
    waits = {row.split()[1].split(".")[0] for row in told(plane, 400, "worked")}
    found = [str(n) not in waits for n in range(399)]
    assert found == by_hand(plane, policy, 399)
    assert counted(plane)["hits"] == sum(found)


def by_hand(plane, policy: str, requests: int) -> list[bool]:
    """Whether each request hits, by a list of two places."""
    places: list[int] = []
    found = []
    for n in range(requests):
        visit = child_key(indexed_key(family_key(1, "workload", "w"), n), 0, 0, 0)
        key = draw_key(Keys.model_validate({"uniform": 3}), child_key(visit, plane.layout.caches[0].number, 0, 0))
        found.append(key in places)
        if key in places and policy == "lru":
            places.append(places.pop(places.index(key)))
        elif key not in places:
            places = [*places, key][-2:]
    return found


TWO_PODS = """
services:
  a:
    replicas: 2
    workers: 99
    endpoints: {{x: [{{cache: {{keys: {{uniform: 1}}, scope: {scope}, coalesce: true, on_miss: [{{call: b.y}}]}}}}]}}
  b: {{workers: 99, endpoints: {{y: [{{wait: 10ms}}]}}}}
routes: {{defaults: {{lb_policy: round_robin}}}}
workload: {{w: {{entry: a.x, arrivals: {{timestamps: times({times})}}}}}}
"""


@pytest.mark.parametrize(("scope", "sent"), [("pod", 2), ("service", 1)])
def test_scopes(engine, scope, sent):
    """S5: a cache of each pod is filled by each pod, one of the service once."""
    plane = plane_of(TWO_PODS.format(scope=scope, times="0, 20, 40, 60"), engine)
    plane.advance(100 * MS)
    assert plane.observe().routes["attempts"].tolist() == [4, sent]


def test_a_new_pod_is_cold(engine):
    """S5: what a pod kept itself is gone with it; what the service keeps is not."""
    for scope, misses in (("pod", 2), ("service", 1)):
        plane = plane_of(TWO_PODS.format(scope=scope, times="0, 20").replace("replicas: 2", "replicas: 1"), engine)
        plane.advance(15 * MS)
        plane.apply(PodGone("a", 0))
        plane.apply(PodReady("a", 1, "local"))
        plane.advance(100 * MS)
        assert counted(plane)["misses"] == misses


def test_who_waits_takes_over_from_the_dead(engine):
    """S7: requests go to the pods in turn; the filler's dies at 5 ms with two of them, and request 1 fills for itself and 3."""
    plane = plane_of(TWO_PODS.format(scope="service", times="0, 1, 2, 3"), engine)
    first = told(plane, 5, "sent")[0].split()[3]
    plane.apply(PodGone("a", int(first)))
    assert told(plane, 100, "sent", "finished") == lines("""
         5 0.0 finished 0 lost
         5 2.0 finished 0 lost
         5 1.1 sent     2 0
        15 1.0 finished 0 ok
        15 3.0 finished 0 ok
    """)
    assert counted(plane) == {"misses": 1, "coalesced": 3, "fills": 1}
    assert_drained(plane.observe(), plane.layout)


def test_who_waits_takes_over_from_a_strand_nobody_waits_for(engine):
    """S7, D12: the filler's join is settled at 2 ms; its call ends at 10 ms, it stops, and request 1 calls for itself."""
    plane = plane_of("""
services:
  a:
    workers: 99
    endpoints:
      x: [{parallel: [{wait: 2ms}, [{cache: {keys: {uniform: 1}, coalesce: true, on_miss: [{call: b.y}, {wait: 1ms}]}}]], join: first}]
      z: [{wait: 1ms}]
  b: {workers: 99, endpoints: {y: [{wait: 10ms}]}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 1)}}}
""", engine)  # fmt: skip
    assert [row.split()[0] for row in told(plane, 100, "sent") if row.split()[3] == "1"] == ["0"]
    assert counted(plane) == {"misses": 1, "coalesced": 1}
    assert_drained(plane.observe(), plane.layout)


STALE = """
services:
  a: {workers: 9, endpoints: {x: [{cache: {keys: {uniform: 1}, ttl: 10ms, stale_if_error: 20ms, stale_quality: 60%, coalesce: true,
                                           on_miss: [{wait: 1ms}, {call: b.y}]}}]}}
  b: {workers: 9, endpoints: {y: [{wait: 0ms}]}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 5, 12, 12.5, 29, 30)}}}
"""


def test_a_stale_value_stands_in(engine):
    """S8, E2: filled at 1 ms, stale from 11 ms, standing in until 31 ms for who cannot get another, and for who waits."""
    plane = plane_of(STALE, engine)
    plane.advance(2 * MS)
    plane.apply(PodFailing("b", 0, 1.0))
    found = [" ".join(row.split()[::4]) for row in told(plane, 100, "finished")]
    assert found == ["1 ok", "5 ok", "13 ok", "13 ok", "30 ok", "31 failed"]
    assert counted(plane) == {"hits": 1, "misses": 4, "coalesced": 1, "fills": 1, "stale": 3}
    assert plane.observe().workloads["quality_ppm"].tolist() == [2 * 1_000_000 + 3 * 600_000]
