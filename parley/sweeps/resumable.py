"""What an experiment over many cells has that is gone on with until a summary says what came of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, Self

from parley.errors import FolderError
from parley.storage.experiments import Experiment
from parley.sweeps.sweeping import Told, require_laws


class Resumable(Experiment, ABC):
    """One whose last file is its summary, as its folder tells it."""

    @cached_property
    def findings(self) -> dict[str, Any]:
        """All that came of it. Raises FolderError before it is finished."""
        if self.kept is None:
            raise FolderError(f"{self.path}: is not finished; `{self.resume_command(self.path)}` goes on")
        return self.kept

    def resume(self, *, jobs: int | None = None, told: Told | None = None) -> Self:
        """Go on where it was stopped or killed; of a finished one nothing is left to do. Raises as what began it, Interrupted on Ctrl-C."""
        if self.is_finished:
            return self
        require_laws(self.path, self.manifest)
        return self.go_on(jobs, told)

    @abstractmethod
    def go_on(self, jobs: int | None, told: Told | None) -> Self:
        """Compute what is missing, and write what came of it."""
