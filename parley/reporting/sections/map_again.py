"""How to make a map again: the command, its file, and what its cells were computed with."""

from __future__ import annotations

import shlex

from parley.maps.files import SHIPPED, as_plain, map_file
from parley.maps.mapping import OutcomeMap
from parley.pages.section import Code, Part, Section, Table
from parley.storage.run_folder import MANIFEST, read_json
from scenarios.writing import yaml_of


def map_again(found: OutcomeMap) -> Section:
    """At the foot of a map's report."""
    made = found.file
    shipped = next((one.stem for one in sorted(SHIPPED.glob("*.yaml")) if map_file(one) == made), None)
    text = yaml_of(as_plain(made))
    says = "The same cells come to the same outcomes."
    says = says if shipped else f"Write the file below to map.yaml. {says}"
    rows = [("scenario", made.scenario), ("x", made.x.path), ("y", made.y.path), ("outcome", made.outcome.figure),
            ("seeds", f"1 to {made.seeds}"), *_laws(found)]  # fmt: skip
    parts: list[Part] = [
        Code(f"parley map {shipped or 'map.yaml'} --out {shlex.quote(found.path.name)}"),
        Table(("what", "which"), rows, words=2),
        Code(text, "map.yaml, what the map is of", is_folded=shipped is not None),
    ]
    return Section("again", "Make it again", says, parts)


def _laws(found: OutcomeMap) -> list[tuple[str, str]]:
    """From the panels' sweeps, where they are kept."""
    first = found.path / "panel-1" / MANIFEST
    if not first.is_file():
        return []
    manifest = read_json(first)
    return [("engine", manifest["engine"]), ("semantics", f"version {manifest['semantics']}")]
