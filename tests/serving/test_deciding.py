"""What a scaler makes of what Prometheus says, and of what it does not say."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import math
import tempfile
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.learning.bundles.described import bins_of
from parley.serving.meters import stability_index
from parley.serving.publishing import heard
from parley.serving.recipe import Histogram
from parley.serving.settings import Settings
from tests.serving.worlds import QUIET, RECIPE, Always, World, served

Story = Callable[[World], Awaitable[None]]


def played(story: Story, folder: Path, label: str = "x1.25", **words: Any) -> None:
    """A story of a scaler in which a policy always does one thing."""
    async def whole() -> None:
        async with served(folder, Always(label), **words) as world:
            await story(world)

    asyncio.run(whole())


def test_a_tick_decides_for_every_service(tmp_path: Path) -> None:
    """80 requests a second: front's rule asks for 4 pods, cart's for 8; the policy for a quarter more, which is too far for one step."""
    async def story(world: World) -> None:
        found = await world.tick()
        assert {name: (one.rule, one.pods, one.action, one.guard) for name, one in found.items()} == {
            "front": (4, 5, "x1.25", ""), "cart": (8, 8, "x1.25", "10 is too far in one step: 8")}
        assert world.source.asked == len(world.serving.recipe.inputs) - 1  # one question a feature, however many services
        assert "trend 4, x1.25 -> 5" in found["front"].reason
        rows = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text().splitlines()]
        assert [row["service"] for row in rows] == ["front", "cart"] and rows[0]["published"] == 5
        assert rows[0]["readings"]["utilization"] == 0.5 and rows[0]["readings"]["proposal"] == 0

    played(story, tmp_path)


def test_a_dry_run_says_what_the_rule_says(tmp_path: Path) -> None:
    """And writes down what it would have said."""
    async def story(world: World) -> None:
        found = await world.tick()
        assert found["front"].pods == 5 and world.serving.board.said("front", world.now[0]).pods == 4
        row = json.loads((tmp_path / "decisions.jsonl").read_text().splitlines()[0])
        assert (row["decided"], row["rule"], row["published"], row["dry_run"]) == (5, 4, 4, True)

    played(story, tmp_path, settings=Settings(tolerance=0.0, dry_run=True))


def test_figures_that_are_old_are_left_to_the_rule(tmp_path: Path) -> None:
    """The guard of training stands in service too; what it says is the reason."""
    async def story(world: World) -> None:
        world.readings["front"]["age"] = 4.5
        one = (await world.tick())["front"]
        assert (one.pods, one.fallback) == (4, "stale metrics: the rule decides")
        del world.readings["front"]["age"]
        assert (await world.tick())["front"].fallback == "stale metrics: the rule decides"

    played(story, tmp_path)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_what_is_not_known_reads_as_in_training(tmp_path: Path, value: float | None) -> None:
    """No series, no number, no finite number: the feature's own word for that, and the reason says so."""
    async def story(world: World) -> None:
        if value is None:
            del world.readings["front"]["utilization"]
        else:
            world.readings["front"]["utilization"] = value
        one = (await world.tick())["front"]
        assert one.readings["utilization"] == 0 and "unknown: utilization" in one.reason and one.action == "x1.25"

    played(story, tmp_path)


def test_no_pods_are_a_number_too(tmp_path: Path) -> None:
    """log2(0) is -Inf: nothing is asked for, which is not the same as not knowing; the rule lets an HPA of no pods rest."""
    async def story(world: World) -> None:
        world.readings["front"] |= {"asked": -math.inf, "ready": math.nan}
        one = (await world.tick())["front"]
        assert one.asked == 0 and one.readings["asked"] == 0

    played(story, tmp_path)


