"""Actions on a running world: who is meant, whether it can be done, and what it comes to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

from agents.decision import Decision
from parley.errors import UsageError
from parley.interventions.actions import OF_FILE, Action, Drain, Fail, Kill, Lever, Lose, Scale, Slow
from scenarios.naming import suggestion
from sim.clock import ControlPhase
from sim.draws import FAULT, family_key, unit
from sim.laws.failing import is_struck
from sim.mesh import Mesh
from sim.platform.conditions import Ailment
from sim.platform.pods import Pod
from sim.platform.scheduling import Node

MIND = "whatif"  # of the rows of decisions/ that say what was done from outside


def require_possible(mesh: Mesh, action: Action) -> None:
    """Whether there is now whom the action means. Raises UsageError."""
    match action:
        case Kill():
            _killed(mesh, action)
        case Drain() | Lose():
            _nodes(mesh, action)


def pull(mesh: Mesh, action: Action) -> Decision | None:
    """Do it now; a row that tells of it, in pods before and after. What changes the file is done already."""
    if isinstance(action, OF_FILE):
        return None
    before, after = _PULLS[type(action)](mesh, action)
    place = action.place if isinstance(action, Drain | Lose) else action.service
    return Decision(mesh.clock.now_ns, "what-if", place, MIND, before, None, after, str(action), applied=True)


Figures = tuple[int, int]


def _scale(mesh: Mesh, action: Scale) -> Figures:
    before = mesh.cluster.replicas(action.service)
    mesh.cluster.scale(action.service, action.target(before))
    return before, action.target(before)


def _kill(mesh: Mesh, action: Kill) -> Figures:
    before, dying = len(_serving(mesh, action.service)), _killed(mesh, action)
    for pod in dying:
        assert pod.number is not None
        mesh.cluster.crash(pod.service, pod.number)
    return before, before - len(dying)


def _afflict(mesh: Mesh, action: Slow | Fail) -> Figures:
    """As a fault that begins and has no end: F1 says whom it strikes, those started later included."""
    offset = unit(family_key(mesh.seed, "fault", str(action)), FAULT, 0)
    ailment = Ailment(slow=action.factor) if isinstance(action, Slow) else Ailment(errors=action.rate)

    def upon(pod: Pod) -> Iterator[Ailment]:
        if pod.service == action.service and pod.number is not None and is_struck(pod.number, action.share, offset):
            yield ailment

    conditions = mesh.cluster.conditions
    conditions.causes.append(upon)
    conditions.refresh(mesh.cluster.pods(action.service))
    desired = mesh.cluster.replicas(action.service)
    return desired, desired


def _drain(mesh: Mesh, action: Drain) -> Figures:
    nodes = _nodes(mesh, action)
    before = _pods_on(mesh, nodes)
    mesh.nodes.drain(nodes)
    return before, _pods_on(mesh, nodes)


def _lose(mesh: Mesh, action: Lose) -> Figures:
    nodes, cause = _nodes(mesh, action), f"what-if/{action}"
    before = _pods_on(mesh, nodes)
    for node in nodes:
        mesh.nodes.lose(node, cause)
    if action.for_ns is not None:
        mesh.clock.after(action.for_ns, ControlPhase.MESSAGE, cause, partial(_restore, mesh, nodes, cause))
    return before, 0


def _restore(mesh: Mesh, nodes: list[Node], cause: str) -> None:
    for node in nodes:
        mesh.nodes.restore(node, cause)


_PULLS: dict[type[Lever], Callable[..., Figures]] = {
    Scale: _scale, Kill: _kill, Slow: _afflict, Fail: _afflict, Drain: _drain, Lose: _lose,
}  # fmt: skip


def _serving(mesh: Mesh, service: str) -> list[Pod]:
    return sorted((pod for pod in mesh.cluster.pods(service) if pod.is_serving), key=lambda pod: pod.number or 0)


def _killed(mesh: Mesh, action: Kill) -> list[Pod]:
    serving = _serving(mesh, action.service)
    if not serving:
        raise UsageError(f"{action}: {action.service} has no serving pod then")
    if action.pod is not None:
        chosen = [pod for pod in serving if pod.number == action.pod]
        if not chosen:
            there = ", ".join(str(pod.number) for pod in serving[:20])
            raise UsageError(f"{action}: {action.service} has no serving pod {action.pod} then; it has {there}")
        return chosen
    return serving[: 1 if action.share is None else math.ceil(action.share * len(serving))]


def _nodes(mesh: Mesh, action: Drain | Lose) -> list[Node]:
    """The node of that name, else those of the zone, else (to be lost) of the region."""
    nodes, regions = mesh.cluster.nodes, mesh.scenario.cluster.regions
    if not nodes:
        raise UsageError(f"{action}: this world has no nodes (cluster.nodes) then; Kill(service, 50%) takes pods away")
    zones = regions[action.place] if isinstance(action, Lose) and action.place in regions else [action.place]
    chosen = [node for node in nodes if node.name == action.place] or [node for node in nodes if node.zone in zones]
    if not chosen:
        wide = regions if isinstance(action, Lose) else ()
        names = [*dict.fromkeys(node.zone for node in nodes), *wide, *(node.name for node in nodes)]
        hint = suggestion(action.place, names) or f"; there are {', '.join(names[:12])}{', ...' if len(names) > 12 else ''}"
        raise UsageError(f"{action}: there is no node or zone {action.place!r} then{hint}")
    return chosen


def _pods_on(mesh: Mesh, nodes: list[Node]) -> int:
    return sum(pod.is_serving for node in nodes for pod in mesh.cluster.on_node(node))
