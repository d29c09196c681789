"""One service's chair in service: readings become the look that a mind in the simulation has, and the same rule, actions and guard follow.

Only numbers of a whole service are known, so pods are taken for alike: as many ready ones and starting ones as there are. All CPU is that
of those that were ready at the look before, too; a new one has done next to nothing yet, and an HPA does not count it (MECHANISMS 1.1). To
the calibrated rule, the masks and the guard that is the `View` they know from training.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.learning.scaling.guard import Guard
from agents.learning.scaling.ruling import Ruling
from agents.learning.scaling.sight import Looking, Sight
from agents.policy import PodView, View
from parley.serving.recipe import RULED, Recipe
from parley.serving.services import Served
from sim.telemetry import Integers

REQUEST_MILLICORES = 1000  # a pod's, where only the share in use matters


@dataclass(frozen=True)
class Look:
    """What a policy is asked about one service, and what its rule says."""

    service: str
    readings: Mapping[str, float]  # by feature, as the policy is shown them
    unknown: tuple[str, ...]  # features that nobody knows now
    sight: Sight
    rule: str  # its kind
    rule_reason: str
    wanted: Integers  # (actions,) pods, before the guard
    observation: NDArray[np.float32]  # (frames * features,)


class Chair:
    """What a service's mind remembers."""

    def __init__(self, served: Served, recipe: Recipe) -> None:
        self.served, self._recipe = served, recipe
        self.guard = Guard(served.least, served.most, recipe.up, recipe.down, recipe.stale_ticks)
        self._ruling, self._looking = Ruling(served.rule), Looking(served.watched, recipe.tick_ns)
        self._frames = deque[NDArray[np.float32]](maxlen=recipe.frames)
        self._before: View | None = None

    def look(self, at_ns: int, raw: Mapping[str, float]) -> Look | None:
        """One look, which the rule and the frames remember; None where nobody knows how many pods are asked for.

        Numbers beyond the bounds of their feature are those bounds, for the rule as for the policy: nobody has 2^1100 pods.
        """
        if "asked" not in raw:
            return None
        is_none = raw["asked"] == -math.inf  # log2 of no pods
        raw = {one.name: one.reading(raw[one.name]) for one in self._recipe.inputs if one.name in raw}
        raw |= {"asked": -math.inf} if is_none else {}
        view = self._view(at_ns, raw)
        verdict, proposed = self._ruling.rule_on(view)
        sight = self._looking.look(view, proposed)
        self._before = view
        known = {**raw, RULED: math.log2(max(1, proposed) / sight.asked)}
        readings = {one.name: one.reading(known.get(one.name)) for one in self._recipe.inputs}
        frame = np.array(list(readings.values()), dtype=np.float32)
        self._frames.extendleft([frame] * (self._recipe.frames - len(self._frames)) or [frame])
        unknown = tuple(name for name in readings if name not in known)
        return Look(self.served.name, readings, unknown, sight, self.served.rule.mind, verdict.reason, self._recipe.actions.pods(sight),
                    np.concatenate(self._frames))  # fmt: skip

    def mask(self, look: Look) -> NDArray[np.bool_]:
        """(actions,) that may be chosen."""
        return self._recipe.actions.mask(look.wanted, self.served.least, self.served.most)

    def _view(self, at_ns: int, raw: Mapping[str, float]) -> View:
        replicas = round(2.0 ** raw["asked"])
        asked = max(1, replicas)
        pods = self._pods(at_ns, raw, asked)
        watched, values = self.served.watched, {}
        for series, name in ((watched.rate, "rate"), (watched.concurrency, "concurrency")):
            if name in raw:
                values[series] = round(1000 * (2.0 ** raw[name] - 1) * asked)
        if "latency" in raw and self.served.objective_ms is not None:
            values[watched.latency] = round(2.0 ** raw["latency"] * self.served.objective_ms)
        return View(at_ns, self.served.name, replicas, REQUEST_MILLICORES, pods, values_milli=values)

    def _pods(self, at_ns: int, raw: Mapping[str, float], asked: int) -> tuple[PodView, ...]:
        used = raw.get("utilization")
        sampled_ns = at_ns - round(raw["age"] * self._recipe.tick_ns) if "age" in raw else 0
        ready, waiting = round(raw.get("ready", 0.0) * asked), round(raw.get("starting", 0.0) * asked)
        settled = min(ready, ready if self._before is None else sum(pod.is_ready for pod in self._before.pods))
        usage = None if used is None else round(used * REQUEST_MILLICORES * ready / max(settled, 1))
        name, tick_ns = self.served.name, self._recipe.tick_ns
        pods = [PodView(f"{name}-{n}", "Running", n, REQUEST_MILLICORES, start_ns=0, is_ready=True, ready_changed_ns=0,
                        usage_millicores=usage, sampled_ns=sampled_ns, window_ns=tick_ns) for n in range(settled)]  # fmt: skip
        pods += [PodView(f"{name}-{n}", "Running", n, REQUEST_MILLICORES, start_ns=at_ns - tick_ns, is_ready=True, ready_changed_ns=at_ns,
                         usage_millicores=0, sampled_ns=sampled_ns, window_ns=tick_ns) for n in range(settled, ready)]  # fmt: skip
        return *pods, *(PodView(f"{name}-{n}", "Pending", n, REQUEST_MILLICORES) for n in range(ready, ready + waiting))
