"""Bundles: bids on several goods together, all of it or nothing, as a chain of services needs them.

Who wins is NP-hard to say (Rothkopf, Pekeč and Harstad, Management Science 44, 1998). `exact` says it where capacities are small,
with the payments of Vickrey, Clarke and Groves; `greedy` is quick, and pays critical values (Lehmann, O'Callaghan and Shoham,
J. ACM 49, 2002).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.negotiation.mechanisms.allocation import require_finite, require_for_each, require_units

STATES_MAX = 1_000_000  # ways to fill the capacities, times bidders, that `exact` takes on


@dataclass(frozen=True, slots=True)
class Bundle:
    """So many units of each good, and what all of it together is worth to the bidder."""

    units: Mapping[str, int]
    value: float


Bids = Mapping[str, Sequence[Bundle]]  # of each bidder, who wants one of its bundles at most (XOR)


@dataclass(frozen=True, slots=True)
class Awards:
    """Who gets which bundle, and pays what for it; who gets none is in neither."""

    won: dict[str, Bundle]
    payments: dict[str, float]

    @property
    def welfare(self) -> float:
        """What the bundles are worth to those who get them, in all."""
        return math.fsum(self.won[name].value for name in sorted(self.won))


def exact(bids: Bids, capacities: Mapping[str, int]) -> Awards:
    """The awards of the highest welfare, and VCG payments: W(without i) - (W - v_i).

    By dynamic programming over what is left; ValueError where that has too many states: then `greedy`. Of equal optima the one
    whose earliest bidder by name gets its earliest bundle, rather than none.
    """
    _require_sense(bids, capacities)
    states = math.prod(count + 1 for count in capacities.values()) * max(1, len(bids))
    if states > STATES_MAX:
        raise ValueError(f"{states} states are more than {STATES_MAX}: bid on fewer or coarser units, or take the greedy rule")
    won = _optimal(bids, capacities)
    payments = {}
    for name in sorted(won):
        without = _worth(_optimal({other: bids[other] for other in bids if other != name}, capacities))
        others = _worth({other: won[other] for other in won if other != name})
        payments[name] = min(max(0.0, without - others), won[name].value)  # the bounds are rounding's only
    return Awards(won, payments)


def greedy(bids: Bids, capacities: Mapping[str, int]) -> Awards:
    """The bundles one by one, the highest value by root of size first, if they fit; each pays the least value that would have won.

    Size is the sum of what it takes of each capacity; equals by bidder's name, then by order. Truthful for bidders who want one
    bundle only; monotone: who bids more for what it won, still wins it.
    """
    _require_sense(bids, capacities)
    won = _filled(bids, capacities)
    return Awards(won, {name: _critical(name, bids, capacities, won[name]) for name in sorted(won)})


def _optimal(bids: Bids, capacities: Mapping[str, int]) -> dict[str, Bundle]:
    names, goods = sorted(bids), sorted(capacities)
    needs = [[tuple(bundle.units.get(good, 0) for good in goods) for bundle in bids[name]] for name in names]
    reached = [[tuple(capacities[good] for good in goods)]]  # by turn: what may be left when it comes
    for wanted in needs:
        after = (_less(left, need) for left in reached[-1] for need in wanted if _covers(left, need))
        reached.append(list(dict.fromkeys([*reached[-1], *after])))
    worth = dict.fromkeys(reached[-1], 0.0)  # by what is left: the most that the bidders from a turn on make of it
    chosen: list[dict[tuple[int, ...], int | None]] = []  # by turn counted from the last: which bundle does it
    for turn in reversed(range(len(names))):
        later, worth, choice = worth, {}, dict[tuple[int, ...], int | None]()
        for left in reached[turn]:
            worth[left], choice[left] = later[left], None
            for index, (bundle, need) in enumerate(zip(bids[names[turn]], needs[turn], strict=True)):
                if _covers(left, need) and (value := bundle.value + later[_less(left, need)], choice[left] is None) > (worth[left], False):
                    worth[left], choice[left] = value, index
        chosen.append(choice)
    left, won = reached[0][0], {}
    for turn, name in enumerate(names):
        found = chosen[-1 - turn][left]
        if found is not None:
            won[name], left = bids[name][found], _less(left, needs[turn][found])
    return won


def _ranked(bids: Bids, capacities: Mapping[str, int]) -> list[tuple[float, str, int]]:
    """(minus value by root of size, bidder, which of its bundles), the best first."""
    return sorted((-bundle.value / _root_size(bundle, capacities), name, index)
                  for name in bids for index, bundle in enumerate(bids[name]))  # fmt: skip


def _filled(bids: Bids, capacities: Mapping[str, int]) -> dict[str, Bundle]:
    left, won = dict(capacities), {}
    for _, name, index in _ranked(bids, capacities):
        bundle = bids[name][index]
        if name not in won and _fits(bundle, left):
            won[name] = bundle
            left = {good: left[good] - bundle.units.get(good, 0) for good in left}
    return won


def _critical(winner: str, bids: Bids, capacities: Mapping[str, int], bundle: Bundle) -> float:
    """What the bundle would have to be worth to win: no less, by root of size, than the bid after which it would not fit."""
    others = {name: bids[name] for name in bids if name != winner}
    left, served = dict(capacities), dict[str, Bundle]()
    for density, name, index in _ranked(others, capacities):
        rival = others[name][index]
        if name in served or not _fits(rival, left):
            continue
        served[name] = rival
        left = {good: left[good] - rival.units.get(good, 0) for good in left}
        if not _fits(bundle, left):
            return min(-density * _root_size(bundle, capacities), bundle.value)
    return 0.0


def _root_size(bundle: Bundle, capacities: Mapping[str, int]) -> float:
    """What a bundle takes of each capacity, summed up, and the root of it; of a good that there is none of, what it asks for."""
    return math.sqrt(math.fsum(units / max(1, capacities[good]) for good, units in sorted(bundle.units.items())))


def _fits(bundle: Bundle, left: Mapping[str, int]) -> bool:
    return all(units <= left[good] for good, units in bundle.units.items())


def _covers(left: tuple[int, ...], need: tuple[int, ...]) -> bool:
    return all(has >= wanted for has, wanted in zip(left, need, strict=True))


def _less(left: tuple[int, ...], need: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(has - wanted for has, wanted in zip(left, need, strict=True))


def _worth(won: Mapping[str, Bundle]) -> float:
    return math.fsum(won[name].value for name in sorted(won))


def _require_sense(bids: Bids, capacities: Mapping[str, int]) -> None:
    require_units("a capacity", *capacities.values())
    for name in sorted(bids):
        for bundle in bids[name]:
            require_units(f"a bundle of {name!r}", *bundle.units.values())
            require_for_each("the capacity", bundle.units, capacities)
            require_finite(f"a value of {name!r}", [bundle.value])
            if bundle.value < 0 or not any(bundle.units.values()):
                raise ValueError(f"a bundle of {name!r} holds nothing, or is worth less than nothing: {bundle!r}")
