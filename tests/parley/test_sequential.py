"""Ending early: when a figure is known well enough, when a question is decided, and how often that is wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import parley
from parley.cli import app
from parley.errors import UsageError
from parley.statistics.intervals import estimate
from parley.statistics.sequential import Precision, Question, decided, growing, looks
from tests.parley.worlds import SHOP, written


def test_looks_are_few_and_each_doubles():
    """Ten seeds first; the last look is all there may be."""
    assert looks(160) == [10, 20, 40, 80, 160]
    assert looks(50) == [10, 20, 40, 50]
    assert looks(7) == [7]
    assert len(looks(10_000)) == 8 and looks(10_000)[-1] == 10_000
    assert growing(10, 30, 1.5) == [10, 15, 23, 30]


def test_precision_says_how_many_would_do():
    """Ten figures with a half-width of 10 % are a hundredth of what 1 % needs."""
    values = [100.0 + step for step in (-14, 14) * 5]
    known = estimate(values)
    told = Precision(0.01, "good").as_json(known)
    assert not told["is_reached"] and told["reached"] == pytest.approx(known.half_width / 100)
    assert told["needed"] == pytest.approx(10 * (told["reached"] / 0.01) ** 2, rel=0.001)
    assert Precision(0.2, "good").as_json(known)["is_reached"]


@pytest.mark.parametrize(("shift", "noise", "margin", "verdict"), [
    (0.3, 0.1, 0.01, "more"), (-0.3, 0.1, 0.01, "less"), (0.0, 0.0, 0.0, "the same"), (0.0, 0.002, 0.01, "the same"),
    (0.02, 0.3, 0.01, "undecided"),
])  # fmt: skip
def test_verdicts(shift, noise, margin, verdict):
    """Twenty pairs that share their noise but for a part of their own."""
    rng = np.random.default_rng(3)
    first = rng.normal(10, 1, 20)
    second = first + shift + rng.normal(0, 1, 20) * noise
    assert decided(Question("good", margin), (first, second), [10, 20, 40]).verdict == verdict


def test_looking_often_is_wrong_no_more_often():
    """Of 1,000 comparisons of things that are alike, each looked at up to five times, at most one in twenty finds a difference.

    Were each look made at 95 %, one in seven would.
    """
    rng, planned = np.random.default_rng(11), looks(160)
    wrong = naive = 0
    for _ in range(1000):
        first, second = rng.normal(size=(2, 160))
        seen = [decided(Question("good", 0.0), (first[:n], second[:n]), planned) for n in planned]
        alone = [decided(Question("good", 0.0), (first[:n], second[:n]), [n]) for n in planned]
        wrong += any(one.verdict in ("more", "less") for one in seen)
        naive += any(one.verdict in ("more", "less") for one in alone)
    assert wrong <= 0.05 * 1000 < 0.1 * 1000 < naive


def test_seeds_are_added_until_the_figure_is_known(tmp_path):
    """A loose precision ends at the first look, a strict one at the most seeds; the folder holds as many, each run once."""
    world = written(tmp_path, SHOP)
    loose = parley.replicate(world, 24, precision=0.5, until="3s", spans="none", out=tmp_path / "loose")
    assert loose.manifest["seeds"] == list(range(1, 11)) and loose.summary["precision"]["is_reached"]
    strict = parley.replicate(world, 12, precision=0.0001, until="3s", spans="none", out=tmp_path / "strict")
    assert strict.manifest["seeds"] == list(range(1, 13)) and strict.manifest["state"] == "complete"
    told = strict.summary["precision"]
    assert not told["is_reached"] and told["needed"] > 12 and told["seeds"] == 12
    assert strict.summary["trace_digest"]["7"] == loose.summary["trace_digest"]["7"]


def test_a_comparison_ends_once_it_is_decided(tmp_path):
    """A slower network is seen at the first look; what is the same in every seed, too; both leave what they ran."""
    world = written(tmp_path, SHOP)
    asked = {"seeds": 40, "until": "3s", "until_decided": "latency_ms.mean"}
    slower = parley.compare(world, world, set_other=["network.same_zone=1.5ms"], out=tmp_path / "slower", **asked)
    assert slower.decision.verdict == "more" and slower.decision.looks == (10,) and len(slower.seeds) == 10
    assert json.loads((tmp_path / "slower" / "comparison.json").read_text())["decision"]["verdict"] == "more"
    assert parley.compare(world, world, out=tmp_path / "same", **asked).decision.verdict == "the same"


def test_no_such_figure(tmp_path):
    """The message has the nearest name, and comes before anything runs."""
    world = written(tmp_path, SHOP)
    with pytest.raises(UsageError, match=r"latency_ms.p98 is not a figure of this run; did you mean 'latency_ms.p9"):
        parley.replicate(world, 10, precision=0.1, of="latency_ms.p98", until="3s", out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    with pytest.raises(UsageError, match=r"gud is not a figure"):
        parley.compare(world, world, until_decided="gud", out=tmp_path / "both")
    assert not (tmp_path / "both").exists()


@pytest.mark.parametrize(("words", "says"), [
    (["run", "hello_mesh", "--precision", "0%"], "precision is a share between 0 and 100 %"),
    (["run", "hello_mesh", "--precision", "soon"], "is not a share"),
    (["run", "hello_mesh", "--of", "good"], "--of names the figure that --precision is of"),
    (["compare", "hello_mesh", "hello_mesh", "--margin", "2%"], "--margin is of --until-decided, which is not asked for"),
    (["compare", "hello_mesh", "hello_mesh", "--until-decided", "--margin", "100%"], "margin is a share from 0 to below 100 %"),
])  # fmt: skip
def test_mistakes(words, says):
    """One message, exit code 2."""
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 2 and says in told.stderr.replace("\n", " ")
