"""`parley adapt`: a policy of a training serves a day, learning on, beside itself as it was, the rule, and a rule told the truth.

A folder has `manifest.json`, `first.pt` (the weights of the policy), and for each seed `seed-N/`: a file of ticks for each who is
compared, `lessons.json` with what the learner learned, and `adapted.pt`, its last weights.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shlex
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from functools import cached_property
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import numpy as np

from agents.learning.lane_processes import LanesDied
from agents.learning.playing import Play, first_tick
from parley.adapting.days import FIRST, FROZEN, LEARNER, LESSONS, RULE, TOLD, Day, live, recipe_of, rows_of
from parley.errors import FolderError, Interrupted, UsageError
from parley.runs.running import Stop, versions
from parley.storage.experiments import Experiment
from parley.storage.run_folder import FORMAT, MANIFEST, RunFolder, read_json, this_process
from parley.training.plans import Plan as TrainingPlan
from parley.training.training import BEST, Training
from parley.training.tuning import best_of
from scenarios.errors import ExtraMissing
from scenarios.load import load
from sim.trace import SEMANTICS

KIND = "adaptation"
SCENARIO, SEEDS = "shift_day", 5  # where nothing is said
POLL_S = 0.2
Told = Callable[[int, int], None]  # days that are over, and of how many


@dataclass(frozen=True)
class Plan:
    """What is compared."""

    scenario: str
    training: TrainingPlan
    numbers: dict[str, Any]  # of its recipe, where they were looked for
    seeds: int
    who: tuple[str, ...]
    tick_ns: int
    first_ns: int  # when the first tick begins
    shift_ns: int  # when the world is another one


class Adaptation(Experiment):
    """Days of a policy, as their folder tells them."""

    kind, made_by = KIND, "parley adapt"

    @cached_property
    def plan(self) -> Plan:
        """What was asked for."""
        told = self.manifest["plan"]
        return Plan(**{**told, "who": tuple(told["who"]), "training": TrainingPlan(**told["training"])})

    @property
    def seeds(self) -> range:
        """Of the world."""
        return range(1, self.plan.seeds + 1)

    @cached_property
    def shift(self) -> int:
        """Ticks before the world is another one."""
        return max(0, -(-(self.plan.shift_ns - self.plan.first_ns) // self.plan.tick_ns))

    def ticks(self, who: str, figure: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(seeds, ticks) of the days that are over for all who are compared."""
        days = [[row[figure] for row in rows_of(self.day(who, seed).path)] for seed in self.whole]
        shortest = min((len(day) for day in days), default=0)
        return np.array([day[:shortest] for day in days], dtype=np.float64).reshape(len(days), shortest)

    @property
    def whole(self) -> list[int]:
        """Seeds whose days are over for all who are compared."""
        return [seed for seed in self.seeds if all(self.day(who, seed).path.is_file() for who in self.plan.who)]

    def lessons(self, seed: int) -> list[dict[str, Any]]:
        """What the learner learned in a day."""
        path = self.path / f"seed-{seed}" / LESSONS
        found: list[dict[str, Any]] = read_json(path)["lessons"] if path.is_file() else []
        return found

    def day(self, who: str, seed: int) -> Day:
        """One of them."""
        plan = self.plan
        return Day(self.path, plan.scenario, plan.training, plan.numbers, who, seed)

    def resume(self, *, jobs: int = 2, told: Told | None = None) -> Adaptation:
        """Live the days that are not over, each from its morning. Raises as `adapt`."""
        return self if self.state == "complete" else _lived(self, jobs, told)


