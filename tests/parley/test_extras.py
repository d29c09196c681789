"""Without the extras: each command that needs one says which, writes nothing, and ends as after any mistake."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib

import pytest

from parley.training.training import BEST
from tests.house.sources import ROOT
from tests.parley.worlds import SHOP, environment, written

ABSENT = ("SALib", "aiohttp", "cryptography", "grpc", "grpc_health", "jinja2", "onnx", "onnxruntime", "optuna", "pettingzoo", "plotly",
          "prometheus_client", "ray", "sb3_contrib", "sklearn", "stable_baselines3", "tensorboard", "torch")  # fmt: skip
TYPE_ALL = """
import contextlib, io, json, os, sys
sys.modules.update(dict.fromkeys(json.loads(sys.argv[1])))
from parley.cli import main
for words in json.loads(sys.argv[2]):
    said, status, sys.argv = io.StringIO(), 0, ["parley", *words]
    with contextlib.redirect_stderr(said):
        try:
            main()
        except SystemExit as end:
            status = end.code
    print("ENDED", json.dumps([status, said.getvalue(), sorted(os.listdir())]))
"""
BUNDLE = ROOT / "notebooks" / "last_years_rule" / "policy.zip"
ASKED = {
    "train": ("rl", ["train", "--steps", "1k"]),
    "train another chair": ("rl", ["train", "--chair", "bidding"]),
    "evaluate": ("rl", ["evaluate", "scaling", "--policies", "trained"]),
    "calibrate": ("tune", ["calibrate", "scaling"]),
    "export": ("rl,export", ["export", "trained"]),
    "export as routes": ("rl,export", ["export", "trained", "--to", "istio"]),
    "export with a new key": ("rl,export", ["export", "trained", "--new-key", "key"]),
    "run with a policy": ("export", ["run", "learning_to_scale", "--policy", str(BUNDLE), "--unsigned"]),
    "serve-scaler": ("export", ["serve-scaler", str(BUNDLE), "--unsigned", "--prometheus", "http://localhost:9090"]),
    "tune": ("tune", ["tune", "world.yaml", "--vary", "services.stock.replicas=2..4", "--minimize", "latency_ms.p99"]),
    "sensitivity": ("sensitivity", ["sensitivity", "world.yaml", "--vary", "services.stock.replicas=1..4"]),
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, list[str]]]:
    """By what was asked: exit code, stderr, and what then lies in the folder; all typed in a process that finds none of the extras."""
    folder = tmp_path_factory.mktemp("extras")
    written(folder, SHOP)
    weights = folder / "trained" / "seed-1" / BEST
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    plan = {"scenario": "learning_to_scale", "steps": 1, "seeds": 1, "lanes": 1, "jobs": 1}
    (folder / "trained" / "manifest.json").write_text(json.dumps({"format": 1, "kind": "training", "state": "complete", "plan": plan}))
    asked = json.dumps([words for _, words in ASKED.values()])
    done = subprocess.run([sys.executable, "-c", TYPE_ALL, json.dumps(ABSENT), asked], cwd=folder, env=environment(),
                          capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = [json.loads(line.removeprefix("ENDED ")) for line in done.stdout.splitlines() if line.startswith("ENDED ")]
    return dict(zip(ASKED, told, strict=True))


@pytest.mark.parametrize("what", ASKED)
def test_the_extra_is_named(ended: dict[str, tuple[int, str, list[str]]], what: str) -> None:
    """One sentence, a user's exit code, nothing written."""
    (status, said, folder), extra = ended[what], ASKED[what][0]
    sentence = rf"parley: .+ needs the extra `{extra}` \(\w+ is missing\): pip install 'parley\[{extra}\]' -c constraints\.txt\n"
    assert (status, re.fullmatch(sentence, said) is not None) == (2, True), said
    assert folder == ["trained", "world.yaml"]


def test_the_extras_are_those_of_the_package() -> None:
    """What is taken away above is all that pyproject.toml's extras for users bring, under the names they are imported by."""
    brought = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    of_users = ("rl", "export", "ray", "tune", "sensitivity", "report", "serve")
    names = {re.split(r"[\[><=]", one)[0] for extra in of_users for one in brought[extra]}
    imported = {"stable-baselines3": "stable_baselines3", "sb3-contrib": "sb3_contrib", "scikit-learn": "sklearn", "grpcio": "grpc",
                "grpcio-health-checking": "grpc_health"}  # fmt: skip
    assert {imported.get(name, name) for name in names} == {*ABSENT, "protobuf"}
