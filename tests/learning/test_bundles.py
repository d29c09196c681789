"""Bundles: what is in one decides as the network did, and whatever is not just that is refused before anything of it is used."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from agents.learning.bundles import policy as policy_module
from agents.learning.bundles.graph import OPERATORS, graph_of
from agents.learning.bundles.packing import LIMITS, packed
from agents.learning.bundles.playing import Played
from agents.learning.bundles.policy import Policy
from agents.learning.bundles.refusing import BundleError, ObservationError
from agents.learning.bundles.session import Session
from agents.learning.bundles.signing import make_keys
from agents.learning.bundles.vectors import vectors
from agents.learning.observing import FRAMES
from agents.learning.scaling.actions import MULTIPLIER
from agents.learning.scaling.features import FEATURES, SCALING
from parley.exporting.inputs import golden, margins
from scenarios.errors import ExtraMissing
from tests.learning.bundles import HASTY, ROWS, Parts, described, lively, observations, parts, stubborn

INPUTS = FRAMES * len(FEATURES)  # of a graph
CLEAR = 1e-4  # of logits


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key, with the public one beside it."""
    path = tmp_path_factory.mktemp("keys") / "team"
    make_keys(path)
    return path


@pytest.fixture(scope="module")
def good() -> Parts:
    """A network of a fixed seed as a bundle."""
    return parts(lively().network)


