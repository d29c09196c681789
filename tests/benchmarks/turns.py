"""What every part of the bench stands on: how much to do, turns that disturb nobody, and figures that keep every round.

A part is a module with three functions: `measure(effort)` gives figures that JSON can hold, `tables(figures)` shows
them on a terminal, `sentence(figures)` says for README what they come to.
"""

from __future__ import annotations

import contextlib
import gc
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rich.table import Table

Figures = dict[str, Any]


class Part(Protocol):
    """One question that the bench answers."""

    def measure(self, effort: Effort) -> Figures:
        """All rounds, their medians and ratios."""

    def tables(self, figures: Figures) -> list[Table]:
        """What is printed."""

    def sentence(self, figures: Figures) -> str:
        """What README says of them beside its table."""


@dataclass(frozen=True)
class Effort:
    """How much is done: rounds, the share of a turn's full length, and whether to do what takes minutes."""

    rounds: int = 5
    share: float = 1.0
    whole: bool = False

    def of(self, amount: float) -> int:
        """A full amount, shortened; at least one."""
        return max(1, round(amount * self.share))


@contextlib.contextmanager
def undisturbed() -> Iterator[Callable[[], None]]:
    """A function to call before each turn: Python's garbage collector then walks only what the turn itself makes.

    Garbage is collected, and what is left is frozen until the last turn is over. Without this a peer that makes many
    objects would pay for walking the modules of everybody loaded beside it.
    """

    def settle() -> None:
        gc.collect()
        gc.freeze()

    try:
        yield settle
    finally:
        gc.unfreeze()


def kept(rounds: Sequence[float], digits: int = 0) -> Figures:
    """The median of the rounds, and all of them."""
    rounded = [round(value, digits) if digits else round(value) for value in rounds]
    return {"median": statistics.median(rounded), "rounds": rounded}


def worst_over_best(medians: Sequence[float]) -> float:
    """How flat a series is: 1 is perfectly flat."""
    return round(max(medians) / min(medians), 3)


def percent(share: float) -> str:
    """4 %, or 0.04 % where it is little."""
    return f"{100 * share:.0f} %" if abs(share) >= 0.01 or share == 0 else f"{100 * share:.2f} %"
