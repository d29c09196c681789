"""All rows of all lanes as the environments of one shared policy: parameter sharing, as Stable-Baselines3 trains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from agents.learning.lane_processes import lanes_of
from agents.learning.lanes import LanesStep, seeds_of
from agents.learning.networks import ALL, OWN, PLACE
from agents.learning.tasks import Task

Shown = NDArray[np.float32] | dict[str, NDArray[np.float32]]


class SharedVecEnv(VecEnv):
    """Environment i is row i % rows of lane i // rows; its reward its own share of the team's."""

    render_mode = None

    def __init__(self, task: Task, lanes: int, jobs: int = 1, *, shows_all: bool = False, once: bool = False) -> None:
        """`jobs` are processes; who `shows_all` shows each row all rows of its lane, too.

        `once`: when all episodes are over, no others follow before a reset. Raises ScenarioError as Lanes.
        """
        self.lanes = lanes_of(task, lanes, jobs)
        shape = self.lanes.shape
        self.rows = len(shape.rows)
        own = spaces.Box(shape.features.low, shape.features.high, dtype=np.float32)
        self._once, self._shows_all, self._places = once, shows_all, np.tile(np.eye(self.rows, dtype=np.float32), (lanes, 1))
        super().__init__(lanes * self.rows, spaces.Dict({
            OWN: own, ALL: spaces.Box(np.tile(own.low, self.rows), np.tile(own.high, self.rows), dtype=np.float32),
            PLACE: spaces.Box(0.0, 1.0, (self.rows,), dtype=np.float32),
        }) if shows_all else own, spaces.Discrete(shape.actions))  # fmt: skip
        self._chosen: NDArray[np.int64] | None = None
        self._wanted: Sequence[int | None] = [None] * lanes
        self.task = task  # that episodes are of from the next reset on

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Lane i will be reset with seed + i."""
        self._wanted = seeds_of(seed, len(self.lanes))
        return [one for one in self._wanted for _ in range(self.rows)]

    def reset(self) -> Shown:
        """New episodes in all lanes."""
        seen = self.lanes.reset(self._wanted, None, self.task, self._once)
        self._wanted = [None] * len(self.lanes)
        return self._rows(seen)

    def step_async(self, actions: NDArray[np.int64]) -> None:
        """Take the actions."""
        self._chosen = np.asarray(actions, dtype=np.int64).reshape(len(self.lanes), self.rows)

    def step_wait(self) -> Any:
        """One tick of all."""
        assert self._chosen is not None, "step_async comes first"
        step = self.lanes.step(self._chosen)
        dones = np.repeat(step.ended, self.rows)
        return self._rows(step.observations), step.own.reshape(-1).astype(np.float32), dones, self._infos(step)

    def action_masks(self) -> NDArray[np.bool_]:
        """(environments, actions)."""
        return self.lanes.masks.reshape(self.num_envs, -1)

    def close(self) -> None:
        """End what was begun."""
        self.lanes.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Of the whole, for every environment asked about."""
        return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refused: environments of one policy are one."""
        raise AttributeError(f"{attr_name}: the environments of a shared policy have no attributes of their own")

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        """`action_masks` of each; there is no other."""
        if method_name != "action_masks":
            raise AttributeError(f"{method_name}: the environments of a shared policy have no methods of their own")
        return [self.action_masks()[place] for place in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:
        """None is."""
        return [False] * len(list(self._get_indices(indices)))

    def _rows(self, seen: NDArray[np.float32]) -> Shown:
        own = seen.reshape(self.num_envs, -1)
        return self.shown(own, np.repeat(seen.reshape(len(seen), -1), self.rows, axis=0), self._places) if self._shows_all else own

    @staticmethod
    def shown(own: NDArray[np.float32], all_rows: NDArray[np.float32], places: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """As the spaces have it."""
        return {OWN: own, ALL: all_rows, PLACE: places}

    def _infos(self, step: LanesStep) -> list[dict[str, Any]]:
        infos: list[dict[str, Any]] = []
        for lane, info in enumerate(step.infos):
            for place in range(self.rows):
                last = step.last.get(lane)
                ended = {} if last is None else {"TimeLimit.truncated": True, "terminal_observation": self._last(last, place)}
                infos.append(ended | ({"team": info} if place == 0 else {}))
        return infos

    def _last(self, seen: NDArray[np.float32], place: int) -> Shown:
        """Of a row where its episode ended."""
        return self.shown(seen[place], seen.reshape(-1), self._places[place]) if self._shows_all else seen[place]
