"""Locks by hand: who holds a key, who waits for it, and who has it when its holder fails, stops, is cancelled or dies."""

from __future__ import annotations

import pytest

from sim.commands import PodFailing, PodGone
from tests.conservation import assert_drained
from tests.worlds import MS, lines, plane_of, told


def counted(plane) -> list[tuple[int, int, float]]:
    """(taken, waits, ms waited) of every lock step."""
    return [(int(tally["taken"]), int(tally["waits"]), int(tally["waited_ns"]) / MS) for tally in plane.observe().locks]


def ends(plane, until_ms: float = 1000) -> list[str]:
    """When each request ended and how."""
    found = [" ".join(row.split()[::4]) for row in told(plane, until_ms, "finished")]
    assert_drained(plane.observe(), plane.layout)
    return found


def one_key(times: str, engine: str, steps: str = "[{wait: 10ms}]", more: str = "", **settings: str):
    """A service of two pods, called in turn, whose requests hold the only key during some steps."""
    shown = "".join(f", {name}: {value}" for name, value in settings.items())
    return plane_of(f"""
services:
  a: {{replicas: 2, workers: 99, endpoints: {{x: [{{lock: {{keys: {{uniform: 1}}, steps: {steps}{shown}}}}}, {{wait: 1ms}}]}}}}
  b: {{workers: 99, endpoints: {{y: [{{wait: 10ms}}]}}}}
routes: {{defaults: {{lb_policy: round_robin}}}}
workload: {{w: {{entry: a.x, arrivals: {{timestamps: times({times})}}}}}}
{more}
""", engine)  # fmt: skip


def test_one_at_a_time(engine):
    """S9: three that come at 0, 1 and 3 ms hold the key for 10 ms each, in turn; one that comes at 50 ms does not wait."""
    plane = one_key("0, 1, 3, 50", engine)
    assert ends(plane) == ["11 ok", "21 ok", "31 ok", "61 ok"]
    assert counted(plane) == [(4, 2, 9 + 17)]


def test_the_wait_is_no_work(engine):
    """S9: who waits for a key leaves the only core to another, and is not counted as waiting for one."""
    plane = plane_of("""
services:
  a: {workers: 1, endpoints: {x: [{lock: {keys: {uniform: 1}, steps: [{wait: 10ms}]}}], z: [{work: 2ms}]}}
workload:
  w: {entry: a.x, arrivals: {timestamps: times(0, 1)}}
  v: {entry: a.z, arrivals: {timestamps: times(5)}}
""", engine)  # fmt: skip
    plane.advance(6 * MS)
    (pod,) = plane.observe().pods
    assert (pod["present"], pod["waiting"], pod["working"]) == (3, 0, 1)
    assert ends(plane) == ["7 ok", "10 ok", "20 ok"]


def test_a_worker_is_held_while_its_visit_waits(engine):
    """S9: a `thread` visit waits with its worker, so the third is still at the door while the second waits for the key."""
    plane = plane_of("""
services: {a: {workers: 2, model: thread, endpoints: {x: [{lock: {keys: {uniform: 1}, steps: [{wait: 10ms}]}}]}}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 1, 2)}}}
""", engine)
    plane.advance(6 * MS)
    (pod,) = plane.observe().pods
    assert (pod["present"], pod["waiting"]) == (3, 1)
    assert ends(plane) == ["10 ok", "20 ok", "30 ok"]
    assert counted(plane) == [(3, 2, 9 + 10)]


def test_a_failure_gives_the_key_up(engine):
    """S10: the first fails at 5 ms, and the second holds the key from then on."""
    plane = one_key("0, 1", engine, steps="[{wait: 5ms}, {call: b.y}]")
    plane.apply(PodFailing("b", 0, 1.0))
    assert ends(plane) == ["5 failed", "10 failed"]
    assert counted(plane) == [(2, 1, 4)]


def test_a_death_gives_the_key_up(engine):
    """S10, S7: requests go to the pods in turn; the first's dies at 5 ms with the third, and the second holds the key from then on."""
    plane = one_key("0, 1, 2", engine)
    first = told(plane, 5, "sent")[0].split()[3]
    plane.apply(PodGone("a", int(first)))
    assert ends(plane) == ["5 lost", "5 lost", "16 ok"]
    assert counted(plane) == [(2, 2, 4)]


def test_a_strand_nobody_waits_for_gives_the_key_up(engine):
    """S10, D12: the join of request 0 is settled at 2 ms; its branch ends its wait at 10 ms, stops, and request 1 has the key.

    That of request 1 is settled at 3 ms already: it gives the key up as soon as it has it, and request 2 has it at 10 ms.
    """
    plane = plane_of("""
services:
  a:
    workers: 99
    endpoints:
      x: [{parallel: [{wait: 2ms}, [{lock: {keys: {uniform: 1}, steps: [{wait: 10ms}, {wait: 5ms}], name: k}}]], join: first}]
      z: [{lock: {keys: {uniform: 1}, steps: [{wait: 3ms}], name: k}}]
workload:
  w: {entry: a.x, arrivals: {timestamps: times(0, 1)}}
  v: {entry: a.z, arrivals: {timestamps: times(4)}}
""", engine)  # fmt: skip
    assert ends(plane) == ["2 ok", "3 ok", "13 ok"]
    assert counted(plane) == [(2, 1, 9), (1, 1, 6)]


