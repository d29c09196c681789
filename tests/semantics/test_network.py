"""Messages between zones: how long they take and what crosses the border."""

from __future__ import annotations

import pytest

from sim.commands import LinkChanged
from tests.worlds import MS, lines, plane_of, told

ZONES = """
cluster: {{zones: [east, west]}}
network: {{same_zone: 1ms, cross_zone: 4ms}}
services:
  a: {{replicas: 1, workers: 9, endpoints: {{x: [{{call: b.y}}]}}}}
  b: {{replicas: 2, workers: 9, endpoints: {{y: [{{wait: 10ms}}]}}}}
routes:
  a -> b: {{lb_policy: round_robin, request_bytes: 100, response_bytes: 7000}}
  w -> a: {{request_bytes: 1, response_bytes: 2}}
workload: {{w: {{entry: a.x, {zone} arrivals: {{timestamps: times(0, 100)}}}}}}
"""


def test_latency_by_zone(engine):
    """N1: each way 1 ms within a zone and 4 ms between; a client without a zone is next to every pod."""
    plane = plane_of(ZONES.format(zone=""), engine)
    lengths = [float(line.split()[0]) - 100 * n for n, line in enumerate(told(plane, 500, "finished"))]
    assert sorted(lengths) == [12, 18]


@pytest.mark.parametrize(("zone", "more", "crossed"), [("east", 2, 0), ("west", 8, 2)])
def test_a_client_may_live_in_a_zone(engine, zone, more, crossed):
    """N1: then its hop costs what any hop costs, and its bytes are counted."""
    plane = plane_of(ZONES.format(zone=f"zone: {zone},"), engine)
    lengths = [float(line.split()[0]) - 100 * n for n, line in enumerate(told(plane, 500, "finished"))]
    assert sorted(lengths) == [12 + more, 18 + more]
    assert plane.observe().routes["egress_bytes"].tolist() == [crossed * 3, 7100]


def test_without_cross_zone_all_is_near(engine):
    """N1: cross_zone is as same_zone where it is not given; the bytes still cross."""
    plane = plane_of(ZONES.format(zone="").replace(", cross_zone: 4ms", ""), engine)
    assert told(plane, 500, "finished") == ["12 0.0 finished 0 ok", "112 1.0 finished 0 ok"]
    assert plane.observe().routes["egress_bytes"].tolist() == [0, 7100]


def test_a_refusal_crosses_the_border_too(engine):
    """N1: a rejected call took the way out and the way back."""
    plane = plane_of("""
cluster: {zones: [east, west]}
network: {same_zone: 1ms, cross_zone: 4ms}
services: {a: {queue: {size: 0}, endpoints: {x: [{work: 20ms}]}}}
routes: {w -> a: {request_bytes: 10, response_bytes: 100}}
workload: {w: {entry: a.x, zone: west, arrivals: {timestamps: times(0, 1)}}}
""", engine)  # fmt: skip
    assert told(plane, 20, "rejected", "returned") == ["5 1.0 rejected 0 rejected", "9 1.0 returned 0 rejected"]
    assert plane.observe().routes["egress_bytes"].tolist() == [120]


def test_drawn_latencies_belong_to_the_try(engine):
    """N1, D3: way out and way back are draws of the try's own key: other requests do not move them."""
    text = """
network: {same_zone: {exponential: 5ms}}
services: {a: {workers: 99, endpoints: {x: [{wait: 1ms}]}}}
workload:
  w: {entry: a.x, zone: local, arrivals: {timestamps: times(0)}}
  v: {entry: a.x, zone: local, arrivals: {constant: RATE/s}}
"""
    few, many = (told(plane_of(text.replace("RATE", rate), engine), 200) for rate in ("10", "900"))
    assert [line for line in few if " 0.0 " in line] == [line for line in many if " 0.0 " in line]


def test_a_hop_at_a_time(engine):
    """N1: every message of a nested call is a row at its own time."""
    plane = plane_of("""
network: {same_zone: 1ms}
services:
  a: {endpoints: {x: [{call: b.y}]}}
  b: {endpoints: {y: [{work: 2ms}]}}
workload: {w: {entry: a.x, zone: local, arrivals: {timestamps: times(0)}}}
""", engine)  # fmt: skip
    assert told(plane, 20) == lines("""
        0 0.0 arrived  0 0
        0 0.0 sent     0 0
        1 0.1 sent     1 0
        2 0.1 started  1 2
        4 0.1 worked   1 0
        4 0.1 answered 1 ok
        5 0.1 returned 1 ok
        5 0.0 answered 0 ok
        6 0.0 returned 0 ok
        6 0.0 finished 0 ok
    """)


def finished_ms(plane):
    return [float(line.split()[0]) for line in told(plane, 900, "finished")]


def test_a_cut_link_holds_what_is_sent(engine):
    """N2: b's pod in west is asked at 1 ms, hears of it at 150 + 4 ms and answers 10 + 4 ms later; the pod in east as ever."""
    plane = plane_of(ZONES.format(zone="zone: east,"), engine)
    plane.apply(LinkChanged("east", "west", opens_ns=150 * MS))
    assert finished_ms(plane) == [114, 150 + 4 + 10 + 4 + 1]


def test_an_answer_may_be_held_too(engine):
    """N2: each direction is its own: here only the answer from west waits."""
    plane = plane_of(ZONES.format(zone="zone: east,"), engine)
    plane.apply(LinkChanged("west", "east", opens_ns=150 * MS))
    assert finished_ms(plane) == [114, 150 + 4 + 1]


def test_a_slow_link_adds_its_delay(engine):
    """N2: 3 ms more each way within east, and none once the link is well again."""
    plane = plane_of("""
cluster: {zones: [east]}
network: {same_zone: 1ms}
services: {a: {endpoints: {x: [{wait: 1ms}]}}}
workload: {w: {entry: a.x, zone: east, arrivals: {timestamps: times(0, 50)}}}
""", engine)  # fmt: skip
    plane.apply(LinkChanged("east", "east", added_ns=3 * MS))
    assert told(plane, 20, "finished") == ["9 0.0 finished 0 ok"]
    plane.apply(LinkChanged("east", "east"))
    assert told(plane, 100, "finished") == ["53 1.0 finished 0 ok"]


def test_a_lossy_link_costs_retransmissions(engine):
    """N3: some messages come 200 ms late or more, the others on time, and the client without a zone meets no link."""
    text = """
cluster: {zones: [east]}
services: {a: {workers: 99, endpoints: {x: [{wait: 1ms}]}}}
workload: {w: {entry: a.x, ZONE arrivals: {constant: 100/s}}}
"""
    spans = {}
    for zone in ("zone: east,", ""):
        plane = plane_of(text.replace("ZONE", zone), engine)
        plane.apply(LinkChanged("east", "east", loss=0.2))
        rows = [line.split() for line in told(plane, 5000, "arrived", "finished")]
        began = {row[1]: float(row[0]) for row in rows if row[2] == "arrived"}
        spans[zone] = {round(float(row[0]) - began[row[1]]) for row in rows if row[2] == "finished"}
    assert spans["zone: east,"] >= {1, 201, 401, 601}
    assert spans[""] == {1}


def test_an_unknown_zone_is_refused(engine):
    """A command names zones there are."""
    plane = plane_of(ZONES.format(zone=""), engine)
    with pytest.raises(ValueError, match="no zone north"):
        plane.apply(LinkChanged("east", "north"))
