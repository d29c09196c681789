"""How a service's credits are divided among the legs that lead to it: first tries before retries, retries before slack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agents.negotiation.mechanisms import shares
from agents.negotiation.parties.chains.legs import Leg
from agents.negotiation.parties.flows.flow_plan import stretches_of
from agents.negotiation.parties.valuing import Outlook

Legs = Mapping[str, Leg]
Credits = dict[str, int]  # by leg
SURE = 0.01  # more than what is needed but once in a hundred times is not asked for


@dataclass(frozen=True)
class Share:
    """What a leg is meant to have, its floor included. Sums of `whole` are within the supply and the floors."""

    first: int  # credits for the first tries that it was wanted for
    whole: int  # with its retries, and its part of what nobody asked for
    retries: float  # for each first try

    def rate(self, leg: Leg) -> float:
        """First tries a second that it is for: with their retries they take all of it."""
        return leg.rate(self.whole) / (1 + self.retries)


def divided(kind: str, legs: Legs, wants: Mapping[str, Outlook], supply: int, limits: Mapping[str, float]) -> dict[str, Share]:
    """Divide what there is beyond the floors.

    wants: first tries a second that come by each leg; limits: first tries a second that the callee may send on by legs of its
    own, as far as it has to keep to that. What nobody asked for is handed out as well, in proportion, so that a rise is not
    cut short by a lease as long as there is room.
    """
    pot = _Pot(legs, supply, limits)
    for aims in _firsts(kind, legs, wants):
        pot.give(aims)
    first = dict(pot.has)
    for names in _in_order(kind, legs):
        pot.give({name: first[name] + round(first[name] * legs[name].retries) for name in names})
    retries = {name: (pot.has[name] - first[name]) / first[name] if first[name] else 0.0 for name in legs}
    taken = sum(pot.has.values())
    pot.give({name: amount + (pot.left * amount // taken if taken else pot.left // len(legs)) for name, amount in pot.has.items()})
    return {name: Share(first[name], pot.has[name], retries[name]) for name in legs}


class _Pot:
    """What is left, and who has how much of it."""

    def __init__(self, legs: Legs, supply: int, limits: Mapping[str, float]) -> None:
        self.has: Credits = {name: leg.floor for name, leg in legs.items()}
        self.left = supply
        self._legs, self._limits = legs, limits

    def give(self, aims: Mapping[str, int]) -> None:
        """Bring some legs to as much as there is, and as can be sent on; all in proportion to what they lack."""
        lacks = {name: max(0, aims[name] - self.has[name]) for name in sorted(aims)}
        parts = {onward: self._part(onward, lacks) for onward in self._limits}
        for name, lack in lacks.items():
            lacks[name] = int(lack * min((parts[onward] for onward in self._legs[name].feeds if onward in parts), default=1.0))
        got = shares.proportional(lacks, min(self.left, sum(lacks.values()))).units
        for name, amount in got.items():
            self.has[name] += amount
        self.left -= sum(got.values())

    def _part(self, onward: str, lacks: Mapping[str, int]) -> float:
        """The part of what is lacked that could be sent on by a leg of the callee's own."""
        sent, more = (sum(leg.rate(amounts.get(name, 0)) * leg.feeds.get(onward, 0.0) for name, leg in self._legs.items())
                      for amounts in (self.has, lacks))  # fmt: skip
        return min(1.0, max(0.0, self._limits[onward] - sent) / more) if more > 0 else 1.0


def _firsts(kind: str, legs: Legs, wants: Mapping[str, Outlook]) -> Iterator[Credits]:
    """What legs would have for first tries, in the order in which it is served; those of one step are served alike.

    Where worth decides, each stretch of a leg's demand counts by what a pod earns with it: its worth, times the
    probability that it is there.
    """
    if kind not in BY_WORTH:
        for names in _in_order(kind, legs):
            yield {name: legs[name].credits(wants[name].exceeded_by(SURE)) for name in names}
        return
    steps: dict[float, Credits] = {}
    for name, leg in legs.items():
        reached = 0.0
        for width, used in stretches_of(wants[name]):
            reached += width
            steps.setdefault(-leg.earning * used, {})[name] = leg.credits(reached)
    for earning in sorted(steps):
        yield steps[earning]


def _in_order(kind: str, legs: Legs) -> list[list[str]]:
    """Legs that are served alike, the first to be served first."""
    order = {name: {"proportional": 0.0, "strict_priority": float(leg.rank)}.get(kind, -leg.earning) for name, leg in legs.items()}
    return [[name for name in legs if order[name] == place] for place in sorted(set(order.values()))]


BY_WORTH = ("credits", "planner")
