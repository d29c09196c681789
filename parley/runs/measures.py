"""Every figure of a summary by its dotted path: `latency_ms.p99`, `services.cart.utilization`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from parley.errors import UsageError
from scenarios.naming import suggestion

ESTIMATED = ("requests", "measured", "latency_ms", "good", "availability", "quality", "classes", "services", "routes",
             "caches", "locks", "databases", "cost", "negotiation", "hops", "expect")  # fmt: skip


def figures(summaries: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    """Every figure that may be estimated: dotted path → its values, those left out that were not there."""
    found: dict[str, list[float]] = {}
    for one in summaries:
        for path, value in figures_of(one).items():
            found.setdefault(path, []).append(value)
    return found


def figures_of(summary: dict[str, Any]) -> dict[str, float]:
    """Every figure of one summary that may be estimated, by dotted path; those left out that are not there."""
    return {path: value for path, value in leaves_of(summary).items() if value is not None}


def leaves_of(summary: dict[str, Any]) -> dict[str, float | None]:
    """Every figure that a summary has a place for, by dotted path; None where there is none."""
    return {path: value for root in ESTIMATED for path, value in _leaves(root, summary.get(root, {}))}


def require_known(path: str, known: Iterable[str]) -> None:
    """Raises UsageError, with the nearest name, for a figure that there is not."""
    names = list(known)
    if path not in names:
        raise UsageError(f"{path} is not a figure of this run{suggestion(path, names) or '; see summary.json for what there is'}")


def figure_at(path: str, known: dict[str, list[float]]) -> list[float]:
    """The values of a figure over seeds. Raises UsageError for one that there is not, with the nearest name."""
    require_known(path, known)
    return known[path]


def _leaves(path: str, value: Any) -> Iterator[tuple[str, float | None]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(f"{path}.{place}", inner)
    elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield path, None if value is None else float(value)
