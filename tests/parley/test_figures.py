"""Pictures: every odd world has one, and its labels keep apart."""

from __future__ import annotations

from itertools import pairwise

import pytest

import parley
from parley.analysis.timeline import Timeline
from parley.drawing.panels import APART, apart
from parley.wording import clock, milliseconds, number, percent, step
from tests.parley.worlds import SHOP, written

ODD = {
    "no requests": ["workload.readers.load=0", "workload.writers.load=0"],
    "nothing succeeds": ["faults.dead={at: 0s, errors: {service: stock, rate: 100%}}"],
    "no pods": ["services.stock.replicas=0"],
    "no work": [
        "routes.'front -> stock'=null", "services.front.endpoints.page=[{wait: 1ms}]", "services.stock.endpoints.look_up=[{wait: 1ms}]",
    ],
    "no warm-up": ["warmup=0s"],
}


@pytest.mark.parametrize("changes", ODD.values(), ids=ODD.keys())
@pytest.mark.filterwarnings("error")
def test_an_odd_world_has_a_picture(tmp_path, changes):
    """Without a warning, in all its panels."""
    run = parley.run(written(tmp_path, SHOP), set=changes, until="1500ms", out=tmp_path / "run")
    for picture in (run.plot.overview(), run.plot.load(), run.plot.latency(), run.plot.queues(), run.plot.replicas(),
                    run.plot.hysteresis()):  # fmt: skip
        assert picture.png().startswith(b"\x89PNG")


TWO = """
version: 1
name: two
duration: 10s
services:
  left: {replicas: 2, workers: 1, endpoints: {run: [{work: 10ms}]}}
  right: {replicas: 1, workers: 1, endpoints: {run: [{work: 20ms}]}}
workload:
  some: {entry: left.run, arrivals: {poisson: {step: {base: 10/s, to: 0/s, at: 5s}}}}
  others: {entry: right.run, arrivals: {poisson: {step: {base: 0/s, to: 10/s, at: 5s}}}}
"""


def test_capacity_is_of_the_mix_that_is_there(tmp_path):
    """First those come who need 10 ms of two pods, 200/s; then those who need 20 ms of one, 50/s. On average over all, 100/s."""
    run = parley.run(written(tmp_path, TWO), out=tmp_path / "run")
    when, capacity, limiting = Timeline(run.path, run.scenario).capacity()
    first = when < 5
    assert capacity[first] == pytest.approx(200) and capacity[~first] == pytest.approx(50)
    assert {*limiting[: first.sum()]} == {"left"} and {*limiting[first.sum() :]} == {"right"}


@pytest.mark.parametrize("wanted", [[50.0] * 5, [0.0, 1.0, 2.0], [98.0, 99.0, 100.0], [10.0, 40.0, 90.0], []])
def test_labels_keep_apart_and_in_order(wanted):
    """Within the panel, each at least a line from the next."""
    places = apart(wanted, [1] * len(wanted), 100.0)
    assert all(b - a >= APART - 1e-9 for a, b in pairwise(places))
    assert all(-1e-9 <= place <= 100.0 for place in places)


@pytest.mark.parametrize(("made", "text"), [
    (number(0.03124), "0.03124"), (number(12.3456), "12.35"), (number(123456.7), "123,457"), (number(None), "-"), (number(0.0), "0"),
    (percent(0.99999), "99.99 %"), (percent(1.0), "100.00 %"), (percent(float("nan")), "-"), (percent(float("inf")), "-"),
    (milliseconds(None), "-"), (milliseconds(12.3456), "12.35 ms"),
    (clock(495 * 10**9), "8m15s"), (clock(1_500_000_000), "1.5s"), (clock(3720 * 10**9), "1h02m"), (clock(59_960_000_000), "1m"),
])  # fmt: skip
def test_figures_are_written_for_people(made, text):
    """Four digits that matter; 100 % only where nothing is missing."""
    assert made == text


def test_what_a_decision_changed_is_said_in_its_own_unit():
    """Pods, milli-cores, or that an alert fires."""
    told = [step(*words) for words in (("hpa", 2, 5), ("vpa", 100, 250), ("burn_rate", 0, 1), ("burn_rate", 1, 0))]
    assert told == ["2 → 5", "100m → 250m cpu", "fires", "is over"]
