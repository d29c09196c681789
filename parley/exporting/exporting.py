"""`parley export`: a policy of a training leaves its folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from agents.learning.bundles.described import Described, Provenance
from agents.learning.bundles.packing import ARCHIVES, SEAL, packed
from agents.learning.bundles.sealing import digest_of, sealed
from parley.errors import FolderError, UsageError, unread
from parley.exporting.finished import HELD_OUT, LEAVES, Finished, Wishes
from parley.exporting.targets import TARGETS
from parley.storage.run_folder import RunFolder, new_folder
from parley.training.training import BEST, Training
from scenarios.errors import ExtraMissing, ParleyError
from scenarios.naming import suggestion

LIBRARIES = ("torch", "stable_baselines3", "sb3_contrib", "gymnasium", "onnx", "scikit-learn")
JOBS, LEAVES_MAX = 2, 4096


@dataclass(frozen=True)
class Exported:
    """What was written."""

    path: Path
    described: Described
    files: Mapping[str, int]  # bytes by name
    sha256: str | None  # of the manifest, where there is one
    key: Path | None  # that signed it


def export(run: str | os.PathLike[str], *, to: str = "bundle", policy: int | None = None, leaves: int = LEAVES,
           episodes: int = len(HELD_OUT), key: str | os.PathLike[str] | None = None, jobs: int = JOBS,
           out: str | os.PathLike[str] | None = None) -> Exported:  # fmt: skip
    """Write a policy of a training (its folder) as a target.

    `policy` is a seed of the training: the one that did best where it was judged, if absent. `leaves` are those of its tree, at most;
    `episodes` are held-out ones on which it is measured.
    `key` is a file with a private key, which signs a bundle. `out` is a folder that is new or empty, or an archive (.tar, .zip).
    Raises ParleyError for what the user can mend.
    """
    if to not in TARGETS:
        raise UsageError(f"a policy leaves as one of {', '.join(TARGETS)}, not {to!r}{suggestion(to, TARGETS)}")
    for name, value, least, most in (("leaves", leaves, 2, LEAVES_MAX), ("episodes", episodes, 1, len(HELD_OUT)), ("jobs", jobs, 1, 256)):
        if not least <= value <= most:
            raise UsageError(f"{name} is a number from {least} to {most}, not {value}")
    target, place = TARGETS[to], None if out is None else Path(out)
    is_archive = place is not None and place.suffix in ARCHIVES
    if key is not None and not target.is_sealed:
        raise UsageError(f"--key signs a bundle, and {to!r} is none")
    if is_archive and not target.is_sealed:
        raise UsageError(f"an archive holds a bundle, and {to!r} is none; name a folder")
    if is_archive and place is not None and place.exists():
        raise FolderError(f"{place}: is there already, and nothing is written over")
    if key is not None:
        sealed({}, Path(key))  # whatever is wrong with it is wrong before a minute of work
    made = finished(run, policy, Wishes(leaves, episodes, jobs))
    files = dict(target.files(made))
    if target.is_sealed:
        files = sealed(files, None if key is None else Path(key))
    folder = _written(files, place, is_archive, f"{made.name}-{to}")
    digest = digest_of(files[SEAL]) if SEAL in files else None
    sizes = {name: len(content) for name, content in files.items()}
    return Exported(folder, made.described, sizes, digest, None if key is None else Path(key))


def require_sealable(run: str | os.PathLike[str], to: str, policy: int | None = None) -> None:
    """Before a key is made: raises ParleyError where there is nothing that it could sign."""
    if to not in TARGETS or not TARGETS[to].is_sealed:
        raise UsageError(f"--new-key makes a key to sign a bundle with, and {to!r} is none")
    finished(run, policy)


def new_key(path: Path) -> Path:
    """A new pair of keys: the private one at `path`, the public one beside it as PATH.pub. Raises BundleError."""
    try:
        from agents.learning.bundles.signing import make_keys
    except ModuleNotFoundError as fault:
        raise ExtraMissing.of("a key", "export", fault) from None
    make_keys(path)
    return path


def finished(run: str | os.PathLike[str], policy: int | None = None, wishes: Wishes | None = None) -> Finished:
    """A policy of a training, of which anything may be made. Raises ParleyError."""
    try:
        from agents.learning.bundles.trained import Trained
    except ModuleNotFoundError as fault:
        raise ExtraMissing.of("exporting a policy", "rl,export", fault) from None
    training = Training(run)
    if training.plan.chair != "scaling":
        raise UsageError(f"{training.path}: was trained for the chair {training.plan.chair}, and policies for scaling alone leave as yet")
    seed = training.policy(policy)
    path = training.path / f"seed-{seed}" / BEST
    try:
        state = path.read_bytes()
        trained = Trained.of(state, training.plan.task.action_set)
        libraries = {name: version(name) for name in LIBRARIES}
    except OSError as fault:
        raise unread(fault, path) from None
    except ModuleNotFoundError as fault:
        raise ExtraMissing.of("exporting a policy", "export", fault) from None
    except ParleyError as fault:
        raise FolderError(f"{path}: {fault}") from None
    row = next(row for row in training.curve(seed) if row["leg"] == trained.leg)
    told = Provenance(
        seed=seed, leg=trained.leg, decisions=int(row["steps"]), seeds=training.plan.seeds, command=str(training.manifest["command"]),
        versions=dict(sorted({**training.manifest["versions"], **libraries}.items())), weights_sha256=hashlib.sha256(state).hexdigest(),
    )  # fmt: skip
    return Finished(f"{training.manifest['name']}-{seed}", trained, training.plan.task, told, wishes or Wishes())


def _written(files: Mapping[str, bytes], place: Path | None, is_archive: bool, name: str) -> Path:
    if is_archive and place is not None:
        whole = place.absolute()
        RunFolder(whole.parent).write_bytes(whole.name, packed(files, whole.suffix))
        return whole
    folder = new_folder(place, name)
    for one, content in files.items():
        folder.write_bytes(one, content)
    return folder.path
