"""A run again with something done to it: the same to the bit until then, and what came of it."""

from __future__ import annotations

import io
import json
import shutil

import numpy as np
import pytest
from rich.console import Console

import parley
from parley.errors import FolderError, UsageError
from parley.explanations.bands import logarithms, outside, width
from parley.runs.differing import changes, parting, print_difference
from parley.runs.results import Run, load_run
from parley.what_if.report import print_whatif
from scenarios.errors import ScenarioError
from tests.parley.worlds import SHOP, written
from tests.worlds import ENGINES

NODES = """
cluster: {zones: [east, west], nodes: {box: {count: 2, cpu: 4, memory: 8Gi}}, node_monitor_grace_period: 500ms, unreachable_toleration: 1s}
"""
S = 1_000_000_000


def scaled(text: str) -> str:
    """The shop with an HPA on stock that soon comes back to two pods."""
    agents = """
telemetry: {scrape_interval: 500ms, delivery_lag: 0s}
agents:
  stock: {scaling: {hpa: {min: 2, max: 8, sync_period: 500ms, initial_readiness_delay: 0s,
          behavior: {scaleDown: {stabilizationWindowSeconds: 1, policies: [{type: Pods, value: 8, periodSeconds: 1}]}},
          metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 95}}}]}}}
"""
    return text.replace("stock: {replicas: 2,", "stock: {replicas: 2, resources: {requests: {cpu: 2}},") + agents


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("whatif")
    written(made, SHOP)
    return made


@pytest.fixture(scope="module")
def shop(folder):
    return parley.run(folder / "world.yaml", out=folder / "shop")


def tables(run: Run, name: str) -> list[dict]:
    """Rows of a table as plain data."""
    return getattr(run, name).to_dict("records")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("at", ["0s", "2s", "3333ms"])
def test_nothing_done_is_the_same_run(engine, at, folder, tmp_path):
    """The digest of the run, its windows and pods, whether it is done at a window's end or within one."""
    run = parley.run(folder / "world.yaml", engine=engine, spans="none", out=tmp_path / "run")
    made = parley.whatif(run, at=at, spans="none", out=tmp_path / "same")
    assert made.is_same
    assert made.run.manifest["trace_digest"] == run.manifest["trace_digest"]
    assert made.run.manifest["checkpoints"] == run.manifest["checkpoints"]
    assert made.run.windows.equals(run.windows)
    assert made.difference.matters is None
    assert all(not some.any() for some in made.difference.saved.values())


@pytest.mark.parametrize("do", ["Scale(stock, +2)", "Scale(stock, 1)", "Kill(stock)", "Kill(stock, 1)", "Kill(stock, 100%)",
                                "Slow(stock, 3)", "Slow(stock, 3, 50%)", "Fail(stock, 30%)", "Load(readers, x1.5)", "Load(writers, 0)",
                                "Set(faults.late={at: 4s, crash: {service: stock}})", "Set(faults.slow_stock.for=3s)"])  # fmt: skip
def test_what_is_done_shows_from_then_on_and_not_before(do, shop, tmp_path):
    """Windows before the instant are the run's, those after it are not; the manifest says what was done."""
    made = parley.whatif(shop, at="2500ms", do=[do], out=tmp_path / "run")
    before, after = (run.windows[run.windows.end_ns <= 2.5 * S] for run in (shop, made.run))
    assert before.equals(after)
    early = [row for row in shop.manifest["checkpoints"] if row[0] <= 2.5 * S]
    assert made.run.manifest["checkpoints"][: len(early)] == early
    assert not made.is_same
    assert made.run.manifest["trace_digest"] != shop.manifest["trace_digest"]
    told = made.run.manifest["whatif"]
    assert (told["of"], told["at"], told["do"], told["hold"]) == (str(shop.path), "2.5s", [str(made.do[0])], False)
    assert told["digest"] == made.digest
    assert made.run.summary["conservation"]


