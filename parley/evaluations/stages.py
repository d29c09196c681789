"""The ground that cells stand on: families written as worlds into a folder, and what is known of each beforehand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from parley.errors import FolderError
from parley.evaluations.cells import EpisodeCell
from parley.evaluations.families import Arena, arenas_of
from parley.evaluations.files import TRAIN, EvaluationFile
from parley.evaluations.seats import Home
from parley.storage.run_folder import RunFolder
from scenarios.writing import as_yaml

WORLDS = "worlds"


@dataclass(frozen=True)
class Ground:
    """The families of an evaluation, in a folder."""

    folder: Path
    made: EvaluationFile
    arenas: dict[str, Arena]

    @property
    def digests(self) -> dict[str, str]:
        """Of every family."""
        return {name: one.digest for name, one in self.arenas.items()}

    def world(self, family: str) -> Path:
        """Where a family's world is written."""
        return self.folder / WORLDS / f"{slug(family)}.yaml"

    @cached_property
    def _homes(self) -> dict[str, Home]:
        return {name: Home(one, self.world(name)) for name, one in self.arenas.items()}

    def homes(self, family: str) -> Callable[[str], Home]:
        """What is known of each service of a family."""
        train = self._homes[self.made.family_of(TRAIN)]
        own = self._homes[family]
        is_usual = self.arenas[family].family.is_usual
        return lambda service: own if is_usual or service not in train.arena.world.services else train

    def cell(self, family: str, seed: int) -> EpisodeCell:
        """An episode of a family, under its world's own rules."""
        arena = self.arenas[family]
        fewest = dict.fromkeys(arena.scaled, self.made.pods.least)
        return EpisodeCell(0, {}, arena.task(self.world(family)), seed, fewest, self.made.tick)


def ground_of(folder: Path, made: EvaluationFile, *, is_new: bool = False) -> Ground:
    """Of an evaluation; worlds are written where they are new.

    Raises ScenarioError, and FolderError where worlds in the folder are not those that the evaluation resolves to.
    """
    ground = Ground(folder, made, arenas_of(made))
    for name, one in ground.arenas.items():
        path, text = ground.world(name), as_yaml(one.world)
        if is_new:
            RunFolder(folder).write_bytes(f"{WORLDS}/{path.name}", text.encode())
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            raise FolderError(f"{path}: is not the world that {name!r} resolves to now; begin anew")
    return ground


def slug(name: str) -> str:
    """A name as a file's."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
