"""What may refuse a call before it is sent or at the door, and what learns from results."""

from __future__ import annotations

import pytest

from sim.commands import PodFailing, PodGone, PodReady, PodSlowed
from sim.draws import THROTTLE, child_key, family_key, indexed_key, unit
from sim.laws.throttling import rejection_probability
from tests.conservation import assert_drained
from tests.worlds import lines, plane_of, told

SLOW = "services: {a: {workers: 9, endpoints: {x: [{work: 10ms}]}}}\n"
QUICK = "services: {a: {workers: 9, endpoints: {x: [{work: 1ms}]}}}\n"
AGAIN = "retries: {num_retries: 3, retry_on: [5xx], retry_back_off: {base_interval: 0s}}"


def at(*times: float) -> str:
    """One workload with requests at these times, in ms."""
    return f"workload: {{w: {{entry: a.x, arrivals: {{timestamps: times({', '.join(map(str, times))})}}}}}}\n"


def test_a_bound_on_what_is_under_way(engine):
    """X1: the third of three is refused by the caller's own proxy, at once and for good; when one has ended there is room."""
    plane = plane_of(SLOW + at(0, 0, 1, 10) + f"routes: {{w -> a: {{circuit_breakers: {{max_requests: 2}}, {AGAIN}}}}}", engine)
    assert told(plane, 30, "sent", "returned", "finished") == lines("""
         0 0.0 sent      0 0
         0 1.0 sent      0 0
         1 2.0 sent     -1 0
         1 2.0 returned -1 overflow
         1 2.0 finished  0 overflow
        10 0.0 returned  0 ok
        10 0.0 finished  0 ok
        10 1.0 returned  0 ok
        10 1.0 finished  0 ok
        10 3.0 sent      0 0
        20 3.0 returned  0 ok
        20 3.0 finished  0 ok
    """)
    route = plane.observe().routes[0]
    assert [int(route[name]) for name in ("attempts", "succeeded", "failed", "refused", "retries")] == [4, 3, 1, 1, 0]
    assert_drained(plane.observe(), plane.layout)


def test_a_try_given_up_is_under_way_no_longer(engine):
    """X1: the bound counts what the caller waits for, though the pod works on; a retry needs room of its own."""
    plane = plane_of(SLOW + at(0, 3) + f"""
routes: {{w -> a: {{circuit_breakers: {{max_requests: 1}}, per_try_timeout: 4ms, {AGAIN.replace("3", "1")}}}}}
""", engine)  # fmt: skip
    assert told(plane, 30, "sent", "finished") == lines("""
        0 0.0 sent      0 0
        3 1.0 sent     -1 0
        3 1.0 finished  0 overflow
        4 0.1 sent      0 1
        8 0.0 finished  0 timed_out
    """)


@pytest.mark.parametrize(("view", "places"), [("caller", ["2", "2"]), ("service", ["2", "-1"])])
def test_a_bound_is_of_a_view(engine, view, places):
    """X1, B5: each of two caller pods may have one try under way, or both together."""
    plane = plane_of(f"""
services:
  a: {{replicas: 2, workers: 9, endpoints: {{x: [{{call: b.y}}]}}}}
  b: {{workers: 9, endpoints: {{y: [{{work: 10ms}}]}}}}
routes: {{w -> a: {{lb_policy: round_robin}}, a -> b: {{circuit_breakers: {{max_requests: 1}}, view: {view}}}}}
""" + at(0, 0), engine)
    assert [line.split()[3] for line in told(plane, 9, "sent") if line.split()[1].endswith(".1")] == places


BREAKER = """
routes:
  w -> a:
    circuit_breaker: {slidingWindowSize: 2, waitDurationInOpenState: 10ms, permittedNumberOfCallsInHalfOpenState: 1}
"""


def test_a_breaker_opens_and_closes(engine):
    """X2, X3: two failures open it at 2 ms; it refuses at 12 ms still, lets one call go after, and is closed by its success."""
    plane = plane_of(QUICK + at(0, 2, 3, 12, 12.5, 13, 14) + BREAKER, engine)
    plane.apply(PodFailing("a", 0, 1.0))
    assert told(plane, 12.1, "finished") == lines("""
         0 0.0 finished 0 failed
         2 1.0 finished 0 failed
         3 2.0 finished 0 overflow
        12 3.0 finished 0 overflow
    """)
    plane.apply(PodFailing("a", 0, 0.0))
    assert told(plane, 20, "sent", "finished") == lines("""
        12.5 4.0 sent     0  0
        13   5.0 sent     -1 0
        13   5.0 finished 0  overflow
        13.5 4.0 finished 0  ok
        14   6.0 sent     0  0
        15   6.0 finished 0  ok
    """)
    assert_drained(plane.observe(), plane.layout)


