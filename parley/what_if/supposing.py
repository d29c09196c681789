"""A run once more, with something done to it at an instant: the same to the bit until then."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from parley.drawing.canvas import Picture
from parley.errors import Interrupted, UsageError
from parley.interventions.actions import OF_FILE, Action, Scale, parsed
from parley.interventions.file_changes import changed
from parley.interventions.interventions import Intervention, interventions_of
from parley.interventions.levers import MIND, require_possible
from parley.runs.replaying import Replay, Standing, replay, require_replayable, standing, standing_at
from parley.runs.results import Run, load_run
from parley.runs.running import Order, Stop, Watcher, ordered, simulate
from parley.storage.run_folder import new_folder
from parley.storage.tables import read_columns
from parley.what_if.attributing import Attribution, Side, attributed
from parley.what_if.difference_figure import draw_difference
from parley.wording import OF_NO_PODS, clock
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import format_duration, parse_duration
from sim.mesh import Mesh

WHATIF, PICTURE = "whatif.json", "difference.png"


@dataclass(frozen=True)
class Undoing:
    """How an action on a number of pods came to nothing: from `time_ns` on as many are asked for as without it, or fewer again."""

    action: str
    time_ns: int
    is_caught_up: bool  # agents had asked for as many without it, then; else they took it back
    decision: str  # "catalog (hpa) 10 → 6: cpu 20% of 50% target -> 6"; empty where no agent had a part in it


@dataclass(frozen=True)
class WhatIf:
    """A run with something done to it, beside the run as it was."""

    run: Run
    of: Run
    at_ns: int
    do: tuple[Action, ...]
    hold: bool
    digest: str  # of both at that instant
    difference: Attribution = field(repr=False)
    undone: tuple[Undoing, ...] = ()

    @cached_property
    def picture(self) -> Picture:
        """The difference over time: good answers, p99, what was saved, what waits, pods."""
        return draw_difference(self.of, self.run, self.at_ns, ", ".join(map(str, self.do)), self.difference)

    def save_picture(self) -> Path:
        """The picture as a file in the run folder. Raises FolderError."""
        return self.picture.save(self.run.path / PICTURE)

    def as_json(self) -> dict[str, Any]:
        """As written to whatif.json."""
        return {
            **self.run.manifest["whatif"], "same_trace": self.is_same, **self.difference.as_json(),
            "undone": [vars(one) for one in self.undone],
        }  # fmt: skip

    @property
    def is_same(self) -> bool:
        """Whether nothing came of it: both have the same trace to the end."""
        return bool(self.run.manifest["trace_digest"] == self.of.summary["trace_digest"])

    def __repr__(self) -> str:
        saved = sum(int(some[-1]) for some in self.difference.saved.values() if len(some))
        what = ", ".join(map(str, self.do)) or "nothing"
        return f"<WhatIf {what} at {clock(self.at_ns)} · {saved:+,} good · {self.run!r}>"


def whatif(run: Run | str | os.PathLike[str], *, at: str | int, do: Sequence[str] = (), hold: bool = False, spans: str = "sample",
           out: str | os.PathLike[str] | None = None, progress: Watcher | None = None) -> WhatIf:  # fmt: skip
    """Run a run's world again, the same to the bit until `at`, and do something there: ["Scale(catalog, +4)"].

    `at` is "12m03s", or nanoseconds. Agents go on and may take it back; `hold` lets them command the services acted upon
    in vain from then on. `spans`, `out` and `progress` are as for `run`.
    Raises ParleyError where the run does not replay or the action cannot be, and Interrupted on Ctrl-C.
    """
    of = run if isinstance(run, Run) else load_run(run)
    require_replayable(of)
    at_ns, world = _instant(of, at), of.scenario
    done = Intervention(at_ns, tuple(parsed(text, world) for text in ([do] if isinstance(do, str) else do)), hold)
    if hold and not done.held:
        raise UsageError("hold keeps agents from the services that are acted upon by name, and there is none")
    supposed = changed(world, done.do, at_ns)
    base = replay(of, at_ns, lambda mesh: _require_possible(mesh, done))
    earlier = interventions_of(of.manifest, world)
    if supposed is not world:
        _require_unseen(done, base.at, standing_at(supposed, of, earlier, at_ns))
    order = _order(of, supposed, done, base.at.digest, spans)
    folder = new_folder(out, f"{world.name}-{order.seed}-what-if")
    seen: list[tuple[Mesh, Standing]] = []
    last = replace(done, before=lambda mesh: seen.append((mesh, standing(mesh))))
    with Stop().on_signals() as stop:
        simulate(replace(order, interventions=(*earlier, last)), folder, stop, progress)
    if stop.signal_number is not None:
        raise Interrupted(folder.path, stop.signal_number)
    made = _told(of, Run(folder.path), done, base, seen[0])
    folder.write_json(WHATIF, made.as_json())
    return made


def _told(of: Run, run: Run, done: Intervention, base: Replay, seen: tuple[Mesh, Standing]) -> WhatIf:
    mesh, stood = seen
    assert stood.digest == base.at.digest, "a world is not the same until something is done to it"
    difference = attributed(Side(of, base.at, base.end), Side(run, stood, standing(mesh)), done.at_ns)
    undone = tuple(one for action in done.do if (one := _undoing(of, run, action, done.at_ns)) is not None)
    return WhatIf(run, of, done.at_ns, done.do, done.hold, stood.digest, difference, undone)


def _instant(of: Run, at: str | int) -> int:
    at_ns, end_ns = at if isinstance(at, int) else parse_duration(at), int(of.manifest["simulated_ns"])
    if not 0 <= at_ns < end_ns:
        raise UsageError(f"at {at} is not within the run, which went from 0 to {format_duration(end_ns)}")
    return at_ns


def _require_possible(mesh: Mesh, done: Intervention) -> None:
    for action in done.do:
        require_possible(mesh, action)


def _require_unseen(done: Intervention, was: Standing, now: Standing) -> None:
    """A file may only be changed where nothing before knew of it."""
    given = ", ".join(str(one) for one in done.do if isinstance(one, OF_FILE))
    for what, here, there in (("trace", was.digest, now.digest), ("agents' decisions", was.decisions, now.decisions),
                              ("pods", was.pods, now.pods)):  # fmt: skip
        if here != there:
            raise UsageError(
                f"{given}: the world with it differs before {clock(done.at_ns)} already, in its {what}. A value of the file can only be "
                f"changed at an instant where nothing before has used it: a fault or rollout to come, a bound not reached yet, a rate "
                f"where it is level. `parley compare` runs two files from the start")  # fmt: skip


def _order(of: Run, world: Scenario, done: Intervention, digest: str, spans: str) -> Order:
    manifest = of.manifest
    order = ordered(world, seed=manifest["seed"], engine=manifest["engine"], until=int(manifest["simulated_ns"]), spans=spans)
    words = [word for one in done.do for word in ("--do", str(one))] + ["--hold"] * done.hold
    words += ["--spans", spans] if spans != "sample" else []
    told = manifest.get("whatif")
    earlier = [] if told is None else [*told["earlier"], {name: told[name] for name in ("at_ns", "do", "hold")}]
    whatif_told = {
        "of": str(of.path), "at": format_duration(done.at_ns), **done.as_json(), "digest": digest,
        "trace_digest": of.summary["trace_digest"], "earlier": earlier,
    }  # fmt: skip
    command = shlex.join(["parley", "whatif", str(of.path), "--at", format_duration(done.at_ns), *words])
    return replace(order, command=command, whatif=whatif_told)


def _undoing(of: Run, run: Run, action: Action, at_ns: int) -> Undoing | None:
    """When the agents of either run have made up for a Scale."""
    if not isinstance(action, Scale):
        return None
    was, now = (_asked(one, action.service) for one in (of, run))
    late = was["end_ns"] > at_ns
    ends_ns, apart = was["end_ns"][late], (now["desired"] - was["desired"])[late]
    if not len(apart) or not apart[0] or apart.all():
        return None
    same = np.flatnonzero(apart == 0)
    time_ns, more = int(ends_ns[same[0]]), apart[0] > 0
    mine, theirs = (_decisions(one, action.service, at_ns, time_ns) for one in (run, of))
    moments = {row["time_ns"] for row in theirs if (row["after"] < row["before"]) == more}  # these come anyhow
    against = next((row for row in mine if (row["after"] < row["before"]) == more and row["time_ns"] not in moments), None)
    if against is not None:
        return Undoing(str(action), against["time_ns"], is_caught_up=False, decision=_told_of(against))
    if theirs:
        return Undoing(str(action), theirs[-1]["time_ns"], is_caught_up=True, decision=_told_of(theirs[-1]))
    return Undoing(str(action), time_ns, is_caught_up=True, decision="")


def _asked(run: Run, service: str) -> dict[str, Any]:
    """Pods asked for at the ends of windows."""
    rows = read_columns(run.path, "windows", ["end_ns", "kind", "name", "desired"])
    mine = (rows["kind"] == "service") & (rows["name"] == service)
    return {"end_ns": rows["end_ns"][mine], "desired": rows["desired"][mine]}


def _decisions(run: Run, service: str, since_ns: int, until_ns: int) -> list[dict[str, Any]]:
    """Decisions of agents on a number of pods that took effect."""
    rows = [row for row in run.decision_rows() if row["service"] == service and row["applied"]]
    return [row for row in rows if row["mind"] not in (*OF_NO_PODS, MIND) and since_ns <= row["time_ns"] <= until_ns]


def _told_of(row: dict[str, Any]) -> str:
    return f"{row['agent']} ({row['mind']}) {row['before']} → {row['after']}: {row['reason']}"
