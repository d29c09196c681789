"""What a calibration and an evaluation have in common: the families and controllers of a file."""

from __future__ import annotations

from functools import cached_property

from parley.evaluations.files import EvaluationFile, parsed
from parley.sweeps.resumable import Resumable


class OverFamilies(Resumable):
    """An experiment over the families of an evaluation, as its folder tells it."""

    @cached_property
    def file(self) -> EvaluationFile:
        """Whose families and controllers they are."""
        return parsed(self.manifest["evaluation"])
