"""Documents that are run. What a fenced block may be:

- ```console: a transcript. Lines that begin with `$ ` are commands (a line ending in a backslash goes on in the next, which
  begins with `> `), the lines below are what they print. It is executed in a temporary folder, one for a document, block
  after block, and compared character by character, blanks at the end of a line aside. What may change from run to run (wall
  times, rates, names of folders) is written `…`: inside a line it stands for any characters of that line, on a line of its
  own for any lines. Terminals are 100 wide and colourless.
- ```python: executed in the same folder after the transcripts, all blocks of a document together; it must not raise.
- ```sh: only what cannot be run inside a test: `git clone`, `cd`, and `make TARGET` of a target there is.
- anything else (yaml, text, mermaid) is read by people.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(?P<kind>[\w-]*)[^\n]*\n(?P<text>.*?)^```\s*$", re.MULTILINE | re.DOTALL)
SHELLS = {"sh", "bash", "shell", "zsh"}


@dataclass(frozen=True)
class Step:
    """A command of a transcript and what the document says it prints."""

    command: str
    expected: str


def blocks(markdown: str, kinds: set[str]) -> Iterator[str]:
    """The texts of the fenced blocks of these kinds, in order."""
    return (fence["text"] for fence in _FENCE.finditer(markdown) if fence["kind"] in kinds)


def steps(block: str) -> Iterator[Step]:
    """The commands of a console block, each with its expected output."""
    if not block.startswith("$ "):
        raise ValueError(f"a console block begins with a command, '$ ...': {block[:60]!r}")
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        size = 1
        while lines[size - 1].endswith("\\") and size < len(lines) and lines[size].startswith("> "):
            lines[size] = lines[size][2:]
            size += 1
        yield Step("\n".join(lines[:size]), "\n".join(lines[size:]))


def matches(expected: str, printed: str) -> bool:
    """Equal to the last character, `…` and blanks at the end of a line aside."""
    pattern = "".join(
        "(?:[^\n]*\n)*?" if line.strip() == "…" else ".*".join(map(re.escape, line.rstrip().split("…"))) + "\n"
        for line in expected.rstrip("\n").splitlines()
    )
    plain = "".join(f"{line.rstrip()}\n" for line in printed.rstrip().splitlines())
    return re.fullmatch(pattern, plain) is not None


def shell_breaches(markdown: str, makefile: str) -> list[str]:
    """Lines of shell blocks that could have been run, or name a target that is not there."""
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    commands = [line.split("#")[0].strip() for block in blocks(markdown, SHELLS) for line in block.splitlines()]
    allowed = re.compile(rf"|(git clone|cd) \S+( \S+)?|make ({'|'.join(map(re.escape, sorted(targets)))})")
    return [f"{command!r} belongs in a console block" for command in commands if not allowed.fullmatch(command)]


def run(command: str, folder: Path) -> str:
    """What a shell command prints, on either stream, with the project's own tools first on the path."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, encoding="utf-8", timeout=600, check=False,
    )  # fmt: skip
    return done.stdout


def run_python(markdown: str, folder: Path) -> None:
    """Execute the python blocks of a document together; raises with their error."""
    code = "\n".join(blocks(markdown, {"python"}))
    if not code:
        return
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=_environment(), timeout=600, check=True)


def _environment() -> dict[str, str]:
    tools = str(Path(sys.executable).parent)
    fixed = {"COLUMNS": "100", "LINES": "40", "NO_COLOR": "1", "TERM": "dumb", "LC_ALL": "C.UTF-8", "MPLBACKEND": "agg"}
    return {**os.environ, **fixed, "PATH": tools + os.pathsep + os.environ.get("PATH", "")}
