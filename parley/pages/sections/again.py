"""How to make the run again: the command, the file, and what both depend on."""

from __future__ import annotations

from parley.pages.facts import Facts
from parley.pages.section import Code, Part, Section, Table
from parley.storage.run_folder import SCENARIO
from parley.wording import clock

FILE_MAX = 120_000  # bytes of a scenario that are shown


def again(facts: Facts) -> Section:
    """At the foot of a report of one run."""
    manifest = facts.manifest
    rows = [
        ("trace digest", str(manifest["trace_digest"]) if manifest.get("trace_digest") else "none: the run did not end"),
        ("scenario digest", manifest["scenario_digest"]), ("seed", str(manifest["seed"])),
        ("engine", f"{manifest['engine']}; both engines give this trace"), ("semantics", f"version {manifest['semantics']}"),
        ("simulated", f"{clock(manifest['simulated_ns'])} of {clock(manifest['until_ns'])}"),
        *((name, version) for name, version in manifest["versions"].items()),
    ]  # fmt: skip
    file = (facts.path / SCENARIO).read_text(encoding="utf-8")
    whole = Code(file, "scenario.yaml, with every change laid over it", is_folded=True) if len(file) <= FILE_MAX else None
    left = "" if whole else f"The scenario has {len(file):,} bytes, and is in the run folder ({SCENARIO})."
    says = "The same command gives the same trace, to the last byte, and so the same digest."
    parts: list[Part] = [Code(manifest["command"]), Table(("what", "which"), rows, words=2), *([whole] if whole else [])]
    return Section("again", "Make it again", says, parts, left)
