"""A policy as plain HorizontalPodAutoscalers: nothing new runs in a cluster, and what that costs is measured.

On what the policy met, a simulated HPA of each service is fitted to the pods that the policy asked for: a target of CPU and a window for
scaling down, by the mean distance in doublings (too few pods count twice). What is fitted follows one service at a time, so all targets
are then tried lower and higher together in the mesh itself, and the best is kept. On held-out episodes it is measured beside rule and
policy.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.autoscaling.manifest_files import manifest_of
from agents.autoscaling.minds.hpa import HpaPolicy
from agents.learning.bundles.described import Losses
from agents.learning.bundles.playing import Played, played
from agents.learning.judging import following
from agents.learning.scaling.features import FEATURES
from agents.policy import PodView, View
from parley.errors import UsageError
from parley.exporting.finished import HELD_OUT, MEETING, Finished
from parley.manifests.documents import Leaving
from parley.statistics.intervals import difference
from parley.wording import number, signed
from scenarios.load import load
from scenarios.schema.hpa import Hpa
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from scenarios.writing import as_data, yaml_of
from sim.commands import Scale

TARGETS = tuple(range(30, 100, 5))  # percent of the CPU requested
WINDOWS_S = (0, 60, 300)  # stabilization of scaling down
WINDOW_S = 60  # while a target is sought
FITTED_ON = 2  # episodes
FACTORS = (0.8, 0.9, 1.0, 1.1)  # on all targets together
TOO_FEW = 2.0  # times as bad as too many
REQUEST = 1000  # milli-cores of a pod, where only the share in use matters


@dataclass(frozen=True)
class Met:
    """What one service met in one episode, tick by tick."""

    used: NDArray[np.float64]  # (ticks,) CPU, in requests of a pod
    pods: NDArray[np.int64]  # (ticks,) asked for


def hpa(policy: Finished) -> Leaving:
    """One manifest of each service. Raises UsageError where a service requests no CPU, of which an HPA would be a share."""
    world = load(policy.task.scenario)
    services = sorted(name for name in world.services if (scaling := world.minds(name).scaling) is not None and scaling.fixed is None)
    if lacking := [name for name in services if not world.services[name].resources.requests.cpu]:
        raise UsageError(f"services.{lacking[0]}: requests no CPU, and an HPA aims at a share of that; give it resources.requests.cpu")
    fitted = {name: _fitted(_paths(policy.met, services, name)[:FITTED_ON], *_bounds(world, name)) for name in services}
    best = max((_scaled(fitted, factor) for factor in FACTORS), key=lambda one: _played(policy, world, one, MEETING).reward)
    found = _played(policy, world, best, HELD_OUT[: policy.wishes.episodes])
    documents = tuple(manifest_of(best[name], name) for name in services)
    return Leaving(documents, (), _told(policy.losses, found))


def _paths(met: Played, services: Sequence[str], name: str) -> list[Met]:
    """Of one service, by episode: rows of what was met are ticks, then episodes, then services."""
    episodes, width = len(met.scores), len(FEATURES)
    newest = met.observations[:, :width].reshape(-1, episodes, len(services), width)[:, :, services.index(name)].astype(np.float64)
    of = {feature.name: newest[..., place] for place, feature in enumerate(FEATURES)}
    asked = np.maximum(1, np.round(np.exp2(of["asked"]))).astype(np.int64)
    used = of["utilization"] * of["ready"] * asked
    return [Met(used[:-1, episode], asked[1:, episode]) for episode in range(episodes)]


def _fitted(paths: Sequence[Met], least: int, most: int, tick_ns: int) -> Hpa:
    """The autoscaler that strays least from what the policy asked for."""
    def strays(one: Hpa) -> float:
        return float(np.mean([_distance(_followed(one, path), path.pods) for path in paths]))

    aimed = min(TARGETS, key=lambda target: strays(_described(target, WINDOW_S, least, most, tick_ns)))
    return min((_described(aimed, window, least, most, tick_ns) for window in WINDOWS_S), key=strays)


def _distance(pods: NDArray[np.int64], wanted: NDArray[np.int64]) -> float:
    """In doublings, a tick; too few count more."""
    apart = np.log2(pods / wanted)
    return float(np.where(apart < 0, -TOO_FEW * apart, apart).mean())


def _followed(one: Hpa, met: Met) -> NDArray[np.int64]:
    """(ticks,) pods that an HPA would ask for, were the same CPU used; pods are ready at once."""
    mind, pods, asked = HpaPolicy(one, "app"), int(met.pods[0]), []
    for tick, used in enumerate(met.used.tolist()):
        now_ns = (tick + 100) * one.sync_period
        usage = round(used / pods * REQUEST)
        view = View(now_ns, "app", pods, REQUEST, tuple(
            PodView(f"app-{n}", "Running", n, REQUEST, start_ns=0, is_ready=True, ready_changed_ns=0, usage_millicores=usage,
                    sampled_ns=now_ns, window_ns=one.sync_period) for n in range(pods)))  # fmt: skip
        for command in mind.decide(view).commands:
            mind.carried_out(command, view)
            pods = command.replicas if isinstance(command, Scale) else pods
        asked.append(pods)
    return np.array(asked)


def _described(target: int, window_s: int, least: int, most: int, tick_ns: int) -> Hpa:
    return Hpa.model_validate({
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": target}}}],
        "min": least, "max": most, "behavior": {"scaleDown": {"stabilizationWindowSeconds": window_s}},
        "sync_period": f"{tick_ns}ns",
    })  # fmt: skip


def _scaled(fitted: Mapping[str, Hpa], factor: float) -> dict[str, Hpa]:
    """All targets lower or higher."""
    made = {}
    for name, one in fitted.items():
        (target,) = one.utilizations
        window = one.behavior.scaleDown.stabilizationWindowSeconds if one.behavior and one.behavior.scaleDown else 0
        made[name] = _described(max(1, min(99, round(100 * target * factor))), window or 0, one.min, one.max, one.sync_period)
    return made


def _bounds(world: Scenario, name: str) -> tuple[int, int, int]:
    """(fewest pods, most, nanoseconds between two decisions) of a service's own rule."""
    scaling = world.minds(name).scaling
    assert scaling is not None
    chosen = scaling.chosen
    most = scaling.most
    tick_ns = getattr(chosen, "sync_period", getattr(chosen, "interval", 15 * NS_PER_S))
    return max(1, getattr(chosen, "min", 1)), int(min(1000, most or 1000)), tick_ns


