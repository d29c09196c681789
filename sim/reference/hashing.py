"""What calls are hashed by, and the rings and tables that hashes fall on."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scenarios.schema.balancing import LbPolicy
from scenarios.schema.programs import CacheSettings, LockSettings
from sim.draws import indexed_key, name_hash
from sim.laws import hashing as law
from sim.records import FILLER
from sim.sampling import draw_key

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane
    from sim.reference.life import Request, Try

Filler = FILLER.make_class()


@dataclass(frozen=True)
class Slots:
    """Hosts by entry of a ring, or slot of a table: each a place among those that are picked from."""

    owners: Sequence[int]
    marks: Sequence[int] = ()  # of a ring's entries

    def owner(self, word: int, again: int) -> int:
        """Whose entry or slot a word falls on, for the `again`-th time again."""
        size = len(self.owners)
        if not self.marks:
            return self.owners[law.maglev_slot(law.maglev_word(word, again), size)]
        return self.owners[law.later_entry(law.ring_entry(self.marks, 0, size, word), again, size)]


@functools.lru_cache(maxsize=64)
def table_of(policy: LbPolicy, hosts: tuple[tuple[int, int, int], ...]) -> Slots:
    """B11, B12: the ring or table of hosts, each a (number, address, weight)."""
    total = sum(weight for _, _, weight in hosts)
    fillers = [Filler(host=i, number=number, address=address, share=weight / total)
               for i, (number, address, weight) in enumerate(hosts)]  # fmt: skip
    if policy.maglev is not None:
        return Slots(_maglev(fillers, policy.maglev.table_size))
    assert policy.ring_hash is not None
    scale = law.ring_scale(min(one.share for one in fillers), policy.ring_hash.minimum_ring_size, policy.ring_hash.maximum_ring_size)
    entries: list[tuple[int, int]] = []
    target = 0.0
    for one in fillers:
        target += scale * one.share
        entries += [(law.ring_mark(one.address, n), one.host) for n in range(law.entries_up_to(target) - len(entries))]
    entries.sort()
    return Slots([host for _, host in entries], [mark for mark, _ in entries])


def _maglev(fillers: list[Any], size: int) -> list[int]:
    fillers.sort(key=lambda one: one.number)
    for one in fillers:
        one.place, one.skip = law.maglev_place(one.address, size), law.maglev_skip(one.address, size)
    owners = [-1] * size
    law.fill_maglev(owners, 0, size, fillers, len(fillers), max(one.share for one in fillers))
    return owners


def chosen_host(policy: LbPolicy, table: Slots, hosts: Sequence[Any], active: int, weights: float, word: int, again: int) -> Any:
    """The host of a word; B13: where its share of the tries in flight is used up, another."""
    own = hosts[table.owner(word, again)]
    factor = policy.chosen.hash_balance_factor
    least = 0.0 if factor is None else _overload(own, active, factor, weights)
    if least <= 1.0:
        return own
    best, places = own, list(range(len(hosts)))
    for i in range(len(hosts)):
        j = law.shuffled_place(word, i, len(hosts))
        places[i], places[j] = places[j], places[i]
        other = hosts[places[i]]
        load = _overload(other, active, factor, weights)
        if other is not own and load <= 1.0:
            return other
        if other is not own and load < least:
            best, least = other, load
    return best


def _overload(host: Any, active: int, factor: int, weights: float) -> float:
    return law.overload(host.active, law.bounded_slots(active, factor, host.weight / weights))


def word_of(plane: ReferencePlane, one: Try) -> int:
    """B10: what a try is hashed to; without a policy each try anew."""
    policy = one.route.policy.hash_policy
    if policy is None:
        return law.hashed(one.key)
    if policy.header is not None:
        name = policy.header.header_name
        return law.hashed(indexed_key(name_hash(name), draw_key(policy.header.values, header_key(one.request, name))))
    caller = one.caller.visit.pod if one.caller.visit is not None else None
    if policy.source_ip is not None and caller is not None:
        return law.hashed(caller.address)
    workload = plane.workloads[one.request.workload]
    if workload.spec.arrivals.users is None:
        return law.hashed(one.request.key)
    return law.hashed(indexed_key(workload.key, one.request.user))


def header_key(request: Request, name: str) -> int:
    """B14: key of a header's value: the same for the whole request."""
    return indexed_key(request.key, name_hash(name))


def asked_key(step: CacheSettings | LockSettings, request: Request, key: int) -> int:
    """B14: the key a step of that key asks for: its own, or the value of a header."""
    return draw_key(step.keys, key if step.header_name is None else header_key(request, step.header_name))
