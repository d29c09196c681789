"""What a view remembers of each pod, where its route asks for more than tries in flight. Twin of reference/hosts.py.

A view's hosts are rows of one array, `room` of them from `first` on, those in use in the order the view met the pods.
Rows move down when others leave, so a try finds its host by serial number. Python keeps room for every ready pod.
"""

from __future__ import annotations

from typing import Any

from sim.draws import indexed_key
from sim.fast.compiling import feature, part
from sim.fast.hashing import hashed_host, make_table
from sim.fast.host_rows import row_of
from sim.fast.informed import informed_host, learn_report
from sim.fast.localities import arrange, choose_locality
from sim.fast.subsetting import choose_subset, is_chosen
from sim.laws.balancing import (
    LEAST_REQUEST,
    PEAK_EWMA,
    ROUND_ROBIN,
    WEIGHTED,
    draw_candidate,
    first_turn,
    is_less_busy,
    next_turn,
)
from sim.laws.ejecting import is_in_panic, note_outcome, on_runs, work_off
from sim.laws.peaking import is_dearer, other_candidate, peak_rtt_ns
from sim.laws.reporting import first_stride
from sim.laws.retrying import FAILED, OK
from sim.laws.weighing import (
    busy_weight,
    early_picks,
    early_share,
    early_weight,
    is_due_before,
    next_deadline,
    warming_weight,
)


@feature
def pick_host(s: Any, service: int, view: int, key: int, a: int, again: int) -> int:
    """A pod for try a, picked by that key; -1 if all are ejected."""
    held = s.host_sets[view]
    rules = s.balancers[held.route]
    if held.version != s.services[service].version or held.is_met == 0:
        meet(s, held, rules, view, service)
    if rules.detects == 1:
        work_off(s.hosts, held.first, held.count, held, rules, s.views[view].key, s.lane[0].now_ns)
    if held.is_stale == 1 or (rules.is_aware == 1 and held.callers_version != s.services[rules.caller].version):
        choose_usable(s, held, rules, s.views[view].key)
    among = held
    if rules.is_located == 1:
        zone = choose_locality(s, held, rules, key)
        if zone < 0:
            return -1
        among = s.localities[zone]
    if among.usable == 0:
        return -1
    if held.table >= 0:
        held.picked = hashed_host(s, held, rules, view, a, again)
    elif rules.policy >= WEIGHTED:
        held.picked = informed_host(s, held, rules, view, a, key, again)
    else:
        held.picked = choose_host(s, among, rules, key)
    return int(s.hosts[held.picked].pod)


@feature
def lend(s: Any, view: int, a: int) -> None:
    """The host picked last has one more try: that of frame a."""
    host, extra = s.hosts[s.host_sets[view].picked], s.extras[a]
    host.active += 1
    extra.host, extra.lent_ns, extra.reported = host.serial, s.lane[0].now_ns, 0.0


@feature
def give_back(s: Any, view: int, a: int, outcome: int) -> None:
    """A try of this view is over, answered or given up; what it says of a host that has left says nothing."""
    held, now = s.host_sets[view], s.lane[0].now_ns
    rules = s.balancers[held.route]
    row = row_of(s, held, s.extras[a].host)
    if row < 0:
        return
    host = s.hosts[row]
    host.active -= 1
    if rules.policy == PEAK_EWMA:
        elapsed = now - host.updated_ns
        host.rtt_ns = peak_rtt_ns(host.rtt_ns, float(now - s.extras[a].lent_ns), float(elapsed), float(rules.decay_ns))
        host.updated_ns = now
    elif s.extras[a].reported > 0.0 and outcome in (OK, FAILED):
        learn_report(s, rules, row, a)
    if rules.detects == 1:
        key = s.views[view].key
        work_off(s.hosts, held.first, held.count, held, rules, key, now)
        reached = note_outcome(host, rules, outcome, s.frames[a].delivered_ns >= 0)
        on_runs(host, held, held.count, reached, rules, key, now)


