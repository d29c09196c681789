"""Critical paths worked by hand, on both engines, and that their parts always add up to the latency."""

from __future__ import annotations

from collections import Counter

import pytest

import parley
from parley.analysis.tracing import Traces
from parley.explanations.critical_path import (
    NETWORK,
    QUEUEING,
    RETRIES,
    SERVICE,
    STARTING,
    WAITING,
    Shortages,
    parts_of,
)
from parley.explanations.explaining import shortages
from parley.explanations.programs import traits_of
from tests.parley.worlds import SHOP, written
from tests.worlds import ENGINES, MS, world

CHAIN = """
network: {same_zone: 1ms}
services:
  a: {workers: 4, endpoints: {x: [{work: 2ms}, {call: b.y}]}}
  b: {workers: 1, endpoints: {y: [{work: 3ms}]}}
"""
FORK = """
network: {{same_zone: 1ms}}
services:
  a: {{workers: 4, endpoints: {{x: [{{work: 1ms}}, {{parallel: [{{call: b.y}}, {{call: c.z}}], join: {join}}}, {{work: {after}}}]}}}}
  b: {{workers: 4, endpoints: {{y: [{{work: 5ms}}]}}}}
  c: {{workers: 4, endpoints: {{z: [{{work: 9ms}}]}}}}
"""
HOGGED = """
network: {same_zone: 1ms}
services:
  a: {workers: 4, endpoints: {x: [{work: 1ms}, {call: b.y}]}}
  b: {workers: 1, endpoints: {y: [{work: 2ms}], hog: [{work: 6ms}]}}
routes:
  a -> b: {per_try_timeout: 4ms, retries: {num_retries: 1, retry_on: [5xx]}}
workload:
  hogs: {entry: b.hog, arrivals: {timestamps: times(0)}}
  w: {entry: a.x, arrivals: {timestamps: times(1)}}
"""
WAITS = """
services:
  a: {workers: 1, endpoints: {x: [{work: 2ms}, {wait: 4ms}, {work: 1ms}]}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0,2)}}}
"""
LOCKED = """
services:
  a: {workers: 4, endpoints: {x: [{work: 1ms}, {lock: {keys: {uniform: 1}, steps: [{wait: 5ms}]}}]}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0,0)}}}
"""
IGNORED = """
network: {same_zone: 1ms}
services:
  a: {workers: 4, endpoints: {x: [{call: b.y, on_failure: ignore}, {work: 2ms}]}}
  b: {workers: 1, endpoints: {y: [{work: 30ms}]}}
routes: {a -> b: {timeout: 10ms}}
"""
MIXED = """
version: 1
name: mixed
duration: 4s
network: {same_zone: {exponential: 0.5ms}}
services:
  a: {replicas: 2, workers: 8, model: thread, endpoints: {x: [
    {work: {exponential: 1ms}}, {parallel: [{call: b.y, repeat: 2}, [{wait: 1ms}, {call: c.z, on_failure: ignore}], {call: d.q}], join: 2},
    {branch: [{probability: 40%, steps: [{call: b.y}, {work: 1ms}]}]}]}}
  b: {replicas: 2, workers: 2, queue: {size: 9}, endpoints: {y: [{work: {exponential: 4ms}}]}}
  c: {replicas: 2, workers: 1, endpoints: {z: [{work: {exponential: 3ms}}, {call: d.q}]}}
  d: {replicas: 2, workers: 1, endpoints: {q: [{cache: {keys: {uniform: 9}, ttl: 20ms, coalesce: true, on_miss: [{work: 2ms}]}}]}}
routes:
  a -> b: {timeout: 60ms, per_try_timeout: 12ms, retries: {num_retries: 2}}
  c -> d: {hedge_policy: {hedging_delay: 4ms, max_attempts: 2}}
  a -> c: {timeout: 15ms, cancel: true}
  a -> d: {connection_pool: {max_connections: 3}}
workload: {w: {entry: a.x, arrivals: {poisson: 150/s}}}
faults: {out: {at: 2s, crash: {service: b, fraction: 50%}}}
"""


@pytest.fixture(params=ENGINES)
def walked(request, tmp_path):
    """Run a world; the parts of one of its requests, in ms by (kind, service), and its trace."""
    def walk(text, number=0, short=None):
        run = parley.run(world(text), engine=request.param, spans="all", until="1s", out=tmp_path / "run")
        trace = Traces(run).request(number)
        parts = parts_of(trace, traits_of(run.scenario), short)
        assert sum(part.ns for part in parts) == trace.latency
        found = Counter()
        for part in parts:
            found[part.kind, part.service] += part.ns / MS
        return dict(found), trace

    return walk


def test_a_chain_is_its_works_and_its_ways(walked):
    """2 ms of work, 1 ms there, 3 ms of work, 1 ms back; who comes from outside is next to every pod."""
    assert walked(CHAIN)[0] == {(SERVICE, "a"): 2, (SERVICE, "b"): 3, (NETWORK, "b"): 2}


def test_the_later_branch_decides_a_join(walked):
    """c takes 9 ms, b 5 ms: b is on no path."""
    assert walked(FORK.format(join="all", after="2ms"))[0] == {(SERVICE, "a"): 3, (SERVICE, "c"): 9, (NETWORK, "c"): 2}


