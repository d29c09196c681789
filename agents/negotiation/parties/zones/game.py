"""The game that zones play when each only minds its own callers: its equilibria, verified, and what they cost all.

A player is a zone with callers; it divides what they send among zones, in steps. What a request costs there depends on all that
comes there: it waits, and may be turned away, as at M/M/c/K queues that share what comes evenly (Kleinrock, Queueing Systems I,
3.6). Flows are steady and everybody sees everything, so that what is lost beyond it in a run is due to late news and moves in step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from agents.negotiation.mechanisms.equilibria import Play, Profile, played, price_of_anarchy
from agents.negotiation.parties.truth import TrueRates
from agents.negotiation.parties.zones.crossing import PERCENTS, Crossing
from scenarios.schema.scenario import Scenario

PROFILES_MAX = 300_000  # of all players' choices together: all are tried for the least cost
QUEUE_MAX = 1000  # places of a queue without bound: more would wait for longer than anybody does


@dataclass(frozen=True)
class Anarchy:
    """What selfish play comes to."""

    plays: tuple[Play, ...]  # from each start; whether it ended in an equilibrium is told by each
    least_cost: float  # currency an hour, of all profiles
    least: dict[str, str]  # the profile of it
    price: float | None  # of anarchy: the worst verified equilibrium over the least cost; None where none was found


@dataclass(frozen=True)
class SpillGame:
    """Flows of one moment. A strategy is written as the percents of all zones in turn, as `80/20/0`."""

    crossing: Crossing
    rates: Mapping[str, float]  # requests a second of each zone's callers
    pods: Mapping[str, int]  # that are ready in each zone
    step: int = 20  # percents by which splits differ: a divisor of 100
    _queues: dict[tuple[str, float], tuple[float, float]] = field(default_factory=dict)  # costs that are known already

    def __post_init__(self) -> None:
        """Refuses a step that 100 percent is no multiple of (ValueError)."""
        if self.step < 1 or PERCENTS % self.step:
            raise ValueError(f"a step of {self.step} percent does not divide 100")

    @cached_property
    def strategies(self) -> dict[str, list[str]]:
        """Of each zone that has callers: all splits."""
        count = len(self.crossing.zones)
        splits = ["/".join(map(str, split)) for split in _splits(count, PERCENTS, self.step)]
        return {zone: splits for zone in self.crossing.zones if self.rates.get(zone, 0.0) > 0}

    def flows(self, profile: Profile) -> dict[str, dict[str, float]]:
        """Requests a second from each player to each zone."""
        return {zone: {other: self.rates[zone] * int(percent) / PERCENTS
                       for other, percent in zip(self.crossing.zones, split.split("/"), strict=True)}
                for zone, split in profile.items()}  # fmt: skip

    def cost(self, player: str, profile: Profile) -> float:
        """Currency an hour that a zone's callers cost: their ways, their waits, and what of their worth is turned away."""
        flows, cost = self.flows(profile), 0.0
        worth, latency_price = self._worths[player], self.crossing.spill.latency_price
        for other, rate in flows[player].items():
            if rate > 0:
                time_s, lost = self._queue(other, sum(flow[other] for flow in flows.values()))
                cost += 3.6 * rate * (self._prices[player][other] + latency_price * time_s * (1 - lost) + worth * lost)
        return cost

    def social_cost(self, profile: Profile) -> float:
        """Of all callers together."""
        return sum(self.cost(player, profile) for player in profile)

    def least_cost(self) -> tuple[float, dict[str, str]]:
        """The least cost of all profiles, and the first profile that has it. ValueError where there are too many."""
        players = list(self.strategies)
        count = len(next(iter(self.strategies.values()), [])) ** len(players)
        if not 0 < count <= PROFILES_MAX:
            raise ValueError(f"{count:,} profiles cannot be tried one by one; take a larger step than {self.step}")
        profiles = (dict(zip(players, chosen, strict=True)) for chosen in product(*self.strategies.values()))
        best = min(profiles, key=self.social_cost)
        return self.social_cost(best), best

    def anarchy(self) -> Anarchy:
        """Best responses from where all stay at home and from where all go to one zone, and what the worst equilibrium costs."""
        zones = self.crossing.zones
        homes = {zone: _all_to(zones, zone) for zone in self.strategies}
        starts = [homes, *(dict.fromkeys(self.strategies, _all_to(zones, zone)) for zone in zones)]
        plays = tuple(played(self.strategies, self.cost, start) for start in starts)
        least_cost, least = self.least_cost()
        return Anarchy(plays, least_cost, least, price_of_anarchy(plays, self.social_cost, least_cost))

    @cached_property
    def _prices(self) -> dict[str, dict[str, float]]:
        return {zone: self.crossing.prices(zone) for zone in self.crossing.zones}

    @cached_property
    def _worths(self) -> dict[str, float]:
        return {zone: self.crossing.worth(zone) for zone in self.crossing.zones}

    def _queue(self, zone: str, load: float) -> tuple[float, float]:
        """(seconds inside of who is let in, share that is turned away) where so much comes to a zone."""
        key = (zone, load)
        if key not in self._queues:
            service, pods = self.crossing.world.services[self.crossing.service], self.pods.get(zone, 0)
            size = QUEUE_MAX if service.queue.size is None else service.queue.size
            self._queues[key] = (0.0, 1.0) if pods == 0 else mmck(
                load / pods, self.crossing.full_per_pod / service.workers, service.workers, service.workers + size)  # fmt: skip
        return self._queues[key]


def game_at(world: Scenario, name: str, start_ns: int, end_ns: int, step: int = 20) -> SpillGame:
    """The game of a negotiation's zones with the mean rates of [start, end), and the file's pods dealt to zones in turn."""
    spill = world.negotiations[name].spill
    if spill is None:
        raise ValueError(f"negotiation {name} is not about traffic that crosses zones")
    crossing = Crossing(world, spill)
    truth = TrueRates(crossing.flow.arrivals)
    callers = {zone: dict.fromkeys(route.caller for route in routes.values()) for zone, routes in crossing.routes.items()}
    rates = {zone: sum(truth.mean(caller, start_ns, end_ns) for caller in names) for zone, names in callers.items()}
    replicas, zones = world.services[spill.service].replicas, crossing.zones
    return SpillGame(crossing, rates, {zone: len(range(place, replicas, len(zones))) for place, zone in enumerate(zones)}, step)


def mmck(arrivals: float, rate: float, servers: int, places: int) -> tuple[float, float]:
    """(seconds inside of who is let in, share that is turned away) of an M/M/c/K queue; `rate`: of one server, a second."""
    if arrivals <= 0:
        return 1 / rate, 0.0
    weight, total, inside = 1.0, 1.0, 0.0
    for count in range(1, places + 1):
        weight *= arrivals / (min(count, servers) * rate)
        total += weight
        inside += count * weight
        if total > 1e200:
            weight, total, inside = weight / total, 1.0, inside / total
    lost = weight / total
    return inside / total / (arrivals * (1 - lost)), lost


def _all_to(zones: tuple[str, ...], target: str) -> str:
    return "/".join(str(PERCENTS * (zone == target)) for zone in zones)


def _splits(count: int, whole: int, step: int) -> Iterator[tuple[int, ...]]:
    if count == 1:
        yield (whole,)
        return
    for first in range(whole, -1, -step):
        for rest in _splits(count - 1, whole - first, step):
            yield (first, *rest)
