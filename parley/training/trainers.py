"""A trainer of a plan: the one place where a plan becomes a recipe."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parley.training.plans import Plan
from scenarios.errors import ExtraMissing

if TYPE_CHECKING:
    from agents.learning.training import Trainer


def trainer_of(plan: Plan, seed: int, jobs: int, numbers: Mapping[str, Any] | None = None, events: Path | None = None) -> Trainer:
    """`numbers` are the recipe's where they were tuned; `events` is a folder for TensorBoard, where that is there.

    Raises ExtraMissing and ScenarioError.
    """
    try:
        from agents.learning.training import Recipe, Trainer
    except ModuleNotFoundError as fault:
        raise ExtraMissing.of("training", "rl", fault) from None
    said: dict[str, Any] = {"algorithm": plan.algorithm, "critic": plan.critic, "curriculum": plan.stages, "rate": plan.rate, **(numbers or {})}
    return Trainer(Recipe(plan.learned_in, plan.steps, plan.lanes, jobs, **said), seed, events if importlib.util.find_spec("tensorboard") else None)
