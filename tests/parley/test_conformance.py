"""`parley conformance`: cases in, answers out, mistakes that teach, and the table of SEMANTICS.md."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from parley.errors import UsageError
from parley.mechanisms.conformance import answered, listing, mechanism
from parley.mechanisms.table import MECHANISMS
from sim.laws.weighing import early_picks
from sim.records import HOST, HOST_SET
from sim.reference.hosts import HostSet
from tests.house.sources import ROOT
from tests.parley.worlds import MAIN, environment

Host, Held = HOST.make_class(), HOST_SET.make_class()
NUMBA = "import sys\nfrom parley.cli import main\ntry:\n    main()\nfinally:\n    assert 'numba' not in sys.modules\n"


def answers(name, *cases):
    """What each case comes to."""
    return [one.content for one in answered(mechanism(name), [json.dumps(case) for case in cases])]


def asked(*words, given=""):
    """The command as a process of its own."""
    return subprocess.run([*MAIN, "conformance", *words], cwd=ROOT, env=environment(), input=given.encode(),
                          capture_output=True, timeout=60, check=False)  # fmt: skip


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_mechanism_answers_its_example(name):
    """The fields of the answer are those that the table promises, in that order, and JSON holds them."""
    one = MECHANISMS[name]
    (answer,) = answers(name, one.example)
    assert list(answer) == list(one.answers)
    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_field_of_a_case_says_what_it_is(name):
    """So that the listing explains it."""
    told = {told: asked for told, _, asked, _ in listing()}[name]
    assert told and all(meaning.strip() for _, meaning in told)


def test_envoys_back_off_and_budget():
    """Half of min(25 x 4, 250) ms; the bound is ten times the base; 8 of 40 tries at 20 % are all that may be retries."""
    waits = answers("envoy-retry-back-off", {"retry": 3, "random": 0.5}, {"retry": 9, "random": 0.5})
    assert waits == [{"wait_ms": 50.0}, {"wait_ms": 125.0}]
    assert answers("grpc-retry-back-off", MECHANISMS["grpc-retry-back-off"].example) == [{"wait_ms": 360.0}]  # 400 ms x (0.8 + 0.4 / 4)
    case = {"budget_percent": "20%", "active_requests": 40}
    allowed = answers("envoy-retry-budget", case | {"active_retries": 7}, case | {"active_retries": 8})
    assert allowed == [{"allowed": True}, {"allowed": False}]


def test_balancers():
    """Merged by hand; Envoy's ring and the Maglev paper's table; e^-1 of a peak after one decay; 65535, half, and their mean."""
    assert answers("envoy-edf", MECHANISMS["envoy-edf"].example) == [{"picked": [0, 1, 0, 0, 2, 1, 0]}]
    assert answers("envoy-slow-start", MECHANISMS["envoy-slow-start"].example) == [{"weight": 0.25}]
    assert answers("envoy-ring-hash", {"weights": [1, 2, 3]}) == [{"size": 1026, "entries": [171, 342, 513]}]
    assert answers("envoy-maglev", MECHANISMS["envoy-maglev"].example) == [{"table": [1, 0, 1, 0, 2, 2, 0], "slots": [3, 2, 2]}]
    assert answers("envoy-bounded-load", MECHANISMS["envoy-bounded-load"].example) == [{"slots": 2, "overload": 1.0, "accepted": True}]
    (peak,) = answers("peak-ewma", MECHANISMS["peak-ewma"].example)
    assert peak["costs"] == pytest.approx([200, 200 / math.e])
    assert answers("grpc-endpoint-weight", MECHANISMS["grpc-endpoint-weight"].example)[0]["weight"] == pytest.approx(500 / 3)
    (stride,) = answers("grpc-static-stride", MECHANISMS["grpc-static-stride"].example)
    assert stride["scaledWeights"] == [65535, 32768, 49151]
    assert answers("prequal-hcl", MECHANISMS["prequal-hcl"].example) == [
        {"threshold": 5, "hot": [True, False, False], "picked": 2, "worst": 0}]
    assert answers("c3-score", MECHANISMS["c3-score"].example) == [{"score_ms": 2054.0}]
    (mistake,) = answered(mechanism("envoy-maglev"), ['{"table_size": 8, "hosts": [{"offset": 0, "skip": 1}]}'])
    assert "not a prime" in str(mistake.content)


def test_gates():
    """Envoy's own token bucket test; a throttle by hand; a gradient of a half: 50 + sqrt 50; two failures of two open a breaker."""
    assert answers("envoy-token-bucket", MECHANISMS["envoy-token-bucket"].example) == [{"allowed": [True, False, False, True]}]
    assert answers("adaptive-throttle", {"requests": 9, "accepts": 0}) == [{"rejectionProbability": 0.9}]
    (denied,) = answers("envoy-admission-control", MECHANISMS["envoy-admission-control"].example)
    assert denied["rejectionProbability"] == pytest.approx(0.39)
    assert answers("envoy-gradient", MECHANISMS["envoy-gradient"].example) == [{"concurrency_limit": 57}]
    (answer,) = answers("resilience4j-circuitbreaker", MECHANISMS["resilience4j-circuitbreaker"].example)
    assert [(call["permitted"], call["state"]) for call in answer["calls"]] == [(True, "CLOSED"), (True, "OPEN"), (False, "OPEN")]


