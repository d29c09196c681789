"""`parley export`: what leaves a training, how good its tree is, and what it says of itself."""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

import parley
from agents.learning.bundles.described import Described
from agents.learning.bundles.distilling import distilled, tree_file
from agents.learning.bundles.packing import LIMITS, SIGNATURE
from agents.learning.bundles.playing import played
from agents.learning.bundles.trees import Leaf, Question, Tree, TreeFile
from agents.learning.observing import FRAMES
from agents.learning.scaling.actions import MULTIPLIER
from agents.learning.scaling.features import FEATURES
from agents.learning.tasks import SCALE_V0
from parley.cli import main
from parley.errors import FolderError
from parley.exporting import exporting
from parley.exporting.exporting import export
from parley.exporting.targets import TARGETS
from parley.training.training import Training, train
from scenarios.load import load
from scenarios.writing import as_yaml
from tests.learning.bundles import FOLLOWS, ROWS, lively, observations

FAST: dict[str, Any] = {"episodes": 2, "jobs": 1}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world of two minutes with few requests."""
    world = load("learning_to_scale", ["duration=2m", "warmup=30s", "workload.shoppers.load=0.2", "workload.crowd.load=0.1"])
    path = tmp_path_factory.mktemp("world") / "small.yaml"
    path.write_text(as_yaml(world))
    return path


@pytest.fixture(scope="module")
def training(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two policies that learned next to nothing."""
    return train(small, steps=100, seeds=2, lanes=2, jobs=1, out=tmp_path_factory.mktemp("trained") / "t").path


@pytest.fixture(scope="module")
def made(training: Path, tmp_path_factory: pytest.TempPathFactory) -> exporting.Exported:
    """A signed bundle of the better one."""
    folder = tmp_path_factory.mktemp("export")
    exporting.new_key(folder / "team")
    return export(training, key=folder / "team", leaves=8, **FAST, out=folder / "bundle")


@pytest.mark.parametrize("rows", [2_000, pytest.param(ROWS, marks=pytest.mark.slow)])
@pytest.mark.parametrize("leaves", [2, 16, 200])
def test_the_reader_of_trees_is_scikit_learn(rows: int, leaves: int) -> None:
    """The same action on every observation where all may be chosen, through the file and back."""
    trained, (seen, masks) = lively(), observations(rows)
    classifier = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0)
    classifier.fit(seen[:1_000], trained.decides(seen, masks)[:1_000], sample_weight=np.random.default_rng(1).random(1_000))
    made = Tree(TreeFile.from_json(tree_file(classifier, MULTIPLIER).as_json()))
    assert made.file.leaves == classifier.get_n_leaves() == leaves
    assert np.array_equal(made.decides(seen, np.ones_like(masks)), classifier.predict(seen))
    assert np.array_equal(made.leaf(seen), classifier.apply(seen))
    assert masks[np.arange(rows), made.decides(seen, masks)].all()


def test_a_tree_by_hand() -> None:
    """A threshold is met by what equals it; of what may be chosen the greatest share; and the rule where none of it may."""
    shares = {0: 0.6, 5: 0.4}
    leaf = Leaf(shares=tuple(shares.get(action, 0.0) for action in range(8)), does="x0.7")
    other = Leaf(shares=tuple(float(action == 7) for action in range(8)), does="x2")
    ask = Question(input=0, of="utilization", at_most=0.5, then=1, otherwise=2)
    tree = Tree(TreeFile(format=1, actions=MULTIPLIER.labels, follows=FOLLOWS, nodes=(ask, leaf, other)))
    seen, masks = np.zeros((4, FRAMES * len(FEATURES)), dtype=np.float32), np.ones((4, 8), dtype=np.bool_)
    seen[:, 0] = 0.5, np.nextafter(np.float32(0.5), np.float32(1)), 0.2, 0.2
    masks[2, 0] = False
    masks[3] = [False, True, False, True, False, False, False, False]
    assert tree.decides(seen, masks).tolist() == [0, 7, 5, FOLLOWS]
    assert tree.path(seen[0]) == ["utilization 0.5 <= 0.5"] and tree.path(seen[1]) == ["utilization 0.5 > 0.5"]


