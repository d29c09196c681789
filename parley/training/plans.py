"""What a training is asked for, and what is taken where nothing is said."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypedDict

from agents.learning.curriculum import Curriculum
from agents.learning.tasks import FIDELITIES, OF_CHAIRS, Task
from parley.errors import UsageError
from parley.training.curricula import curriculum_of, curriculum_text
from scenarios.naming import suggestion

CHAIRS = tuple(OF_CHAIRS)
STEPS, SEEDS, LANES, RATE = 300_000, 5, 16, 2e-3  # where nothing is said
ALGORITHMS, CRITICS = ("ppo", "dqn"), ("own", "central")
CONTINUOUS = ("sac", "td3", "ddpg")  # who learn numbers, where every chair chooses from a table
CHOICES = {"chair": CHAIRS, "fidelity": FIDELITIES, "algorithm": ALGORITHMS, "critic": CRITICS}
INHERITED = ("chair", "algorithm", "critic", "scenario", "seeds")  # by who starts from another training and says nothing


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
    rate: float = RATE
    windows: bool = False
    curriculum: str | None = None  # the text of its file
    tune: int = 0  # trials, before the seeds

    @property
    def task(self) -> Task:
        """What is learned: its chair's frozen one for its own scenario; for another the same without what is varied."""
        frozen = OF_CHAIRS[self.chair]
        task = frozen if self.scenario == frozen.scenario else frozen.changed(scenario=self.scenario)
        return task.changed(windows=True) if self.windows else task

    @cached_property
    def stages(self) -> Curriculum:
        """What is learned first; nothing where there is no curriculum."""
        return Curriculum() if self.curriculum is None else curriculum_of(self.curriculum)

    @property
    def judged_in(self) -> Task:
        """The task, or the last stage of a curriculum that leaves nothing for it."""
        final = self.stages.final
        return self.task if final is None else final.of(self.task)

    @property
    def learned_in(self) -> Task:
        """The same at the fidelity that was asked for."""
        return self.task.changed(fidelity=self.fidelity)

    @property
    def words(self) -> list[str]:
        """As `parley train` takes them."""
        options = ("steps", "seeds", "lanes", *CHOICES)
        words = [self.scenario, *(word for name in options for word in (f"--{name}", str(getattr(self, name)))), "--rate", f"{self.rate:g}"]
        words += ["--tune", str(self.tune)] if self.tune else []
        return [*words, "--windows"] if self.windows else words


class Asked(TypedDict, total=False):
    """What `train` may be asked for, and with what it is where nothing is said."""

    chair: str  # scaling, or another one of CHAIRS
    steps: int  # 300,000
    seeds: int  # 5
    lanes: int  # 16
    fidelity: str  # requests
    algorithm: str  # ppo
    critic: str  # own
    rate: float  # 2e-3, of learning, at first; it falls to nothing in a straight line
    windows: bool  # False: whether episodes begin at any minute of the world
    curriculum: str | os.PathLike[str]  # none
    tune: int  # 0: how many trials look for better numbers of the recipe


def planned(scenario: str | os.PathLike[str] | None, asked: Asked, jobs: int, start: Plan | None = None) -> Plan:
    """All that was asked for, and the rest as it is; what defines a policy as in the plan it starts from. Raises UsageError."""
    words: dict[str, Any] = {name: getattr(start, name) for name in INHERITED} if start is not None else {}
    words |= asked
    chosen = {name: _one_of(name, words.get(name), known) for name, known in CHOICES.items()}
    world = scenario if scenario is not None else words.get("scenario", OF_CHAIRS[chosen["chair"]].scenario)
    plan = Plan(os.fspath(world), words.get("steps", STEPS), words.get("seeds", SEEDS), words.get("lanes", LANES), jobs,
                rate=words.get("rate", RATE), windows=words.get("windows", False), tune=words.get("tune", 0),
                curriculum=curriculum_text(words["curriculum"]) if words.get("curriculum") else None, **chosen)  # fmt: skip
    for name in ("steps", "seeds", "lanes", "jobs"):
        if (value := getattr(plan, name)) < 1:
            raise UsageError(f"{name} is a number from 1 on, not {value}")
    if plan.tune < 0:
        raise UsageError(f"tune is a number of trials from 0 on, not {plan.tune}")
    if not 0 < plan.rate < 1:
        raise UsageError(f"rate is a number between 0 and 1, as {RATE:g}, not {plan.rate:g}")
    return plan


def _one_of(name: str, asked: str | None, known: Sequence[str]) -> str:
    """The first where nothing is asked for. Raises UsageError."""
    if asked is None:
        return known[0]
    if name == "algorithm" and asked in CONTINUOUS:
        raise UsageError(f"{asked} learns actions that are continuous, and every chair chooses one of a table; take ppo, or dqn, which "
                         f"learns from what it remembers as {asked} does")  # fmt: skip
    if asked not in known:
        raise UsageError(f"{name} is one of {', '.join(known)}, not {asked!r}{suggestion(asked, known)}")
    return asked