@pytest.mark.parametrize("broken", ["error", "html", "nonsense", "slow", "twice"])
def test_a_source_that_is_ill_is_outlived(tmp_path: Path, broken: str) -> None:
    """What was published holds; once it is too old the rule's last word does; at last nothing is said at all."""
    async def story(world: World) -> None:
        await world.tick()
        world.source.broken, world.source.delay_s = broken, 1.0 if broken == "slow" else 0.0
        held = (await world.tick())["front"]
        assert (held.pods, held.asked) == (5, 4) and held.fallback and held.reason.endswith("held")
        assert world.serving.board.said("front", world.now[0]).pods == 5, "as before"
        late = (await world.tick(5 * 15))["front"]
        assert late.reason.endswith("trend 4") and late.action is None
        assert world.serving.board.said("front", world.now[0]) is not None
        assert world.serving.board.said("front", world.now[0] + 300) is None
        world.source.broken, world.source.delay_s = "", 0.0
        assert (await world.tick())["front"].action == "x1.25"

    played(story, tmp_path, deadline_s=0.2)


def test_one_bad_tick_takes_nothing_back(tmp_path: Path) -> None:
    """Of a service that was told to double, though it has not as yet: also after a restart, as long as the guard would trust it."""
    async def doubled(world: World) -> None:
        world.readings["front"]["asked"] = 1.0
        assert (await world.tick())["front"].pods == 4
        del world.readings["front"]["asked"]
        assert (await world.tick())["front"].pods == 4

    async def restarted(world: World) -> None:
        world.readings["front"]["asked"], world.now[0] = 1.0, world.now[0] + 30
        await world.serving.begin()
        world.source.broken = "error"
        assert (await world.tick())["front"].pods == 4
        found = (await world.tick(5 * 15))["front"]
        assert found.pods == found.rule == 2 and not found.reason.endswith("held")

    played(doubled, tmp_path, "x2")
    played(restarted, tmp_path, "x2")


@given(st.dictionaries(st.sampled_from(sorted(QUIET)), st.floats(allow_nan=True, allow_infinity=True), min_size=1))
@settings(max_examples=60)
def test_whatever_is_answered_it_decides(strange: dict[str, float]) -> None:
    """Numbers that no mesh has are those at the bounds of their feature, and none is left unanswered."""
    async def story(world: World) -> None:
        world.readings["front"] |= strange
        found = await world.tick()
        assert found["cart"].action == "x1.25" and ("front" not in found or 1 <= found["front"].pods <= 40)

    with tempfile.TemporaryDirectory() as folder:
        played(story, Path(folder))


@pytest.mark.parametrize("content", [
    b"[" * 200_000, b'{"status": "success", "data": {"resultType": "vector", "result": [{"metric": {"served": [1]}, "value": [1, "2"]}]}}',
    b'{"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1' + b"0" * 400 + b', "2"]}]}}',
    b'{"status": "success", "data": {"resultType": "vector", "result": [{"metric": [], "value": [1, "2"]}]}}',
    b'{"status": "success", "data": []}', b'{"status": "success", "data": {"resultType": "scalar"}}',
])  # fmt: skip
def test_answers_of_another_shape_are_none(tmp_path: Path, content: bytes) -> None:
    """They cost the tick its news, and nothing more."""
    async def story(world: World) -> None:
        await world.tick()
        world.source.broken = content
        assert (await world.tick())["front"].fallback

    played(story, tmp_path)


def test_what_was_never_met_is_counted(tmp_path: Path) -> None:
    """Readings beyond the safe region of the policy: there it extrapolates."""
    async def story(world: World) -> None:
        await world.tick()
        told = world.serving.meters.exposition().decode()
        assert 'parley_unmet_readings_total{feature="utilization"} 2.0' in told and 'feature="asked"' not in told

    played(story, tmp_path, recipe=dataclasses.replace(RECIPE, met={"utilization": (0.6, 0.9), "asked": (0.0, 4.0)}))


def test_a_source_that_was_never_there(tmp_path: Path) -> None:
    """Nothing is known of any service, so nothing is decided, and nothing said."""
    async def story(world: World) -> None:
        world.source.broken = "error"
        assert await world.tick() == {} and world.serving.board.said("front", world.now[0]) is None
        assert b"parley_source_failures_total 1.0" in world.serving.meters.exposition()

    played(story, tmp_path)


