"""The nearest right name, for messages that teach."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

CANDIDATES_MAX = 5_000  # difflib compares with each; beyond this a hint is not worth the wait
NAME_MAX = 200  # characters


CLOSE, ALIKE = 0.8, 0.6  # of difflib's ratios: a slip of the finger, and what may have been meant
STEM = 3  # letters of a right name that a longer one may begin with


def nearest(name: str, right: Iterable[str], at_least: float = ALIKE) -> str | None:
    """The right name most like `name`, or None if none is close; `maxReplicas` may mean `max`."""
    candidates = list(right)[:CANDIDATES_MAX]
    folded = {candidate.lower().replace("-", "_"): candidate for candidate in candidates}
    written = name[:NAME_MAX].lower().replace("-", "_")
    close = get_close_matches(written, folded, n=1, cutoff=at_least)
    if close:
        return folded[close[0]]
    stem = max((one for one in folded if len(one) >= STEM and written.startswith(one)), key=len, default=None)
    return None if stem is None else folded[stem]


def suggestion(name: str, right: Iterable[str], at_least: float = ALIKE) -> str:
    """`; did you mean 'cart'?`, or nothing if no right name is close."""
    found = nearest(name, right, at_least)
    return "" if found is None else f"; did you mean {found!r}?"
