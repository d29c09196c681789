"""What latencies are made of, what is said where spans are missing, and who left the band of a healthy twin first."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

import parley
from parley.errors import UsageError
from parley.explanations.critical_path import KINDS
from parley.explanations.report import print_explanation
from tests.parley.worlds import SHOP, written
from tests.worlds import ENGINES

S = 1_000_000_000
CHAIN = """
version: 1
name: chain
duration: 30s
network: {same_zone: 1ms}
services:
  front: {replicas: 2, workers: 8, endpoints: {page: [{work: 2ms}, {call: middle.ask}]}}
  middle: {replicas: 2, workers: 8, endpoints: {ask: [{work: 1ms}, {call: store.get}]}}
  store: {replicas: 2, workers: 4, endpoints: {get: [{work: 4ms}]}}
workload: {people: {entry: front.page, arrivals: {constant: 100/s}, slo: {latency: {p: 99, under: 12ms}}}}
faults: {slow_store: {at: 20s, for: 5s, slow: {service: store, factor: 40, fraction: 50%}}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("explained")


@pytest.fixture(scope="module")
def chain(folder):
    return parley.run(written(folder, CHAIN), spans="all", out=folder / "chain")


def printed(made, width=80):
    console = Console(file=io.StringIO(), width=width, no_color=True, highlight=False)
    print_explanation(console, made)
    return console.file.getvalue()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_quiet_chain_is_known_exactly(engine, folder, tmp_path):
    """2 + 1 + 4 ms of work and 4 ms on the way: every request alike, in the middle and among the slowest."""
    run = parley.run(folder / "world.yaml" if (folder / "world.yaml").exists() else written(folder, CHAIN), engine=engine, spans="all",
                     until="19s", out=tmp_path / "run")  # fmt: skip
    people = parley.explain(run).classes["people"]
    for one in people.values():
        assert one.mean_ms == 11
        assert {key: ns / one.walked for key, ns in one.parts.items()} == {
            ("front", "service"): 2e6, ("middle", "service"): 1e6, ("middle", "network"): 2e6, ("store", "service"): 4e6,
            ("store", "network"): 2e6}  # fmt: skip
        assert one.share("store") == pytest.approx(6 / 11)
        assert one.share(kind="network") == pytest.approx(4 / 11)
        assert one.share() == 1.0
    assert (people["p99"].requests, people["p50"].requests) == (19, 190)
    assert str(people["p50"]).endswith("36 % work at store, 18 % work at front, 18 % network to middle, 18 % network to store")


def test_shares_add_up_whatever_happens(folder):
    """A shop with retries, timeouts and full queues: shares of kinds and of services are all of it."""
    run = parley.run(written(folder, SHOP, "shop.yaml"), spans="all", out=folder / "shop")
    made = parley.explain(run)
    assert list(made.classes) == ["readers", "writers"]
    for some in made.classes.values():
        for one in some.values():
            assert sum(one.parts.values()) == one.total_ns
            assert sum(one.share(kind=kind) for kind in KINDS) == pytest.approx(1.0)
            assert sum(one.share(service) for service in one.services) == pytest.approx(1.0)
    p99 = made.classes["readers"]["p99"]
    assert p99.share("stock") > 0.7 and p99.value_ms == run.summary["classes"]["readers"]["latency_ms"]["p99"]
    assert list(parley.explain(run, workload="writers").classes) == ["writers"]
    text = printed(made)
    assert max(len(line) for line in text.splitlines() if " ms: " not in line) <= 80
    assert json.loads(json.dumps(made.as_json()))["classes"]["readers"]["p99"]["shares"]["stock"]
    assert repr(made).startswith("<Explanation readers p99 = ")


def test_spans_of_the_tail_are_enough_for_the_slowest(folder):
    """With an objective below p99 the tail has all of the slowest 1 %: the same breakdown as from all spans, but no middle."""
    asked = {"set": ["faults.slow_store.for=2s"]}
    runs = [parley.run(written(folder, CHAIN), spans=spans, out=folder / f"of-{spans}", **asked) for spans in ("all", "tail")]
    whole, tail = map(parley.explain, runs)
    assert tail.classes["people"]["p99"] == whole.classes["people"]["p99"]
    assert "p50" not in tail.classes["people"] and "no requests of the middle" in tail.notes[0]


def test_what_is_missing_is_told_with_its_remedy(folder, chain):
    """No spans, a tail without the slowest, too few of a sample, and a class there is not."""
    bare = parley.run(folder / "world.yaml", spans="none", until="1s", out=folder / "bare")
    with pytest.raises(UsageError, match="--spans none"):
        parley.explain(bare)
    few = parley.run(folder / "world.yaml", spans="tail", set=["services.store.workers=64", "faults.slow_store=null",
                     "workload.people.slo.latency.under=7.55ms", "network.same_zone={exponential: 0.05ms}"],
                     out=folder / "few")  # fmt: skip
    with pytest.raises(UsageError, match=r"fewer than 1 % .* `--spans all` has"):
        parley.explain(few)
    sampled = parley.run(folder / "world.yaml", spans="sample", set=["duration=2m", "faults.slow_store=null"], out=folder / "sampled")
    assert "only 5" not in "".join(parley.explain(sampled).notes)
    with pytest.raises(UsageError, match="did you mean 'people'"):
        parley.explain(chain, workload="poeple")


def test_the_first_cause_is_the_slow_service_and_its_fault(chain, folder):
    """Store is slow from 20 s on; middle and front wait for it, and are named after it."""
    made = parley.explain(chain, twin=True, out=folder / "twin")
    assert made.against.scenario.faults == {} and made.against.manifest["seed"] == 1
    first = made.cause.first
    assert first.service == "store" and 20 * S <= first.time_ns <= 20.2 * S
    assert first.now > 2 * first.was
    assert str(made.cause.before[0]) == "fault slow_store (slow) begins at 20s"
    assert [one.service for one in made.cause.spread] == ["store", "middle", "front"]
    text = printed(made, 100)
    assert "first to leave its twin's band: store" in text and "just before: fault slow_store" in text
    assert parley.explain(chain, against=made.against.path).cause == made.cause


def test_a_healthy_run_has_no_first_cause(chain, folder):
    """Beside itself, nothing leaves the band."""
    made = parley.explain(chain, against=chain)
    assert made.cause is None
    assert "no service is worse" in printed(made)


def test_a_what_if_has_the_run_it_was_made_from_for_a_twin(folder):
    """What was done to it is what happened just before."""
    quiet = parley.run(folder / "world.yaml", set=["faults.slow_store=null"], out=folder / "quiet")
    made = parley.whatif(quiet, at="10s", do=["Slow(store, 60)"], spans="all", out=folder / "slowed")
    found = parley.explain(made.run, twin=True)
    assert found.against.path == quiet.path
    assert (found.cause.first.service, str(found.cause.before[0])) == ("store", "Slow(store, 60) at 10s")


def test_more_load_is_told(folder):
    """Twice the requests from 10 s on, more than store can take."""
    quiet = parley.run(folder / "world.yaml", set=["faults.slow_store=null", "services.store.replicas=1", "services.store.workers=1"],
                       out=folder / "calm")  # fmt: skip
    crowd = {"pieces": {"points": [["0s", "100/s"], ["10s", "100/s"], ["10s", "300/s"], ["30s", "300/s"]]}}
    busy = parley.run(quiet.scenario, set=[f"workload.people.arrivals={json.dumps({'constant': crowd})}"], out=folder / "busy")
    cause = parley.explain(busy, against=quiet).cause
    assert (cause.first.service, cause.before[0].kind) == ("store", "load")
    assert "people come at 300/s, not 100/s, at 10s" in str(cause)


@pytest.mark.parametrize(("asked", "rule"), [
    ({"against": "one", "twin": True}, "ask for one of them"),
    ({"out": "somewhere"}, "none is asked for"),
])  # fmt: skip
def test_what_does_not_go_together_is_refused(asked, rule, chain):
    """Before anything is read."""
    with pytest.raises(UsageError, match=rule):
        parley.explain(chain, **asked)


def test_twins_must_have_the_same_windows_and_something_to_leave_out(chain, folder):
    """Runs of one length; a world without faults has no twin."""
    short = parley.run(folder / "world.yaml", until="5s", out=folder / "short")
    with pytest.raises(UsageError, match="other windows"):
        parley.explain(chain, against=short)
    calm = parley.run(folder / "world.yaml", set=["faults.slow_store=null"], until="5s", out=folder / "faultless")
    with pytest.raises(UsageError, match="no faults"):
        parley.explain(calm, twin=True)


def test_a_crash_at_the_end_of_a_window_is_just_before(folder):
    """Faults of an instant come before its scrapes, so the window that ends there has seen them."""
    run = parley.run(folder / "world.yaml", set=["faults.slow_store={at: 10s, crash: {service: store}}", "services.store.startup=1s"],
                     until="12s", spans="all", out=folder / "crashed")  # fmt: skip
    cause = parley.explain(run, twin=True, out=folder / "whole").cause
    assert str(cause.first) == "store, ready pods 2 → 0 by 10s"
    assert [str(one) for one in cause.before[:2]] == ["fault slow_store (crash) begins at 10s", "2 pods of store are dead at 10s"]
