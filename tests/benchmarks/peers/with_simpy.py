"""The workloads in SimPy: one process a request, a `Resource` a service. Bench and targets measure against these."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

from tests.benchmarks.peers.outcome import LINK_S, TIERS, Outcome

Process = Generator[simpy.Event, Any, Any]


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


def _arrivals(env: simpy.Environment, rate: float, rng: random.Random, request: Callable[[], Process]) -> Process:
    while True:
        yield env.timeout(rng.expovariate(rate))
        env.process(request())


def _three_tier(env: simpy.Environment, rng: random.Random, outcome: Outcome) -> Callable[[], Process]:
    gateway, app, db = (Service(env, workers, mean_s, rng, outcome) for workers, mean_s in TIERS)

    def chain() -> Process:
        yield from gateway.work()
        yield env.timeout(LINK_S)
        yield from app.work()
        yield env.timeout(LINK_S)
        yield from db.work()
        yield env.timeout(2 * LINK_S)  # the answer passes both links; nobody works on it

    return chain
