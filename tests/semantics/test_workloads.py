"""Where requests come from: rates, recorded times, closed users and their sessions, mixes; and their addresses."""

from __future__ import annotations

import pytest

from sim.draws import ENTRY, THINK, family_key, indexed_key, unit
from sim.laws.service import exponential_ns
from tests.conservation import assert_conserved
from tests.worlds import MS, plane_of, rows, told

PODS = "services: {a: {workers: 99, endpoints: {x: [{wait: 5ms}], y: [{wait: 1ms}], z: [{wait: 2ms}]}}}\n"


def arrivals(plane, until_ms: float) -> list[tuple[str, int]]:
    """(time in ms, entry) of every request."""
    return [(line.split()[0], int(line.split()[4])) for line in told(plane, until_ms, "arrived")]


def test_an_even_rate(engine):
    """A1: the first request comes when an area of 1 has passed, not at 0."""
    plane = plane_of(PODS + "workload: {w: {entry: a.x, load: 2, arrivals: {constant: 50/s}}}", engine)
    assert arrivals(plane, 45) == [("10", 0), ("20", 0), ("30", 0), ("40", 0)]


def test_a_rising_rate(engine):
    """A2, A3: 0 to 200/s in 1 s is an area of 100 t^2: request n comes at sqrt(n) / 10 s."""
    plane = plane_of(PODS + "workload: {w: {entry: a.x, arrivals: {constant: {ramp: {from: 0/s, to: 200/s, over: 1s}}}}}", engine)
    found = [row.time_ns for row in rows(plane, 1000) if row.kind == 0]
    assert len(found) == 99
    assert all(abs(time - (n + 1) ** 0.5 * 1e8) <= n + 1 for n, time in enumerate(found))


def test_a_step_between_pieces(engine):
    """A3: what is left of the area goes on in the next piece: half a request at 10/s, half at 100/s."""
    plane = plane_of(PODS + "workload: {w: {entry: a.x, arrivals: {constant: {step: {base: 10/s, to: 100/s, at: 150ms}}}}}", engine)
    assert arrivals(plane, 180) == [("100", 0), ("155", 0), ("165", 0), ("175", 0)]


def test_nothing_comes_after_the_last_piece(engine):
    """A3: a rate that falls to nothing ends the stream, and one that is nothing begins none."""
    plane = plane_of(PODS + """
duration: 1s
workload:
  w: {entry: a.x, arrivals: {constant: {pieces: {points: [[0s, 40/s], [100ms, 40/s], [100ms, 0/s]]}}}}
  v: {entry: a.x, load: 0, arrivals: {poisson: 40/s}}
""", engine)  # fmt: skip
    assert len(arrivals(plane, 3000)) in (3, 4)
    assert_conserved(plane.observe(), plane.layout)


@pytest.mark.parametrize(("rate", "end"), [("10000/m", "12ms"), ("20000/m", "6ms"), ("40000/m", "3ms")])
def test_a_request_due_where_the_rate_falls_to_nothing(engine, rate, end):
    """A3: an area of exactly 1 is used up at the very end of a piece; the request comes then, and the next ones later."""
    plane = plane_of(PODS + f"workload: {{w: {{entry: a.x, arrivals: {{constant: {{pieces: {{points: "
                     f"[[0s, {rate}], [{end}, 0/s], [2s, 50/s]]}}}}}}}}}}", engine)  # fmt: skip
    assert len(arrivals(plane, 2000)) > 40


def test_many_classes(engine):
    """A3: 1,500 classes of one request a second each."""
    classes = ", ".join(f"w{n}: {{entry: a.x, arrivals: {{constant: 1/s}}}}" for n in range(1500))
    plane = plane_of(PODS + f"workload: {{{classes}}}", engine)
    assert [line.split()[3] for line in told(plane, 1001, "arrived")] == [str(n) for n in range(1500)]


def test_recorded_times(engine):
    """A5: as the file says, several at one instant one after the other."""
    plane = plane_of(PODS + "workload: {w: {entry: a.x, arrivals: {timestamps: times(1.5, 1.5, 700)}}}", engine)
    assert arrivals(plane, 3000) == [("1.5", 0), ("1.5", 0), ("700", 0)]


def test_closed_users(engine):
    """A4: a user appears, thinks, asks, waits for the answer, and thinks again; two appear 100 ms apart."""
    plane = plane_of(PODS + "workload: {w: {entry: a.x, arrivals: {users: {count: 2, think: 30ms, spawn: 10/s}}}}", engine)
    assert [time for time, _ in arrivals(plane, 210)] == ["30", "65", "100", "130", "135", "165", "170", "200", "205"]


