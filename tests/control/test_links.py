"""Faults of the links between zones: what several do together, and that nothing of them stays."""

from __future__ import annotations

import pytest

from scenarios.errors import ScenarioError
from scenarios.load import loads
from sim.commands import LinkChanged
from sim.mesh import Mesh
from sim.platform.links import NEVER_NS

S = 1_000_000_000
TEXT = """
version: 1
name: apart
duration: 5m
cluster: {zones: [east, west]}
services:
  api: {replicas: 2, endpoints: {get: [{wait: 1500ms}]}}
workload: {few: {entry: api.get, arrivals: {constant: 1/h}}}
"""


def links(*faults, at):
    """The links that are not well just after a time, by what faults f0, f1, ... do to them."""
    world = Mesh(loads(TEXT, [f"faults.f{i}={text}" for i, text in enumerate(faults)]), 1, "reference")
    world.advance(at * S + 1)
    return list(world.plane.network.links.values())


def test_a_partition_is_cut_both_ways_until_its_end():
    """From 10 s to 12 s no message crosses, in either direction; then all is as before."""
    fault = "{at: 10s, for: 2s, partition: {between: [east, west]}}"
    assert links(fault, at=9) == []
    assert links(fault, at=10) == [LinkChanged("east", "west", 12 * S), LinkChanged("west", "east", 12 * S)]
    assert links(fault, at=12) == []


def test_a_partition_without_end_outlasts_any_run():
    """A century."""
    assert [link.opens_ns for link in links("{at: 1s, partition: {between: [east, west]}}", at=2)] == [NEVER_NS] * 2


def test_several_faults_add_up():
    """The last cut to end counts, delays are summed, losses are independent: 1 - 0.9 x 0.8; a zone has one way to itself."""
    both = "between: [west, west]"
    faults = [f"{{at: 1s, for: 9s, partition: {{{both}}}}}", f"{{at: 2s, for: 4s, partition: {{{both}}}}}",
              f"{{at: 1s, latency: {{{both}, added: 5ms}}}}", f"{{at: 1s, latency: {{{both}, added: 2ms}}}}",
              f"{{at: 1s, loss: {{{both}, rate: 10%}}}}", f"{{at: 1s, loss: {{{both}, rate: 20%}}}}"]  # fmt: skip
    (link,) = links(*faults, at=3)
    assert (link.source, link.target, link.opens_ns, link.added_ns) == ("west", "west", 10 * S, 7_000_000)
    assert link.loss == pytest.approx(0.28)
    assert [link.opens_ns for link in links(*faults, at=10)] == [0]


def test_a_lone_loss_is_its_rate_exactly():
    """No rounding comes between the file and the law."""
    assert links("{at: 1s, loss: {between: [east, west], rate: 10%}}", at=1)[0].loss == 0.1


def test_an_unknown_zone_is_named():
    """A link's ends are zones of the file."""
    with pytest.raises(ScenarioError, match=r"north.*not a zone"):
        loads(TEXT, ["faults.f={at: 1s, partition: {between: [east, north]}}"])
