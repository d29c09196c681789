"""Z13, W11, R10, R11, X9 and B26 on small worlds: routes that are told of other weights, rates, budgets, timeouts and bounds."""

from __future__ import annotations

from collections import Counter

import pytest

from sim.commands import (
    HostsWeighted,
    PodFailing,
    PodGone,
    PodReady,
    RateLimited,
    RequestsBounded,
    RetriesBudgeted,
    TimeoutChanged,
    WeightsShifted,
)
from sim.draws import family_key, indexed_key
from sim.laws.localities import begin_turns, next_locality
from sim.plane import DataPlane
from sim.records import HOST_SET, LEVEL
from sim.trace import SENT
from tests.worlds import MS, plane_of, told

CLUSTER = "cluster: {zones: [p, q, r, s], regions: {south: [p, q], north: [r], west: [s]}}"
EVERY_MS = "workload: {w: {entry: a.x, zone: p, arrivals: {constant: 1000/s}}}"
SPREAD = f"""
{CLUSTER}
services: {{a: {{replicas: 8, workers: 9, endpoints: {{x: [{{work: 0.1ms}}]}}}}}}
routes:
  w -> a: {{lb_policy: round_robin, SETTING locality_lb_setting: {{distribute: [{{from: "*", to: {{"south/*": 80, north/r: 20}}}}]}}}}
{EVERY_MS}
"""  # pods 0 and 4 in zone p, 1 and 5 in q, 2 and 6 in r, 3 and 7 in s
EJECTS = "outlier_detection: {consecutive_5xx: 1, interval: 1h, base_ejection_time: 1h, max_ejection_percent: 100%},"


def places(plane: DataPlane, until_ms: int) -> list[int]:
    """Pods that tries were sent to; -1: a gate refused."""
    plane.advance(until_ms * MS)
    return [row.place for row in plane.take_rows() if row.kind == SENT]


def shift(plane: DataPlane, source: str = "p", **weights: int) -> DataPlane:
    """Spread calls of `w -> a`, or of `f -> a`, from a zone so."""
    plane.apply(WeightsShifted(plane.layout.routes[-1].name, source, tuple(weights.items())))
    return plane


def turns_of_the_law(changes: int, picks: int, **weights: int) -> list[str]:
    """Whose turn it is by Z7, in a schedule of these weights that begins as the view's so-many-th."""
    rows, level = [HOST_SET.make_class()(share=float(weights[zone])) for zone in weights], LEVEL.make_class()()
    begin_turns(rows, 0, len(rows), 0, level, indexed_key(family_key(1, "route", "w -> a"), 0), changes)
    return [list(weights)[next_locality(rows, 0, len(rows), 0, level)] for _ in range(picks)]


def test_weights_shift_at_once(engine):
    """Z13: 80 to 20 until 100 ms, and from the next call on 70 to 30, turn by turn as Z7 has it; q's pods are asked no more."""
    plane = plane_of(SPREAD.replace("SETTING", ""), engine)
    assert Counter("pqrs"[pod % 4] for pod in places(plane, 101)) == pytest.approx({"p": 40, "q": 40, "r": 20}, abs=1)
    sent = ["pqrs"[pod % 4] for pod in places(shift(plane, p=70, r=30), 301)]
    assert sent == turns_of_the_law(2, 200, p=70, r=30)
    assert Counter(sent) == pytest.approx({"p": 140, "r": 60}, abs=1)


def test_a_shift_begins_turns_anew(engine):
    """Z13: the same weights once more are a new schedule of the view, its third."""
    plane = plane_of(SPREAD.replace("SETTING", ""), engine)
    places(plane, 101)
    places(shift(plane, p=70, r=30), 201)
    assert ["pqrs"[pod % 4] for pod in places(shift(plane, p=70, r=30), 301)] == turns_of_the_law(3, 100, p=70, r=30)


def test_zones_that_nothing_went_to(engine):
    """Z13: pods of west are met as soon as something is sent there, and those of all other zones are forgotten."""
    plane = plane_of(SPREAD.replace("SETTING", ""), engine)
    places(plane, 100)
    assert Counter(places(shift(plane, s=100), 120)) == {3: 10, 7: 10}
    assert set(places(shift(plane, s=0, q=100), 140)) == {1, 5}


