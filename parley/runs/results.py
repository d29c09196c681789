"""Run folder → Run: what a run came to, read when it is asked for."""

from __future__ import annotations

import html
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.negotiation.parties.zones.game import Anarchy
from parley.analysis.anarchy import anarchy_of
from parley.analysis.flows import Flows, stretch
from parley.drawing.figures import Figures
from parley.errors import FolderError
from parley.pages.facts import Facts
from parley.pages.one_run import page_of_one
from parley.pages.page import write_page
from parley.storage.run_folder import FORMAT, MANIFEST, RUNS, SCENARIO, SUMMARY, read_json, state_of
from parley.storage.tables import read_table
from scenarios.load import load
from scenarios.naming import suggestion
from scenarios.schema.scenario import Scenario

if TYPE_CHECKING:
    from networkx import DiGraph


class Run:
    """One run, as its folder tells it. Nothing is read before it is asked for."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).absolute()

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What was run, with what, and how far; `state` is complete, partial or running."""
        content = read_json(self.path / MANIFEST)
        if content.get("format") != FORMAT:
            raise FolderError(f"{self.path}: is in format {content.get('format')!r}; this Parley reads {FORMAT}")
        return content | {"state": state_of(content)}

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The figures; those of a partial run are of what there is."""
        return read_json(self.path / SUMMARY)

    @property
    def has_summary(self) -> bool:
        """Whether there are figures: a run that was killed before its first checkpoint has none."""
        return (self.path / SUMMARY).exists()

    @cached_property
    def scenario(self) -> Scenario:
        """The world that was run, with every change laid over it."""
        return load(self.path / SCENARIO)

    @property
    def state(self) -> str:
        """complete, partial or running."""
        return str(self.manifest["state"])

    @cached_property
    def windows(self) -> Any:
        """DataFrame: a row a window and class or service (`kind`)."""
        return read_table(self.path, "windows").to_pandas()

    @cached_property
    def spans(self) -> Any:
        """DataFrame: a row a try of a sampled request; what had not happened at the end is missing."""
        return read_table(self.path, "spans").to_pandas()

    @cached_property
    def decisions(self) -> Any:
        """DataFrame: what agents decided, and why."""
        return read_table(self.path, "decisions").to_pandas()

    @cached_property
    def messages(self) -> Any:
        """DataFrame: what agents said to each other, in order of sending, and what became of it; `content` is JSON."""
        return read_table(self.path, "messages").to_pandas()

    def decision_rows(self) -> list[dict[str, Any]]:
        """The same as plain rows, without pandas."""
        rows: list[dict[str, Any]] = read_table(self.path, "decisions").to_pylist()
        return rows

    @cached_property
    def pods(self) -> Any:
        """DataFrame: every phase a pod entered."""
        return read_table(self.path, "pods").to_pandas()

    def flows(self, over: str, by: str = "service") -> DiGraph[str]:
        """Who called whom, and how often a second, over a stretch ("1m..2m") of the run: a graph of networkx's of services or zones.

        Nodes and edges have a `rate`, services also `pods`; names of workloads begin with @. Raises UsageError.
        """
        flows = Flows(self.path, self.scenario)
        return flows.graph(stretch(over, flows.until_ns), by)

    def anarchy(self, over: str, negotiation: str | None = None, step: int = 20) -> Anarchy:
        """What selfish play between zones would come to at the load of a stretch ("1m..2m"), with instant news; `price` is of anarchy.

        Equilibria are verified, and `price` is None where none was found. Splits differ by `step` percent. Raises UsageError.
        """
        return anarchy_of(self.scenario, stretch(over, self.scenario.duration), negotiation, step)

    @property
    def plot(self) -> Figures:
        """Pictures: `run.plot.overview()`, `run.plot.latency()`, ..."""
        return Figures(self.path, self.scenario, self.summary)

    def report(self, path: str | os.PathLike[str] = "report.html") -> Path:
        """Write everything as one page that needs no network; a report that is there is made anew. Raises UsageError, FolderError."""
        return write_page(page_of_one(Facts(self)), Path(path))

    def __repr__(self) -> str:
        return f"<Run {' · '.join(self._facts())}>"

    def _repr_html_(self) -> str:
        cells = "".join(f"<td style='padding:0 1em'>{html.escape(fact)}</td>" for fact in self._facts())
        return f"<table><tr>{cells}</tr></table>"

    def _facts(self) -> list[str]:
        facts = [f"{self.manifest['scenario']} seed {self.manifest['seed']}", self.state]
        if self.has_summary:
            summary = self.summary
            p99, good = summary["latency_ms"]["p99"], summary["good"]
            facts += [f"{summary['requests']['offered']:,} requests"]
            facts += [f"good {good:.2%}"] if good is not None else []
            facts += [f"p99 {p99:.4g} ms"] if p99 is not None else []
            facts += [f"trace {summary['trace_digest'][:12]}"]
        return facts


def load_run(path: str | os.PathLike[str]) -> Run:
    """The run in a folder; a bare name is looked for below results/runs. Raises FolderError where there is none."""
    folder = Path(path)
    for place in (folder, RUNS / folder):
        if (place / MANIFEST).is_file():
            return _single(Run(place))
    known = [entry.name for entry in RUNS.iterdir()] if RUNS.is_dir() else []
    raise FolderError(f"{path}: there is no run in that folder{suggestion(folder.name, known)}")


def _single(run: Run) -> Run:
    if run.manifest.get("kind") == "replications":
        raise FolderError(f"{run.path}: holds several seeds; open one of them, as {run.path / 'seed-1'}")
    if "kind" in run.manifest:
        raise FolderError(f"{run.path}: holds a {run.manifest['kind']}, not one run")
    return run
