"""A run again, without recording: whether it comes to what its folder says, and how things stood at an instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from agents.decision import Decision
from parley.errors import UsageError
from parley.interventions.interventions import NAME, Intervention, interventions_of, seat
from parley.runs.results import Run
from parley.runs.running import scenario_digest
from parley.wording import clock
from scenarios.schema.scenario import Scenario
from sim.clock import ControlPhase
from sim.mesh import Mesh
from sim.plane import Records
from sim.platform.pods import PodEvent
from sim.trace import SEMANTICS

STRETCHES = 100  # between two of them a signal is seen


@dataclass(frozen=True)
class Standing:
    """How things stand at an instant, after its scrapes and before minds wake."""

    digest: str
    tallies: Records  # (classes,) RequestTally
    histogram: NDArray[np.int64]  # (classes, BUCKETS)
    decisions: Sequence[Decision]
    pods: Sequence[PodEvent]


def standing(mesh: Mesh, decisions: Sequence[Decision] = ()) -> Standing:
    """How things stand now."""
    seen = mesh.plane.glance()
    return Standing(mesh.plane.digest(), seen.workloads.copy(), seen.workload_histogram.copy(), tuple(decisions), tuple(mesh.cluster.log))


@dataclass(frozen=True)
class Replay:
    """A run that came to what its folder says."""

    at: Standing
    end: Standing


def require_replayable(run: Run) -> None:
    """Whether this Parley may come to the same. Raises UsageError."""
    manifest = run.manifest
    if manifest["state"] == "running":
        raise UsageError(f"{run.path}: the run still goes on")
    if manifest["semantics"] != SEMANTICS:
        raise UsageError(f"{run.path}: was made under SEMANTICS {manifest['semantics']}, and this Parley has {SEMANTICS}: "
                         "the same world would come to something else; run it again first")  # fmt: skip
    if manifest["scenario_digest"] != scenario_digest(run.scenario):
        raise UsageError(f"{run.path}: its scenario.yaml is not the one that was run (its digest is another)")


def replay(run: Run, at_ns: int, look: Callable[[Mesh], None]) -> Replay:
    """Run it all again, and compare each digest that its folder knows; `look` is called at `at_ns`. Raises UsageError."""
    manifest = run.manifest
    until_ns, earlier = int(manifest["simulated_ns"]), interventions_of(manifest, run.scenario)
    mesh = Mesh(run.scenario, manifest["seed"], manifest["engine"])
    decisions = seat(mesh, earlier).decisions
    found: list[Standing] = []
    for time_ns, digest in manifest["checkpoints"]:
        if time_ns < until_ns:  # as the recording has it (D6)
            mesh.clock.at(time_ns, ControlPhase.SCRAPE, "windows", partial(_require_same, run, mesh, digest))

    def note() -> None:
        found.append(standing(mesh, decisions))
        look(mesh)

    mesh.clock.at(at_ns, ControlPhase.MESSAGE, NAME, note)
    _advance(mesh, until_ns)
    _require_same(run, mesh, manifest["trace_digest"])
    return Replay(found[0], standing(mesh, decisions))


def standing_at(world: Scenario, like: Run, earlier: Sequence[Intervention], at_ns: int) -> Standing:
    """How a world stands at an instant under the seed of a run."""
    mesh = Mesh(world, like.manifest["seed"], like.manifest["engine"])
    decisions, found = seat(mesh, earlier).decisions, []
    mesh.clock.at(at_ns, ControlPhase.MESSAGE, NAME, lambda: found.append(standing(mesh, decisions)))
    _advance(mesh, at_ns + 1)
    return found[0]


def _advance(mesh: Mesh, until_ns: int) -> None:
    step = max(1, until_ns // STRETCHES)
    while mesh.now_ns < until_ns:
        mesh.advance(min(until_ns, mesh.now_ns + step))


def _require_same(run: Run, mesh: Mesh, digest: str | None) -> None:
    if digest is not None and mesh.plane.digest() != digest:
        raise UsageError(f"{run.path}: does not replay: at {clock(mesh.clock.now_ns)} its trace had the digest {digest}, and now "
                         f"{mesh.plane.digest()}; the folder was written by another version of Parley, so run it again first")  # fmt: skip
