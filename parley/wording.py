"""Figures as people read them: at most four digits that matter, units beside them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from scenarios.schema.spilling import SPILL_MINDS

NOTHING = "-"  # where there is no figure
WHATIF = "whatif"  # in place of a mind, where somebody acts from outside
PODS, TOKENS = "pods", "tokens"  # what a decision's figures are of, where its mind alone does not say
OF_NO_PODS = ("vpa", "burn_rate", *SPILL_MINDS)  # minds whose figures are no pods; `step` says what they are


def number(value: float | None, digits: int = 4) -> str:
    """`12.35`, `1,204`, `0.0312`; a dash where there is none."""
    if value is None or value != value:
        return NOTHING
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    if abs(value) < 1e-4:
        return f"{value:.2e}"
    text = f"{value:.{digits}g}"
    return text if "e" not in text else f"{value:f}"


def signed(value: float | None, digits: int = 3) -> str:
    """`+0.12`, `-3`, `0`: how much more or less."""
    return number(value, digits) if value is None or not value > 0 else f"+{number(value, digits)}"


def count(value: int | None) -> str:
    """`1,204,551`."""
    return NOTHING if value is None else f"{value:,}"


def percent(share: float | None) -> str:
    """`99.94 %`; 100 % only where nothing is missing."""
    if share is None or not math.isfinite(share):
        return NOTHING
    text = f"{100 * share:.2f}"
    if share < 1 and text == "100.00":
        text = "99.99"
    return f"{text} %"


def rate(per_second: float) -> str:
    """`850/s`, `12.4 k/s`, `150 k/s`, `2.1 M/s`."""
    for limit, unit, letter in ((1e6, 1e6, " M"), (1e4, 1e3, " k")):
        if per_second >= limit:
            scaled = per_second / unit
            return f"{scaled:.0f}{letter}/s" if scaled >= 100 else f"{scaled:.1f}{letter}/s"
    return f"{per_second:,.0f}/s"


def milliseconds(value: float | None) -> str:
    """`12.35 ms`; a dash alone where there is none."""
    text = number(value)
    return text if text == NOTHING else f"{text} ms"


def clock(ns: int | float) -> str:
    """`8m15s`, `1h02m`, `12.4s`: simulated time, to a tenth of a second below a minute."""
    seconds = ns / 1e9
    if round(seconds, 1) < 60:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s" if rest else f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m"


def is_of_pods(row: Mapping[str, Any], services: Collection[str]) -> bool:
    """Whether a decision's figures are pods: those of a service, or of a zone or node for a what-if; not tokens of a class or route."""
    return row["mind"] not in OF_NO_PODS and (row["mind"] == WHATIF or row["service"] in services)


def unit(row: Mapping[str, Any], services: Collection[str]) -> str:
    """What a decision's figures are counted in; nothing where `step` says it."""
    return PODS if is_of_pods(row, services) else "" if row["mind"] in OF_NO_PODS else TOKENS


def step(mind: str, before: int, after: int) -> str:
    """What a decision changed: `2 → 5` of whatever `unit` says, or what a mind of OF_NO_PODS changed."""
    if mind == "burn_rate":
        return "fires" if after else "is over"
    if mind in SPILL_MINDS:
        return f"{before} → {after} %"
    return f"{before}m → {after}m cpu" if mind == "vpa" else f"{before} → {after}"


def decider(row: Mapping[str, Any]) -> str:
    """Who decided: the agent and its mind; and of traffic that is spread, where to."""
    towards = f" → {row['service'].split('@')[-1]}" if row["mind"] in SPILL_MINDS else ""
    return f"{row['agent']}{towards} ({row['mind']})"


def money(amount: float, currency: str) -> str:
    """`1.24 EUR`; small amounts keep what matters of them."""
    return f"{amount:,.2f} {currency}" if amount >= 0.1 or amount == 0 else f"{amount:.2g} {currency}"


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of a table in Markdown, and an empty one after it."""
    yield f"| {' | '.join(map(_cell, heads))} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(map(_cell, row))} |" for row in rows)
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
