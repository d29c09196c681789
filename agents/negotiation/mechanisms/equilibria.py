"""Selfish play: best responses in turn until nobody wants to move, the proof that it is an equilibrium, and what it costs all.

Best responses need not end: where they come back to where they were there is a cycle, and no equilibrium was found. The price of
anarchy is of equilibria, so that without one there is none (Koutsoupias and Papadimitriou, STACS 1999).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Profile = Mapping[str, str]  # what each player plays
Cost = Callable[[str, Profile], float]  # of a player; negative utility will do


@dataclass(frozen=True, slots=True)
class Play:
    """Where best responses ended."""

    profile: dict[str, str]
    rounds: int  # in which everybody was asked once
    is_equilibrium: bool  # verified: nobody would gain by moving alone


def played(strategies: Mapping[str, Sequence[str]], cost: Cost, start: Profile, rounds_max: int = 1000, tolerance: float = 0.0) -> Play:
    """Everybody in turn, by name, moves to what costs least as the others play now, if that is less by more than the tolerance.

    Ends when a round moves nobody or comes back to a profile there was before, or after so many rounds. ValueError for a start that is
    no profile.
    """
    for name in sorted(strategies):
        if start.get(name) not in strategies[name]:
            raise ValueError(f"{name!r} begins with {start.get(name)!r}, which is none of {', '.join(map(repr, strategies[name]))}")
    profile = {name: start[name] for name in sorted(strategies)}
    seen = [tuple(profile.values())]
    while len(seen) <= rounds_max:
        for name in profile:
            profile[name] = best_response(name, strategies[name], cost, profile, tolerance)
        if tuple(profile.values()) in seen:
            break
        seen.append(tuple(profile.values()))
    return Play(profile, len(seen), is_equilibrium(strategies, cost, profile, tolerance))


def best_response(name: str, strategies: Sequence[str], cost: Cost, profile: Profile, tolerance: float = 0.0) -> str:
    """The strategy of least cost as the others play; what is played now where nothing is better, the first of equals."""
    now = cost(name, profile)
    best = min(strategies, key=lambda strategy: cost(name, {**profile, name: strategy}))
    return best if cost(name, {**profile, name: best}) < now - tolerance else profile[name]


def is_equilibrium(strategies: Mapping[str, Sequence[str]], cost: Cost, profile: Profile, tolerance: float = 0.0) -> bool:
    """Whether nobody can lower its cost by more than the tolerance by moving alone: every move of everybody is tried (Nash)."""
    return all(
        cost(name, {**profile, name: strategy}) >= cost(name, profile) - tolerance
        for name in sorted(strategies) for strategy in strategies[name]
    )  # fmt: skip


def price_of_anarchy(plays: Sequence[Play], social_cost: Callable[[Profile], float], least_cost: float) -> float | None:
    """The worst verified equilibrium's cost to all over the least there could be; None where no equilibrium was verified.

    It is a lower bound of the game's, which is over all equilibria there are. ValueError where nothing could cost nothing.
    """
    if not 0 < least_cost < math.inf:
        raise ValueError(f"the least cost {least_cost!r} must be above 0 and finite for a ratio to it")
    costs = [social_cost(play.profile) for play in plays if play.is_equilibrium]
    return max(costs) / least_cost if costs else None
