"""Lanes shared among processes: control is Python, so that threads would wait for each other.

Each process has a stretch of the lanes. What goes between them is actions one way and steps the other, a few kilobytes a tick.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Mapping, Sequence
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.learning.fluid.lanes import FluidLanes
from agents.learning.lanes import Lanes, LanesStep
from agents.learning.tasks import Task
from scenarios.errors import ParleyError

RARELY = (50_000, 50, 100)  # allocations between two looks for garbage, by generation
DIE_S = 5.0  # for a process to end when it is told to


class LanesDied(ParleyError):
    """A process that had lanes is gone, as where memory is short."""

    exit_code = 4


class LaneProcesses:
    """As Lanes, in several processes."""

    def __init__(self, task: Task, lanes: int, jobs: int) -> None:
        """Raises ScenarioError where nobody can sit in the world of the task."""
        self.task, self.shape = task, _lanes(task, 1).shape
        bounds = np.linspace(0, lanes, min(jobs, lanes) + 1).astype(int).tolist()
        self._stretches = [slice(begin, end) for begin, end in pairwise(bounds)]
        self._count, context = lanes, get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        for stretch in self._stretches:
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, task, stretch.stop - stretch.start), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        self.masks: NDArray[np.bool_] = np.ones((lanes, len(self.shape.rows), self.shape.actions), dtype=np.bool_)

    def __len__(self) -> int:
        return self._count

    def reset(self, seeds: Sequence[int | None], options: Mapping[str, Any] | None = None, task: Task | None = None,
              once: bool = False) -> NDArray[np.float32]:  # fmt: skip
        """As Lanes. Raises LanesDied, and what a world is refused for."""
        told = self._all("reset", [(list(seeds[stretch]), options, task, once) for stretch in self._stretches])
        return np.concatenate([seen for seen, _ in told])

    def step(self, chosen: NDArray[np.int64]) -> LanesStep:
        """As Lanes. Raises LanesDied."""
        told = self._all("step", [(chosen[stretch],) for stretch in self._stretches])
        steps: list[LanesStep] = [step for step, _ in told]
        stretches = zip(self._stretches, steps, strict=True)
        last = {stretch.start + lane: seen for stretch, step in stretches for lane, seen in step.last.items()}
        return LanesStep(
            np.concatenate([step.observations for step in steps]), np.concatenate([step.rewards for step in steps]),
            np.concatenate([step.own for step in steps]), np.concatenate([step.ended for step in steps]), last,
            [info for step in steps for info in step.infos],
        )  # fmt: skip

    def close(self) -> None:
        """End the processes."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(DIE_S)
            if process.is_alive():
                process.kill()

    def _all(self, what: str, several: Sequence[tuple[Any, ...]]) -> list[tuple[Any, NDArray[np.bool_]]]:
        try:
            for pipe, args in zip(self._pipes, several, strict=True):
                pipe.send((what, args))
            told = [pipe.recv() for pipe in self._pipes]
        except (EOFError, BrokenPipeError, ConnectionResetError) as fault:
            raise LanesDied("a process with lanes of the training is gone; take fewer lanes, or fewer jobs, if memory is short") from fault
        for one, _ in told:
            if isinstance(one, BaseException):
                raise one
        self.masks = np.concatenate([masks for _, masks in told])
        return told


def _serve(pipe: Connection, task: Task, lanes: int) -> None:
    """In a process of its own: Ctrl-C is for whoever started it, and so is the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(*RARELY)  # meshes live long and are no garbage: to look through them after every tick takes a tenth of the time
    made = _lanes(task, lanes)
    while True:
        try:
            what, args = pipe.recv()
        except EOFError:
            return
        try:
            found: Any = made.reset(*args) if what == "reset" else made.step(*args)
            pipe.send((found, made.masks))
        except Exception as fault:
            pipe.send((fault, None))
            if not isinstance(fault, ParleyError):
                raise  # a mistake of ours: here is where it can be seen


AnyLanes = Lanes | FluidLanes | LaneProcesses


def lanes_of(task: Task, lanes: int, jobs: int) -> AnyLanes:
    """In this process, or in several, at the task's fidelity. Raises ScenarioError."""
    return LaneProcesses(task, lanes, jobs) if jobs > 1 and lanes > 1 else _lanes(task, lanes)


def _lanes(task: Task, lanes: int) -> Lanes | FluidLanes:
    return FluidLanes(task, lanes) if task.fidelity == "fluid" else Lanes(task, lanes)
