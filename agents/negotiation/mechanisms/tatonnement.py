"""The price of one resource, found by calling prices: up while too much is wanted, down while too little is (Walras, 1874).

Where what is wanted never grows with the price, two prices between which the excess changes its sign hold the answer between
them, and each further call narrows them: by the secant through both, where an end that stays twice counts half (the Illinois
rule; Dowell and Jarratt, BIT 11, 1971). Network utility maximisation of several resources at once needs the small steps of
`network_utility`; for one resource this takes a handful of calls.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

GROWTH = 2.0  # of the price, from call to call, while one side is not found


@dataclass(frozen=True, slots=True)
class PriceSearch:
    """What calls have shown so far: a price at which too much was wanted, and one at which too little was; with the excess there."""

    least: float  # no price is called below
    scale: float  # where to begin to grow from, if the price is 0
    low: tuple[float, float] | None = None
    high: tuple[float, float] | None = None
    stayed: int = 0  # how often in a row the low end has moved (positive), or the high end (negative)

    def heard(self, price: float, excess: float) -> PriceSearch:
        """After a call: units wanted beyond those there are."""
        if excess > 0:
            stayed = max(1, self.stayed + 1)
            high = self.high if self.high is None or stayed < 2 else (self.high[0], self.high[1] / 2)
            return replace(self, low=(price, excess), high=high if high is not None and high[0] > price else None, stayed=stayed)
        stayed = min(-1, self.stayed - 1)
        low = self.low if self.low is None or stayed > -2 else (self.low[0], self.low[1] / 2)
        return replace(self, high=(price, excess), low=low if low is not None and low[0] < price else None, stayed=stayed)

    @property
    def price(self) -> float:
        """The next to call."""
        if self.low is None:
            below = self.high[0] / GROWTH if self.high is not None else self.least
            return max(self.least, below if below > self.scale / GROWTH**20 else self.least)
        if self.high is None:
            return max(self.low[0] * GROWTH, self.scale)
        (low, over), (high, under) = self.low, self.high
        return low + (high - low) * over / (over - under) if over > under else (low + high) / 2
