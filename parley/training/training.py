"""`parley train`: several seeds of one policy, judged as they learn against the rule they guide, on episodes none of them is trained on.

A folder has `manifest.json`, and for each seed `seed-N/`: `curve.jsonl` with a row for every leg, `last.pt` to go on from, and `best.pt`,
which did best where it was judged; `first.pt`, too, where it starts from another training, of which it is a copy. Files of weights hold
tensors and numbers alone, and are never unpickled.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from agents.learning.judging import Score, following, own_scores, scores_in
from agents.learning.lane_processes import lanes_of
from parley.errors import FolderError, Interrupted, UsageError
from parley.runs.running import Stop, scenario_digest, versions
from parley.statistics.intervals import Difference, difference
from parley.storage.experiments import Experiment
from parley.storage.run_folder import FORMAT, MANIFEST, RunFolder, plain, this_process
from parley.training.plans import CHAIRS, Asked, Plan, planned
from parley.training.starting import FIRST, Start, begin, sizes_of
from parley.training.trainers import Room, Told, trainer_of
from parley.training.tuning import best_of, require_rate, trials_of
from parley.tuning.search import require_optuna
from scenarios.errors import ParleyError
from scenarios.load import load
from sim.trace import SEMANTICS

if TYPE_CHECKING:
    from agents.learning.training import LegDone, Trainer

KIND = "training"
CURVE, LAST, BEST, EVENTS = "curve.jsonl", "last.pt", "best.pt", "events"
VALIDATION = range(900_001, 900_009)  # seeds of episodes that no leg draws


class Training(Experiment):
    """A training, as its folder tells it."""

    kind, made_by = KIND, "parley train"

    @cached_property
    def plan(self) -> Plan:
        """What was asked for."""
        return Plan(**self.manifest["plan"])

    def curve(self, seed: int) -> list[dict[str, Any]]:
        """A row for every leg of a seed: what it came to in training, and where it was judged."""
        path = self.path / f"seed-{seed}" / CURVE
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []

    @property
    def cost(self) -> str:
        """What `pods` of its figures count: pods, or what else its chair costs."""
        return "pods" if self.plan.chair == CHAIRS[0] else "cost"

    @property
    def start(self) -> dict[str, Any] | None:
        """The training it starts from: `folder`, `scenario`, `fidelity`, and `legs` and `sha256` of weights by seed."""
        found: dict[str, Any] | None = self.manifest.get("from")
        return found

    def as_start(self) -> Start:
        """For another one. Raises UsageError where it is not finished."""
        if self.state != "complete":
            raise UsageError(f"{self.path}: is not finished; `{self.resume_command(self.path)}` goes on, and then others start from it")
        legs = [best["leg"] for seed in self.seeds if (best := self.best(seed)) is not None]
        return Start(self.path, self.plan, [self.path / f"seed-{seed}" / BEST for seed in self.seeds], legs, self.manifest.get("sizes"))

    @property
    def seeds(self) -> range:
        """Those that are trained."""
        return range(1, self.plan.seeds + 1)

    def best(self, seed: int) -> dict[str, Any] | None:
        """The leg whose policy did best where it was judged; None before the first."""
        return max(self.curve(seed), key=lambda row: float(row["judged"]["reward"]), default=None)

    def policy(self, asked: int | None = None) -> int:
        """The seed that was asked for, or the one that did best where it was judged. Raises UsageError where it has no policy."""
        judged = {seed: float(best["judged"]["reward"]) for seed in self.seeds if (best := self.best(seed)) is not None}
        if not judged:
            raise UsageError(f"{self.path}: nothing is trained there yet; `{self.resume_command(self.path)}` goes on")
        if asked is None:
            return max(judged, key=lambda seed: judged[seed])
        if asked not in judged:
            raise UsageError(f"{self.path}: has policies {', '.join(map(str, judged))}, and none of number {asked}")
        return asked

    def against_the_rule(self, seed: int) -> Difference | None:
        """By how much the best policy of a seed is paid more than the rule, by pairs of the same episode; None before the first leg."""
        best, rule = self.best(seed), self.manifest["rule"]
        return None if best is None else difference(rule["rewards"], best["judged"]["rewards"], same_seeds=True)

    def resume(self, *, jobs: int | None = None, told: Told | None = None) -> Training:
        """Go on where it was stopped or killed; of a complete one nothing is left to do. Raises as `train`."""
        if self.state == "complete":
            return self
        if self.manifest.get("scenario_digest", digest := scenario_digest(load(self.plan.scenario))) != digest:
            raise FolderError(f"{self.path}: {self.plan.scenario} is another world by now than it began in, and what comes of both cannot "
                              "be compared: begin anew, or bring the world back")  # fmt: skip
        return _trained(self, jobs or self.plan.jobs, told)


def train(scenario: str | os.PathLike[str] | None = None, *, jobs: int = 2, out: str | os.PathLike[str] | None = None,
          start: str | os.PathLike[str] | None = None, told: Told | None = None, **asked: Unpack[Asked]) -> Training:  # fmt: skip
    """Train a policy that all rows of a chair share (services, hosts, routes, bidders), once a seed, in its frozen world or another.

    `steps` are decisions of single rows; `lanes` are meshes beside each other, in so many processes (`jobs`). At the fidelity `fluid`
    the policy learns in an approximation that is many times faster, and is judged on requests all the same. `start` is the folder of a
    finished training: seed i begins with the best weights of its seed i, and all else afresh.
    Raises ParleyError for what the user can mend, and Interrupted on Ctrl-C; `Training(folder).resume()` goes on.
    """
    begins = None if start is None else Training(start).as_start()
    plan = planned(scenario, asked, jobs, None if begins is None else begins.plan)
    if begins is not None:
        begins.check(plan)
    if plan.tune:
        require_optuna()
        require_rate(plan)
    trainer = trainer_of(plan, 1, 1)  # whatever is wrong is wrong before anything is written
    try:
        sizes = sizes_of(trainer)
        if begins is not None:
            begins.check_network(trainer, plan)
    finally:
        trainer.close()
    folder = Training.new_folder(out, f"{Path(plan.scenario).stem}-training")
    words = [] if begins is None else ["--from", str(begins.folder)]
    words += ["--curriculum", os.fspath(asked["curriculum"])] if plan.curriculum is not None else []
    folder.write_json(MANIFEST, {
        "format": FORMAT, "kind": KIND, "state": "running", "name": Path(plan.scenario).stem, "chair": plan.chair, "plan": asdict(plan),
        "semantics": SEMANTICS, "versions": versions(), "command": shlex.join(["parley", "train", *plan.words, *words]),
        "process": this_process(), "sizes": sizes, "from": None if begins is None else begins.copied(folder, plan.seeds), "rule": None,
        "trials": [], "scenario_digest": scenario_digest(load(plan.scenario)),
    })  # fmt: skip
    return _trained(Training(folder.path), jobs, told)


def _trained(begun: Training, jobs: int, told: Told | None) -> Training:
    folder, plan = RunFolder(begun.path), begun.plan
    manifest = {"trials": [], **begun.manifest, "process": this_process(), "state": "running"}
    state = "partial"
    try:
        with Stop().on_signals() as stop, contextlib.closing(lanes_of(plan.judged_in, len(VALIDATION), jobs)) as court:
            if manifest["rule"] is None:
                decides = following(plan.judged_in)
                found = own_scores(plan.judged_in, VALIDATION) if decides is None else scores_in(court, VALIDATION, decides)
                manifest["rule"] = _as_json(found)
            folder.write_json(MANIFEST, manifest)
            room = Room(jobs, court, stop, told)
            for trial in trials_of(plan, manifest["trials"], lambda trainer: _begin(begun, 1, trainer), room):
                manifest["trials"] = [*manifest["trials"], trial]
                folder.write_json(MANIFEST, manifest)
            for seed in begun.seeds:
                if not room.is_stopped:
                    _one_seed(begun, seed, best_of(manifest["trials"]), room)
            if stop.signal_number is not None:
                raise Interrupted(begun.path, stop.signal_number)
        state = "complete"
    finally:
        folder.write_json(MANIFEST, manifest | {"state": state})
    return Training(begun.path)


def _one_seed(begun: Training, seed: int, numbers: dict[str, Any], room: Room) -> None:
    """The legs of a seed that are not done, each judged in the court."""
    rows = begun.curve(seed)
    if rows and rows[-1]["leg"] >= rows[-1]["legs"]:
        return  # the curve is written last
    trainer = trainer_of(begun.plan, seed, room.jobs, numbers, begun.path / f"seed-{seed}" / EVENTS)
    try:
        is_kept = (begun.path / f"seed-{seed}" / LAST).is_file()
        rows = _restored(begun, seed, trainer) if is_kept else _started(begun, seed, trainer, room)
        whole = trainer.legs * trainer.leg_steps
        while trainer.done < trainer.legs and not room.is_stopped:
            done = trainer.leg(room.heard((seed - 1) * whole, begun.plan.seeds * whole))
            rows.append(_row(done, trainer, room))
            _keep(begun, seed, trainer, rows)
    finally:
        trainer.close()


def _started(begun: Training, seed: int, trainer: Trainer, room: Room) -> list[dict[str, Any]]:
    """The curve before the first leg: how weights of another training do, which are the best so far. Raises FolderError."""
    if begun.start is None:
        return []
    _begin(begun, seed, trainer)
    rows = [_row(trainer.nothing_done(), trainer, room)]
    _keep(begun, seed, trainer, rows)
    return rows


def _begin(begun: Training, seed: int, trainer: Trainer) -> None:
    """With weights of another training, where there is one. Raises FolderError."""
    if begun.start is not None:
        begin(trainer, begun.path / f"seed-{seed}" / FIRST, begun.start["sha256"][seed - 1])


def _keep(begun: Training, seed: int, trainer: Trainer, rows: list[dict[str, Any]]) -> None:
    folder, place = RunFolder(begun.path), f"seed-{seed}"
    state = trainer.state(json.dumps(rows))
    if max(rows, key=lambda row: float(row["judged"]["reward"])) is rows[-1]:
        folder.write_bytes(f"{place}/{BEST}", state)
    folder.write_bytes(f"{place}/{LAST}", state)
    _write_curve(begun, seed, rows)


def _write_curve(begun: Training, seed: int, rows: list[dict[str, Any]]) -> None:
    RunFolder(begun.path).write_bytes(f"seed-{seed}/{CURVE}", "".join(f"{json.dumps(row)}\n" for row in rows).encode())


def _restored(begun: Training, seed: int, trainer: Trainer) -> list[dict[str, Any]]:
    """A trainer as it was, and its curve, which is a leg short where somebody was killed between two files. Raises FolderError."""
    kept = begun.path / f"seed-{seed}" / LAST
    try:
        rows: list[dict[str, Any]] = json.loads(trainer.restore(kept.read_bytes()))
    except ParleyError as fault:
        raise FolderError(f"{kept}: {fault}") from None
    _write_curve(begun, seed, rows)
    return rows


def _row(done: LegDone, trainer: Trainer, room: Room) -> dict[str, Any]:
    judged = _as_json(scores_in(room.court, VALIDATION, trainer.decides))
    trainer.tell("judged", {name: judged[name] for name in ("reward", "violation", "pods", "churn")})
    row: dict[str, Any] = plain({**asdict(done), "legs": trainer.legs, "judged": judged})
    return row if row["stage"] is not None else {name: value for name, value in row.items() if name != "stage"}


def _as_json(found: list[Score]) -> dict[str, Any]:
    """Means over the episodes, and the reward of each."""
    means = {name: float(np.mean([getattr(one, name) for one in found])) for name in ("reward", "violation", "pods", "churn")}
    return {**means, "seeds": [one.seed for one in found], "rewards": [one.reward for one in found]}
