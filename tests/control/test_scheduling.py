"""Which node a pod gets, as a table worked out by hand."""

from __future__ import annotations

import pytest

from scenarios.schema.cluster import Cluster
from scenarios.schema.pods import Requests
from sim.platform.scheduling import Scheduler

NO_POOLS = {"zones": ["east", "west"]}
ONE_EACH = {"zones": ["east", "west"], "nodes": {"box": {"count": 1, "cpu": 2, "memory": "4Gi"}}}
TWO_IN_ONE_ZONE = {"zones": ["east"], "nodes": {"box": {"count": 2, "cpu": 4, "memory": "8Gi"}}}
UNEVEN = {
    "zones": ["west", "east"],
    "nodes": {
        "big": {"zones": ["east"], "count": 1, "cpu": 8, "memory": "8Gi"},
        "small": {"zones": ["west"], "count": 1, "cpu": 1, "memory": "8Gi"},
    },
}
NOBODY = {"zones": ["east"], "nodes": {"box": {"count": 0, "cpu": 2, "memory": "4Gi"}}}

ONE_CORE, HALF_CORE, TWO_GI, NOTHING = {"cpu": 1}, {"cpu": "500m"}, {"memory": "2Gi"}, {}

TABLE = [
    ("without pools the zones take turns", NO_POOLS, [("a", ONE_CORE)] * 4, ["east", "west", "east", "west"]),
    ("each service has its own turns", NO_POOLS, [("a", NOTHING), ("b", NOTHING), ("a", NOTHING)], ["east", "east", "west"]),
    ("full is full", ONE_EACH, [("a", ONE_CORE)] * 5, ["box-east-0", "box-west-0"] * 2 + [None]),
    ("memory is counted too", ONE_EACH, [("a", TWO_GI)] * 5, ["box-east-0", "box-west-0"] * 2 + [None]),
    ("who asks for nothing always fits", ONE_EACH, [("a", ONE_CORE)] * 4 + [("b", NOTHING)], ["box-east-0", "box-west-0"] * 3),
    ("the least allocated node", TWO_IN_ONE_ZONE, [("a", ONE_CORE), ("b", HALF_CORE), ("c", HALF_CORE), ("d", HALF_CORE)],
     ["box-east-0", "box-east-1", "box-east-1", "box-east-0"]),
    ("who asks for nothing is counted a little", TWO_IN_ONE_ZONE, [("a", NOTHING)] * 3, ["box-east-0", "box-east-1", "box-east-0"]),
    ("spread over zones comes before room", UNEVEN, [("a", ONE_CORE)] * 2, ["big-east-0", "small-west-0"]),
    ("room comes before spread", UNEVEN, [("a", ONE_CORE)] * 4, ["big-east-0", "small-west-0", "big-east-0", "big-east-0"]),
    ("pools without nodes have no room", NOBODY, [("a", NOTHING)], [None]),
]  # fmt: skip


@pytest.mark.parametrize(("cluster", "pods", "places"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_scheduling(cluster, pods, places):
    """Filter, then zones with fewest pods of the service, then the least allocated node, then the first listed."""
    scheduler = Scheduler(Cluster.model_validate(cluster))
    placed = [scheduler.place(service, Requests.model_validate(asked)) for service, asked in pods]
    names = [one and (one.node.name if one.node else one.zone) for one in placed]
    assert names[: len(places)] == places[: len(names)]
    assert len(names) <= len(places)


def test_a_released_room_is_taken_again():
    """What is released fits once more, and no more than that."""
    scheduler, asked = Scheduler(Cluster.model_validate(ONE_EACH)), Requests.model_validate({"cpu": 2})
    first, second = scheduler.place("a", asked), scheduler.place("a", asked)
    assert scheduler.place("a", asked) is None
    scheduler.withdraw("a", second)
    scheduler.release(asked, second)
    assert (first.zone, second.zone) == ("east", "west")
    assert (scheduler.place("a", asked).zone, scheduler.place("a", asked)) == ("west", None)


def test_draining_pods_do_not_count_in_the_spread():
    """A zone that only drains a service's pods is an empty zone to it."""
    scheduler, asked = Scheduler(Cluster.model_validate(NO_POOLS)), Requests()
    east = scheduler.place("a", asked)
    scheduler.withdraw("a", east)
    assert scheduler.place("a", asked).zone == "east"
