"""Outlier detection: which hosts a view ejects, for how long, and when it takes them back. Envoy's rules, and gRPC's A50.

A *host* is a HOST record, a *set* the HOST_SET record of its view, and *rules* whatever has the fields of the schema's
OutlierDetection: that itself, or a row of a table.
"""

from __future__ import annotations

import math
from typing import Any

from sim.draws import EJECTION_JITTER, ENFORCE, unit
from sim.laws.retrying import (
    CANCELLED,
    FAILED,
    LOST,
    NO_ENDPOINT,
    OK,
    OVERFLOW,
    PENDING,
    REFUSED,
    REJECTED,
    SHED,
    TIMED_OUT,
)
from sim.registry import law

RUN_GATEWAY, RUN_5XX, RUN_LOCAL = 1, 2, 4  # runs of failures that have reached their length, in the order they count
LOCAL = 1 << TIMED_OUT | 1 << LOST | 1 << REFUSED  # seen by the caller's own proxy
GATEWAY = LOCAL | 1 << REJECTED | 1 << SHED  # 502, 503, 504
ERRORS = GATEWAY | 1 << FAILED  # 5xx
UNCOUNTED = 1 << CANCELLED | 1 << OVERFLOW | 1 << PENDING | 1 << NO_ENDPOINT  # no host is to blame
MS = 1_000_000


@law
def note_outcome(host: Any, rules: Any, outcome: int, has_arrived: bool) -> int:
    """O1 Count a try's end at its host; which runs of failures have now reached their length, as a sum of RUN_*.

    With `split_external_local_origin_errors` a try that reached its pod is a success of the local kind first, whatever
    comes then: so the local run is one of refusals, and of timeouts on the way there.
    """
    if (UNCOUNTED >> outcome) & 1 == 1:
        return 0
    if rules.is_grpc:
        host.total += 1
        host.succeeded += 1 if outcome == OK else 0
        return 0
    if rules.split_external_local_origin_errors:
        if outcome != REFUSED and (has_arrived or outcome != TIMED_OUT):
            host.local_total += 1
            host.local_succeeded += 1
            host.run_local = 0
        if (LOCAL >> outcome) & 1 == 1:
            host.local_total += 1
            host.run_local += 1
            return RUN_LOCAL if host.run_local == rules.consecutive_local_origin_failure else 0
    host.total += 1
    if (ERRORS >> outcome) & 1 == 0:
        host.succeeded += 1
        host.run_5xx = host.run_gateway = 0
        return 0
    reached = 0
    if (GATEWAY >> outcome) & 1 == 1:
        host.run_gateway += 1
        if host.run_gateway == rules.consecutive_gateway_failure:
            reached = RUN_GATEWAY
    else:
        host.run_gateway = 0
    host.run_5xx += 1
    if host.run_5xx == rules.consecutive_5xx:
        reached += RUN_5XX
    return reached


@law
def may_eject(ejected: int, hosts: int, most: float, always_one: bool) -> bool:
    """O2 Envoy's cap: with this one ejected, no more than `max_ejection_percent` of the view's hosts are."""
    return (ejected + 1) / hosts <= most or (always_one and ejected == 0)


@law
def is_enforced(view_key: int, dice: int, share: float) -> bool:
    """O3 A detected host is ejected in `enforcing_...` of the cases, by the view's own dice."""
    return unit(view_key, ENFORCE, dice) < share


@law
def ejection_ns(multiplier: int, base_ns: int, max_ns: int) -> int:
    """O4 How long an ejection lasts at least, jitter apart."""
    return min(base_ns * multiplier, max(base_ns, max_ns))


