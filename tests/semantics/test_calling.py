"""Calls: tries, their timeouts, retries and budgets, and the pods they pick."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sim.build import build_plane
from sim.commands import PodDraining, PodFailing, PodReady, PodSlowed
from sim.draws import BACK_OFF, child_key, family_key, indexed_key, unit
from sim.laws.retrying import back_off_ns
from tests.conservation import assert_drained
from tests.worlds import MS, lines, plane_of, told, with_pods, world

SLOW = "services: {a: {workers: 9, endpoints: {x: [{work: 10ms}]}}}\n"
NO_BACK_OFF = "retry_back_off: {base_interval: 0s}"


def test_no_ready_pod(engine):
    """B4: without a ready pod the caller's own proxy answers at once; the try is sent to nobody, and not tried again."""
    plane = plane_of("""
services: {a: {replicas: 0, endpoints: {x: [{work: 1ms}]}}}
routes: {w -> a: {retries: {num_retries: 3}}}
""", engine)  # fmt: skip
    assert told(plane, 1000) == lines("""
        0 0.0 arrived  0  0
        0 0.0 sent     -1 0
        0 0.0 returned -1 no_endpoint
        0 0.0 finished 0  no_endpoint
    """)


def test_a_route_timeout(engine):
    """R4: the caller waits no longer, the pod works on, and its answer comes to nobody."""
    plane = plane_of(SLOW + "routes: {w -> a: {timeout: 4ms}}", engine)
    assert told(plane, 20) == lines("""
         0 0.0 arrived  0 0
         0 0.0 sent     0 0
         0 0.0 started  0 10
         4 0.0 gave_up  0 timed_out
         4 0.0 finished 0 timed_out
        10 0.0 worked   0 0
        10 0.0 answered 0 ok
        10 0.0 dropped  0 ok
    """)
    assert_drained(plane.observe(), plane.layout)
    route = plane.observe().routes[0]
    assert [int(route[name]) for name in ("attempts", "succeeded", "failed", "timed_out")] == [1, 0, 1, 1]


@pytest.mark.parametrize("kind", ["timeout", "per_try_timeout"])
@pytest.mark.parametrize(("limit", "outcome"), [("10ms", "ok"), ("9.999999ms", "timed_out")])
def test_an_answer_at_the_instant_of_the_timeout(engine, kind, limit, outcome):
    """D5: it is in time; a nanosecond later it is not."""
    plane = plane_of(SLOW + f"routes: {{w -> a: {{{kind}: {limit}}}}}", engine)
    assert told(plane, 20, "finished")[0].endswith(outcome)


def test_a_try_may_time_out_and_be_made_again(engine):
    """R4: two tries of 4 ms each, both orphaned; a timed-out try keeps its place in the pod."""
    plane = plane_of(f"""
{SLOW.replace("9", "1")}
routes: {{w -> a: {{per_try_timeout: 4ms, retries: {{num_retries: 1, {NO_BACK_OFF}}}}}}}
""", engine)  # fmt: skip
    assert told(plane, 30) == lines("""
         0 0.0 arrived  0 0
         0 0.0 sent     0 0
         0 0.0 started  0 10
         4 0.0 gave_up  0 timed_out
         4 0.1 sent     0 1
         8 0.1 gave_up  0 timed_out
         8 0.0 finished 0 timed_out
        10 0.0 worked   0 0
        10 0.1 started  0 10
        10 0.0 answered 0 ok
        10 0.0 dropped  0 ok
        20 0.1 worked   0 0
        20 0.1 answered 0 ok
        20 0.1 dropped  0 ok
    """)
    assert_drained(plane.observe(), plane.layout)