@pytest.mark.parametrize(("between_ms", "failures"), [(0, 0), (20, 1)])
def test_what_was_known_of_a_zone_is_forgotten(engine, between_ms, failures):
    """Z13: pod 0 fails and is ejected; away and back, it is met anew, and fails once more. At one instant nobody looks in between."""
    plane = plane_of(SPREAD.replace("SETTING", EJECTS), engine)
    plane.apply(PodFailing("a", 0, 1.0))
    assert places(plane, 100).count(0) == 1
    places(shift(plane, r=100), 100 + between_ms)
    assert places(shift(plane, p=100), 200).count(0) == failures


def test_a_zone_without_pods_gets_nothing(engine):
    """Z13, Z6: it weighs nothing, and the others share all."""
    plane = plane_of(SPREAD.replace("SETTING", "").replace("replicas: 8", "replicas: 3"), engine)
    assert set(places(shift(plane, s=90, r=10), 50)) == {2}
    assert set(places(shift(plane, s=100), 100)) == {-1}


CALLERS = f"""
{CLUSTER}
services:
  f: {{replicas: 4, workers: 9, endpoints: {{x: [{{call: a.x}}]}}}}
  a: {{replicas: 8, workers: 9, endpoints: {{x: [{{work: 0.1ms}}]}}}}
routes: {{f -> a: {{lb_policy: round_robin, view: VIEW, locality_lb_setting: {{distribute: [{{from: "*", to: {{"*": 100}}}}]}}}}}}
workload: {{w: {{entry: f.x, arrivals: {{constant: 1000/s}}}}}}
"""


def asked(plane: DataPlane, until_ms: int) -> dict[int, list[str]]:
    """Zones that each pod of `f` asked, one after the other."""
    plane.advance(until_ms * MS)
    rows = [row for row in plane.take_rows() if row.kind == SENT]
    caller, found = {row.request: row.place for row in rows if row.call == 0}, dict[int, list[str]]()
    for row in rows:
        if row.call > 0:
            found.setdefault(caller[row.request], []).append("pqrs"[row.place % 4])
    return found


@pytest.mark.parametrize("view", ["caller", "zone"])
def test_a_shift_is_for_one_zone(engine, view):
    """Z13: callers in q ask p and r alone; the others go on as if nothing had happened, call by call."""
    plane, other = (plane_of(CALLERS.replace("VIEW", view), engine) for _ in range(2))
    for one in (plane, other):
        asked(one, 100)
    shifted, same = asked(shift(plane, "q", p=50, r=50), 200), asked(other, 200)
    assert set(shifted.pop(1)) == {"p", "r"} != set(same.pop(1))
    assert shifted == same


@pytest.mark.parametrize("view", ["caller", "zone"])
def test_a_caller_that_comes_later(engine, view):
    """Z13: a caller that becomes ready in the zone afterwards has its weights."""
    plane = shift(plane_of(CALLERS.replace("VIEW", view), engine), "q", s=100)
    plane.apply(PodReady("f", 4, "q"))
    found = asked(plane, 300)
    assert set(found[1]) == set(found[12]) == {"s"}


HOSTS = """
services: {a: {replicas: 4, workers: 9, load_balancing_weights: [5], endpoints: {x: [{work: 0.1ms}]}}}
routes: {w -> a: {lb_policy: POLICY, SETTING load_balancing_weights: [1, 1, 2, 0]}}
workload: {w: {entry: a.x, arrivals: {constant: 1000/s}}}
"""


def weigh(plane: DataPlane, *weights: int) -> DataPlane:
    """Other weights of pods for the last route."""
    plane.apply(HostsWeighted(plane.layout.routes[-1].name, weights))
    return plane


def hosts(engine: str, policy: str = "round_robin", setting: str = "") -> DataPlane:
    """Four pods, of which the last is told to nobody."""
    return plane_of(HOSTS.replace("POLICY", policy).replace("SETTING", setting), engine)


def test_pods_weigh_what_their_route_says(engine):
    """B26: one to one to two to none, whatever the service says; then none, three, none, one; a new pod has the place of its number."""
    plane = hosts(engine)
    assert Counter(places(plane, 101)) == pytest.approx({0: 25, 1: 25, 2: 50}, abs=1)
    assert Counter(places(weigh(plane, 0, 3, 0, 1), 201)) == pytest.approx({1: 75, 3: 25}, abs=1)
    plane.apply(PodReady("a", 4, "local"))
    assert set(places(plane, 251)) == {1, 3}
    plane.apply(PodReady("a", 5, "local"))
    assert Counter(places(plane, 451)) == pytest.approx({1: 86, 3: 28, 5: 86}, abs=2)


