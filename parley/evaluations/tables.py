"""An evaluation, and a calibration, on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from parley.evaluations.calibrating import Calibration
from parley.evaluations.evaluations import Evaluation
from parley.evaluations.files import EvaluationFile
from parley.evaluations.findings import HOLDS
from parley.evaluations.page import PAGE, PICTURES
from parley.evaluations.seats import Chosen
from parley.evaluations.wording import STYLES, judged_in, percents, score, share, sure
from parley.printing import shown, table
from parley.wording import count, number

READING = ("J: what a tick costs, lateness, failures, pods and moves by their weights; less is better. [..]: 95 %, episodes and trainings "
           "drawn anew. score: 0 is the default, 1 the reference, never clipped. saves: of the calibrated one's J")  # fmt: skip


def print_evaluation(console: Console, found: Evaluation) -> None:
    """All families together, each of them, then what was claimed."""
    made, manifest = found.file, found.manifest
    trainings = f" · {len(manifest['policies'])} policies" if manifest["policies"] else ""
    console.print(Text.assemble((str(manifest["name"]), "bold cyan"), f" · {len(made.tests)} families · {made.seeds} episodes{trainings}"))
    if made.question:
        console.print(Text(made.question, "italic"))
    if not found.is_finished:
        console.print(Text(f"\nnot finished; `{found.resume_command(shown(found.path))}` goes on", "bold yellow"), soft_wrap=True)
        return
    told = found.findings
    if told["overall"]:
        _print_overall(console, told["overall"], found)
    for family, rows in told["families"].items():
        _print_family(console, made, family, rows)
    _print_claims(console, told)
    console.print(Text(READING, "dim"))
    for fault in told["faults"]:
        console.print(Text(f"could not go on: {fault}", "bold red"))
    if len(manifest["policies"]) == 1:
        console.print(Text("one training: intervals say nothing of what another one would come to", "bold yellow"))
    console.print(f"\nfolder           {shown(found.path)}", soft_wrap=True)
    for name in (PAGE, *PICTURES):
        console.print(f"{'page' if name == PAGE else 'picture':<17}{shown(found.path / name)}", soft_wrap=True)


def _print_overall(console: Console, told: Mapping[str, Any], found: Evaluation) -> None:
    rows = table("all families", "score", "saves", "better in")
    rows.columns[0].no_wrap = True
    for name in found.names:
        one = told[name]
        saves = f"{share(one['saves'])} {sure(one['saves'])}"
        rows.add_row(name, score(one["score"]), saves, percents(one["better_than_calibrated"]))
    console.print()
    console.print(rows)


def _print_family(console: Console, made: EvaluationFile, family: str, rows: Mapping[str, Any]) -> None:
    console.print()
    console.print(Text.assemble((family, "bold"), f"  {made.families[family].says}"))
    shown_rows = table("", "J", "saves", "score", "missed", "pods", "moves")
    shown_rows.columns[0].no_wrap = True
    for name, one in rows.items():
        saves = f"{share(one['saves'])} {sure(one['saves'])}"
        shown_rows.add_row(name, number(one["J"][0], 3), saves, score([one["score"][0], None, None]),
                           percents(one["violation"], 1), number(one["pods"], 3), number(one["moved"], 2))  # fmt: skip
    console.print(shown_rows)


def _print_claims(console: Console, told: Mapping[str, Any]) -> None:
    if told["hypotheses"]:
        rows = table("claimed beforehand", "weights", "judged in", "saves", "verdict", words=3)
        for says, one in told["hypotheses"].items():
            for nth, (weighting, each) in enumerate(one["found"].items()):
                rows.add_row(says if nth == 0 else "", weighting, judged_in(each, len(one["families"])), share(each["saves"]),
                             Text(each["verdict"], STYLES[each["verdict"]]))  # fmt: skip
        console.print()
        console.print(rows)
    rows = table("must cost less", "than", "holds in", "not in", words=2)
    pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for family, each in told["ordering"].items():
        for one in each:
            pairs.setdefault((one["better"], one["worse"]), []).append((family, one["verdict"]))
    for (better, worse), verdicts in pairs.items():
        others = ", ".join(f"{family} ({verdict})" for family, verdict in verdicts if verdict != HOLDS)
        rows.add_row(better, worse, f"{sum(verdict == HOLDS for _, verdict in verdicts)} of {len(verdicts)}", others)
    console.print()
    console.print(rows)


def print_calibration(console: Console, found: Calibration) -> None:
    """What was chosen of each controller, by weighting."""
    console.print(Text.assemble((str(found.manifest["name"]), "bold cyan"), f" · {count(found.manifest['cells'])} episodes"))
    if not found.is_finished:
        console.print(Text(f"\nnot finished; `{found.resume_command(shown(found.path))}` goes on", "bold yellow"), soft_wrap=True)
        return
    for weighting, studies in found.found.items():
        console.print()
        rows = table(weighting, "J as it stood", "best", "validation")
        for name, one in studies.items():
            rows.add_row(name, number(one["trials"][0]["J"], 4), number(one["J"], 4), number(one["validation"], 4))
        console.print(rows)
        for name, one in studies.items():
            console.print(Text.assemble((f"{name}: ", "bold"), _words(Chosen(one["chosen"]["each"], one["chosen"]["all"]))))
    console.print(f"\nfolder           {shown(found.path)}", soft_wrap=True)


def _words(chosen: Chosen) -> str:
    """What of each service, then what of all."""
    each = [f"{path.rpartition('.')[2]} {', '.join(f'{service} {text}' for service, text in values.items())}"
            for path, values in chosen.each.items()]  # fmt: skip
    return "; ".join([*each, *(f"{path.rpartition('.')[2]} {text}" for path, text in chosen.all.items())])
