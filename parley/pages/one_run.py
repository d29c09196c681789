"""The report of one run: a line adds a section."""

from __future__ import annotations

from collections.abc import Callable

from parley.pages.facts import Facts
from parley.pages.section import Page, Section
from parley.pages.sections.again import again
from parley.pages.sections.budget import budget
from parley.pages.sections.cost import cost
from parley.pages.sections.headline import headline, tiles, verdicts
from parley.pages.sections.heat import heat
from parley.pages.sections.load import load_and_latency
from parley.pages.sections.negotiation import negotiates, negotiation
from parley.pages.sections.requests import requests
from parley.pages.sections.scaling import scaling
from parley.pages.sections.services import services
from parley.pages.sections.topology import topology
from parley.wording import clock

SECTIONS: tuple[Callable[[Facts], Section], ...] = (
    headline, load_and_latency, topology, services, heat, requests, scaling, budget, cost, again,
)  # fmt: skip


def sections_of(facts: Facts) -> list[Callable[[Facts], Section]]:
    """All of them, and negotiation below decisions where somebody negotiates."""
    found = list(SECTIONS)
    if negotiates(facts):
        found.insert(found.index(scaling) + 1, negotiation)
    return found


def page_of_one(facts: Facts) -> Page:
    """Everything a run folder tells. Raises FolderError where it cannot be read."""
    manifest = facts.manifest
    above = " · ".join((manifest["scenario"], f"seed {manifest['seed']}", f"{clock(manifest['simulated_ns'])} simulated",
                        f"{manifest['engine']} engine"))  # fmt: skip
    return Page(
        manifest["question"] or manifest["scenario"],
        above,
        verdicts(facts),
        tiles(facts),
        [make(facts) for make in sections_of(facts)],
        _warning(facts),
    )


def _warning(facts: Facts) -> str:
    manifest = facts.manifest
    if manifest["state"] == "complete":
        return ""
    reached = f"{clock(manifest['simulated_ns'])} of {clock(manifest['until_ns'])}"
    if manifest["state"] == "running":
        return f"The run goes on: this is what there was after {reached}."
    why = f" Why: {manifest['fault']}" if manifest.get("fault") else ""
    return f"This run is partial: it stopped after {reached}, and every figure is of what there is.{why}"
