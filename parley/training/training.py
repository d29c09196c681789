"""`parley train`: several seeds of one policy, judged as they learn against the rule they guide, on episodes none of them is trained on.

A folder has `manifest.json`, and for each seed `seed-N/`: `curve.jsonl` with a row for every leg, `last.pt` to go on from, and `best.pt`,
which did best where it was judged. Files of weights hold tensors and numbers alone, and are never unpickled.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from agents.learning.judging import Score, following, own_scores, scores
from agents.learning.tasks import FIDELITIES, OF_CHAIRS, Task
from parley.errors import FolderError, Interrupted, UsageError
from parley.runs.running import Stop, versions
from parley.statistics.intervals import Difference, difference
from parley.storage.experiments import Experiment
from parley.storage.run_folder import FORMAT, MANIFEST, RunFolder, plain, this_process
from scenarios.errors import ExtraMissing, ParleyError
from scenarios.naming import suggestion
from sim.trace import SEMANTICS

if TYPE_CHECKING:
    from agents.learning.training import LegDone, Trainer

KIND = "training"
CURVE, LAST, BEST, EVENTS = "curve.jsonl", "last.pt", "best.pt", "events"
CHAIRS = tuple(OF_CHAIRS)
STEPS, SEEDS, LANES = 300_000, 5, 16  # where nothing is said
ALGORITHMS, CRITICS = ("ppo", "dqn"), ("own", "central")
CHOICES = {"chair": CHAIRS, "fidelity": FIDELITIES, "algorithm": ALGORITHMS, "critic": CRITICS}
VALIDATION = range(900_001, 900_005)  # seeds of episodes that no leg draws
Told = Callable[[int, int], None]  # (decisions that are done, of how many)


@dataclass(frozen=True)
class Plan:
    """What is trained."""

    scenario: str
    steps: int
    seeds: int
    lanes: int
    jobs: int
    fidelity: str = FIDELITIES[0]
    algorithm: str = ALGORITHMS[0]
    critic: str = CRITICS[0]
    chair: str = CHAIRS[0]

    @property
    def task(self) -> Task:
        """What it is judged in: its chair's frozen one for its own scenario; for another the same without what is varied."""
        frozen = OF_CHAIRS[self.chair]
        return frozen if self.scenario == frozen.scenario else frozen.changed(scenario=self.scenario)

    @property
    def learned_in(self) -> Task:
        """The same at the fidelity that was asked for."""
        return self.task.changed(fidelity=self.fidelity)


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
    def seeds(self) -> range:
        """Those that are trained."""
        return range(1, self.plan.seeds + 1)

    def best(self, seed: int) -> dict[str, Any] | None:
        """The leg whose policy did best where it was judged; None before the first."""
        return max(self.curve(seed), key=lambda row: float(row["judged"]["reward"]), default=None)

    def against_the_rule(self, seed: int) -> Difference | None:
        """By how much the best policy of a seed is paid more than the rule, by pairs of the same episode; None before the first leg."""
        best, rule = self.best(seed), self.manifest["rule"]
        return None if best is None else difference(rule["rewards"], best["judged"]["rewards"], same_seeds=True)

    def resume(self, *, jobs: int | None = None, told: Told | None = None) -> Training:
        """Go on where it was stopped or killed; of a complete one nothing is left to do. Raises as `train`."""
        return self if self.state == "complete" else _trained(self, jobs or self.plan.jobs, told)


class Asked(TypedDict, total=False):
    """What `train` may be asked for, and with what it is where nothing is said."""

    chair: str  # scaling, or another one of CHAIRS
    steps: int  # 300,000
    seeds: int  # 5
    lanes: int  # 16
    fidelity: str  # requests
    algorithm: str  # ppo
    critic: str  # own


def train(scenario: str | os.PathLike[str] | None = None, *, jobs: int = 2, out: str | os.PathLike[str] | None = None,
          told: Told | None = None, **asked: Unpack[Asked]) -> Training:  # fmt: skip
    """Train a policy that all rows of a chair share (services, hosts, routes, bidders), once a seed, in its frozen world or another.

    `steps` are decisions of single rows; `lanes` are meshes beside each other, in so many processes (`jobs`). At the fidelity `fluid`
    the policy learns in an approximation that is many times faster, and is judged on requests all the same.
    Raises ParleyError for what the user can mend, and Interrupted on Ctrl-C; `Training(folder).resume()` goes on.
    """
    words: dict[str, Any] = dict(asked)
    chosen = {name: _one_of(name, words.get(name), known) for name, known in CHOICES.items()}
    scenario = OF_CHAIRS[chosen["chair"]].scenario if scenario is None else scenario
    plan = Plan(os.fspath(scenario), asked.get("steps", STEPS), asked.get("seeds", SEEDS), asked.get("lanes", LANES), jobs, **chosen)
    for name in ("steps", "seeds", "lanes", "jobs"):
        if (value := getattr(plan, name)) < 1:
            raise UsageError(f"{name} is a number from 1 on, not {value}")
    _trainer_of(plan, 1, 1).close()  # whatever is wrong is wrong before anything is written
    folder = Training.new_folder(out, f"{Path(scenario).stem}-training")
    command = ["parley", "train", os.fspath(scenario)]
    command += [word for name in ("steps", "seeds", "lanes", *CHOICES) for word in (f"--{name}", str(getattr(plan, name)))]
    folder.write_json(MANIFEST, {
        "format": FORMAT, "kind": KIND, "state": "running", "name": Path(scenario).stem, "chair": plan.chair, "plan": asdict(plan),
        "semantics": SEMANTICS, "versions": versions(), "command": shlex.join(command), "process": this_process(), "rule": None,
    })  # fmt: skip
    return _trained(Training(folder.path), jobs, told)


