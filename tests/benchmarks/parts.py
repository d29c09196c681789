"""The questions that the bench answers, in the order in which it tells of them."""

from __future__ import annotations

from tests.benchmarks import fidelity, hops, memory, scale, threads, tracing, training
from tests.benchmarks.turns import Part

PARTS: dict[str, Part] = {
    "hops": hops, "scale": scale, "memory": memory, "threads": threads, "tracing": tracing, "training": training, "fidelity": fidelity,
}  # fmt: skip
