"""A tick: readings of all services become decisions, each with its reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parley.serving.chairs import Chair, Look
from parley.serving.questions import Readings
from parley.serving.recipe import Deciding, Recipe
from parley.serving.services import Served
from scenarios.schema.units import NS_PER_S


@dataclass(frozen=True)
class Decision:
    """What was decided of a service at a tick, and why."""

    at_s: float
    service: str
    pods: int  # what policy and guard come to, or what stands in for them
    rule: int  # what the calibrated rule asks for
    asked: int  # pods asked for when it was decided
    reason: str
    action: str | None = None  # none where the policy was not asked
    guard: str = ""  # what the guard changed
    fallback: str = ""  # why the policy did not decide
    readings: Mapping[str, float] | None = None

    def row(self) -> dict[str, Any]:
        """As the log has it."""
        readings = None if self.readings is None else {name: round(value, 6) for name, value in self.readings.items()}
        return {
            "at": round(self.at_s, 3), "service": self.service, "asked": self.asked, "rule": self.rule, "action": self.action,
            "decided": self.pods, "guard": self.guard, "fallback": self.fallback, "reason": self.reason, "readings": readings,
        }  # fmt: skip


class Bench:
    """The chairs of all services, and the policy that sits in them."""

    def __init__(self, policy: Deciding, recipe: Recipe, services: Sequence[Served]) -> None:
        self._policy, self._recipe = policy, recipe
        self.chairs = {one.name: Chair(one, recipe) for one in services}
        self._last: dict[str, Look] = {}
        self._seen_s: dict[str, float] = {}  # when a service was looked at last
        self._decided_of: dict[str, tuple[float, int]] = {}  # when, and how many pods

    def remember(self, at_s: float, readings: Readings) -> None:
        """Look, and decide nothing: how memories are filled after a restart."""
        self._looked(at_s, readings)

    def restore(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """What was decided before a restart, by the rows of the log; rows of other services are passed over."""
        for row in rows:
            if row["service"] in self.chairs:
                self._decided_of[row["service"]] = (float(row["at"]), int(row["decided"]))

    def decide(self, at_s: float, readings: Readings) -> list[Decision]:
        """Of every service: by the policy, or by what stands in for it where nothing is known of the service."""
        looks = self._looked(at_s, readings)
        found = {one.service: one for one in self._chosen(at_s, looks)} if looks else {}
        self._decided_of |= {name: (at_s, one.pods) for name, one in found.items()}
        return [found.get(name) or self._without(at_s, name, "the monitoring system does not know how many pods are asked for")
                for name in self.chairs if name in found or name in self._last]  # fmt: skip

    def blind(self, at_s: float, why: str) -> list[Decision]:
        """Where the monitoring system does not answer. Services that were never seen are left out: nothing is known of them."""
        return [self._without(at_s, name, why) for name in self._last]

    def known_s(self, service: str) -> float:
        """When something was last known of a service that was decided for."""
        return self._seen_s[service]

    def _looked(self, at_s: float, readings: Readings) -> list[Look]:
        looks = []
        for name, chair in self.chairs.items():
            look = chair.look(round(at_s * NS_PER_S), readings.get(name, {}))
            if look is not None:
                self._last[name], self._seen_s[name] = look, at_s
                looks.append(look)
        return looks

    def _chosen(self, at_s: float, looks: Sequence[Look]) -> list[Decision]:
        masks = np.stack([self.chairs[look.service].mask(look) for look in looks])
        chosen = self._policy.decides(np.stack([look.observation for look in looks]), masks)
        return [self._decided(at_s, look, int(action)) for look, action in zip(looks, chosen, strict=True)]

    def _decided(self, at_s: float, look: Look, action: int) -> Decision:
        actions, sight = self._recipe.actions, look.sight
        wanted = int(look.wanted[action])
        pods, changed = self.chairs[look.service].guard.passed(wanted, sight)
        reason = f"{look.rule_reason}; {look.rule} {sight.proposed}, {actions.labels[action]} -> {wanted}"
        if look.unknown:
            reason += f"; unknown: {', '.join(look.unknown)}"
        is_stale = sight.age_ticks > self._recipe.stale_ticks
        return Decision(at_s, look.service, pods, sight.proposed, sight.view.replicas, f"{reason}; guard: {changed}" if changed else reason,
                        actions.labels[action], "" if is_stale else changed, changed if is_stale else "", look.readings)  # fmt: skip

    def _without(self, at_s: float, name: str, why: str) -> Decision:
        """Nothing new is known: what was decided last holds as long as the guard would trust it, and then the rule's last word."""
        look, ticks = self._last[name], (at_s - self._seen_s[name]) * NS_PER_S / self._recipe.tick_ns
        sight, served = look.sight, self.chairs[name].served
        why = f"{why}; last seen {ticks * self._recipe.tick_ns / NS_PER_S:.0f} s ago"
        if sight.age_ticks + ticks <= self._recipe.stale_ticks:
            return Decision(at_s, name, self._held(at_s, look), sight.proposed, sight.view.replicas, f"{why}: held", fallback=why)
        pods = min(max(sight.proposed, served.least), served.most)
        return Decision(at_s, name, pods, sight.proposed, sight.view.replicas, f"{why}: {look.rule} {pods}", fallback=why)

    def _held(self, at_s: float, look: Look) -> int:
        """What was decided last; the pods asked for where that was before anything the guard would trust."""
        served = self.chairs[look.service].served
        decided_s, pods = self._decided_of.get(look.service, (-math.inf, 0))
        is_old = (at_s - decided_s) * NS_PER_S > self._recipe.stale_ticks * self._recipe.tick_ns
        return look.sight.view.replicas if is_old else min(max(pods, served.least), served.most)
