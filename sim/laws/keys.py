"""Which of many keys a step asks for: some are asked for far more often than others."""

from __future__ import annotations

import math

from sim.draws import pick, unit
from sim.registry import law


@law
def uniform_key(count: int, key: int, stream: int) -> int:
    """S1 One of `count` keys, 0 ... count - 1, each as likely as the others."""
    return pick(unit(key, stream, 0), count)


@law
def log1p_quotient(x: float) -> float:
    """S2 ln(1 + x) / x, which is 1 at 0; by its series near there."""
    return math.log1p(x) / x if abs(x) > 1e-8 else 1.0 - x * (0.5 - x * (1.0 / 3.0 - 0.25 * x))


@law
def expm1_quotient(x: float) -> float:
    """S2 (e^x - 1) / x, which is 1 at 0; by its series near there."""
    return math.expm1(x) / x if abs(x) > 1e-8 else 1.0 + x * 0.5 * (1.0 + x * (1.0 / 3.0) * (1.0 + 0.25 * x))


@law
def zipf_hat(x: float, exponent: float) -> float:
    """S2 x^-exponent, of which the whole x are the weights of the keys."""
    return math.exp(-exponent * math.log(x))


@law
def zipf_area(x: float, exponent: float) -> float:
    """S2 The area under the hat from 1 to x: (x^(1 - exponent) - 1) / (1 - exponent), or ln x."""
    log_x = math.log(x)
    return expm1_quotient((1.0 - exponent) * log_x) * log_x


@law
def zipf_place(area: float, exponent: float) -> float:
    """S2 Up to where the hat has this area: the inverse of `zipf_area`."""
    x = max(area * (1.0 - exponent), -0.9999999999999999)  # -1 or less only by rounding, infinitely far out
    return math.exp(log1p_quotient(x) * area)


@law
def zipf_key(first: float, last: float, sure: float, exponent: float, count: int, key: int, stream: int) -> int:
    """S2 One of `count` keys, key k (0, 1, ...) with a weight of (k + 1)^-exponent.

    Rejection-inversion (Hörmann, Derflinger 1996): a place under the hat by inversion, its nearest whole number taken
    unless it lies in what the hat has too much. `first`, `last` and `sure` are those of `zipf_bounds`. Each try takes a
    draw; there are less than 1.1 on average.
    """
    k = 0
    while True:
        area = last + unit(key, stream, k) * (first - last)
        place = zipf_place(area, exponent)
        nearest = min(max(int(place + 0.5), 1), count)
        if nearest - place <= sure or area >= zipf_area(nearest + 0.5, exponent) - zipf_hat(float(nearest), exponent):
            return nearest - 1
        k += 1


@law
def zipf_bounds(count: int, exponent: float) -> tuple[float, float, float]:
    """S2 The areas between which `zipf_key` draws, and how far above its place a whole number is taken for sure."""
    first = zipf_area(1.5, exponent) - 1.0
    last = zipf_area(count + 0.5, exponent)
    return first, last, 2.0 - zipf_place(zipf_area(2.5, exponent) - zipf_hat(2.0, exponent), exponent)