def test_the_route_timeout_covers_all_tries(engine):
    """R4: the third try is cut short at 10 ms by the call's own timeout, which is never tried again."""
    plane = plane_of(f"""
{SLOW}
routes: {{w -> a: {{timeout: 10ms, per_try_timeout: 4ms, retries: {{num_retries: 9, {NO_BACK_OFF}}}}}}}
""".replace("work: 10ms", "work: 30ms"), engine)  # fmt: skip
    assert told(plane, 20, "sent", "gave_up", "finished") == lines("""
         0 0.0 sent     0 0
         4 0.0 gave_up  0 timed_out
         4 0.1 sent     0 1
         8 0.1 gave_up  0 timed_out
         8 0.2 sent     0 2
        10 0.2 gave_up  0 timed_out
        10 0.0 finished 0 timed_out
    """)


def test_both_timeouts_at_one_instant(engine):
    """D5: the try times out first and would be made again at once, but the call expires before the retry."""
    plane = plane_of(f"""
{SLOW}
routes: {{w -> a: {{timeout: 4ms, per_try_timeout: 4ms, retries: {{num_retries: 9, {NO_BACK_OFF}}}}}}}
""", engine)  # fmt: skip
    assert told(plane, 6, "sent", "gave_up", "finished") == [
        "0 0.0 sent 0 0", "4 0.0 gave_up 0 timed_out", "4 0.0 finished 0 timed_out"]  # fmt: skip


def test_the_back_off_is_drawn_by_the_failed_try(engine):
    """R2: before retry n the caller waits what the key of try n-1 draws; nothing else decides it."""
    plane = plane_of("""
services: {a: {endpoints: {x: [{work: 1ms}]}}}
routes: {w -> a: {retries: {num_retries: 3, retry_back_off: {base_interval: 8ms, max_interval: 20ms}}}}
""", engine, seed=7)  # fmt: skip
    plane.apply(PodFailing("a", 0, 1.0))
    request = indexed_key(family_key(7, "workload", "w"), 0)
    expected = [0]
    for attempt in range(3):
        u = unit(child_key(request, 0, 0, attempt), BACK_OFF, 0)
        expected.append(expected[-1] + back_off_ns(8 * MS, 20 * MS, attempt + 1, u))
    plane.advance(100 * MS)
    assert [row.time_ns for row in plane.take_rows() if row.kind == 1] == expected


def test_the_call_may_expire_while_it_backs_off(engine):
    """R4: nothing is in flight then, so nobody gives up; the call just ends."""
    plane = plane_of("""
services: {a: {endpoints: {x: [{work: 1ms}]}}}
routes: {w -> a: {timeout: 3ms, retries: {num_retries: 1, retry_back_off: {base_interval: 1h}}}}
""", engine)  # fmt: skip
    plane.apply(PodFailing("a", 0, 1.0))
    assert told(plane, 1e6) == lines("""
        0 0.0 arrived  0 0
        0 0.0 sent     0 0
        0 0.0 answered 0 failed
        0 0.0 returned 0 failed
        3 0.0 finished 0 timed_out
    """)


@pytest.mark.parametrize(
    ("condition", "failure", "again"),
    [
        ("5xx", "failed", True), ("5xx", "rejected", True), ("gateway-error", "failed", False),
        ("gateway-error", "rejected", True), ("reset", "rejected", False), ("connect-failure", "failed", False),
    ],
)  # fmt: skip
def test_retry_on(engine, condition, failure, again):
    """R1: only failures that the condition names are tried again."""
    plane = plane_of(f"""
services: {{a: {{queue: {{size: 0}}, endpoints: {{x: [{{work: 1s}}]}}}}}}
workload: {{w: {{entry: a.x, arrivals: {{timestamps: times(0, 1)}}}}}}
routes: {{w -> a: {{retries: {{num_retries: 1, retry_on: [{condition}], {NO_BACK_OFF}}}}}}}
""", engine)  # fmt: skip
    told(plane, 1)
    plane.apply(PodFailing("a", 0, 1.0 if failure == "failed" else 0.0))
    sent = told(plane, 2, "sent")
    assert sent == ["1 1.0 sent 0 0", "1 1.1 sent 0 1"][: 1 + again]


