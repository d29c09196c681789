"""The workloads of DESIGN section 8 in SimPy, Ciw and salabim, as a good user of each would write them.

Every function takes the simulated seconds and a seed, and says what came out: hops (services entered), requests that
finished, and their mean latency. They work in seconds and draw from `random`, as their own examples do. None measures
more than this: no windows, histogram, digest or order of ties, all of which Parley's figures include. A workload that
a peer has no natural words for is left out.
"""

from __future__ import annotations

from tests.benchmarks.peers.outcome import Run
from tests.benchmarks.peers.with_ciw import ciw_w1, ciw_w2
from tests.benchmarks.peers.with_salabim import salabim_w1, salabim_w2, salabim_w2t, salabim_w3
from tests.benchmarks.peers.with_simpy import simpy_w1, simpy_w2, simpy_w2t, simpy_w3

PEERS: dict[str, dict[str, Run]] = {
    "simpy": {"W1": simpy_w1, "W2": simpy_w2, "W2t": simpy_w2t, "W3": simpy_w3},
    "ciw": {"W1": ciw_w1, "W2": ciw_w2},
    "salabim": {"W1": salabim_w1, "W2": salabim_w2, "W2t": salabim_w2t, "W3": salabim_w3},
}
