"""From which of its hosts a view picks, where its route asks in which zones they are. Twin of reference/localities.py.

A view's localities are rows of one array from `localities` on: its hosts of each zone, then all together. Each is a set of its
own, whose hosts stand in `usable` of the view's rows; all together stand behind those of the zones, so the view has twice the room.
"""

from __future__ import annotations

from typing import Any

from sim.draws import LEVEL, ZONE, unit
from sim.fast.compiling import feature
from sim.laws.ejecting import is_in_panic
from sim.laws.localities import (
    LEVELS,
    are_zones_told_apart,
    begin_turns,
    chosen_level,
    chosen_zone,
    distributed_weight,
    effective_weight,
    next_locality,
    reckon_zones,
    share_out,
)


@feature
def arrange(s: Any, held: Any, rules: Any, key: int) -> None:
    """The hosts have changed, or who is in service."""
    first, zones = held.localities, s.lane[0].zones
    for zone in range(zones):
        count_hosts(s, held, zone)
    if rules.is_aware == 1:
        weigh_zones(s, held, rules)
    else:
        weigh_levels(s, held, rules, key)
    at = held.first
    for zone in range(zones):
        at = take_hosts(s, held, s.localities[first + zone], zone, at)
    whole = s.localities[first + zones]
    whole.first, whole.usable = at, 0
    if rules.is_aware == 1 and whole.taken >= 0:
        for i in range(held.first, held.first + held.count):
            if whole.taken == 1 or s.hosts[i].is_ejected == 0:
                s.hosts[at + whole.usable].usable = i
                whole.usable += 1


@feature
def count_hosts(s: Any, held: Any, zone: int) -> None:
    """What there is in a zone."""
    one = s.localities[held.localities + zone]
    one.hosts = one.healthy = one.weight = 0
    for i in range(held.first, held.first + held.count):
        if s.pods[s.hosts[i].pod].zone == zone:
            one.hosts += 1
            one.healthy += 1 - s.hosts[i].is_ejected
            one.weight += s.hosts[i].weight


@feature
def take_hosts(s: Any, held: Any, one: Any, zone: int, at: int) -> int:
    """From place `at` on who is picked from in a zone: its hosts in service, or those of its level, or all of these (Z4)."""
    one.first = at
    for i in range(held.first, held.first + held.count):
        host, of = s.hosts[i], s.pods[s.hosts[i].pod].zone
        if one.taken == 0:
            is_mine = of == zone
        else:
            is_mine = one.taken > 0 and s.localities[held.localities + of].level == one.level
        if is_mine and (one.taken == 1 or host.is_ejected == 0):
            s.hosts[at].usable = i
            at += 1
    one.usable = at - one.first
    return int(at)


@feature
def weigh_levels(s: Any, held: Any, rules: Any, key: int) -> None:
    """Z2 to Z8: loads of the levels, and weights of their zones."""
    first, zones, levels = held.localities, s.lane[0].zones, held.localities // (s.lane[0].zones + 1) * LEVELS
    for at in range(LEVELS):
        s.levels[levels + at].hosts = s.levels[levels + at].healthy = 0
    for i in range(first, first + zones):
        one = s.localities[i]
        if one.level >= 0:
            s.levels[levels + one.level].hosts += one.hosts
            s.levels[levels + one.level].healthy += one.healthy
    share_out(s.levels, levels, LEVELS, rules.panic)
    for i in range(first, first + zones):
        one = s.localities[i]
        one.taken, weight = 0, one.weight
        if one.group >= 0:
            total = 0
            for j in range(first, first + zones):
                if s.localities[j].group == one.group:
                    total += s.localities[j].weight
            weight = distributed_weight(one.group_weight, one.weight, total)
        one.share = effective_weight(float(weight), one.healthy, one.hosts)
    held.changes += 1
    for at in range(LEVELS):
        level = s.levels[levels + at]
        taken = 1 if level.panics == 1 else 2
        for i in range(first, first + zones):
            one = s.localities[i]
            if one.level == at and (level.panics == 1 or rules.is_weighted == 0):
                one.taken, one.share = taken, 1.0 if taken > 0 else 0.0
                taken = -1
        begin_turns(s.localities, first, zones, at, level, key, held.changes)


@feature
def weigh_zones(s: Any, held: Any, rules: Any) -> None:
    """Z9 to Z12: what stays in the zone, and what others can take."""
    first, zones, callers = held.localities, s.lane[0].zones, s.services[rules.caller]
    for i in range(first, first + zones):
        s.localities[i].callers = 0
    for i in range(callers.first, callers.first + callers.count):
        s.localities[first + s.pods[s.ready[i]].zone].callers += 1
    held.callers_version = callers.version
    panics = held.count > 0 and is_in_panic(held.count - held.ejected, held.count, rules.panic)
    acts = not panics and are_zones_told_apart(s.localities, first, zones, first + held.zone, rules.min_cluster_size)
    held.near_share = reckon_zones(s.localities, first, zones, first + held.zone) if acts else -1
    whole = s.localities[first + zones]
    whole.taken = 0 if not panics else -1 if rules.fail_traffic_on_panic == 1 else 1
    if acts and rules.routing_enabled >= 1.0:
        whole.taken = -1  # hosts take turns in one set at a time where weights differ
    for i in range(first, first + zones):
        s.localities[i].taken = 0 if acts else -1


@feature
def choose_locality(s: Any, held: Any, rules: Any, key: int) -> int:
    """The row of the set that the try of that key picks from; -1 if all that it might are ejected."""
    first, zones = held.localities, s.lane[0].zones
    if rules.is_aware == 1:
        if held.near_share < 0 or unit(key, ZONE, 0) >= rules.routing_enabled:
            return int(first + zones)
        here, drawn, other = first + held.zone, unit(key, ZONE, 1), unit(key, ZONE, 2)
        return int(chosen_zone(s.localities, first, zones, here, held.near_share, drawn, other))
    levels = first // (zones + 1) * LEVELS
    at = chosen_level(s.levels, levels, LEVELS, unit(key, LEVEL, 0))
    return int(next_locality(s.localities, first, zones, at - levels, s.levels[at]))
