"""Tasks: a chair, a world, how long an episode is, and what differs from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from agents.learning.baselines import Baseline
from agents.learning.bidding.baselines import BIDDERS
from agents.learning.breaking.baselines import BREAKERS
from agents.learning.chair import ActionSet, Chair, Seats
from agents.learning.chairs import CHAIRS
from agents.learning.hosts.baselines import BALANCERS, DISCOVERERS
from agents.learning.reward import Weights
from agents.learning.rightsizing.baselines import SIZERS
from agents.learning.routing.baselines import ROUTERS
from agents.learning.scaling.baselines import SCALERS
from agents.learning.windows import window_of
from scenarios.errors import ScenarioError
from scenarios.load import load, loads
from scenarios.naming import suggestion
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from scenarios.writing import as_yaml
from sim.draws import Seed, Seeds

SEEDS = 2**62  # of meshes
FIDELITIES = ("requests", "fluid")


@dataclass(frozen=True)
class Range:
    """A number that differs from episode to episode, uniform in [low, high], in a unit as the file spells it."""

    low: float
    high: float
    unit: str = ""

    def drawn(self, random: np.random.Generator) -> str:
        """One, as `--set` would say it."""
        return f"{float(random.uniform(self.low, self.high)):.6g}{self.unit}"


@dataclass(frozen=True)
class Task:
    """What is learned: in which chair and which worlds, by which actions, and for what."""

    scenario: str  # a file, or the name of a shipped one
    chair: str = "scaling"
    ticks: int = 240  # decisions of an episode
    every_ns: int | None = None  # between two decisions; None where agents have intervals of their own
    fidelity: str = "requests"  # or fluid: an approximation to learn in before
    actions: str | None = None  # a set of the chair's; None: its usual one
    weights: Weights = field(default_factory=Weights)
    varied: Mapping[str, Range] = field(default_factory=dict)  # by path of the scenario, as "workload.shoppers.load"
    changes: tuple[str, ...] = ()  # of the scenario in every episode, as `--set` says them
    added: tuple[str, ...] = ()  # the same, but made first, so that what they add may be varied
    windows: bool = False  # episodes begin at any minute of the world that leaves room for them, not all at the end of its warm-up
    baselines: Mapping[str, Baseline] = field(default_factory=dict)  # by name

    def __post_init__(self) -> None:
        """Raises ScenarioError for a chair or a set of actions that there is not."""
        if self.chair not in CHAIRS:
            raise ScenarioError(f"chair: {self.chair!r} is not one of {', '.join(CHAIRS)}{suggestion(self.chair, CHAIRS)}")
        if self.fidelity not in FIDELITIES:
            raise ScenarioError(f"fidelity: {self.fidelity!r} is not one of {', '.join(FIDELITIES)}{suggestion(self.fidelity, FIDELITIES)}")
        self.kind.actions(self.actions)

    @property
    def kind(self) -> Chair:
        """What stands where for its chair."""
        return CHAIRS[self.chair]

    @property
    def action_set(self) -> ActionSet:
        """What may be done."""
        return self.kind.actions(self.actions)

    def seats(self, world: Scenario) -> Seats:
        """Those of a mesh of this world. Raises ScenarioError where nobody can sit in it."""
        return self.kind.seated(world, self.action_set, self.weights, self.every_ns)

    def changed(self, **changes: Any) -> Task:
        """With other words on some things; another scenario keeps nothing that was said of places in this one.

        Raises ScenarioError for a thing no task has.
        """
        unknown = next((name for name in changes if name not in self.__dataclass_fields__), None)
        if unknown is not None:
            raise ScenarioError(f"{unknown!r} is nothing that a task has{suggestion(unknown, self.__dataclass_fields__)}")
        anywhere = {name: one for name, one in self.baselines.items() if not one.changes}
        elsewhere = {"varied": {}, "changes": (), "added": (), "baselines": anywhere}
        return replace(self, **(elsewhere if "scenario" in changes else {}) | changes)

    def under(self, baseline: str) -> Task:
        """The same where a baseline of this name decides. Raises ScenarioError where there is none."""
        if baseline not in self.baselines:
            raise ScenarioError(f"baseline: {baseline!r} is not one of {', '.join(self.baselines)}{suggestion(baseline, self.baselines)}")
        return replace(self, changes=(*self.changes, *self.baselines[baseline].changes))

    def drawn(self, random: np.random.Generator, options: Mapping[str, Any]) -> Episode:
        """An episode: what is varied and the seed are drawn, unless options name them. Raises ScenarioError."""
        unknown = next((name for name in options if name not in OPTIONS), None)
        if unknown is not None:
            raise ScenarioError(f"options: {unknown!r} is none{suggestion(unknown, OPTIONS)}; there are {', '.join(OPTIONS)}")
        varied = [f"{path}={one.drawn(random)}" for path, one in self.varied.items()]
        seed = int(random.integers(SEEDS))
        given = options.get("scenario", self.scenario)
        own = () if "scenario" in options else (*self.added, *varied)  # what is varied is of its own world
        changes = [*own, *self.changes]
        world = loads(as_yaml(given), changes) if isinstance(given, Scenario) else load(given, changes)
        seed = int(options.get("seed", seed))
        demand, service, faults = (int(options.get(f"{name}_seed", seed)) for name in ("demand", "service", "fault"))
        seeds = seed if demand == service == faults == seed else Seeds(demand, service, faults)
        if self.windows:
            world = window_of(world, seeds, self.ticks * self.seats(world).cadence_ns)
        return Episode(world, seeds, self)


OPTIONS = ("scenario", "seed", "demand_seed", "service_seed", "fault_seed")  # those of parts, where they are not the same


@dataclass(frozen=True)
class Episode:
    """One world under one seed."""

    world: Scenario
    seed: Seed
    task: Task


SCALE_V0 = Task("learning_to_scale", baselines=SCALERS, varied={
    "workload.shoppers.load": Range(0.6, 1.4),
    "workload.crowd.load": Range(0.0, 1.5),
    "workload.crowd.arrivals.poisson.flash_crowd.at": Range(5, 50, "m"),
})  # fmt: skip
ROUTE_V0 = Task("learning_to_route", "routing", ticks=78, every_ns=5 * NS_PER_S, baselines=ROUTERS, varied={
    "workload.easterners.load": Range(0.8, 1.1),
    "workload.middlers.load": Range(0.6, 1.3),
    "workload.westerners.load": Range(0.6, 1.2),
    "workload.easterners.arrivals.poisson.flash_crowd.at": Range(1, 4, "m"),
    "faults.version.at": Range(1, 5, "m"),
    "faults.version.slow.factor": Range(1.5, 3),
    "faults.deaths.at": Range(1, 6, "m"),
})  # fmt: skip
BALANCE_V0 = Task("learning_to_balance", "balancing", ticks=90, every_ns=2 * NS_PER_S, weights=Weights(cost=0.0),
                  baselines=BALANCERS, varied={
    "workload.clients.load": Range(0.7, 1.2),
    "faults.old.slow.factor": Range(2, 4),
    "faults.neighbour.at": Range(20, 100, "s"),
    "faults.neighbour.slow.factor": Range(2, 4),
    "faults.second.at": Range(60, 140, "s"),
    "faults.wrong.at": Range(20, 130, "s"),
})  # fmt: skip
DISCOVER_V0 = Task("learning_to_discover", "discovery", ticks=120, every_ns=2 * NS_PER_S, baselines=DISCOVERERS, varied={
    "workload.clients.load": Range(0.7, 1.2),
    "faults.old.slow.factor": Range(2, 4),
    "faults.first.at": Range(20, 100, "s"),
    "faults.wrong.at": Range(20, 180, "s"),
    "faults.second.at": Range(110, 220, "s"),
})  # fmt: skip
BREAKER_V0 = Task("learning_to_break", "breaking", ticks=90, weights=Weights(cost=3.0), baselines=BREAKERS, varied={
    "workload.visitors.load": Range(0.85, 1.1),
    "faults.offers_sicken.at": Range(20, 60, "s"),
    "faults.offers_sicken.slow.factor": Range(2.5, 5),
    "faults.stock_sickens.at": Range(140, 180, "s"),
    "faults.stock_sickens.slow.factor": Range(1.5, 4),
    "faults.ratings_sicken.at": Range(220, 260, "s"),
    "faults.ratings_sicken.slow.factor": Range(2.5, 5),
    "faults.offers_fail.at": Range(320, 350, "s"),
    "faults.offers_fail.errors.rate": Range(0.2, 0.9),
    "faults.ratings_are_tired.at": Range(370, 400, "s"),
    "faults.ratings_are_tired.slow.factor": Range(1.1, 1.6),
})  # fmt: skip
RIGHTSIZE_V0 = Task("learning_to_size", "rightsizing", ticks=96, weights=Weights(churn=1.0), baselines=SIZERS, varied={
    "workload.shoppers.load": Range(0.7, 1.0),
    "workload.shoppers.arrivals.poisson.diurnal.peak_at": Range(4, 24, "m"),
})  # fmt: skip
BID_V0 = Task("learning_to_bid", "bidding", ticks=48, baselines=BIDDERS, varied={
    "workload.buyers.load": Range(0.9, 1.05),
    "workload.visitors.load": Range(0.9, 1.05),
    "workload.visitors.arrivals.poisson.diurnal.peak_at": Range(2, 4, "m"),
})  # fmt: skip
TASKS: dict[str, Task] = {  # by id; frozen: never changed, but followed by a next version
    "Scale-v0": SCALE_V0, "Route-v0": ROUTE_V0, "Balance-v0": BALANCE_V0, "Discover-v0": DISCOVER_V0,
    "Breaker-v0": BREAKER_V0, "Rightsize-v0": RIGHTSIZE_V0, "Bid-v0": BID_V0,
}  # fmt: skip
OF_CHAIRS = {task.chair: task for task in TASKS.values()}  # the newest of each


def frozen(name: str) -> Task:
    """The task of an id. Raises ScenarioError where there is none."""
    if name not in TASKS:
        raise ScenarioError(f"{name!r} is no task; there are {', '.join(TASKS)}{suggestion(name, TASKS)}")
    return TASKS[name]
