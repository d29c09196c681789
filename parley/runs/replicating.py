"""The same world under several seeds: one run folder a seed, and above them the means with their intervals."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from parley.errors import FolderError, Interrupted, UsageError
from parley.runs.measures import figure_at, figures
from parley.runs.results import Run
from parley.runs.running import Asked, Order, Source, Stop, ordered, scenario_digest, simulate
from parley.runs.trials import require_figure
from parley.statistics.intervals import estimate
from parley.statistics.sequential import FIRST, Precision, growing
from parley.storage.run_folder import (
    FORMAT,
    MANIFEST,
    SCENARIO,
    SUMMARY,
    RunFolder,
    new_folder,
    read_json,
    this_process,
)
from scenarios.writing import as_yaml

SEEDS_MAX = 10_000

Told = Callable[[int, int], None]  # (how many are done, of how many)


@dataclass(frozen=True)
class Replications:
    """Runs of one world under several seeds, as their folder tells them."""

    path: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """What was run, and under which seeds."""
        return read_json(self.path / MANIFEST)

    @property
    def summary(self) -> dict[str, Any]:
        """Means in place, intervals under `estimates` by dotted path."""
        return read_json(self.path / SUMMARY)

    def runs(self) -> dict[int, Run]:
        """The complete runs, by seed."""
        found = {seed: Run(self.path / _name(seed)) for seed in self.manifest["seeds"]}
        return {seed: run for seed, run in found.items() if (run.path / MANIFEST).exists() and run.state == "complete"}

    def precise(self, wanted: Precision) -> bool:
        """Whether the runs so far know a figure well enough; the summary says so from now on. Raises UsageError for no figure."""
        known = estimate(figure_at(wanted.of, figures([run.summary for run in self.runs().values()])))
        RunFolder(self.path).write_json(SUMMARY, self.summary | {"precision": wanted.as_json(known)})
        return wanted.is_reached(known)

    def __repr__(self) -> str:
        return f"<Replications {self.manifest['scenario']} · {len(self.runs())} of {len(self.manifest['seeds'])} seeds>"


def replicate(scenario: Source, seeds: int = 20, *, precision: float | None = None, of: str = "latency_ms.mean",
              out: str | os.PathLike[str] | None = None, told: Told | None = None, **asked: Unpack[Asked]) -> Replications:  # fmt: skip
    """Run a scenario under so many seeds, from `seed` on; the rest is as for `run`. Raises ParleyError, Interrupted.

    With a precision (0.02 is 2 %) seeds are the most: no more are run once the half-width of the figure `of` is that share of it.
    """
    wanted = None if precision is None else Precision(precision, of)
    order = ordered(scenario, **asked)
    if wanted is not None:
        require_figure(order, wanted.of)
    folder = new_folder(out, f"{order.scenario.name}-{seeds}-seeds")
    for look in [seeds] if wanted is None else growing(FIRST, seeds, 1.5):
        made = run_seeds(order, range(order.seed, order.seed + look), folder, told)
        if wanted is not None and made.precise(wanted):
            break
    return made


def run_seeds(order: Order, seeds: Sequence[int], folder: RunFolder, told: Told | None = None) -> Replications:
    """Run an order under each seed into a folder below `folder`, but for those that are complete there.

    Raises Interrupted, with what is complete summed up.
    """
    if not 1 <= len(seeds) <= SEEDS_MAX:
        raise UsageError(f"seeds is a number from 1 to {SEEDS_MAX:,}, not {len(seeds)}")
    folder.write_bytes(SCENARIO, as_yaml(order.scenario).encode())
    manifest = {
        "format": FORMAT, "kind": "replications", "state": "running", "scenario": order.scenario.name,
        "scenario_digest": scenario_digest(order.scenario), "question": order.scenario.question, "engine": order.engine,
        "until_ns": order.until_ns, "seeds": list(seeds),
        "process": this_process(), "command": f"{order.command.replace(f'--seed {order.seed}', f'--seed {seeds[0]}')} --seeds {len(seeds)}",
    }  # fmt: skip
    folder.write_json(MANIFEST, manifest)
    made = Replications(folder.path)
    left = [seed for seed in seeds if seed not in made.runs()]
    with Stop().on_signals() as stop:
        for done, _ in enumerate(_all(order, left, folder, stop), len(seeds) - len(left) + 1):
            if told is not None:
                told(done, len(seeds))
    complete = made.runs()
    folder.write_json(MANIFEST, manifest | {"state": "complete" if len(complete) == len(seeds) else "partial"})
    if complete:
        folder.write_json(SUMMARY, summed_up({seed: run.summary for seed, run in complete.items()}))
    if stop.signal_number is not None:
        raise Interrupted(folder.path, stop.signal_number)
    return made


def is_replications(path: Path) -> bool:
    """Whether a folder holds several seeds."""
    return (path / MANIFEST).is_file() and read_json(path / MANIFEST).get("kind") == "replications"


def open_replications(path: Path) -> Replications:
    """The replications in a folder. Raises FolderError where there are none."""
    if not is_replications(path):
        raise FolderError(f"{path}: holds no replications; `parley run SCENARIO --seeds 20` makes some")
    return Replications(path)


def summed_up(summaries: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """One summary of several: means in place, intervals under `estimates`, digests by seed."""
    together: dict[str, Any] = _mean(list(summaries.values()))
    together["trace_digest"] = {str(seed): one["trace_digest"] for seed, one in summaries.items()}
    together["estimates"] = {
        path: {"half_width": made.half_width, "n": len(summaries), "effective_n": made.n, "method": made.method}
        for path, values in figures(list(summaries.values())).items()
        for made in [estimate(values)]
    }
    return together


def _all(order: Order, seeds: Sequence[int], folder: RunFolder, stop: Stop) -> Iterator[None]:
    """The first seed alone, so that compiling happens once; then as many at a time as there are cores."""

    def one(seed: int) -> None:
        if stop.signal_number is None:
            below = RunFolder(folder.path / _name(seed))
            command = order.command.replace(f"--seed {order.seed}", f"--seed {seed}")
            simulate(replace(order, seed=seed, command=command), below, stop)

    for seed in seeds[:1]:
        one(seed)
        yield
    with ThreadPoolExecutor((os.cpu_count() or 1) if order.engine == "fast" else 1) as pool:
        for _ in pool.map(one, seeds[1:]):
            yield


def _name(seed: int) -> str:
    return f"seed-{seed}"


def _mean(values: Sequence[Any]) -> Any:
    """Numbers averaged, verdicts taken together, the rest as the first has it; None among numbers does not count."""
    given = [value for value in values if value is not None]
    if not given:
        return None
    first = given[0]
    if isinstance(first, dict):
        return {key: _mean([value.get(key) for value in given]) for key in first}
    if isinstance(first, list):
        return [_mean(column) for column in zip(*given, strict=True)]
    if isinstance(first, bool):
        return all(given)
    return statistics.fmean(given) if isinstance(first, int | float) else first