@pytest.mark.parametrize("policy", ["random", "least_request"])
def test_who_weighs_nothing_is_not_asked(engine, policy):
    """B26: by any balancer; chance sees no other weights, the least busy of two does."""
    plane = hosts(engine, policy)
    assert set(places(plane, 200)) == {0, 1, 2}
    told = Counter(places(weigh(plane, 9, 0, 0, 1), 1200))
    assert set(told) == {0, 3} and (0.8 < told[0] / told.total() < 1.0) is (policy == "least_request")


def test_weights_begin_turns_anew(engine):
    """B26, B3: equal weights are turns, one after the other, of those that weigh something."""
    sent = places(weigh(hosts(engine), 2, 0, 2, 2), 100)
    assert all(sent[i] == sent[i + 3] for i in range(len(sent) - 3)) and set(sent) == {0, 2, 3}


@pytest.mark.parametrize(("between_ms", "failures"), [(0, 0), (20, 1)])
def test_what_was_known_of_a_pod_is_forgotten(engine, between_ms, failures):
    """B26: pod 0 fails and is ejected; away and back, it is met anew, and fails once more. At one instant nobody looks in between."""
    plane = hosts(engine, setting=EJECTS)
    plane.apply(PodFailing("a", 0, 1.0))
    assert places(plane, 100).count(0) == 1
    places(weigh(plane, 0, 1, 1, 1), 100 + between_ms)
    assert places(weigh(plane, 1, 1, 1, 1), 200).count(0) == failures


def test_who_is_gone_refuses(engine):
    """B26, V3: a pod that is gone and still listed turns away what comes, and is counted; of no weight, nothing comes."""
    plane = hosts(engine)
    plane.apply(PodGone("a", 2, stays_listed=True))
    assert Counter(places(plane, 101))[2] == pytest.approx(50, abs=1)
    refused = plane.observe().pods["refused"].tolist()
    assert refused[2] == pytest.approx(50, abs=1) and sum(refused) == refused[2]
    assert 2 not in places(weigh(plane, 1, 1, 0, 1), 201) and plane.observe().pods["refused"].tolist() == refused


def test_nobody_weighs_anything(engine):
    """B26, B4: nobody is asked."""
    assert set(places(weigh(hosts(engine), 0, 0, 0, 0), 50)) == {-1}


BUCKET = """
services: {a: {workers: 9, endpoints: {x: [{work: 0.1ms}]}}}
routes: {w -> a: {local_rate_limit: {token_bucket: {max_tokens: 5, tokens_per_fill: 5, fill_interval: 50ms}}}}
workload: {w: {entry: a.x, arrivals: {TIMES}}}
"""


def passed(plane: DataPlane, until_ms: int) -> list[float]:
    """When tries left, in ms, whom no gate refused."""
    plane.advance(until_ms * MS)
    return [row.time_ns / MS for row in plane.take_rows() if row.kind == SENT and row.place >= 0]


def limit(plane: DataPlane, rate: int, most: int) -> DataPlane:
    """Another rate and burst for the last route."""
    plane.apply(RateLimited(plane.layout.routes[-1].name, rate, most))
    return plane


def test_another_rate_from_now_on(engine):
    """W11: a token each 10 ms; then one each 5 ms, to the instant; then none; then, from an empty bucket, one each 10 ms."""
    plane = plane_of(BUCKET.replace("TIMES", "constant: 1000/s"), engine)
    assert passed(plane, 101) == [1, 2, 3, 4, 5, 11, 21, 31, 41, 51, 61, 71, 81, 91]
    assert passed(limit(plane, 10, 1), 200) == list(range(101, 200, 5))
    assert passed(limit(plane, 0, 5), 400) == []
    assert passed(limit(plane, 5, 5), 450) == [410, 420, 430, 440]
    assert passed(limit(plane, 5, 0), 600) == []


@pytest.mark.parametrize(("most", "at_once"), [(2, 2), (5, 5), (9, 5)])
def test_credit_is_kept_as_far_as_there_is_room(engine, most, at_once):
    """W11: of five tokens two are left where no more fit; a larger bucket is not full at once. It was full, though nobody asked before."""
    plane = plane_of(BUCKET.replace("TIMES", f"timestamps: times({', '.join(['20'] * 12)})"), engine)
    plane.advance(20 * MS)
    assert passed(limit(plane, 1, most), 21) == [20.0] * at_once


def test_what_came_in_before_came_in_at_the_old_rate(engine):
    """W11: five tokens at 0, none left; two came in by 25 ms, and half of a third: the rest of it takes 25 ms at a token in 50 ms."""
    plane = plane_of(BUCKET.replace("TIMES", f"timestamps: times({', '.join(['0'] * 5 + ['25', '25', '25', '49.9', '50'])})"), engine)
    plane.advance(25 * MS)
    assert passed(limit(plane, 1, 5), 60) == [0.0] * 5 + [25.0] * 2 + [50.0]


