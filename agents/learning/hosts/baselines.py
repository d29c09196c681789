"""Whom a policy that weighs hosts is compared with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.learning.baselines import Baseline, Decider, Standing
from agents.learning.hosts.planning import Truth, cheapest, rate_of
from agents.learning.hosts.seats import LEAST, HostSeats
from sim.draws import family_key

if TYPE_CHECKING:
    from agents.learning.playing import Play

FIRST_TICKS = 5  # in which who weighs once and for all looks
DOUBTFUL, SLOW = 0.2, 2.0  # share of calls that fail, and times the median: not to be called


def _seats(play: Play) -> HostSeats:
    seats = play.drive.seats
    assert isinstance(seats, HostSeats), "a baseline of this chair"
    return seats


def _nearest(seats: HostSeats, wanted: float) -> int:
    """The action whose multiple is nearest, by ratio."""
    if wanted <= 0:
        return 0
    times = seats.actions.times
    return min(range(len(times)), key=lambda action: abs(math.log((times[action] or 1e-9) / wanted)))


def _slowness(seats: HostSeats) -> list[float]:
    """Of each row, the remembered mean time over the median; 1 where nothing is known."""
    usual = seats.watching.usual_ns()
    found = []
    for number in seats.numbers:
        mean = None if number is None else seats.watching.histories[number].mean_ns
        found.append(1.0 if mean is None or usual is None else mean / usual)
    return found


def _all_alike(seats: HostSeats) -> NDArray[np.int64]:
    return np.full(len(seats.rows), seats.actions.usual, dtype=np.int64)


def weighing_once(play: Play) -> Decider:
    """Weights by what was seen in the first few ticks, and never again."""
    seats, ticks = _seats(play), 0
    kept = _all_alike(seats)

    def decide() -> NDArray[np.int64]:
        nonlocal ticks, kept
        ticks += 1
        if ticks == FIRST_TICKS:
            kept = np.array([_nearest(seats, 1 / one) for one in _slowness(seats)], dtype=np.int64)
        return kept

    return decide


def weighing_always(play: Play) -> Decider:
    """Weights by what is remembered: the inverse of a host's time over the median, less the more of its calls fail."""
    seats = _seats(play)

    def decide() -> NDArray[np.int64]:
        wanted = []
        for number, slow in zip(seats.numbers, _slowness(seats), strict=True):
            failing = 0.0 if number is None else seats.watching.histories[number].failing or 0.0
            wanted.append((1 - failing) ** 4 / slow**2)
        return np.array([_nearest(seats, one) for one in wanted], dtype=np.int64)

    return decide


def upside_down(play: Play) -> Decider:
    """Most to the two that are slowest and fail most."""
    seats = _seats(play)

    def decide() -> NDArray[np.int64]:
        bad = [(0.0 if number is None else seats.watching.histories[number].failing or 0.0, slow)
               for number, slow in zip(seats.numbers, _slowness(seats), strict=True)]  # fmt: skip
        worst = sorted(range(len(bad)), key=lambda row: bad[row], reverse=True)[:LEAST]
        best = len(seats.actions) - 1
        return np.array([best if row in worst else 0 for row in range(len(bad))], dtype=np.int64)

    return decide


@dataclass(frozen=True)
class RandomSubset:
    """So many hosts drawn once for the episode."""

    size: int

    def __call__(self, play: Play) -> Decider:
        """The same rows all along."""
        seats = _seats(play)
        drawn = np.random.default_rng(family_key(play.episode.seed, "agent", "random subset")).permutation(seats.weighed.pods)[: self.size]
        kept = np.where(np.isin(np.arange(len(seats.rows)) % seats.weighed.pods, drawn), seats.actions.usual, 0).astype(np.int64)
        return lambda: kept


@dataclass(frozen=True)
class Scored:
    """The hosts of best history, and no more than are needed."""

    size: int

    def __call__(self, play: Play) -> Decider:
        """Those that fail seldom and are not slow, the best known first; where these are too few, all others of them."""
        seats = _seats(play)

        def decide() -> NDArray[np.int64]:
            def badness(row: int) -> tuple[float, float]:
                number = seats.numbers[row]
                failing = 1.0 if number is None else seats.watching.histories[number].failing or 0.0
                return float(failing > DOUBTFUL), max(1.0, slow[row]) if slow[row] > SLOW else 1.0 - seats.weight(row) / 100

            slow = _slowness(seats)
            kept = sorted(range(len(slow)), key=badness)[: self.size]
            return np.array([seats.actions.usual if row in kept else 0 for row in range(len(slow))], dtype=np.int64)

        return decide


def knowing(play: Play) -> Decider:
    """The weights that cost least by a model of queues, for what is true."""
    seats = _seats(play)
    knows, chosen = Truth(seats), [seats.actions.usual] * len(seats.rows)

    def decide() -> NDArray[np.int64]:
        nonlocal chosen
        chosen = cheapest(seats, knows(seats), rate_of(seats), chosen)
        return np.array(chosen, dtype=np.int64)

    return decide


_POLICY = "routes.clients -> pool.lb_policy"
BALANCERS = {
    "oracle": Baseline("knows how slow each host is and weighs them by a model of queues", Standing.ORACLE, seated=knowing),
    "least_request": Baseline("the less busy of two (P2C), all hosts of one weight", Standing.GOOD),
    "prequal": Baseline("the quickest of those probed that are not hot", Standing.GOOD, (f"{_POLICY}=prequal",)),
    "client_side_weighted_round_robin": Baseline("by weights that pods report (gRPC's)", Standing.GOOD,
                                                 (f"{_POLICY}=weighted_round_robin",)),
    "latency": Baseline("weights by each host's own time and failures", Standing.GOOD, seated=weighing_always),
    "static": Baseline("in turn, by weights measured once", Standing.NAIVE, (f"{_POLICY}=round_robin",), weighing_once),
    "round_robin": Baseline("one after the other", Standing.NAIVE, (f"{_POLICY}=round_robin",)),
    "random": Baseline("every host alike", Standing.NAIVE, (f"{_POLICY}=random",)),
    "upside_down": Baseline("in turn, most to who is worst", Standing.SILLY, (f"{_POLICY}=round_robin",), upside_down),
}  # fmt: skip
KNOWN = 8  # hosts of a subset
_EJECTS = "{consecutive_5xx: 3, enforcing_consecutive_5xx: 100%, interval: 2s, base_ejection_time: 20s, max_ejection_percent: 50%}"
DISCOVERERS = {
    "oracle": Baseline("knows who is alive and how slow", Standing.ORACLE, seated=knowing),
    "scored": Baseline("a subset of those whose calls went well", Standing.GOOD, seated=Scored(KNOWN)),
    "ejecting": Baseline("the whole registry, outliers ejected", Standing.GOOD, (f"routes.clients -> pool.outlier_detection={_EJECTS}",)),
    "whole_registry": Baseline("all that is listed", Standing.NAIVE),
    "random_subset": Baseline("a few, drawn once", Standing.NAIVE, seated=RandomSubset(KNOWN)),
    "deterministic": Baseline("a few, dealt out (the SRE book's)", Standing.NAIVE,
                              (f"routes.clients -> pool.subset={{size: {KNOWN}, method: deterministic}}",)),
    "upside_down": Baseline("those whose calls went worst", Standing.SILLY, seated=upside_down),
}  # fmt: skip
