"""Z1 to Z11: levels, localities and zones, by the tables of Envoy's documentation and tests."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sim.draws import indexed_key
from sim.laws import localities as z
from sim.records import HOST_SET, LEVEL

Level, Locality = LEVEL.make_class(), HOST_SET.make_class()


def levels(*counts: tuple[int, int]) -> list[Any]:
    """Levels of (hosts, of them in service)."""
    return [Level(hosts=hosts, healthy=healthy) for hosts, healthy in counts]


def shared_out(*counts: tuple[int, int], threshold: float = 0.5) -> tuple[list[int], list[int]]:
    """Loads and panics of such levels."""
    made = levels(*counts)
    z.share_out(made, 0, len(made), threshold)
    return [level.load for level in made], [level.panics for level in made]


@pytest.mark.parametrize(
    ("zone", "region", "to_region", "expected"),
    [(1, 0, -1, 0), (2, 0, -1, 1), (3, 1, -1, 2), (4, 2, -1, 2), (3, 1, 1, 2), (4, 2, 1, 3), (2, 0, 1, 1)],
)
def test_levels(zone, region, to_region, expected):
    """Z1: zone, region, others, as Istio's LbPriority has it without subzones; a named target puts the rest one further."""
    assert z.level_of(zone, region, 1, 0, to_region) == expected
    assert z.level_of(zone, region, -1, -1, -1) == 0  # a caller nowhere


@pytest.mark.parametrize(("percent", "expected"), [(100, 100), (72, 100), (71, 99), (50, 70), (25, 35), (20, 28), (5, 7), (0, 0)])
def test_health(percent, expected):
    """Z2: Envoy's documented table of priority levels: 71 % in service are 99 % of the traffic."""
    assert z.health(percent, 100) == expected
    assert z.health(0, 0) == 0


@pytest.mark.parametrize(
    ("percents", "loads"),
    [
        ((100, 100), [100, 0]), ((72, 100), [100, 0]), ((71, 100), [99, 1]), ((50, 100), [70, 30]), ((25, 100), [35, 65]),
        ((0, 100), [0, 100]),
        ((72, 72), [100, 0]), ((71, 71), [99, 1]), ((50, 50), [70, 30]), ((25, 25), [50, 50]),
        ((72, 72, 100), [100, 0, 0]), ((71, 71, 100), [99, 1, 0]), ((50, 50, 100), [70, 30, 0]), ((25, 100, 100), [35, 65, 0]),
        ((25, 25, 100), [35, 35, 30]),
        ((25, 25, 20), [37, 35, 28]),  # health 35, 35, 28 of 98: the documentation rounds it to 36, 36, 28
    ],
)  # fmt: skip
def test_loads(percents, loads):
    """Z3: Envoy's documented tables of two and three levels; fractions are lost, and the first level picks them up."""
    assert shared_out(*((100, percent) for percent in percents), threshold=0.0)[0] == loads


@pytest.mark.parametrize(
    ("counts", "loads", "panics"),
    [  # test/extensions/load_balancing_policies/common/load_balancer_impl_base_test.cc
        ([(1, 0), (1, 0)], [50, 50], [1, 1]),
        ([(1, 0), (2, 0)], [34, 66], [1, 1]),
        ([(1, 0), (2, 0), (1, 1)], [0, 0, 100], [0, 0, 0]),
        ([(4, 2), (4, 2)], [70, 30], [0, 0]),
        ([(4, 1), (2, 2)], [35, 65], [0, 0]),
        ([(4, 1), (4, 1)], [50, 50], [1, 1]),
        ([(5, 1), (5, 1), (5, 1)], [34, 33, 33], [1, 1, 1]),
        ([(5, 0), (5, 0), (5, 4)], [0, 0, 100], [0, 0, 0]),
        ([(5, 0), (5, 0), (5, 2)], [34, 33, 33], [1, 1, 1]),
        ([(5, 0), (3, 0), (2, 0)], [50, 30, 20], [1, 1, 1]),
        ([(5, 0), (6, 2), (3, 1)], [37, 42, 21], [1, 1, 1]),
        ([(0, 0), (6, 0), (3, 0)], [0, 67, 33], [1, 1, 1]),
        ([(20, 1), (20, 13)], [8, 92], [1, 0]),  # health 7 and 91: the documented 5 % and 65 %, whose rest is the first's
    ],
)
def test_panic(counts, loads, panics):
    """Z3, Z4: Envoy's own tests; below health 100 a level panics by its plain share, and where all do, hosts are counted."""
    assert shared_out(*counts) == (loads, panics)


def test_panic_is_off_at_no_threshold():
    """Z4: with a threshold of 0 nobody panics; where nobody is in service the first level gets all tries, and has nobody."""
    assert shared_out((5, 0), (5, 0), threshold=0.0) == ([100, 0], [0, 0])
    assert not z.is_level_in_panic(0, 5, 0, 0.0)
    assert z.is_level_in_panic(2, 5, 99, 0.5)
    assert not z.is_level_in_panic(2, 5, 100, 0.5)
    assert shared_out((0, 0), (0, 0)) == ([100, 0], [1, 1])


