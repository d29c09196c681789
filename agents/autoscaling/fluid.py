"""Model predictive control of a queue that is taken for a fluid: the cheapest plan up to a horizon, of which only the beginning is done.

q' = lambda - mu n, never below 0, in steps of a decision's interval. The plan is an integer program, solved by HiGHS (scipy).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.solving import cheapest


@dataclass(frozen=True, slots=True)
class Fluid:
    """What the model knows of a service. Time is in steps, costs are in pods: a pod costs 1 in every step that it is asked for."""

    service_rate: float  # requests a step that a busy pod completes: mu
    delay: float  # how long requests may wait, in steps
    excess_cost: float  # of each request, and step, that waits beyond
    startup_cost: float  # of each pod that is started
    lead: int  # steps from asking for a pod until it serves
    least: int
    most: int


def planned(fluid: Fluid, backlog: float, asked: Sequence[int], rates: Sequence[float]) -> tuple[int, ...]:
    """Pods to ask for in each step of a plan that costs least (H25).

    `backlog` requests wait now; `asked` are the pods asked for in the steps before, the latest last, as many as the lead has,
    and one at least; `rates` are the requests that come in each step of the plan.

    Variables: pods asked for (whole), pods started, pods that serve, requests that wait at the end of a step, and of them those
    beyond what `delay` allows at that rate (Little's law). A pod serves once it has been asked for all through the lead, and no
    longer than it is asked for.
    """
    steps = len(rates)
    pods, started, serving, waiting, excess = (range(first, first + steps) for first in range(0, 5 * steps, steps))
    rows: list[tuple[dict[int, float], float]] = []  # sum of coefficient * variable >= the figure
    for k, rate in enumerate(rates):
        before = {waiting[k - 1]: -1.0} if k else {}
        rows.append(({waiting[k]: 1.0, serving[k]: fluid.service_rate} | before, rate if k else rate + backlog))
        rows.append(({excess[k]: 1.0, waiting[k]: -1.0}, -fluid.delay * rate))
        rows.append(({started[k]: 1.0, pods[k]: -1.0} | ({pods[k - 1]: 1.0} if k else {}), 0.0 if k else -float(asked[-1])))
        rows += [({pods[j]: 1.0, serving[k]: -1.0}, 0.0) for j in range(max(0, k - fluid.lead), k + 1)]
    ready = [min([*asked][len(asked) - fluid.lead + k :], default=fluid.most) for k in range(steps)]
    matrix = np.zeros((len(rows), 5 * steps))
    for row, (terms, _) in enumerate(rows):
        matrix[row, list(terms)] = list(terms.values())
    costs = np.repeat([1.0, fluid.startup_cost, 0.0, 0.0, fluid.excess_cost], steps)
    low, high = np.zeros(5 * steps), np.full(5 * steps, np.inf)
    low[:steps], high[:steps] = fluid.least, fluid.most
    high[list(serving)] = ready
    found = cheapest(costs, matrix, np.array([least for _, least in rows]), low, high, np.repeat([1, 0], [steps, 4 * steps]))
    return tuple(round(count) for count in found[:steps])  # any count within the bounds is a plan, so that there is one
