"""Calls that go in circles: certain ones never end, branching ones must die out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from scenarios.errors import Mistake
from scenarios.graphs import knots
from scenarios.schema.calls import Site

CIRCLE_MAX = 500  # endpoints that all reach each other; the figure of more would take too long
STEPS_MAX = 3_000_000  # additions in search of one figure

Weights = dict[str, dict[str, float]]  # caller -> callee -> expected calls per visit


def endless(found: list[Site]) -> Iterator[Mistake]:
    """A mistake for each circle that does not die out by itself; a fallback counts as taken if nothing else is wrong."""
    usual = [site for site in found if not site.only_on_failure]
    mistakes = list(_endless(usual, ""))
    yield from mistakes or _endless(found, " when calls fail and fallbacks are taken")


def weights(found: list[Site]) -> Weights:
    """Expected calls from each endpoint to each other, per visit."""
    matrix: Weights = defaultdict(lambda: defaultdict(float))
    for site in found:
        matrix[site.caller][site.callee] += site.expected
    return {caller: dict(row) for caller, row in matrix.items()}


def circling(matrix: Weights) -> Weights:
    """What is left of a graph when endpoints that lead nowhere are taken away again and again."""
    incoming: dict[str, list[str]] = defaultdict(list)
    for caller, row in matrix.items():
        for callee in row:
            incoming[callee].append(caller)
    open_calls = {caller: len(row) for caller, row in matrix.items()}
    ended = [name for name in incoming if open_calls.get(name, 0) == 0]
    for name in ended:
        for caller in incoming[name]:
            open_calls[caller] -= 1
            if open_calls[caller] == 0:
                ended.append(caller)
    left = {name for name, count in open_calls.items() if count > 0}
    return {name: {to: w for to, w in matrix[name].items() if to in left} for name in matrix if name in left}


def _endless(found: list[Site], when: str) -> Iterator[Mistake]:
    left = circling(weights(found))
    certain = circling(weights([site for site in found if site.certain]))
    if certain:
        circle = _circle(certain)
        yield _mistake(found, circle, f"calls itself in a circle that never ends{when}: {' -> '.join(circle)}")
        return
    for names in _mutual(left):
        if len(names) > CIRCLE_MAX:
            yield _mistake(found, names, f"is one of {len(names)} endpoints that all reach each other; {CIRCLE_MAX} at most")
        elif (growth := _growth(left, names)) >= 1.0 - 1e-9:
            among = " and ".join(names) if len(names) < 4 else f"{names[0]} and {len(names) - 1} others"
            yield _mistake(found, names, f"closes a circle of calls among {among}{when}: each visit leads to "
                                         f"{growth:.4g} more on average, and must lead to less than 1")  # fmt: skip


def _mistake(found: list[Site], circle: list[str], rule: str) -> Mistake:
    """Placed at the first call that stays within the circle."""
    site = next(site for site in found if site.caller in circle and site.callee in circle)
    return Mistake((*site.path, "call"), rule)


def _circle(certain: Weights) -> list[str]:
    seen: dict[str, None] = {}
    name: str = next(iter(certain))
    while name not in seen:
        seen[name] = None
        name = next(iter(certain[name]))
    names = list(seen)
    return [*names[names.index(name) :], name]


def _mutual(left: Weights) -> list[list[str]]:
    """Groups of endpoints that reach each other, in the order of the file."""
    if not left:
        return []
    edges = [(caller, callee) for caller, row in left.items() for callee in row]
    groups = [group for group in knots(edges) if len(group) > 1 or _calls_itself(left, group)]
    return sorted([name for name in left if name in group] for group in groups)


def _calls_itself(left: Weights, group: set[str]) -> bool:
    return all(name in left.get(name, {}) for name in group)


def _growth(left: Weights, names: list[str]) -> float:
    """The spectral radius of the expected calls within a group, between the bounds of Collatz and Wielandt."""
    rows = [(name, [(to, w) for to, w in left[name].items() if to in set(names)]) for name in names]
    size = dict.fromkeys(names, 1.0)
    low, high = 0.0, float("inf")
    for _ in range(max(100, STEPS_MAX // sum(1 + len(row) for _, row in rows))):
        following = {name: sum(w * size[to] for to, w in row) for name, row in rows}
        ratios = [following[name] / size[name] for name in names]
        low, high = min(ratios), max(ratios)
        if (low >= 1.0 or high < 1.0) and high - low <= 1e-5 * high:
            break
        grown = {name: size[name] + following[name] for name in names}  # + itself: else a ring would swing for ever
        most = max(grown.values())
        size = {name: value / most for name, value in grown.items()}
    return (low + high) / 2