@pytest.mark.parametrize("do", ["Scale(stock, +2)", "Kill(stock, 100%)", "Load(readers, x2)"])
def test_both_engines_come_to_the_same(do, folder, tmp_path):
    """To the last row."""
    digests = set()
    for engine in ENGINES:
        run = parley.run(folder / "world.yaml", engine=engine, spans="none", out=tmp_path / engine)
        digests.add(parley.whatif(run, at="2s", do=do, spans="none", out=tmp_path / f"{engine}-if").run.manifest["trace_digest"])
    assert len(digests) == 1


def test_more_pods_in_time_save_requests(shop, tmp_path):
    """Stock is slow from 2 s on: eight pods are enough; figures agree with those of the two folders."""
    made = parley.whatif(shop, at="1900ms", do=["Scale(stock, +6)"], out=tmp_path / "run")
    readers, stock = made.difference.classes["readers"], made.difference.services["stock"]
    assert readers.failed.now < readers.failed.was
    assert readers.p99_ms.now <= readers.p99_ms.was
    for what, change in (("offered", readers.offered), ("failed", readers.failed)):
        counts = [run.summary["classes"]["readers"]["requests"][what] for run in (shop, made.run)]
        assert change.difference == counts[1] - counts[0]
    windows = [run.windows[(run.windows.kind == "class") & (run.windows.name == "readers")] for run in (shop, made.run)]
    assert made.difference.saved["readers"][-1] == windows[1].good.sum() - windows[0].good.sum() > 100
    assert 1.9 * S <= readers.matters.start_ns < 2.5 * S
    assert readers.matters.end_ns < 4.5 * S
    assert stock.pods.now == 8
    hours = [run.summary["cost"]["pod_hours"] for run in (shop, made.run)]
    assert sum(one.pod_hours.difference for one in made.difference.services.values()) == pytest.approx(hours[1] - hours[0])


def test_p99_is_of_what_came_back_from_then_on(shop, tmp_path):
    """As the spans of every request tell it, within a bucket of the histogram."""
    made = parley.whatif(shop, at="2s", do=["Fail(stock, 10%)"], spans="all", out=tmp_path / "run")
    spans = made.run.spans[(made.run.spans.parent == -1) & (made.run.spans.workload == "writers") & (made.run.spans.outcome == "ok")]
    late = np.sort((spans.returned_ns - spans.sent_ns)[spans.returned_ns >= 2 * S])
    exact = late[int(np.ceil(0.99 * len(late))) - 1] / 1e6
    assert made.difference.classes["writers"].p99_ms.now == pytest.approx(exact, rel=0.005)


def test_a_lost_zone_comes_back(tmp_path):
    """All pods of its nodes die, and the rows of decisions tell of it; a world without nodes has none to lose."""
    run = parley.run(written(tmp_path, SHOP + NODES), spans="none", out=tmp_path / "run")
    lost = parley.whatif(run, at="3s", do=["Lose(west, 1s)"], out=tmp_path / "lost")
    phases = lost.run.pods[lost.run.pods.time_ns == 3 * S]
    assert set(phases.phase) == {"lost"} and all("west" in node for node in phases.node)
    assert [(row["mind"], row["service"], row["after"]) for row in lost.run.decision_rows()] == [("whatif", "west", 0)]
    drained = parley.whatif(run, at="3s", do=["Drain(east)"], out=tmp_path / "drained")
    assert {"draining"} <= set(drained.run.pods[drained.run.pods.time_ns == 3 * S].phase)
    with pytest.raises(UsageError, match="no node or zone 'wesst' then; did you mean 'west'"):
        parley.whatif(run, at="3s", do=["Lose(wesst)"], out=tmp_path / "none")


