"""MSER-5 and its verdicts: series worked by hand, and queues that start empty."""

from __future__ import annotations

import numpy as np
import pytest

import parley
from parley.errors import UsageError
from parley.recording.warming import judged, mser5
from scenarios.errors import ScenarioError
from scenarios.load import loads
from sim.errors import SimulationError
from sim.mesh import Mesh

STEADY = """
version: 1
name: steady
duration: 60s
warmup: {warmup}
services: {{a: {{workers: 1, endpoints: {{x: [{{work: {{exponential: {work}}}}}]}}}}}}
workload: {{w: {{entry: a.x, arrivals: {{poisson: 90/s}}}}}}
"""


def steady(warmup: str = "0s", work: str = "1ms", more: str = ""):
    """A queue of one worker."""
    return loads(STEADY.format(warmup=warmup, work=work) + more)


def test_a_start_that_is_over_is_cut_off():
    """100 observations of 10, then 900 that are 0 and 1 by turns: the cut is where they begin."""
    cut = mser5([10] * 100 + [0, 1] * 450)
    assert cut is not None and cut.observations == 100 and cut.is_sure


def test_a_cut_in_the_middle_of_a_batch_takes_all_of_it():
    """Of 52 the eleventh batch of five has two."""
    cut = mser5([10] * 52 + [0, 1] * 450)
    assert cut is not None and cut.observations == 55


def test_by_the_formula():
    """Ten batches: the least of the sums of squares over the squared number that is left, worked out one by one."""
    means = np.array([9.0, 4, 2, 1, 2, 1, 2, 1, 2, 1])
    errors = [float(((means[d:] - means[d:].mean()) ** 2).sum() / (10 - d) ** 2) for d in range(5)]
    cut = mser5(np.repeat(means, 5).tolist())
    assert cut is not None and cut.observations == 5 * int(np.argmin(errors)) == 10


def test_what_never_settles_is_told():
    """A straight rise is best cut as late as may be, which is a sign that it is too short."""
    cut = mser5(list(range(500)))
    assert cut is not None and not cut.is_sure


def test_too_few_say_nothing():
    """49 observations are nine whole batches."""
    assert mser5([1.0] * 49) is None
    assert mser5([1.0] * 50) is not None


@pytest.mark.parametrize(("world", "start", "verdict"), [
    (steady(), 0, "long enough"),
    (steady(), 100, "too short: MSER-5 leaves out 10s"),
    (steady(warmup="10s"), 100, "long enough"),
    (steady(more="faults: {f: {at: 1s, for: 1s, slow: {service: a, factor: 2}}}\n"), 100, "not judged: there is a fault, f"),
])  # fmt: skip
def test_verdicts(world, start, verdict):
    """600 windows of 100 ms, of which the first so many had nobody inside."""
    told = judged(world, [0] * start + [4, 6] * ((600 - start) // 2))
    assert told["verdict"].startswith(verdict), told


def test_auto_is_found_and_written_down(tmp_path):
    """Everybody stays for 5 s, so for 5 s more come than go; the run folder's scenario has the time that was found."""
    world = loads(STEADY.format(warmup="auto", work="1ms").replace("work: {exponential: 1ms}", "wait: 5s"))
    run = parley.run(world, spans="none", out=tmp_path / "auto")
    assert 4.5e9 <= run.scenario.warmup <= 10e9
    assert run.summary["warmup"]["given_s"] == run.scenario.warmup / 1e9 == run.summary["warmup"]["mser5_s"]
    assert run.summary["warmup"]["verdict"] == "long enough"
    assert run.summary["measured_s"] == 60 - run.scenario.warmup / 1e9


def test_a_saturated_queue_has_no_warm_up():
    """It grows for ever, so there is nothing to find, and the message says so."""
    with pytest.raises(UsageError, match="steady has not settled in the first half of 1m; make it longer"):
        parley.run(steady(warmup="auto", work="20ms"))


def test_auto_of_a_crowd_is_refused():
    """A load that changes does not settle; the mistake names what changes."""
    text = STEADY.format(warmup="auto", work="1ms").replace("poisson: 90/s", "poisson: {ramp: {from: 1/s, to: 9/s, over: 9s}}")
    with pytest.raises(ScenarioError, match="warmup = 'auto' finds where a steady world settles, and the rate of w changes"):
        loads(text)


def test_a_bare_mesh_wants_a_time():
    """Who builds a mesh by hand has no pilot run."""
    with pytest.raises(SimulationError, match="here give a time"):
        Mesh(steady(warmup="auto"))
