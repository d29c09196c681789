"""Ways as rows of a policy: they look together, and the weights of one zone's ways make its percents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agents.control_plane import ControlPlane
from agents.learning.chair import ActionSet, Look, TimedSeats, Told
from agents.learning.observing import Frames
from agents.learning.reward import Reward, Weights
from agents.learning.routing.actions import LEVELS
from agents.learning.routing.features import ROUTING
from agents.learning.routing.measuring import WayMeter
from agents.learning.routing.sight import Watching, WaySight
from agents.learning.routing.splits import Split, in_percents, splits_of
from scenarios.errors import ScenarioError
from scenarios.schema.scenario import Scenario

EVERY_NS = 5_000_000_000


class WaySeats(TimedSeats):
    """A row for each zone with callers and each zone there is."""

    def __init__(self, world: Scenario, actions: ActionSet, weights: Weights, every_ns: int | None = None) -> None:
        """Raises ScenarioError where nothing is spread over zones, or calls to several services are."""
        super().__init__(world, every_ns or EVERY_NS)
        self.actions, self.weights, self.splits = actions, weights, splits_of(world)
        if len({split.service for split in self.splits}) > 1:
            raise ScenarioError(f"routes: calls to {' and '.join(sorted({split.service for split in self.splits}))} are spread over zones; "
                                "a policy spreads those to one service: give the others no distribute")  # fmt: skip
        self.zones = world.cluster.zones
        self.ways = [(split, zone) for split in self.splits for zone in self.zones]
        self.rows = tuple(_row(split, zone) for split, zone in self.ways)
        self._frames = [Frames(ROUTING) for _ in self.ways]
        self.percents = {split: _at_home(split, self.zones) for split in self.splits}

    def sit(self, plane: ControlPlane, told: Told) -> None:
        """Watch what is looked at."""
        self.watching = Watching(self.world, plane.mesh, self.splits)
        super().sit(plane, told)

    def look(self) -> Sequence[Look]:
        """All ways at once."""
        service, now_ns = self.splits[0].service, self.plane.clock.now_ns
        targets, age = self.watching.targets(service), self.watching.age_ns(service) / self.cadence_ns
        rates = {split: self.watching.rate(split) for split in self.splits}
        lateness = {split: self.watching.lateness(split) for split in self.splits}
        mask, looks = np.ones(len(self.actions), dtype=np.bool_), []
        for row, frames, (split, zone) in zip(self.rows, self._frames, self.ways, strict=True):
            sight = WaySight(self.percents[split][zone], split.zone == zone, rates[split], lateness[split], targets[zone], age)
            looks.append(Look(row, now_ns, frames.take(sight), mask))
        return looks

    def act(self, looks: Sequence[Look], chosen: Sequence[int]) -> dict[str, str]:
        """Percents of each zone; one whose ways all weigh nothing goes on as before."""
        guarded, levels_of = {}, {look.row: LEVELS[action] for look, action in zip(looks, chosen, strict=True)}
        for split in self.splits:
            rows = [_row(split, zone) for zone in self.zones]
            levels = [levels_of[row] for row in rows]
            if not any(levels):
                guarded[rows[0]] = "nothing would be sent anywhere: all stays as it is"
                continue
            self.percents[split] = dict(zip(self.zones, in_percents(levels), strict=True))
            for command in split.commands(self.percents[split]):
                self.plane.carry_out(command)
        return guarded

    def begin(self) -> None:
        """What happens is measured from here on."""
        self._meter = WayMeter(self.plane.mesh, self.splits)

    def measure(self) -> Reward:
        """What came of it since the last time."""
        return self._meter.take(self.percents, self.weights)


def _row(split: Split, zone: str) -> str:
    return f"{split.zone}->{zone}"


def _at_home(split: Split, zones: tuple[str, ...]) -> dict[str, int]:
    """Before anybody decides."""
    return {zone: 100 * (zone == split.zone) for zone in zones}
