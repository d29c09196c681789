"""Who negotiated for what: asks and leases of each agent over time, prices, and how it went for each; from messages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from parley.analysis.bargains import DENIED, LOST, Ask, Bargains, bargains_of
from parley.analysis.timeline import Array
from parley.pages.drawing import Dots, Frame, Line, Row, over_time
from parley.pages.facts import Facts
from parley.pages.section import Part, Section, Table
from parley.pages.theme import SERIES
from parley.recording.message_rows import MESSAGES
from parley.wording import NOTHING, count, number, percent

LANES_MAX, ROW_HIGH = 8, 95


def negotiates(facts: Facts) -> bool:
    """Whether anybody could say something in this run."""
    return (facts.path / MESSAGES).is_dir()


def negotiation(facts: Facts) -> Section:
    """A row an agent, one for prices, and a table."""
    found = bargains_of(facts.path, facts.scenario.workload)
    end_s = facts.timeline.end_s
    busiest = sorted(found.agents, key=lambda agent: -sum(one.agent == agent for one in found.grants))[:LANES_MAX]
    shown = [agent for agent in found.agents if agent in busiest]
    rows = [_lane(found, agent, end_s) for agent in shown]
    if found.prices:
        rows.append(_prices(found, end_s))
    lost = sum(one.is_lost for one in found.said)
    says = (f"{count(len(found.said))} messages in {count(found.conversations)} conversations, of which {count(lost)} never arrived. "
            "Filled is what an agent held, until its lease ended or a newer one took its place; circles are what it asked for, "
            "red where it was denied or the message lost." + _settled(facts.summary))  # fmt: skip
    parts: list[Part] = []
    if rows:
        frame = Frame(facts.timeline, 80 + ROW_HIGH * len(rows))
        parts.append(over_time("What agents asked for and held, and prices, over time", rows, frame))
    parts += [_table(found, end_s), _words(found)]
    left = f" The {len(shown)} agents with most leases are drawn." if len(shown) < len(found.agents) else ""
    return Section("negotiation", "Negotiation", says + left, parts)


def _settled(summary: dict[str, Any] | None) -> str:
    """How rounds went since the warm-up; nothing where there were none."""
    told = (summary or {}).get("negotiation", {})
    if told.get("settled") is None:
        return ""
    took = "" if told["agreement_ms"] is None else f", in {number(told['agreement_ms'])} ms on average"
    return f" Since the warm-up {percent(told['settled'])} of the rounds were settled (all who were asked heard, all leases kept to){took}."


def _lane(found: Bargains, agent: str, end_s: float) -> Row:
    """What one agent held, and what it asked for."""
    unit = "requests/s" if found.speaks_of_flow(agent) else "units"
    times, held = _held(found, agent, end_s)
    line = Line(times, held, "held", "@blue", width=1.4, is_step=True, fill="@pale", label="", hover="held %{y:.4~g}")
    bad = (DENIED, LOST)
    dots = [_asks(agent, [one for one in found.asks if one.agent == agent and (one.verdict in bad) == is_bad], is_bad)
            for is_bad in (False, True)]  # fmt: skip
    return Row(f"{agent}, {unit}", [line], [made for made in dots if made.texts])


def _asks(agent: str, asks: Sequence[Ask], is_bad: bool) -> Dots:
    texts = [f"{agent} asked for {number(one.amount)}: {one.verdict}" for one in asks]
    return Dots(np.array([one.time_s for one in asks]), np.array([one.amount for one in asks], dtype=float), texts,
                "denied or lost" if is_bad else "asked", "@red" if is_bad else "@ink", "circle-open", 7)  # fmt: skip


def _held(found: Bargains, agent: str, end_s: float) -> tuple[Array, Array]:
    """(ends of stretches, what was held in each)."""
    mine = [one for one in found.grants if one.agent == agent and not one.is_lost]
    times = np.unique([0.0, end_s, *(min(end_s, at) for one in mine for at in (one.start_s, one.end_s))])
    middles = (times[1:] + times[:-1]) / 2
    level = np.array([sum(one.amount for one in mine if one.start_s <= at < one.end_s) for at in middles], dtype=float)
    return times[1:], level


def _prices(found: Bargains, end_s: float) -> Row:
    lines = []
    for (pool, points), colour in zip(found.prices.items(), SERIES[1:], strict=False):
        times, prices = zip(*points, strict=True)
        lines.append(Line(np.array([*times, end_s]), np.array([math.nan, *prices], dtype=float), pool or "price", colour, is_step=True))
    return Row("price of a unit", lines)


def _table(found: Bargains, end_s: float) -> Table:
    rows = []
    for agent in found.agents:
        asks = [one for one in found.asks if one.agent == agent]
        leases = [one for one in found.grants if one.agent == agent]
        share = found.held_share(agent, end_s)
        verdicts = [one.verdict for one in asks]
        rows.append((agent, count(len(asks)), count(verdicts.count(DENIED)), count(verdicts.count(LOST)), count(len(leases)),
                     count(sum(one.is_lost for one in leases)), NOTHING if math.isnan(share) else f"{100 * share:.0f} %"))  # fmt: skip
    return Table(("agent", "asked", "denied", "lost", "leases", "never heard of", "held of asked"), rows,
                 title="How it went for each; what was held is taken halfway from each ask to the next")  # fmt: skip


def _words(found: Bargains) -> Table:
    kinds: dict[str, list[bool]] = {}
    for one in found.said:
        kinds.setdefault(one.performative, []).append(one.is_lost)
    rows = [(kind, count(len(each)), count(sum(each))) for kind, each in sorted(kinds.items(), key=lambda item: -len(item[1]))]
    return Table(("message", "sent", "never arrived"), rows, title="What was said", is_folded=True)
