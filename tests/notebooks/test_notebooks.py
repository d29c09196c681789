"""Notebooks do what they show: each is executed whole, and prints again what is committed."""

from __future__ import annotations

import ast
import base64
import re
import socket

import pytest

from tests.notebooks.executing import FOLDER, executed, notebooks, read
from tests.theory.oracles import mmc_mean

SIZE_MAX = 600_000  # bytes
RENEW = "if that is meant: python -m tests.notebooks.executing"
PNG = b"\x89PNG\r\n\x1a\n"
SHOWS = re.compile(r"plt\.show\(\)|\.plot\.\w+\(|^picture_of_\w+\(", re.MULTILINE)  # matplotlib's, a run's, a folder's
MACHINE = re.compile(r"(?<![\w.:/])/(home|root|tmp|work|usr|opt|var|Users|private)/|site-packages")

every = pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell):
    """What a cell prints and shows, pictures by their kind only."""
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    pictures = [kind for output in cell.outputs for kind in output.get("data", {}) if kind.startswith("image/")]
    return "".join(texts).splitlines() + pictures


def test_there_are_notebooks():
    """An empty folder would pass everything else."""
    assert [path.name for path in notebooks()][:1] == ["01_one_request.ipynb"]


@every
def test_a_notebook_prints_what_is_committed(path):
    """Executed from the first cell to the last, it raises nothing and every line is the same."""
    committed = read(path)
    for before, after in zip(code(committed), code(executed(path)), strict=True):
        assert shown(after) == shown(before), f"{path.name}, the cell that begins {before.source[:60]!r}; {RENEW}"


@every
def test_a_notebook_was_committed_as_executed(path):
    """In one go, from the first cell to the last, with nothing on stderr and pictures that are PNG."""
    cells = code(read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.get("name", "stdout") for output in outputs} == {"stdout"}
    figures = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    assert len(figures) == sum(SHOWS.search(cell.source) is not None for cell in cells) > 0
    assert all(base64.b64decode(figure).startswith(PNG) for figure in figures)


@every
def test_a_notebook_tells_nothing_of_the_machine(path):
    """No absolute path anywhere in it, no host among its outputs; and it is small enough to clone."""
    text = re.sub(r'"image/png": "[^"]*"', "", path.read_text(encoding="utf-8"))
    assert MACHINE.search(text) is None
    words = {word for cell in read(path).cells for word in re.findall(r"[\w-]+", cell.source)}
    told = {word for cell in code(read(path)) for line in shown(cell) for word in re.findall(r"[\w-]+", line)}
    assert socket.gethostname() not in told - words
    assert path.stat().st_size < SIZE_MAX


@every
def test_a_notebook_only_narrates(path):
    """It defines no function or class that somebody might want to import."""
    sources = ["\n".join(line for line in cell.source.splitlines() if not line.startswith("%")) for cell in code(read(path))]
    defined = [node.name for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert defined == []


@every
def test_what_a_notebook_names_is_there(path):
    """Files and folders of ours that its text names exist."""
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    named = re.findall(r"`((?:sim|scenarios|parley|agents|tests)/[\w./]*)`", text)
    assert [name for name in named if not (FOLDER.parent / name).exists()] == []


def test_erlang_in_the_notebook_is_the_oracles():
    """The formula written out in 01 gives what tests/theory holds the engines against, and the runs agree with it."""
    text = "\n".join(line for cell in code(read(FOLDER / "01_one_request.ipynb")) for line in shown(cell))
    table = re.findall(r"^ *(\d+)% +([\d.]+) +([\d.]+) ± ([\d.]+)", text, re.MULTILINE)
    assert len(table) >= 5
    for utilization, exact, found, half in ([float(figure) for figure in row] for row in table):
        assert exact == pytest.approx(mmc_mean(utilization / 100, 8.0, 8), abs=5e-4)
        assert abs(found - exact) < 2 * half


@pytest.mark.parametrize(("text", "is_told"), [
    ("/tmp/x", True), ("in /home/me/parley", True), ("lib/site-packages/tqdm", True), ("`results/runs/`", False), ("10/s", False),
])  # fmt: skip
def test_a_path_is_seen(text, is_told):
    """The gate above has been seen to fail."""
    assert (MACHINE.search(text) is not None) is is_told