@feature
def meet(s: Any, held: Any, rules: Any, view: int, service: int) -> None:
    """B6: whoever left the list of ready pods is forgotten, even if it is back; whoever is new is met. B25: of the pods it is to know.

    Z13: so are pods of zones that nothing is sent to any more, and those of zones that something is sent to now.
    """
    n, known, listed, few, told = held.first, held.version, s.services[service], rules.subset_size > 0, rules.weighted > 0
    key, low, high = held.subset_key, held.subset_low, held.subset_high
    if few:
        choose_subset(s, held, rules, view, service)
    held.ejected = 0
    for i in range(held.first, held.first + held.count):
        pod = s.hosts[i].pod
        if s.pods[pod].listed <= known and is_to_know(s, held, rules, pod):
            if n < i:
                move(s, i, n)
            held.ejected += s.hosts[n].is_ejected
            s.hosts[n].weight = told_weight(s, rules, pod)
            n += 1
    met = n
    for i in range(listed.first, listed.first + listed.count):
        pod = s.ready[i]
        is_new = s.pods[pod].listed > known or not was_sent_to(s, held, rules, pod) or (few and not is_chosen(s, key, low, high, pod)) or (
            told and not is_among(s, held.first, met, pod))
        if is_new and is_to_know(s, held, rules, pod):
            held.serials += 1
            host = s.hosts[n]
            host.serial, host.pod, host.weight, host.active = held.serials, pod, told_weight(s, rules, pod), 0
            host.since_ns, host.reporting_ns = max(held.began_ns, s.pods[pod].listed_ns), -1
            host.reported = host.queue = 0.0
            host.rtt_ns, host.updated_ns = rules.default_rtt_ns, s.lane[0].now_ns
            host.total = host.succeeded = host.local_total = host.local_succeeded = 0
            host.run_5xx = host.run_gateway = host.run_local = 0
            host.is_ejected = host.multiplier = host.jitter_ns = host.ejected_ns = 0
            host.unejected_ns = -1
            n += 1
    held.count = n - held.first
    held.version, held.is_stale, held.is_met = listed.version, 1, 1
    if rules.is_located == 1:
        for zone in range(held.localities, held.localities + s.lane[0].zones):
            s.localities[zone].is_met = 1 if s.localities[zone].level >= 0 else 0


@part
def is_to_know(s: Any, held: Any, rules: Any, pod: int) -> bool:
    """B25, B26, Z8: whether a pod is in the view's subset, of some weight, and in a zone that something is sent to."""
    if rules.subset_size > 0 and not is_chosen(s, held.subset_key, held.subset_low, held.subset_high, pod):
        return False
    if rules.weighted > 0 and told_weight(s, rules, pod) == 0:
        return False
    return rules.is_located == 0 or s.localities[held.localities + s.pods[pod].zone].level >= 0


@part
def told_weight(s: Any, rules: Any, pod: int) -> int:
    """B26: as this route has it, or else its service."""
    if rules.weighted > 0:
        return int(s.host_weights[rules.weights + s.pods[pod].number % rules.weighted])
    return int(s.pods[pod].weight)


@part
def is_among(s: Any, first: int, end: int, pod: int) -> bool:
    """Whether a pod is one of these hosts."""
    for i in range(first, end):
        if s.hosts[i].pod == pod:
            return True
    return False


@part
def was_sent_to(s: Any, held: Any, rules: Any, pod: int) -> bool:
    """Z13: whether something was sent to a pod's zone when the view last met its hosts."""
    return rules.is_located == 0 or s.localities[held.localities + s.pods[pod].zone].is_met == 1


@part
def move(s: Any, source: int, target: int) -> None:
    """One host takes another's place."""
    old, new = s.hosts[source], s.hosts[target]
    new.serial, new.pod, new.weight, new.active, new.since_ns = old.serial, old.pod, old.weight, old.active, old.since_ns
    new.rtt_ns, new.updated_ns, new.turn = old.rtt_ns, old.updated_ns, old.turn
    new.reporting_ns, new.reported, new.queue = old.reporting_ns, old.reported, old.queue
    new.total, new.succeeded = old.total, old.succeeded
    new.local_total, new.local_succeeded = old.local_total, old.local_succeeded
    new.run_5xx, new.run_gateway, new.run_local = old.run_5xx, old.run_gateway, old.run_local
    new.is_ejected, new.multiplier, new.jitter_ns = old.is_ejected, old.multiplier, old.jitter_ns
    new.ejected_ns, new.unejected_ns = old.ejected_ns, old.unejected_ns


@feature
def choose_usable(s: Any, held: Any, rules: Any, key: int) -> None:
    """O8: hosts in service, or all in panic."""
    held.is_stale = 0
    if rules.is_located == 1:
        arrange(s, held, rules, key)
        for n in range(s.lane[0].zones + 1):
            begin_turns(s, s.localities[held.localities + n], rules, indexed_key(key, n))
        return
    panics = held.count > 0 and is_in_panic(held.count - held.ejected, held.count, rules.panic)
    n = held.first
    for i in range(held.first, held.first + held.count):
        if panics or s.hosts[i].is_ejected == 0:
            s.hosts[n].usable = i
            n += 1
    held.usable = n - held.first
    begin_turns(s, held, rules, key)


