"""The one door to scipy's solvers: whole numbers at least cost, and the highest point of a concave function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

TINY = 1e-9  # where logarithms would end: no variable of `highest` goes below


def cheapest(costs: Vector, matrix: Vector, at_least: Vector, low: Vector, high: Vector, is_whole: NDArray[Any]) -> Vector:
    """The x from low to high, whole where 1 is said, of least costs · x with matrix · x >= at_least; solved exactly, by HiGHS."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    found = milp(costs, integrality=is_whole, bounds=Bounds(low, high), constraints=LinearConstraint(matrix, lb=at_least),
                 options={"mip_rel_gap": 0.0})  # fmt: skip
    assert found.success, found.message
    return np.asarray(found.x)


def highest(goodness: Callable[[Vector], tuple[float, Vector]], matrix: Vector, at_most: Vector, start: Vector) -> Vector:
    """The x from 0 (exclusive) to 1 of highest goodness, which is concave and comes with its gradient, with matrix · x <= at_most.

    By sequential least squares (SLSQP), from a start that is feasible; right to about 1e-6 where all is of the order of 1.
    """
    from scipy.optimize import minimize

    def badness(x: Vector) -> tuple[float, Vector]:
        value, gradient = goodness(np.clip(x, TINY, 1.0))
        return -value, -gradient

    found = minimize(badness, start, jac=True, method="SLSQP", bounds=[(TINY, 1.0)] * len(start), options={"ftol": 1e-14, "maxiter": 1000},
                     constraints={"type": "ineq", "fun": lambda x: at_most - matrix @ x, "jac": lambda _: -matrix})  # fmt: skip
    return np.asarray(np.clip(found.x, TINY, 1.0))
