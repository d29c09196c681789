"""The workloads in salabim, without `yield` (its way since version 24): components that request, hold and release.

Monitors that can be switched off are off, and the trace too: nobody reads them here. Draws come in the order in which
SimPy's come, so a seed gives the very latencies that SimPy finds (test_peers.py).
"""

from __future__ import annotations

import random

import salabim as sim

from tests.benchmarks.peers.outcome import LINK_S, TIERS, Outcome


class Service:
    """A pool of workers with exponential work."""

    def __init__(self, workers: int, mean_s: float, rng: random.Random, outcome: Outcome) -> None:
        self.pool = sim.Resource(capacity=workers, monitor=False)
        self.work_s = sim.Exponential(mean_s, randomstream=rng)
        self.outcome = outcome

    def serve(self, visitor: sim.Component) -> None:
        """Wait for a worker, hold it for one piece of work, give it back."""
        self.outcome.hops += 1
        visitor.request(self.pool)
        visitor.hold(self.work_s.sample())
        visitor.release(self.pool)


class World:
    """What a model shares: the environment, one source of chance, and what came out."""

    def __init__(self, seed: int) -> None:
        self.env = sim.Environment(trace=False, yieldless=True)
        self.rng, self.outcome = random.Random(seed), Outcome()

    def service(self, workers: int, mean_s: float) -> Service:
        """One more service."""
        return Service(workers, mean_s, self.rng, self.outcome)

    def run(self, request: type[sim.Component], rate: float, until_s: float) -> Outcome:
        """Requests come by themselves; what came out by the end."""
        sim.ComponentGenerator(request, iat=sim.Exponential(rate=rate, randomstream=self.rng))
        self.env.run(till=until_s)
        return self.outcome


def salabim_w1(until_s: float, seed: int = 1) -> Outcome:
    """W1: one service of 8 workers, 8 ms, 800/s."""
    world = World(seed)
    only = world.service(8, 0.008)

    class Request(sim.Component):
        def process(self) -> None:
            start = self.env.now()
            only.serve(self)
            world.outcome.finish(self.env.now() - start)

    return world.run(Request, 800, until_s)


def salabim_w2(until_s: float, seed: int = 1) -> Outcome:
    """W2: gateway → app → db at 500/s; each service's worker is free again while it waits downstream."""
    world = World(seed)
    tiers = [world.service(*tier) for tier in TIERS]

    class Request(sim.Component):
        def process(self) -> None:
            start = self.env.now()
            _pass(self, tiers)
            world.outcome.finish(self.env.now() - start)

    return world.run(Request, 500, until_s)


def salabim_w2t(until_s: float, seed: int = 1) -> Outcome:
    """W2t: W2 with a timeout of 1 s and one retry at the entry; an attempt given up runs on, as a server would."""
    world = World(seed)
    tiers = [world.service(*tier) for tier in TIERS]

    class Attempt(sim.Component):
        def setup(self) -> None:
            self.answered = sim.State(monitor=False)

        def process(self) -> None:
            _pass(self, tiers)
            self.answered.set()

    class Request(sim.Component):
        def process(self) -> None:
            start = self.env.now()
            for _ in range(2):
                self.wait(Attempt().answered, fail_delay=1.0)
                if not self.failed():
                    world.outcome.finish(self.env.now() - start)
                    return

    return world.run(Request, 500, until_s)


def salabim_w3(until_s: float, seed: int = 1) -> Outcome:
    """W3: a root of 4 x 12 ms that asks ten leaves of 4 x 12 ms at once and waits for all, at 200/s."""
    world = World(seed)
    root, leaves = world.service(4, 0.012), [world.service(4, 0.012) for _ in range(10)]

    class Ask(sim.Component):
        def setup(self, leaf: Service, asker: Request) -> None:
            self.leaf, self.asker = leaf, asker

        def process(self) -> None:
            self.hold(LINK_S)
            self.leaf.serve(self)
            self.hold(LINK_S)
            self.asker.missing -= 1
            if self.asker.missing == 0:
                self.asker.activate()

    class Request(sim.Component):
        def process(self) -> None:
            start = self.env.now()
            root.serve(self)
            self.missing = len(leaves)
            for leaf in leaves:
                Ask(leaf=leaf, asker=self)
            self.passivate()
            world.outcome.finish(self.env.now() - start)

    return world.run(Request, 200, until_s)


def _pass(request: sim.Component, tiers: list[Service]) -> None:
    for number, service in enumerate(tiers):
        if number:
            request.hold(LINK_S)
        service.serve(request)
    request.hold(2 * LINK_S)  # the answer passes both links; nobody works on it
