"""Who is best in the chair: `parley contest`. Every event is a sweep over alternatives; a finished contest is read from contest.json."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from parley.contests.files import ContestFile, Lie, as_plain, contest_file, parsed
from parley.contests.legs import Leg, event_legs, legs_of, lie_leg, require_figures
from parley.contests.lies import Gain, gain_of
from parley.contests.outcomes import DIGITS, Outcomes, World, outcomes_of
from parley.contests.standings import Row, judged, rows_of
from parley.errors import FolderError, Interrupted
from parley.runs.running import versions
from parley.storage.experiments import Experiment
from parley.storage.run_folder import (
    FORMAT,
    MANIFEST,
    RunFolder,
    plain,
    this_process,
)
from parley.sweeps.sweeping import Sweep, require_laws
from sim.trace import SEMANTICS

KIND, SUMMARY, PAGE, PICTURE = "contest", "contest.json", "README.md", "contest.png"
Told = Callable[[int, int], None]  # (cells that are done, of how many)
Found = Mapping[str, Outcomes]  # by alternative


class Contest(Experiment):
    """A contest, as its folder tells it."""

    kind, made_by, summary = KIND, "parley contest negotiation", SUMMARY

    @cached_property
    def file(self) -> ContestFile:
        """What the contest is of."""
        return parsed(self.manifest["contest"])

    @cached_property
    def events(self) -> dict[str, Found]:
        """Outcomes by event and alternative. Raises FolderError where a cell is missing."""
        if self.kept is not None:
            return {name: {who: Outcomes.kept(one) for who, one in found["outcomes"].items()}
                    for name, found in self.kept["events"].items()}  # fmt: skip
        return {name: self._read(event_legs(self.file, nth), self.worlds[name]) for nth, name in enumerate(self.file.events)}

    @cached_property
    def worlds(self) -> dict[str, World]:
        """What has to be known of each event and lie."""
        if self.kept is not None:
            return {name: World(**one["world"]) for name, one in (self.kept["events"] | self.kept["lies"]).items()}
        found = {name: _world(event_legs(self.file, nth)[-1]) for nth, name in enumerate(self.file.events)}
        return found | {name: _world(lie_leg(self.file, nth)) for nth, name in enumerate(self.file.lies)}

    @cached_property
    def standings(self) -> dict[str, list[Row]]:
        """By event, alternatives in the order of the file."""
        made = self.file
        return {name: rows_of(self.events[name], made.figures, made.baseline_of(event), made.reference_of(event))
                for name, event in made.events.items()}  # fmt: skip

    @cached_property
    def lied(self) -> dict[str, dict[str, dict[float, Outcomes]]]:
        """Outcomes by lie, mechanism and factor."""
        if self.kept is not None:
            return {name: {who: {float(factor): Outcomes.kept(one) for factor, one in by.items()} for who, by in found["outcomes"].items()}
                    for name, found in self.kept["lies"].items()}  # fmt: skip
        return {name: self._lied(nth, name, lie) for nth, (name, lie) in enumerate(self.file.lies.items())}

    @cached_property
    def gains(self) -> dict[str, list[Gain]]:
        """By lie, mechanisms in the order of the file."""
        return {name: [gain_of(who, self.file.lies[name], by, self.worlds[name]) for who, by in found.items()]
                for name, found in self.lied.items()}  # fmt: skip

    @cached_property
    def claims(self) -> dict[str, tuple[str, str]]:
        """By what is claimed: the verdict, and what was measured."""
        made, told = self.file, self.file.figures[self.file.main]
        return {says: judged(one, self.events[one.event], told, made.reference_of(made.events[one.event]))
                for says, one in made.claims.items()}  # fmt: skip

    def _read(self, legs: Sequence[Leg], world: World) -> dict[str, Outcomes]:
        told = [one.figure for one in self.file.figures.values()]
        pairs = ((leg.names, outcomes_of(Sweep(self.path / leg.folder), told, world)) for leg in legs)
        return {name: one for names, found in pairs for name, one in zip(names, found, strict=True)}

    def _lied(self, nth: int, name: str, lie: Lie) -> dict[str, dict[float, Outcomes]]:
        found = iter(self._read([lie_leg(self.file, nth)], self.worlds[name]).values())
        return {who: {float(factor): next(found) for factor in lie.values} for who in lie.seated(self.file.alternatives)}

    def findings(self) -> dict[str, Any]:
        """What follows from the outcomes: claims, standings by event, gains by lie."""
        return {
            "claims": {says: {"verdict": verdict, "measured": measured} for says, (verdict, measured) in self.claims.items()},
            "standings": {name: {row.name: row.as_json() for row in rows} for name, rows in self.standings.items()},
            "gains": {name: {one.name: one.as_json() for one in gains} for name, gains in self.gains.items()},
        }

    def as_json(self) -> dict[str, Any]:
        """Findings and the outcomes by seed, as written to contest.json."""
        events = {name: {"world": vars(self.worlds[name]), "outcomes": {who: one.as_json() for who, one in found.items()}}
                  for name, found in self.events.items()}  # fmt: skip
        lies = {name: {"world": vars(self.worlds[name]),
                       "outcomes": {who: {f"{factor:g}": one.as_json() for factor, one in by.items()} for who, by in found.items()}}
                for name, found in self.lied.items()}  # fmt: skip
        return {"digits": DIGITS, **self.findings(), "events": events, "lies": lies}

    def resume(self, *, jobs: int | None = None, ray: str | None = None, told: Told | None = None) -> Contest:
        """Go on where it was stopped or killed; of a complete one nothing is left to do. Raises as `contest`."""
        if self.state == "complete":
            return self
        require_laws(self.path, self.manifest)
        return _run(self, jobs, ray, told)

    def __repr__(self) -> str:
        return f"<Contest {self.manifest['name']} · {len(self.file.events)} events · {self.file.seeds} seeds · {self.state}>"


def contest(source: str | os.PathLike[str] | Mapping[str, Any], *, seeds: int | None = None, jobs: int | None = None,
            out: str | os.PathLike[str] | None = None, ray: str | None = None, told: Told | None = None) -> Contest:  # fmt: skip
    """Hold a contest: a file, the name of a shipped one, or what a file would say as a mapping.

    Every world is checked before anything runs. Raises ParleyError, and Interrupted on Ctrl-C; `Contest(folder).resume()` goes on.
    """
    made = parsed(source) if isinstance(source, Mapping) else contest_file(source, seeds)
    legs = [*legs_of(made)]
    require_figures(made)
    name = "contest" if isinstance(source, Mapping) else Path(source).stem
    folder = Contest.new_folder(out, f"{name}-contest")
    folder.write_json(MANIFEST, {
        "format": FORMAT, "kind": KIND, "state": "running", "name": name, "question": made.question, "contest": as_plain(made),
        "semantics": SEMANTICS, "cells": sum(leg.grid.size for leg in legs), "versions": versions(),
        "command": shlex.join(["parley", "contest", name if isinstance(source, Mapping) else os.fspath(source),
                               *(["--seeds", str(seeds)] if seeds is not None else [])]),
        "process": this_process(),
    })  # fmt: skip
    return _run(Contest(folder.path), jobs, ray, told)


def _run(begun: Contest, jobs: int | None, ray: str | None, told: Told | None) -> Contest:
    """Every sweep that is not finished, then the verdicts. Raises ParleyError and Interrupted."""
    folder, legs, before = RunFolder(begun.path), [*legs_of(begun.file)], 0
    manifest, whole = {**begun.manifest, "process": this_process()}, sum(leg.grid.size for leg in legs)
    folder.write_json(MANIFEST, manifest | {"state": "running"})
    state = "partial"
    try:
        for leg in legs:

            def tell(done: int, _of: int, before: int = before) -> None:
                if told is not None:
                    told(before + done, whole)

            leg.run(folder.path, jobs=jobs, ray=ray, told=tell)
            before += leg.grid.size
        summary = Contest(begun.path).as_json()
        folder.write_bytes(SUMMARY, json.dumps(plain(summary), separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
        state = "complete"
    except Interrupted as stopped:
        raise Interrupted(begun.path, stopped.exit_code - 128) from None
    finally:
        with contextlib.suppress(FolderError):
            folder.write_json(MANIFEST, manifest | {"state": state})
    return Contest(begun.path)


def _world(leg: Leg) -> World:
    """Of what a leg sweeps, with its first values."""
    order = leg.grid.base.order(next(leg.grid.changes()), leg.grid.first_seed)
    return World.of(order.scenario, order.until_ns)