@pytest.mark.parametrize(("view", "tokens"), [("caller", [3, 3, 9]), ("zone", [3, 0, 0]), ("service", [3, 0, 0])])
def test_buckets_of_callers(engine, view, tokens):
    """W11: each view's bucket is cut to three tokens, of callers too that called nobody yet; one that comes later begins full of nine."""
    plane = plane_of(f"""
services:
  f: {{replicas: 2, workers: 99, endpoints: {{x: [{{call: a.x, repeat: 12, on_failure: ignore}}]}}}}
  a: {{workers: 99, endpoints: {{x: [{{work: 0.1ms}}]}}}}
routes:
  w -> f: {{lb_policy: round_robin}}
  f -> a: {{view: {view}, local_rate_limit: {{token_bucket: {{max_tokens: 5, fill_interval: 1h}}}}}}
workload: {{w: {{entry: f.x, arrivals: {{timestamps: times(10, 20, 30, 40, 50, 60)}}}}}}
""", engine)  # fmt: skip
    limit(limit(plane, 1, 3), 1, 9)
    plane.apply(PodReady("f", 2, "local"))
    plane.advance(100 * MS)
    rows = [row for row in plane.take_rows() if row.kind == SENT and row.place >= 0]
    caller = {row.request: row.place for row in rows if row.call == 0}
    sent = Counter(caller[row.request] for row in rows if row.call > 0)
    assert sorted(sent[pod] for pod in (0, 1, 3)) == sorted(tokens)


BUDGET = """
network: {same_zone: 1ms}
services: {a: {workers: 9, endpoints: {x: [{work: 1ms}]}}}
routes: {w -> a: {retries: {num_retries: 1, retry_on: [5xx], retry_back_off: {base_interval: 0s},
                  retry_budget: {budget_percent: 0%, min_retry_concurrency: 0}}}}
workload: {w: {entry: a.x, zone: local, arrivals: {timestamps: times(0, 0, 0, 0, 10, 10, 10, 10, 20, 20, 20, 20, 30, 30, 30, 30)}}}
"""


def test_another_retry_budget_from_now_on(engine):
    """R10: four tries fail at one instant, as 3, 2, 1 and 0 others are in flight: of them none may be tried again, then one beside
    the half of three, then two beside the whole of three and of two, then none."""
    plane, found = plane_of(BUDGET, engine), []
    plane.apply(PodFailing("a", 0, 1.0))
    for until_ms, share in ((10, 0.5), (20, 1.0), (30, 0.0), (40, 0.0)):
        found.append([line.split()[4] for line in told(plane, until_ms, "sent")].count("1"))
        plane.apply(RetriesBudgeted("w -> a", share))
    assert found == [0, 1, 2, 0]


SLOW = """
services: {a: {workers: 99, endpoints: {x: [{work: 10ms}]}}}
routes: {w -> a: {timeout: 50ms, circuit_breakers: {max_requests: 2}}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 0, 0, 5, 20, 20, 20, 25, 40, 40, 40, 40)}}}
"""


def test_another_bound_from_now_on(engine):
    """X9: two of three go; of a bound of three at 5 ms one more, and three of three at 20; one goes on at 25, none at 0 or after."""
    plane = plane_of(SLOW, engine)
    assert passed(plane, 5) == [0, 0]
    plane.apply(RequestsBounded("w -> a", 3))
    assert passed(plane, 21) == [5, 20, 20, 20]
    plane.apply(RequestsBounded("w -> a", 0))
    assert passed(plane, 100) == []
    assert plane.observe().workloads["failed"].tolist() == [1 + 1 + 4]


