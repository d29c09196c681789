"""The picture of flows before and after: the same graph twice, lines as wide as calls are many, coloured by what changed."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from parley.analysis.flows import CLIENTS, Stretch
from parley.drawing.canvas import Picture, blank, ramp
from parley.drawing.layered import places
from parley.drawing.panels import BLUE, INK, QUIET, RED
from parley.wording import number, rate
from scenarios.schema.scenario import Scenario

if TYPE_CHECKING:
    from networkx import DiGraph

WIDE, HIGH_LEAST, ROW_HIGH, HEAD, FOOT = 16.0, 4.2, 1.25, 1.5, 0.75  # inches
LINE_MOST, LINE_LEAST, NODE = 11.0, 1.0, 620.0  # points; points squared
GREY, GONE = "#A8ADB3", (0, (2, 2))
DOUBLED = 1.0  # how often doubled or halved, where colours end
PLACES = (0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78)  # along a line, where its words may stand
LETTER, WORD_HIGH = 7.2, 15.0  # pixels of words on lines
CLEAR = 2.0  # standard errors of a logarithm, from where on a change is told
QUESTION_MAX = 150
BEHIND = {"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.8, "linewidth": 0}
Edge = tuple[str, str]
Box = tuple[float, float, float, float]
At = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class _Side:
    """One of the two graphs, on its axes."""

    axes: Any
    graph: DiGraph[str]
    at: At
    most: float  # calls a second, of the widest line of both
    taken: list[Box] = field(default_factory=list)  # by words

    def line(self, edge: Edge, per_s: float, colour: Any, dashes: Any = "-") -> None:
        """An arrow; within a column or backwards it bends."""
        start, end = (self.at[name] for name in edge)
        width = max(LINE_LEAST, LINE_MOST * per_s / self.most) if per_s else LINE_LEAST
        self.axes.annotate("", end, start, arrowprops={
            "arrowstyle": f"-|>,head_width={0.2 + 0.04 * width:.3f},head_length={0.4 + 0.04 * width:.3f}", "mutation_scale": 12,
            "connectionstyle": f"arc3,rad={_bend(start, end)}", "linewidth": width, "color": colour, "alpha": 0.85, "shrinkA": 15,
            "shrinkB": 15 + 0.4 * width, "linestyle": dashes}, zorder=1)  # fmt: skip

    def say(self, edge: Edge, words: str) -> None:
        """What a line says, where there is room for it on the way; else it is silent."""
        start, end = (self.at[name] for name in edge)
        lines = words.split("\n")
        wide, high = LETTER * max(map(len, lines)), WORD_HIGH * len(lines)
        for share in PLACES:
            aside = 2 * share * (1 - share) * _bend(start, end)
            x = start[0] + share * (end[0] - start[0]) + aside * (end[1] - start[1])
            y = start[1] + share * (end[1] - start[1]) - aside * (end[0] - start[0])
            here = _box(self.axes.transData.transform((x, y)), wide, high)
            if not any(_meet(here, other) for other in self.taken):
                self.taken.append(here)
                self.axes.annotate(words, (x, y), fontsize=10, color=INK, ha="center", va="center", bbox=BEHIND, zorder=4)
                return

    def nodes(self, colours: Mapping[str, Any]) -> None:
        """Circles with their names below, workloads as diamonds."""
        for name, (x, y) in self.at.items():
            marker, size = ("D", 0.35 * NODE) if name.startswith(CLIENTS) else ("o", NODE)
            self.axes.scatter([x], [y], s=size, marker=marker, color=[colours[name]], edgecolors=INK, linewidths=1.2, zorder=3)
            self.axes.annotate(name.removeprefix(CLIENTS), (x, y), (0, -19), textcoords="offset points", fontsize=11.5, fontweight="bold",
                               color=INK, ha="center", va="top", bbox=BEHIND, zorder=5)  # fmt: skip
            self.axes.annotate(self._says(name), (x, y), (0, -33), textcoords="offset points", fontsize=10, color=QUIET,
                               ha="center", va="top", zorder=5)  # fmt: skip
            place = self.axes.transData.transform((x, y))
            wide = LETTER * max(len(name), len(self._says(name)))
            self.taken.extend((_box(place, 34, 34), _box((place[0], place[1] - 44), wide, 2.4 * WORD_HIGH)))

    def _says(self, name: str) -> str:
        """How much comes; of a zone how much stays, of a service its pods."""
        node = self.graph.nodes[name]
        stays = self.graph.edges[name, name]["rate"] if self.graph.has_edge(name, name) else 0.0
        parts = [_rate(node["rate"])] + ([f"{number(node['pods'], 3)} pod{'s' * (node['pods'] != 1)}"] if "pods" in node else [])
        return " · ".join(parts + ([f"{_rate(stays)} within"] if stays else []))


def picture_of_flows(scenario: Scenario, before: tuple[Stretch, DiGraph[str]], after: tuple[Stretch, DiGraph[str]], by: str) -> Picture:
    """Two graphs of the same nodes, each in the same place."""
    (_, was), (_, now) = before, after
    edges = list(dict.fromkeys([*was.edges, *now.edges]))
    at = _by_rows(scenario, list(was)) if by == "zone" else _upright(places(was.nodes, [edge for edge in edges if edge[0] != edge[1]]))
    tallest = max(sum(x == column for x, _ in at.values()) for column in {x for x, _ in at.values()})
    high = HEAD + FOOT + max(HIGH_LEAST, ROW_HIGH * tallest)
    figure = blank(WIDE, high)
    both = figure.subplots(1, 2, gridspec_kw={"left": 0.02, "right": 0.9, "top": 1 - HEAD / high, "bottom": FOOT / high, "wspace": 0.04})
    most = max((graph.edges[edge]["rate"] for graph in (was, now) for edge in graph.edges if edge[0] != edge[1]), default=1.0)
    shades = ramp(RED, GREY, BLUE)
    first, second = _Side(both[0], was, at, most), _Side(both[1], now, at, most)
    for side, word, (over, _) in ((first, "before", before), (second, "after", after)):
        _frame(side, f"{word}: {over}", at)
    first.nodes(dict.fromkeys(at, GREY))
    second.nodes({name: _colour(shades, _pair(was.nodes[name], now.nodes[name])) for name in at})
    _draw(first, edges, None, shades)
    _draw(second, edges, was, shades)
    _bar(figure, high, shades)
    figure.text(0.02, 1 - 0.2 / high, scenario.name, fontsize=22, fontweight="bold", color=INK, va="top")
    question = textwrap.shorten(scenario.question, QUESTION_MAX, placeholder=" …")
    figure.text(0.02, 1 - 0.68 / high, question, fontsize=13, color=QUIET, va="top", style="italic")
    says = f"lines as wide as calls are many: the widest is {_rate(most)} · grey: no more than chance · dashed: no call any more"
    figure.text(0.9, 0.25 / high, says, fontsize=10, color=QUIET, ha="right")
    return Picture(figure)


def _by_rows(scenario: Scenario, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Zones in the order of the file, each beside the workloads that come from there."""
    zones = scenario.cluster.zones
    row = {zone: -nth / max(1, len(zones)) for nth, zone in enumerate(zones)}
    found = {zone: (1.0, row[zone]) for zone in zones}
    clients = [name for name in names if name.startswith(CLIENTS)]
    homes = {name: scenario.workload[name.removeprefix(CLIENTS)].zone for name in clients}
    for nth, name in enumerate(clients):
        near = [one for one in clients if homes[one] == homes[name]]
        step = 1 / max(1, len(zones)) / len(near)
        start = row[zones[0]] - nth / max(1, len(clients)) if homes[name] is None else row[homes[name] or ""]
        found[name] = (0.0, start if homes[name] is None else start - step * near.index(name))
    return found


