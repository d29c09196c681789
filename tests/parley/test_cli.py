"""The command line: what it prints, and how it ends."""

from __future__ import annotations

import json
import sys
from typing import NamedTuple

import pytest

import parley as door
from parley.cli import main
from scenarios.load import load
from tests.parley.worlds import SHOP, parley, written


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which `parley run world.yaml --out run` was typed."""
    made = tmp_path_factory.mktemp("cli")
    written(made, SHOP)
    return made


@pytest.fixture(scope="module")
def done(folder):
    return parley("run", "world.yaml", "--out", "run", cwd=folder)


class Ended(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def typed(folder, capsys, monkeypatch):
    """Type a command in the folder, in this process."""
    def type_in(*words, columns=100):
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "argv", ["parley", *words])
        with pytest.raises(SystemExit) as end:
            main()
        return Ended(end.value.code or 0, *capsys.readouterr())

    return type_in


def test_a_run_is_told_on_the_terminal(done, folder):
    """Traffic, latency, objectives, services, cost, verdicts, digest, and where everything is."""
    told = [line for line in done.stderr.splitlines() if not line.startswith("parley: compil")]
    assert (done.returncode, told) == (0, [])
    summary = door.load_run(folder / "run").summary
    for word in ("readers", "p99.9", "p95 under 60 ms", "stock", "pod hours", "p99 < 10s", summary["trace_digest"], "run/overview.png"):
        assert word in done.stdout, done.stdout
    assert f"{summary['requests']['offered']:,}" in done.stdout


def test_the_picture_is_large_enough_for_a_stage(done, folder):
    """PNG, 1600 by 1000."""
    head = (folder / "run" / "overview.png").read_bytes()[:24]
    assert (head[:4], int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (b"\x89PNG", 1600, 1000)


def test_a_line_fits_into_its_terminal(done, typed):
    """At 100 columns and at 80."""
    narrow = typed("run", "world.yaml", "--out", "narrow", columns=80)
    for printed, wide in ((done.stdout, 100), (narrow.stdout, 80)):
        assert max(len(line) for line in printed.splitlines() if "run folder" not in line) <= wide


def test_the_tail_is_asked_for_and_traced(folder, typed):
    """`--spans tail`: the manifest says so, and `parley trace` shows requests that failed or took above 60 ms."""
    assert typed("run", "world.yaml", "--spans", "tail", "--until", "3s", "--out", "tail").returncode == 0
    assert "--spans tail" in door.load_run(folder / "tail").manifest["command"]
    told = typed("trace", "tail", "--slowest", "3")
    assert told.returncode == 0
    assert "the slowest of " in told.stdout


def test_json_prints_the_summary_only(folder, typed):
    """Nothing else on stdout, and the same as in the folder."""
    done = typed("run", "world.yaml", "--json", "--set", "services.stock.replicas=4", "--until", "2s", "--out", "json")
    assert json.loads(done.stdout) == json.loads((folder / "json" / "summary.json").read_text())
    assert load(folder / "json" / "scenario.yaml").services["stock"].replicas == 4


def test_a_failed_expect_is_exit_code_3(typed):
    """A scenario is a test."""
    done = typed("run", "world.yaml", "--set", "expect=[{good: '> 99.9%'}]", "--out", "failed")
    assert done.returncode == 3
    assert next(line for line in done.stdout.splitlines() if line.startswith("good > 99.9%")).endswith("missed")


@pytest.mark.parametrize(("words", "code", "says"), [
    (["run", "wrld.yaml"], 2, "did you mean 'world.yaml'?"),
    (["run", "world.yaml", "--sed", "3"], 2, "--seed"),
    (["rnu", "world.yaml"], 2, "Did you mean 'run'?"),
    (["run", "world.yaml", "--engine", "fasst"], 2, "did you mean 'fast'?"),
    (["run", "world.yaml", "--set", "services.stok.replicas=1"], 2, "did you mean 'stock'?"),
    (["run", "world.yaml", "--until", "soon"], 2, "is not a duration"),
    (["run", "world.yaml", "--seeds", "0"], 2, "--seeds"),
    (["trace", "nowhere"], 5, "there is no run in that folder"),
    (["diff", "nowhere", "run"], 5, "there is no run in that folder"),
    (["compare", "world.yaml", "wrld.yaml"], 2, "did you mean 'world.yaml'?"),
    (["init", "world.yaml"], 2, "is there already"),
    (["init", "nowhere/mine.yaml"], 2, "cannot be written"),
    (["schema", "nowhere/it.json"], 2, "cannot be written"),
    (["schema", "."], 2, "cannot be written"),
    (["check", "wrld.yaml"], 2, "did you mean 'world.yaml'?"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")  # fmt: skip
def test_a_mistake_is_one_message_and_its_exit_code(typed, words, code, says):
    """No traceback for what the user can mend, and nothing on stdout."""
    done = typed(*words)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_init_writes_a_file_that_runs(folder, typed):
    """With the schema for editors beside it; check and run take it."""
    assert typed("init", "mine.yaml").returncode == 0
    assert json.loads((folder / "parley.schema.json").read_text())["required"] == ["version"]
    checked = typed("check", "mine.yaml")
    assert checked.returncode == 0 and "capacity" in checked.stdout
    assert typed("run", "mine.yaml", "--until", "5s", "--set", "expect=[]").returncode == 0
    assert len(list((folder / "results" / "runs").iterdir())) == 1


def test_init_takes_any_file_name(typed):
    """What a scenario may not be called becomes a name that it may."""
    assert typed("init", "2.my mesh.v1.yml").returncode == 0
    assert "2_my_mesh_v1 " in typed("check", "2.my mesh.v1.yml").stdout


def test_schema_may_be_printed(typed):
    """`-` is stdout."""
    assert json.loads(typed("schema", "-").stdout)["properties"].keys() >= {"services", "extends"}


def test_check_says_what_saturates(typed):
    """Load against capacity, by service."""
    done = typed("check", "world.yaml", "--set", "workload.readers.load=4")
    stock = next(line for line in done.stdout.splitlines() if line.startswith("stock"))
    assert done.returncode == 0 and stock.endswith("saturates")


def test_seeds_print_intervals(folder, typed):
    """`--seeds 3` runs three and stores their estimates."""
    done = typed("run", "world.yaml", "--seeds", "3", "--until", "2s", "--out", "seeds")
    assert done.returncode == 0, done.stderr
    assert "seeds 1 to 3" in done.stdout and "± " in done.stdout
    assert json.loads((folder / "seeds" / "summary.json").read_text())["estimates"]["good"]["n"] == 3
    compared = typed("compare", "seeds", "seeds")
    assert compared.returncode == 0, compared.stderr


def test_a_what_if_is_told(done, typed, folder):
    """What was done, the digest both share, the difference by class and service, and where the picture is; or as JSON."""
    words = ("whatif", "run", "--at", "1900ms", "--do", "Scale(stock,+6)")
    told = typed(*words, "--spans", "none", "--out", "if")
    assert told.returncode == 0, told.stderr
    for word in ("what if Scale(stock, +6) at 1.9s", "the same to the bit until then", "readers", "if/difference.png"):
        assert word in told.stdout, told.stdout
    assert (folder / "if" / "difference.png").exists()
    manifest = door.load_run(folder / "if").manifest
    assert manifest["spans"] == "none" and "--do 'Scale(stock, +6)' --spans none" in manifest["command"]
    as_json = typed("whatif", "run", "--at", "1900ms", "--do", "Kill(stock)", "--hold", "--json", "--out", "if-json")
    assert json.loads(as_json.stdout)["hold"] is True
    wrong = typed(*words[:-1], "Scal(stock,+6)")
    assert (wrong.returncode, wrong.stdout) == (2, "") and "did you mean 'Scale'" in wrong.stderr


def test_latencies_are_explained(done, typed, folder):
    """A sentence a quantile, shares by service, and the first cause beside a twin; or as JSON."""
    told = typed("explain", "run", "--twin", "--workload", "readers", "--out", "twin")
    assert told.returncode == 0, told.stderr
    for word in ("readers: p99 = ", "readers: p50 = ", "path at p99", "first to leave its twin's band: stock",
                 "fault slow_stock (slow) begins"):  # fmt: skip
        assert word in told.stdout, told.stdout
    assert "writers: p99" not in told.stdout
    as_json = json.loads(typed("explain", "run", "--against", "twin", "--json").stdout)
    assert as_json["against"] == str(folder / "twin") and as_json["cause"]["first"]["service"] == "stock"


def test_help_names_every_command():
    """On one screen."""
    from typer.main import get_command

    from parley.cli import app

    assert set(get_command(app).commands) == {
        "run", "trace", "diff", "explain", "whatif", "report", "compare", "sweep", "map", "contest", "tune", "sensitivity",
        "check", "init", "schema", "conformance", "train", "adapt", "calibrate", "evaluate", "export", "serve-scaler",
        "import"}  # fmt: skip


def test_a_progress_line_fits_and_tells():
    """Simulated time, share, both rates, time left; at most 80 characters."""
    from parley.progress import line
    from parley.runs.running import Progress

    text = line(Progress(495 * 10**9, 1200 * 10**9, 2.0, 300_000, 2_400_000))
    assert text == "8m15s of 20m ████░░░░░░ 41 % · 150 k requests/s, 1.2 M hops/s · 3s left"
    assert len(line(Progress(4320 * 10**9, 86_400 * 10**9, 500.0, 7 * 10**7, 5 * 10**9))) <= 80
