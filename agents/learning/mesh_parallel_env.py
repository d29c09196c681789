"""A task as many agents play it: one a row, all with what they see themselves (PettingZoo's parallel interface)."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.utils.seeding import np_random
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from agents.learning.observing import Features
from agents.learning.playing import Play, begun, played, shape_of
from agents.learning.rendering import rendered
from agents.learning.tasks import OPTIONS, frozen

Observation = dict[str, NDArray[Any]]
Flags = dict[str, bool]


class MeshParallelEnv(ParallelEnv[str, Observation, int]):
    """One agent a row; the reward of each is its share of the team's, to which all sum.

    An observation is {"observation": (features,) float32, "dt": (1,) float32 seconds since it last acted, "action_mask": (actions,)
    int8}. Agents with cadences of their own are asked when they wake: `infos[agent]["asked"]` says whether the next action of an agent
    counts; until it wakes its last one holds, and of its observation only dt moves. `state()` is what all see, one after the other, for a
    critic in training.
    """

    metadata = {"name": "parley_mesh", "render_modes": ["ansi", "rgb_array"], "is_parallelizable": True}

    def __init__(self, name: str, render_mode: str | None = None, engine: str = "fast", **task: Any) -> None:
        """As MeshEnv. Raises ScenarioError."""
        self.task, self.render_mode, self._engine = frozen(name).changed(**task), render_mode, engine
        self.metadata = type(self).metadata | {"name": f"parley_{name.lower().replace('-', '_')}"}
        shape = shape_of(self.task)
        self.possible_agents = list(shape.rows)
        self.agents: list[str] = []
        self.observation_spaces = {agent: _space(shape.features, shape.actions) for agent in self.possible_agents}
        self.action_spaces = {agent: spaces.Discrete(shape.actions) for agent in self.possible_agents}
        self._random, _ = np_random(None)
        self._play: Play | None = None

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """Of one agent: the same object at each call."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """Of one agent: the same object at each call."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Observation], dict[str, Any]]:
        """A new episode, as MeshEnv draws it from the same seed; other options are for others, as PettingZoo's tests hand them in."""
        if seed is not None:
            self._random, _ = np_random(seed)
        ours = {name: value for name, value in (options or {}).items() if name in OPTIONS}
        self._play = begun(self.task.drawn(self._random, ours), self._engine)
        self.agents = list(self.possible_agents)
        return self._seen(self._play), {agent: {"asked": bool(asked)} for agent, asked in zip(self.agents, self._play.asked, strict=True)}

    def step(self, actions: dict[str, int]) -> tuple[dict[str, Observation], dict[str, float], Flags, Flags, dict[str, Any]]:
        """One tick."""
        play, agents = self._playing(), self.agents
        reward = played(play, np.array([actions[agent] for agent in agents], dtype=np.int64))
        own, team = reward.shares, play.info(reward)
        infos = {agent: {"asked": bool(play.asked[place]), "team": team} for place, agent in enumerate(agents)}
        if play.is_over:
            self.agents = []
        return (self._seen(play), {agent: float(own[place]) for place, agent in enumerate(agents)}, dict.fromkeys(agents, False),
                dict.fromkeys(agents, play.is_over), infos)  # fmt: skip

    def state(self) -> NDArray[np.float32]:
        """(rows * features,)."""
        return self._playing().observations.reshape(-1).copy()

    def render(self) -> Any:
        """How things stand: a table, or a picture."""
        return rendered(self._playing(), self.render_mode)

    def close(self) -> None:
        """Nothing is held."""

    def _seen(self, play: Play) -> dict[str, Observation]:
        held_s = play.held_s
        return {agent: {"observation": play.observations[place].copy(), "dt": held_s[place : place + 1],
                        "action_mask": play.masks[place].astype(np.int8)}
                for place, agent in enumerate(self.possible_agents)}  # fmt: skip

    def _playing(self) -> Play:
        if self._play is None:
            raise RuntimeError("call reset() before anything else")
        return self._play


def _space(features: Features, actions: int) -> spaces.Space[Any]:
    seen = spaces.Box(features.low, features.high, dtype=np.float32)
    since = spaces.Box(0, np.inf, (1,), dtype=np.float32)
    return spaces.Dict({"observation": seen, "dt": since, "action_mask": spaces.MultiBinary(actions)})
