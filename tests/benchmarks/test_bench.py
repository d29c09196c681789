"""The bench takes turns, divides rightly, and publishes nothing that names a machine."""

from __future__ import annotations

import io
import json
import socket

import pytest
from rich.console import Console

from tests.benchmarks import bench


def test_runners_take_turns_and_ratios_are_to_simpy():
    """Every runner runs once a round, warm-up first; medians and ratios follow from hops and CPU-seconds."""
    calls = []

    def runner(name, speed):
        def run(workload, until_s):
            calls.append((name, workload.name))
            return 1000, 1000 / speed

        return run

    who = {name: {w.name: runner(name, speed) for w in bench.WORKLOADS} for name, speed in (("fast", 500), ("simpy", 10))}
    results = bench.measure(who, rounds=2)
    assert calls == 3 * [(name, w.name) for w in bench.WORKLOADS for name in who]
    assert results["W2"]["runners"]["fast"] == {"hops_per_cpu_second": 500, "ratio": 50.0, "rounds": [500, 500]}


def test_the_table_shows_what_was_measured_and_a_dash_for_what_was_not():
    """Real peers, very short: SimPy is its own measure, and Ciw has no W3."""
    who = {name: runs for name, runs in bench.runners().items() if name in bench.PEERS}
    results = bench.measure(who, rounds=1, share=0.02)
    printed = io.StringIO()
    Console(width=120, file=printed).print(bench.table_of(results))
    assert results["W3"]["runners"].keys() == {"simpy"}
    assert "(1x)" in printed.getvalue()


@pytest.mark.parametrize("engine", ["fast", "reference"])
@pytest.mark.parametrize("workload", bench.WORKLOADS, ids=lambda workload: workload.name)
def test_parley_sits_in_the_bench(engine, workload):
    """Each engine does the hops the workload makes: a simulated minute, within 5 %."""
    until_s = 60 if engine == "fast" else 20
    hops, cpu_s = bench.parley_hops(workload.scenario, until_s * bench.NS_PER_S, engine)
    assert hops == pytest.approx(until_s * workload.hops_per_s, rel=0.05)
    assert cpu_s > 0


def test_nothing_names_the_machine():
    """Machine facts and versions carry no host name and no path."""
    text = json.dumps([bench.machine(), bench.versions()])
    assert socket.gethostname() not in text
    assert "home" not in text
    assert str(bench.PUBLISHED.parents[3]) not in text
