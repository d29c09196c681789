"""The one door to scipy's solvers: whole numbers at least cost, and the lowest point of a convex function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


def cheapest(costs: Vector, matrix: Vector, at_least: Vector, low: Vector, high: Vector, is_whole: NDArray[Any]) -> Vector:
    """The x from low to high, whole where 1 is said, of least costs · x with matrix · x >= at_least; solved exactly, by HiGHS."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    found = milp(costs, integrality=is_whole, bounds=Bounds(low, high), constraints=LinearConstraint(matrix, lb=at_least),
                 options={"mip_rel_gap": 0.0})  # fmt: skip
    assert found.success, found.message
    return np.asarray(found.x)


def lowest(badness: Callable[[Vector], tuple[float, Vector]], start: Vector) -> Vector:
    """The x, nowhere below 0, of the least badness, which is convex and smooth and comes with its gradient; by L-BFGS-B.

    The gradient is right to about 1e-7 where all is of the order of 1: that is as far as the values can be told apart.
    """
    from scipy.optimize import minimize

    found = minimize(badness, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(start),
                     options={"ftol": 0.0, "gtol": 1e-12, "maxiter": 5000})  # fmt: skip
    return np.asarray(found.x)
