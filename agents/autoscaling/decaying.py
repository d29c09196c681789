"""A histogram that forgets: exponential buckets, whose samples lose half of their weight in each half-life.

As the recommender of Kubernetes' Vertical Pod Autoscaler keeps it: pkg/recommender/util/{histogram,decaying_histogram}.go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

EXPONENT_MAX = 100  # weights of new samples grow instead of old ones shrinking, up to 2 to this; then all are scaled
EMPTY_BELOW = 1e-4  # a bucket of less weight has no samples


@dataclass(frozen=True, slots=True)
class Buckets:
    """The first begins at 0, and each is so many times as wide as the one before."""

    first: float  # width of the first
    ratio: float
    count: int

    def of(self, value: float) -> int:
        """The bucket a value falls into; the nearest where it falls into none (H29)."""
        if value < self.first:
            return 0
        return min(self.count - 1, int(math.log(value * (self.ratio - 1) / self.first + 1) / math.log(self.ratio)))

    def start(self, bucket: int) -> float:
        """Where a bucket begins (H29)."""
        return self.first * (math.pow(self.ratio, bucket) - 1) / (self.ratio - 1)


def reaching(largest: float, first: float, ratio: float) -> Buckets:
    """As many buckets as it takes for the last to begin at `largest`, or beyond (H29)."""
    return Buckets(first, ratio, math.ceil(math.log(largest * (ratio - 1) / first + 1) / math.log(ratio)) + 1)


@dataclass(frozen=True, slots=True)
class Decaying:
    """Weights by bucket, as of the reference time; never mutated. Times are ns."""

    buckets: Buckets
    half_life_ns: int
    weights: Mapping[int, float] = field(default_factory=dict)
    reference_ns: int = 0

    def percentile(self, share: float) -> float:
        """The end of the bucket in which so large a share of the weight is reached; 0 without samples (H29)."""
        threshold, reached, last = share * sum(self.weights.values()), 0.0, None
        for last in sorted(self.weights):
            reached += self.weights[last]
            if reached >= threshold:
                break
        return 0.0 if last is None else self.buckets.start(min(last + 1, self.buckets.count - 1))


def added(histogram: Decaying, value: float, weight: float, at_ns: int) -> Decaying:
    """With one more sample, which at its time weighs so much (H29)."""
    if at_ns > histogram.reference_ns + EXPONENT_MAX * histogram.half_life_ns:
        histogram = _shifted(histogram, at_ns)
    bucket, grown = histogram.buckets.of(value), 2.0 ** ((at_ns - histogram.reference_ns) / histogram.half_life_ns)
    return replace(histogram, weights={**histogram.weights, bucket: histogram.weights.get(bucket, 0.0) + weight * grown})


def _shifted(histogram: Decaying, at_ns: int) -> Decaying:
    """The same as of the whole number of half-lives nearest to a time; what has faded away is forgotten."""
    life_ns = histogram.half_life_ns
    reference_ns = (at_ns + life_ns // 2) // life_ns * life_ns
    scale = math.ldexp(1.0, (histogram.reference_ns - reference_ns) // life_ns)
    weights = {bucket: weight * scale for bucket, weight in histogram.weights.items() if weight * scale >= EMPTY_BELOW}
    return replace(histogram, weights=weights, reference_ns=reference_ns)
