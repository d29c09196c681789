"""What differs from task to task: who sits, what they see, what they may do, how that is done, and what a tick was worth.

A `Chair` says so for a kind of task; its `Seats` are those of one mesh. All else (who is asked when, meshes beside each other,
environments, judging, training, pictures) asks these and knows nothing of pods or weights.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.control_plane import ControlPlane
from agents.learning.observing import Features, Observation
from agents.learning.reward import Reward, Weights
from agents.policy import Policy
from scenarios.errors import ScenarioError
from scenarios.naming import suggestion
from scenarios.schema.scenario import Scenario
from sim.clock import ControlPhase

MIND = "policy"  # as decisions name who took them


@dataclass(frozen=True)
class ActionSet:
    """A table of actions, the same for each row."""

    name: str
    labels: tuple[str, ...]
    follows: int | None  # the action that leaves things to the world's own rule; None where none does

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Look:
    """A row that waits for its action."""

    row: str
    now_ns: int
    observation: Observation  # (FRAMES * features,)
    mask: NDArray[np.bool_]  # (actions,) those that may be chosen


Told = Callable[[Look], None]


class Seats(ABC):
    """The rows of one mesh."""

    rows: tuple[str, ...]  # in the order of observations, actions and shares
    cadence_ns: int  # between two decisions, the shortest
    minds: Mapping[str, Policy] = {}  # for agents of the control plane, by their seats; none where rows are no agents of it

    def sit(self, plane: ControlPlane, told: Told) -> None:
        """Take part in a control plane that was made with `minds`; whoever looks from the end of the warm-up on tells it."""
        self.plane, self.told = plane, told

    @abstractmethod
    def act(self, looks: Sequence[Look], chosen: Sequence[int]) -> dict[str, str]:
        """Carry out an action for each look, in order of rows; by row what a guard changed, and why."""

    @abstractmethod
    def follow(self, looks: Sequence[Look]) -> None:
        """Let the world's own rule decide."""

    def look_back(self) -> None:
        """All look once more, at the end of a world, as if they were asked: minds with their rules, whose verdicts nobody carries out."""
        for seat, mind in self.minds.items():
            mind.decide(self.plane.view(self.plane.seats[seat]))

    @abstractmethod
    def begin(self) -> None:
        """What happens is measured from here on."""

    @abstractmethod
    def measure(self) -> Reward:
        """What came of it since the last time."""


class RowByRow(Seats):
    """Rows whose actions say nothing of each other: each is carried out alone."""

    def act(self, looks: Sequence[Look], chosen: Sequence[int]) -> dict[str, str]:
        """One after the other."""
        changed = {look.row: self.carry_out(look, action) for look, action in zip(looks, chosen, strict=True)}
        return {row: why for row, why in changed.items() if why}

    @abstractmethod
    def carry_out(self, look: Look, action: int) -> str:
        """What a guard changed, and why; nothing where all is well."""


class TimedSeats(Seats):
    """Rows without agents of their own: all look at the multiples of one interval."""

    def __init__(self, world: Scenario, every_ns: int) -> None:
        self.world, self.cadence_ns = world, every_ns

    def sit(self, plane: ControlPlane, told: Told) -> None:
        """Look for the first time one interval from now."""
        super().sit(plane, told)
        plane.clock.after(self.cadence_ns, ControlPhase.WAKE, MIND, self._wake)

    @abstractmethod
    def look(self) -> Sequence[Look]:
        """What each row sees now."""

    def follow(self, looks: Sequence[Look]) -> None:
        """All stays as the file has it."""

    def look_back(self) -> None:
        """As at every tick."""
        for look in self.look():
            self.told(look)

    def _wake(self) -> None:
        clock = self.plane.clock
        clock.after(self.cadence_ns, ControlPhase.WAKE, MIND, self._wake)
        looks = self.look()
        if clock.now_ns >= self.world.warmup:
            for look in looks:
                self.told(look)


def with_guard(reason: str, changed: str) -> str:
    """Why something was decided, and what a guard then changed."""
    return f"{reason}; guard: {changed}" if changed else reason


@dataclass(frozen=True)
class Column:
    """Of the table that `ansi` prints."""

    heading: str
    width: int
    text: Callable[[dict[str, float]], str]  # of the newest look of a row, by feature


@dataclass(frozen=True)
class Chair:
    """A kind of task."""

    name: str  # as `parley train --chair` says it
    features: Features
    action_sets: Mapping[str, ActionSet]  # the first is the usual one
    seated: Callable[[Scenario, ActionSet, Weights, int | None], Seats]  # raises ScenarioError; no interval: the usual one
    columns: tuple[Column, ...]
    bars: Callable[[dict[str, float]], tuple[float, ...]]  # lengths in the picture from pale to red, 1 being all of its width

    def actions(self, name: str | None) -> ActionSet:
        """A set of it; the usual one where none is named. Raises ScenarioError."""
        if name is None:
            return next(iter(self.action_sets.values()))
        if name not in self.action_sets:
            raise ScenarioError(f"actions: {name!r} is not one of {', '.join(self.action_sets)}{suggestion(name, self.action_sets)}")
        return self.action_sets[name]
