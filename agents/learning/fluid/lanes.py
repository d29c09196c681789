"""Lanes of fluids: the same task, observations, actions and rewards as lanes of requests, thousands of decisions faster."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.learning.fluid.meshes import FluidMeshes, FluidTick
from agents.learning.fluid.rule import Shown, as_if, rules_of
from agents.learning.fluid.worlds import Floats, FluidWorld, fluid_world
from agents.learning.lanes import LanesStep
from agents.learning.observing import FRAMES
from agents.learning.playing import Shape, first_tick
from agents.learning.scaling.actions import ScaleActions
from agents.learning.scaling.features import SCALING
from agents.learning.scaling.guard import Guard
from agents.learning.scaling.measuring import Measured
from agents.learning.scaling.reward import reward_of
from agents.learning.tasks import Task
from agents.learning.watched import GROWTH_TICKS
from scenarios.errors import ScenarioError
from scenarios.schema.units import NS_PER_S
from sim.telemetry import Integers


@dataclass(frozen=True)
class FluidSights:
    """What all services of all lanes see (`Sighted`): arrays (lanes, services)."""

    now_ns: int
    replicas: Integers
    asked: Integers
    proposed: Integers
    ready: Integers
    starting: Integers
    used_millicores: Floats
    request_millicores: Floats
    utilization: Floats
    rate: Floats
    rate_before: Floats
    concurrency: Floats
    latency_s: Floats
    objective_s: Floats
    lateness: Floats
    startup_s: Floats
    age_ticks: float = 0.0  # figures are those of the tick before, and known at once


class FluidLanes:
    """As Lanes, with episodes that begin and end together."""

    def __init__(self, task: Task, lanes: int) -> None:
        """Raises ScenarioError for what a fluid cannot stand for."""
        if task.chair != "scaling":
            raise ScenarioError(f"fidelity: a fluid stands for the chair scaling, not for {task.chair}; take requests")
        if task.windows:
            raise ScenarioError("windows: in a fluid all episodes begin together; take requests, or vary the peak_at of the day")
        assert isinstance(task.action_set, ScaleActions), "of this chair"
        self.task, self._actions = task, task.action_set
        world = fluid_world(task.drawn(np.random.default_rng(0), {}).world, 0)
        self.shape = Shape(world.services, len(self._actions), _horizon(task, world), SCALING)
        self._random = [np.random.default_rng() for _ in range(lanes)]

    def __len__(self) -> int:
        return len(self._random)

    def reset(self, seeds: Sequence[int | None], options: Mapping[str, Any] | None = None, task: Task | None = None,
              once: bool = False) -> NDArray[np.float32]:  # fmt: skip
        """As Lanes. Raises ScenarioError for what a fluid cannot stand for."""
        self.task, self._once = task or self.task, once
        self._random = [mine if seed is None else np.random.default_rng(seed) for mine, seed in zip(self._random, seeds, strict=True)]
        episodes = [self.task.drawn(random, options or {}) for random in self._random]
        self._meshes = FluidMeshes([fluid_world(episode.world, episode.seed) for episode in episodes])
        worlds, self._proposed = self._meshes.worlds, self._meshes.asked
        self._rules = rules_of([world.rules for world in worlds])
        self._guard = Guard(self._rules.least, self._rules.most)
        self._rates, self._ticks, frame = deque[Floats](maxlen=GROWTH_TICKS + 1), 0, None
        self._tick_ns, self._warmup_ns = worlds[0].tick_ns, worlds[0].scenario.warmup
        while frame is None or self._meshes.tick * self._tick_ns < self._warmup_ns:
            if frame is not None:
                self._scale(self._sights.proposed)
            self._go_on()
            new = SCALING.frames(self._sights)
            frame = np.repeat(new[:, :, None], FRAMES, axis=2) if frame is None else _shifted(frame, new)
        self._frames = frame
        return self.observations

    def step(self, chosen: NDArray[np.int64]) -> LanesStep:
        """As Lanes."""
        wanted = np.take_along_axis(self._wanted, np.asarray(chosen)[:, :, None], axis=2)[:, :, 0]
        passed = self._guard.held(wanted, self._sights).astype(np.int64)
        guarded = passed != wanted
        before = self._meshes.asked
        self._scale(passed)
        tick = self._go_on()
        self._frames = _shifted(self._frames, SCALING.frames(self._sights))
        self._ticks += 1
        rewards = [reward_of(self._measured(lane, tick, before), self.task.weights) for lane in range(len(self))]
        infos = [{"reward_terms": dict(reward.terms), "slo_violation": reward.violated, **reward.facts,
                  "guard": {self.shape.rows[row]: "held" for row in np.flatnonzero(guarded[lane])}}
                 for lane, reward in enumerate(rewards)]  # fmt: skip
        is_over, last = self._ticks >= self.shape.ticks, {}
        if is_over:
            last = dict(enumerate(self.observations))
            if not self._once:
                self.reset([None] * len(self))
        return LanesStep(self.observations, np.array([reward.total for reward in rewards]), np.stack([reward.shares for reward in rewards]),
                         np.full(len(self), is_over), last, infos)  # fmt: skip

    @property
    def observations(self) -> NDArray[np.float32]:
        """(lanes, rows, FRAMES * features) as they are."""
        return self._frames.reshape(*self._frames.shape[:2], -1)

    @property
    def masks(self) -> NDArray[np.bool_]:
        """(lanes, rows, actions) that may be chosen."""
        return self._actions.mask(self._wanted, self._rules.least, self._rules.most)

    def close(self) -> None:
        """Nothing is held."""

    def _scale(self, pods: Integers) -> None:
        self._meshes.scale(pods)

    def _go_on(self) -> FluidTick:
        meshes, ready = self._meshes, self._meshes.ready
        tick = meshes.go_on()
        milli = np.floor(tick.visits * 1000 / (self._tick_ns / NS_PER_S))
        self._rates.append(milli / 1000)
        shares = tick.class_p99_s / meshes.objective[:, :, 1]
        worst = np.where(meshes.comes_to & (tick.offered > 0)[:, :, None], shares[:, :, None], -1.0).max(axis=1)
        came, counted = tick.visits > 0, np.minimum(ready, meshes.ready)
        shown = Shown(milli, tick.utilization * counted * meshes.cores * 1000, meshes.cores * 1000, counted,
                      meshes.ready + meshes.starting - counted)  # fmt: skip
        self._proposed = self._rules.proposed(as_if(shown, meshes.asked, self._proposed), self._proposed)
        self._sights = FluidSights(
            now_ns=meshes.tick * self._tick_ns, replicas=meshes.asked, asked=np.maximum(meshes.asked, 1),
            proposed=self._proposed, ready=meshes.ready, starting=meshes.starting,
            used_millicores=tick.utilization * meshes.ready * meshes.cores * 1000, request_millicores=meshes.cores * 1000,
            utilization=np.where(meshes.ready > 0, tick.utilization, np.nan), rate=self._rates[-1], rate_before=self._rates[0],
            concurrency=tick.concurrency, latency_s=np.where(came, tick.visit_p95_s, np.nan),
            objective_s=meshes.strictest_s, startup_s=meshes.startup_s, lateness=np.where(worst > 0, worst, np.nan),
        )  # fmt: skip
        self._wanted = self._actions.pods(self._sights)
        return tick

    def _measured(self, lane: int, tick: FluidTick, before: Integers) -> Measured:
        now, asked = self._meshes.tick, self._meshes.asked[lane]
        ideal = np.maximum(self._rules.least[lane], self._meshes.worlds[lane].ideal[now - 1] / self._meshes.cores[lane])
        offered, failed = (np.rint(one[lane]).astype(np.int64) for one in (tick.offered, tick.failed))
        return Measured((now - 1) * self._tick_ns, now * self._tick_ns, offered, failed, tick.lateness[lane],
                        (tick.waiting_s[lane] * NS_PER_S).astype(np.int64), asked, np.abs(asked - before[lane]), ideal)  # fmt: skip


def _horizon(task: Task, world: FluidWorld) -> int:
    """As many as whole ticks are left: what a tick came to is known at its end."""
    return min(task.ticks, world.scenario.duration // world.tick_ns - first_tick(world.scenario, world.tick_ns))


def _shifted(frames: NDArray[np.float32], newest: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([newest[:, :, None], frames[:, :, :-1]], axis=2)