def _upright(at: At) -> dict[str, tuple[float, float]]:
    """Columns between 0 and 1, so that bends are round."""
    last = max((x for x, _ in at.values()), default=0.0) or 1.0
    return {name: (x / last, y) for name, (x, y) in at.items()}


def _draw(side: _Side, edges: Sequence[Edge], before: DiGraph[str] | None, shades: Any) -> None:
    """Lines, the narrow ones above the wide ones, which are the first to say something."""
    for edge in sorted((edge for edge in edges if edge[0] != edge[1]), key=lambda edge: -_of(side.graph, edge)["rate"]):
        now = _of(side.graph, edge)
        pair = None if before is None else _pair(_of(before, edge), now)
        if now["rate"] > 0:
            side.line(edge, now["rate"], GREY if pair is None else _colour(shades, pair))
            told = "" if pair is None or pair[0] == pair[1] else f"\n{_change(*pair)}"
            side.say(edge, _rate(now["rate"]) + told)
        elif before is not None:
            side.line(edge, 0.0, RED, GONE)


def _of(graph: DiGraph[str], edge: Edge) -> dict[str, float]:
    return dict(graph.edges[edge]) if graph.has_edge(*edge) else {"rate": 0.0, "seen": 0.0}


def _pair(was: Mapping[str, float], now: Mapping[str, float]) -> tuple[float, float]:
    """Rates before and after; twice the same where chance alone would tell them apart as well."""
    if was["rate"] and now["rate"] and abs(math.log(now["rate"] / was["rate"])) < CLEAR * math.sqrt(1 / was["seen"] + 1 / now["seen"]):
        return now["rate"], now["rate"]
    return was["rate"], now["rate"]


