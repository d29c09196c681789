"""How many calls a second went from where to where over a stretch of a run: a graph of services, or of zones.

`windows/` count the visits of each service, but not who sent them; spans tell who, but of a sample. So visits are split among
callers as the sampled calls of the stretch were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from parley.errors import UsageError
from parley.recording.spans import pod_name
from parley.storage.run_folder import MANIFEST, read_json
from parley.storage.tables import read_columns
from parley.wording import clock
from scenarios.errors import UnitError
from scenarios.flow import Flow
from scenarios.graphs import directed
from scenarios.naming import suggestion
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import parse_duration

if TYPE_CHECKING:
    from networkx import DiGraph

KINDS = ("service", "zone")
UNBIASED = ("sample", "all")  # of the modes of spans
CLIENTS = "@"  # before the name of a workload, which a service may have too
Edge = tuple[str, str]
Rates = dict[Edge, dict[str, float]]  # `rate` and `seen` of each
Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Stretch:
    """Some of a run."""

    start_ns: int
    end_ns: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end_ns - self.start_ns) / 1e9

    def __str__(self) -> str:
        return f"{clock(self.start_ns)} … {clock(self.end_ns)}"


def stretch(text: str, until_ns: int) -> Stretch:
    """`1m30s..2m` of a run that ends at some time. Raises UsageError."""
    try:
        start, end = (parse_duration(part.strip()) for part in text.split(".."))
    except (UnitError, ValueError):
        raise UsageError(f"{text!r} is no stretch of a run; write it like 1m30s..2m") from None
    if not 0 <= start < min(end, until_ns):
        raise UsageError(f"{text} has nothing of a run that lasts {clock(until_ns)}")
    return Stretch(start, min(end, until_ns))


class Flows:
    """The flows of a run folder."""

    def __init__(self, path: Path, scenario: Scenario) -> None:
        self._path, self._scenario = path, scenario
        self._manifest = read_json(path / MANIFEST)

    @property
    def until_ns(self) -> int:
        """How far the run got."""
        return int(self._manifest["simulated_ns"])

    def ends(self) -> tuple[Stretch, Stretch]:
        """The first quarter of the run after its warm-up, and the last."""
        first = min(self._scenario.warmup, self.until_ns)
        quarter = max(1, (self.until_ns - first) // 4)
        return Stretch(first, first + quarter), Stretch(self.until_ns - quarter, self.until_ns)

    def graph(self, over: Stretch, by: str = "service") -> DiGraph[str]:
        """Nodes and edges with their `rate` (calls that reached a pod, per second) and how many were `seen`, which it rests on.

        Nodes are services, which also have `pods` (ready, on average), or zones; and workloads, whose names begin with @.
        Raises UsageError where the run did not keep what it takes.
        """
        if by not in KINDS:
            raise UsageError(f"flows are by {' or '.join(KINDS)}, not {by!r}{suggestion(by, KINDS)}")
        visits, pods = self._visits(over)
        found = self._by_service(over, visits) if by == "service" else self._by_zone(over, visits)
        edges = {edge: one for edge, one in found.items() if one["rate"] > 0}
        nodes: dict[str, dict[str, float]] = {CLIENTS + name: {"rate": 0.0, "seen": 0.0} for name in self._scenario.workload}
        nodes |= {name: {"rate": 0.0, "seen": 0.0} | ({"pods": pods[name]} if by == "service" else {}) for name in self._names(by)}
        for (caller, callee), one in edges.items():
            for name in {callee, *([caller] if caller.startswith(CLIENTS) else ())}:
                nodes[name] |= {key: nodes[name][key] + one[key] for key in ("rate", "seen")}
        return directed(nodes, edges)

    def _names(self, by: str) -> Sequence[str]:
        return list(self._scenario.services) if by == "service" else self._scenario.cluster.zones

    def _visits(self, over: Stretch) -> tuple[dict[str, float], dict[str, float]]:
        """Visits per second of each service, and its pods that were ready; of windows that lie across an end their share."""
        rows = read_columns(self._path, "windows", ["start_ns", "end_ns", "kind", "name", "visits", "ready"])
        share = np.minimum(rows["end_ns"], over.end_ns) - np.maximum(rows["start_ns"], over.start_ns)
        share = np.clip(share / np.maximum(1, rows["end_ns"] - rows["start_ns"]), 0.0, 1.0)
        lasts = share * (rows["end_ns"] - rows["start_ns"])
        visits, pods = {}, {}
        for name in self._scenario.services:
            mine = (rows["kind"] == "service") & (rows["name"] == name) & (share > 0)
            visits[name] = float(np.nansum(rows["visits"][mine] * share[mine])) / over.seconds
            pods[name] = float(np.nansum(rows["ready"][mine] * lasts[mine]) / max(1.0, float(lasts[mine].sum())))
        return visits, pods

    def _by_service(self, over: Stretch, visits: dict[str, float]) -> Rates:
        only = {callee: callers[0] for callee, callers in self._callers.items() if len(callers) == 1}
        rates = {(only[name], name): {"rate": rate, "seen": rate * over.seconds} for name, rate in visits.items() if name in only}
        if all(name in only for name, rate in visits.items() if rate > 0):
            return rates  # nobody has to be asked who called
        rows = self._calls(over)
        edges = list(zip(self._senders(rows), rows["service"], strict=True))
        return self._split(edges, rows, visits)

    def _by_zone(self, over: Stretch, visits: dict[str, float]) -> Rates:
        rows = self._calls(over, with_earlier=True)
        zone_of = self._zones()
        zones = [zone_of.get(pod) for pod in rows["pod"]]
        keys = zip(rows["request"].tolist(), rows["call"].tolist(), strict=True)
        place = dict(zip(keys, zones, strict=True))
        above = zip(rows["request"].tolist(), rows["parent"].tolist(), strict=True)
        callers = [sender if sender.startswith(CLIENTS) else place.get(key) for sender, key in zip(self._senders(rows), above, strict=True)]
        return self._split(list(zip(callers, zones, strict=True)), rows, visits, rows["sent_ns"] >= over.start_ns)

    def _split(self, edges: Sequence[tuple[str | None, str | None]], rows: Rows, visits: Mapping[str, float],
               is_meant: NDArray[np.bool_] | None = None) -> Rates:  # fmt: skip
        """Visits of each service among the edges of its sampled calls."""
        meant = np.ones(len(edges), dtype=bool) if is_meant is None else is_meant
        sampled = {name: int(((rows["service"] == name) & meant).sum()) for name in visits}
        rates: Rates = {}
        for (caller, callee), service, is_one in zip(edges, rows["service"], meant, strict=True):
            if is_one and caller is not None and callee is not None:
                one = rates.setdefault((caller, callee), {"rate": 0.0, "seen": 0.0})
                one["rate"] += visits[service] / sampled[service]
                one["seen"] += 1.0
        return rates

    def _calls(self, over: Stretch, with_earlier: bool = False) -> Rows:
        """Sampled calls that reached a pod, sent in the stretch, or also before it."""
        if self._manifest["spans"] not in UNBIASED:
            raise UsageError(f"{self._path}: who called whom is told by spans, of which this run kept {self._manifest['spans']}; "
                             f"run it with --spans {' or '.join(UNBIASED)}")  # fmt: skip
        names = ["request", "call", "parent", "route", "service", "pod", "sent_ns", "delivered_ns"]
        rows = read_columns(self._path, "spans", names, ("sent_ns", "<", over.end_ns))
        kept = ~np.isnan(rows["delivered_ns"].astype(float)) & (rows["sent_ns"] >= (0 if with_earlier else over.start_ns))
        return {name: column[kept] for name, column in rows.items()}

    def _senders(self, rows: Rows) -> list[str]:
        return [(CLIENTS if parent < 0 else "") + route.split(" -> ")[0].split(".")[0]
                for route, parent in zip(rows["route"], rows["parent"], strict=True)]  # fmt: skip

    @cached_property
    def _callers(self) -> dict[str, list[str]]:
        """Who may call each service, by the scenario."""
        found: dict[str, dict[str, None]] = {}
        for caller, callee in Flow(self._scenario).routes:
            name = caller.split(".")[0] if "." in caller else CLIENTS + caller
            found.setdefault(callee.split(".")[0], {})[name] = None
        return {callee: list(callers) for callee, callers in found.items()}

    def _zones(self) -> dict[str, str]:
        """The zone of each pod, by the node it runs on."""
        spec = self._scenario.cluster
        if not spec.nodes:
            raise UsageError(f"{self._path}: zones of pods are told by their nodes, and this scenario has none; give it `cluster.nodes`")
        rows = read_columns(self._path, "pods", ["service", "number", "node"])
        known = {f"{pool}-{zone}": zone for pool in spec.nodes for zone in spec.zones}  # nodes are numbered behind that
        numbers = rows["number"].astype(float)
        return {pod_name(service, int(number)): known[node.rpartition("-")[0]]
                for service, number, node in zip(rows["service"], numbers, rows["node"], strict=True) if node is not None}  # fmt: skip