def adapt(run: str | os.PathLike[str], scenario: str | os.PathLike[str] = SCENARIO, *, policy: int | None = None, seeds: int = SEEDS,
          jobs: int = 2, out: str | os.PathLike[str] | None = None, told: Told | None = None) -> Adaptation:  # fmt: skip
    """Let a policy of a training (the best by validation, or that of a seed) serve so many days of a world, and learn on in them.

    Each day is lived once by each who is compared, under the same seed: the same traffic. Raises ParleyError for what the user can mend,
    and Interrupted on Ctrl-C; `Adaptation(folder).resume()` goes on.
    """
    training = Training(run)
    for name, value in (("seeds", seeds), ("jobs", jobs)):
        if value < 1:
            raise UsageError(f"{name} is a number from 1 on, not {value}")
    seed = training.policy(policy)
    try:
        state = (training.path / f"seed-{seed}" / BEST).read_bytes()
    except OSError as fault:
        raise FolderError(f"{training.path}: the policy of seed {seed} cannot be read: {fault.strerror}") from None
    plan = _plan(training, state, os.fspath(scenario), seeds)
    folder = Adaptation.new_folder(out, f"{Path(plan.scenario).stem}-adaptation")
    folder.write_bytes(FIRST, state)
    words = ["parley", "adapt", str(training.path), plan.scenario, "--policy", str(seed), "--seeds", str(seeds)]
    folder.write_json(MANIFEST, {
        "format": FORMAT, "kind": KIND, "state": "running", "name": Path(plan.scenario).stem, "plan": asdict(plan),
        "from": {"folder": str(training.path), "seed": seed, "sha256": hashlib.sha256(state).hexdigest()}, "semantics": SEMANTICS,
        "versions": versions(), "command": shlex.join(words), "process": this_process(),
    })  # fmt: skip
    return _lived(Adaptation(folder.path), jobs, told)


def _plan(training: Training, state: bytes, scenario: str, seeds: int) -> Plan:
    """Raises ScenarioError where nobody can sit in the world, ExtraMissing, and FolderError."""
    try:
        from agents.learning.online import frozen, refuse
        from agents.learning.weights import WeightsError
    except ModuleNotFoundError as fault:
        raise ExtraMissing.of("learning", "rl", fault) from None
    world, first = load(scenario), Day(training.path, scenario, training.plan, best_of(training.manifest["trials"]), FROZEN, 1)
    episode = first.episode
    seats = Play(episode).drive.seats
    refuse(training.plan.task, seats.rows)
    try:
        frozen(recipe_of(first), state)
    except WeightsError as fault:
        raise FolderError(f"{training.path}: {fault}") from None
    tick_ns = seats.cadence_ns
    first_ns = first_tick(world, tick_ns) * tick_ns
    shift_ns = min((fault.at for fault in world.faults.values() if fault.at > world.warmup), default=(world.warmup + world.duration) // 2)
    return Plan(scenario, training.plan, dict(first.numbers), seeds, (RULE, FROZEN, LEARNER, TOLD), tick_ns, first_ns, shift_ns)


def _lived(begun: Adaptation, jobs: int, told: Told | None) -> Adaptation:
    folder, manifest, state = RunFolder(begun.path), {**begun.manifest, "process": this_process(), "state": "running"}, "partial"
    folder.write_json(MANIFEST, manifest)
    every = [begun.day(who, seed) for seed in begun.seeds for who in begun.plan.who]
    ahead = [day for day in every if not day.path.is_file()]
    try:
        with Stop().on_signals() as stop:
            _all(ahead, jobs, stop, lambda done: told(len(every) - len(ahead) + done, len(every)) if told else None)
            if stop.signal_number is not None:
                raise Interrupted(begun.path, stop.signal_number)
        state = "complete"
    finally:
        folder.write_json(MANIFEST, manifest | {"state": state})
    return Adaptation(begun.path)


def _all(ahead: Sequence[Day], jobs: int, stop: Stop, told: Callable[[int], None]) -> None:
    """In processes of their own, since who learns draws from what its process has in common."""
    context = multiprocessing.get_context("spawn")
    ends = context.Event()
    with ProcessPoolExecutor(min(jobs, len(ahead) or 1), context, _begin, (ends,)) as pool:
        waiting = {pool.submit(_live, day) for day in ahead}
        while waiting:
            done, waiting = wait(waiting, POLL_S, FIRST_COMPLETED)
            try:
                for one in done:
                    one.result()
            except BrokenProcessPool as fault:
                raise LanesDied("a process that lived a day is gone; take fewer jobs if memory is short, and go on by --resume") from fault
            told(len(ahead) - len(waiting))
            if stop.signal_number is not None:
                ends.set()
                pool.shutdown(cancel_futures=True)
                return


_HERE: dict[str, Event] = {}  # what this process was begun with: `ends` is set where all are to stop


def _begin(ends: Event) -> None:
    """In a process that was just begun: Ctrl-C is for whoever began it, and so is the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _HERE["ends"] = ends
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """A pool's processes wait for ever where whoever began them was killed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _live(day: Day) -> bool:
    return live(day, lambda: "ends" in _HERE and _HERE["ends"].is_set())