def test_another_timeout_from_now_on(engine):
    """R11: calls that began before keep 50 ms, which is enough; those that begin with 8 ms are given up then; with 50 ms again all is well.
    One that would have waited longer is not outlived by those that came after it."""
    plane = plane_of(SLOW.replace("max_requests: 2", "max_requests: 99"), engine)
    plane.advance(4 * MS)
    plane.apply(TimeoutChanged("w -> a", 8 * MS))
    gave_up = [float(line.split()[0]) for line in told(plane, 39, "gave_up")]
    assert gave_up == [13, 28, 28, 28, 33]
    plane.apply(TimeoutChanged("w -> a", 50 * MS))
    assert told(plane, 200, "gave_up") == []
    assert plane.observe().workloads["succeeded"].tolist() == [3 + 4]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (WeightsShifted("w -> b", "p", (("p", 100),)), "there is no route 'w -> b'; did you mean 'w -> "),
        (WeightsShifted("f -> a", "p", (("p", 100),)), "has no locality_lb_setting.distribute"),
        (WeightsShifted("w -> a", "t", (("p", 100),)), "there is no zone t"),
        (WeightsShifted("w -> a", "p", (("t", 100),)), "there is no zone t"),
        (WeightsShifted("w -> a", "p", (("p", 60), ("q", 30))), "is not percents by zone that make 100"),
        (WeightsShifted("w -> a", "p", (("p", 50), ("p", 50))), "is not percents by zone that make 100"),
        (WeightsShifted("w -> a", "p", (("p", 120), ("q", -20))), "is not percents by zone that make 100"),
        (WeightsShifted("w -> a", "p", (("p", 99.5), ("q", 0.5))), "is not percents by zone that make 100"),
        (WeightsShifted("w -> a", "p", ()), "is not percents by zone that make 100"),
        (RateLimited("w -> a", 1, 1), "has no local_rate_limit"), (RateLimited("f -> a", -1, 1), "are not what a bucket can have"),
        (RateLimited("f -> a", 1, 1 << 32), "are not what a bucket can have"),
        (HostsWeighted("w -> a", (1,)), "has no load_balancing_weights"), (HostsWeighted("w -> f", (1, 2)), "is not 1 whole weights"),
        (HostsWeighted("w -> f", (-1,)), "is not 1 whole weights"), (HostsWeighted("w -> f", (0.5,)), "is not 1 whole weights"),
        (RetriesBudgeted("w -> a", 0.2), "has no retries.retry_budget"), (RetriesBudgeted("f -> a", 20), "is not a share"),
        (RequestsBounded("w -> a", 2), "has no circuit_breakers"), (RequestsBounded("f -> a", -1), "is not a number of tries under way"),
        (TimeoutChanged("w -> a", 5), "has no timeout"), (TimeoutChanged("f -> a", 0), "0 ns is no time to wait"),
    ],
)  # fmt: skip
def test_what_cannot_be_obeyed(engine, command, says):
    """Z13, W11, R10, R11, X9, B26: only routes whose file has the setting can be told of another, and only what makes sense; all stays."""
    plane = plane_of(f"""
{CLUSTER}
services: {{f: {{endpoints: {{x: [{{call: a.x}}]}}}}, a: {{endpoints: {{x: [{{work: 0.1ms}}]}}}}}}
routes:
  w -> a: {{locality_lb_setting: {{distribute: [{{from: "*", to: {{"*": 100}}}}]}}}}
  f -> a: {{timeout: 1s, circuit_breakers: {{}}, local_rate_limit: {{token_bucket: {{max_tokens: 1, fill_interval: 1s}}}},
            retries: {{num_retries: 1, retry_budget: {{}}}}}}
  w -> f: {{load_balancing_weights: [3]}}
workload: {{w: {{mix: {{a.x: 1, f.x: 1}}, arrivals: {{constant: 1000/s}}}}}}
""", engine)  # fmt: skip
    before = list(plane.layout.routes)
    with pytest.raises(ValueError, match=says):
        plane.apply(command)
    assert plane.layout.routes == before


@pytest.mark.parametrize(
    ("text", "command"),
    [(SPREAD.replace("SETTING", ""), WeightsShifted("w -> a", "p", (("s", 100),))), (BUCKET.replace("TIMES", "constant: 1000/s"),
     RateLimited("w -> a", 0, 0)), (BUDGET, RetriesBudgeted("w -> a", 1.0)),
     (HOSTS.replace("POLICY", "round_robin").replace("SETTING", ""), HostsWeighted("w -> a", (0, 1, 0, 1))),
     (SLOW, RequestsBounded("w -> a", 0)), (SLOW, TimeoutChanged("w -> a", 3 * MS))])  # fmt: skip
def test_a_fork_is_told_alone(engine, text, command):
    """D8: what a fork's routes are told its origin's are not, and what they were told before the fork both know."""
    plane, untold = (plane_of(text, engine) for _ in range(2))
    for one in (plane, untold):
        one.apply(PodFailing("a", 0, 0.5))
        one.advance(5 * MS)
    twin = plane.fork()
    twin.apply(command)
    again = twin.fork()
    for one in (plane, untold, twin, again):
        one.advance(50 * MS)
    assert plane.digest() == untold.digest() != twin.digest() == again.digest()
