"""What has a least and a most number of pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.words import Whole


class Bounded(Part):
    """Between a least and a most."""

    if TYPE_CHECKING:  # fields of those that it is, each with its own words and in its own place
        min: Whole
        max: Whole

    @model_validator(mode="after")
    def _in_order(self) -> Bounded:
        if self.min > self.max:
            raise ValueError(f"min ({self.min}) is more than max ({self.max})")
        return self


def fewest(at: str, world: str = "planners", says: str = "pods at least") -> Any:
    """The field `min` of a planner whose witness is the one at a place of a world."""
    return field(1, says=says, ge=1, le=100_000, seen=Witness(world, f"{at}.min", (1, 3)))


def most(at: str, world: str = "planners", says: str = "pods at most") -> Any:
    """The field `max` of such a planner."""
    return field(says=says, ge=1, le=100_000, seen=Witness(world, f"{at}.max", (8, 2)))
