"""How to make a sweep again: the command, the world before anything is varied, and what both depend on."""

from __future__ import annotations

from parley.pages.section import Code, Part, Section, Table
from parley.pages.sections.again import FILE_MAX
from parley.reporting.swept_points import Swept
from parley.storage.run_folder import SCENARIO


def sweep_again(one: Swept) -> Section:
    """At the foot of a sweep's report."""
    manifest, seeds = one.sweep.manifest, one.sweep.manifest["seeds"]
    axes = [(f"axis {nth}: {axis['path']}", ", ".join(axis["values"])) for nth, axis in enumerate(manifest["axes"], 1)]
    rows = [*axes, ("seeds", f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])),
            ("scenario digest", str(manifest["scenario_digest"])), ("engine", f"{manifest['engine']}; both engines give these traces"),
            ("semantics", f"version {manifest['semantics']}")]  # fmt: skip
    file = (one.path / SCENARIO).read_text(encoding="utf-8")
    is_short = len(file) <= FILE_MAX
    whole = [Code(file, "scenario.yaml, before anything is varied", is_folded=True)] if is_short else []
    left = "" if is_short else f"The scenario has {len(file):,} bytes, and is in the sweep's folder ({SCENARIO})."
    parts: list[Part] = [Code(manifest["command"]), Table(("what", "which"), rows, words=2), *whole]
    says = "The same command gives the same cells, to the last byte; a cell's column changes says how to run it alone."
    return Section("again", "Make it again", says, parts, left)