def test_agents_take_it_back_unless_they_are_held(tmp_path):
    """The HPA wakes at that very instant, after it, and goes back to fewer pods; held, it decides in vain."""
    run = parley.run(written(tmp_path, scaled(SHOP)), set=["faults.slow_stock=null"], spans="none", out=tmp_path / "run")
    made = parley.whatif(run, at="3s", do=["Scale(stock, +5)"], out=tmp_path / "free")
    (undone,) = made.undone
    assert undone.time_ns == 3 * S and not undone.is_caught_up and "stock (hpa) 7 → " in undone.decision
    text = printed(made)
    assert "Scale(stock, +5) is taken back at" in text and "--hold keeps agents away" in text
    held = parley.whatif(run, at="3s", do=["Scale(stock, +5)"], hold=True, out=tmp_path / "held")
    assert held.undone == ()
    late = [row for row in held.run.decision_rows() if row["time_ns"] > 3 * S]
    assert late and not any(row["applied"] for row in late)
    assert held.difference.services["stock"].pods.now == pytest.approx(7)


def test_a_what_if_of_a_what_if_does_both(shop, tmp_path):
    """The first is replayed under the second; `parley diff` replays both and says what was done."""
    first = parley.whatif(shop, at="2s", do=["Scale(stock, +2)"], out=tmp_path / "first")
    second = parley.whatif(first.run, at="3s", do=["Kill(front, 50%)"], out=tmp_path / "second")
    assert second.run.manifest["whatif"]["earlier"] == [{"at_ns": 2 * S, "do": ["Scale(stock, +2)"], "hold": False}]
    again = parley.whatif(second.run, at="4s", out=tmp_path / "again")
    assert again.is_same
    assert changes(first.run, second.run) == [("what if", "Scale(stock, +2) at 2s", "Scale(stock, +2) at 2s; Kill(front, 50%) at 3s")]
    console = Console(file=io.StringIO(), width=200, no_color=True)
    assert not print_difference(console, first.run, second.run)
    assert "the first row that differs" in console.file.getvalue()
    found = parting(first.run, second.run, (2 * S, 4 * S))
    assert found.rows[0][found.index].time_ns >= 3 * S