@pytest.fixture(scope="module")
def folder(good: Parts, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, signed."""
    return good.written(tmp_path_factory.mktemp("bundle") / "b", keys)


def public(keys: Path) -> Path:
    return keys.with_name("team.pub")


@pytest.mark.parametrize("rows", [2_000, pytest.param(ROWS, marks=pytest.mark.slow)])
def test_the_graph_is_the_network(rows: int) -> None:
    """Torch and ONNX choose alike under every mask, and their logits agree; where two actions are as good, either may be chosen."""
    trained = lively()
    session, (seen, masks) = Session(graph_of(trained.network)), observations(rows)
    logits, theirs = session.logits(seen, masks), trained.logits(seen)
    assert np.abs(logits - theirs).max() < 1e-3
    clear, chosen = margins(theirs, masks) > CLEAR, session.actions(seen, masks)
    assert clear.mean() > 0.99 and len(set(chosen.tolist())) == len(MULTIPLIER)
    assert (chosen == trained.decides(seen, masks))[clear].all()
    assert masks[np.arange(rows), chosen].all(), "what a mask forbids is never chosen"


def test_what_is_out_of_bounds_is_clipped_inside() -> None:
    """The graph itself keeps to the bounds of features."""
    session, (seen, masks) = Session(graph_of(lively().network)), observations(500)
    wild = seen * 50 - 20
    assert np.array_equal(session.logits(wild, masks), session.logits(np.clip(wild, SCALING.low, SCALING.high), masks))
    assert not np.array_equal(session.logits(wild, masks), session.logits(seen, masks))


def test_golden_vectors_are_clear_and_many() -> None:
    """A thousand, each choice ahead of the next one by far more than a last bit; and they pack to what they were."""
    trained, (seen, masks) = lively(), observations(3_000)
    made = golden(Played(seen, masks, ()), trained)
    assert len(made.actions) == 1_000 and margins(trained.logits(made.observations), made.masks).min() >= 1e-3
    again = vectors(made.as_npz(), seen.shape[1], masks.shape[1])
    assert all(np.array_equal(getattr(again, name), getattr(made, name)) for name in ("observations", "masks", "actions"))
    assert np.array_equal(Session(graph_of(trained.network)).actions(made.observations, made.masks), made.actions)
    assert made.as_npz() == made.as_npz()


def test_a_bundle_is_opened_by_who_trusts_it(folder: Path, keys: Path, good: Parts, tmp_path: Path) -> None:
    """By a key, by its digest, or by saying so; as a folder and in either archive; and not by default."""
    opened = Policy.load(folder, public(keys))
    seen, masks = observations(100)
    assert opened.vouched.startswith("signed by SHA256:") and opened.described == described()
    assert np.array_equal(opened.decides(seen, masks), lively().decides(seen, masks))
    assert Policy.load(folder, sha256=opened.sha256).vouched.startswith("pinned by its digest")
    assert opened.reference == f"{folder}@sha256:{opened.sha256}" and opened.card.startswith("# made-for-tests")
    for suffix in (".tar", ".zip"):
        place = tmp_path / f"b{suffix}"
        place.write_bytes(packed(good.sealed(keys), suffix))
        assert Policy.load(place, public(keys)).sha256 == opened.sha256
    subprocess.run(["tar", "-C", str(folder), "-cf", str(tmp_path / "theirs.tar"), "."], check=True)
    assert Policy.load(tmp_path / "theirs.tar", public(keys)).sha256 == opened.sha256
    plain = good.written(tmp_path / "plain")
    assert Policy.load(plain, unsigned=True).vouched == "nobody was asked who made it"
    with pytest.raises(BundleError, match=r"is signed, it says by SHA256:.*--key FILE"):
        Policy.load(folder)
    for more in ({}, {"key": public(keys)}):
        with pytest.raises(BundleError, match="is not signed"):
            Policy.load(plain, **more)


def test_a_key_is_kept_well(keys: Path, folder: Path, tmp_path: Path) -> None:
    """Its owner alone reads it, it is never written over, and OpenSSL checks what it signed."""
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    with pytest.raises(BundleError, match="is there already"):
        make_keys(keys)
    with pytest.raises(BundleError, match=r"is a private key, .*team\.pub"):
        Policy.load(folder, keys)
    (tmp_path / "none.pub").write_text("hello")
    with pytest.raises(BundleError, match="is no public key in PEM"):
        Policy.load(folder, tmp_path / "none.pub")
    with pytest.raises(BundleError, match="one of them only"):
        Policy.load(folder, public(keys), unsigned=True)
    if shutil.which("openssl"):
        words = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public(keys), "-rawin", "-in", folder / "manifest.json",
                 "-sigfile", folder / "manifest.sig"]  # fmt: skip
        assert "Verified Successfully" in subprocess.run(words, capture_output=True, text=True, check=True).stdout


def flipped(content: bytes) -> bytes:
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


TAMPERED: dict[str, tuple[Callable[[Path], Any], str]] = {
    **{f"{name} changed": (lambda b, name=name: (b / name).write_bytes(flipped((b / name).read_bytes())),
                           rf"{name}: is not what the manifest lists|{name}: is no manifest|manifest\.sig: is no signature")
       for name in LIMITS},
    **{f"{name} missing": (lambda b, name=name: (b / name).unlink(), rf"{name}: is missing|is not signed") for name in LIMITS},
    "an extra file": (lambda b: (b / "run.sh").write_text("echo"), r"run\.sh: is no file of a bundle"),
    "a pickle": (lambda b: (b / "policy.pkl").write_bytes(pickle.dumps(1)), r"policy\.pkl: may hold pickled objects"),
    "weights": (lambda b: (b / "best.pt").write_bytes(b"PK"), r"best\.pt: may hold pickled objects"),
    "a folder": (lambda b: (b / "more").mkdir(), "more: is a link, a folder or a device"),
    "a link": (lambda b: ((b / "tree.json").unlink(), (b / "tree.json").symlink_to("/etc/passwd")), r"tree\.json: is a link"),
    "too large": (lambda b: (b / "tree.json").write_bytes(b" " * (LIMITS["tree.json"] + 1)), r"tree\.json: has 2,097,153 bytes"),
    "huge and sparse": (lambda b: os.truncate(b / "policy.onnx", 1 << 40), r"policy\.onnx: has 1,099,511,627,776 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERED)
def test_a_tampered_bundle_is_refused(how: str, folder: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changed, missing, extra, linked, pickled or too large: one sentence, before the graph is ever opened."""
    monkeypatch.setattr(policy_module, "_opened", lambda *_: pytest.fail("the graph was opened"))
    shutil.copytree(folder, copy := tmp_path / "b")
    change, says = TAMPERED[how]
    change(copy)
    with pytest.raises(BundleError, match=says) as told:
        Policy.load(copy, public(keys))
    assert told.value.exit_code == 5 and str(copy) in str(told.value)


def test_another_key_is_told_from_a_broken_signature(folder: Path, keys: Path, good: Parts, tmp_path: Path) -> None:
    """By the fingerprint that the manifest claims, which is believed for nothing else."""
    make_keys(tmp_path / "other")
    with pytest.raises(BundleError, match=r"is signed by another key: it says by SHA256:.*other\.pub is SHA256:"):
        Policy.load(folder, tmp_path / "other.pub")
    forged = good.sealed(tmp_path / "other")
    seal = json.loads(forged["manifest.json"])
    seal["signed_by"] = json.loads((folder / "manifest.json").read_text())["signed_by"]
    forged["manifest.json"] = json.dumps(seal).encode()
    (tmp_path / "forged.zip").write_bytes(packed(forged, ".zip"))
    with pytest.raises(BundleError, match="is no signature of this manifest"):
        Policy.load(tmp_path / "forged.zip", public(keys))
    with pytest.raises(BundleError, match="is another bundle than was asked for"):
        Policy.load(folder, sha256=64 * "0")
    with pytest.raises(BundleError, match="sha256 is 64 digits"):
        Policy.load(folder, sha256="3f")


def model(change: Callable[[onnx.ModelProto], Any]) -> bytes:
    """A good graph, changed."""
    made = onnx.ModelProto.FromString(graph_of(stubborn(HASTY)))
    change(made)
    return made.SerializeToString()


def renamed(made: onnx.ModelProto, node: int, operator: str, domain: str = "") -> None:
    made.graph.node[node].op_type, made.graph.node[node].domain = operator, domain


def outside(made: onnx.ModelProto) -> None:
    tensor = made.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"


GRAPHS: dict[str, tuple[Callable[[onnx.ModelProto], Any], str]] = {
    "an operator": (lambda made: renamed(made, 0, "Loop"), "has the operator Loop; only ArgMax, "),
    "a domain": (lambda made: renamed(made, 0, "Max", "com.evil"), r"has the operator com\.evil\.Max"),
    "external data": (outside, "keeps 'low' in another file"),
    "a subgraph": (lambda made: made.graph.node[0].attribute.append(helper.make_attribute("body", made.graph)), "has an attribute of Max"),
    "another opset": (lambda made: setattr(made.opset_import[0], "version", 21), r"written in operators \[\('', 21\)\]"),
    "another IR": (lambda made: setattr(made, "ir_version", 3), "IR 3"),
    "functions": (lambda made: made.functions.add(), "has functions"),
    "many nodes": (lambda made: made.graph.node.extend([made.graph.node[0]] * 64), "nodes, and may have 64"),
    "a table of three sides": (lambda made: made.graph.initializer[0].dims.extend([1, 1]), "has a table 'low' of .*two sides of 1,024"),
    "a long table": (lambda made: made.graph.initializer[0].dims.__setitem__(0, 15_000), "has a table 'low' of 15000"),
    "an unsound graph": (lambda made: made.graph.node[2].input.pop(), "is no sound graph"),
    "an input more": (lambda made: made.graph.input.add(name="more", type=made.graph.input[0].type), r"takes .*more float"),
    "another width": (lambda made: made.graph.input[1].type.tensor_type.shape.dim.__getitem__(1).__setattr__("dim_value", 7),
                      "is no sound graph|takes .*should have"),
}  # fmt: skip


@pytest.mark.parametrize("how", GRAPHS)
def test_a_graph_of_another_kind_is_refused(how: str, good: Parts, tmp_path: Path) -> None:
    """Though its seal is right: who signs may be mistaken."""
    change, says = GRAPHS[how]
    with pytest.raises(BundleError, match=says):
        Policy.load(good.but(graph=model(change)).written(tmp_path), unsigned=True)


def test_a_graph_of_ours_has_known_operators_only() -> None:
    """The list is no longer than what is used."""
    made = onnx.ModelProto.FromString(graph_of(lively().network))
    assert {node.op_type for node in made.graph.node} == OPERATORS


def npz(**arrays: Any) -> bytes:
    made = io.BytesIO()
    np.savez(made, **arrays)
    return made.getvalue()


def bomb() -> bytes:
    """An array that says it has a million million rows."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": (10**12, INPUTS)})
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("observations", "masks", "actions"):
            archive.writestr(f"{name}.npy", head.getvalue())
    return made.getvalue()


def headed(text: str) -> bytes:
    """Arrays whose heads say this."""
    made, line = io.BytesIO(), text.encode().ljust(117) + b"\n"
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("observations", "masks", "actions"):
            archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little") + line)
    return made.getvalue()


def repacked(content: bytes, method: int) -> bytes:
    """A zip, packed otherwise."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name), method)
    return made.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_may_unpack_without_end_is_refused(method: int, good: Parts, keys: Path, tmp_path: Path) -> None:
    """Before anything of it is: of bzip2 and LZMA a few bytes become gigabytes at once, whatever is asked for."""
    (tmp_path / "b.zip").write_bytes(repacked(packed(good.sealed(keys), ".zip"), method))
    with pytest.raises(BundleError, match=rf"b\.zip: .* is packed by method {method}; a bundle's files are deflated"):
        Policy.load(tmp_path / "b.zip", public(keys))


def test_vectors_of_another_kind_are_refused(good: Parts, tmp_path: Path) -> None:
    """Objects, which are pickles; others than should be; ones that would fill the memory; and those that the network fails."""
    class Evil:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'ran'}",)

    seen, masks = observations(1_000)
    right = {"observations": seen, "masks": masks, "actions": np.full(1_000, 3)}
    for content, says in (
        (npz(**right | {"actions": np.array([Evil()] * 1_000)}), "actions holds pickled objects, .* it was not opened"),
        (npz(**right | {"more": seen}), "holds .*not observations, masks, actions"),
        (npz(**right | {"actions": np.zeros(9, dtype=np.int64)}), r"actions is int64 \[9\], and should be int64 \[1000\]"),
        (bomb(), rf"observations is float32 \[1000000000000, {INPUTS}\]"),
        (b"PK", "cannot be read"), (headed("{"), "has a head that cannot be read"), (headed("{[]: 1}"), "has a head that cannot be read"),
        (headed("{'descr': '<f4'}"), "cannot be read"), (repacked(npz(**right), zipfile.ZIP_BZIP2), "is packed by method 12"),
        (npz(**right | {"actions": lively().decides(seen, masks) * 0}), "golden vectors policy.onnx chooses something else"),
    ):
        with pytest.raises(BundleError, match=says):
            Policy.load(good.but(vectors=content).written(tmp_path / "b"), unsigned=True)
    assert not (tmp_path / "ran").exists()


