"""An experiment of many runs, as its folder tells it: what it is, whether it is finished, and what goes on with it."""

from __future__ import annotations

import os
import shlex
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from parley.errors import FolderError
from parley.storage.run_folder import MANIFEST, RunFolder, new_folder, read_json, read_manifest, state_of


class Experiment:
    """An experiment of a kind, as its folder tells it: finished, stopped, or still at work."""

    kind: ClassVar[str]
    made_by: ClassVar[str]  # a command
    summary: ClassVar[str]  # the file that is written last, of those that have one

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Raises FolderError where there is none."""
        self.path = Path(path).absolute()
        self.manifest = read_manifest(self.path, self.kind, self.made_by)

    @property
    def state(self) -> str:
        """complete, partial or running."""
        return state_of(self.manifest)

    @property
    def is_finished(self) -> bool:
        """Whether its summary is written."""
        return (self.path / self.summary).is_file()

    @cached_property
    def kept(self) -> dict[str, Any] | None:
        """What its summary says; None before it is finished."""
        return read_json(self.path / self.summary) if self.is_finished else None

    @classmethod
    def resume_command(cls, path: str | os.PathLike[str]) -> str:
        """What goes on with one that was stopped or killed."""
        program, verb, *_ = cls.made_by.split()
        return f"{program} {verb} --resume {shlex.quote(os.fspath(path))}"

    @classmethod
    def new_folder(cls, out: str | os.PathLike[str] | None, name: str) -> RunFolder:
        """For a new one. Raises FolderError; of one that is not finished it says how to go on."""
        if out is not None and (Path(out) / MANIFEST).is_file() and (content := read_json(Path(out) / MANIFEST)).get("kind") == cls.kind:
            state = state_of(content)
            advice = f"`{cls.resume_command(out)}` goes on with it" if state == "partial" else "name another folder"
            an = "an" if cls.kind[0] in "aeiou" else "a"
            raise FolderError(f"{out}: holds {an} {cls.kind} that is {state}; {advice}")
        return new_folder(out, name)
