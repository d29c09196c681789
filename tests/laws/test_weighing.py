"""B7, B8: hosts by weight."""

from __future__ import annotations

import itertools

import pytest

from sim.draws import indexed_key
from sim.laws.weighing import busy_weight, early_picks, early_share, early_weight, is_due_before, next_deadline

KEYS = [indexed_key(5, n) for n in range(20_000)]


class Schedule:
    """Hosts of fixed weights, queued one after the other."""

    def __init__(self, weights: list[float]) -> None:
        self.weights, self.reached, self.turns = weights, 0.0, itertools.count(len(weights))
        self.queue = [(next_deadline(0.0, weight), i) for i, weight in enumerate(weights)]

    @classmethod
    def begun(cls, weights: list[float], picks: int) -> Schedule:
        """So many picks later, at once: shares rounded down, then what is left one by one."""
        made, early = cls(weights), [early_weight(weight) for weight in weights]
        shares = [early_share(picks, weight, sum(early)) for weight in early]
        assert 0 <= picks - sum(shares) <= 2 * len(weights)
        made.queue = [((share + 1) / weight, i) for i, (share, weight) in enumerate(zip(shares, early, strict=True))]
        for _ in range(picks - sum(shares)):
            made.pick()
        return made

    def pick(self) -> int:
        """The host that is due."""
        best = 0
        for i in range(1, len(self.queue)):
            if is_due_before(*self.queue[i], *self.queue[best]):
                best = i
        self.reached = self.queue[best][0]
        self.queue[best] = next_deadline(self.reached, self.weights[best]), next(self.turns)
        return best


@pytest.mark.parametrize(
    ("weights", "picks"),
    [([1, 1, 1], "abcabcabc"), ([2, 1], "abaaba"), ([3, 1], "aaba"), ([1, 2], "babbab"), ([4, 2, 1], "abaacba")],
)
def test_by_hand(weights, picks):
    """B7: deadlines 1/w, 2/w, ... merged by hand; of equal ones the host that was queued first."""
    schedule = Schedule(weights)
    assert "".join("abc"[schedule.pick()] for _ in picks) == picks


def test_envoys_own_tables():
    """B7: as Envoy's EdfSchedulerTest: 128 equal hosts in rotation; of weights 1 ... 128 each its weight in one round."""
    even = Schedule([1.0] * 128)
    assert [even.pick() for _ in range(128 * 128)] == list(range(128)) * 128
    uneven = Schedule([i + 1.0 for i in range(128)])
    picks = [uneven.pick() for _ in range(128 * 129 // 2)]
    assert [picks.count(i) for i in range(128)] == list(range(1, 129))


@pytest.mark.parametrize("weights", [[1, 2], [5, 1, 1], [7, 3, 2, 1]])
def test_smooth(weights):
    """B7: at any time a host has had its share of the picks, within one each way and one more for each other host's tie."""
    schedule, had = Schedule(weights), [0] * len(weights)
    for n in range(1, 500):
        had[schedule.pick()] += 1
        assert all(abs(got - n * weight / sum(weights)) < len(weights) for got, weight in zip(had, weights, strict=True))


@pytest.mark.parametrize("picks", [0, 5, 140, 501, 12_345])
def test_early_picks_at_once(picks):
    """B7: shares rounded down, then the few that are left, reach what so many picks reach (Envoy's test of createWithPicks)."""
    weights = [(100.5 - 0.01) / 128 * i + 0.01 for i in range(128)]
    slow, quick = Schedule(weights), Schedule.begun(weights, picks)
    for _ in range(picks):
        slow.pick()
    assert [deadline for deadline, _ in quick.queue] == pytest.approx([deadline for deadline, _ in slow.queue], abs=1e-5)


def test_views_begin_anywhere_in_a_round():
    """B7: early picks are even below the sum of weights, so the first pick of many views falls by weight."""
    first = [Schedule.begun([1.0, 3.0], early_picks(key, 1, 4.0)).pick() for key in KEYS[:4000]]
    assert sum(first) / len(first) == pytest.approx(0.75, abs=0.03)
    assert {early_picks(key, 1, 4.0) for key in KEYS} == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("weight", "active", "bias", "expected"),
    [(6, 0, 1.0, 6), (6, 1, 1.0, 3), (6, 2, 1.0, 2), (6, 2, 0.0, 6), (8, 3, 0.5, 4), (8, 1, 2.0, 2)],
)
def test_a_busy_host_weighs_less(weight, active, bias, expected):
    """B8: Envoy: load_balancing_weight / (active requests + 1)^active_request_bias."""
    assert busy_weight(weight, active, bias) == pytest.approx(expected)
