"""Draws of steps that enclose others: caches and locks of few keys that many want at once, and ladders of fallbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Programs = Callable[..., st.SearchStrategy[list[dict[str, Any]]]]

keys = st.one_of(
    st.integers(1, 4).map(lambda count: {"uniform": count}),
    st.tuples(st.integers(1, 30), st.sampled_from([0.0, 0.7, 1.0, 2.0])).map(
        lambda drawn: {"zipf": {"count": drawn[0], "exponent": drawn[1]}}))
headers = st.sampled_from(["x-item", "x-user"])
qualities = st.sampled_from(["100%", "90%", "33.3333%", "0%"])


@st.composite
def caches(draw: st.DrawFn, programs: Programs, callees: list[str], depth: int) -> dict[str, Any]:
    """A cache step; what fills it may fail, take time or none, and hold caches of its own."""
    made: dict[str, Any] = {
        "keys": draw(keys), "on_miss": draw(programs(callees, depth + 1)), "coalesce": draw(st.booleans()),
        "scope": draw(st.sampled_from(["pod", "service"])), "policy": draw(st.sampled_from(["lru", "fifo"])),
    }  # fmt: skip
    if callees and draw(st.booleans()):
        made["on_miss"] = [{"call": draw(st.sampled_from(callees))}]  # so that it fails now and then
    if draw(st.integers(0, 3)) == 0:
        made["header_name"] = draw(headers)
    if draw(st.booleans()):
        made["capacity"] = draw(st.integers(1, 5))
    if draw(st.booleans()):
        made["hit"] = draw(programs(callees, depth + 1))
    if draw(st.booleans()):
        made["ttl"] = draw(st.sampled_from(["1ms", "3ms", "20ms"]))
        if draw(st.booleans()):
            made |= {"stale_if_error": draw(st.sampled_from(["1ms", "10ms", "1s"])), "stale_quality": draw(qualities)}
    return {"cache": made}


@st.composite
def locks(draw: st.DrawFn, programs: Programs, callees: list[str], depth: int) -> dict[str, Any]:
    """A lock step; what is done inside may fail, take time or none, and lock other keys, so that strands wait for each other."""
    made: dict[str, Any] = {"keys": draw(keys), "steps": draw(programs(callees, depth + 1))}
    made["scope"] = draw(st.sampled_from(["service", "pod"]))
    if draw(st.integers(0, 3)) == 0:
        made["header_name"] = draw(headers)
    if draw(st.booleans()):
        made["name"] = f"{made['scope']}-{depth}"  # so that no lock is inside another of its name
    return {"lock": made}


@st.composite
def ladders(draw: st.DrawFn, programs: Programs, callees: list[str], depth: int) -> dict[str, Any]:
    """Rungs of any quality; the last may be a default."""
    rungs = [{"steps": draw(programs(callees, depth + 1)), "quality": draw(qualities)} for _ in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        rungs.append({"quality": draw(qualities)})
    return {"ladder": rungs}
