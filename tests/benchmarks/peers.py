"""The workloads of DESIGN section 8 in SimPy and Ciw, as a good user of each would write them.

Every function takes the simulated seconds and a seed, and says what came out: hops (services entered), requests that
finished, and their mean latency. SimPy works in seconds and draws from `random.Random`, as its own examples do. None
measures more than this: no windows, histogram, digest or order of ties, all of which Parley's figures include.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import ciw
import simpy

LINK_S = 0.001  # one way between two services; the entry hop is free
Process = Generator[simpy.Event, Any, Any]


@dataclass
class Outcome:
    """What a peer found: hops entered, requests finished, the sum of their latencies."""

    hops: int = 0
    finished: int = 0
    total_latency_s: float = 0.0

    @property
    def mean_ms(self) -> float:
        """Mean latency of the requests that finished."""
        return 1e3 * self.total_latency_s / self.finished

    def finish(self, latency_s: float) -> None:
        """Count one request that came back."""
        self.finished += 1
        self.total_latency_s += latency_s


@dataclass
class Service:
    """A pool of workers with exponential work."""

    env: simpy.Environment
    workers: int
    mean_s: float
    rng: random.Random
    outcome: Outcome
    pool: simpy.Resource = field(init=False)

    def __post_init__(self) -> None:
        self.pool = simpy.Resource(self.env, capacity=self.workers)

    def work(self) -> Process:
        """Wait for a worker, hold it for one piece of work, give it back."""
        self.outcome.hops += 1
        with self.pool.request() as turn:
            yield turn
            yield self.env.timeout(self.rng.expovariate(1 / self.mean_s))


def simpy_w1(until_s: float, seed: int = 1) -> Outcome:
    """W1: one service of 8 workers, 8 ms, 800/s."""
    env, rng, outcome = simpy.Environment(), random.Random(seed), Outcome()
    only = Service(env, 8, 0.008, rng, outcome)

    def request() -> Process:
        start = env.now
        yield from only.work()
        outcome.finish(env.now - start)

    env.process(_arrivals(env, 800, rng, request))
    env.run(until=until_s)
    return outcome


def simpy_w2(until_s: float, seed: int = 1) -> Outcome:
    """W2: gateway → app → db at 500/s; each service's worker is free again while it waits downstream."""
    env, rng, outcome = simpy.Environment(), random.Random(seed), Outcome()
    chain = _three_tier(env, rng, outcome)

    def request() -> Process:
        start = env.now
        yield from chain()
        outcome.finish(env.now - start)

    env.process(_arrivals(env, 500, rng, request))
    env.run(until=until_s)
    return outcome


def simpy_w2t(until_s: float, seed: int = 1) -> Outcome:
    """W2t: W2 with a timeout of 1 s and one retry at the entry; an attempt given up runs on, as a server would."""
    env, rng, outcome = simpy.Environment(), random.Random(seed), Outcome()
    chain = _three_tier(env, rng, outcome)

    def request() -> Process:
        start = env.now
        for _ in range(2):
            attempt = env.process(chain())
            yield attempt | env.timeout(1.0)
            if attempt.processed:
                outcome.finish(env.now - start)
                return

    env.process(_arrivals(env, 500, rng, request))
    env.run(until=until_s)
    return outcome


def simpy_w3(until_s: float, seed: int = 1) -> Outcome:
    """W3: a root of 4 x 12 ms that asks ten leaves of 4 x 12 ms at once and waits for all, at 200/s."""
    env, rng, outcome = simpy.Environment(), random.Random(seed), Outcome()
    root = Service(env, 4, 0.012, rng, outcome)
    leaves = [Service(env, 4, 0.012, rng, outcome) for _ in range(10)]

    def ask(leaf: Service) -> Process:
        yield env.timeout(LINK_S)
        yield from leaf.work()
        yield env.timeout(LINK_S)

    def request() -> Process:
        start = env.now
        yield from root.work()
        yield env.all_of([env.process(ask(leaf)) for leaf in leaves])
        outcome.finish(env.now - start)

    env.process(_arrivals(env, 200, rng, request))
    env.run(until=until_s)
    return outcome


def ciw_w1(until_s: float, seed: int = 1) -> Outcome:
    """W1 in Ciw."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(800)],
        service_distributions=[ciw.dists.Exponential(1 / 0.008)],
        number_of_servers=[8],
    )
    return _ciw_outcome(network, until_s, seed, services={1})


def ciw_w2(until_s: float, seed: int = 1) -> Outcome:
    """W2 in Ciw: the services in a row; each link, and the way back, is a station where nobody waits."""
    link, back = ciw.dists.Deterministic(LINK_S), ciw.dists.Deterministic(2 * LINK_S)
    gateway, app, db = (ciw.dists.Exponential(1 / mean_s) for mean_s in (0.0048, 0.0096, 0.0072))
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(500), None, None, None, None, None],
        service_distributions=[gateway, link, app, link, db, back],
        number_of_servers=[4, float("inf"), 8, float("inf"), 6, float("inf")],
        routing=[[float(column == row + 1) for column in range(6)] for row in range(6)],
    )
    return _ciw_outcome(network, until_s, seed, services={1, 3, 5})


PEERS: dict[str, dict[str, Callable[[float, int], Outcome]]] = {
    "simpy": {"W1": simpy_w1, "W2": simpy_w2, "W2t": simpy_w2t, "W3": simpy_w3},
    "ciw": {"W1": ciw_w1, "W2": ciw_w2},
}


def _arrivals(env: simpy.Environment, rate: float, rng: random.Random, request: Callable[[], Process]) -> Process:
    while True:
        yield env.timeout(rng.expovariate(rate))
        env.process(request())


def _three_tier(env: simpy.Environment, rng: random.Random, outcome: Outcome) -> Callable[[], Process]:
    gateway, app, db = (
        Service(env, workers, mean_s, rng, outcome) for workers, mean_s in ((4, 0.0048), (8, 0.0096), (6, 0.0072))
    )

    def chain() -> Process:
        yield from gateway.work()
        yield env.timeout(LINK_S)
        yield from app.work()
        yield env.timeout(LINK_S)
        yield from db.work()
        yield env.timeout(2 * LINK_S)  # the answer passes both links; nobody works on it

    return chain


def _ciw_outcome(network: Any, until_s: float, seed: int, services: set[int]) -> Outcome:
    """Run a Ciw network; a request has finished when it has left the last station on its way."""
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(until_s)
    records = simulation.get_all_records()
    started = {r.id_number: r.arrival_date for r in records if r.node == 1}
    outcome = Outcome(hops=sum(r.node in services for r in records))
    for record in records:
        if record.node == network.number_of_nodes:
            outcome.finish(record.exit_date - started[record.id_number])
    return outcome
