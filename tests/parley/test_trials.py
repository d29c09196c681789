"""A run without a folder comes to what the folder of the same run holds."""

from __future__ import annotations

import json
import signal

import pytest

import parley
from parley.errors import Stopped
from parley.runs.measures import figures_of
from parley.runs.running import Stop, ordered
from parley.runs.trials import trial
from tests.parley.worlds import SHOP, written


@pytest.mark.parametrize(
    ("world", "asked"),
    [("shop", {}), ("shop", {"engine": "reference", "seed": 7}), ("shop", {"until": "700ms"}), ("shop", {"until": "1050ms"}),
     ("flash_crowd", {"until": "3m", "set": ["services.frontend.replicas=5"]}), ("basin", {"until": "70s"})],
)  # fmt: skip
def test_a_trial_is_the_summary_of_a_run(tmp_path, world, asked):
    """To the last digit: with faults and agents, with and without a warm-up that ends before the run does.

    But for what only windows tell: intervals of a single run, and whether its warm-up was enough.
    """
    source = written(tmp_path, SHOP) if world == "shop" else world
    run = parley.run(source, spans="none", out=tmp_path / "run", **asked)
    told = json.loads((run.path / "summary.json").read_text())
    assert trial(ordered(source, **asked)) == {key: value for key, value in told.items() if key not in ("warmup", "estimates")}


def test_figures_of_a_trial_are_flat(tmp_path):
    """Dotted path → float, without those that are not there."""
    found = figures_of(trial(ordered(written(tmp_path, SHOP), until="700ms")))
    assert found["requests.offered"] > 100
    assert "latency_ms.p99" not in found  # nothing is measured before the warm-up is over
    assert {type(value) for value in found.values()} == {float}


def test_a_trial_that_is_stopped_comes_to_nothing(tmp_path):
    """There are no figures of a part of it."""
    stop = Stop()
    stop.signal_number = signal.SIGINT
    with pytest.raises(Stopped):
        trial(ordered(written(tmp_path, SHOP)), stop)
