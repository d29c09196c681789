"""Commands about descriptions: nothing runs."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from parley.commands.reports import print_check, print_mechanisms
from parley.commands.terminal import (
    ScenarioName,
    Set,
    mistakes_told,
    say,
)
from parley.errors import UsageError
from parley.mechanisms.conformance import answered, mechanism
from parley.printing import shown
from scenarios.checking import check
from scenarios.first_file import SCHEMA_FILE, first_file
from scenarios.load import load
from scenarios.writing import json_schema


def check_command(scenario: ScenarioName, changes: Set = None) -> None:
    """Say what will saturate, how far retries multiply, and what is seldom meant; nothing runs."""
    with mistakes_told():
        world = load(scenario, changes or ())
        print_check(Console(), world, check(world))


def init_command(file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("first.yaml")) -> None:
    """Write a first scenario, with comments, and the schema for editors beside it."""
    with mistakes_told():
        schema = file.with_name(SCHEMA_FILE)
        _write_new(file, first_file(_run_name(file.stem), str(file)))
        _write(schema, json.dumps(json_schema(), indent=2) + "\n")
        Console().print(Text(f"wrote {file}; try: parley run {file}"), soft_wrap=True)


def schema_command(
    file: Annotated[Path, typer.Argument(help="The file to write; - prints.")] = Path(SCHEMA_FILE),
) -> None:
    """Write the JSON Schema of scenario files, for editors."""
    with mistakes_told():
        text = json.dumps(json_schema(), indent=2) + "\n"
        if str(file) == "-":
            sys.stdout.write(text)
            return
        _write(file, text)
        Console().print(Text(f"wrote {file}"), soft_wrap=True)


def conformance_command(
    name: Annotated[str | None, typer.Argument(metavar="MECHANISM", help="Which; without one, all are listed.")] = None,
) -> None:
    """Ask a law or rule alone: cases come on stdin, a JSON object a line, and each gets a line of answer."""
    with mistakes_told():
        if name is None:
            print_mechanisms(Console(highlight=False))
            return
        asked, failed = mechanism(name), False
        cases = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
        for one in answered(asked, cases):
            sys.stdout.write(json.dumps(one.content, ensure_ascii=False) + "\n")
            sys.stdout.flush()  # whoever asks line by line waits for it
            if one.error is not None:
                failed = True
                say(one.error)
        if failed:
            raise typer.Exit(UsageError.exit_code)


def _run_name(stem: str) -> str:
    """A file's name as a scenario may bear it."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", stem).lstrip("_-")[:63] or "first"


def _write_new(file: Path, text: str) -> None:
    try:
        _write(file, text, "x")
    except FileExistsError:
        raise UsageError(f"{shown(file)}: is there already; name another file") from None


def _write(file: Path, text: str, mode: str = "w") -> None:
    try:
        with file.open(mode, encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise
    except OSError as fault:
        raise UsageError(f"{shown(file)}: cannot be written: {fault.strerror}") from fault


COMMANDS: dict[str, Callable[..., None]] = {
    "check": check_command, "init": init_command, "schema": schema_command, "conformance": conformance_command,
}  # fmt: skip
