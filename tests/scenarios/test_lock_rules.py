"""Locks that a request would wait for while it holds them: refused where that is sure, and told where it may be."""

from __future__ import annotations

import pytest

from scenarios.errors import ScenarioError
from scenarios.flow import Flow
from scenarios.lock_cautions import lock_cautions
from tests.worlds import world

AROUND = """
services:
  a:
    replicas: 2
    endpoints:
      x: [{lock: {keys: {uniform: 1}, name: k, steps: [{branch: [{probability: 10%, steps: [{call: b.y}]}]}]}}]
      z: [{wait: 1ms}, {lock: {keys: {uniform: 1}, name: k, steps: [{wait: 1ms}]}}]
  b: {endpoints: {y: [{call: a.z}]}}
workload: {w: {entry: a.x, arrivals: {constant: 1/s}}}
"""
PODS = AROUND.replace("name: k", "name: k, scope: pod")
MANY = AROUND.replace("uniform: 1}", "uniform: 9}")
HEADER = MANY.replace("name: k", "name: k, header_name: x-item")
BACK = """
services:
  a: {endpoints: {x: [{lock: {keys: {uniform: 1}, steps: [{wait: 1ms}, {branch: [{probability: 10%, steps: [{call: a.x}]}]}]}}]}}
workload: {w: {entry: a.x, arrivals: {constant: 1/s}}}
"""


def told(text: str) -> list[str]:
    """What is said of its locks waiting for themselves."""
    return [one for one in lock_cautions(Flow(world(text))) if "for itself" in one]


@pytest.mark.parametrize("text", [AROUND, HEADER, PODS.replace("replicas: 2", "replicas: 1"), BACK])
def test_a_lock_that_its_own_calls_lead_to_is_refused(text: str) -> None:
    """One key, the key of one header, the one pod's, and the very same step."""
    with pytest.raises(ScenarioError, match=r"by calls from inside services\.a\.endpoints\.x\.0\.lock, which holds the same key"):
        world(text)


@pytest.mark.parametrize("text", [
    MANY, PODS, HEADER.replace("uniform: 9}", "uniform: 8}", 1), AROUND.replace("uniform: 1}", "uniform: 2}", 1),
])  # fmt: skip
def test_one_that_they_may_lead_to_is_told(text: str) -> None:
    """Keys that are drawn anew, several pods' own, and headers or keys of different numbers."""
    (sentence,) = told(text)
    assert sentence.startswith("services.a.endpoints.z.1.lock: is come to by calls from inside services.a.endpoints.x.0.lock, so a request")


@pytest.mark.parametrize("text", [
    AROUND.replace("name: k", "name: m", 1), AROUND.replace("call: a.z", "wait: 1ms"), AROUND.replace(", name: k", ""),
    AROUND.replace("steps: [{branch", "steps: [{wait: 1ms}]}}, {branch").replace("{call: b.y}]}]}]}}]", "{call: b.y}]}]}]"),
])  # fmt: skip
def test_others_are_not(text: str) -> None:
    """Another name, no way back, keys of their own, and a call from outside."""
    assert told(text) == []
