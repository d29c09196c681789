"""Z1 to Z12 on small worlds: who is asked where zones matter, worked out by hand."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from scenarios.errors import ScenarioError
from sim.commands import PodDraining, PodFailing, PodReady
from sim.plane import DataPlane
from sim.trace import SENT
from tests.worlds import MS, plane_of, told, world

EVERY_MS = "workload: {w: {entry: a.x, zone: p, arrivals: {constant: 1000/s}}}"
CLUSTER = "cluster: {zones: [p, q, r, s], regions: {south: [p, q], north: [r], west: [s]}}"
EJECTS = "outlier_detection: {consecutive_5xx: 1, interval: 1h, base_ejection_time: 1h, max_ejection_percent: 100%}"
LEVELS = f"""
{CLUSTER}
services: {{a: {{replicas: 8, workers: 9, endpoints: {{x: [{{work: 0.1ms}}]}}}}}}
routes: {{w -> a: {{lb_policy: round_robin, healthy_panic_threshold: 0%, locality_lb_setting: {{SETTING}}, {EJECTS}}}}}
{EVERY_MS}
"""  # pods 0 and 4 in zone p, 1 and 5 in q, 2 and 6 in r, 3 and 7 in s


def places(plane: DataPlane, until_ms: int) -> list[int]:
    """Pods that tries were sent to."""
    plane.advance(until_ms * MS)
    return [row.place for row in plane.take_rows() if row.kind == SENT]


def fail(plane: DataPlane, *pods: int) -> DataPlane:
    """From now on every call of these pods of `a` fails."""
    for pod in pods:
        plane.apply(PodFailing("a", pod, 1.0))
    return plane


def test_the_own_zone_first(engine):
    """Z1, Z3, Z5, Z7: all calls stay; with one of two pods out health is 70, and 30 in a hundred go on to the region's other zone;
    with both out all do; then come all other regions alike."""
    plane = plane_of(LEVELS.replace("SETTING", ""), engine)
    assert Counter(places(plane, 21)) == {0: 10, 4: 10}
    places(fail(plane, 0), 100)
    sent = Counter(places(plane, 2100))
    assert sent[4] == pytest.approx(1400, abs=70)
    assert sent[1] == pytest.approx(sent[5], abs=1)
    assert set(sent) == {1, 4, 5}
    places(fail(plane, 4), 2200)
    assert set(places(plane, 2300)) == {1, 5}
    places(fail(plane, 1, 5), 2400)
    assert Counter(places(plane, 2480)) == {2: 20, 3: 20, 6: 20, 7: 20}


def test_a_region_named_before_others(engine):
    """Z1: from south calls fail over to west, and to north only when west is out too."""
    plane = plane_of(LEVELS.replace("SETTING", "failover: [{from: south, to: west}]"), engine)
    places(fail(plane, 0, 4, 1, 5), 100)
    assert set(places(plane, 200)) == {3, 7}
    places(fail(plane, 3, 7), 300)
    assert set(places(plane, 400)) == {2, 6}


def test_a_caller_nowhere_sees_one_level(engine):
    """Z1: without a zone all eight pods are asked alike, zone by zone."""
    plane = plane_of(LEVELS.replace("SETTING", "").replace("zone: p, ", ""), engine)
    assert Counter(places(plane, 81)) == dict.fromkeys(range(8), 10)


def test_pods_that_are_not_there_do_not_count(engine):
    """Z1: as the pods of a zone leave the list, the next level takes over at once; as one comes back, all calls are its."""
    plane = plane_of(LEVELS.replace("SETTING", ""), engine)
    for pod in (0, 4):
        plane.apply(PodDraining("a", pod))
    assert set(places(plane, 50)) == {1, 5}
    plane.apply(PodReady("a", 8, "p"))
    assert set(places(plane, 100)) == {8}


def test_panic(engine):
    """Z4: half of p, none of q and half of the others are in service: health 70, 0 and 70, so nobody panics though less than half are well.
    When all are out every level panics."""
    plane = plane_of(LEVELS.replace("SETTING", "").replace("threshold: 0%", "threshold: 50%"), engine)
    places(fail(plane, 0, 1, 5, 2, 3), 200)
    assert set(places(plane, 300)) == {4, 6, 7}
    places(fail(plane, 4, 6, 7), 1000)
    sent = Counter(places(plane, 3000))
    assert set(sent) == set(range(8))  # everybody is out, all levels panic: 25, 25 and 50 in a hundred, as they have pods
    assert sent[0] + sent[4] == pytest.approx(500, abs=60)
    assert sent[2] + sent[3] + sent[6] + sent[7] == pytest.approx(1000, abs=70)


def test_nobody_is_left(engine):
    """Z4: where no panic is allowed and all are out, the caller is told that there is no endpoint."""
    plane = fail(plane_of(LEVELS.replace("SETTING", ""), engine), *range(8))
    assert told(plane, 100, "finished")[-1].endswith("no_endpoint")


SPREAD = f"""
{CLUSTER}
services: {{a: {{replicas: 8, workers: 9, endpoints: {{x: [{{work: 0.1ms}}]}}}}}}
routes: {{w -> a: {{lb_policy: round_robin, SETTING locality_lb_setting: {{distribute: [
  {{from: north/*, to: {{"*": 100}}}}, {{from: south/p/*, to: {{"south/*": 80, north/r: 20}}}}]}}}}}}
{EVERY_MS}
"""


def test_weights_of_zones(engine):
    """Z7, Z8: 80 of a hundred in south's two zones, 40 each, 20 in north, none in west: of every five calls 2, 2 and 1."""
    plane = plane_of(SPREAD.replace("SETTING", ""), engine)
    assert Counter(places(plane, 101)) == pytest.approx({0: 20, 4: 20, 1: 20, 5: 20, 2: 10, 6: 10}, abs=1)


def test_a_zone_that_is_less_well_weighs_less(engine):
    """Z6: one of north's two pods is out, so north weighs 20 times 0.7, beside 80: 14 calls of 94."""
    plane = plane_of(SPREAD.replace("SETTING", EJECTS + ","), engine)
    places(fail(plane, 2), 100)
    sent = Counter(places(plane, 1040))
    assert sent[6] == pytest.approx(140, abs=1)
    assert set(sent) == {0, 4, 1, 5, 6}


@pytest.mark.parametrize(("setting", "share"), [("", 1 / 3), ("failover: [{from: west, to: north}]", 1.4 / 3.4)])
def test_zones_of_a_level(engine, setting, share):
    """Z6: of r's two pods one is out, so its other is one of three; with a failover written, whoever it is for, r weighs 1.4 beside 2."""
    plane = plane_of(LEVELS.replace("SETTING", setting), engine)
    places(fail(plane, 0, 4, 1, 5, 2), 400)
    sent = Counter(places(plane, 1400))
    assert set(sent) == {3, 6, 7}
    assert sent[6] == pytest.approx(1000 * share, abs=2)


def test_a_caller_no_rule_fits(engine):
    """Z8: a caller in west spreads its calls over all zones, by their pods."""
    plane = plane_of(SPREAD.replace("SETTING", "").replace("zone: p", "zone: s"), engine)
    assert Counter(places(plane, 81)) == dict.fromkeys(range(8), 10)


AWARE = """
cluster: {zones: [p, q]}
services:
  f: {replicas: 0, workers: 99, endpoints: {x: [{call: a.x, on_failure: ignore}]}}
  a: {replicas: 0, workers: 99, endpoints: {x: [{work: 0.1ms}]}}
routes: {w -> f: {lb_policy: round_robin}, f -> a: {lb_policy: round_robin, SETTING zone_aware_lb_config: {CONFIG}}}
workload: {w: {entry: f.x, arrivals: {constant: 1000/s}}}
"""


def aware(engine: str, callers: str, hosts: str, config: str = "", setting: str = "") -> DataPlane:
    """A plane with pods of `f` and `a` in these zones."""
    plane = plane_of(AWARE.replace("CONFIG", config).replace("SETTING", setting), engine)
    for service, zones in (("f", callers), ("a", hosts)):
        for number, zone in enumerate(zones):
            plane.apply(PodReady(service, number, zone))
    return plane


def asked(plane: DataPlane, until_ms: int, callers: int) -> dict[str, Counter[int]]:
    """How often who asked whom: pods of `a` by the zone of the caller, which are 0 and 1 of its pods in turn, p first."""
    plane.advance(until_ms * MS)
    rows = [row for row in plane.take_rows() if row.kind == SENT]
    caller = {row.request: row.place for row in rows if row.call == 0}
    found: dict[str, Counter[int]] = {}
    for row in rows:
        if row.call > 0:
            found.setdefault("pq"[caller[row.request] % 2], Counter())[row.place - callers] += 1
    return found


def test_all_calls_stay_where_zones_are_alike(engine):
    """Z10: half of the callers and half of the hosts in each zone."""
    sent = asked(aware(engine, "pq", "pqpqpq"), 200, 2)
    assert (set(sent["p"]), set(sent["q"])) == ({0, 2, 4}, {1, 3, 5})


def test_what_a_zone_cannot_bear_goes_to_the_other(engine):
    """Z10, Z11: two of eight hosts in p, and half of the callers: half of their calls stay, and the others go to q; q keeps its own."""
    sent = asked(aware(engine, "pq", "pqqqpqqq"), 4000, 2)
    assert set(sent["q"]) == {1, 2, 3, 5, 6, 7}
    assert sent["p"][0] + sent["p"][4] == pytest.approx(1000, abs=70)
    assert sent["p"].total() == 2000


@pytest.mark.parametrize(
    ("callers", "hosts", "config"), [("pq", "pqpqp", ""), ("pp", "pqpqpq", ""), ("pq", "pqpqpq", "min_cluster_size: 7")])
def test_zones_do_not_matter(engine, callers, hosts, config):
    """Z9: five pods where six are asked for, or callers in one zone: everybody is asked."""
    sent = asked(aware(engine, callers, hosts, config), 200, 2)
    assert set(sent["p"]) == set(range(len(hosts)))


def test_callers_come_and_go(engine):
    """Z9: a second caller in another zone makes zones matter, and as it leaves they matter no longer."""
    plane = aware(engine, "p", "pqpqpq")
    assert set(asked(plane, 100, 1)["p"]) == set(range(6))
    plane.apply(PodReady("f", 1, "q"))
    sent = [row.place for row in plane_rows(plane, 200)]
    assert {place for place in sent if place in (1, 3, 5)} == {1, 3, 5}
    plane.apply(PodDraining("f", 1))
    assert {row.place for row in plane_rows(plane, 400)} >= set(range(1, 7))


def plane_rows(plane: DataPlane, until_ms: int) -> list:
    """Rows of tries that were sent."""
    plane.advance(until_ms * MS)
    return [row for row in plane.take_rows() if row.kind == SENT]


def test_a_share_for_which_zones_do_not_matter(engine):
    """Z9: at 40 % of routing 60 in a hundred calls are spread over all six, of which half go to the other zone."""
    sent = asked(aware(engine, "pq", "pqpqpq", "routing_enabled: 40%"), 4000, 2)
    assert sent["p"][1] + sent["p"][3] + sent["p"][5] == pytest.approx(600, abs=60)


@pytest.mark.parametrize("fails", ["false", "true"])
def test_panic_of_all(engine, fails):
    """Z12: when all pods are out, all are asked again in any zone, or nobody."""
    plane = aware(engine, "pq", "pqpqpq", f"fail_traffic_on_panic: {fails}", EJECTS + ",")
    plane.advance(0)
    fail(plane, *range(6))
    asked(plane, 100, 2)
    sent = asked(plane, 200, 2)["p"]
    assert set(sent) == ({-3} if fails == "true" else set(range(6)))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (EJECTS, "view: caller", "fails over only beside outlier_detection, as in Istio"),
        ("{SETTING}", "{failover: [{from: south, to: east}]}", "is not a region of this world; did you mean 'west'?"),
        ("{SETTING}", "{failover: [{from: south, to: south}]}", "is where the callers are; name another region"),
        ("{SETTING}", "{failover: [{from: south, to: west}, {from: south, to: north}]}", "stands in an earlier failover as well"),
        ("{SETTING}", "{distribute: [{from: 'south/*', to: {'*': 100}}, {from: south/q/*, to: {'*': 100}}]}", "is never reached"),
        ("{SETTING}", "{distribute: [{from: '*', to: {'west/*': 100}}, {from: 'north/*', to: {'*': 100}}]}", "is never reached"),
        ("{SETTING}", "{failover: [{from: south, to: west}], distribute: [{from: '*', to: {'*': 100}}]}", "exclude each other"),
        ("{SETTING}", "{distribute: [{from: '*', to: {'*': 90}}]}", "adds up to 90"),
        ("{SETTING}", "{distribute: [{from: '*', to: {south/z: 100}}]}", "names 'south/z', where no zone of this world is"),
        ("{SETTING}", "{distribute: [{from: south/p/q/r, to: {'*': 100}}]}", "is not a locality: write 'region/zone/*'"),
    ],
)
def test_what_is_refused(old, new, says):
    """Z1, Z8: settings that Istio would ignore or refuse, and places that are not there."""
    with pytest.raises(ScenarioError, match=re.escape(says)):
        world(LEVELS.replace(old, new).replace("{SETTING}", "{}"))


def test_zones_need_a_place():
    """Z9: a view that callers in several zones share stands in none; Envoy's two settings exclude each other."""
    with pytest.raises(ScenarioError, match="asks where a caller is, and here all callers share a view"):
        world(AWARE.replace("CONFIG", "").replace("SETTING", "view: service,"))
    with pytest.raises(ScenarioError, match="stands beside a zone_aware_lb_config"):
        world(AWARE.replace("CONFIG", "").replace("SETTING", "locality_lb_setting: {distribute: [{from: '*', to: {'*': 100}}]},"))
    with pytest.raises(ScenarioError, match="is not modelled beside a subset; leave one of them out"):
        world(AWARE.replace("CONFIG", "").replace("SETTING", "subset: 2,"))
    with pytest.raises(ScenarioError, match="not modelled where load_balancing_weights differ"):
        world(AWARE.replace("CONFIG", "routing_enabled: 50%").replace("SETTING", "").replace(
            "a: {replicas: 0,", "a: {replicas: 0, load_balancing_weights: [1, 2],"))  # fmt: skip
