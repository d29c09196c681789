"""Every shipped scenario has its row in scenarios/README.md (question, answer to expect), and every row its scenario."""

from __future__ import annotations

import re
from pathlib import Path

from tests.house.sources import ROOT

_NAME = re.compile(r"`?\[?`?(?P<name>[\w-]+)(\.yaml)?`?(\]\(.*\))?`?")


def rows(markdown: str) -> dict[str, list[str]]:
    """Rows of the tables with a column "question", by the scenario their first cell names."""
    found, head = {}, None
    for line in markdown.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.strip().startswith("|"):
            head = None
        elif head is None:
            head = [cell.lower() for cell in cells]
        elif "question" in head and (named := _NAME.fullmatch(cells[0])) and not set(cells[0]) <= set("-: "):
            found[named["name"]] = cells[1:]
    return found


def breaches(folder: Path) -> list[str]:
    """Scenarios without a row, rows without a scenario, rows that leave question or answer empty."""
    readme = folder / "README.md"
    told = rows(readme.read_text(encoding="utf-8")) if readme.exists() else {}
    shipped = {path.stem for path in folder.glob("*.yaml")}
    found = [f"{name}.yaml has no row in {folder.name}/README.md" for name in sorted(shipped - set(told))]
    found += [f"the row {name} has no {name}.yaml" for name in sorted(set(told) - shipped)]
    short = [name for name, cells in told.items() if len(cells) < 2 or not all(cells[:2])]
    return found + [f"the row {name} needs a question and an expected answer" for name in sorted(short)]


def test_every_scenario_is_told_and_every_row_is_a_scenario():
    """The table of scenarios/README.md is complete and truthful."""
    assert breaches(ROOT / "scenarios") == []


def test_there_are_scenarios():
    """The files DESIGN measures itself on are shipped."""
    assert {path.stem for path in (ROOT / "scenarios").glob("*.yaml")} >= {
        "hello_mesh", "mm8", "three_tier", "three_tier_retries", "fan_out", "flash_crowd",
    }  # fmt: skip


def test_planted_breaches_are_named(tmp_path):
    """A file without row, a row without file, a row without answer."""
    for name in ("told", "untold", "mute"):
        (tmp_path / f"{name}.yaml").write_text("version: 1\n")
    (tmp_path / "README.md").write_text(
        "| file | question | answer |\n|---|---|---|\n| `told.yaml` | why? | because |\n"
        "| [`mute`](mute.yaml) | why? | |\n| [gone.yaml](gone.yaml) | why? | because |\n"
    )
    assert breaches(tmp_path) == [
        f"untold.yaml has no row in {tmp_path.name}/README.md",
        "the row gone has no gone.yaml",
        "the row mute needs a question and an expected answer",
    ]