@feature
def begin_turns(s: Any, held: Any, rules: Any, key: int) -> None:
    """The schedule or rotation of those that may be picked begins anew (B3, B7)."""
    differ, weights, now = False, 0, s.lane[0].now_ns
    for i in range(held.first, held.first + held.usable):
        host = s.hosts[s.hosts[i].usable]
        differ = differ or host.weight != s.hosts[s.hosts[held.first].usable].weight or now - host.since_ns < rules.warm_ns
        weights += host.weight
    held.weights = float(weights)
    held.changes += 1
    held.is_scheduled = 1 if differ and (rules.policy == ROUND_ROBIN or rules.policy == LEAST_REQUEST) else 0
    if held.is_scheduled == 1:
        begin_schedule(s, held, rules, key)
    elif held.usable > 0:
        held.place = first_turn(key, held.changes, held.usable) - 1
    if rules.policy == WEIGHTED:
        held.update_ns, held.turns = 0, first_stride(key, held.changes)
    if held.table >= 0 and held.usable > 0:
        make_table(s, held, rules)


@part
def choose_host(s: Any, held: Any, rules: Any, key: int) -> int:
    """The row of the host that is picked among those usable."""
    hosts, first, n = s.hosts, held.first, held.usable
    if held.is_scheduled == 1:
        return next_due(s, held, rules)
    if rules.policy == ROUND_ROBIN:
        held.place = next_turn(held.place, n)
        return hosts[first + held.place].usable
    if n == 1:
        return hosts[first].usable
    place = draw_candidate(key, 0, n)
    best = hosts[first + place].usable
    if rules.policy == PEAK_EWMA:
        return quicker(s, best, hosts[first + other_candidate(key, place, n)].usable, rules.decay_ns)
    if rules.policy == LEAST_REQUEST:
        for k in range(1, rules.choices):
            other = hosts[first + draw_candidate(key, k, n)].usable
            if is_less_busy(hosts[other].active, hosts[best].active):
                best = other
    return best


@part
def quicker(s: Any, one: int, other: int, decay_ns: int) -> int:
    """B9: of two rows; looking at an estimate lets it fade."""
    a, b, now = s.hosts[one], s.hosts[other], s.lane[0].now_ns
    a.rtt_ns = peak_rtt_ns(a.rtt_ns, 0.0, float(now - a.updated_ns), float(decay_ns))
    b.rtt_ns = peak_rtt_ns(b.rtt_ns, 0.0, float(now - b.updated_ns), float(decay_ns))
    a.updated_ns = b.updated_ns = now
    return other if is_dearer(a.rtt_ns, a.active, b.rtt_ns, b.active) else one


@part
def weight_of(s: Any, host: Any, rules: Any) -> float:
    """B8, B15: round_robin has a bias of nothing."""
    weight = busy_weight(float(host.weight), host.active, rules.bias)
    return warming_weight(weight, s.lane[0].now_ns - host.since_ns, rules.warm_ns, rules.aggression, rules.min_weight)


@feature
def begin_schedule(s: Any, held: Any, rules: Any, key: int) -> None:
    """B7: a heap of the usable hosts, by deadline: `slot` of the view's i-th row is the row in place i."""
    total = 0.0
    for i in range(held.first, held.first + held.usable):
        total += early_weight(weight_of(s, s.hosts[s.hosts[i].usable], rules))
    picks = early_picks(key, held.changes, total)
    left = picks
    held.reached, held.turns = 0.0, 0
    for i in range(held.first, held.first + held.usable):
        host = s.hosts[s.hosts[i].usable]
        weight = early_weight(weight_of(s, host, rules))
        share = early_share(picks, weight, total)
        held.reached = max(held.reached, share / weight)
        held.turns += 1
        host.deadline, host.turn = (share + 1) / weight, held.turns
        s.hosts[i].slot = s.hosts[i].usable
        left -= share
    for i in range(held.usable // 2 - 1, -1, -1):
        sink_host(s, held, i)
    for _ in range(left):
        next_due(s, held, rules)


@feature
def next_due(s: Any, held: Any, rules: Any) -> int:
    """The row of the host whose turn it is, queued again."""
    row = s.hosts[held.first].slot
    host = s.hosts[row]
    held.reached = host.deadline
    held.turns += 1
    host.deadline, host.turn = next_deadline(held.reached, weight_of(s, host, rules)), held.turns
    sink_host(s, held, 0)
    return int(row)


@feature
def sink_host(s: Any, held: Any, place: int) -> None:
    """The host in a place of the heap goes down to where it belongs."""
    hosts, first, n = s.hosts, held.first, held.usable
    row = hosts[first + place].slot
    while True:
        below = 2 * place + 1
        if below >= n:
            break
        if below + 1 < n and comes_before(hosts, hosts[first + below + 1].slot, hosts[first + below].slot):
            below += 1
        if comes_before(hosts, row, hosts[first + below].slot):
            break
        hosts[first + place].slot = hosts[first + below].slot
        place = below
    hosts[first + place].slot = row


@part
def comes_before(hosts: Any, one: int, other: int) -> bool:
    """Whether a row's host is due before another's."""
    return is_due_before(hosts[one].deadline, hosts[one].turn, hosts[other].deadline, hosts[other].turn)
