"""O1 to O8: outliers, by Envoy's rules and by gRPC's."""

from __future__ import annotations

from typing import Any

import pytest

from scenarios.schema.ejecting import OutlierDetection
from sim.draws import indexed_key
from sim.laws import ejecting as e
from sim.laws.retrying import (
    CANCELLED,
    FAILED,
    LIMITED,
    LOST,
    NO_ENDPOINT,
    OK,
    OVERFLOW,
    REFUSED,
    REJECTED,
    SHED,
    TIMED_OUT,
)
from sim.records import HOST, HOST_SET

Host, Held = HOST.make_class(), HOST_SET.make_class()
S = 1_000_000_000
KEY = 77


def rules(**given: Any) -> OutlierDetection:
    """As in a file; all pods may be out where nothing else is said."""
    return OutlierDetection.model_validate({"max_ejection_percent": "100%"} | given)


def crowd(*rates: float, volume: int = 100) -> list[Any]:
    """Hosts with these success rates, in percent, in this interval."""
    return [Host(total=volume, succeeded=round(volume * rate / 100), unejected_ns=-1) for rate in rates]


def swept(hosts: list[Any], given: OutlierDetection, at_ns: int = 10 * S) -> list[int]:
    """Places of hosts that are out after a sweep."""
    held = Held(next_sweep_ns=at_ns, ejected=sum(host.is_ejected for host in hosts))
    e.work_off(hosts, 0, len(hosts), held, given, KEY, at_ns)
    assert held.ejected == sum(host.is_ejected for host in hosts)
    return [i for i, host in enumerate(hosts) if host.is_ejected]


@pytest.mark.parametrize(
    ("outcomes", "runs"),
    [
        ([FAILED, REJECTED, TIMED_OUT, LOST, REFUSED, SHED], (6, 5)),  # 500; 503, 504, 503, 503, 503
        ([REJECTED, REJECTED, FAILED], (3, 0)),  # a 500 ends the run of gateway errors
        ([REJECTED, OK], (0, 0)),
        ([REJECTED, LIMITED], (0, 0)),  # 429 is the caller's doing
        ([FAILED, CANCELLED, OVERFLOW, NO_ENDPOINT], (1, 0)),  # nobody's answer
    ],
)
def test_runs(outcomes, runs):
    """O1: any 5xx makes the 5xx run longer, 502 to 504 the gateway run too; locally seen failures count as 503 and 504."""
    host = Host()
    for outcome in outcomes:
        assert e.note_outcome(host, rules(consecutive_5xx=99, consecutive_gateway_failure=99), outcome, True) == 0
    assert (host.run_5xx, host.run_gateway) == runs


def test_the_local_kind_apart():
    """O1: with the split a try that reached its pod is a local success first, so timeouts there never make a run; refusals do."""
    host, split = Host(), rules(split_external_local_origin_errors=True, consecutive_local_origin_failure=2)
    assert [e.note_outcome(host, split, outcome, True) for outcome in (TIMED_OUT, TIMED_OUT, LOST)] == [0, 0, 0]
    assert [host.run_local, host.local_total, host.local_succeeded, host.total, host.run_5xx] == [1, 6, 3, 0, 0]
    assert e.note_outcome(host, split, REFUSED, True) == e.RUN_LOCAL
    assert e.note_outcome(host, split, FAILED, True) == 0
    assert [host.run_local, host.total, host.succeeded, host.run_5xx] == [0, 1, 0, 1]
    assert [e.note_outcome(host, split, TIMED_OUT, False) for _ in "ab"] == [0, e.RUN_LOCAL]  # lost on the way


def test_a_run_acts_at_once_and_begins_anew():
    """O1, O3: five in a row eject; a run that the dice refused begins anew as well; one that ends while out does not."""
    host, held, given = Host(), Held(), rules(enforcing_consecutive_gateway_failure="0%")
    for n in range(5):
        e.on_runs(host, held, 4, e.note_outcome(host, given, REJECTED, True), given, KEY, n * S)
    assert [host.is_ejected, host.ejected_ns, host.multiplier, held.ejected, held.is_stale] == [1, 4 * S, 1, 1, 1]
    assert [host.run_gateway, host.run_5xx] == [0, 0]
    for n in range(5):
        e.on_runs(host, held, 4, e.note_outcome(host, given, FAILED, True), given, KEY, n * S)
    assert [host.run_5xx, host.multiplier, held.ejected] == [5, 1, 1]
    e.take_back(host, held, 9 * S)
    assert [host.run_5xx, host.is_ejected, host.unejected_ns, held.ejected] == [0, 0, 9 * S, 0]


