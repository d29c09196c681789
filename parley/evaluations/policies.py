"""Policies that are judged: the best of every seed of a training, that its own validation chose."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from agents.learning.chair import ActionSet
from agents.learning.judging import Decides
from parley.errors import FolderError
from parley.training.training import BEST, Training
from scenarios.errors import ExtraMissing, ParleyError

if TYPE_CHECKING:
    from agents.learning.bundles.trained import Trained


@dataclass(frozen=True)
class Learned:
    """One policy."""

    name: str  # as "seed 3"
    path: Path  # of its weights


def policies_of(folders: Sequence[str | os.PathLike[str]]) -> list[Learned]:
    """Of every seed of trainings, in order. Raises FolderError where one has none yet, and ExtraMissing where nobody could read it."""
    found = []
    for folder in folders:
        training = Training(folder)
        several = f"{training.path.name} " if len(folders) > 1 else ""
        for seed in training.seeds:
            path = training.path / f"seed-{seed}" / BEST
            if not path.is_file():
                raise FolderError(f"{training.path}: seed {seed} has no policy yet; `{training.resume_command(training.path)}` goes on")
            found.append(Learned(f"{several}seed {seed}", path))
    if found:
        _trained()
    return found


@lru_cache(maxsize=32)
def decides_of(path: Path, actions: ActionSet) -> Decides:
    """What a policy does. Raises ExtraMissing and FolderError."""
    trained = _trained()
    try:
        return trained.of(path.read_bytes(), actions).decides
    except (OSError, ParleyError) as fault:
        raise FolderError(f"{path}: {fault}") from None


def _trained() -> type[Trained]:
    """What reads weights. Raises ExtraMissing."""
    try:
        from agents.learning.bundles.trained import Trained
    except ModuleNotFoundError as fault:
        raise ExtraMissing.of("judging a policy", "rl", fault) from None
    return Trained
