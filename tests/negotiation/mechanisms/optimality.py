"""A certificate that a point is the best of a polytope, from another solver than ours: Frank and Wolfe's gap.

For concave f, nothing feasible is better than f(x) + max over feasible y of f'(x) (y - x), and that maximum is a linear program.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog


def duality_gap(x: Sequence[float], gradient: Sequence[float], rows: Sequence[Sequence[float]], limits: Sequence[float],
                bounds: Sequence[tuple[float, float | None]]) -> float:  # fmt: skip
    """How much better than x anything with rows · y <= limits within the bounds can be at most; HiGHS by way of scipy."""
    found = linprog(-np.array(gradient), A_ub=np.array(rows), b_ub=np.array(limits), bounds=bounds)
    assert found.success, found.message
    return float(-found.fun - np.dot(gradient, x))