@law
def jitter_ns(view_key: int, dice: int, most_ns: int) -> int:
    """O4 Whole milliseconds from none to `max_ejection_time_jitter`, all alike."""
    return int(unit(view_key, EJECTION_JITTER, dice) * (most_ns // MS + 1)) * MS


@law
def try_eject(host: Any, held: Any, hosts: int, share: float, rules: Any, view_key: int, now_ns: int) -> None:
    """O3 A detected host is ejected if it is in service, the cap allows it and the dice say so. `held` is its view's set."""
    if host.is_ejected == 1 or not may_eject(held.ejected, hosts, rules.max_ejection_percent, rules.always_eject_one_host):
        return
    held.dice += 1
    if not is_enforced(view_key, held.dice, share):
        return
    host.is_ejected, host.ejected_ns = 1, now_ns
    host.jitter_ns = jitter_ns(view_key, held.dice, rules.max_ejection_time_jitter)
    if host.multiplier * rules.base_ejection_time < max(rules.max_ejection_time, rules.base_ejection_time) + rules.base_ejection_time:
        host.multiplier += 1
    held.ejected += 1
    held.ejections += 1
    held.is_stale = 1


@law
def on_runs(host: Any, held: Any, hosts: int, reached: int, rules: Any, view_key: int, now_ns: int) -> None:
    """O1 Runs that have reached their length eject at once, and begin anew, refused or not, unless the host is out already."""
    if (reached & RUN_GATEWAY) != 0 and host.is_ejected == 0:
        try_eject(host, held, hosts, rules.enforcing_consecutive_gateway_failure, rules, view_key, now_ns)
        host.run_gateway = 0
    if (reached & RUN_5XX) != 0 and host.is_ejected == 0:
        try_eject(host, held, hosts, rules.enforcing_consecutive_5xx, rules, view_key, now_ns)
        host.run_5xx = 0
    if (reached & RUN_LOCAL) != 0 and host.is_ejected == 0:
        try_eject(host, held, hosts, rules.enforcing_consecutive_local_origin_failure, rules, view_key, now_ns)
        host.run_local = 0


@law
def take_back(host: Any, held: Any, now_ns: int) -> None:
    """O5 A host returns: its runs begin anew."""
    host.is_ejected, host.unejected_ns = 0, now_ns
    host.run_5xx = host.run_gateway = host.run_local = 0
    held.ejected -= 1
    held.is_stale = 1


@law
def volume(host: Any, is_local: bool) -> int:
    """O6 Tries of a host that ended since the last sweep, of all or of the local kind."""
    return host.local_total if is_local else host.total


@law
def success_rate(host: Any, is_local: bool) -> float:
    """O6 Of them the successes, in percent; the host has some."""
    return 100.0 * host.local_succeeded / host.local_total if is_local else 100.0 * host.succeeded / host.total


@law
def failure_share(host: Any, is_local: bool) -> float:
    """O6 Of them the failures, from 0 to 1; the host has some."""
    if is_local:
        return (host.local_total - host.local_succeeded) / host.local_total
    return (host.total - host.succeeded) / host.total


@law
def is_judged(host: Any, rules: Any, least: int, is_local: bool) -> bool:
    """O6 Whether a host has had enough tries to be judged by; Envoy leaves those out that are ejected."""
    return (rules.is_grpc or host.is_ejected == 0) and volume(host, is_local) >= least


@law
def judged_hosts(hosts: Any, first: int, count: int, rules: Any, least: int, is_local: bool) -> int:
    """O6 How many hosts have had enough tries."""
    n = 0
    for i in range(first, first + count):
        if is_judged(hosts[i], rules, least, is_local):
            n += 1
    return n


@law
def rate_threshold(hosts: Any, first: int, count: int, rules: Any, is_local: bool) -> float:
    """O6 The mean success rate of the judged, less `success_rate_stdev_factor`/1000 (population) standard deviations."""
    n, total, least = 0, 0.0, rules.success_rate_request_volume
    for i in range(first, first + count):
        if is_judged(hosts[i], rules, least, is_local):
            n += 1
            total += success_rate(hosts[i], is_local)
    mean, squares = total / n, 0.0
    for i in range(first, first + count):
        if is_judged(hosts[i], rules, least, is_local):
            off = success_rate(hosts[i], is_local) - mean
            squares += off * off
    return mean - rules.success_rate_stdev_factor / 1000.0 * math.sqrt(squares / n)


@law
def judge(hosts: Any, first: int, count: int, held: Any, rules: Any, view_key: int, now_ns: int, is_local: bool) -> None:
    """O6 Envoy's two statistics of one interval: success rate, then failure percentage, each if enough hosts are judged."""
    by_rate = judged_hosts(hosts, first, count, rules, rules.success_rate_request_volume, is_local)
    by_share = judged_hosts(hosts, first, count, rules, rules.failure_percentage_request_volume, is_local)
    if by_rate >= rules.success_rate_minimum_hosts:
        threshold = rate_threshold(hosts, first, count, rules, is_local)
        share = rules.enforcing_local_origin_success_rate if is_local else rules.enforcing_success_rate
        for i in range(first, first + count):
            host = hosts[i]
            if is_judged(host, rules, rules.success_rate_request_volume, is_local) and success_rate(host, is_local) < threshold:
                try_eject(host, held, count, share, rules, view_key, now_ns)
    if by_share >= rules.failure_percentage_minimum_hosts:
        share = rules.enforcing_failure_percentage_local_origin if is_local else rules.enforcing_failure_percentage
        for i in range(first, first + count):
            host, least = hosts[i], rules.failure_percentage_request_volume
            if is_judged(host, rules, least, is_local) and failure_share(host, is_local) >= rules.failure_percentage_threshold:
                try_eject(host, held, count, share, rules, view_key, now_ns)


@law
def sweep(hosts: Any, first: int, count: int, held: Any, rules: Any, view_key: int, now_ns: int) -> None:
    """O5 Envoy's sweep: returns, the statistics (O6), then multipliers fall of hosts back for an interval or more."""
    for i in range(first, first + count):
        host = hosts[i]
        if host.is_ejected == 1:
            lasts = ejection_ns(host.multiplier, rules.base_ejection_time, rules.max_ejection_time) + host.jitter_ns
            if lasts <= now_ns - host.ejected_ns:
                take_back(host, held, now_ns)
    judge(hosts, first, count, held, rules, view_key, now_ns, False)
    if rules.split_external_local_origin_errors:
        judge(hosts, first, count, held, rules, view_key, now_ns, True)
    for i in range(first, first + count):
        host = hosts[i]
        is_back = host.is_ejected == 0 and host.unejected_ns >= 0 and now_ns - host.unejected_ns >= rules.interval
        if is_back and host.multiplier > 0:
            host.multiplier -= 1


@law
def sweep_grpc(hosts: Any, first: int, count: int, held: Any, rules: Any, view_key: int, now_ns: int) -> None:
    """O7 gRPC's sweep (A50): the two statistics, where they are enforced at all; then multipliers fall, and returns."""
    least, share = rules.success_rate_request_volume, rules.enforcing_success_rate
    if share > 0.0 and judged_hosts(hosts, first, count, rules, least, False) >= rules.success_rate_minimum_hosts:
        threshold = rate_threshold(hosts, first, count, rules, False)
        for i in range(first, first + count):
            if is_judged(hosts[i], rules, least, False) and success_rate(hosts[i], False) < threshold:
                try_eject_grpc(hosts[i], held, count, share, rules, view_key, now_ns)
    least, share = rules.failure_percentage_request_volume, rules.enforcing_failure_percentage
    if share > 0.0 and count >= rules.failure_percentage_minimum_hosts:
        for i in range(first, first + count):
            if is_judged(hosts[i], rules, least, False) and failure_share(hosts[i], False) > rules.failure_percentage_threshold:
                try_eject_grpc(hosts[i], held, count, share, rules, view_key, now_ns)
    for i in range(first, first + count):
        host = hosts[i]
        if host.is_ejected == 0:
            host.multiplier = max(0, host.multiplier - 1)
        elif now_ns - host.ejected_ns > ejection_ns(host.multiplier, rules.base_ejection_time, rules.max_ejection_time):
            take_back(host, held, now_ns)


@law
def try_eject_grpc(host: Any, held: Any, hosts: int, share: float, rules: Any, view_key: int, now_ns: int) -> None:
    """O7 A50's cap is looked at before: while fewer than `max_ejection_percent` of the hosts are out, one more may follow."""
    if host.is_ejected == 1 or held.ejected / hosts >= rules.max_ejection_percent:
        return
    held.dice += 1
    if is_enforced(view_key, held.dice, share):
        host.is_ejected, host.ejected_ns = 1, now_ns
        host.multiplier += 1
        held.ejected += 1
        held.ejections += 1
        held.is_stale = 1


@law
def work_off(hosts: Any, first: int, count: int, held: Any, rules: Any, view_key: int, now_ns: int) -> None:
    """O5 The sweeps of a view that are due by now, each as of its own time; those that nothing can come of are passed over."""
    while held.next_sweep_ns <= now_ns:
        at = held.next_sweep_ns
        if rules.is_grpc:
            sweep_grpc(hosts, first, count, held, rules, view_key, at)
        else:
            sweep(hosts, first, count, held, rules, view_key, at)
        is_quiet = held.ejected == 0
        for i in range(first, first + count):
            host = hosts[i]
            host.total = host.succeeded = host.local_total = host.local_succeeded = 0
            is_quiet = is_quiet and host.multiplier == 0
        passed = (now_ns - at) // rules.interval if is_quiet else 0
        held.next_sweep_ns = at + (passed + 1) * rules.interval


@law
def is_in_panic(healthy: int, hosts: int, threshold: float) -> bool:
    """O8 Too few hosts in service to be choosy: less than 100/140 of them, and less than `healthy_panic_threshold`."""
    return 140 * healthy // hosts < 100 and healthy / hosts < threshold