def test_a_tree_learns_a_policy_that_is_one(small: Path) -> None:
    """A teacher that asks one question is told by a few leaves, on episodes that none of them was fitted to, and is paid the same."""
    class Stepwise:
        """Half as many pods again where fewer than three are asked for, else what the rule wants."""

        def logits(self, seen):
            found = np.zeros((len(seen), 8), dtype=np.float32)
            found[np.arange(len(seen)), np.where(seen[:, 1] < 1.5, 6, FOLLOWS)] = 5
            return found

        def decides(self, seen, masks):
            return np.where(masks, self.logits(seen), -9).argmax(axis=1)

    task, teacher = SCALE_V0.changed(scenario=str(small)), Stepwise()
    tree = distilled(task, teacher, played(task, range(11, 17), teacher.decides), leaves=4).tree
    met, taught = played(task, (17, 18), tree.decides), played(task, (17, 18), teacher.decides)
    assert any(isinstance(node, Question) for node in tree.file.nodes) and tree.file.leaves <= 4
    assert len(set(teacher.decides(met.observations, met.masks).tolist())) > 1, "it does now this, now that"
    assert (tree.decides(met.observations, met.masks) == teacher.decides(met.observations, met.masks)).mean() > 0.95
    assert met.reward == pytest.approx(taught.reward, rel=0.02)


def test_a_bundle_is_whole_and_opens(made: exporting.Exported, training: Path) -> None:
    """All files, signed; what it says is what it was trained as; and it decides."""
    assert made.key is not None and made.files.keys() == LIMITS.keys()
    policy = parley.Policy.load(made.path, made.path.with_name("team.pub"))
    told = policy.described
    assert policy.sha256 == made.sha256 and (told.training.seeds, told.training.seed in (1, 2)) == (2, True)
    assert [one.name for one in told.features] == [one.name for one in FEATURES] and all(one.query for one in told.features)
    assert told.tick_s == 15 and told.task.id is None and told.task.ticks == 240 and told.training.versions["torch"] == version("torch")
    found = told.measured
    task = Training(training).plan.task
    rule = played(task, found.seeds, lambda seen, _: np.full(len(seen), FOLLOWS))
    assert len(found.seeds) == 2 and found.rule.rewards == pytest.approx([one.reward for one in rule.scores])
    assert 0 <= found.agreement <= 1 and found.leaves <= 8


def test_statistics_tell_drift(made: exporting.Exported) -> None:
    """Shares sum to one, deciles rise, what was met is inside the safe region: the index of what was met is nothing, of else much."""
    told = parley.Policy.load(made.path, unsigned=True).described
    for name, one in told.inputs.items():
        low, high = told.safe_region[name]
        assert sum(one.shares) == pytest.approx(1) and list(one.deciles) == sorted(one.deciles)
        assert low <= one.deciles[0] + 1e-6 and one.deciles[-1] <= high + 1e-6 and low <= one.mean <= high


def test_the_same_policy_gives_the_same_bundle(made: exporting.Exported, training: Path, tmp_path: Path) -> None:
    """To the byte, signature and all; the other policy is another one; and as an archive it is the same."""
    again = export(training, key=made.path.with_name("team"), leaves=8, **FAST, out=tmp_path / "b.tar")
    assert again.sha256 == made.sha256
    assert parley.Policy.load(tmp_path / "b.tar", made.path.with_name("team.pub")).sha256 == made.sha256
    other = export(training, policy=3 - made.described.training.seed, to="onnx", **FAST, out=tmp_path / "other")
    assert other.sha256 is None and set(other.files) == {"policy.onnx", "policy.json"}
    assert (tmp_path / "other" / "policy.onnx").read_bytes() != (made.path / "policy.onnx").read_bytes()


