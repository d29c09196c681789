"""Averages without a centre: gossip by doubly stochastic weights, and push-sum, which survives messages that are lost.

Xiao and Boyd (Systems & Control Letters 53, 2004) for the weights; Kempe, Dobra and Gehrke (FOCS 2003) for push-sum;
Hadjicostis, Vaidya and Domínguez-García (IEEE Transactions on Automatic Control 61, 2016) for its running sums.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from agents.negotiation.mechanisms.allocation import require_finite

Weights = Mapping[str, Mapping[str, float]]  # how much of each neighbour's value goes into one's own next; no entry: nothing
Mass = tuple[float, float]  # (sum, weight); what is estimated is the one through the other


def metropolis(neighbours: Mapping[str, Collection[str]]) -> dict[str, dict[str, float]]:
    """Doubly stochastic, symmetric weights: 1 / (1 + the larger of two degrees) for neighbours, and the rest for oneself.

    Each needs to know only its neighbours' degrees. ValueError where a link goes one way only.
    """
    weights: dict[str, dict[str, float]] = {}
    for name in sorted(neighbours):
        near = sorted(other for other in neighbours[name] if other != name)
        for other in near:
            if name not in neighbours.get(other, ()):
                raise ValueError(f"{other!r} is a neighbour of {name!r}, but not the other way round: use push-sum")
        row = {other: 1 / (1 + max(_degree(neighbours, name), _degree(neighbours, other))) for other in near}
        weights[name] = {name: 1 - math.fsum(row.values())} | row
    return weights


def gossiped(values: Mapping[str, float], weights: Weights) -> dict[str, float]:
    """One round, x <- W x: everybody takes the weighted mean of its neighbours' values and its own."""
    require_finite("a value", values.values())
    return {name: math.fsum(weight * values[other] for other, weight in weights[name].items()) for name in sorted(values)}


def second_eigenvalue(weights: Weights) -> float:
    """The second largest of W's eigenvalues in modulus: after t rounds the error is at most this to the t. 1: it never mixes."""
    names = sorted(weights)
    if len(names) < 2:
        return 0.0
    matrix = np.array([[weights[row].get(column, 0.0) for column in names] for row in names])
    return float(np.sort(np.abs(np.linalg.eigvalsh(matrix)))[-2])


@dataclass(frozen=True, slots=True)
class PushSum:
    """What one party holds, and what has gone from it and come to it since the beginning, by the other's name; never mutated."""

    mass: Mass
    sent: Mapping[str, Mass] = field(default_factory=dict)
    received: Mapping[str, Mass] = field(default_factory=dict)

    @property
    def estimate(self) -> float:
        """Of the mean of all values."""
        return self.mass[0] / self.mass[1]


def holding(value: float) -> PushSum:
    """How everybody begins: its own value, of weight 1."""
    require_finite("a value", [value])
    return PushSum((value, 1.0))


def pushed(party: PushSum, targets: Collection[str]) -> PushSum:
    """Keep one equal part of what is held, and send one to each target.

    What is told to a target is `sent[target]`: everything that was ever sent to it, not this round's part alone.
    """
    others = sorted(targets)
    part = (party.mass[0] / (len(others) + 1), party.mass[1] / (len(others) + 1))
    return replace(party, mass=part, sent={**party.sent, **{other: _plus(party.sent.get(other, (0.0, 0.0)), part) for other in others}})


def told(party: PushSum, sender: str, total: Mass) -> PushSum:
    """Take what is new of a sender's total; nothing of a copy, or of one that was overtaken by a later one."""
    known = party.received.get(sender, (0.0, 0.0))
    if total[1] <= known[1]:  # weights sent are above 0, so that a sender's totals can be told apart by theirs
        return party
    return replace(party, mass=_plus(party.mass, (total[0] - known[0], total[1] - known[1])), received={**party.received, sender: total})


def push_sum_round(parties: Mapping[str, PushSum], targets: Mapping[str, Collection[str]],
                   lost: Collection[tuple[str, str]] = ()) -> dict[str, PushSum]:  # fmt: skip
    """One round in which all push and all that is not lost, as (sender, receiver), arrives."""
    after = {name: pushed(parties[name], targets[name]) for name in sorted(parties)}
    senders = dict(after)
    for sender, party in senders.items():
        for receiver in sorted(targets[sender]):
            if (sender, receiver) not in lost:
                after[receiver] = told(after[receiver], sender, party.sent[receiver])
    return after


def mass_in_all(parties: Mapping[str, PushSum]) -> Mass:
    """What all hold, and what is under way or lost and so still owed: this never changes."""
    held = [party.mass for party in parties.values()]
    owed = [_minus(total, parties[receiver].received.get(sender, (0.0, 0.0)))
            for sender, party in parties.items() for receiver, total in party.sent.items()]  # fmt: skip
    return _total(held + owed)


def _degree(neighbours: Mapping[str, Collection[str]], name: str) -> int:
    return len(dict.fromkeys(other for other in neighbours[name] if other != name))


def _plus(one: Mass, other: Mass) -> Mass:
    return one[0] + other[0], one[1] + other[1]


def _minus(one: Mass, other: Mass) -> Mass:
    return one[0] - other[0], one[1] - other[1]


def _total(masses: Sequence[Mass]) -> Mass:
    return math.fsum(mass[0] for mass in masses), math.fsum(mass[1] for mass in masses)