def test_a_description_that_does_not_fit_is_refused(good: Parts, tmp_path: Path) -> None:
    """Features in another order or unit, other actions, another guard, another format, words that nobody knows, and no JSON at all."""
    told = json.loads(good.files["policy.json"])
    swapped = [told["features"][1], told["features"][0], *told["features"][2:]]
    for content, says in (
        (told | {"features": swapped}, r"features\.0\.name is 'asked', and this Parley shows it 'utilization'"),
        (told | {"features": told["features"][:-1]}, f"sees {len(FEATURES) - 1} features, not the {len(FEATURES)}"),
        (told | {"frames": 1}, "looks at 1 frames"),
        (told | {"actions": told["actions"] | {"labels": ["x1"]}}, "actions 'multiplier' are not those"),
        (told | {"guard": told["guard"] | {"up": 9}}, "behind another guard"),
        (told | {"format": 2}, "format 1: format"),
        (told | {"surprise": 1}, "surprise"),
        (told | {"tick_s": "15"}, "tick_s"), (told | {"tick_s": 0}, "tick_s"),
        (told | {"safe_region": {}}, "safe_region is of other features"),
    ):
        with pytest.raises(BundleError, match=says):
            Policy.load(good.but(described=json.dumps(content).encode()).written(tmp_path), unsigned=True)
    for broken in (b"{", b"[" * 100_000, b'{"tick_s": NaN}', b"\xff"):
        with pytest.raises(BundleError, match=r"policy\.json: is no description"):
            Policy.load(good.but(described=broken).written(tmp_path), unsigned=True)


