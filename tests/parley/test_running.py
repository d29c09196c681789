"""A run ends in a folder that tells everything about it, and looking at the run changes nothing."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import parley
from agents.control_plane import ControlPlane
from parley.errors import FolderError, Unbalanced, UsageError
from parley.recording.conserving import require_balance
from parley.recording.windows import window_ns
from parley.runs.running import ordered
from scenarios.load import load
from sim.mesh import Mesh
from tests.parley.worlds import LONG, SHOP, written


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("shop")
    written(made, SHOP)
    return made


@pytest.fixture(scope="module")
def shop(folder):
    return parley.run(written(folder, SHOP), seed=3, spans="all", out=folder / "run")


@pytest.fixture(scope="module")
def mesh(folder, shop):
    """The same world, run by hand in one go."""
    made = Mesh(load(written(folder, SHOP)), 3)
    ControlPlane(made)
    made.advance(made.scenario.duration)
    return made


def test_a_run_folder_holds_what_is_promised(shop):
    """Manifest, summary, scenario, and tables only where there was a maker."""
    assert {entry.name for entry in shop.path.iterdir()} == {
        "manifest.json", "summary.json", "scenario.yaml", "windows", "spans", "pods"}  # fmt: skip
    promised = {"format", "state", "scenario", "question", "currency", "scenario_digest", "semantics", "seed", "engine", "spans",
                "versions", "trace_digest", "checkpoints", "wall_s", "simulated_ns", "command"}  # fmt: skip
    assert set(shop.manifest) >= promised
    assert (shop.state, shop.manifest["trace_digest"]) == ("complete", shop.summary["trace_digest"])


def test_recording_changes_nothing(shop, mesh):
    """Windows, checkpoints and stretches of wall time leave the trace as it is without them."""
    assert shop.summary["trace_digest"] == mesh.plane.digest()


def test_both_engines_leave_the_same_summary(shop, folder):
    """All figures, not only the digest."""
    other = parley.run(folder / "world.yaml", seed=3, engine="reference", out=folder / "reference")
    assert other.summary == shop.summary


def test_the_scenario_in_the_folder_is_the_world_that_was_run(shop, folder):
    """It reloads to an equal world, and the manifest holds its hash."""
    assert shop.scenario == load(folder / "world.yaml")
    assert hashlib.sha256((shop.path / "scenario.yaml").read_bytes()).hexdigest() == shop.manifest["scenario_digest"]


def test_the_summary_says_what_was_counted(shop, mesh):
    """Requests are those of the observation; latencies those of successes that arrived after the warm-up."""
    seen, summary = mesh.plane.observe(), shop.summary
    for name, figure in summary["requests"].items():
        if name != "in_flight":
            assert figure == seen.workloads[name].sum()
    over = seen.workloads["succeeded"].sum() + seen.workloads["failed"].sum()
    assert summary["requests"]["in_flight"] == seen.workloads["offered"].sum() - over
    assert summary["services"]["stock"]["visits"] == seen.pods["visits"][seen.pod_service == 1].sum()
    assert summary["good"] == seen.intervals["good"][:2].sum() / seen.intervals["offered"][:2].sum()


def test_quantiles_are_those_of_the_spans(shop):
    """Within 0.4 % of the exact order statistics."""
    roots = shop.spans[(shop.spans.parent == -1) & (shop.spans.outcome == "ok") & (shop.spans.sent_ns >= 1_050_000_000)]
    exact = np.sort((roots.returned_ns - roots.sent_ns).to_numpy())
    for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        assert shop.summary["latency_ms"][name] == pytest.approx(exact[int(np.ceil(q * len(exact))) - 1] / 1e6, rel=0.004)
    assert shop.summary["latency_ms"]["mean"] == pytest.approx(exact.mean() / 1e6, rel=1e-9)


def test_windows_add_up_to_the_totals(shop):
    """Every request and every visit is in exactly one window, and the windows have no gap."""
    windows, summary = shop.windows, shop.summary
    for name, one in summary["classes"].items():
        mine = windows[(windows.kind == "class") & (windows.name == name)]
        assert all(mine[key].sum() == one["requests"][key] for key in ("offered", "succeeded", "failed", "timed_out", "rejected"))
        assert mine.in_flight.iloc[-1] == one["requests"]["in_flight"]
        assert (mine.start_ns.iloc[1:].to_numpy() == mine.end_ns.iloc[:-1].to_numpy()).all()
    for name, one in summary["services"].items():
        assert windows[(windows.kind == "service") & (windows.name == name)].visits.sum() == one["visits"]


def test_a_window_ends_where_the_warmup_does(shop):
    """1050 ms is no multiple of 100 ms, and yet a boundary."""
    assert {1_000_000_000, 1_050_000_000, 1_100_000_000} <= set(shop.windows.end_ns)


@pytest.mark.parametrize(("duration_s", "window_s"), [(1, 0.1), (60, 0.1), (61, 0.2), (1200, 2), (86_400, 200)])
def test_windows_have_round_lengths(duration_s, window_s):
    """About 600 a run, 1, 2 or 5 times a power of ten, never below 100 ms."""
    assert window_ns(duration_s * 10**9) == window_s * 10**9


def test_means_of_services_are_over_time_after_the_warmup(folder):
    """8 workers at 80 %: utilization, replicas and queue of M/M/8, warm-up left out."""
    world = LONG.replace("6h", "200s\nwarmup: 20s")
    found = parley.run(parley.loads(world), out=folder / "mm8", spans="none").summary["services"]["q"]
    assert found["utilization"] == pytest.approx(0.8, rel=0.02)
    assert (found["mean_replicas"], found["queue_mean"]) == (1.0, pytest.approx(1.83, rel=0.2))
    assert found["inside_mean"] == pytest.approx(found["queue_mean"] + 8 * found["utilization"])


def test_work_in_flight_is_kept(shop):
    """Spans that had not ended when the run did are there, their ends missing."""
    still_open = shop.spans[shop.spans.returned_ns.isna()]
    assert shop.summary["requests"]["in_flight"] == len(still_open[still_open.parent == -1]) > 0
    assert set(still_open.outcome) == {"pending"}


def test_the_tail_is_whoever_was_bad(shop, folder):
    """`tail` keeps all spans of every request that failed or, of the class with an objective, took above 60 ms."""
    kept = parley.run(folder / "world.yaml", seed=3, spans="tail", out=folder / "tail")
    roots = shop.spans[(shop.spans.parent == -1) & shop.spans.returned_ns.notna()]
    is_slow = (roots.workload == "readers") & (roots.returned_ns - roots.sent_ns > 60_000_000)
    bad = set(roots.request[(roots.outcome != "ok") | is_slow])
    assert set(kept.spans.request) == bad
    assert 0 < is_slow.sum() < len(bad) < len(roots) / 2
    one, other = (some.sort_values(["request", "call"]).reset_index(drop=True)
                  for some in (kept.spans, shop.spans[shop.spans.request.isin(bad)]))  # fmt: skip
    assert_frame_equal(one, other, check_dtype=False)  # where nothing is null, times are integers
    assert (kept.manifest["spans"], kept.summary) == ("tail", shop.summary)


def test_verdicts_follow_the_run(shop, folder):
    """An assertion about a time that the run did not reach has no verdict."""
    assert [one["met"] for one in shop.summary["expect"]] == [True, True]
    cut = parley.run(folder / "world.yaml", until="2500ms", out=folder / "cut")
    assert [one["met"] for one in cut.summary["expect"]] == [True, None]
    assert (cut.summary["simulated_s"], cut.state) == (2.5, "complete")


def test_a_run_does_not_outlast_its_scenario(folder):
    """`until` beyond the duration is refused with the way to have it."""
    with pytest.raises(UsageError, match="--set duration=1h"):
        parley.run(folder / "world.yaml", until="1h", out=folder / "beyond")


def test_changes_are_laid_over_objects_and_files_alike(folder):
    """`set` on a Scenario is `--set` on its file."""
    change = ["services.stock.replicas=5"]
    world = load(folder / "world.yaml")
    runs = [parley.run(source, set=change, until="1s", out=folder / name) for source, name in ((world, "a"), (folder / "world.yaml", "b"))]
    assert runs[0].summary["trace_digest"] == runs[1].summary["trace_digest"]
    assert runs[0].scenario.services["stock"].replicas == 5


def test_nothing_is_overwritten(shop, folder, monkeypatch, tmp_path):
    """A folder with something in it is refused; default folders of one second get numbers."""
    with pytest.raises(FolderError, match="overwrites nothing"):
        parley.run(folder / "world.yaml", until="1s", out=folder / "run")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda _: "0101-000000")
    paths = [parley.run(folder / "world.yaml", until="100ms").path.name for _ in range(2)]
    assert paths == ["shop-1-0101-000000", "shop-1-0101-000000-2"]


@pytest.mark.parametrize(("asked", "says"), [
    ({"engine": "fats"}, "did you mean 'fast'"), ({"spans": "some"}, "one of sample, tail, all, none"), ({"seed": -1}, "a whole number"),
    ({"seed": 1.5}, "not 1.5"), ({"seed": "1"}, "not '1'"), ({"until": "0s"}, "nothing to run"),
])  # fmt: skip
def test_a_wrong_word_is_answered(folder, asked, says):
    """With what is right, before anything is written."""
    with pytest.raises(UsageError, match=says):
        parley.run(folder / "world.yaml", out=folder / "never", **asked)
    assert not (folder / "never").exists()


def test_a_broken_law_is_our_mistake():
    """A run whose books do not balance ends in an assertion of ours that names the law."""
    with pytest.raises(Unbalanced, match="at 5 ns, a conservation law does not hold: attempts = ok"):
        require_balance({"attempts = ok": False, "visits = left": True}, 5)


def test_every_law_held(shop):
    """They are checked, and written down, in every run."""
    assert len(shop.summary["conservation"]) >= 8
    assert all(shop.summary["conservation"].values())


def test_json_is_strict(shop):
    """No NaN in any JSON of the folder."""
    for name in ("manifest.json", "summary.json"):
        json.loads((shop.path / name).read_text(), parse_constant=pytest.fail)


def test_a_run_opens_by_its_name(shop, folder, monkeypatch, tmp_path):
    """A bare name is looked for below results/runs, and the nearest is suggested."""
    monkeypatch.chdir(tmp_path)
    made = parley.run(folder / "world.yaml", until="100ms")
    assert parley.load_run(made.path.name).path == made.path
    with pytest.raises(FolderError, match=f"did you mean '{made.path.name}'"):
        parley.load_run(made.path.name[:-1])


def test_a_run_says_what_it_is(shop):
    """In a notebook, in one line."""
    assert repr(shop).startswith("<Run shop seed 3 · complete · ")
    assert shop._repr_html_().count("<td") >= 5


def test_what_was_checked_before_is_not_read_again(tmp_path):
    """An order is run as it is, and its manifest has the same words as where the file was given."""
    file = written(tmp_path, SHOP)
    asked = {"until": "2s", "set": ["services.stock.replicas=3"], "seed": 7}
    order, direct = ordered(file, **asked), parley.run(file, **asked, out=tmp_path / "direct")
    file.unlink()
    done = parley.run(order, out=tmp_path / "done")
    assert [done.manifest[key] for key in ("command", "seed", "trace_digest")] == [
        direct.manifest[key] for key in ("command", "seed", "trace_digest")]  # fmt: skip
