"""The report of several runs: a line adds a section."""

from __future__ import annotations

from collections.abc import Callable

from parley.pages.section import Code, Page, Part, Section, Table
from parley.reporting.sections.beside import beside
from parley.reporting.sections.overlaid import overlaid
from parley.reporting.sides import Sides
from parley.wording import clock


def commands(sides: Sides) -> Section:
    """How to make each run again."""
    rows = [
        (side.name, str(seed), run.manifest["scenario_digest"][:16], str(run.manifest.get("trace_digest")))
        for side in sides.sides
        for seed, run in sorted(side.runs.items())
    ]
    versions = sides.sides[0].first.manifest["versions"]
    parts: list[Part] = [
        Code("\n".join(side.runs[seed].manifest["command"] for side in sides.sides for seed in sorted(side.runs))),
        Table(
            ("side", "seed", "scenario digest", "trace digest"), rows, words=4, is_folded=len(rows) > 12, title="Digests"
        ),
        Table(
            ("what", "version"),
            [("semantics", str(sides.sides[0].first.manifest["semantics"])), *versions.items()],
            words=2,
        ),
    ]
    return Section(
        "again",
        "Make it again",
        "The same command gives the same trace, to the last byte. For one run in full: parley report RUN.",
        parts,
    )


SECTIONS: tuple[Callable[[Sides], Section], ...] = (beside, overlaid, commands)


def page_of_several(sides: Sides) -> Page:
    """Sides against the first. Raises FolderError where a folder cannot be read."""
    names = [side.name for side in sides.sides]
    manifests = [side.first.manifest for side in sides.sides]
    questions = list(dict.fromkeys(one["question"] for one in manifests if one["question"]))
    title = " or ".join(names) + "?" if len(names) > 1 else (questions[0] if questions else names[0])
    runs = sum(len(side.runs) for side in sides.sides)
    lengths = " and ".join(dict.fromkeys(clock(one["until_ns"]) for one in manifests))
    above = f"{runs} runs of {lengths}" + (f" · {questions[0]}" if questions and len(names) > 1 else "")
    stopped = [f"{name}, seed {seed}" for name, side in zip(names, sides.sides, strict=True)
               for seed, run in side.runs.items() if run.state != "complete"]  # fmt: skip
    warning = f"Not complete, so that figures are of what there is: {'; '.join(stopped)}." if stopped else ""
    return Page(title, above, (), (), [make(sides) for make in SECTIONS], warning)
