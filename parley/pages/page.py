"""Page → one HTML file that asks nobody for anything: template, styles, figures and plotly in one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from parley.errors import UsageError, unread
from parley.pages.bundle import packed_plotly
from parley.pages.section import Code, Figure, Figures, Keys, Mark, Note, Page, Part, Table
from parley.pages.theme import DARK, LIGHT, variables
from parley.printing import shown
from parley.storage.run_folder import RunFolder
from scenarios.errors import ExtraMissing

HERE = Path(__file__).parent / "template"
OURS = b'<meta name="generator" content="Parley report">'  # near the top of every report, and of nothing else
OURS_WITHIN = 400  # bytes
SIGNS = {True: "✓", False: "✗", None: "–"}


def write_page(page: Page, path: Path) -> Path:
    """Write a report, whole or not at all.

    A report that is there already is made anew; anything else that bears the name is left alone. Raises UsageError, FolderError.
    """
    path = path.absolute()
    if not is_free(path):
        raise UsageError(f"{shown(path)}: is there already, and is no report of Parley's; name another file")
    RunFolder(path.parent).write_bytes(path.name, rendered(page).encode())
    return path


def is_free(path: Path) -> bool:
    """Whether a report may be written there. Raises FolderError where that cannot be told."""
    try:
        if not path.exists():
            return True
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return OURS in file.read(OURS_WITHIN)
    except OSError as fault:
        raise unread(fault, path) from fault


def rendered(page: Page) -> str:
    """The page as HTML. What a user wrote is escaped everywhere, in words, in figures and in data. Raises ExtraMissing."""
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError as fault:
        raise ExtraMissing.of("a report", "report", fault) from None
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    numbered = _numbered(page)
    figures = {f"figure-{place}": {"data": list(one.traces), "layout": one.layout} for one, place in numbered.values()}
    return environment.get_template("page.html").render(
        page=page, kind=_kind, place=lambda figure: f"figure-{numbered[id(figure)][1]}", sign=SIGNS.__getitem__, is_mark=_is_mark,
        light=variables(LIGHT), dark=variables(DARK), style=_text("page.css"), script=_text("page.js"), figures=embedded(figures),
        plotly=packed_plotly(), colours=sorted(LIGHT),
    )  # fmt: skip


def embedded(data: Any) -> str:
    """JSON that may stand in a script of a page: nothing in it ends the script."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return (
        text.replace("&", "\\u0026")
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _numbered(page: Page) -> dict[int, tuple[Figure, int]]:
    """Figures by identity, each with its place on the page."""
    every = [part for section in page.sections for part in section.parts]
    flat = [
        one for part in every for one in (part.figures if isinstance(part, Figures) else [part]) if isinstance(one, Figure)
    ]
    return {id(one): (one, place) for place, one in enumerate(flat, 1)}


def _kind(part: Part) -> str:
    return {Figure: "figure", Figures: "figures", Table: "table", Code: "code", Note: "note", Keys: "keys"}[type(part)]


def _is_mark(cell: Any) -> bool:
    return isinstance(cell, Mark)


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
