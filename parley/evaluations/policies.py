"""Policies that are judged: the best of every seed of a training, that its own validation chose."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def kept(found: Sequence[Learned], folder: Path) -> list[dict[str, str]]:
    """As the manifest of a folder names them."""
    return [{"name": one.name, "path": relpath(one.path, folder), "sha256": _sha256(one.path)} for one in found]


def kept_in(folder: Path, manifest: Mapping[str, Any]) -> list[Learned]:
    """Those that a manifest names. Raises FolderError where one is another by now."""
    found = [Learned(one["name"], folder / one["path"]) for one in manifest["policies"]]
    for one, told in zip(found, manifest["policies"], strict=True):
        if not one.path.is_file() or _sha256(one.path) != told["sha256"]:
            raise FolderError(f"{one.path}: is not the policy that this evaluation began with")
    return found


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


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
        import torch

        from agents.learning.bundles.trained import Trained
    except ModuleNotFoundError as fault:
        raise ExtraMissing.of("judging a policy", "rl", fault) from None
    torch.set_num_threads(1)  # of a few rows at a time a second one would spin beside the cells of other processes
    return Trained
