"""From which pods a balancer picks where zones matter: levels that take over, localities by weight, a caller's own zone first.

A *level* is a LEVEL record, a *locality* the HOST_SET record of the hosts in one zone. Envoy's rules, in whole numbers as there
(source/extensions/load_balancing_policies/common/load_balancer_impl.cc); which level a zone belongs to is Istio's business.
"""

from __future__ import annotations

import math
from typing import Any

from sim.laws.weighing import early_picks, early_share, early_weight, is_due_before, next_deadline
from sim.registry import law, seldom

LEVELS = 4
OVERPROVISIONING = 140  # percent: so much of a level's traffic its hosts can bear
WHOLE = 10_000  # parts that shares of zones are reckoned in


@law
def level_of(zone: int, region: int, from_zone: int, from_region: int, to_region: int) -> int:
    """Z1 Istio's failover: the caller's zone, its region, another region; and others than the one named `to`, if one is (else -1).

    A caller nowhere (-1) sees one level.
    """
    if from_zone < 0 or zone == from_zone:
        return 0
    if region == from_region:
        return 1
    return 2 if to_region in (-1, region) else 3


@law
def health(healthy: int, hosts: int) -> int:
    """Z2 What part of its traffic a level can bear, in percent: its share of hosts in service times 1.4; without hosts none."""
    return min(100, OVERPROVISIONING * healthy // hosts) if hosts > 0 else 0


@law
def is_level_in_panic(healthy: int, hosts: int, total: int, threshold: float) -> bool:
    """Z4 All its hosts are picked from: if the levels together have not got health 100, and too few of its hosts are in service."""
    return total < 100 and (healthy / hosts if hosts > 0 else 0.0) < threshold


@seldom
@law
def share_out(levels: Any, first: int, count: int, threshold: float) -> None:
    """Z3 Each level takes what its health allows of what those before it left, out of 100; what is left over goes to the first with any.

    If all are in panic, loads are shares of hosts, in service or not, and the rest is the first's that has some.
    """
    total, hosts = 0, 0
    for i in range(first, first + count):
        total += health(levels[i].healthy, levels[i].hosts)
        hosts += levels[i].hosts
    total = min(100, total)
    rest, heir, all_panic = 100, -1, True
    for i in range(first, first + count):
        level = levels[i]
        own = health(level.healthy, level.hosts)
        level.load = min(rest, own * 100 // total) if total > 0 else 0
        level.panics = 1 if is_level_in_panic(level.healthy, level.hosts, total, threshold) else 0
        all_panic = all_panic and level.panics == 1
        rest -= level.load
        if heir < 0 and own > 0:
            heir = i
    if all_panic and hosts > 0:
        rest, heir = 100, -1
        for i in range(first, first + count):
            levels[i].load = 100 * levels[i].hosts // hosts
            rest -= levels[i].load
            if heir < 0 and levels[i].hosts > 0:
                heir = i
    levels[max(heir, first)].load += rest


@law
def chosen_level(levels: Any, first: int, count: int, drawn: float) -> int:
    """Z5 The first level at which the loads so far come up to a number drawn from 1 to 100; `drawn` is in [0, 1)."""
    number, reached = int(drawn * 100) + 1, 0
    for i in range(first, first + count):
        reached += levels[i].load
        if number <= reached:
            return i
    return first


@law
def effective_weight(weight: float, healthy: int, hosts: int) -> float:
    """Z6 A locality's weight times its share of hosts in service times 1.4, at most the whole weight."""
    return weight * min(1.0, OVERPROVISIONING / 100.0 * (healthy / hosts)) if hosts > 0 else 0.0


@law
def distributed_weight(weight: int, own: int, total: int) -> int:
    """Z8 A zone's part of a weight of `distribute` that it shares with others, by the weights of their pods; rounded up."""
    return math.ceil(own * weight / total) if total > 0 else 0


@seldom
@law
def begin_turns(localities: Any, first: int, count: int, at: int, level: Any, view_key: int, changes: int) -> None:
    """Z7 A level's localities begin a schedule by weight, as hosts do (B7), some picks of which are made already."""
    total = 0.0
    for i in range(first, first + count):
        if localities[i].level == at and localities[i].share > 0.0:
            total += early_weight(localities[i].share)
    picks = early_picks(view_key, changes * LEVELS + at, total)
    left = picks
    level.reached, level.turns = 0.0, 0
    for i in range(first, first + count):
        one = localities[i]
        if one.level == at and one.share > 0.0:
            weight = early_weight(one.share)
            share = early_share(picks, weight, total)
            level.reached = max(level.reached, share / weight)
            level.turns += 1
            one.deadline, one.turn = (share + 1) / weight, level.turns
            left -= share
    for _ in range(left):
        next_locality(localities, first, count, at, level)


@seldom
@law
def next_locality(localities: Any, first: int, count: int, at: int, level: Any) -> int:
    """Z7 The row of the level's locality whose turn it is, queued again; -1 where none has a weight that counts."""
    due = -1
    for i in range(first, first + count):
        one = localities[i]
        if one.level == at and one.share > 0.0:
            is_first = due < 0 or is_due_before(one.deadline, one.turn, localities[due].deadline, localities[due].turn)
            due = i if is_first else due
    if due >= 0:
        level.reached = localities[due].deadline
        level.turns += 1
        localities[due].deadline, localities[due].turn = next_deadline(level.reached, localities[due].share), level.turns
    return due


@seldom
@law
def are_zones_told_apart(localities: Any, first: int, count: int, here: int, least: int) -> bool:
    """Z9 Zone-aware routing acts: callers in two zones or more and in this one, hosts in two or more, `least` hosts in service.

    `here` is the row of the caller's own zone.
    """
    of_callers, of_hosts, healthy = 0, 0, 0
    for i in range(first, first + count):
        of_callers += 1 if localities[i].callers > 0 else 0
        of_hosts += 1 if localities[i].hosts > 0 else 0
        healthy += localities[i].healthy
    return of_callers >= 2 and of_hosts >= 2 and localities[here].callers > 0 and healthy >= least


@law
def near_share(hosts_part: int, callers_part: int) -> int:
    """Z10 Tries that stay in the zone, of ten thousand: all if its part of the hosts is not below its part of the callers."""
    if hosts_part > 0 and hosts_part >= callers_part:
        return WHOLE
    return hosts_part * WHOLE // callers_part if callers_part > 0 else 0


@seldom
@law
def reckon_zones(localities: Any, first: int, count: int, here: int) -> int:
    """Z10, Z11 What other zones can take beyond their own callers' share; returned is the share of tries that stays here."""
    healthy, callers, stays = 0, 0, 0
    for i in range(first, first + count):
        healthy += localities[i].healthy
        callers += localities[i].callers
    for i in range(first, first + count):
        one = localities[i]
        hosts_part = WHOLE * one.healthy // healthy if healthy > 0 else 0
        callers_part = WHOLE * one.callers // callers if one.healthy > 0 else 0
        one.residual = 0 if i == here else max(0, hosts_part - callers_part)
        if i == here:
            stays = near_share(hosts_part, callers_part)
    return stays


@seldom
@law
def chosen_zone(localities: Any, first: int, count: int, here: int, stays: int, drawn: float, other_drawn: float) -> int:
    """Z11 The row of the zone a try goes to: here, or another in proportion to what it can take; if none can, any with hosts."""
    if int(drawn * WHOLE) < stays:
        return here
    total, zones = 0, 0
    for i in range(first, first + count):
        total += localities[i].residual
        zones += 1 if localities[i].hosts > 0 else 0
    left = int(other_drawn * (total if total > 0 else zones))
    for i in range(first, first + count):
        left -= localities[i].residual if total > 0 else 1 if localities[i].hosts > 0 else 0
        if left < 0:
            return i
    return here