def _played(policy: Finished, world: Scenario, hpas: Mapping[str, Hpa], seeds: Sequence[int]) -> Played:
    """Episodes of the task in which plain autoscalers decide."""
    agents = {name: {"scaling": {"hpa": one.model_dump(mode="json", by_alias=True, exclude_unset=True)}} for name, one in hpas.items()}
    follows = following(policy.task.changed(actions="multiplier"))
    assert follows is not None, "a multiple of one follows"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{world.name}.yaml"
        path.write_text(yaml_of({**as_data(world), "agents": agents}), encoding="utf-8")
        task = policy.task.changed(scenario=str(path), varied=policy.task.varied, actions="multiplier")
        return played(task, seeds, follows, policy.wishes.jobs)


def _told(losses: Losses, found: Played) -> tuple[str, ...]:
    rewards = [one.reward for one in found.scores]
    lost = difference(losses.policy.rewards, rewards, same_seeds=True)
    pods, violation = (float(np.mean([getattr(one, name) for one in found.scores])) for name in ("pods", "violation"))
    width = f" ± {number(lost.half_width, 2)}" if len(rewards) > 1 else " (one episode, so no interval)"
    return (
        "Plain autoscalers that follow a learned policy as closely as a target of CPU and a window can.",
        f"Mean of a tick over {len(rewards)} held-out episodes, reward (objectives missed, pods):",
        f"  the calibrated rule  {number(losses.rule.reward)} ({losses.rule.violation:.1%}, {number(losses.rule.pods, 3)})",
        f"  the policy           {number(losses.policy.reward)} ({losses.policy.violation:.1%}, {number(losses.policy.pods, 3)})",
        f"  these autoscalers    {number(found.reward)} ({violation:.1%}, {number(pods, 3)})",
        f"These autoscalers against the policy: {signed(lost.difference)}{width} (95 %, pairs of the same episode).",
    )
