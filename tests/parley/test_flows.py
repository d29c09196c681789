"""Flows between services and zones: against what the engines count, and what is said where a run did not keep enough."""

from __future__ import annotations

import networkx as nx
import pytest

import parley
from parley.analysis.flows import Flows, Stretch, stretch
from parley.drawing.flow_figure import picture_of_flows
from parley.drawing.layered import places
from parley.errors import UsageError
from tests.parley.worlds import SHOP, written

S = 1_000_000_000
TWO_ZONES = """
version: 1
name: two_zones
duration: 20s
warmup: 2s
cluster: {zones: [east, west], nodes: {box: {count: 1, cpu: 8, memory: 16Gi}}}
services:
  front: {replicas: 4, workers: 8, resources: {requests: {cpu: 1}}, endpoints: {page: [{work: {constant: 1ms}}, {call: stock.look_up}]}}
  stock: {replicas: 2, workers: 8, resources: {requests: {cpu: 1}}, endpoints: {look_up: [{work: {constant: 1ms}}]}}
routes:
  defaults: {locality_lb_setting: {}, healthy_panic_threshold: 0%, outlier_detection: {interval: 1s, max_ejection_percent: 100%}}
workload:
  east: {entry: front.page, zone: east, arrivals: {constant: 100/s}}
  west: {entry: front.page, zone: west, arrivals: {constant: 40/s}}
faults: {dark: {at: 10s, zone_loss: {zone: west}}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Two services and two workloads, of which one asks the second service itself; a sample of spans."""
    folder = tmp_path_factory.mktemp("flows")
    return parley.run(written(folder, SHOP), set=["faults.slow_stock=null"], out=folder / "run")


@pytest.fixture(scope="module")
def zones(tmp_path_factory):
    """Every span of a run in which one of two zones is lost halfway."""
    folder = tmp_path_factory.mktemp("zones")
    return parley.run(written(folder, TWO_ZONES), spans="all", out=folder / "run")


def test_visits_are_split_as_calls_were(shop):
    """The stock is asked by the front and by the writers: together as often as windows count, 200 to 30."""
    graph = shop.flows("2s..6s")
    assert isinstance(graph, nx.DiGraph) and set(graph) == {"@readers", "@writers", "front", "stock"}
    windows = shop.windows[(shop.windows.name == "stock") & (shop.windows.start_ns >= 2 * S)]
    assert graph.nodes["stock"]["rate"] == pytest.approx(windows.visits.sum() / 4)
    assert sum(one["rate"] for *_, one in graph.in_edges("stock", data=True)) == pytest.approx(graph.nodes["stock"]["rate"])
    assert graph.edges["@writers", "stock"]["rate"] == pytest.approx(30, rel=0.1)
    assert graph.nodes["front"]["pods"] == 2


def test_windows_across_an_end_count_by_their_share(shop):
    """Two halves of a run are the whole."""
    whole, first, second = (shop.flows(over).nodes["front"]["rate"] for over in ("0s..6s", "0s..2995ms", "2995ms..6s"))
    assert whole * 6 == pytest.approx(first * 2.995 + second * 3.005)


def test_between_zones_before_and_after_one_is_lost(zones):
    """At home as long as home is there; then all in the other, and nothing is lost of what arrived."""
    before, after = (zones.flows(over, by="zone") for over in ("3s..9s", "15s..20s"))
    assert before.edges["@east", "east"]["rate"] == pytest.approx(100, rel=0.02)
    assert before.edges["@west", "west"]["rate"] == pytest.approx(40, rel=0.02) and not before.has_edge("@west", "east")
    assert before.edges["west", "west"]["rate"] == pytest.approx(40, rel=0.02)  # the front asks the stock beside it
    assert after.edges["@west", "east"]["rate"] > 30 and not after.has_edge("@west", "west")


def test_where_one_caller_is_known_no_span_is_asked(tmp_path):
    """A chain of services needs no spans; two callers of one do."""
    chain = parley.run(written(tmp_path, SHOP), set=["workload.writers=null", "expect=[]"], spans="none", until="3s", out=tmp_path / "a")
    assert chain.flows("1s..3s").edges["front", "stock"]["rate"] > 100
    both = parley.run(written(tmp_path, SHOP), spans="none", until="3s", out=tmp_path / "b")
    with pytest.raises(UsageError, match="kept none; run it with --spans sample or all"):
        both.flows("1s..3s")
    slow = parley.run(written(tmp_path, SHOP), spans="tail", until="3s", out=tmp_path / "c")
    with pytest.raises(UsageError, match="kept tail"):
        slow.flows("1s..3s")


@pytest.mark.parametrize(("text", "says"), [
    ("3s", "is no stretch of a run; write it like 1m30s..2m"), ("now..then", "is no stretch"), ("3s..2s", "has nothing of a run"),
    ("7s..9s", "has nothing of a run that lasts 6s"),
])  # fmt: skip
def test_a_stretch_that_is_none(text, says):
    """Told with how to write one."""
    with pytest.raises(UsageError, match=says):
        stretch(text, 6 * S)


def test_what_cannot_be_told_is_said(shop):
    """Zones by nodes, of which this world has none; a kind there is not."""
    with pytest.raises(UsageError, match=r"this scenario has none; give it `cluster\.nodes`"):
        shop.flows("2s..6s", by="zone")
    with pytest.raises(UsageError, match="did you mean 'zone'"):
        shop.flows("2s..6s", by="zones")


def test_a_stretch_ends_with_the_run():
    """And its name is that of its times."""
    assert stretch("4s..1m", 6 * S) == Stretch(4 * S, 6 * S) and str(Stretch(4 * S, 66 * S)) == "4s … 1m06s"


@pytest.mark.filterwarnings("error")
def test_flows_have_a_picture(shop, zones):
    """By services and by zones, of the ends of a run if nothing is said; twice the same stretch is drawn in grey alone."""
    pictures = [shop.plot.flows(), zones.plot.flows("3s..9s", "15s..20s"), zones.plot.flows("3s..9s", "15s..20s", by="zone")]
    assert len({picture.png() for picture in pictures}) == 3
    flows = Flows(shop.path, shop.scenario)
    same = (Stretch(S, 6 * S), flows.graph(Stretch(S, 6 * S)))
    colours = {str(one.arrow_patch.get_edgecolor()) for axes in picture_of_flows(shop.scenario, same, same, "service").figure.axes
               for one in axes.texts if one.arrow_patch is not None}  # fmt: skip
    assert len(colours) == 1


def test_chains_beside_each_other_do_not_cross():
    """Two classes, one door, two chains behind it: who is called stands at the height of who calls."""
    edges = [("buyers", "front"), ("visitors", "front"), ("front", "cart"), ("front", "catalog"), ("cart", "pay"), ("catalog", "recommend")]
    at = places(["visitors", "buyers", "front", "catalog", "cart", "pay", "recommend"], edges)
    assert at["cart"][1] == at["pay"][1] != at["catalog"][1] == at["recommend"][1]
