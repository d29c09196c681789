"""What weighs pods against waiting: lazy capacity provisioning, and a plan for a queue that is a fluid. Costs are in pods."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agents.autoscaling.fluid import Fluid, planned
from agents.autoscaling.lazy import begun, bounds, followed, lazily, step_costs
from parley.mechanisms.mechanism import Answer, Mechanism
from scenarios.errors import ScenarioError
from scenarios.schema.model import Part, field
from scenarios.schema.units import Number
from scenarios.schema.words import Whole

Steps = Annotated[tuple[Number, ...], Field(min_length=1, max_length=60)]


class CourseCase(Part):
    """The loads of a course, step by step."""

    loads: Annotated[tuple[Number, ...], Field(min_length=1)] = field(says="of each step: pods that it keeps busy")
    requestCost: Number = field(0.1, says="of a request inside, for a step", ge=0)
    startupCost: Number = field(says="beta: of starting a pod", ge=0)
    window: Whole = field(0, says="steps that are foreseen: w of LCP(w)", ge=0, le=60)
    pods: Whole = field(0, says="before the first step", ge=0)
    min: Whole = field(0, says="pods at least", ge=0)
    max: Whole = field(says="pods at most", ge=1, le=10_000)


class PlanCase(Part):
    """A queue, and what will come."""

    serviceRate: Number = field(says="mu: requests a step that a busy pod completes", ge=1e-6, le=1e9)
    rates: Steps = field(says="of each step: requests that come")
    backlog: Number = field(0.0, says="requests that wait now", ge=0)
    asked: Annotated[tuple[Annotated[Whole, Field(ge=0, le=100_000)], ...], Field(min_length=1)] = field(
        says="pods asked for in the steps before, the latest last")
    lead: Whole = field(0, says="steps from asking for a pod until it serves", ge=0, le=60)
    delay: Number = field(0.0, says="steps that requests may wait for nothing", ge=0)
    excessCost: Number = field(1.0, says="of each request, and step, that waits beyond", ge=0)
    startupCost: Number = field(0.0, says="of starting a pod", ge=0)
    min: Whole = field(1, says="pods at least", ge=0)
    max: Whole = field(says="pods at most", ge=1, le=100_000)


def _lazy(case: CourseCase) -> Answer:
    _in_order(case)
    costs = [step_costs(max(0.0, load), case.requestCost, case.min, case.max) for load in case.loads]
    work, pods, found = begun(case.pods, case.min, case.max, case.startupCost), case.pods, []
    for t, step in enumerate(costs):
        work = followed(work, step, case.startupCost)
        lower, upper = bounds(work, costs[t + 1 : t + 1 + case.window], case.min, case.startupCost)
        pods = lazily(pods, lower, upper)
        found.append({"pods": pods, "lower": lower, "upper": upper})
    return {"steps": found}


def _planned(case: PlanCase) -> Answer:
    _in_order(case)
    if len(case.asked) < case.lead:
        raise ScenarioError(f"asked has {len(case.asked)} steps; the lead has {case.lead}")
    fluid = Fluid(case.serviceRate, case.delay, case.excessCost, case.startupCost, case.lead, case.min, case.max)
    return {"plan": list(planned(fluid, case.backlog, case.asked, [max(0.0, rate) for rate in case.rates]))}


def _in_order(case: CourseCase | PlanCase) -> None:
    if case.min > case.max:
        raise ScenarioError(f"min ({case.min}) is more than max ({case.max})")


OPTIMIZING = (
    Mechanism("lazy-capacity-provisioning", "a course by LCP(w), which costs at most three times the best one (H27, H28)", CourseCase, {
        "steps": "of each: pods, and the two bounds that they are kept between",
    }, _lazy, {"loads": [2, 2, 0.2, 0.2, 0.2, 0.2], "startupCost": 3, "max": 8}),
    Mechanism("fluid-mpc", "the cheapest plan for a queue that is a fluid (H25)", PlanCase, {
        "plan": "pods to ask for in each step; only the first of them is done",
    }, _planned, {"serviceRate": 10, "rates": [10, 10, 10, 30, 30, 30], "asked": [1, 1], "lead": 2, "excessCost": 1000, "max": 6}),
)  # fmt: skip
