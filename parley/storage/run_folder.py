"""The folder of one run: made once, never overwritten; every file in it appears whole or not at all."""

from __future__ import annotations

import json
import math
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parley.errors import FolderError, told, unread

FORMAT = 1  # of the folder; readers refuse a later one
RUNS = Path("results") / "runs"  # below the working folder
MANIFEST, SUMMARY, SCENARIO, PICTURE = "manifest.json", "summary.json", "scenario.yaml", "overview.png"
PROC = Path("/proc")


class RunFolder:
    """Where a run writes. Every failed write raises FolderError, or DiskFull where there is no room."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write_bytes(self, name: str, data: Any, lasting: bool = False) -> None:
        """A file that appears whole, of bytes or a buffer: written beside its place, then renamed.

        A `lasting` one is on the disk before, so that even a machine that loses power has it whole or not at all.
        """
        path = self.path / name
        beside = path.with_name(f".{path.name}.part")
        try:
            path.parent.mkdir(exist_ok=True)
            with beside.open("wb") as file:
                file.write(data)
                if lasting:
                    file.flush()
                    os.fsync(file.fileno())
            beside.replace(path)
        except OSError as fault:
            beside.unlink(missing_ok=True)
            raise told(fault, path) from fault

    def write_json(self, name: str, data: Mapping[str, Any]) -> None:
        """A JSON file; nan and infinity become null."""
        self.write_bytes(name, as_json(data))


def new_folder(out: str | os.PathLike[str] | None, name: str) -> RunFolder:
    """An empty folder: `out`, or a new one for that name below the working folder. Raises FolderError."""
    path = Path(out) if out is not None else RUNS / f"{name}-{time.strftime('%m%d-%H%M%S')}"
    path = path.absolute()
    try:
        if out is None:
            return RunFolder(_made(path))
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise FolderError(f"{path}: is not empty, and a run overwrites nothing; name another folder")
    except OSError as fault:
        raise told(fault, path) from fault
    return RunFolder(path)


def _made(path: Path) -> Path:
    """The folder, with a number behind its name where that is taken."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for ordinal in range(1, 10_000):
        tried = path if ordinal == 1 else path.with_name(f"{path.name}-{ordinal}")
        try:
            tried.mkdir()
        except FileExistsError:
            continue
        return tried
    raise FolderError(f"{path}: there are ten thousand runs of this second already")


def as_json(data: Mapping[str, Any]) -> bytes:
    """JSON as a file has it; nan and infinity become null."""
    return json.dumps(plain(data), indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def read_manifest(folder: Path, kind: str, making: str) -> dict[str, Any]:
    """What a folder says of the experiment in it, of a kind that `making` makes. Raises FolderError where there is none."""
    content = read_json(folder / MANIFEST)
    if content.get("kind") != kind:
        raise FolderError(f"{folder}: holds no {kind}; `{making}` makes one")
    if content.get("format") != FORMAT:
        raise FolderError(f"{folder}: is in format {content.get('format')!r}; this Parley reads {FORMAT}")
    return content


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file of a run folder. Raises FolderError where there is none, or it is not ours."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise unread(fault, path) from fault
    except ValueError as fault:
        raise FolderError(f"{path}: is not JSON: {fault}") from fault
    if not isinstance(data, dict):
        raise FolderError(f"{path}: is not an object in JSON")
    return data


def this_process() -> dict[str, Any]:
    """Who writes: enough to tell later whether it still does."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "started": _started(os.getpid())}


def is_alive(process: Mapping[str, Any]) -> bool:
    """Whether the process that wrote a manifest still runs; on another host nobody can tell, so it may."""
    if process.get("host") != socket.gethostname():
        return True
    pid = int(process.get("pid", 0))
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it runs, as somebody else
    return _started(pid) == process.get("started")


def state_of(manifest: Mapping[str, Any]) -> str:
    """complete, partial or running; what was killed is partial."""
    state = str(manifest["state"])
    return "partial" if state == "running" and not is_alive(manifest["process"]) else state


def _started(pid: int) -> int | None:
    """When a process began, in the kernel's ticks; None where the system does not say, or it is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def plain(value: Any) -> Any:
    """A value as a JSON file gives it back: nan and infinity are None, keys are text, tuples are lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
