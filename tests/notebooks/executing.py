"""Executes notebooks in a kernel of this very interpreter. `python -m tests.notebooks.executing` renews their outputs."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbclient
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

FOLDER = Path(__file__).parents[2] / "notebooks"
TIMEOUT_S = 300  # a cell; compiling the engine for the first time is in it
SINGLE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # nothing here is worth a second BLAS thread
ALIKE = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"}  # torch then adds up alike on every CPU


def notebooks() -> list[Path]:
    """Every notebook we keep, in order."""
    return sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> nbformat.NotebookNode:
    """A notebook as it lies in the repository."""
    return nbformat.read(path, as_version=4)


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a fresh execution; raises CellExecutionError with the cell and its error.

    The kernel is `sys.executable`, whatever kernels the user has installed, without the user's IPython start-up files.
    """
    notebook = read(path)
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    with tempfile.TemporaryDirectory() as private:
        manager.connection_file = str(Path(private) / "kernel.json")
        manager.transport = "ipc"  # a socket in that folder: nobody else reaches it
        env = {**os.environ, **SINGLE, **ALIKE, "IPYTHONDIR": private, "PYTHONPATH": str(FOLDER.parent)}
        client = nbclient.NotebookClient(notebook, km=manager, timeout=TIMEOUT_S, record_timing=False)
        client.execute(env=env, cwd=private, cleanup_kc=True)
    notebook.metadata["language_info"] = {"name": "python"}  # not which Python: that is this machine's
    return notebook


def renew() -> None:
    """Execute every notebook and write it back."""
    for path in notebooks():
        nbformat.write(executed(path), path)
        sys.stdout.write(f"{path.name}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    renew()
