"""Run folders → report: one run in full, or several against each other."""

from __future__ import annotations

import os
from pathlib import Path

from parley.errors import UsageError
from parley.printing import shown
from parley.reporting.facts import Facts
from parley.reporting.one_run import page_of_one
from parley.reporting.page import is_free, write_page
from parley.reporting.several_runs import page_of_several
from parley.reporting.sides import Sides, opened

REPORT = Path("report.html")


def report(*sources: str | os.PathLike[str], out: str | os.PathLike[str] = REPORT) -> Path:
    """Write one page that needs no network, from folders of runs, of seeds, or of comparisons.

    A report that is there already is made anew; any other file is left alone. Raises UsageError, FolderError.
    """
    if not sources:
        raise UsageError("name at least one run folder")
    path = Path(out)
    if not is_free(path):  # said before the work is done
        raise UsageError(f"{shown(path.absolute())}: is there already, and is no report of Parley's; name another file")
    found = opened([Path(source) for source in sources])
    return write_page(page_of_several(found) if isinstance(found, Sides) else page_of_one(Facts(found[0])), path)