def test_slow_answers_open_a_breaker(engine):
    """X3: 10 ms are not slow where 10 ms are allowed; a nanosecond less, and they are."""
    for limit, refused in (("10ms", 0), ("9.999999ms", 1)):
        plane = plane_of(SLOW + at(0, 20) + f"""
routes: {{w -> a: {{circuit_breaker: {{slidingWindowSize: 1, slowCallDurationThreshold: {limit}}}}}}}
""", engine)  # fmt: skip
        plane.advance(40_000_000)
        assert int(plane.observe().routes[0]["refused"]) == refused


def test_every_try_asks_the_breaker(engine):
    """X2: the first try and its retry fail and open it; the second retry is refused, and refusals are not tried again."""
    plane = plane_of(QUICK + at(0) + BREAKER + f"    {AGAIN}", engine)
    plane.apply(PodFailing("a", 0, 1.0))
    assert told(plane, 5, "sent", "finished") == lines("""
        0 0.0 sent      0 0
        0 0.1 sent      0 1
        0 0.2 sent     -1 2
        0 0.0 finished  0 overflow
    """)


def test_the_bound_behind_the_breaker(engine):
    """X2: the breaker is asked first, and learns that the bound refused: two of three calls failed, so it is open."""
    plane = plane_of(SLOW + at(0, 1, 2, 3) + BREAKER + "    circuit_breakers: {max_requests: 1}", engine)
    assert told(plane, 20, "finished") == lines("""
         1 1.0 finished 0 overflow
         2 2.0 finished 0 overflow
         3 3.0 finished 0 overflow
        10 0.0 finished 0 ok
    """)
    assert plane.observe().routes[0]["refused"] == 3


def test_a_dead_caller_gives_its_permit_back(engine):
    """X3: half open, the one call that may go loses its caller with the pod; the next call of that service goes in its place."""
    plane = plane_of("""
services:
  a: {replicas: 2, workers: 9, endpoints: {x: [{call: b.y}]}}
  b: {workers: 9, endpoints: {y: [{work: 1ms}]}}
routes:
  w -> a: {lb_policy: round_robin}
  a -> b:
    view: service
    circuit_breaker: {slidingWindowSize: 1, waitDurationInOpenState: 1ms, permittedNumberOfCallsInHalfOpenState: 1}
""" + at(0, 5, 6, 8), engine)  # fmt: skip
    plane.apply(PodFailing("b", 0, 1.0))
    told(plane, 1)
    plane.apply(PodFailing("b", 0, 0.0))
    plane.apply(PodSlowed("b", 0, 100.0))
    places = {line.split()[1]: line.split()[3] for line in told(plane, 7, "sent")}
    assert (places["1.1"], places["2.1"]) == ("2", "-1")
    plane.apply(PodGone("a", int(places["1.0"])))
    assert [line.split()[3] for line in told(plane, 9, "sent") if line.split()[1] == "3.1"] == ["2"]


LIMIT = "local_rate_limit: {token_bucket: {max_tokens: 2, tokens_per_fill: 5, fill_interval: 50ms}}"


def test_a_rate_limit_of_a_caller(engine):
    """W1: two at once, then one each 10 ms; others are answered `limited` by the caller's own proxy, and not tried again."""
    plane = plane_of(QUICK + at(0, 0, 0, 9.999999, 10, 20) + f"routes: {{w -> a: {{{LIMIT}, {AGAIN}}}}}", engine)
    assert told(plane, 30, "finished") == lines("""
         0        2.0 finished 0 limited
         1        0.0 finished 0 ok
         1        1.0 finished 0 ok
         9.999999 3.0 finished 0 limited
        11        4.0 finished 0 ok
        21        5.0 finished 0 ok
    """)
    assert plane.observe().routes[0]["refused"] == 2


def test_retries_need_no_tokens(engine):
    """W1: the limit stands before the retries, as a filter of Envoy does: only a call's first try takes a token."""
    plane = plane_of(QUICK + at(0, 0) + f"routes: {{w -> a: {{{LIMIT}, {AGAIN}}}}}", engine)
    plane.apply(PodFailing("a", 0, 1.0))
    assert len(told(plane, 5, "sent")) == 8
    assert plane.observe().routes[0]["refused"] == 0


def test_a_rate_limit_at_the_door(engine):
    """W1, D10: each pod has a bucket of its own; what comes too often is turned away there, before anything else is asked."""
    plane = plane_of(f"""
network: {{same_zone: 1ms}}
services:
  a: {{workers: 9, endpoints: {{x: [{{parallel: [[{{call: b.y}}], [{{call: b.y}}], [{{call: b.y}}]]}}]}}}}
  b: {{workers: 9, {LIMIT}, endpoints: {{y: [{{work: 10ms}}]}}}}
""", engine)
    plane.apply(PodFailing("b", 0, 1.0))
    assert told(plane, 2, "rejected", "answered") == lines("""
        1 0.4 answered 1 failed
        1 0.5 answered 1 failed
        1 0.6 rejected 1 limited
    """)
    assert int(plane.observe().pods[1]["rejected"]) == 1