def test_netflix_limits():
    """One more and nine tenths; the library's own case of a queue of eight in ten; 20.8 is 20; of two places one is critical's."""
    asked = {name: answers(name, MECHANISMS[name].example)[0] for name in MECHANISMS if name.startswith("netflix-")}
    assert asked == {"netflix-aimd": {"limits": [21, 18]}, "netflix-vegas": {"limits": [10, 9]},
                     "netflix-gradient2": {"limits": [20, 20]}, "netflix-partitions": {"acquired": [True, True, True, False]}}  # fmt: skip


def crowd(*rates, total=100):
    """Hosts with these successes in percent."""
    return [{"total": total, "success": total * rate // 100} for rate in rates]


def test_outliers_of_envoy():
    """Its own test: rates of 100 and 50 average 90, threshold 52 (1.9 times a deviation of 20 below); the third ejection lasts 90 s, the
    tenth 300 s; of ten hosts one may be out, of nine none."""
    (found,) = answers("envoy-success-rate-ejection", {"hosts": crowd(100, 100, 100, 100, 50)})
    assert (found["average"], found["threshold"], found["ejected"]) == (90.0, pytest.approx(52.0), [4])
    few = {"hosts": crowd(100, 100, 100, 50)}
    assert answers("envoy-success-rate-ejection", few) == [{"average": None, "threshold": None, "ejected": []}]
    shares = {"hosts": crowd(100, 100, 100, 15, 16), "failure_percentage_threshold": "85%"}
    assert answers("envoy-failure-percentage-ejection", shares) == [{"ejected": [3]}]  # 85 failed, and 84 did not
    assert answers("envoy-ejection-time", {"ejections": 3}, {"ejections": 10}, {"ejections": 99}) == [
        {"ejection_ms": 90_000.0}, {"ejection_ms": 300_000.0}, {"ejection_ms": 300_000.0}]  # fmt: skip
    cap = "envoy-max-ejection-percent"
    assert answers(cap, {"hosts": 10, "ejected": 0}, {"hosts": 10, "ejected": 1}, {"hosts": 9, "ejected": 0},
                   {"hosts": 9, "ejected": 0, "always_eject_one_host": True}) == [
        {"allowed": True}, {"allowed": False}, {"allowed": False}, {"allowed": True}]  # fmt: skip


def test_outliers_of_grpc():
    """A50: a share of failures must exceed the threshold; the cap is asked before, so that of five hosts one may go, and no second."""
    case = {"hosts": crowd(100, 100, 100, 40, 40), "failure_percentage_threshold": "50%"}
    cases = [case, case | {"failure_percentage_threshold": "60%"}, case | {"max_ejection_percent": "30%"}]
    assert answers("grpc-outlier-detection", *cases) == [{"ejected": [3]}, {"ejected": []}, {"ejected": [3, 4]}]


def test_envoys_circuit_breaker():
    """Three requests under way where two may be; when one of them ends another goes; nothing waits."""
    case = {"max_requests": 2, "events": [1, 1, 1, -1, 1, 1]}
    assert answers("envoy-circuit-breaker", case) == [{"admitted": [True, True, False, True, False], "active": 2}]


@pytest.mark.parametrize(
    ("healthy", "load"),
    [((100, 100), (100, 0)), ((72, 100), (100, 0)), ((71, 100), (99, 1)), ((50, 100), (70, 30)), ((25, 100), (35, 65)),
     ((0, 100), (0, 100)), ((25, 25, 100), (35, 35, 30)), ((50, 50, 100), (70, 30, 0)), ((25, 25), (50, 50))],
)  # fmt: skip
def test_envoys_table_of_priority_levels(healthy, load):
    """Of its documentation: the percentage of hosts in service on each level, and what each gets."""
    (found,) = answers("envoy-priority-load", {"levels": [{"hosts": 100, "healthy": n} for n in healthy]})
    assert tuple(found["load"]) == load
    assert found["panic"] == [healthy == (25, 25)] * len(load)


def test_envoys_zones():
    """The example in Envoy's source: 62.5 % stay, the others go 2 to 1; and its table of weighted localities at 50 %: 26 and 74."""
    assert answers("envoy-zone-aware", MECHANISMS["envoy-zone-aware"].example) == [
        {"localPercent": 62.5, "residualCapacity": [0, 1000, 500]}]  # fmt: skip
    (found,) = answers("envoy-locality-weight", MECHANISMS["envoy-locality-weight"].example)
    assert [round(100 * share) for share in found["share"]] == [26, 74]


def test_istios_levels():
    """Zone, region, the region that is named, the rest; as its LbPriority has it, to which 1 is another subzone."""
    case = {"region": "south", "zone": "a", "failover": [{"from": "south", "to": "west"}]}
    places = [("south", "a"), ("south", "b"), ("west", "d"), ("north", "c")]
    found = answers("istio-locality-priority", *(case | {"to_region": region, "to_zone": zone} for region, zone in places))
    assert [answer["priority"] for answer in found] == [0, 2, 3, 4]
    assert answers("istio-locality-priority", {key: case[key] for key in ("region", "zone")} | {"to_region": "north", "to_zone": "c"}) == [
        {"priority": 3}]


def test_kubernetes_walkthrough():
    """305 % of 50 % asks for 7, and the older path lets 4 through."""
    (answer,) = answers("hpa", MECHANISMS["hpa"].example)
    assert (answer["desiredReplicas"], answer["recommendation"]) == (4, 7)
    assert answer["reason"] == "cpu 305% of 50% target -> 7, limited to 4 by max(2*current, 4)"


def test_histories_are_in_seconds():
    """A recommendation of 9 pods 299 s ago holds the target at 9; one 300 s old does not, with behavior."""
    case = {"maxReplicas": 10, "currentReplicas": 10, "recommendation": 2, "behavior": {}, "now": 1000}
    kept, over = ({**case, "recommendations": [{"timestamp": at, "recommendation": 9}]} for at in (701, 700))
    assert [answer["desiredReplicas"] for answer in answers("hpa-behavior", kept, over)] == [9, 2]


def test_a_wrong_line_is_answered_with_its_number_and_the_others_still_are():
    """Broken JSON, a wrong key, a wrong value, no object: each gets a line of answer, in place; blank lines get none."""
    lines = ['{"retry": 1, "random": 0}', "", "{oops", '{"rety": 1, "random": 0}', '{"retry": 0, "random": 0}', "[1]",
             '{"retry": 1, "random": NaN}', '{"retry": 1, "random": 0}']  # fmt: skip
    found = [(one.line, one.error or one.content) for one in answered(mechanism("envoy-retry-back-off"), lines)]
    assert [line for line, _ in found] == [1, 3, 4, 5, 6, 7, 8]
    assert found[0][1] == found[-1][1] == {"wait_ms": 0.0}
    sentences = ["line 3: is not JSON: Expecting property name", "line 4: rety: is not a key here; did you mean 'retry'?",
                 "line 5: retry = 0 must be at least 1", "line 6: is not a case; write an object with the fields base_interval_ms",
                 "line 7: is not JSON: NaN is not a number in JSON"]  # fmt: skip
    assert all(str(told).startswith(sentence) for (_, told), sentence in zip(found[1:-1], sentences, strict=True)), found


def test_an_impossible_spec_is_a_mistake_too():
    """What no API server would take."""
    case = MECHANISMS["hpa"].example
    found = answers("hpa", {**case, "minReplicas": 11}, {**case, "minReplicas": 0})
    assert [one["error"] for one in found] == [
        "line 1: minReplicas (11) is more than maxReplicas (10)", "line 2: minReplicas = 0 needs an Object or External metric"]  # fmt: skip


def test_an_unknown_mechanism_is_answered_with_the_nearest():
    """And with where to find them all."""
    with pytest.raises(UsageError, match=r"'hpa-behaviour' is not a mechanism; did you mean 'hpa-behavior'\?"):
        mechanism("hpa-behaviour")


def test_the_command_answers_line_by_line():
    """Answers on stdout, mistakes on stderr as well; exit code 2 when there was one, 0 when not."""
    good, bad = '{"retry": 3, "random": 0.5}\n', "no\n"
    done = asked("envoy-retry-back-off", given=good + bad + good)
    assert done.returncode == 2
    assert [[*json.loads(line)] for line in done.stdout.splitlines()] == [["wait_ms"], ["error"], ["wait_ms"]]
    assert b"parley: line 2: is not JSON" in done.stderr
    assert asked("envoy-retry-back-off", given=good).returncode == 0
    assert asked("hpa", given="[]").returncode == 2
    assert asked("nothing").returncode == 2


def test_without_a_name_all_are_listed():
    """With the fields of cases and answers."""
    said = asked().stdout.decode()
    assert all(f"{name}: " in said for name in MECHANISMS)
    assert "in   maxReplicas: spec.maxReplicas" in said and "out  desiredReplicas: pods to ask for" in said


@pytest.mark.parametrize("words", [[], ["hpa"]])
def test_numba_is_never_imported(words):
    """A law is asked as Python has it."""
    case = json.dumps(MECHANISMS["hpa"].example)
    done = subprocess.run([sys.executable, "-c", NUMBA, "conformance", *words], cwd=ROOT, env=environment(), input=case,
                          capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_semantics_has_a_row_for_each_and_no_other():
    """The table of sim/SEMANTICS.md names what there is."""
    text = (ROOT / "sim" / "SEMANTICS.md").read_text(encoding="utf-8").split("## Conformance")[1]
    assert set(re.findall(r"^\| `([a-z0-9-]+)`", text, re.MULTILINE)) == set(MECHANISMS)


@pytest.mark.parametrize("weights", [(a, b) for a in range(1, 12) for b in range(1, 12)])
def test_envoys_schedule_is_that_of_a_view(weights):
    """B7: whom a view picks that begins its schedule without early picks, ties included."""
    view = SimpleNamespace(usable=[Host(weight=weight) for weight in weights], held=Held(), key=0, _weight=lambda host: host.weight)
    view._next_due = lambda: HostSet._next_due(view)
    while early_picks(view.key, 0, sum(weights)):
        view.key += 1
    HostSet._begin_schedule(view)
    picked = [view.usable.index(view._next_due()) for _ in range(60)]
    assert answers("envoy-edf", {"weights": weights, "picks": 60}) == [{"picked": picked}]


def test_mistakes_that_only_a_rule_of_the_schema_knows_are_told():
    """Shares of more than all; a ring that is larger than it may be; hosts that are not there."""
    cases = [("netflix-partitions", {"limit": 9, "partitions": {"critical": "70%", "bulk": "50%"}, "acquire": ["bulk"]},
              "line 1: partitions: come to 120% together; at most 100 %"),
             ("envoy-ring-hash", {"weights": [1], "maximum_ring_size": 9},
              "line 1: minimum_ring_size (1024) is more than maximum_ring_size (9)"),
             ("envoy-bounded-load", MECHANISMS["envoy-bounded-load"].example | {"host": 9}, "line 1: host is 9 of 4, counted from 0"),
             ("envoy-zone-aware", {"zones": [{"hosts": 1, "callers": 0}] * 2},
              "line 1: zones have no callers, so there is no share of theirs to leave alike")]  # fmt: skip
    for name, case, sentence in cases:
        assert answers(name, case) == [{"error": sentence}]


HUGE = 10**18
BOUNDARIES = [0, -1, 0.5, 1e-300, HUGE, 1e300, "0s", "1ns", "100000h", "0%", "100%", "0", "1m", "-1", None, True,
              [], [0], [-5], [0, 1], [HUGE, 1e300]]


def places(value, path=()):
    """Of everything inside a case, the path; a name alone stands for all that bear it."""
    if path:
        yield path
        yield path[-1:]
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


def changed(value, place, to, path=()):
    """A case with another value at a place, or wherever that name stands."""
    if path and (path == place or (len(place) == 1 and isinstance(place[0], str) and path[-1] == place[0])):
        return to
    if isinstance(value, dict):
        return {key: changed(inner, place, to, (*path, key)) for key, inner in value.items()}
    return [changed(inner, place, to, (*path, n)) for n, inner in enumerate(value)] if isinstance(value, list) else value


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_line_is_answered_whatever_stands_in_it(name):
    """With nothing, less than nothing, next to nothing, far too much and what is no number, in each field and in all of one name."""
    one = MECHANISMS[name]
    full = json.loads(one.case.model_validate(one.example).model_dump_json(by_alias=True))
    cases = [changed(full, place, to) for place in dict.fromkeys(places(full)) for to in BOUNDARIES]
    for case, answer in zip(cases, answers(name, *cases), strict=True):
        assert "error" in answer or list(answer) == list(one.answers), case
        json.dumps(answer, allow_nan=False)
