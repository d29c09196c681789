"""Rows of cells are in a journal or in a part at every instant, and never cut short."""

from __future__ import annotations

import itertools
import os

import pyarrow.parquet as pq
import pytest

from parley.errors import DiskFull, FolderError
from parley.storage import cell_store, journal
from parley.storage.cell_store import CellStore, read_cells
from parley.storage.journal import Journal, read_journal
from parley.storage.run_folder import RunFolder
from parley.storage.tables import FLOAT, INT


def columns(rows):
    return {"cell": (INT, [row["cell"] for row in rows]), "x": (FLOAT, [row["x"] for row in rows])}


def row(cell):
    return {"cell": cell, "x": cell / 7}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Four cells a part."""
    monkeypatch.setattr(cell_store, "PART_CELLS", 4)


def store(folder, total=10):
    return CellStore(RunFolder(folder), total, columns)


def contents(folder):
    return {file.name: file.read_bytes() for file in (folder / "cells").iterdir()}


def test_parts_close_in_any_order_with_the_same_bytes(tmp_path):
    """Whoever finishes first."""
    made = []
    for name, order in (("a", range(10)), ("b", [9, 3, 8, 0, 1, 7, 5, 6, 4, 2])):
        (tmp_path / name).mkdir()
        with store(tmp_path / name) as some:
            for cell in order:
                some.add(row(cell))
        made.append(contents(tmp_path / name))
        assert [path.name for path in (tmp_path / name).iterdir()] == ["cells"]
    assert made[0] == made[1]
    assert [len(pq.read_table(tmp_path / "a" / "cells" / name)) for name in sorted(made[0])] == [4, 4, 2]


@pytest.mark.parametrize("cut", [0, 1, 9, 12, 30, 31])
def test_a_line_that_was_cut_short_is_cut_off(tmp_path, cut):
    """Whole rows before it stay, and the next one follows them."""
    book = Journal(tmp_path / "j" / "x.jsonl")
    for cell in range(3):
        book.append(row(cell))
    book.close()
    file = tmp_path / "j" / "x.jsonl"
    whole = file.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    file.write_bytes(whole[: len(whole) - len(last)] + last[:cut])
    again = Journal(file)
    assert [one["cell"] for one in again.rows] == ([0, 1, 2] if cut >= len(last) else [0, 1])
    again.append(row(5))
    again.close()
    assert [one["cell"] for one in read_journal(file)][-1] == 5


def test_a_row_whose_checksum_is_wrong_is_none(tmp_path):
    """What the disk made of it is not believed."""
    book = Journal(tmp_path / "x.jsonl")
    book.append(row(1))
    book.append(row(2))
    book.close()
    file = tmp_path / "x.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"cell":2', b'"cell":3'))
    assert read_journal(file) == [row(1)]


def test_a_refused_write_leaves_no_half_of_a_row(tmp_path, monkeypatch):
    """The disk takes a part, then nothing more; once there is room, everything goes on."""
    book, write = Journal(tmp_path / "x.jsonl"), os.write
    book.append(row(1))
    takes = itertools.chain([5], itertools.repeat(-1))

    def short(file, data):
        if (taken := next(takes)) < 0:
            raise OSError(28, "No space left on device")
        return write(file, data[:taken])

    monkeypatch.setattr(journal.os, "write", short)
    with pytest.raises(DiskFull):
        book.append(row(2))
    monkeypatch.undo()
    assert read_journal(tmp_path / "x.jsonl") == [row(1)]
    book.append(row(3))
    book.close()
    assert read_journal(tmp_path / "x.jsonl") == [row(1), row(3)]


def test_whatever_happens_between_two_steps_the_rest_is_done(tmp_path, monkeypatch):
    """A death before and after every rename and every removal: no cell is lost, none is there twice."""
    undisturbed = tmp_path / "u"
    undisturbed.mkdir()
    with store(undisturbed) as some:
        for cell in range(10):
            some.add(row(cell))
    for nth in range(40):
        folder = tmp_path / str(nth)
        folder.mkdir()
        for death in (nth, 2 * nth, None):
            dying(monkeypatch, death)
            try:
                with store(folder) as some:
                    for cell in list(some.missing()):
                        some.add(row(cell))
            except Died:
                monkeypatch.undo()
                monkeypatch.setattr(cell_store, "PART_CELLS", 4)
                known = read_cells(folder, columns)["cell"].to_pylist()
                assert known == sorted(set(known))
        assert contents(folder) == contents(undisturbed)


class Died(BaseException):
    """As by SIGKILL."""


def dying(monkeypatch, at):
    """Die at the at-th system call that changes the folder, before it or after it in turn."""
    monkeypatch.undo()
    monkeypatch.setattr(cell_store, "PART_CELLS", 4)
    if at is None:
        return
    calls = itertools.count()

    def mortal(real):
        def call(*given, **named):
            mine = next(calls)
            if mine == at // 2 and at % 2 == 0:
                raise Died
            made = real(*given, **named)
            if mine == at // 2:
                raise Died
            return made

        return call

    for owner, name in ((os, "write"), (os, "ftruncate"), (os, "fsync"), (cell_store.Path, "replace"), (cell_store.Path, "unlink")):
        monkeypatch.setattr(owner, name, mortal(getattr(owner, name)))


def test_two_do_not_work_on_one_folder(tmp_path):
    """The second is told."""
    with store(tmp_path), pytest.raises(FolderError, match="another process is at work on it"), store(tmp_path):
        pass


def test_a_column_that_only_some_cells_have_is_null_elsewhere(tmp_path):
    """Parts with different figures are read together."""

    def wide(rows):
        return columns(rows) | ({"y": (FLOAT, [1.0] * len(rows))} if rows and rows[0]["cell"] >= 4 else {})

    with CellStore(RunFolder(tmp_path), 6, wide) as some:
        for cell in range(5):
            some.add(row(cell))
        read = read_cells(tmp_path, wide)
    assert read["y"].to_pylist() == [None, None, None, None, 1.0]
