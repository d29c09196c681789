"""`parley import`: a cluster's YAML over a scenario."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from agents.autoscaling.manifest_files import manifest_of
from parley.cli import main
from parley.manifests import istio
from parley.manifests.importing import import_manifests
from parley.manifests.routes import named_routes
from scenarios.errors import ScenarioError
from scenarios.load import load
from scenarios.schema.hpa import Hpa

HPA = Hpa.model_validate({"target_cpu": "55%", "min": 2, "max": 9})


def both() -> str:
    """Routes of the shop with another timeout, and an autoscaler of one service."""
    documents = [*istio.manifest(load("learning_to_scale")).documents, manifest_of(HPA, "catalog")]
    documents[0]["spec"]["http"][0]["timeout"] = "7s"
    return yaml.safe_dump_all(documents)


def test_autoscalers_and_routes_in_one_file() -> None:
    """Each is taken where it belongs; all else stays as it was."""
    before = load("learning_to_scale")
    after = import_manifests(both(), before, "shop.yaml")
    assert after.minds("catalog").scaling.hpa.utilizations == [0.55] and after.minds("front") == before.minds("front")
    changed = {name: route.timeout_ns for name, (_, route) in named_routes(after).items() if route.timeout_ns != 4_000_000_000}
    assert list(changed.values()) == [7_000_000_000]


def test_the_command_writes_a_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which loads; nothing is written over."""
    (tmp_path / "shop.yaml").write_text(both())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["parley", "import", "shop.yaml", "learning_to_scale", "--out", "new.yaml"])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code and load(str(tmp_path / "new.yaml")).minds("catalog").scaling.hpa.max == 9
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 5


@pytest.mark.parametrize(("text", "sentence"), [
    ("", "holds no document; it may hold HorizontalPodAutoscaler"),
    ("apiVersion: v1\nkind: Service\nspec: {}\n", "is v1 Service, not one of"),
    (yaml.safe_dump(manifest_of(HPA, "katalog")), "'katalog' is no service of learning_to_scale; did you mean 'catalog'?"),
])  # fmt: skip
def test_mistakes_are_told(text: str, sentence: str) -> None:
    """With the place and the rule."""
    with pytest.raises(ScenarioError) as caught:
        import_manifests(text, load("learning_to_scale"), "shop.yaml")
    assert sentence in str(caught.value)
