"""A task as Gymnasium plays it, as `parley:Scale-v0`: all rows of a mesh have one policy that sees what each of them sees."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from agents.learning.playing import Play, begun, played, shape_of
from agents.learning.rendering import rendered
from agents.learning.tasks import frozen

Observation = NDArray[np.float32]
Action = NDArray[np.int64]


class MeshEnv(gymnasium.Env[Observation, Action]):
    """One action of each row a step, and the reward of all.

    Observation: (rows * features,) float32, rows and features as the chair of the task has them (`task.kind.features`). Action:
    MultiDiscrete, an action of the task's set for each row. The episode is truncated at its horizon and never
    terminated, for whoever fails must not get away. `info` has the terms of the reward and what the guard changed;
    `action_masks()` what may be chosen.
    """

    metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}

    def __init__(self, name: str, render_mode: str | None = None, engine: str = "fast", **task: Any) -> None:
        """`name` is an id; `task` are words on the frozen task, as scenario="my.yaml" or actions="delta". Raises ScenarioError."""
        self.task, self.render_mode, self._engine = frozen(name).changed(**task), render_mode, engine
        self._play: Play | None = None
        shape = shape_of(self.task)
        self.rows, features, rows = shape.rows, shape.features, len(shape.rows)
        self.observation_space = spaces.Box(np.tile(features.low, rows), np.tile(features.high, rows), dtype=np.float32)
        self.action_space = spaces.MultiDiscrete([shape.actions] * rows)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Observation, dict[str, Any]]:
        """A new episode, drawn from the seed; options may name its `scenario` and its mesh's `seed`."""
        super().reset(seed=seed)
        self._play = begun(self.task.drawn(self.np_random, options or {}), self._engine)
        return self._play.observations.reshape(-1).copy(), {"seed": self._play.episode.seed}

    def step(self, action: Action) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """One tick."""
        play = self._playing()
        reward = played(play, np.asarray(action, dtype=np.int64))
        return play.observations.reshape(-1).copy(), reward.total, False, play.is_over, play.info(reward)

    def action_masks(self) -> NDArray[np.bool_]:
        """(rows * actions,) those that lead within the bounds, as MaskablePPO asks for them."""
        return self._playing().masks.reshape(-1).copy()

    def render(self) -> Any:
        """How things stand: a table, or a picture."""
        return rendered(self._playing(), self.render_mode)

    def _playing(self) -> Play:
        if self._play is None:
            raise gymnasium.error.ResetNeeded("call reset() before anything else")
        return self._play
