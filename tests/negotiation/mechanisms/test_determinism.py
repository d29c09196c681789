"""An answer depends on what was asked, and not on the order of a mapping, nor on how this interpreter hashes strings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from agents.negotiation.mechanisms.averaging import gossiped, holding, mass_in_all, metropolis, push_sum_round
from agents.negotiation.mechanisms.bargaining import egalitarian, frontier, kalai_smorodinsky, nash
from agents.negotiation.mechanisms.bundles import Bundle, exact, greedy
from agents.negotiation.mechanisms.concession import concession_talks, micro_talks
from agents.negotiation.mechanisms.double_auctions import k_double, mcafee, vcg_double
from agents.negotiation.mechanisms.english import ascending_clock
from agents.negotiation.mechanisms.equilibria import played
from agents.negotiation.mechanisms.fairness import worst_off
from agents.negotiation.mechanisms.marginals import demand_of
from agents.negotiation.mechanisms.network_utility import Flow, agreed, fitted, optimum
from agents.negotiation.mechanisms.shares import max_min, proportional, strict_priority
from agents.negotiation.mechanisms.uniform_price import uniform_price
from agents.negotiation.mechanisms.vcg import vcg
from tests.house.sources import ROOT

Turn = Callable[[Mapping[str, Any]], Mapping[str, Any]]  # a mapping in another order

BIDS = {"b": [5.0, 5.0], "a": [5.0], "c": [7.0, 1.0], "d": [5.0, 0.1]}
ASKS = {"z": [1.0, 5.0], "y": [5.0], "x": [0.3]}
TABLES = {"b": [0.0, 5.0, 6.0], "a": [0.0, 5.0], "c": [0.0, 0.0, 10.0], "d": [0.0, 5.0]}
NEAR = {"b": ["a", "c"], "a": ["b"], "c": ["b", "d"], "d": ["c"]}
VALUES = {"b": 0.1, "a": 0.2, "c": 0.3, "d": 1e3}
DEALS = {"q": (2.0, 3.0), "p": (3.0, 2.0), "s": (1.0, 4.0), "r": (4.0, 1.0)}
FLOWS = {"b": Flow({"y": 1.0, "x": 2.0}, 1.0, 3.0), "a": Flow({"x": 1.0}, 0.7, 2.0), "c": Flow({"y": 0.3}, 2.0, 9.0)}
ROOM = {"y": 1.0, "x": 1.5}
WANTED = {"b": [Bundle({"y": 1, "x": 1}, 4.0)], "a": [Bundle({"x": 1}, 2.0), Bundle({"y": 1}, 2.0)], "c": [Bundle({"y": 1}, 2.0)]}


def answers(turn: Turn) -> dict[str, object]:
    """What every mechanism says, each mapping turned first."""
    requests = turn({"b": 4, "a": 4, "c": 1})
    pushed = push_sum_round({name: holding(value) for name, value in turn(VALUES).items()}, turn(NEAR), [("b", "a"), ("c", "d")])
    second = ({name: deal[0] for name, deal in turn(DEALS).items()}, {name: deal[1] for name, deal in turn(DEALS).items()})
    return {
        "strict priority": strict_priority(requests, 5, turn({"a": 0, "b": 0, "c": 1})),
        "proportional": proportional(requests, 5, turn({"a": 0.1, "b": 0.1, "c": 0.3})), "max-min": max_min(requests, 5),
        "uniform price": uniform_price(turn(BIDS), 3), "VCG": vcg(turn(TABLES), 2),
        "English": ascending_clock({name: demand_of(BIDS[name]) for name in turn(BIDS)}, 3, 0.7),
        "double auctions": [rule(turn(BIDS), turn(ASKS)) for rule in (k_double, mcafee, vcg_double)],
        "bargaining": [rule(turn(DEALS), (0, 0)) for rule in (nash, kalai_smorodinsky, egalitarian)],
        "Zeuthen": concession_talks(turn(frontier(turn(DEALS), (0, 0)))), "MiCRO": micro_talks(second, 9),
        "prices": agreed(turn(FLOWS), turn(ROOM), rounds_max=50), "planner": optimum(turn(FLOWS), turn(ROOM)),
        "fitted": fitted(turn(FLOWS), turn(ROOM), turn(dict.fromkeys(FLOWS, 2.0))),
        "gossip": gossiped(turn(VALUES), metropolis(turn(NEAR))), "push-sum": [pushed, mass_in_all(turn(pushed))],
        "exact bundles": exact(turn(WANTED), turn({"y": 1, "x": 1})), "greedy bundles": greedy(turn(WANTED), turn({"y": 1, "x": 1})),
        "worst off": worst_off(turn(VALUES), turn(VALUES)),
        "best responses": played(turn(dict.fromkeys("ba", "lr")), lambda _, at: float(at["a"] == at["b"]), turn(dict.fromkeys("ba", "l"))),
    }  # fmt: skip


AS_GIVEN = answers(dict)


@pytest.mark.parametrize("mechanism", AS_GIVEN)
def test_the_order_of_a_mapping_does_not_matter(mechanism: str) -> None:
    """The same answer to the last bit, whichever way round everything is told; so ties go by name."""
    assert answers(lambda mapping: dict(reversed(mapping.items())))[mechanism] == AS_GIVEN[mechanism]
    assert answers(lambda mapping: dict(sorted(mapping.items())))[mechanism] == AS_GIVEN[mechanism]


def test_the_hash_seed_does_not_matter() -> None:
    """Fresh interpreters that hash strings in other ways say the same, word by word, in the same order."""
    code = "from tests.negotiation.mechanisms.test_determinism import answers; print(answers(dict))"
    said = [subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, check=True,
                           capture_output=True, text=True).stdout for seed in ("0", "1", "4242")]  # fmt: skip
    assert said[0] == said[1] == said[2] == f"{AS_GIVEN}\n"