def test_a_budget_refuses_for_good(engine):
    """R3: of four calls that fail together two may be tried again at once; the other calls end with their failure."""
    plane = plane_of("""
services: {a: {endpoints: {x: [{work: 1ms}]}}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 0, 0, 0)}}}
routes:
  w -> a:
    retries:
      num_retries: 1
      retry_back_off: {base_interval: 1ms}
      retry_budget: {budget_percent: 0%, min_retry_concurrency: 2}
""", engine)  # fmt: skip
    plane.apply(PodFailing("a", 0, 1.0))
    assert told(plane, 0.000001, "finished") == ["0 2.0 finished 0 failed", "0 3.0 finished 0 failed"]
    assert len(told(plane, 5, "sent", "finished")) == 4
    route = plane.observe().routes[0]
    assert [int(route[name]) for name in ("attempts", "retries", "refused_retries")] == [6, 2, 2]
    assert_drained(plane.observe(), plane.layout)


def test_a_budget_counts_tries_in_flight(engine):
    """R3: 50 % of the four tries still in flight when the fifth fails: two retries may be under way, no third."""
    plane = with_pods(build_plane(world("""
services: {a: {workers: 9, replicas: 2, endpoints: {x: [{work: 100ms}]}}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 0, 0, 0, 5, 6, 7)}}}
routes:
  w -> a:
    lb_policy: random
    retries:
      num_retries: 1
      retry_back_off: {base_interval: 1s}
      retry_budget: {budget_percent: 50%, min_retry_concurrency: 0}
"""), 1, engine, record=True))  # fmt: skip
    told(plane, 5)
    for number in (0, 1):
        plane.apply(PodFailing("a", number, 1.0))
    assert told(plane, 8, "finished") == ["7 6.0 finished 0 failed"]
    assert int(plane.observe().routes["refused_retries"][0]) == 1


def test_round_robin_goes_around(engine):
    """B3: the pods in turn, from a drawn place; it draws again when the ready pods change."""
    plane = plane_of("""
services: {a: {replicas: 3, endpoints: {x: [{wait: 1ms}]}}}
routes: {w -> a: {lb_policy: round_robin}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 1, 2, 3, 4, 5, 10, 11, 12)}}}
""", engine)  # fmt: skip
    places = [int(line.split()[3]) for line in told(plane, 8, "sent")]
    assert places[:3] == places[3:]
    assert [(b - a) % 3 for a, b in pairwise(places)] == [1] * 5
    plane.apply(PodDraining("a", 1))
    after = [int(line.split()[3]) for line in told(plane, 20, "sent")]
    assert after in ([0, 2, 0], [2, 0, 2])


def test_least_request_sees_what_is_in_flight(engine):
    """B1, B2: with very many candidates drawn, three calls at once go to three pods."""
    plane = plane_of("""
services: {a: {replicas: 3, workers: 9, endpoints: {x: [{work: 10ms}]}}}
routes: {w -> a: {lb_policy: {least_request: {choice_count: 100}}}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 0, 0)}}}
""", engine)  # fmt: skip
    places = [line.split()[3] for line in told(plane, 30, "sent")]
    assert sorted(places) == ["0", "1", "2"]


def test_least_request_remembers_who_was_given_up_no_longer(engine):
    """B2: a try given up is no longer in flight for its caller, though the pod still works on it."""
    plane = plane_of("""
services: {a: {replicas: 2, workers: 1, endpoints: {x: [{work: 10ms}]}}}
routes: {w -> a: {lb_policy: {least_request: {choice_count: 100}}, timeout: 2ms}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 0, 0, 3, 3)}}}
""", engine)  # fmt: skip
    places = [line.split()[3] for line in told(plane, 5, "sent")]
    assert sorted(places[:2]) == sorted(places[3:]) == ["0", "1"]