def test_a_tree_that_leads_nowhere_is_refused(good: Parts, tmp_path: Path) -> None:
    """Circles, nodes and inputs that are not there, and actions that are none."""
    told = json.loads(good.files["tree.json"])
    ask = {"input": 0, "of": "utilization", "at_most": 0.5, "then": 1, "otherwise": 2}
    for nodes in ([ask | {"then": 0}], [ask], [ask | {"input": INPUTS}, *told["nodes"] * 2], [told["nodes"][0] | {"shares": [1]}], []):
        with pytest.raises(BundleError, match=r"tree\.json: "):
            Policy.load(good.but(tree=json.dumps(told | {"nodes": nodes}).encode()).written(tmp_path), unsigned=True)


def tar(name: str, **said: Any) -> bytes:
    """An archive with one entry."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        for what, value in said.items():
            setattr(entry, what, value)
        archive.addfile(entry, io.BytesIO(b"x" * entry.size))
    return made.getvalue()


def zipped(*names: str, mode: int = 0o100644, size: int = 1) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, b"0" * size, zipfile.ZIP_DEFLATED)
    return made.getvalue()


@pytest.mark.parametrize(("name", "content", "says"), [
    ("a.tar", tar("../../tree.json", size=1), "leads out of the bundle"),
    ("a.tar", tar("/etc/cron.d/x", size=1), "leads out of the bundle"),
    ("a.tar", tar("tree.json", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "is a link"),
    ("a.tar", tar("tree.json", type=tarfile.LNKTYPE, linkname="policy.json"), "is a link"),
    ("a.tar", tar("tree.json", type=tarfile.CHRTYPE), "is a link, a folder or a device"),
    ("a.tar", b"nonsense" * 200, "cannot be read as a bundle"),
    ("a.zip", zipped("../tree.json"), "leads out of the bundle"),
    ("a.zip", zipped("b/tree.json"), "leads out of the bundle or into folders"),
    ("a.zip", zipped("tree.json", mode=0o120777), "is a link"),
    ("a.zip", zipped("policy.pickle"), "may hold pickled objects"),
    ("a.zip", zipped("tree.json", size=LIMITS["tree.json"] + 1), r"tree\.json: has 2,097,153 bytes"),
    ("a.zip", b"PK\x03\x04", "cannot be read as a bundle"),
    ("a.zip", b"0" * (20 << 20), "no bundle has more than"),
    ("a.tgz", b"", r"a bundle is a folder, or one packed as \.tar or \.zip"),
    ("a", None, "there is no bundle"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_an_archive_can_do_no_harm(name: str, content: bytes | None, says: str, tmp_path: Path) -> None:
    """Paths that lead away, links, devices, and what unpacks to more than it may: nothing is ever unpacked to a disk."""
    place = tmp_path / "in" / name
    place.parent.mkdir()
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(BundleError, match=says):
        Policy.load(place, unsigned=True)
    assert [*tmp_path.iterdir()] == [place.parent]


@pytest.mark.filterwarnings("ignore:Duplicate name")  # the archive is wrong on purpose
def test_a_name_comes_once(tmp_path: Path) -> None:
    """Else readers could be shown one file, and checkers the other."""
    (tmp_path / "a.zip").write_bytes(zipped("tree.json", "tree.json"))
    with pytest.raises(BundleError, match=r"tree\.json: is in it twice"):
        Policy.load(tmp_path / "a.zip", unsigned=True)


def test_what_is_no_observation_is_answered(folder: Path) -> None:
    """Another shape, a number that is none, and a mask that allows nothing."""
    opened, (seen, masks) = Policy.load(folder, unsigned=True), observations(4)
    for wrong, allowed, says in ((seen[:, 1:], masks, rf"not \(4, {INPUTS}\)"), (seen * np.nan, masks, "numbers that are none"),
                                 (seen, masks & False, "allows nothing")):  # fmt: skip
        with pytest.raises(ObservationError, match=says):
            opened.decides(wrong, allowed)


def test_nothing_of_the_extra_is_needed_to_be_told_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without onnxruntime the sentence names the extra."""
    monkeypatch.delitem(__import__("sys").modules, "agents.learning.bundles.session", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(ExtraMissing, match=r"needs the extra `export` .*pip install 'parley\[export\]'"):
        Policy.load(folder, unsigned=True)
