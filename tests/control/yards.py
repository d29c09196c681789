"""Worlds of pods and nodes in a few lines, and what became of their pods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scenarios.load import loads
from sim.mesh import Mesh

S = 1_000_000_000


def mesh(text: str, *changes: str, until_s: float = 0, engine: str = "reference", seed: int = 1) -> Mesh:
    """A running world of a text with some settings changed."""
    world = Mesh(loads(text, list(changes)), seed, engine)
    world.advance(round(until_s * S))
    return world


def at(world: Mesh, time_s: float, action: Callable[..., Any], *args: Any) -> Any:
    """Let the world run up to a time, then do something."""
    world.advance(round(time_s * S))
    return action(*args)


def phases(world: Mesh, service: str = "api") -> list[tuple[int | None, str]]:
    """(number, phase) of a service's pods, by order of creation."""
    return [(pod.number, str(pod.phase)) for pod in world.cluster.pods(service)]


def life(world: Mesh, number: int, service: str = "api") -> list[tuple[float, str]]:
    """(second, phase) of one pod since it started."""
    return [(e.time_ns / S, str(e.phase)) for e in world.cluster.log if (e.service, e.number) == (service, number)]


def entered(world: Mesh, phase: str, service: str = "api") -> dict[int | None, float]:
    """When each numbered pod last entered a phase, in seconds."""
    return {e.number: e.time_ns / S for e in world.cluster.log if (e.service, str(e.phase)) == (service, phase)}