VIEWS = """
cluster: {zones: [east, west]}
services:
  a: {replicas: 4, workers: 9, endpoints: {x: [{call: b.y}]}}
  b: {replicas: 2, workers: 9, endpoints: {y: [{work: 50ms}]}}
routes:
  w -> a: {lb_policy: round_robin}
  a -> b: {lb_policy: round_robin, view: VIEW}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 1, 2, 3)}}}
"""


@pytest.mark.parametrize(("view", "memories"), [("caller", 4), ("zone", 2), ("service", 1)])
def test_views(engine, view, memories):
    """B5: callers that share a view share its rotation: one memory alternates, each memory begins where it drew."""
    plane = plane_of(VIEWS.replace("VIEW", view), engine)
    sent = [(line.split()[1], int(line.split()[3])) for line in told(plane, 5, "sent")]
    callers = {call.split(".")[0]: place for call, place in sent if call.endswith(".0")}
    chosen: dict[int, list[int]] = {}
    for call, place in sent:
        if call.endswith(".1"):
            caller = callers[call.split(".")[0]]
            chosen.setdefault({"caller": caller, "zone": caller % 2, "service": 0}[view], []).append(place)
    assert len(chosen) == memories
    assert all(len(set(places)) == min(2, len(places)) for places in chosen.values())


def test_calls_of_one_name_share_a_memory(engine):
    """B5: two endpoints that call over one route alternate on it; a pattern that names an endpoint parts them."""
    text = """
services:
  a: {workers: 9, endpoints: {x: [{call: b.y}, {call: b.z}]}}
  b: {replicas: 2, workers: 9, endpoints: {y: [{wait: 1ms}], z: [{wait: 1ms}]}}
routes: {a -> b: {lb_policy: round_robin}}
"""
    first, second = (int(line.split()[3]) for line in told(plane_of(text, engine), 9, "sent")[1:])
    assert {first, second} == {1, 2}
    parted = plane_of(text.replace("routes: {", "routes: {a -> b.z: {timeout: 1s}, "), engine)
    assert [route.name for route in parted.layout.routes] == ["w -> a", "a -> b", "a -> b.z"]


def test_retries_go_to_a_pod_picked_anew(engine):
    """B1: a retry is a try of its own, with its own key, pod and call number."""
    plane = plane_of(f"""
services: {{a: {{replicas: 9, endpoints: {{x: [{{work: 1ms}}]}}}}}}
routes: {{w -> a: {{lb_policy: random, retries: {{num_retries: 20, {NO_BACK_OFF}}}}}}}
""", engine)  # fmt: skip
    for number in range(9):
        plane.apply(PodFailing("a", number, 1.0))
    sent = [line.split() for line in told(plane, 1, "sent")]
    assert [call for _, call, _, _, _ in sent] == [f"0.{n}" for n in range(21)]
    assert [attempt for *_, attempt in sent] == [str(n) for n in range(21)]
    assert len({place for *_, place, _ in sent}) > 4


def test_a_new_pod_is_found_by_the_next_try(engine):
    """B4: the call that found nobody fails; a pod that gets ready takes the next call at once."""
    plane = build_plane(world(SLOW + "workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 5)}}}"), 1, engine, record=True)
    found = told(plane, 4, "finished")
    plane.apply(PodReady("a", 17, "local"))
    assert found + told(plane, 20, "finished") == ["0 0.0 finished 0 no_endpoint", "15 1.0 finished 0 ok"]


def test_slow_answers_are_no_failures(engine):
    """R4: without timeouts a caller waits for ever, and a retry needs a failure."""
    plane = plane_of(SLOW + f"routes: {{w -> a: {{retries: {{num_retries: 3, {NO_BACK_OFF}}}}}}}", engine)
    plane.apply(PodSlowed("a", 0, 5e5))
    assert told(plane, 5_000_001, "sent", "finished") == ["0 0.0 sent 0 0", "5000000 0.0 finished 0 ok"]
