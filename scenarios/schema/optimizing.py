"""Minds that weigh what pods cost against what waiting costs. A pod costs 1 in every interval that it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import model_validator

from scenarios.schema.bounded import fewest, most
from scenarios.schema.metrics import Labels
from scenarios.schema.model import Witness, field
from scenarios.schema.planning import Watching, whose_rate
from scenarios.schema.units import NS_PER_S, Duration, Number, Rate
from scenarios.schema.words import Whole

STEPS_MAX = 60  # of a plan: more would keep an integer program busy for long
COUNTS_MAX = 10_000  # pods that a table of costs has
_WORLD, _LAZY, _FLUID = "optimizers", "agents.lazy.scaling.lcp", "agents.fluid.scaling.mpc"


class Optimizer(Watching):
    """What both know of a service."""

    if TYPE_CHECKING:
        service_rate: Rate
        history: Duration
        startup_cost: Duration
        interval: Duration

    def steps(self, time_ns: int) -> int:
        """A time in intervals, rounded up."""
        return -(-time_ns // self.interval)


class LazyCapacity(Optimizer):
    """Lazy capacity provisioning (Lin, Wierman, Andrew and Thereska): at most three times what the best plan would have cost."""

    of: Labels = whose_rate(_LAZY, ({"workload": "waves"}, {"workload": "trickle"}), _WORLD)
    service_rate: Rate = field(
        says="requests a second that a busy pod completes: mu", gt=0,
        seen=Witness(_WORLD, f"{_LAZY}.service_rate", ("25/s", "60/s")))
    request_cost: Number = field(
        0.1, says="what a request inside costs, in pods", gt=0, le=1e6,
        seen=Witness(_WORLD, f"{_LAZY}.request_cost", (0.1, 5)))
    startup_cost: Duration = field(
        300 * NS_PER_S, says="what starting a pod costs: as much as one that runs so long",
        seen=Witness(_WORLD, f"{_LAZY}.startup_cost", ("3s", "0s")))
    window: Duration = field(
        0, says="how far ahead it sees, along a straight line through the history: w of LCP(w)",
        seen=Witness(_WORLD, f"{_LAZY}.window", ("0s", "4s")))
    history: Duration = field(
        120 * NS_PER_S, says="how far back that line looks", gt=0,
        seen=Witness(_WORLD, "agents.foresighted.scaling.lcp.history", ("2s", "8s")))
    min: Whole = fewest(_LAZY, _WORLD)
    max: Whole = most(_LAZY, _WORLD)
    interval: Duration = field(
        15 * NS_PER_S, says="between two decisions: a step", gt=0,
        seen=Witness(_WORLD, f"{_LAZY}.interval", ("1s", "3s")))

    @model_validator(mode="after")
    def _is_small(self) -> LazyCapacity:
        if self.max > COUNTS_MAX:
            raise ValueError(f"max is more than {COUNTS_MAX}, the most that its table of costs has")
        if self.steps(self.window) > STEPS_MAX:
            raise ValueError(f"window has {self.steps(self.window)} intervals, more than {STEPS_MAX}")
        return self


class Mpc(Optimizer):
    """Model predictive control: the cheapest plan for a queue that is a fluid, made anew in every interval."""

    of: Labels = whose_rate(_FLUID, ({"workload": "surges"}, {"workload": "trickle"}), _WORLD)
    service_rate: Rate = field(
        says="requests a second that a busy pod completes: mu", gt=0,
        seen=Witness(_WORLD, f"{_FLUID}.service_rate", ("25/s", "60/s")))
    horizon: Duration = field(
        says="how far the plan reaches; beyond `lead`", gt=0,
        seen=Witness(_WORLD, f"{_FLUID}.horizon", ("8s", "3s")))
    lead: Duration = field(
        says="what a pod takes to start, before which it does not serve",
        seen=Witness(_WORLD, f"{_FLUID}.lead", ("2s", "0s")))
    delay: Duration = field(
        0, says="how long requests may wait for nothing: the objective",
        seen=Witness(_WORLD, f"{_FLUID}.delay", ("0s", "2s")))
    excess_cost: Number = field(
        1.0, says="what a request that waits beyond that costs in an interval, in pods", gt=0, le=1e6,
        seen=Witness(_WORLD, f"{_FLUID}.excess_cost", (0.05, 5)))
    startup_cost: Duration = field(
        0, says="what starting a pod costs: as much as one that runs so long",
        seen=Witness(_WORLD, f"{_FLUID}.startup_cost", ("0s", "20s")))
    history: Duration = field(
        120 * NS_PER_S, says="how far back the straight line looks that foresees the rate", gt=0,
        seen=Witness(_WORLD, f"{_FLUID}.history", ("4s", "1s")))
    min: Whole = fewest(_FLUID, _WORLD)
    max: Whole = most(_FLUID, _WORLD)
    interval: Duration = field(
        15 * NS_PER_S, says="between two decisions: a step of the plan", gt=0,
        seen=Witness(_WORLD, f"{_FLUID}.interval", ("1s", "2s")))

    @model_validator(mode="after")
    def _reaches(self) -> Mpc:
        if self.horizon <= self.lead:
            raise ValueError("horizon is not beyond lead: no pod of the plan would ever serve in it")
        if self.steps(self.horizon) > STEPS_MAX:
            raise ValueError(f"horizon has {self.steps(self.horizon)} intervals, more than {STEPS_MAX}")
        return self