@pytest.mark.parametrize(("at", "do", "hold", "rule"), [
    ("10s", [], False, "at 10s is not within the run"),
    ("soon", [], False, "is not a duration"),
    ("2s", ["Kill(stock, 7)"], False, "no serving pod 7 then; it has 0, 1"),
    ("2s", ["Lose(west)"], False, "has no nodes"),
    ("2s", ["Set(services.stock.workers=3)"], False, "differs before 2s already, in its trace"),
    ("2s", ["Set(services.stok.workers=3)"], False, "did you mean 'stock'"),
    ("2s", ["Set(duration=9s)"], False, "says what is run and measured"),
    ("2s", ["Load(readers, x2)"], True, "there is none"),
])  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_is_written(at, do, hold, rule, shop, tmp_path):
    """With the reason; no folder is left."""
    with pytest.raises((UsageError, ScenarioError), match=rule):
        parley.whatif(shop, at=at, do=do, hold=hold, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_users_and_recorded_times_cannot_be_multiplied(tmp_path):
    """Only rates can."""
    text = SHOP.replace("{constant: 30/s}", "{users: {count: 3, think: 50ms}}")
    run = parley.run(written(tmp_path, text), until="1s", out=tmp_path / "run")
    with pytest.raises(UsageError, match="a closed population"):
        parley.whatif(run, at="500ms", do="Load(writers, x2)", out=tmp_path / "none")


@pytest.mark.parametrize(("change", "rule"), [
    ({"semantics": 1}, "was made under SEMANTICS 1"),
    ({"scenario_digest": "0" * 64}, "is not the one that was run"),
    ({"trace_digest": "0" * 32}, "does not replay: at 6s"),
    ({"checkpoints": [[3 * S, "0" * 32]]}, "does not replay: at 3s"),
])  # fmt: skip
def test_a_run_that_does_not_replay_is_refused(change, rule, shop, tmp_path):
    """Another version's, or one whose files are not its own: partial knowledge is told."""
    shutil.copytree(shop.path, tmp_path / "other")
    manifest = json.loads((tmp_path / "other" / "manifest.json").read_text())
    (tmp_path / "other" / "manifest.json").write_text(json.dumps(manifest | change))
    with pytest.raises(UsageError, match=rule):
        parley.whatif(tmp_path / "other", at="2s", out=tmp_path / "run")


def test_a_shorter_run_stays_as_short(folder, tmp_path):
    """A run that ended early is gone through to there."""
    run = parley.run(folder / "world.yaml", until="2500ms", out=tmp_path / "short")
    made = parley.whatif(run, at="2s", do="Kill(stock)", out=tmp_path / "run")
    assert made.run.manifest["simulated_ns"] == 2.5 * S
    with pytest.raises(FolderError, match="not empty"):
        parley.whatif(run, at="2s", out=tmp_path / "run")


def test_a_run_that_was_killed_is_gone_through_as_far_as_it_is_known(shop, tmp_path):
    """Its folder may have windows beyond the last checkpoint of its manifest and its summary."""
    shutil.copytree(shop.path, tmp_path / "killed")
    manifest = json.loads((tmp_path / "killed" / "manifest.json").read_text())
    known_ns, digest = manifest["checkpoints"][-5]
    cut = {"state": "running", "simulated_ns": known_ns, "trace_digest": None, "checkpoints": manifest["checkpoints"][:-4]}
    dead = {"process": manifest["process"] | {"pid": 2**22 + 1}}
    (tmp_path / "killed" / "manifest.json").write_text(json.dumps(manifest | cut | dead))
    summary = json.loads((tmp_path / "killed" / "summary.json").read_text())
    (tmp_path / "killed" / "summary.json").write_text(json.dumps(summary | {"trace_digest": digest}))
    made = parley.whatif(tmp_path / "killed", at="2s", out=tmp_path / "same")
    assert made.is_same and made.run.manifest["simulated_ns"] == known_ns
    more = parley.whatif(tmp_path / "killed", at="2s", do="Kill(stock)", out=tmp_path / "more")
    assert more.difference.ends_ns[-1] == known_ns and more.save_picture().exists()


def printed(made, width=100):
    console = Console(file=io.StringIO(), width=width, no_color=True, highlight=False)
    print_whatif(console, made)
    return console.file.getvalue()


def test_it_is_told_within_the_terminal(shop, tmp_path):
    """At 80 columns and at 120; the folder holds the picture and the figures."""
    made = parley.whatif(shop, at="1900ms", do=["Scale(stock, +6)"], out=tmp_path / "run")
    for width_ in (80, 120):
        text = printed(made, width_)
        tables_only = [line for line in text.splitlines() if not line.startswith(("Scale(", "what if"))]
        assert max(map(len, tables_only)) <= width_
        for word in (made.digest, "readers", "stock", "good saved, readers", "it starts to matter at"):
            assert word in text
    png = made.save_picture().read_bytes()[:24]
    assert (png[:4], int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (b"\x89PNG", 1600, 1150)
    told = json.loads((made.run.path / "whatif.json").read_text())
    assert told["classes"]["readers"]["failed"]["now"] == made.difference.classes["readers"].failed.now
    assert told["windows"]["saved"]["readers"][-1] == made.difference.saved["readers"][-1]
    assert repr(made).startswith("<WhatIf Scale(stock, +6) at 1.9s · +")
    assert load_run(made.run.path).manifest["command"].startswith("parley whatif ")


def test_a_band_is_what_a_run_does_by_itself():
    """Steps of one between windows: a difference of two, two windows long, is outside; one window alone is not."""
    was = np.array([0.0, 1.0] * 100)
    assert width(was) == 1.0
    now = was.copy()
    now[50:52] += 2.0
    now[90] += 2.0
    assert np.flatnonzero(outside(was, now)).tolist() == [50, 51]
    assert np.flatnonzero(outside(np.zeros(9), np.eye(9)[4])).tolist() == [4]
    assert np.isnan(logarithms(np.array([0.0, 1.0]))).tolist() == [True, False]
