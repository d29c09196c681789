"""The command `parley`. A user's mistake is one message on stderr and an exit code, never a traceback.

Exit codes: 0 done · 1 `diff` found different traces · 2 a mistake in the scenario or the command · 3 an `expect` failed ·
4 the simulation cannot go on · 5 the run folder cannot be written or read · 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import typer

from parley.commands import experiments, judging, learning, manifests, runs, serving, worlds

app = typer.Typer(name="parley", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Simulate a service mesh request by request, with an agent in every service.")  # fmt: skip
for room in (runs, experiments, learning, judging, serving, manifests, worlds):
    for name, command in room.COMMANDS.items():
        app.command(name)(command)


def main() -> None:
    """The entry point of the command line."""
    app(prog_name="parley")
