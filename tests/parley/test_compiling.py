"""Where compiled code is kept, and what happens where it cannot be."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from parley.cli import app
from sim.fast import compiling


@pytest.fixture
def kept(tmp_path, monkeypatch) -> Path:
    """A cache of its own, and what would be in it."""
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path))
    return compiling.cache_folder()


def test_a_folder_is_made_and_used(kept):
    """Nothing is there at first; afterwards the folder of today's sources is."""
    assert not compiling.is_compiled(False)
    assert compiling.usable_folder() == kept
    assert kept.is_dir()


def test_another_law_is_another_folder(kept, monkeypatch):
    """The folder's name is a hash of what is compiled: one changed source, and all is compiled again, once."""
    monkeypatch.setattr(compiling.Path, "read_bytes", lambda _: b"changed")
    assert compiling.cache_folder() != kept
    assert compiling.cache_folder().parent == kept.parent


def test_code_that_may_not_be_written_to_is_copied(kept, monkeypatch):
    """A read-only cache still serves, by way of a folder that ends with the process."""
    (kept / "core").mkdir(parents=True)
    for i in range(len(compiling.KERNELS)):
        (kept / "core" / f"code{i}.nbc").write_bytes(b"code")

    def refuse(**_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    copy = compiling.usable_folder()
    assert copy != kept
    assert sorted(file.name for file in copy.iterdir()) == sorted(file.name for file in kept.iterdir())
    assert compiling.is_compiled(False)
    assert not compiling.is_compiled(True)


def test_no_folder_at_all(tmp_path, monkeypatch):
    """A cache below what is no folder: a folder that ends with the process takes its place."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path / "file"))
    assert compiling.usable_folder().is_dir()


def test_waiting_is_explained(kept, monkeypatch, tmp_path):
    """The first run says that it compiles, how long that took, and where nothing can be kept."""
    monkeypatch.setattr("parley.commands.terminal.kernels", lambda _: None)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("parley.commands.runs.run", stop)
    said, unsaid = (CliRunner().invoke(app, ["run", "hello_mesh", "--engine", engine, "--out", str(tmp_path / engine)]).stderr
                    for engine in ("fast", "reference"))  # fmt: skip
    assert "compil" not in unsaid
    assert "compiling the engine (once, about 20 s)" in said
    assert "compiled in 0 s" in said
    assert "name a folder to write to in PARLEY_CACHE" in said
