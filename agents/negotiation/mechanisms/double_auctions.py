"""Double auctions: units change hands between several buyers and several sellers.

No rule for two sides is efficient, individually rational, truthful and without a deficit at once (Myerson and Satterthwaite,
J. Economic Theory 29, 1983). Each rule here gives up another of the four, as its docstring says.

Bids are marginal values that never rise, asks are marginal costs that never fall. Of the allocation, buyers have units above 0 and
sellers below; the payments of all add up to what is left with the auctioneer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.negotiation.mechanisms.allocation import Allocation
from agents.negotiation.mechanisms.marginals import cheapest_first, dearest_first

Marginals = Mapping[str, Sequence[float]]


def k_double(bids: Marginals, asks: Marginals, k: float = 0.5) -> Allocation:
    """All trades that pay, at one price of those that clear the market: low + k (high - low). Gives up truth.

    Rustichini, Satterthwaite and Williams, Econometrica 62 (1994). Buyers of one unit tell the truth where k = 0, sellers
    where k = 1; in between, whoever is at the margin moves the price. ValueError.
    """
    if not 0 <= k <= 1:
        raise ValueError(f"k = {k!r} must be from 0 (sellers' worst price) to 1 (buyers' worst)")
    book = _Book.of(bids, asks)
    if not book.trades:
        return book.allocation(0, 0.0, 0.0)
    low = max(book.asks[book.trades - 1][0], book.next_bid)
    high = min(book.bids[book.trades - 1][0], book.next_ask)
    price = min(max((1 - k) * low + k * high, low), high)
    return book.allocation(book.trades, price, price)


def mcafee(bids: Marginals, asks: Marginals) -> Allocation:
    """All trades that pay, at the middle of the first pair that does not; else one trade fewer at two prices. Gives up a trade.

    McAfee, J. Economic Theory 56 (1992). With p = (b_{q+1} + s_{q+1}) / 2 within [s_q, b_q] all q trade at p; otherwise q - 1 do,
    buyers at b_q and sellers at s_q, and the auctioneer keeps the difference. Truthful where everybody has one unit. ValueError.
    """
    book = _Book.of(bids, asks)
    if not book.trades:
        return book.allocation(0, 0.0, 0.0)
    bid, ask = book.bids[book.trades - 1][0], book.asks[book.trades - 1][0]
    middle = (book.next_bid + book.next_ask) / 2  # -inf, inf or nan where there is no such pair
    if ask <= middle <= bid:
        return book.allocation(book.trades, middle, middle)
    return book.allocation(book.trades - 1, bid, ask)


def vcg_double(bids: Marginals, asks: Marginals) -> Allocation:
    """All trades that pay, and everybody pays the externality: W(without i) - (W - v_i). Gives up the balance: it runs a deficit.

    Here as the counter-example, not for use: whoever runs it pays out b - s on every trade that nobody else could make. ValueError.
    """
    book = _Book.of(bids, asks)
    units = book.allocation(book.trades, 0.0, 0.0).units
    payments = {}
    for name in units:
        mine = math.fsum([value for value, who in book.bids[: book.trades] if who == name]
                         + [-cost for cost, who in book.asks[: book.trades] if who == name])  # fmt: skip
        others = _Book.of({who: bids[who] for who in bids if who != name}, {who: asks[who] for who in asks if who != name})
        payments[name] = others.welfare - (book.welfare - mine)
    return Allocation(units, payments)


@dataclass(frozen=True, slots=True)
class _Book:
    """All bids, the dearest first, all asks, the cheapest first, and how many pairs pay: b_i >= s_i for all i up to it."""

    bids: list[tuple[float, str]]
    asks: list[tuple[float, str]]
    trades: int
    names: tuple[str, ...]

    @classmethod
    def of(cls, bids: Marginals, asks: Marginals) -> _Book:
        both = sorted(name for name in bids if name in asks)
        if both:
            raise ValueError(f"{both[0]!r} bids and asks; in one auction everybody is on one side")
        buying, selling = dearest_first(bids), cheapest_first(asks)
        trades = sum(bid >= ask for (bid, _), (ask, _) in zip(buying, selling, strict=False))
        return cls(buying, selling, trades, tuple(sorted([*bids, *asks])))

    @property
    def next_bid(self) -> float:
        return self.bids[self.trades][0] if self.trades < len(self.bids) else -math.inf

    @property
    def next_ask(self) -> float:
        return self.asks[self.trades][0] if self.trades < len(self.asks) else math.inf

    @property
    def welfare(self) -> float:
        return math.fsum(bid - ask for (bid, _), (ask, _) in zip(self.bids[: self.trades], self.asks, strict=False))

    def allocation(self, trades: int, buyers_pay: float, sellers_get: float) -> Allocation:
        """The first so many bids and asks trade; the one price of the allocation is that of both sides, if they agree."""
        units, payments = dict.fromkeys(self.names, 0), dict.fromkeys(self.names, 0.0)
        for (_, buyer), (_, seller) in zip(self.bids[:trades], self.asks, strict=False):
            units[buyer] += 1
            units[seller] -= 1
        for name, count in units.items():
            payments[name] = count * (buyers_pay if count > 0 else sellers_get)
        return Allocation(units, payments, buyers_pay if trades and buyers_pay == sellers_get else None)