def _rate(per_s: float) -> str:
    """`850/s`; below ten with digits that matter."""
    return rate(per_s) if per_s >= 10 else f"{number(per_s, 2)}/s"


def _bend(start: tuple[float, float], end: tuple[float, float]) -> float:
    return 0.0 if end[0] > start[0] else 0.35


def _box(middle: Sequence[float], wide: float, high: float) -> Box:
    x, y = middle
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _colour(shades: Any, pair: tuple[float, float]) -> Any:
    """From halved or less to doubled or more; grey where nothing changed."""
    before, after = pair
    if before == after:
        return GREY
    if not before or not after:
        return shades(1.0 if after else 0.0)
    return shades(min(1.0, max(0.0, 0.5 + math.log2(after / before) / (2 * DOUBLED))))


def _change(before: float, after: float) -> str:
    """`+12 %`, `× 3.4` from a doubling on, `new`."""
    if not before:
        return "new"
    ratio = after / before
    return f"× {number(ratio, 2)}" if ratio >= 2 else f"{100 * (ratio - 1):+.0f} %"


def _frame(side: _Side, title: str, at: At) -> None:
    side.axes.set_title(title, loc="left", fontsize=12.5, fontweight="bold", color=INK)
    side.axes.set_xlim(-0.13, 1.13)
    rows = [y for _, y in at.values()]
    side.axes.set_ylim(min(rows, default=0.0) - 0.25, max(rows, default=0.0) + 0.17)
    side.axes.set_axis_off()
    side.axes.set_visible(True)


def _bar(figure: Any, high: float, shades: Any) -> None:
    """What the colours after mean."""
    place = figure.add_axes((0.92, FOOT / high, 0.011, 1 - (HEAD + FOOT) / high))
    place.imshow([[value / 200] for value in range(201)], cmap=shades, aspect="auto", origin="lower", extent=(0, 1, -DOUBLED, DOUBLED))
    place.set_xticks([])
    place.yaxis.tick_right()
    place.set_yticks([-1, -0.5, 0, 0.5, 1], ["half", "-29 %", "as before", "+41 %", "twice"])
    place.tick_params(colors=QUIET, labelsize=10, length=3)
    for spine in place.spines.values():
        spine.set_visible(False)