def test_the_sbom_has_what_cyclonedx_requires(made: exporting.Exported) -> None:
    """CycloneDX 1.6: bomFormat and specVersion; type and name of each component; references that are one each and lead somewhere."""
    told = json.loads((made.path / "sbom.json").read_text())
    assert (told["bomFormat"], told["specVersion"], told["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", told["serialNumber"])
    components = [told["metadata"]["component"], *told["components"]]
    kinds = {"application", "framework", "library", "container", "platform", "operating-system", "device", "device-driver", "firmware",
             "file", "machine-learning-model", "data", "cryptographic-asset"}  # fmt: skip
    assert all(one["type"] in kinds and one["name"] for one in components)
    references = [one["bom-ref"] for one in components]
    assert len(set(references)) == len(references)
    (depends,) = told["dependencies"]
    assert depends["ref"] == references[0] and set(depends["dependsOn"]) == set(references[1:])
    for digest in (one for component in components for one in component.get("hashes", ())):
        assert digest["alg"] == "SHA-256" and re.fullmatch("[0-9a-f]{64}", digest["content"])
    assert {"torch", "numpy", "parley"} <= {one["name"] for one in components if one["type"] == "library"}
    assert all(one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}" for one in components if one["type"] == "library")


def test_the_card_says_what_people_ask(made: exporting.Exported) -> None:
    """Task, results, failures, forbidden uses, drift, and how to check it."""
    told = (made.path / "MODEL_CARD.md").read_text()
    for heading in ("What it was trained on", "Results", "Known failures", "Not to be used", "Drift", "To check it"):
        assert f"\n## {heading}\n" in told
    assert "nan" not in told and "None" not in told and made.described.training.weights_sha256 in told


def test_targets_are_told(training: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    """Each by its name on the command line, with what it came to; and the next word to type."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    for words, says in ((("--to", "tree"), "tree.json"), (("--new-key", "k", "--out", "b"), "--policy b --key k.pub"),
                        (("--out", "c.zip"), "not signed")):  # fmt: skip
        monkeypatch.setattr(sys, "argv", ["parley", "export", str(training), "--jobs", "1", "--episodes", "1", *words])
        with pytest.raises(SystemExit) as end:
            main()
        told = capsys.readouterr()
        assert not end.value.code, told.err
        assert says in told.out and "held-out episode" in told.out and "its tree" in told.out
    assert (tmp_path / "b" / SIGNATURE).stat().st_size == 64 and (tmp_path / "k.pub").exists()
    assert Described.from_json((next((tmp_path / "results" / "runs").iterdir()) / "policy.json").read_bytes()).name.startswith("small-")


def test_mistakes_are_answered(training: Path, tmp_path: Path) -> None:
    """Before a minute of work is lost."""
    for words, says in (
        ({"to": "onx"}, f"one of {', '.join(TARGETS)}, not 'onx'; did you mean 'onnx'"),
        ({"policy": 9}, "has policies 1, 2, and none of number 9"),
        ({"leaves": 1}, "leaves is a number from 2 to 4096, not 1"), ({"to": "tree", "key": "k"}, "--key signs a bundle"),
        ({"to": "tree", "out": "b.tar"}, "an archive holds a bundle"), ({"key": tmp_path / "k"}, "k: cannot be read"),
    ):  # fmt: skip
        with pytest.raises(parley.ParleyError, match=re.escape(says)):
            export(training, **{"out": tmp_path / "x", **words})
    (tmp_path / "l.pub").touch()
    with pytest.raises(parley.ParleyError, match=r"l\.pub: is there already, and a key is never written over"):
        exporting.new_key(tmp_path / "l")
    for words, says in (
        ({"to": "tree"}, "--new-key makes a key to sign a bundle with"), ({"to": "bundle", "policy": 9}, "none of number 9"),
    ):  # fmt: skip
        with pytest.raises(parley.ParleyError, match=says):
            exporting.require_sealable(training, **words)
    with pytest.raises(FolderError):
        export(tmp_path, out=tmp_path / "x")
    assert not (tmp_path / "x").exists() and not (tmp_path / "k").exists() and not (tmp_path / "l").exists()