def test_a_failure_is_an_answer_too(engine):
    """A4: a user whose request failed or timed out thinks and asks again."""
    plane = plane_of(PODS + """
routes: {w -> a: {timeout: 2ms}}
workload: {w: {entry: a.x, arrivals: {users: {count: 1, think: 10ms}}}}
""", engine)  # fmt: skip
    assert [time for time, _ in arrivals(plane, 50)] == ["10", "22", "34", "46"]


def test_sessions(engine):
    """A6: a visit of three begins with its start entry; between visits the pause stands in for the think time."""
    plane = plane_of(PODS + """
workload:
  w: {entry: a.y, arrivals: {users: {count: 1, think: 10ms, session: {start: a.z, requests: 3, pause: 50ms}}}}
""", engine)  # fmt: skip
    assert arrivals(plane, 150) == [("10", 2), ("22", 1), ("33", 1), ("84", 2), ("96", 1), ("107", 1)]


def test_load_multiplies_users(engine):
    """A4: a load of 2.5 makes five of two users, all at once without a spawn rate."""
    plane = plane_of(PODS + "workload: {w: {entry: a.x, load: 2.5, arrivals: {users: {count: 2, think: 10ms}}}}", engine)
    assert arrivals(plane, 12) == [("10", 0)] * 5


def test_a_mix_is_drawn_by_the_request(engine):
    """A7: each request's entry is a draw of its own key against the weights in order."""
    plane = plane_of(PODS + "workload: {w: {mix: {a.x: 1, a.y: 2, a.z: 1}, arrivals: {constant: 1000/s}}}", engine, seed=3)
    base = family_key(3, "workload", "w")
    drawn = [4 * unit(indexed_key(base, n), ENTRY, 0) for n in range(50)]
    assert [entry for _, entry in arrivals(plane, 50.5)] == [0 if u < 1 else 1 if u < 3 else 2 for u in drawn]


def test_an_entry_of_no_weight_is_never_asked(engine):
    """A7: weight 0 is a way of 0 %."""
    plane = plane_of(PODS + "workload: {w: {mix: {a.x: 0, a.y: 1, a.z: 0}, arrivals: {constant: 1000/s}}}", engine)
    assert {entry for _, entry in arrivals(plane, 500)} == {1}


def test_users_think_by_user_and_iteration(engine):
    """D3: a think time is a draw of (user, iteration), whatever the answers took."""
    users = "workload: {w: {entry: a.x, arrivals: {users: {count: 1, think: {exponential: 10ms}}}}}"
    key = family_key(1, "workload", "w")
    expected, now = [], 0
    for iteration in range(5):
        now += exponential_ns(10.0 * MS, indexed_key(key, iteration), THINK)
        expected.append(now)
        now += 5 * MS
    found = [row.time_ns for row in rows(plane_of(PODS + users, engine), 1000) if row.kind == 0]
    assert found[:5] == expected


def test_an_added_service_reshuffles_nothing(engine):
    """D3: keys are made of names, so a world with one more service and class has the same requests and works in it."""
    text = """
services: {a: {workers: 3, endpoints: {x: [{work: {exponential: 4ms}}]}}MORE}
workload: {w: {entry: a.x, arrivals: {poisson: 300/s}}LESS}
"""
    alone = plane_of(text.replace("MORE", "").replace("LESS", ""), engine)
    beside = plane_of(text.replace("MORE", ", b: {endpoints: {y: [{work: 1ms}]}}")
                      .replace("LESS", ", v: {entry: b.y, arrivals: {poisson: 300/s}}"), engine)  # fmt: skip

    def works(plane) -> list[tuple[int, int]]:
        return [(row.time_ns, row.value) for row in rows(plane, 500) if row.kind == 3 and row.place == 0]

    assert works(alone) == works(beside)


def test_a_changed_policy_meets_the_same_requests(engine):
    """D3: another balancer sends the same requests, of the same sizes, at the same times."""
    text = """
services: {a: {replicas: 3, workers: 999, endpoints: {x: [{work: {lognormal: {mean: 4ms, cv: 2}}}]}}}
routes: {w -> a: {lb_policy: POLICY}}
workload: {w: {entry: a.x, arrivals: {poisson: 500/s}}}
"""
    found = []
    for policy in ("random", "round_robin", "least_request"):
        plane = plane_of(text.replace("POLICY", policy), engine)
        found.append([(row.time_ns, row.request, row.value) for row in rows(plane, 300) if row.kind == 3])
    assert found[0] == found[1] == found[2]
    assert len(found[0]) > 100