def test_a_throttle_learns_what_is_accepted(engine):
    """W2: a backend of no pods accepts nothing, so that try n is held back with probability n / (n + 1), by its own key."""
    plane = plane_of("services: {a: {replicas: 0, endpoints: {x: [{work: 1ms}]}}}\n" + at(*range(30)) + """
routes: {w -> a: {adaptive_throttling: {}}}
""", engine, seed=3)  # fmt: skip
    ends = [line.split()[-1] for line in told(plane, 40, "finished")]
    keys = [child_key(indexed_key(family_key(3, "workload", "w"), n), 0, 0, 0) for n in range(30)]
    held = [unit(key, THROTTLE, 0) < rejection_probability(n, 0, 2.0) for n, key in enumerate(keys)]
    assert ends == ["limited" if is_held else "no_endpoint" for is_held in held]
    assert ends[0] == "no_endpoint"
    assert ends.count("limited") > 20


def test_a_throttle_forgets(engine):
    """W2: after a window without calls it knows nothing of those it held back, and lets the next one go."""
    plane = plane_of("services: {a: {replicas: 0, endpoints: {x: [{work: 1ms}]}}}\n" + at(*range(20), 40, 2000) + """
routes: {w -> a: {adaptive_throttling: {window: 1s}}}
""", engine)  # fmt: skip
    plane.advance(30_000_000)
    plane.apply(PodReady("a", 0, "local"))
    assert told(plane, 3000, "finished")[-2:] == ["40 20.0 finished 0 limited", "2001 21.0 finished 0 ok"]


def test_an_answered_failure_is_accepted(engine):
    """W2: a backend that fails every call, but answers, is not held back from, though K be 1."""
    plane = plane_of(QUICK + at(*range(20)) + "routes: {w -> a: {adaptive_throttling: {k: 1}}}", engine)
    plane.apply(PodFailing("a", 0, 1.0))
    assert len(told(plane, 30, "answered")) == 20


ADAPTIVE = """
services:
  a:
    workers: 9
    adaptive_concurrency:
      concurrency_limit_params: {concurrency_update_interval: 20ms}
      min_rtt_calc_params: {interval: 100ms, jitter: 0%, request_count: 2, min_concurrency: 2}
    endpoints: {x: [{work: 10ms}]}
"""


def test_adaptive_concurrency(engine):
    """W3: two come in while the minimum is measured, up to 10 ms and from 110 to 130 ms, and until the update at 30 ms.

    Then it is 4: the one answer since took the minimum, so g = 1.25 and floor(2 g + sqrt(2 g)) = 4; at 50 ms it is 7, and so
    again from 130 ms on. The pod's place stands in the row.
    """
    times = at(0, 0, 0, 12, *[29.9] * 3, *[30] * 4, *[120] * 3, *[130] * 8)
    plane = plane_of(ADAPTIVE + times, engine)
    assert told(plane, 200, "rejected") == lines("""
          0    2.0 rejected 0 rejected
         29.9  6.0 rejected 0 rejected
         30    9.0 rejected 0 rejected
         30   10.0 rejected 0 rejected
        120   13.0 rejected 0 rejected
        130   21.0 rejected 0 rejected
    """)
    assert int(plane.observe().pods[0]["rejected"]) == 6
    assert_drained(plane.observe(), plane.layout)


def test_what_the_limit_turns_away_is_tried_again(engine):
    """W3, R1: Envoy's filter answers with a plain 503, which `5xx` names, and no sample comes of it."""
    plane = plane_of(ADAPTIVE + at(0, 0, 0) + f"routes: {{w -> a: {{{AGAIN}}}}}", engine)
    assert told(plane, 9, "rejected") == [f"0 2.{attempt} rejected 0 rejected" for attempt in range(4)]


@pytest.mark.parametrize(("failing", "limit"), [(0.0, 4), (1.0, 2)])
def test_every_answer_is_a_sample(engine, failing, limit):
    """W3: a failure that takes no time is an answer: the minimum becomes nothing, and after it no real answer is fast enough."""
    plane = plane_of(ADAPTIVE + at(0, 0, 12, *[40] * 5), engine)
    plane.apply(PodFailing("a", 0, failing))
    told(plane, 11)
    plane.apply(PodFailing("a", 0, 0.0))
    assert len(told(plane, 100, "rejected")) == 5 - limit


def test_refusals_at_the_entry_are_rejected(engine):
    """M3: requests that a breaker or a limit refused count among those turned away at the entry."""
    plane = plane_of(QUICK + at(0, 0, 0, 0) + f"routes: {{w -> a: {{{LIMIT}, circuit_breakers: {{max_requests: 1}}}}}}", engine)
    told(plane, 5)
    counted = plane.observe().workloads[0]
    assert [int(counted[name]) for name in ("offered", "succeeded", "failed", "rejected")] == [4, 1, 3, 3]
