"""Folders → report: one run in full, several against each other, maps, or sweeps."""

from __future__ import annotations

import os
from pathlib import Path

from parley.errors import UsageError
from parley.maps.mapping import OutcomeMap
from parley.pages.facts import Facts
from parley.pages.one_run import page_of_one
from parley.pages.page import is_free, write_page
from parley.pages.section import Page
from parley.printing import shown
from parley.reporting.map_page import page_of_maps
from parley.reporting.several_runs import page_of_several
from parley.reporting.sides import Sides, opened
from parley.reporting.sweep_page import page_of_sweeps
from parley.runs.results import Run
from parley.sweeps.sweeping import Sweep

REPORT = Path("report.html")


def report(*sources: str | os.PathLike[str], out: str | os.PathLike[str] = REPORT) -> Path:
    """Write one page that needs no network, from folders of runs, of seeds or of comparisons; or of maps; or of sweeps.

    A report that is there already is made anew; any other file is left alone. Raises UsageError, FolderError.
    """
    if not sources:
        raise UsageError("name at least one run folder")
    path = Path(out)
    if not is_free(path):  # said before the work is done
        raise UsageError(f"{shown(path.absolute())}: is there already, and is no report of Parley's; name another file")
    return write_page(_page([Path(source) for source in sources]), path)


def _page(sources: list[Path]) -> Page:
    found = opened(sources)
    if isinstance(found, Sides):
        return page_of_several(found)
    maps = [one for one in found if isinstance(one, OutcomeMap)]
    sweeps = [one for one in found if isinstance(one, Sweep)]
    if maps or sweeps:
        return page_of_maps(maps) if maps else page_of_sweeps(sweeps)
    return page_of_one(Facts(next(one for one in found if isinstance(one, Run))))