def test_the_first_branch_decides_a_race(walked):
    """c comes back while a goes on with something else, and nobody waits for it."""
    assert walked(FORK.format(join="first", after="20ms"))[0] == {(SERVICE, "a"): 21, (SERVICE, "b"): 5, (NETWORK, "b"): 2}


def test_a_queue_is_time_before_the_first_work(walked):
    """One worker, two requests at once: the second waits at b while the first is served."""
    text = CHAIN + "workload: {w: {entry: a.x, arrivals: {timestamps: times(0,0)}}}\n"
    expected = {(SERVICE, "a"): 2, (SERVICE, "b"): 3, (NETWORK, "b"): 2}
    assert walked(text, 1)[0] == expected | {(QUEUEING, "b"): 3}


def test_a_queue_is_start_up_while_pods_are_short(walked):
    """Of the 3 ms in the queue of b, from 3 to 6 ms, one falls into a stretch in which b had a pod starting."""
    text = CHAIN + "workload: {w: {entry: a.x, arrivals: {timestamps: times(0,0)}}}\n"
    found, _ = walked(text, 1, Shortages({"b": [(0, 1 * MS), (5 * MS, 9 * MS)]}))
    assert (found[QUEUEING, "b"], found[STARTING, "b"]) == (2, 1)


def test_a_lost_try_and_its_back_off_are_retries(walked):
    """The try leaves at 2 ms and is given up at 6; the next leaves after the back-off, and queues behind what the first left."""
    found, trace = walked(HOGGED, 1)
    first, second = (span for span in trace.spans if span.name == "b.y")
    back_off = (second.sent - first.returned) / MS
    assert (first.outcome, first.returned - first.sent, second.outcome) == ("timed_out", 4 * MS, "ok")
    queued = max(0.0, 8 - second.delivered / MS)
    expected = {(SERVICE, "a"): 1, (RETRIES, "b"): 4 + back_off, (NETWORK, "b"): 2, (SERVICE, "b"): 2, (QUEUEING, "b"): queued}
    assert found == {key: pytest.approx(ms) for key, ms in expected.items() if ms}


def test_constant_waits_are_told_from_queues(walked):
    """4 ms are a wait step's; the second request works from 2 to 4 and from 8 on, the first from 6 to 7: nobody queues."""
    assert walked(WAITS, 1)[0] == {(SERVICE, "a"): 3, (WAITING, "a"): 4}


def test_waiting_for_a_core_inside_is_queueing(walked):
    """Another comes at 6 ms, when the first goes back to work for 1 ms: it queues for it, although that is not its first work."""
    text = WAITS.replace("times(0,2)", "times(0,5)")
    assert walked(text, 0)[0] == {(SERVICE, "a"): 3, (WAITING, "a"): 4, (QUEUEING, "a"): 1}


def test_a_lock_is_waited_for(walked):
    """Both work for 1 ms; the second then waits 5 ms for the key, and 5 ms with it."""
    assert walked(LOCKED, 1)[0] == {(SERVICE, "a"): 1, (WAITING, "a"): 10}


def test_a_failure_that_is_ignored_is_a_lost_try(walked):
    """a waits 10 ms for an answer that does not come, and works for 2 ms."""
    assert walked(IGNORED)[0] == {(RETRIES, "b"): 10, (SERVICE, "a"): 2}


@pytest.mark.parametrize("text", [SHOP, MIXED], ids=["shop", "mixed"])
@pytest.mark.parametrize("engine", ENGINES)
def test_parts_add_up_to_every_latency(text, engine, tmp_path):
    """To the nanosecond, for every request that is over; and latencies add up to the mean of the summary."""
    run = parley.run(written(tmp_path, text), engine=engine, spans="all", until="3s", set=["warmup=0s"], out=tmp_path / "run")
    traits, short, succeeded = traits_of(run.scenario), shortages(run), []
    traces = Traces(run).requests(sorted(set(run.spans.request)))
    for trace in traces:
        if trace.is_open:
            continue
        parts = parts_of(trace, traits, short)
        assert sum(part.ns for part in parts) == trace.latency
        assert all(part.ns > 0 for part in parts)
        succeeded += [trace.latency] if trace.outcome == "ok" else []
    assert len(succeeded) == run.summary["requests"]["succeeded"] > 300
    assert sum(succeeded) / len(succeeded) / MS == pytest.approx(run.summary["latency_ms"]["mean"], rel=1e-12)


def test_shortages_are_the_times_of_pending_and_starting_pods(tmp_path):
    """A pod that crashed at 2 s is replaced by one that starts for 0.5 s; a short one ends with the run."""
    text = SHOP.replace("stock: {replicas: 2,", "stock: {replicas: 2, startup: 500ms,")
    crash = ["faults.slow_stock=null", "faults.out={at: 2s, crash: {service: stock, fraction: 100%}}"]
    run = parley.run(written(tmp_path, text), set=crash, until="2300ms", out=tmp_path / "short")
    assert shortages(run).stretches == {"stock": [(2000 * MS, 2300 * MS)]}
    run = parley.run(written(tmp_path, text), set=crash, until="3s", out=tmp_path / "run")
    assert shortages(run).stretches == {"stock": [(2000 * MS, 2500 * MS)]}
    assert shortages(run).within("stock", 2400 * MS, 2600 * MS) == 100 * MS