def test_chosen_level():
    """Z5: loads of 35 and 65: of a hundred numbers the first 35 are the first level's."""
    made = levels((4, 1), (2, 2))
    z.share_out(made, 0, 2, 0.5)
    assert [z.chosen_level(made, 0, 2, n / 100) for n in range(100)] == [0] * 35 + [1] * 65


@pytest.mark.parametrize(("percent", "share"), [(100, 33), (70, 33), (69, 33), (50, 26), (25, 15), (0, 0)])
def test_effective_weight(percent, share):
    """Z6: Envoy's documented table: a locality of weight 1 beside one of weight 2 that is well."""
    own = z.effective_weight(1.0, percent, 100)
    assert 100 * own / (own + z.effective_weight(2.0, 7, 7)) == pytest.approx(share, abs=0.6)
    assert z.effective_weight(1.0, 0, 0) == 0.0


def test_turns():
    """Z7: weights 1, 2 and 3 are met exactly in every six picks, whatever picks were made before; others of no level or no weight never."""
    for seed in range(20):
        zones = [Locality(level=0, share=1.0), Locality(level=1, share=9.0), Locality(level=0, share=2.0), Locality(level=0, share=0.0),
                 Locality(level=0, share=3.0)]  # fmt: skip
        level = Level()
        z.begin_turns(zones, 0, 5, 0, level, indexed_key(5, seed), 1)
        picks = [z.next_locality(zones, 0, 5, 0, level) for _ in range(60)]
        assert all(Counter(picks[i : i + 6]) == {0: 1, 2: 2, 4: 3} for i in range(0, 60, 6))
    assert z.next_locality([Locality(level=0)], 0, 1, 0, Level()) == -1


@pytest.mark.parametrize(
    ("weight", "own", "total", "expected"), [(70, 2, 4, 35), (80, 1, 3, 27), (80, 2, 3, 54), (30, 5, 5, 30), (30, 0, 0, 0)])
def test_distributed_weight(weight, own, total, expected):
    """Z8: what several zones of one locality share, rounded up: 80 percent between 1 and 2 pods is 27 to 54."""
    assert z.distributed_weight(weight, own, total) == expected


def zones(hosts: list[int], callers: list[int]) -> list[Any]:
    """Zones with so many hosts, all in service, and so many pods of the caller."""
    return [Locality(hosts=n, healthy=n, callers=m) for n, m in zip(hosts, callers, strict=True)]


@pytest.mark.parametrize(
    ("hosts", "callers", "here", "stays", "residual"),
    [
        ([25, 50, 25], [40, 40, 20], 0, 6250, [0, 1000, 500]),  # Envoy's own example, in the comment of its computation
        ([1, 9], [2, 8], 0, 5000, [0, 1000]),  # 20 % of the callers, 10 % of the hosts: half can stay
        ([1, 1], [1, 1], 0, 10_000, [0, 0]),
        ([4, 1], [1, 1], 0, 10_000, [0, 0]),
        ([4, 1], [1, 1], 1, 4000, [3000, 0]),
        ([0, 3, 3], [1, 1, 1], 0, 0, [0, 1667, 1667]),  # nobody here to stay with
        ([1, 1, 1], [1, 1, 2], 2, 6666, [833, 833, 0]),
    ],
)
def test_zones(hosts, callers, here, stays, residual):
    """Z10, Z11: what stays, and what other zones can take, in ten thousandths."""
    made = zones(hosts, callers)
    assert z.reckon_zones(made, 0, len(made), here) == stays
    assert [one.residual for one in made] == residual


def test_near_share():
    """Z10: as many as there is room for; none without hosts."""
    assert [z.near_share(*parts) for parts in ((1000, 2000), (2000, 2000), (0, 2000), (1, 0), (0, 0))] == [5000, 10_000, 0, 10_000, 0]


def test_chosen_zone():
    """Z11: of a hundred tries 62 stay, and the others go 2 to 1; where none can take more, to any zone that has hosts."""
    made = zones([25, 50, 25], [40, 40, 20])
    stays = z.reckon_zones(made, 0, 3, 0)
    grid = [(i / 100, j / 30) for i in range(100) for j in range(30)]
    assert Counter(z.chosen_zone(made, 0, 3, 0, stays, *point) for point in grid) == {0: 63 * 30, 1: 37 * 20, 2: 37 * 10}
    full = zones([1, 0, 1, 1], [1, 0, 1, 1])
    assert {z.chosen_zone(full, 0, 4, 0, 0, 0.5, j / 30) for j in range(30)} == {0, 2, 3}


def test_when_zones_are_told_apart():
    """Z9: callers in two zones and here, hosts in two zones, and as many in service as are asked for."""
    assert z.are_zones_told_apart(zones([3, 3], [1, 1]), 0, 2, 0, 6)
    assert not z.are_zones_told_apart(zones([3, 2], [1, 1]), 0, 2, 0, 6)
    assert not z.are_zones_told_apart(zones([6, 0], [1, 1]), 0, 2, 0, 6)
    assert not z.are_zones_told_apart(zones([3, 3], [2, 0]), 0, 2, 0, 6)
    assert not z.are_zones_told_apart(zones([3, 3, 0], [1, 0, 1]), 0, 3, 1, 6)
