"""How often a step may be made one after the other, counting the fallbacks and repeats around it."""

from __future__ import annotations

import pytest

from scenarios.errors import ScenarioError
from scenarios.load import loads

NESTED = """
version: 1
name: nested
duration: 1s
services:
  a: {endpoints: {x: [{call: b.y, repeat: %d, on_failure: {fallback: [{call: b.y, repeat: %d}]}}]}}
  b: {endpoints: {y: [{work: 1ms}]}}
workload: {w: {entry: a.x, arrivals: {constant: 1/s}}}
"""


def test_repeats_within_a_repeated_fallback_multiply():
    """4,096 times 4,096 passes still have addresses of their own."""
    assert loads(NESTED % (4096, 4096)).services["a"]


def test_more_passes_than_addresses_are_refused():
    """One more could share its draws with another step, so the place and the figure are told."""
    with pytest.raises(ScenarioError, match=r"fallback.*repeat.*16,781,312 times.*at most 16,777,216"):
        loads(NESTED % (4096, 4097))


@pytest.mark.parametrize("target", ["70.4%", "0.4%"])
def test_a_target_is_a_whole_percent(target):
    """Kubernetes has no fraction of a percent; none is rounded away."""
    with pytest.raises(ScenarioError, match="not a whole percent"):
        loads(NESTED % (1, 1), [f"agents.a.scaling.hpa={{target_cpu: {target}, max: 3}}", "services.a.resources.requests.cpu=1"])


def test_one_change_needs_no_list():
    """A text is one change, not one for each letter."""
    assert loads(NESTED % (1, 1), "services.a.replicas=3").services["a"].replicas == 3
