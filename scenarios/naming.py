"""The nearest right name, for messages that teach."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

CANDIDATES_MAX = 5_000  # difflib compares with each; beyond this a hint is not worth the wait
NAME_MAX = 200  # characters


def nearest(name: str, right: Iterable[str]) -> str | None:
    """The right name most like `name`, or None if none is close."""
    candidates = list(right)[:CANDIDATES_MAX]
    folded = {candidate.lower().replace("-", "_"): candidate for candidate in candidates}
    close = get_close_matches(name[:NAME_MAX].lower().replace("-", "_"), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def suggestion(name: str, right: Iterable[str]) -> str:
    """`; did you mean 'cart'?`, or nothing if no right name is close."""
    found = nearest(name, right)
    return "" if found is None else f"; did you mean {found!r}?"
