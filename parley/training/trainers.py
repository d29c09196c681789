"""Trainers of a plan, and the room that they work in."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.learning.lane_processes import AnyLanes
from parley.runs.running import Stop
from parley.training.plans import Plan
from scenarios.errors import ExtraMissing

if TYPE_CHECKING:
    from agents.learning.training import Trainer

Told = Callable[[int, int], None]  # decisions of all seeds that are done, and of how many


@dataclass(frozen=True)
class Room:
    """What trainers share, one after the other."""

    jobs: int  # processes with lanes
    court: AnyLanes  # lanes in which policies are judged
    stop: Stop
    told: Told | None

    @property
    def is_stopped(self) -> bool:
        """Whether somebody wants it to end."""
        return self.stop.signal_number is not None

    def heard(self, before: int, of: int) -> Callable[[int], None] | None:
        """Who hears of decisions, when so many of all came before."""
        told = self.told
        return None if told is None else lambda steps: told(before + steps, of)


def trainer_of(plan: Plan, seed: int, jobs: int, numbers: Mapping[str, Any] | None = None, events: Path | None = None) -> Trainer:
    """`numbers` are the recipe's where they were tuned; `events` is a folder for TensorBoard, where that is there.

    Raises ExtraMissing and ScenarioError.
    """
    try:
        from agents.learning.training import Recipe, Trainer
    except ModuleNotFoundError as fault:
        raise ExtraMissing.of("training", "rl", fault) from None
    said: dict[str, Any] = {"algorithm": plan.algorithm, "critic": plan.critic, "curriculum": plan.stages, "rate": plan.rate}
    recipe = Recipe(plan.learned_in, plan.steps, plan.lanes, jobs, **said | dict(numbers or {}))
    return Trainer(recipe, seed, events if importlib.util.find_spec("tensorboard") else None)
