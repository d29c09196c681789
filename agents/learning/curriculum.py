"""What is learned first: stages of a training, each with worlds of its own, before the task itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agents.learning.tasks import Range, Task


@dataclass(frozen=True)
class Stage:
    """A part of a training."""

    name: str
    share: float  # of its legs
    varied: Mapping[str, Range] = field(default_factory=dict)  # laid over what the task varies
    added: tuple[str, ...] = ()  # changes of the scenario, as `--set` says them, which may be varied

    def of(self, task: Task) -> Task:
        """What is learned in it."""
        return replace(task, varied={**task.varied, **self.varied}, added=(*task.added, *self.added))


@dataclass(frozen=True)
class Curriculum:
    """Stages in order; what they leave of a training is for the task itself."""

    stages: tuple[Stage, ...] = ()

    def stage(self, leg: int, legs: int) -> Stage | None:
        """Of leg 0, 1, ... of so many; None where the task itself is learned. So who is killed goes on in it."""
        end = 0.0
        for stage in self.stages:
            end += stage.share
            if leg < round(end * legs):
                return stage
        return None

    @property
    def final(self) -> Stage | None:
        """The last one, where they leave nothing of a training for the task itself."""
        return self.stages[-1] if self.stages and sum(stage.share for stage in self.stages) > 1 - 1e-9 else None
