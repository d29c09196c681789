"""Pictures of a run, drawn from its folder."""

from __future__ import annotations

from pathlib import Path

from scenarios.schema.scenario import Scenario


class Figures:
    """Pictures of one run."""

    def __init__(self, path: Path, scenario: Scenario) -> None:
        self._path, self._scenario = path, scenario

    def overview(self) -> Path:
        """The picture of the whole run."""
        return self._path / "overview.png"
