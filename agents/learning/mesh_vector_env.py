"""Many meshes a step, for whoever trains: as Gymnasium's vector environments are, and as Stable-Baselines3's.

Both start the next episode in the step in which one ends (Gymnasium's SAME_STEP); how the last one ended stands in `final_obs` of
the one, in `terminal_observation` and `TimeLimit.truncated` of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from agents.learning.lane_processes import lanes_of
from agents.learning.lanes import seeds_of
from agents.learning.tasks import frozen


class MeshVectorEnv(gymnasium.vector.VectorEnv[NDArray[np.float32], NDArray[np.int64], NDArray[Any]]):
    """Lane i, seeded with s + i, is MeshEnv seeded with s + i."""

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}

    def __init__(self, name: str, num_envs: int = 1, jobs: int = 1, **task: Any) -> None:
        """`jobs` are processes; `name` and `task` are as of MeshEnv. Raises ScenarioError."""
        self.num_envs, self._lanes = num_envs, lanes_of(frozen(name).changed(**task), num_envs, jobs)
        features, rows = self._lanes.shape.features, len(self._lanes.shape.rows)
        self.single_observation_space = spaces.Box(np.tile(features.low, rows), np.tile(features.high, rows), dtype=np.float32)
        self.single_action_space = spaces.MultiDiscrete([self._lanes.shape.actions] * rows)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(self, *, seed: int | Sequence[int | None] | None = None,
              options: dict[str, Any] | None = None) -> tuple[NDArray[np.float32], dict[str, Any]]:  # fmt: skip
        """New episodes in all lanes."""
        return self._flat(self._lanes.reset(seeds_of(seed, self.num_envs), options)), {}

    def step(self, actions: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """One tick of all."""
        step = self._lanes.step(np.asarray(actions, dtype=np.int64))
        infos: dict[str, Any] = {}
        for lane, info in enumerate(step.infos):
            infos = self._add_info(infos, info if lane not in step.last else {"final_info": info}, lane)
        if step.last:
            infos["final_obs"] = np.full(self.num_envs, None, dtype=object)
            for lane, seen in step.last.items():
                infos["final_obs"][lane] = seen.reshape(-1)
            infos["_final_obs"] = step.ended
        return self._flat(step.observations), step.rewards, np.zeros(self.num_envs, dtype=np.bool_), step.ended, infos

    def close_extras(self, **_: Any) -> None:
        """End what was begun."""
        self._lanes.close()

    def _flat(self, observations: NDArray[np.float32]) -> NDArray[np.float32]:
        return observations.reshape(self.num_envs, -1)
