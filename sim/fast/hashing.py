"""What calls are hashed by, and the rings and tables that hashes fall on. Twin of reference/hashing.py."""

from __future__ import annotations

from typing import Any

from sim.draws import indexed_key
from sim.fast.compiling import feature, part
from sim.fast.frames import caller_pod
from sim.fast.host_records import HEADER, SOURCE, TRY
from sim.fast.host_rows import pod_address
from sim.fast.keys import drawn, header_key
from sim.fast.state import USERS
from sim.laws.balancing import MAGLEV
from sim.laws.hashing import (
    bounded_slots,
    entries_up_to,
    fill_maglev,
    hashed,
    later_entry,
    maglev_place,
    maglev_skip,
    maglev_slot,
    maglev_word,
    overload,
    ring_entry,
    ring_mark,
    ring_scale,
    shuffled_place,
)


@feature
def hashed_host(s: Any, held: Any, rules: Any, view: int, a: int, again: int) -> int:
    """The row of the host that try a's word falls on; B13: where its share of the tries in flight is used up, another."""
    table, word = s.hash_tables[held.table], hashed(hash_key(s, rules, a))
    if rules.policy == MAGLEV:
        entry = maglev_slot(maglev_word(word, again), table.size)
    else:
        entry = later_entry(ring_entry(s.marks, table.first_mark, table.size, word), again, table.size)
    own = s.hosts[held.first + s.owners[table.first + entry]].usable
    if rules.balance_factor == 0:
        return int(own)
    return balanced_host(s, held, rules, s.views[view].active, word, int(own))


@part
def hash_key(s: Any, rules: Any, a: int) -> int:
    """B10: what try a is hashed by; without a policy each try by itself."""
    one = s.frames[a]
    if rules.hash_by == TRY:
        return one.key
    if rules.hash_by == HEADER:
        return indexed_key(rules.header, drawn(rules, header_key(s, a, rules)))
    pod = caller_pod(s, one.parent)
    if rules.hash_by == SOURCE and pod >= 0:
        return pod_address(s, pod)
    client = s.frames[one.request]
    workload = s.workloads[client.workload]
    return indexed_key(workload.key, client.user) if workload.kind == USERS else client.key


@feature
def balanced_host(s: Any, held: Any, rules: Any, active: int, word: int, own: int) -> int:
    """B13: the row of a host whose share is not used up: its own, or one of the others in an order of the word's."""
    best, least = own, overload_of(s, held, rules, active, own)
    if least <= 1.0:
        return own
    n = held.usable
    for i in range(n):
        s.hosts[held.first + i].slot = s.hosts[held.first + i].usable
    for i in range(n):
        one, other = s.hosts[held.first + i], s.hosts[held.first + shuffled_place(word, i, n)]
        row = other.slot
        other.slot, one.slot = one.slot, row
        load = overload_of(s, held, rules, active, row)
        if row != own and load <= 1.0:
            return int(row)
        if row != own and load < least:
            best, least = row, load
    return int(best)


@part
def overload_of(s: Any, held: Any, rules: Any, active: int, row: int) -> float:
    """B13: how loaded a host is."""
    host = s.hosts[row]
    return overload(host.active, bounded_slots(active, rules.balance_factor, host.weight / held.weights))


@feature
def make_table(s: Any, held: Any, rules: Any) -> None:
    """The ring or table of the hosts that are picked from, unless another view of the route has made it."""
    table = s.hash_tables[held.table]
    if rules.detects == 0 and table.version == held.version:
        return
    table.version = held.version
    for i in range(held.usable):
        host, filler = s.hosts[s.hosts[held.first + i].usable], s.fillers[i]
        filler.host, filler.number, filler.share, filler.target = i, s.pods[host.pod].number, host.weight / held.weights, 0.0
        filler.address = pod_address(s, host.pod)
    if rules.policy == MAGLEV:
        make_slots(s, held, rules, table)
    else:
        make_ring(s, held, rules, table)


@feature
def make_slots(s: Any, held: Any, rules: Any, table: Any) -> None:
    """B12: Maglev's table, of hosts in order of their numbers."""
    n, most = held.usable, 0.0
    table.size = rules.table_size
    for i in range(n):
        filler = s.fillers[i]
        filler.place, filler.skip = maglev_place(filler.address, table.size), maglev_skip(filler.address, table.size)
        most = max(most, filler.share)
        for j in range(i, 0, -1):  # listed in order of their numbers, mostly
            if s.fillers[j - 1].number < s.fillers[j].number:
                break
            swap(s.fillers[j - 1], s.fillers[j])
    fill_maglev(s.owners, table.first, table.size, s.fillers, n, most)


@part
def swap(one: Any, other: Any) -> None:
    """Two fillers change places."""
    one.host, other.host = other.host, one.host
    one.number, other.number = other.number, one.number
    one.share, other.share = other.share, one.share
    one.place, other.place = other.place, one.place
    one.skip, other.skip = other.skip, one.skip


@feature
def make_ring(s: Any, held: Any, rules: Any, table: Any) -> None:
    """B11: a ring's entries, in order of their marks."""
    least = s.fillers[0].share
    for i in range(held.usable):
        least = min(least, s.fillers[i].share)
    scale, target, n = ring_scale(least, rules.minimum_ring_size, rules.maximum_ring_size), 0.0, 0
    for i in range(held.usable):
        filler = s.fillers[i]
        target += scale * filler.share
        before = n
        while n < min(entries_up_to(target), table.room):
            s.marks[table.first_mark + n], s.owners[table.first + n] = ring_mark(filler.address, n - before), i
            n += 1
    table.size = n
    for i in range(n // 2 - 1, -1, -1):
        sink_mark(s, table, i, n)
    for last in range(n - 1, 0, -1):
        swap_marks(s, table, 0, last)
        sink_mark(s, table, 0, last)


@part
def swap_marks(s: Any, table: Any, i: int, j: int) -> None:
    """Two entries change places."""
    a, b = table.first_mark + i, table.first_mark + j
    s.marks[a], s.marks[b] = s.marks[b], s.marks[a]
    a, b = table.first + i, table.first + j
    s.owners[a], s.owners[b] = s.owners[b], s.owners[a]


@feature
def sink_mark(s: Any, table: Any, place: int, n: int) -> None:
    """An entry goes down a heap of n, the greatest mark above, to where it belongs; of equal marks the later host's is greater."""
    while True:
        below = 2 * place + 1
        if below >= n:
            return
        if below + 1 < n and is_below(s, table, below, below + 1):
            below += 1
        if not is_below(s, table, place, below):
            return
        swap_marks(s, table, place, below)
        place = below


@part
def is_below(s: Any, table: Any, i: int, j: int) -> bool:
    """Whether one entry comes before another."""
    one, other = s.marks[table.first_mark + i], s.marks[table.first_mark + j]
    return one < other or (one == other and s.owners[table.first + i] < s.owners[table.first + j])