def test_a_cancel_gives_the_key_up(engine):
    """S10, C3: the first is cancelled at 6 ms, and the second holds the key from then on, for 10 ms."""
    plane = plane_of("""
services:
  a: {workers: 99, endpoints: {x: [{lock: {keys: {uniform: 1}, steps: [{wait: 10ms}]}}]}}
  p: {workers: 99, endpoints: {q: [{call: a.x}]}}
routes: {p -> a: {timeout: 6ms, cancel: true}}
workload:
  v: {entry: p.q, arrivals: {timestamps: times(0)}}
  w: {entry: a.x, arrivals: {timestamps: times(1)}}
""", engine)  # fmt: skip
    assert ends(plane) == ["6 failed", "16 ok"]
    assert counted(plane) == [(2, 1, 5)]


def test_who_waits_and_is_cancelled_is_forgotten(engine):
    """S10, C3: the second gives up at 7 ms while it waits; the third has the key at 10 ms, when the first is done."""
    plane = plane_of("""
services:
  a: {workers: 99, endpoints: {x: [{lock: {keys: {uniform: 1}, steps: [{wait: 10ms}], name: k}}]}}
  p: {workers: 99, endpoints: {q: [{call: a.x}]}}
routes: {p -> a: {timeout: 6ms, cancel: true}}
workload:
  w: {entry: a.x, arrivals: {timestamps: times(0, 2)}}
  v: {entry: p.q, arrivals: {timestamps: times(1)}}
""", engine)  # fmt: skip
    assert ends(plane) == ["7 failed", "10 ok", "20 ok"]
    assert counted(plane) == [(2, 2, 8)]


@pytest.mark.parametrize(("scope", "found"), [("service", ["11 ok", "21 ok"]), ("pod", ["11 ok", "12 ok"])])
def test_scopes(engine, scope, found):
    """S11: two pods lock the same key, or each its own."""
    assert ends(one_key("0, 1", engine, scope=scope)) == found


@pytest.mark.parametrize(("name", "found"), [("k", ["10 ok", "15 ok"]), ("m", ["6 ok", "10 ok"])])
def test_names(engine, name, found):
    """S11: steps of one name lock the same keys."""
    plane = plane_of(f"""
services:
  a: {{workers: 99, endpoints: {{x: [{{lock: {{keys: {{uniform: 1}}, steps: [{{wait: 10ms}}], name: k}}}}],
                                 z: [{{lock: {{keys: {{uniform: 1}}, steps: [{{wait: 5ms}}], name: {name}}}}}]}}}}
workload:
  w: {{entry: a.x, arrivals: {{timestamps: times(0)}}}}
  v: {{entry: a.z, arrivals: {{timestamps: times(1)}}}}
""", engine)  # fmt: skip
    assert ends(plane) == found


def test_two_that_wait_for_each_other(engine):
    """S9: each holds what the other wants, until the first's caller gives up at 20 ms and cancels it; the second goes on."""
    plane = plane_of("""
services:
  a:
    workers: 99
    endpoints:
      x: [{lock: {keys: {uniform: 1}, name: k, steps: [{wait: 5ms}, {lock: {keys: {uniform: 1}, name: m, steps: [{wait: 1ms}]}}]}}]
      z: [{lock: {keys: {uniform: 1}, name: m, steps: [{wait: 5ms}, {lock: {keys: {uniform: 1}, name: k, steps: [{wait: 1ms}]}}]}}]
  p: {workers: 99, endpoints: {q: [{call: a.x}]}}
routes: {p -> a: {timeout: 20ms, cancel: true}}
workload:
  w: {entry: p.q, arrivals: {timestamps: times(0)}}
  v: {entry: a.z, arrivals: {timestamps: times(1)}}
""", engine)  # fmt: skip
    assert told(plane, 100, "finished") == lines("""
        20 0.0 finished 0 failed
        21 1.0 finished 1 ok
    """)
    assert counted(plane) == [(1, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 14)]
    assert_drained(plane.observe(), plane.layout)


def test_a_branch_that_is_late_holds_its_key_for_nothing(engine):
    """S9, D12: the first branch does nothing and decides the join; the second starts then, takes its key, and begins no step with it."""
    plane = plane_of("""
services:
  a:
    workers: 9
    endpoints:
      x:
        - parallel: [[{branch: [{probability: 0, steps: [{work: 1ms}]}]}], [{lock: {keys: {uniform: 1}, steps: [{work: 5ms}]}}]]
          join: first
        - work: 1ms
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 2)}}}
""", engine)
    assert told(plane, 60, "started") == ["0 0.0 started 0 1", "2 1.0 started 0 1"]
    assert [int(plane.observe().locks[0][name]) for name in ("taken", "waits")] == [2, 0]
    assert_drained(plane.observe(), plane.layout)
