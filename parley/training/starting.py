"""Where a training starts from: the best policies of a finished one, of which it keeps a copy, so that it needs the other no more."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parley.errors import FolderError, UsageError
from parley.storage.run_folder import RunFolder
from parley.training.plans import Plan
from scenarios.errors import ParleyError

if TYPE_CHECKING:
    from agents.learning.training import Trainer

FIRST = "first.pt"
SAME = ("chair", "algorithm", "critic")  # in both, or weights mean something else


@dataclass(frozen=True)
class Start:
    """A finished training, whose seed i is gone on with by seed i."""

    folder: Path
    plan: Plan
    weights: Sequence[Path]  # of the best leg of each seed
    legs: Sequence[int]  # which those were
    sizes: Mapping[str, Sequence[str]] | None  # what its network is made for; None where it is too old to say so

    def check(self, plan: Plan) -> None:
        """Raises UsageError where a plan asks for policies of another kind, or for more of them."""
        for name in SAME:
            mine, its = getattr(plan, name), getattr(self.plan, name)
            if mine != its:
                raise UsageError(f"{self.folder}: was trained with {name} {its}, and what starts from it goes on so, not with {mine}")
        if plan.seeds > self.plan.seeds:
            raise UsageError(f"{self.folder}: has {self.plan.seeds} seeds, each of which is gone on with once, not {plan.seeds}")

    def check_network(self, trainer: Trainer, plan: Plan) -> None:
        """Raises UsageError where its weights do not fit, and FolderError where they are none."""
        for name, mine in sizes_of(trainer).items():
            its = None if self.sizes is None else self.sizes[name]
            if its is not None and list(its) != mine and (name != "rows" or plan.critic == "central"):
                raise UsageError(f"{self.folder}: was trained for {len(its)} {name}, {_told(its)}; here are {len(mine)}, {_told(mine)}")
        for path in self.weights[: plan.seeds]:
            begin(trainer, path)

    def copied(self, folder: RunFolder, seeds: int) -> dict[str, Any]:
        """Weights of so many seeds go into a folder; what its manifest tells of them. Raises FolderError."""
        digests = []
        for seed, path in enumerate(self.weights[:seeds], 1):
            state = _bytes_of(path)
            folder.write_bytes(f"seed-{seed}/{FIRST}", state)
            digests.append(hashlib.sha256(state).hexdigest())
        return {"folder": str(self.folder), "scenario": self.plan.scenario, "fidelity": self.plan.fidelity,
                "legs": list(self.legs[:seeds]), "sha256": digests}  # fmt: skip


def begin(trainer: Trainer, path: Path, sha256: str | None = None) -> None:
    """With the weights of a file, which is of that digest. Raises FolderError."""
    state = _bytes_of(path)
    if sha256 is not None and hashlib.sha256(state).hexdigest() != sha256:
        raise FolderError(f"{path}: was changed since the training began, and does not go on the same; its manifest tells the digest")
    try:
        trainer.start(state)
    except ParleyError as fault:
        raise FolderError(f"{path}: {fault}") from None


def sizes_of(trainer: Trainer) -> dict[str, list[str]]:
    """By name, what its network is made for."""
    shape = trainer.env.lanes.shape
    return {"rows": list(shape.rows), "features": shape.features.names, "actions": list(trainer.recipe.task.action_set.labels)}


def _told(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise FolderError(f"{path}: cannot be read: {fault.strerror}") from None
