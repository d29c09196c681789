"""What it cost: the bill, and which services the pod hours went to."""

from __future__ import annotations

import numpy as np

from parley.analysis.timeline import Series
from parley.pages.facts import Facts
from parley.pages.plotting import CLEAR, packed, plain, plain_layout, quiet_axis
from parley.pages.section import Figure, Section, Table
from parley.wording import money, number

SERVICES_MAX = 20
HOUR_S = 3600.0
RUNNING = ("starting", "ready", "draining")  # phases in which a pod holds its place on a node


def cost(facts: Facts) -> Section:
    """The bill, what a million good answers cost, and a bar a service."""
    if facts.summary is None:
        return Section("cost", "Cost", left_out="There is no summary, and so no bill.")
    bill, offered = facts.summary["cost"], facts.summary["requests"]
    good = sum(float(np.sum(one.columns["good"])) for one in facts.timeline.classes)
    rows = [("pod hours", number(bill["pod_hours"], 4), ""),
            ("node hours", number(bill["node_hours"], 4), money(bill["nodes"], bill["currency"])),
            ("egress, GB", number(bill["egress_gb"], 4), money(bill["egress"], bill["currency"])),
            ("total", "", money(bill["total"], bill["currency"]))]  # fmt: skip
    if bill["total"] and good:
        rows.append(("a million good answers", "", money(1e6 * bill["total"] / good, bill["currency"])))
    rows.append(
        (
            "pod seconds a thousand requests",
            number(1e3 * bill["pod_hours"] * HOUR_S / offered["offered"], 3) if offered["offered"] else "-",
            "",
        )
    )
    table = Table(("over the whole run", "used", "cost"), rows)
    if not facts.has_windows:
        return Section("cost", "Cost", parts=[table])
    says = "Nodes are paid for, pods are not: pod hours say which services the nodes are there for."
    return Section("cost", "Cost", says, [table, _figure(facts.timeline.services)])


def _figure(services: list[Series]) -> Figure:
    """Hours of pods that are there, from the numbers at the end of windows."""
    hours = {
        one.name: float(np.sum(sum(one.columns[phase] for phase in RUNNING) * (one.end_s - one.start_s))) / HOUR_S for one in services
    }
    shown = sorted(hours, key=lambda name: -hours[name])[:SERVICES_MAX]
    title = "Pod hours by service" + (f", the {len(shown)} with most of {len(hours)}" if len(hours) > len(shown) else "")
    values = [hours[name] for name in shown]
    trace = {
        "type": "bar", "orientation": "h", "y": [plain(name) for name in shown], "x": packed(values), "marker": {"color": "@blue"},
        "text": [number(value, 3) for value in values], "textposition": "outside", "cliponaxis": False,
        "hovertemplate": "%{y}: %{x:.3~g} h<extra></extra>",
    }  # fmt: skip
    layout = plain_layout(44 + 26 * len(shown), {"l": min(220, 24 + 8 * max(map(len, shown))), "r": 60, "t": 6, "b": 28}) | {
        "xaxis": quiet_axis(ticksuffix=" h", rangemode="tozero"),
        "yaxis": {"type": "category", "autorange": "reversed", "gridcolor": CLEAR, "dtick": 1, "fixedrange": True}, "bargap": 0.35,
    }  # fmt: skip
    return Figure(title, [trace], layout, title)