@pytest.mark.parametrize(
    ("ejected", "hosts", "most", "always_one", "may"),
    [(0, 9, 0.1, False, False), (0, 10, 0.1, False, True), (1, 19, 0.1, False, False), (1, 20, 0.1, False, True),
     (0, 3, 0.1, True, True), (1, 3, 0.1, True, False), (2, 3, 1.0, False, True), (2, 10, 0.3, False, True)],
)  # fmt: skip
def test_the_cap(ejected, hosts, most, always_one, may):
    """O2: ten percent of fewer than ten pods is nobody, unless one may always be out."""
    assert e.may_eject(ejected, hosts, most, always_one) is may


def test_dice_and_jitter():
    """O3, O4: a share of the detections by the view's own dice; jitter in whole milliseconds, its ends included."""
    keys = [indexed_key(3, n) for n in range(20_000)]
    assert sum(e.is_enforced(key, 1, 0.3) for key in keys) / len(keys) == pytest.approx(0.3, abs=0.015)
    assert all(e.is_enforced(key, 1, 1.0) and not e.is_enforced(key, 1, 0.0) for key in keys)
    assert {e.jitter_ns(key, 1, 2_000_000) for key in keys} == {0, 1_000_000, 2_000_000}


def test_ejections_grow():
    """O4: 30 s, 60 s, ... up to 300 s; the multiplier goes one beyond that and no further."""
    host, held, given = Host(), Held(), rules(enforcing_success_rate="0%")
    lasts = []
    for _ in range(14):
        e.try_eject(host, held, 9, 1.0, given, KEY, 0)
        lasts.append(e.ejection_ns(host.multiplier, given.base_ejection_time, given.max_ejection_time) // S)
        e.take_back(host, held, 0)
    assert lasts == [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300, 300, 300]
    assert host.multiplier == 11


def test_returns_and_the_multiplier():
    """O5: out at 3 s for 10 s, back at the sweep of 20 s; the multiplier falls from the sweep of 30 s on, one a sweep."""
    given = rules(base_ejection_time="10s")
    host, held = Host(is_ejected=1, ejected_ns=3 * S, multiplier=2, unejected_ns=-1), Held(ejected=1, next_sweep_ns=10 * S)
    seen = []
    for at in (10, 20, 30, 40, 50):
        e.work_off([host], 0, 1, held, given, KEY, at * S)
        seen.append((host.is_ejected, host.multiplier))
    assert seen == [(1, 2), (1, 2), (0, 2), (0, 1), (0, 0)]  # two times the base: 23 s, so the sweep of 30 s
    assert held.next_sweep_ns == 60 * S


def test_sweeps_are_worked_off_late():
    """O5: a view that was not looked at for long finds every host as its sweeps, each in its time, would have left it."""
    given = rules(base_ejection_time="10s")
    early, late = ([Host(is_ejected=i, ejected_ns=3 * S, multiplier=2 * i, unejected_ns=-1) for i in (0, 1)] for _ in "ab")
    held = [Held(ejected=1, next_sweep_ns=10 * S) for _ in "ab"]
    for at in range(1, 101):
        e.work_off(early, 0, 2, held[0], given, KEY, at * S)
    e.work_off(late, 0, 2, held[1], given, KEY, 100 * S)
    for one, other in zip([*early, held[0]], [*late, held[1]], strict=True):
        assert all(getattr(one, name) == getattr(other, name) for name in type(one).__slots__)


@pytest.mark.parametrize(
    ("rates", "factor", "threshold"), [((50, 100, 100, 100, 100), 1900, 52.0), ((0, 100), 1000, 0.0), ((80, 80), 1900, 80.0)])
def test_the_threshold(rates, factor, threshold):
    """O6: mean less 1.9 standard deviations of the population: Envoy's own test has 90 - 1.9 * 20 = 52."""
    given = rules(success_rate_stdev_factor=factor)
    assert e.rate_threshold(crowd(*rates), 0, len(rates), given, False) == pytest.approx(threshold)


def test_success_rates():
    """O6: strictly below the threshold, hosts of enough volume only, and only where five have it."""
    assert swept(crowd(50, 100, 100, 100, 100), rules()) == [0]
    assert swept(crowd(100, 100, 100, 100, 100), rules()) == []
    assert swept(crowd(0, 100, 100, 100), rules()) == []  # four
    assert swept(crowd(50, 100, 100, 100, 100, volume=99), rules()) == []
    assert swept([*crowd(100, 100, 100, 100, 50), *crowd(0, volume=99)], rules()) == [4]  # the silent one is not judged
    assert swept(crowd(50, 100, 100, 100, 100), rules(max_ejection_percent="10%")) == []
    out = crowd(0, 50, 100, 100, 100, 100)
    out[0].is_ejected, out[0].ejected_ns, out[0].multiplier = 1, 9 * S, 1
    assert swept(out, rules()) == [0, 1]  # who is out is neither judged nor judged by


def test_failure_percentage():
    """O6: at the threshold or beyond it, off by default; volume 50, five hosts."""
    given = rules(enforcing_failure_percentage="100%", enforcing_success_rate="0%")
    assert swept(crowd(15, 16, 100, 100, 0), given) == [0, 4]
    assert swept(crowd(15, 16, 100, 0), given) == []
    assert swept(crowd(0, 0, 0, 0, 0, volume=50), given) == [0, 1, 2, 3, 4]
    assert swept(crowd(0, 0, 0, 0, 0, volume=49), given) == []
    assert swept(crowd(0, 0, 0, 0, 0), rules(enforcing_success_rate="0%")) == []


def test_the_local_statistics():
    """O6: with the split the same two of local successes, each with its own enforcement."""
    given = rules(split_external_local_origin_errors=True, enforcing_success_rate="0%")
    hosts = crowd(0, 100, 100, 100, 100)
    for host, succeeded in zip(hosts, (100, 100, 100, 100, 50), strict=True):
        host.local_total, host.local_succeeded = 100, succeeded
    assert swept(hosts, given) == [4]
    assert all(e.volume(host, True) == 0 for host in hosts)


def test_grpc():
    """O7: A50 against Envoy: failures strictly beyond the threshold, the first is out whatever the cap, later ones below it."""
    both = {"enforcing_failure_percentage": "100%", "enforcing_success_rate": "0%", "failure_percentage_minimum_hosts": 3}
    envoy, grpc = rules(**both), rules(**both, rules="grpc")
    assert swept(crowd(15, 100, 100), envoy) == [0]
    assert swept(crowd(15, 100, 100), grpc) == []  # 85 % is not more than 85 %
    tight = rules(**both, rules="grpc", max_ejection_percent="10%")
    assert swept(crowd(14, 0, 100), tight) == [0]
    assert swept(crowd(14, 0, 100), rules(**both, max_ejection_percent="10%")) == []
    assert swept(crowd(14, 0, 100), rules(**both, rules="grpc", max_ejection_percent="0%")) == []
    assert swept(crowd(50, 100, 100, 100, 100), rules(rules="grpc")) == [0]  # success rates as in Envoy
    assert swept(crowd(50, 100, 100, 100, 100), rules(rules="grpc", enforcing_success_rate="0%")) == []


def test_grpc_counts_all_that_is_not_ok():
    """O7: no runs; whatever is not OK is a failure, a limit among them."""
    host, given = Host(), rules(rules="grpc")
    assert [e.note_outcome(host, given, outcome, True) for outcome in (OK, FAILED, LIMITED, TIMED_OUT, CANCELLED)] == [0] * 5
    assert (host.total, host.succeeded, host.run_5xx) == (4, 1, 0)


def test_grpc_returns():
    """O7: strictly after its time; multipliers fall with every sweep that finds a host in service, and not with its return."""
    given = rules(rules="grpc", base_ejection_time="10s")
    host, held = Host(is_ejected=1, ejected_ns=10 * S, multiplier=1, unejected_ns=-1), Held(ejected=1, next_sweep_ns=20 * S)
    seen = []
    for at in (20, 30, 40):
        e.work_off([host], 0, 1, held, given, KEY, at * S)
        seen.append((host.is_ejected, host.multiplier))
    assert seen == [(1, 1), (0, 1), (0, 0)]


@pytest.mark.parametrize(
    ("healthy", "hosts", "threshold", "panics"),
    [(5, 10, 0.5, False), (4, 10, 0.5, True), (0, 10, 0.0, False), (0, 1, 0.5, True), (7, 10, 0.9, True), (72, 100, 0.9, False),
     (71, 100, 0.9, True)],
)  # fmt: skip
def test_panic(healthy, hosts, threshold, panics):
    """O8: fewer than the threshold, strictly, and never while 1.4 times the healthy share makes 100 %."""
    assert e.is_in_panic(healthy, hosts, threshold) is panics
