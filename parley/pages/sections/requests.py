"""Waterfalls of requests, slow and typical: who waited where, and for whom, in the words of `parley trace`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from parley.analysis.tracing import (
    BELOW,
    BLANK,
    MEANINGS,
    NETWORK,
    ORPHAN,
    QUEUE,
    WORK,
    RequestTrace,
    Span,
    name_of,
    state_at,
    tree,
)
from parley.pages.facts import Facts
from parley.pages.plotting import packed, plain, plain_layout, quiet_axis, word
from parley.pages.section import Figure, Keys, Section
from parley.wording import clock, count, number

SLOW, TYPICAL = 3, 2
SPANS_MAX = 48  # rows of a waterfall
TAIL, LEFT = 1.6, 1.2  # orphans that work this much longer than the client waited are cut to that
INDENT, LETTER, NAME_MOST = 3, 6.6, 340  # letters a level; pixels
LOOKS = {  # colour, and hatching that tells the same
    NETWORK: ("@sky", ""), QUEUE: ("@orange", "/"), WORK: ("@green", ""), BELOW: ("@faint", ""), ORPHAN: ("@purple", "x"),
}  # fmt: skip
HATCHES = {"": "", "/": "striped", "x": "crossed"}
KINDS = {"sample": "of a sample of all requests", "tail": "of those that failed or were too slow", "all": "of all requests"}


def requests(facts: Facts) -> Section:
    """Some of the slowest and of those in the middle."""
    if facts.traces is None:
        kept = facts.manifest["spans"]
        return Section(
            "requests",
            "Requests, one by one",
            left_out=f"Waterfalls are drawn from spans, and this run kept none (--spans {kept}).",
        )
    slow = facts.traces.slowest(SLOW)
    known = {one.number for one in slow}
    typical = [one for one in facts.traces.typical(TYPICAL + SLOW) if one.number not in known][:TYPICAL]
    says = (f"Spans were kept {KINDS.get(facts.manifest['spans'], '')}, {count(len(facts.traces))} in number. A row is a try, below "
            "the one that called it; striped is waiting for a worker or a core, crossed is work for a caller that gave up.")  # fmt: skip
    keys = Keys([(colour.removeprefix("@"), HATCHES[hatching], MEANINGS[state]) for state, (colour, hatching) in LOOKS.items()])
    figures = [_waterfall(one, "slow") for one in slow] + [_waterfall(one, "typical") for one in typical]
    return Section("requests", "Requests, one by one", says, [keys, *figures])


def _waterfall(trace: RequestTrace, kind: str) -> Figure:
    every = list(tree(trace))
    lines = _longest(every)
    end_ns = trace.end if trace.end - trace.start <= TAIL * trace.latency else trace.start + LEFT * trace.latency
    facts = [f"{kind}: request {trace.number:,} of {trace.workload}", f"came at {clock(trace.start)}"]
    facts += [f"{number(trace.latency / 1e6)} ms", "in flight" if trace.is_open else trace.outcome]
    facts += (
        [f"work for callers that gave up goes on until {number((trace.end - trace.start) / 1e6)} ms"]
        if end_ns < trace.end
        else []
    )
    facts += [f"{len(every) - len(lines)} shorter tries are left out"] if len(every) > len(lines) else []
    wide = int(min(NAME_MOST, 20 + LETTER * max(INDENT * depth + len(name_of(span)) for depth, span in lines)))
    inside = 22 * len(lines)
    layout = plain_layout(inside + 34, {"l": wide, "r": 112, "t": 24, "b": 10}) | {
        "barmode": "overlay", "hovermode": "closest",
        "xaxis": quiet_axis(range=[0, 1.002 * (end_ns - trace.start) / 1e6], side="top", ticksuffix=" ms"),
        "yaxis": {"range": [len(lines) - 0.5, -0.5], "visible": False, "fixedrange": True},
        "annotations": [_named(depth, span, row, wide) for row, (depth, span) in enumerate(lines)]
                       + [_ending(trace, span, row) for row, (_, span) in enumerate(lines)],
    }  # fmt: skip
    title = " · ".join(facts)
    return Figure(
        f"Waterfall, {title}", [one for state in MEANINGS if (one := _bars(trace, lines, state))["y"]], layout, title
    )


def _longest(every: Sequence[tuple[int, Span]]) -> list[tuple[int, Span]]:
    """As many tries as there is room for, those that took longest, in their order."""
    if len(every) <= SPANS_MAX:
        return list(every)
    took = [np.nan_to_num(span.returned, nan=np.inf) - span.sent for _, span in every]
    kept = set(np.argsort(-np.array(took), kind="stable")[:SPANS_MAX].tolist())
    return [line for index, line in enumerate(every) if index in kept]


def _bars(trace: RequestTrace, lines: Sequence[tuple[int, Span]], state: str) -> dict[str, Any]:
    """All stretches of one state, as bars on the rows of their tries."""
    colour, hatching = LOOKS[state]
    found = [
        (row, start, end)
        for row, (_, span) in enumerate(lines)
        for start, end, what in stretches(trace, span)
        if what == state
    ]
    began = [(start - trace.start) / 1e6 for _, start, _ in found]
    took = [(end - start) / 1e6 for _, start, end in found]
    pattern = {"shape": hatching, "size": 5, "solidity": 0.35, "fgcolor": "@ink", "fillmode": "overlay", "fgopacity": 0.55}
    return {
        "type": "bar", "orientation": "h", "name": MEANINGS[state], "y": [row for row, *_ in found], "width": 0.7,
        "base": packed(began), "x": packed(took),
        "marker": {"color": colour, "line": {"width": 0}, **({"pattern": pattern} if hatching else {})},
        "text": [
            f"{plain(name_of(lines[row][1]))}: {MEANINGS[state]} {number(ms)} ms" for (row, *_), ms in zip(found, took, strict=True)
        ],
        "textposition": "none", "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip


def stretches(trace: RequestTrace, span: Span) -> list[tuple[float, float, str]]:
    """(start, end, state) in ns of all a try went through, in order; neighbours of one state are one."""
    below = [child for child in trace.spans if child.parent == span.call]
    turns = {span.sent, span.delivered, span.started, span.ended, span.returned, trace.now,
             *(x for child in below for x in (child.sent, child.returned))}  # fmt: skip
    times = sorted(time for time in turns if not np.isnan(time) and time >= span.sent)
    found: list[tuple[float, float, str]] = []
    for start, end in itertools.pairwise(times):
        state = state_at(span, below, (start + end) / 2, trace.now)
        if state == BLANK:
            continue
        if found and found[-1][1:] == (start, state):
            found[-1] = (found[-1][0], end, state)
        else:
            found.append((start, end, state))
    return found


def _named(depth: int, span: Span, row: int, wide: int) -> dict[str, Any]:
    text = f"{chr(160) * INDENT * depth}{plain(name_of(span))}"
    return word(text, "@ink", xref="paper", x=0, xanchor="left", xshift=-wide, yref="y", y=row)


def _ending(trace: RequestTrace, span: Span, row: int) -> dict[str, Any]:
    took = (trace.now if np.isnan(span.returned) else span.returned) - span.sent
    is_fine = span.outcome == "ok"
    text = f"{number(took / 1e6, 3)} {'ok' if is_fine else f'<b>{plain(span.outcome)}</b>'}"
    return word(text, "@quiet" if is_fine else "@red", 11, xref="paper", x=1, xanchor="left", xshift=6, yref="y", y=row)
