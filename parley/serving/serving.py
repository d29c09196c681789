"""A scaler at work: a tick asks, decides and publishes; between ticks KEDA is answered.

Nothing it waits for is on KEDA's way: a monitoring system that is slow, dead or wrong costs the tick its news, and what was published
holds until the guard calls it stale, then the rule's last word, and when nothing was known for too long, nothing is said, so that
KEDA's own `fallback` takes over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from parley.serving.deciding import Bench, Decision
from parley.serving.decision_log import DecisionLog
from parley.serving.meters import Meters
from parley.serving.prometheus import Prometheus, SourceError
from parley.serving.publishing import Board
from parley.serving.questions import Asking, Readings, answers, known
from parley.serving.recipe import RULED, Deciding, Recipe
from parley.serving.scaler import Scaler
from parley.serving.services import Served, named
from parley.serving.settings import Settings
from scenarios.schema.units import NS_PER_S

HISTORY_TICKS = 20  # that are asked for at the start: as far as an HPA's stabilization window looks back
EXPIRES_TICKS = 20


class Serving:
    """One policy that serves some services. To be begun, and then told when to tick."""

    def __init__(self, policy: Deciding, recipe: Recipe, services: Sequence[Served], source: Prometheus, log: DecisionLog,
                 settings: Settings, now_s: Callable[[], float] = time.time) -> None:
        self.recipe, self.source, self._services, self._log, self._now_s = recipe, source, services, log, now_s
        self.tick_s = recipe.tick_ns / NS_PER_S
        self._asking = Asking(self.tick_s, settings.window_s or 2 * self.tick_s)
        self._bench = Bench(policy, recipe, services)
        self._bench.restore(log.last.values())
        bounds = {one.name: (one.least, one.most) for one in services}
        self.board = Board(bounds, settings.expires_s or EXPIRES_TICKS * self.tick_s, settings.tolerance, settings.dry_run)
        self.restored = self.board.restore(log.last.values())  # services of which something was said before a restart
        self.meters = Meters(recipe.usual, recipe.met)
        self.meters.dry.set(settings.dry_run)
        self.scaler = Scaler(self.board, named(services), self.meters, now_s)
        self.last_tick_s = now_s()

    @property
    def is_alive(self) -> bool:
        """Whether it ticks: a scaler that does not is of no use to anybody."""
        return self._now_s() - self.last_tick_s < 4 * self.tick_s

    async def begin(self) -> None:
        """Fill memories with the last ticks, so far as Prometheus has them; frames that it has not repeat the first one."""
        now_s = self._now_s()
        try:
            past = await self._readings(now_s - HISTORY_TICKS * self.tick_s, now_s - self.tick_s)
        except SourceError:
            self.meters.failures.inc()
            past = {}
        for at_s in sorted(past):
            self._bench.remember(at_s, past[at_s])

    async def tick(self) -> list[Decision]:
        """Ask, decide, publish, write down. Raises FolderError where the log cannot be written."""
        at_s, began = self._now_s(), time.perf_counter()
        try:
            decisions = await asyncio.to_thread(self._bench.decide, at_s, (await self._readings(at_s, at_s)).get(at_s, {}))
        except SourceError as fault:
            self.meters.failures.inc()
            decisions = self._bench.blind(at_s, f"{self.source.url} {fault}")
        self._publish(decisions)
        self.last_tick_s = self._now_s()
        self.meters.ticks.observe(time.perf_counter() - began)
        await self.scaler.told()
        return decisions

    async def run(self, until: asyncio.Event) -> None:
        """Tick by tick, at multiples of a tick, until told to stop; a tick that took too long is followed by the next that is due."""
        while not until.is_set():
            await self.tick()
            try:
                await asyncio.wait_for(until.wait(), self.tick_s - self._now_s() % self.tick_s)
            except TimeoutError:
                continue

    def _publish(self, decisions: Sequence[Decision]) -> None:
        rows = []
        for decision in decisions:
            known_s = self._bench.known_s(decision.service)
            published = self.board.publish(decision, known_s)
            self.meters.tell(decision, published, known_s)
            rows.append({**decision.row(), "published": published, "known": known_s, "dry_run": self.board.dry_run})
        self._log.append(rows)

    async def _readings(self, start_s: float, end_s: float) -> dict[float, Readings]:
        """By moment, service and feature. Raises SourceError where not one question was answered."""
        asked = [(one.name, question) for one in self.recipe.inputs if one.name != RULED
                 and (question := self._asking.question(one.query, self._services))]  # fmt: skip
        found = await asyncio.gather(*(self._answered(question, start_s, end_s) for _, question in asked), return_exceptions=True)
        failed = [one for one in found if isinstance(one, BaseException)]
        if len(failed) == len(asked) or any(not isinstance(one, SourceError) for one in failed):
            raise failed[0]
        self.meters.failures.inc(len(failed))
        readings: dict[float, dict[str, dict[str, float]]] = {}
        for (feature, _), numbers in zip(asked, found, strict=True):
            if isinstance(numbers, BaseException):
                continue
            for (at_s, service), raw in numbers.items():
                value = known(raw, feature)
                if value is not None:
                    readings.setdefault(at_s, {}).setdefault(service, {})[feature] = value
        return dict(readings)

    async def _answered(self, question: str, start_s: float, end_s: float) -> dict[tuple[float, str], float]:
        if start_s == end_s:
            return {(start_s, service): value for (_, service), value in answers(await self.source.instant(question, start_s)).items()}
        return answers(await self.source.range(question, start_s, end_s, self.tick_s))
