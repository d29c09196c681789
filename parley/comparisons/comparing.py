"""Two alternatives under the same seeds: every request meets the same arrivals and sizes, so differences are paired."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from rich.console import Console
from rich.text import Text

from parley.errors import UsageError
from parley.printing import shown, table
from parley.runs.measures import figure_at, figures
from parley.runs.replicating import SEEDS_MAX, Replications, Told, is_replications, open_replications, run_seeds
from parley.runs.results import Run
from parley.runs.running import Asked, Source, ordered
from parley.runs.trials import require_figure
from parley.statistics.intervals import Difference, difference
from parley.statistics.sequential import Decision, Question, decided, looks
from parley.storage.run_folder import RunFolder, new_folder
from parley.wording import number, percent

COMPARISON = "comparison.json"
HEADLINES = ("good", "latency_ms.mean", "latency_ms.p50", "latency_ms.p95", "latency_ms.p99", "requests.failed",
             "cost.pod_hours", "cost.total")  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """What the second of two alternatives has more than the first, by the summary's paths."""

    names: tuple[str, str]
    seeds: tuple[int, ...]  # in both
    differences: dict[str, Difference]
    path: Path | None = None  # the folder of the runs, where they were made for this
    decision: Decision | None = None  # where runs were made until there was one

    def __repr__(self) -> str:
        return f"<Comparison {' → '.join(self.names)} · {len(self.seeds)} seeds · {len(self.differences)} figures>"

    def __getitem__(self, path: str) -> Difference:
        return self.differences[path]

    def as_json(self) -> dict[str, Any]:
        """As written to comparison.json."""
        rows = {path: asdict(one) | {"is_clear": one.is_clear} for path, one in self.differences.items()}
        told = {"alternatives": list(self.names), "seeds": list(self.seeds), "differences": rows}
        return told if self.decision is None else told | {"decision": asdict(self.decision)}


def compare(one: Source, other: Source, *, seeds: int = 10, set_other: Sequence[str] = (), until_decided: str | None = None,
            margin: float = 0.01, out: str | os.PathLike[str] | None = None, told: Told | None = None,
            **asked: Unpack[Asked]) -> Comparison:  # fmt: skip
    """Compare two scenarios, or two folders of replications, and say how much the second has more of everything.

    Scenarios are run under seeds seed, seed + 1, ...; folders are read. What else may be asked for is as for `run`;
    `set` changes both, `set_other` the second only. With `until_decided` seeds are the most: no more are run once it is
    known which side has more of that figure ("good"), or that they differ by less than `margin` of the first.
    """
    question = None if until_decided is None else Question(until_decided, margin)
    if all(_is_folder(source) for source in (one, other)):
        if question is not None:
            raise UsageError("until_decided runs more seeds where they are needed, and folders have those they have; compare scenarios")
        return compared(open_replications(Path(str(one))), open_replications(Path(str(other))))
    if any(_is_folder(source) for source in (one, other)):
        raise UsageError("compare two scenarios, or two folders of replications, not one of each")
    if not 2 <= seeds <= SEEDS_MAX:
        raise UsageError(f"seeds is a number from 2 to {SEEDS_MAX:,}, not {seeds}")
    first, changes = asked.get("seed", 1), [*asked.get("set", ())]
    asked.setdefault("spans", "none")
    orders = [ordered(one, **asked), ordered(other, **(asked | {"set": [*changes, *set_other]}))]
    for order in orders:
        require_figure(order, *(() if question is None else (question.of,)))
    names = [order.scenario.name for order in orders]
    folder = new_folder(out, f"{names[0]}-or-{names[1]}")
    planned = [seeds] if question is None else looks(seeds)
    for look in planned:
        made = [run_seeds(order, range(first, first + look), RunFolder(folder.path / side), told)
                for order, side in zip(orders, ("a", "b"), strict=True)]  # fmt: skip
        decision = None if question is None else _decision(made, question, planned)
        found = replace(compared(*made), path=folder.path, decision=decision)
        folder.write_json(COMPARISON, found.as_json())
        if decision is not None and decision.verdict != "undecided":
            break
    return found


