"""Where a scenario's text comes from: a path, or the name of one that is shipped; read within bounds."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from scenarios.errors import ScenarioError
from scenarios.naming import suggestion

SIZE_MAX = 8 * 2**20  # bytes of all files of a scenario together
SHIPPED = Path(__file__).parent


def shipped() -> list[str]:
    """The names of the scenarios that come with Parley, in alphabetical order."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def find_source(source: str | os.PathLike[str], folder: Path) -> tuple[Path, str]:
    """(path, what messages call it) of a file, or of the shipped scenario of that name. Raises ScenarioError."""
    name = os.fspath(source)
    if not name or "\0" in name or len(name) > 4096:
        raise ScenarioError(f"{name[:60]!r} is neither a file nor the name of a shipped scenario")
    path = folder / name
    if kind_of(path) == "file":
        return path, name
    stem = name.removesuffix(".yaml")
    if stem in shipped():
        return SHIPPED / f"{stem}.yaml", f"{stem}.yaml"
    if kind_of(path) and path != folder:
        return path, name
    raise ScenarioError(f"{name}: there is no such file, nor a shipped scenario of that name{_hint(path, stem)}")


def kind_of(path: Path) -> str:
    """`file`, `folder` or `other`; empty where nothing is, or where no path can lead."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # among them: a name too long, links in a circle
        return ""
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"


def read_text(path: Path, name: str, size_max: int = SIZE_MAX) -> str:
    """The text of a regular file in UTF-8. Raises ScenarioError for everything else."""
    kind = kind_of(path)
    if kind == "folder":
        raise ScenarioError(f"{name}: is a folder, not a file{suggestion(path.name, shipped())}")
    if kind != "file":
        raise ScenarioError(f"{name}: is not a regular file")
    try:
        with path.open("rb") as file:
            content = file.read(size_max + 1)
    except OSError as fault:
        raise ScenarioError(f"{name}: cannot be read: {fault.strerror}") from fault
    if len(content) > size_max:
        raise ScenarioError(f"{name}: larger than {SIZE_MAX // 2**20} MiB (all files together); this is no scenario")
    return _decoded(content, name)


def _decoded(content: bytes, name: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ScenarioError(f"{name}: is written in UTF-16 or UTF-32; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise ScenarioError(f"{name}:{line}: is not text in UTF-8 (byte 0x{content[fault.start]:02x})") from None
    if "\0" in text:
        raise ScenarioError(f"{name}:{text.count(chr(10), 0, text.index(chr(0))) + 1}: is binary, not text")
    return text


def _hint(path: Path, stem: str) -> str:
    beside = [entry.name for entry in path.parent.glob("*.yaml")] if kind_of(path.parent) == "folder" else []
    return suggestion(path.name, beside) or suggestion(Path(stem).name, shipped())