def test_one_service_may_be_unknown(tmp_path: Path) -> None:
    """The others are served; one that was seen before is held."""
    async def story(world: World) -> None:
        await world.tick()
        cart = dict(world.readings["cart"])
        world.readings["cart"].clear()
        found = await world.tick()
        assert found["front"].action == "x1.25" and "does not know how many" in found["cart"].reason
        world.readings["cart"] |= cart
        assert (await world.tick())["cart"].action == "x1.25"

    played(story, tmp_path)


def test_after_a_restart_the_same_is_said(tmp_path: Path) -> None:
    """By the log, at once and for as long as it would have been; a line that was cut short costs nothing else."""
    played(lambda world: world.tick(), tmp_path)
    with (tmp_path / "decisions.jsonl").open("ab") as log:
        log.write(b'{"service":"front","published":39,"kno')

    async def story(world: World) -> None:
        assert world.serving.restored == ["cart", "front"]
        said = world.serving.board.said("front", world.now[0] + 30)
        assert said.pods == 5 and said.reason.startswith("as before the restart: ")
        assert world.serving.board.said("front", world.now[0] + 15 + 301) is None
        await world.tick()

    played(story, tmp_path)
    assert len([line for line in (tmp_path / "decisions.jsonl").read_text().splitlines() if line.endswith("}")]) == 4


def test_memories_are_filled_by_a_range(tmp_path: Path) -> None:
    """Frames after a restart are those that would have been: four ticks of a falling rate."""
    async def story(world: World) -> None:
        world.source.numbers = lambda service, feature, at_s: (
            math.log2(1 + (2_000_000 - at_s) / 20_000) if feature == "rate" else world.readings[service].get(feature))
        await world.serving.begin()
        frames = list(world.serving._bench.chairs["front"]._frames)
        rates = [float(frame[5]) for frame in frames]
        assert len(frames) == 4 and rates == sorted(rates) and len(set(rates)) == 4  # the newest first, and the lowest

    played(story, tmp_path)


def test_an_hpa_hears_what_is_published() -> None:
    """Worked by hand: of 20 pods, 21 and 22 are within a tenth; fewer are published as they are."""
    assert [heard(pods, 20, 40, 0.1) for pods in (20, 21, 22, 23, 40)] == [20, 23, 23, 23, 40]
    assert [heard(pods, 20, 40, 0.1) for pods in (19, 18, 1)] == [19, 18, 1]
    assert [heard(pods, 20, 22, 0.1) for pods in (21, 22)] == [22, 22]
    assert [heard(21, 20, 40, 0.0), heard(5, 4, 40, 0.1), heard(1, 0, 40, 0.1)] == [21, 5, 1]
    for asked in range(1, 60):
        for pods in range(asked + 1, 60):
            value = heard(pods, asked, 1000, 0.1)
            assert value >= pods and value / asked > 1.1, (asked, pods)


def test_inputs_that_drift_are_told(tmp_path: Path) -> None:
    """The population stability index, by hand: all in one of two bins that had a half each is (1 - .5) ln 2 + (.0001 - .5) ln .0002."""
    column = np.repeat(np.arange(12.0), 40)
    edges = np.quantile(column, np.linspace(0, 1, 11))
    same = Histogram(tuple(edges.tolist()), tuple((np.bincount(bins_of(edges, column), minlength=10) / len(column)).tolist()))
    assert stability_index(same, deque(column.tolist())) == 0, "of whole numbers, too, which lie on the edges of bins"
    usual = Histogram((0.0, 0.4, 1.0), (0.5, 0.5))
    assert stability_index(usual, deque([0.1, 0.2, 0.5, 0.9])) == 0
    expected = 0.5 * math.log(2) + (1e-4 - 0.5) * math.log(2e-4)
    assert stability_index(usual, deque([0.9, 7.0])) == pytest.approx(expected)

    async def story(world: World) -> None:
        await world.tick()
        told = next(line for line in world.serving.meters.exposition().decode().splitlines() if line.startswith("parley_input_psi{"))
        assert told.startswith('parley_input_psi{feature="utilization"}') and float(told.split(" ")[1]) == pytest.approx(expected)

    played(story, tmp_path, recipe=dataclasses.replace(RECIPE, usual={"utilization": usual}))