def _decision(made: Sequence[Replications], question: Question, planned: Sequence[int]) -> Decision:
    runs = [side.runs() for side in made]
    common = sorted(runs[0].keys() & runs[1].keys())
    one, other = (figure_at(question.of, figures([side[seed].summary for seed in common])) for side in runs)
    return decided(question, (one, other), planned)


def compared(one: Replications, other: Replications) -> Comparison:
    """Differences of every figure that all runs of both sides have."""
    runs = one.runs(), other.runs()
    if not all(runs):
        raise UsageError("no seed is complete on both sides")
    common = sorted(runs[0].keys() & runs[1].keys())
    return Comparison((one.manifest["scenario"], other.manifest["scenario"]), tuple(common), differences(*runs))


def differences(one: Mapping[int, Run], other: Mapping[int, Run]) -> dict[str, Difference]:
    """How much more the second has of every figure that all its runs have: paired by the seeds both have, if there are some."""
    common = sorted(one.keys() & other.keys())
    chosen = [{seed: side[seed] for seed in common} if common else side for side in (one, other)]
    sides = [figures([run.summary for run in side.values()]) for side in chosen]
    return {
        path: difference(values, sides[1][path], bool(common))
        for path, values in sides[0].items()
        if len(values) == len(chosen[0]) and len(sides[1].get(path, ())) == len(chosen[1])
    }


def print_comparison(console: Console, found: Comparison) -> None:
    """The headlines; everything else is in comparison.json."""
    first, second = found.names
    console.print(Text.assemble((f"{first} → {second}", "bold cyan"), f" · {len(found.seeds)} seeds in common"))
    console.print()
    made = table("", "first", "second", "difference", "95 %", "pairing", "verdict")
    for path in HEADLINES:
        if path in found.differences:
            one = found[path]
            verdict = Text("clear", "green") if one.is_clear else Text("not clear" if one.difference else "the same", "dim")
            made.add_row(path, number(one.first), number(one.second), _signed(one.difference), f"± {number(one.half_width, 3)}",
                         _pairing(one), verdict)  # fmt: skip
    console.print(made)
    console.print()
    shown_ones = [found.differences[path] for path in HEADLINES if path in found.differences]
    for why in sorted({f"{one.method}: {one.why}" for one in shown_ones}):
        console.print(Text(why, "dim"))
    if any(math.isfinite(one.reduction) and one.method == "paired" for one in shown_ones):
        console.print(Text("pairing: without it so many times the seeds would be needed for the same interval", "dim"))
    if found.decision is not None:
        console.print(_decided(found.decision))
    if found.path is not None:
        console.print(f"\nrun folder   {shown(found.path)}", soft_wrap=True)


def _pairing(one: Difference) -> str:
    return f"{number(one.reduction, 3)} x" if math.isfinite(one.reduction) and one.method == "paired" else "-"


def _decided(one: Decision) -> Text:
    """`good: the second has more, decided after 20 of 160 seeds`."""
    says = {"more": "the second has more", "less": "the second has less",
            "the same": f"the same, within {percent(one.margin)} of the first", "undecided": "not decided"}[one.verdict]  # fmt: skip
    interval = f"{_signed(one.interval.difference)} ± {number(one.interval.half_width, 3)}"
    looked = f"after {one.interval.n} pairs of seeds in {len(one.looks)} looks"
    return Text.assemble((f"{one.of}: {says}", "bold"), f", {looked} ({interval}, each look as sure as all together have to be)")


def _signed(value: float) -> str:
    return number(value) if value < 0 or value == 0 else f"+{number(value)}"


def _is_folder(source: Source) -> bool:
    return isinstance(source, str | os.PathLike) and is_replications(Path(source))
