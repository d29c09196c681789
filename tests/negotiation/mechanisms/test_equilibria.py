"""Selfish play: only verified equilibria have a price of anarchy, and Pigou's and Braess' networks have theirs, 4/3."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.negotiation.mechanisms.equilibria import Play, is_equilibrium, played, price_of_anarchy

GRID = 60  # players, each with 1/60 of the flow

Roads = Mapping[str, tuple[str, ...]]  # what each way drives over


def pigou(road: str, load: float) -> float:
    """How long a road takes under so large a share of the flow: one always an hour, one as long as its share."""
    return 1.0 if road == "wide" else load


def braess(road: str, load: float) -> float:
    """Two roads that fill up, two that always take an hour, and a short cut for nothing."""
    return load if road in ("in west", "out east") else 0.0 if road == "short cut" else 1.0


PIGOU: Roads = {"narrow": ("narrow",), "wide": ("wide",)}
BRAESS: Roads = {"west": ("in west", "out west"), "east": ("in east", "out east"), "zigzag": ("in west", "short cut", "out east")}
DRIVERS = tuple(f"driver {i:02}" for i in range(GRID))


def delay(ways: Roads, latency, counts: Mapping[str, int], way: str) -> float:
    """Of one way, when so many drive each."""
    return sum(latency(road, sum(counts[other] for other in ways if road in ways[other]) / GRID) for road in ways[way])


def counted(ways: Roads, profile: Mapping[str, str]) -> dict[str, int]:
    """How many drive each way."""
    return {way: sum(chosen == way for chosen in profile.values()) for way in ways}


def total(ways: Roads, latency, counts: Mapping[str, int]) -> float:
    """The mean delay of all drivers."""
    return sum(counts[way] * delay(ways, latency, counts, way) for way in ways) / GRID


def least(ways: Roads, latency) -> float:
    """The best that all drivers together could do: every split of them."""
    names = list(ways)
    every = (dict(zip(names, split, strict=True)) for split in product(range(GRID + 1), repeat=len(names)) if sum(split) == GRID)
    return min(total(ways, latency, counts) for counts in every)


def driven(ways: Roads, latency, start: str) -> Play:
    """Selfish drivers, who all begin on one way."""
    def cost(name: str, profile: Mapping[str, str]) -> float:
        return delay(ways, latency, counted(ways, profile), profile[name])
    return played(dict.fromkeys(DRIVERS, tuple(ways)), cost, dict.fromkeys(DRIVERS, start), tolerance=1e-9)


@pytest.mark.parametrize(("ways", "latency"), [(PIGOU, pigou), (BRAESS, braess)], ids=["Pigou", "Braess"])
def test_the_price_of_anarchy_of_linear_roads_is_four_thirds(ways: Roads, latency) -> None:
    """Roughgarden and Tardos (2002): the worst of the equilibria found; a grid of 1/60 is off by less than 2 %, and never beyond."""
    plays = [driven(ways, latency, start) for start in ways]
    assert all(play.is_equilibrium for play in plays)
    ratio = price_of_anarchy(plays, lambda profile: total(ways, latency, counted(ways, profile)), least(ways, latency))
    assert 4 / 3 * 0.98 <= ratio <= 4 / 3 + 1e-9


def test_a_road_too_many() -> None:
    """Braess' paradox: without the short cut selfish driving is the optimum, 3/2; with it everybody zigzags, and takes 2."""
    without = {way: BRAESS[way] for way in ("east", "west")}
    fair, paradox = driven(without, braess, "west"), driven(BRAESS, braess, "zigzag")
    assert total(without, braess, counted(without, fair.profile)) == 1.5 == least(without, braess)
    assert total(BRAESS, braess, counted(BRAESS, paradox.profile)) == 2.0


def test_nobody_moves_for_nothing() -> None:
    """Where all costs the same everybody stays where it began, first in the list or not; and a gain within the tolerance is none."""
    both = dict.fromkeys("ab", ("l", "r"))
    assert played(both, lambda *_: 1.0, {"a": "r", "b": "l"}).profile == {"a": "r", "b": "l"}
    small = played(both, lambda name, at: 0.9 if at[name] == "l" else 1.0, {"a": "r", "b": "l"}, tolerance=0.2)
    assert small.profile == {"a": "r", "b": "l"} and small.is_equilibrium


def test_where_there_is_no_equilibrium_there_is_no_price() -> None:
    """Matching pennies: the second wants to differ, the first to agree; best responses go in a circle, and that is seen."""
    def cost(name: str, profile: Mapping[str, str]) -> float:
        return float((profile["even"] == profile["odd"]) == (name == "odd"))
    play = played({"even": "ht", "odd": "ht"}, cost, {"even": "h", "odd": "h"})
    assert not play.is_equilibrium
    assert play.rounds < 5
    assert price_of_anarchy([play], lambda _: 1.0, 1.0) is None


def test_the_worst_verified_equilibrium_counts() -> None:
    """Two who meet at one of two places, one better: both meetings are equilibria, and what is none does not count."""
    def cost(name: str, profile: Mapping[str, str]) -> float:
        return 10.0 if profile["a"] != profile["b"] else {"cafe": 1.0, "station": 3.0}[profile["a"]]
    both = dict.fromkeys("ab", ("cafe", "station"))
    plays = [played(both, cost, dict.fromkeys("ab", place)) for place in ("cafe", "station")]
    plays.append(Play({"a": "cafe", "b": "station"}, 1, is_equilibrium=False))
    assert price_of_anarchy(plays, lambda profile: cost("a", profile), 1.0) == 3.0


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=8, max_size=8), st.sampled_from("lr"), st.sampled_from("lr"), st.sampled_from("lr"))
def test_what_is_called_an_equilibrium_is_one(table: list[int], a: str, b: str, c: str) -> None:
    """Three players of any common interest (a potential game): best responses end, where no single move lowers the cost."""
    def cost(name: str, profile: Mapping[str, str]) -> float:
        return float(table[int("".join("01"[profile[player] == "r"] for player in "abc"), 2)])
    play = played(dict.fromkeys("abc", "lr"), cost, {"a": a, "b": b, "c": c})
    assert play.is_equilibrium
    for name, strategy in product("abc", "lr"):
        assert cost(name, play.profile | {name: strategy}) >= cost(name, play.profile)


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=18, max_size=18))
def test_of_any_game_the_verdict_is_right(table: list[int]) -> None:
    """Two players of three strategies, whatever the costs: found or not, the flag says what brute force says, within the limit."""
    def cost(name: str, profile: Mapping[str, str]) -> float:
        return float(table[9 * (name == "b") + 3 * int(profile["a"]) + int(profile["b"])])
    play = played({"a": "012", "b": "012"}, cost, {"a": "0", "b": "0"}, rounds_max=20)
    stays = all(cost(name, play.profile | {name: move}) >= cost(name, play.profile) for name in "ab" for move in "012")
    assert play.is_equilibrium == stays == is_equilibrium({"a": "012", "b": "012"}, cost, play.profile)
    assert play.rounds <= 20


def test_nonsense_is_refused() -> None:
    """A start that nobody can play, and a ratio to nothing."""
    with pytest.raises(ValueError, match="'a' begins with 'x', which is none of 'l', 'r'"):
        played({"a": "lr"}, lambda *_: 0.0, {"a": "x"})
    with pytest.raises(ValueError, match="must be above 0"):
        price_of_anarchy([], lambda _: 1.0, 0.0)
