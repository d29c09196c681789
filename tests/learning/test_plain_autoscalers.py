"""Policies as plain autoscalers: what is fitted follows, what leaves is read again, and what it loses is told."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from agents.autoscaling.manifest_files import hpa_of
from agents.learning.bundles.described import Provenance
from agents.learning.bundles.trained import Trained, fresh
from agents.learning.scaling.actions import MULTIPLIER
from agents.learning.tasks import SCALE_V0
from parley.errors import UsageError
from parley.exporting.finished import Finished, Wishes
from parley.exporting.hpa import Met, _described, _distance, _fitted, _followed, hpa

TICK_NS = 15_000_000_000
TOLD = Provenance(seed=1, leg=1, decisions=1, seeds=1, command="none", versions={}, weights_sha256=64 * "0")


def used(ticks: int = 120) -> np.ndarray:
    """Cores in use: a wave, and a crowd."""
    time = np.arange(ticks)
    return 4 + 2 * np.sin(time / 12) + np.where((time > 60) & (time < 75), 5, 0)


@pytest.mark.parametrize("target", [40, 60, 85])
def test_an_autoscaler_that_is_followed_is_found(target: int) -> None:
    """Who follows an HPA comes to its target, whatever the window was that it was sought with."""
    pods = _followed(_described(target, 60, 1, 40, TICK_NS), Met(used(), np.full(120, 6)))
    found = _fitted([Met(used(), pods)], 1, 40, TICK_NS)
    assert found.utilizations == [target / 100] and _distance(_followed(found, Met(used(), pods)), pods) == 0


def test_too_few_pods_count_twice() -> None:
    """Worked by hand: half as many for one tick of two, or twice as many."""
    wanted = np.array([4, 4])
    assert _distance(np.array([2, 4]), wanted) == 1.0 and _distance(np.array([8, 4]), wanted) == 0.5


@pytest.mark.slow
def test_manifests_are_read_again_and_say_what_they_lose() -> None:
    """One of each service, with the rewards of rule, policy and autoscalers above them."""
    policy = Finished("a", Trained(fresh(MULTIPLIER)), SCALE_V0.changed(ticks=20), TOLD, Wishes(episodes=1, jobs=1))
    text = str(hpa(policy))
    read = dict(hpa_of(one) for one in yaml.safe_load_all(text))
    assert sorted(read) == ["catalog", "features", "front", "memory", "recommend", "store"]
    assert all(one.min == 1 and one.max == 40 and one.utilizations for one in read.values())
    for sentence in ("# Mean of a tick over 1 held-out episodes", "#   the policy ", "#   these autoscalers ",
                     "one episode, so no interval"):  # fmt: skip
        assert sentence in text


def test_a_share_of_nothing_is_no_target(tmp_path: object) -> None:
    """A service that requests no CPU has no utilization."""
    task = SCALE_V0.changed(scenario="tests/house/worlds/guided.yaml")
    with pytest.raises(UsageError, match=r"services\.shop: requests no CPU"):
        hpa(Finished("a", Trained(fresh(MULTIPLIER)), task, TOLD, Wishes(episodes=1, jobs=1)))
