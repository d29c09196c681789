"""The command that takes a cluster's YAML into a scenario."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from parley.commands.terminal import ScenarioName, mistakes_told
from parley.errors import told, unread
from parley.manifests.importing import KINDS, import_manifests
from scenarios.load import load
from scenarios.writing import as_yaml


def import_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=f"Of a cluster: {', '.join(KINDS)}.")],
    scenario: ScenarioName,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; to the terminal if absent.")] = None,
) -> None:
    """Lay autoscalers and routes of a cluster over a scenario: what they do not say stays as it is."""
    with mistakes_told():
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            raise unread(fault, file) from None
        made = as_yaml(import_manifests(text, load(scenario), str(file)))
        if out is None:
            sys.stdout.write(made)
            return
        try:
            with out.open("x", encoding="utf-8") as written:
                written.write(made)
        except OSError as fault:
            raise told(fault, out) from fault


COMMANDS: dict[str, Callable[..., None]] = {"import": import_command}
