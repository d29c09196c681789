"""A policy that left training, and all that is made of it, each when a target asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from agents.learning.bundles.described import (
    FEATURE_LINES,
    GUARD,
    Against,
    Described,
    Judged,
    Losses,
    Provenance,
    TaskLine,
    action_table,
)
from agents.learning.bundles.playing import Played, played
from agents.learning.bundles.vectors import Vectors
from agents.learning.chair import ActionSet
from agents.learning.judging import following
from agents.learning.observing import FRAMES
from agents.learning.tasks import SCALE_V0, Task
from parley.errors import UsageError
from parley.exporting.inputs import golden, margins, region, statistics
from parley.runs.running import scenario_digest
from parley.statistics.intervals import difference
from scenarios.load import load

if TYPE_CHECKING:
    from agents.learning.bundles.distilling import Fitted
    from agents.learning.bundles.trained import Trained

MEETING = range(910_001, 910_005)  # seeds of episodes on which inputs are gathered and trees fitted
HELD_OUT = range(920_001, 920_009)  # and of those on which losses are measured
CLEAR = 1e-4  # of logits: beyond it, a graph and its network choose alike or something is wrong
LEAVES = 16


@dataclass(frozen=True)
class Wishes:
    """How a policy is exported."""

    leaves: int = LEAVES
    episodes: int = len(HELD_OUT)  # on which losses are measured
    jobs: int = 2


class Finished:
    """One policy of a training."""

    def __init__(self, name: str, trained: Trained, task: Task, training: Provenance, wishes: Wishes) -> None:
        self.name, self.trained, self.task, self.training, self.wishes = name, trained, task, training, wishes

    @property
    def actions(self) -> ActionSet:
        """What it may do."""
        return self.task.action_set

    @cached_property
    def met(self) -> Played:
        """What it meets on worlds of its task."""
        return played(self.task, MEETING, self.trained.decides, self.wishes.jobs)

    @cached_property
    def graph(self) -> bytes:
        """policy.onnx, seen to choose as the network does on all that was met. Raises UsageError where it does not."""
        from agents.learning.bundles.graph import graph_of
        from agents.learning.bundles.session import Session

        made = graph_of(self.trained.network)
        seen, masks = self.met.observations, self.met.masks
        differs = Session(made).actions(seen, masks) != self.trained.decides(seen, masks)
        if (wrong := int((differs & (margins(self.trained.logits(seen), masks) > CLEAR)).sum())) > 0:
            raise UsageError(f"the graph of this policy chooses otherwise than its network on {wrong} of {len(seen)} observations")
        return made

    @cached_property
    def fitted(self) -> Fitted:
        """Its tree."""
        from agents.learning.bundles.distilling import distilled

        return distilled(self.task, self.trained, self.met, self.wishes.leaves, self.wishes.jobs)

    @cached_property
    def golden(self) -> Vectors:
        """What every consumer must choose."""
        return golden(self.met, self.trained)

    @cached_property
    def losses(self) -> Losses:
        """Rule, policy and tree on held-out episodes."""
        follows = following(self.task)
        if follows is None:
            raise UsageError(f"the actions {self.actions.name!r} have none that follows the rule, so there is nothing to measure against")
        tree, seeds = self.fitted.tree, HELD_OUT[: self.wishes.episodes]
        rule, policy, by_tree = (played(self.task, seeds, one, self.wishes.jobs) for one in (follows, self.trained.decides, tree.decides))
        alike = self.trained.decides(by_tree.observations, by_tree.masks) == tree.decides(by_tree.observations, by_tree.masks)
        return Losses(
            seeds=tuple(seeds), rule=_judged(rule), policy=_judged(policy), tree=_judged(by_tree),
            policy_over_rule=_against(_rewards(rule), _rewards(policy)), tree_over_policy=_against(_rewards(policy), _rewards(by_tree)),
            leaves=tree.file.leaves, agreement=float(alike.mean()),
        )  # fmt: skip

    @cached_property
    def described(self) -> Described:
        """policy.json."""
        seats = self.task.seats(self.task.drawn(np.random.default_rng(0), {}).world)
        return Described(
            format=1, name=self.name, chair="scaling", frames=FRAMES, features=FEATURE_LINES,
            actions=action_table(self.actions.name), guard=GUARD, tick_s=seats.cadence_ns / 1e9,
            task=task_line(self.task), training=self.training, inputs=statistics(self.met),
            safe_region=region(self.met), measured=self.losses,
        )  # fmt: skip


def task_line(task: Task) -> TaskLine:
    """A task as policy.json names it."""
    return TaskLine(
        id="parley:Scale-v0" if task == SCALE_V0 else None, scenario=task.scenario, scenario_sha256=scenario_digest(load(task.scenario)),
        ticks=task.ticks, varied={path: f"{one.low:g}..{one.high:g}{one.unit}" for path, one in task.varied.items()},
        weights={name: float(value) for name, value in vars(task.weights).items()},
    )  # fmt: skip


def _judged(found: Played) -> Judged:
    violation, pods = (float(np.mean([getattr(one, name) for one in found.scores])) for name in ("violation", "pods"))
    return Judged(reward=found.reward, violation=violation, pods=pods, rewards=tuple(_rewards(found)))


def _rewards(found: Played) -> list[float]:
    return [one.reward for one in found.scores]


def _against(first: Sequence[float], second: Sequence[float]) -> Against:
    made = difference(first, second, same_seeds=True)
    return Against(difference=made.difference, half_width=made.half_width if len(first) > 1 else None)
