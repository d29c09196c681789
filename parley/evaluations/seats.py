"""Who sits where: a controller's words as what each service's chair has, with what calibration chose for it.

Some words more than a scenario knows make one controller fit every service. `66% of capacity` are the requests a second that keep a pod
so busy (`66% of capacity/s` where a rate has its unit), and a `timetable` are schedules made of what was offered before: both of the
family in training, which is all that whoever sets a rule up can know; of a service that is not there, of its own world in its usual
time. `150% of startup` is half as long again as a pod takes to start in the very world that is played, which only the clairvoyant know.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from agents.autoscaling.lookahead import Offered
from parley.evaluations.families import Arena
from parley.evaluations.files import Controller
from parley.sweeps.axes import RANGE
from scenarios.errors import ScenarioError
from scenarios.flow import Flow, cores
from scenarios.schema.bounded import Bounded
from scenarios.schema.control import Scaling
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S, format_duration, parse_duration, parse_percent, parse_share
from scenarios.yaml_reading import read_yaml

OF_CAPACITY, OF_STARTUP = " of capacity", " of startup"
TIMETABLE = "timetable"
PAST = range(700_001, 700_013)  # seeds of episodes that timetables are made of
Seats = dict[str, Any]  # by service, what agents.<service>.scaling says


@dataclass(frozen=True)
class Chosen:
    """What calibration found: texts as a file would say them."""

    each: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by path, then by service
    all: Mapping[str, str] = field(default_factory=dict)  # by path

    def of(self, service: str) -> dict[str, str]:
        """By path; a service that was not there has the middle of the others'."""
        return {**self.all, **{path: values[service] if service in values else _middle(values) for path, values in self.each.items()}}


@dataclass(frozen=True, eq=False)
class Home:
    """What is known of a family beforehand: its world, and what its episodes offered."""

    arena: Arena
    path: Path  # of its world

    @cached_property
    def past(self) -> list[Scenario]:
        """Worlds of episodes that were."""
        return [self.arena.drawn(seed, self.path).world for seed in PAST]

    def capacity(self, service: str) -> float:
        """Requests a second that one pod of a service can serve at most."""
        world = self.arena.world
        flow = Flow(world)
        visits = {target: often for target, often in flow.visits().items() if target.split(".")[0] == service}
        work_ns = sum(often * flow.work_ns[target] for target, often in visits.items()) / sum(visits.values())
        return cores(world.services[service]) * NS_PER_S / work_ns


@lru_cache(maxsize=256)
def _offered(home: Home, service: str, every_ns: int, slots: int, lead_ns: int) -> list[float]:
    """Pods' worth of work in each slot and the lead before it, at most in an episode, on average over episodes."""
    past = [Offered(world, service) for world in home.past]
    share = cores(home.arena.world.services[service])
    return [float(np.mean([one.most(start, start + every_ns + lead_ns) for one in past])) / share
            for start in range(0, slots * every_ns, every_ns)]  # fmt: skip


def seats_of(controller: Controller, chosen: Chosen, arena: Arena, homes: Callable[[str], Home], least: int) -> Seats | None:
    """By service; None where the world's own rules sit. `homes` says what is known of a service. Raises ScenarioError."""
    if controller.scaling is None:
        return None
    bounds = (least, arena.most)
    return {name: _seat(_said(controller.scaling, chosen.of(name)), arena, homes(name), name, bounds) for name in arena.scaled}


def shared(text: str) -> tuple[str, str]:
    """(a number and its unit, what it is a share of with all behind it)."""
    word = next((one for one in (OF_CAPACITY, OF_STARTUP) if one in text), "")
    return (text[: text.index(word)], text[text.index(word) :]) if word else (text, "")


def _said(scaling: Any, values: Mapping[str, str]) -> Any:
    """With what was chosen at its places."""
    seat = deepcopy(scaling)
    for path, text in values.items():
        _put(seat, path.split("."), text)
    return seat


def _seat(seat: Any, arena: Arena, home: Home, service: str, bounds: tuple[int, int]) -> Any:
    if not isinstance(seat, Mapping):
        return seat
    ((kind, described),) = seat.items()
    described = _resolved(described, arena, home, service)
    if TIMETABLE in described:
        described["schedules"] = _schedules(described.pop(TIMETABLE), home, service, bounds)
        described.setdefault("replicas", bounds[0])
    elif issubclass(_part(kind), Bounded):
        described = {"min": bounds[0], "max": bounds[1], **described}
    return {kind: described}


def _part(kind: str) -> type:
    annotation = Scaling.field_types().get(kind)
    found = next((one for one in getattr(annotation, "__args__", ()) if isinstance(one, type) and one is not type(None)), None)
    if found is None:
        raise ScenarioError(f"scaling: {kind!r} is nobody who scales; there are {', '.join(Scaling.key_names())}")
    return found


def _put(data: dict[str, Any], keys: list[str], text: str) -> None:
    """A value at a path, as YAML reads it; a share of something stays text."""
    for key in keys[:-1]:
        data[key] = dict(data.get(key) or {})
        data = data[key]
    data[keys[-1]] = text if shared(text)[1] else read_yaml(text, keys[-1], lines=False)


def _resolved(data: Any, arena: Arena, home: Home, service: str) -> Any:
    """With shares as numbers."""
    if isinstance(data, Mapping):
        return {key: _resolved(value, arena, home, service) for key, value in data.items()}
    share, of = shared(data) if isinstance(data, str) else ("", "")
    if of.startswith(OF_CAPACITY):
        return f"{parse_percent(share) * home.capacity(service):.5g}{of.removeprefix(OF_CAPACITY)}"
    if of:
        return format_duration(round(parse_percent(share) * arena.world.services[service].startup.mean_ns / NS_PER_S) * NS_PER_S)
    return data


def _schedules(told: Mapping[str, Any], home: Home, service: str, bounds: tuple[int, int]) -> list[dict[str, Any]]:
    """Pods for what was offered at that time of the period before: {every, period, lead, utilization}."""
    every_ns, period_ns, lead_ns = (parse_duration(told[name]) for name in ("every", "period", "lead"))
    busy = parse_share(told["utilization"])
    offered = _offered(home, service, every_ns, period_ns // every_ns, lead_ns)
    pods = [min(max(math.ceil(one / busy), *bounds[:1]), bounds[1]) for one in offered]
    return [{"start": format_duration(slot * every_ns), "end": format_duration((slot + 1) * every_ns), "period": told["period"],
             "desiredReplicas": one} for slot, one in enumerate(pods)]  # fmt: skip


def _middle(values: Mapping[str, str]) -> str:
    """The median of texts with one unit."""
    texts, suffix = [shared(text)[0] for text in values.values()], shared(next(iter(values.values())))[1]
    matches = [RANGE.fullmatch(f"{text}..{text}") for text in texts]
    if any(match is None for match in matches):
        raise ScenarioError(f"calibration: {texts} have no middle, and a service that was not there needs one")
    numbers = [float(match[1]) for match in matches if match is not None]
    found = median(numbers)
    whole = all(one == int(one) for one in numbers)
    unit = matches[0][2] if matches[0] is not None else ""
    return f"{round(found) if whole else found:g}{unit}{suffix}"