def _trained(begun: Training, jobs: int, told: Told | None) -> Training:
    folder, plan = RunFolder(begun.path), begun.plan
    manifest = {**begun.manifest, "process": this_process(), "state": "running"}
    state = "partial"
    try:
        with Stop().on_signals() as stop:
            if manifest["rule"] is None:
                decides = following(plan.task)
                found = own_scores(plan.task, VALIDATION) if decides is None else scores(plan.task, VALIDATION, decides, jobs)
                manifest["rule"] = _as_json(found)
            folder.write_json(MANIFEST, manifest)
            for seed in begun.seeds:
                _one_seed(begun, seed, jobs, stop, told)
                if stop.signal_number is not None:
                    raise Interrupted(begun.path, stop.signal_number)
        state = "complete"
    finally:
        folder.write_json(MANIFEST, manifest | {"state": state})
    return Training(begun.path)


def _one_seed(begun: Training, seed: int, jobs: int, stop: Stop, told: Told | None) -> None:
    """The legs of a seed that are not done."""
    plan, folder = begun.plan, RunFolder(begun.path)
    rows, place = begun.curve(seed), f"seed-{seed}"
    if rows and rows[-1]["leg"] >= rows[-1]["legs"]:
        return  # the curve is written last
    trainer = _trainer_of(plan, seed, jobs, begun.path / place / EVENTS)
    try:
        kept = begun.path / place / LAST
        rows, whole = _restored(trainer, kept) if kept.is_file() else [], trainer.legs * trainer.leg_steps
        while trainer.done < trainer.legs and stop.signal_number is None:
            done = trainer.leg(None if told is None else lambda steps: told((seed - 1) * whole + steps, plan.seeds * whole))
            rows.append(_row(done, trainer, plan, jobs))
            state = trainer.state(json.dumps(rows))
            if max(rows, key=lambda row: float(row["judged"]["reward"])) is rows[-1]:
                folder.write_bytes(f"{place}/{BEST}", state)
            folder.write_bytes(f"{place}/{LAST}", state)
            folder.write_bytes(f"{place}/{CURVE}", "".join(f"{json.dumps(row)}\n" for row in rows).encode())
    finally:
        trainer.close()


def _restored(trainer: Trainer, kept: Path) -> list[dict[str, Any]]:
    """A trainer as it was, and its curve. Raises FolderError."""
    try:
        rows: list[dict[str, Any]] = json.loads(trainer.restore(kept.read_bytes()))
    except ParleyError as fault:
        raise FolderError(f"{kept}: {fault}") from None
    return rows


def _row(done: LegDone, trainer: Trainer, plan: Plan, jobs: int) -> dict[str, Any]:
    judged = _as_json(scores(plan.task, VALIDATION, trainer.decides, jobs))
    trainer.tell("judged", {name: judged[name] for name in ("reward", "violation", "pods", "churn")})
    row: dict[str, Any] = plain({**asdict(done), "legs": trainer.legs, "judged": judged})
    return row


def _as_json(found: list[Score]) -> dict[str, Any]:
    """Means over the episodes, and the reward of each."""
    means = {name: float(np.mean([getattr(one, name) for one in found])) for name in ("reward", "violation", "pods", "churn")}
    return {**means, "seeds": [one.seed for one in found], "rewards": [one.reward for one in found]}


def _trainer_of(plan: Plan, seed: int, jobs: int, events: Path | None = None) -> Trainer:
    """`events` is a folder for TensorBoard, where that is there. Raises ExtraMissing and ScenarioError."""
    try:
        from agents.learning.training import Recipe, Trainer
    except ModuleNotFoundError as fault:
        raise ExtraMissing.of("training", "rl", fault) from None
    recipe = Recipe(plan.learned_in, plan.steps, plan.lanes, jobs, algorithm=plan.algorithm, critic=plan.critic)
    return Trainer(recipe, seed, events if importlib.util.find_spec("tensorboard") else None)


def _one_of(name: str, asked: str | None, known: Sequence[str]) -> str:
    """The first where nothing is asked for. Raises UsageError."""
    if asked is None:
        return known[0]
    if asked not in known:
        raise UsageError(f"{name} is one of {', '.join(known)}, not {asked!r}{suggestion(asked, known)}")
    return asked
