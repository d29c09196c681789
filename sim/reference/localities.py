"""From which of its hosts a view picks, where its route asks in which zones they are (Z1 to Z12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.draws import LEVEL, ZONE, unit
from sim.laws.ejecting import is_in_panic
from sim.laws.localities import (
    LEVELS,
    are_zones_told_apart,
    begin_turns,
    chosen_level,
    chosen_zone,
    distributed_weight,
    effective_weight,
    next_locality,
    reckon_zones,
    share_out,
)
from sim.places import zones_seen
from sim.records import LEVEL as LEVEL_RECORD

if TYPE_CHECKING:
    from sim.reference.hosts import HostSet
    from sim.reference.pod import Pod

Level = LEVEL_RECORD.make_class()


class Localities:
    """The hosts of a view by zone; each zone's are a set that takes turns on its own, and so are all together."""

    def __init__(self, view: HostSet, zone: int) -> None:
        self.view, self.here, self.plane = view, zone, view.plane
        self.aware = view.policy.zone_aware_lb_config
        self.levels = [Level() for _ in range(LEVELS)]
        self.zones = [view.part(n) for n in range(len(self.plane.layout.zones))]
        self.whole = view.part(len(self.zones))
        self.rows = [part.held for part in self.zones]  # as laws read them
        self.look()

    def look(self) -> None:
        """What the route says of each zone now (Z13)."""
        for row, fields in zip(self.rows, zones_seen(self.view.policy, self.plane.layout.scenario.cluster, self.here), strict=False):
            for name, value in fields.items():
                setattr(row, name, value)

    def reach(self, pod: Pod) -> bool:
        """Whether anything is sent to the pod's zone (Z8)."""
        return bool(self.rows[pod.zone].level >= 0)

    def have_callers_changed(self) -> bool:
        """Z9: whether the caller's own pods are others than those that shares were reckoned with."""
        return self.aware is not None and self.view.held.callers_version != self.plane.versions[self._caller]

    @property
    def _caller(self) -> int:
        return self.plane.layout.service_index[self.view.policy.caller]

    def arrange(self) -> None:
        """The hosts have changed, or who is in service."""
        by_zone: list[list[Any]] = [[] for _ in self.zones]
        for host in self.view.hosts:
            by_zone[self.plane.pods[host.pod].zone].append(host)
        for row, mine in zip(self.rows, by_zone, strict=True):
            row.hosts, row.weight = len(mine), sum(host.weight for host in mine)
            row.healthy = sum(not host.is_ejected for host in mine)
        chosen = self._by_zone(by_zone) if self.aware is not None else self._by_level(by_zone)
        for part, usable in zip([*self.zones, self.whole], chosen, strict=True):
            part.choose_among(usable)

    def _by_level(self, by_zone: list[list[Any]]) -> list[list[Any]]:
        """Z2 to Z8: what is picked from in each zone; the first of a level in panic, or that is not weighed, stands for all of them."""
        view, chosen = self.view, [_serving(mine) for mine in by_zone]
        for at, level in enumerate(self.levels):
            level.hosts = sum(row.hosts for row in self.rows if row.level == at)
            level.healthy = sum(row.healthy for row in self.rows if row.level == at)
        share_out(self.levels, 0, LEVELS, view.policy.healthy_panic_threshold)
        for row in self.rows:
            row.share = effective_weight(self._weight(row), row.healthy, row.hosts)
        setting = view.policy.locality_lb_setting
        for at, level in enumerate(self.levels):
            mine = [zone for zone, row in enumerate(self.rows) if row.level == at]
            if level.panics or (setting is not None and not setting.is_weighted):
                hosts = [host for host in view.hosts if self.plane.pods[host.pod].zone in mine]
                for n, zone in enumerate(mine):
                    self.rows[zone].share = 1.0 if n == 0 else 0.0
                    chosen[zone] = [] if n > 0 else hosts if level.panics else _serving(hosts)
        view.held.changes += 1
        for at, level in enumerate(self.levels):
            begin_turns(self.rows, 0, len(self.rows), at, level, view.key, view.held.changes)
        return [*chosen, []]

    def _weight(self, row: Any) -> int:
        if row.group < 0:
            return int(row.weight)
        return distributed_weight(row.group_weight, row.weight, sum(one.weight for one in self.rows if one.group == row.group))

    def _by_zone(self, by_zone: list[list[Any]]) -> list[list[Any]]:
        """Z9 to Z12: what is picked from in each zone, and in all."""
        assert self.aware is not None
        view, rows, ready = self.view, self.rows, self.plane.ready[self._caller]
        view.held.callers_version = self.plane.versions[self._caller]
        for zone, row in enumerate(rows):
            row.callers = sum(pod.zone == zone for pod in ready)
        serving = _serving(view.hosts)
        panics = bool(view.hosts) and is_in_panic(len(serving), len(view.hosts), view.policy.healthy_panic_threshold)
        acts = not panics and are_zones_told_apart(rows, 0, len(rows), self.here, self.aware.min_cluster_size)
        view.held.near_share = reckon_zones(rows, 0, len(rows), self.here) if acts else -1
        everyone = serving if not panics else [] if self.aware.fail_traffic_on_panic else view.hosts
        if acts and self.aware.routing_enabled >= 1:
            everyone = []  # hosts take turns in one set at a time where weights differ
        return [*(_serving(mine) if acts else [] for mine in by_zone), everyone]

    def choose(self, key: int) -> HostSet | None:
        """The set that the try of that key picks from; None if all that it might are ejected."""
        if self.aware is not None:
            stays = self.view.held.near_share
            if stays < 0 or unit(key, ZONE, 0) >= self.aware.routing_enabled:
                return self.whole
            return self.zones[chosen_zone(self.rows, 0, len(self.rows), self.here, stays, unit(key, ZONE, 1), unit(key, ZONE, 2))]
        at = chosen_level(self.levels, 0, LEVELS, unit(key, LEVEL, 0))
        due = next_locality(self.rows, 0, len(self.rows), at, self.levels[at])
        return self.zones[due] if due >= 0 else None


def _serving(hosts: list[Any]) -> list[Any]:
    return [host for host in hosts if not host.is_ejected]
