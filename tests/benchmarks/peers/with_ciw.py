"""The workloads in Ciw: networks of queues. It has no timeouts of a caller and no forks, so W2t and W3 are left out."""

from __future__ import annotations

from typing import Any

import ciw

from tests.benchmarks.peers.outcome import LINK_S, TIERS, Outcome


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
    gateway, app, db = (ciw.dists.Exponential(1 / mean_s) for _, mean_s in TIERS)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(500), None, None, None, None, None],
        service_distributions=[gateway, link, app, link, db, back],
        number_of_servers=[4, float("inf"), 8, float("inf"), 6, float("inf")],
        routing=[[float(column == row + 1) for column in range(6)] for row in range(6)],
    )
    return _ciw_outcome(network, until_s, seed, services={1, 3, 5})


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
