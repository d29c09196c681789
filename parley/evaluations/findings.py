"""What follows from an evaluation: figures with their intervals, scores between two controllers, tests, and what was claimed beforehand.

J is what a tick costs, mean over an episode; less is better. A score is (J_default - J) / (J_default - J_reference), episode by episode
over the family's mean distance: 0 for the default, 1 for the reference, and beyond both where somebody is worse or better. It is never
clipped. A family in which the reference costs no less than the default has no such scale, and is left out of what is told of all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from parley.evaluations.cells import FIGURES
from parley.evaluations.files import LEARNED, EvaluationFile, Hypothesis
from parley.evaluations.outcomes import Outcomes
from parley.statistics.crossed import Draws, Floats, Interval, intervals
from parley.statistics.robust import holm, iqm, paired_test, probability_of_improvement, profile

HOLDS, FAILS, UNDECIDED = "holds", "does not hold", "undecided"
LEVELS = np.round(np.arange(-1.0, 1.51, 0.05), 2)
SEED, OF_A_PROFILE = 7, 400  # of bootstraps; replicates of a profile, which has many levels

DERIVED = ("J", "iqm", "regret", "saves", "score")  # J, its middle half, against the reference, share of the calibrated one's, between two

Figure = Callable[[Draws], Floats]  # (replicates,)


def findings_of(made: EvaluationFile, names: Sequence[str], outcomes: Mapping[str, Outcomes]) -> dict[str, Any]:
    """By weighting, and of the first one all the rest."""
    told = next(iter(outcomes.values()))
    return {
        "families": families_of(made, told), "overall": overall(made, told), "profile": profiles(made, told),
        "seeds": _seeds(told), "tests": tests_of(made, told), "hypotheses": hypotheses(made, outcomes, names),
        "ordering": ordering(made, told),
        "weightings": {name: weighed(made, one) for name, one in outcomes.items()},
    }  # fmt: skip


def families_of(made: EvaluationFile, told: Outcomes) -> dict[str, dict[str, Any]]:
    """Figures of every controller in every family, with intervals of what J tells: DERIVED, in this order."""
    found: dict[str, dict[str, Any]] = {}
    for family in told.families:
        known = intervals(told.design, partial(_figures, made, told, family), _random())
        rows = np.array_split(np.arange(len(known)), len(told.controllers))
        found[family] = {
            name: {what: known[place].as_json() for what, place in zip(DERIVED, row.tolist(), strict=True)}
            | {what: told.mean(family, name, what) for what in FIGURES}
            for name, row in zip(told.controllers, rows, strict=True)
        }
    return found


def overall(made: EvaluationFile, told: Outcomes) -> dict[str, dict[str, Any]]:
    """Of all families for tests that have a scale: scores, what is saved on average, and how often an episode is better."""
    scaled = [family for family in told.families if scale_of(made, told, family) > 0]
    if not scaled:
        return {}
    figures: list[Figure] = []
    for name in told.controllers:
        figures += [partial(_score, made, told, scaled, name), partial(_saved, told, name, made.calibrated, told.families),
                    partial(_saved, told, name, made.default, told.families)]  # fmt: skip
    known = iter(_intervals(told, figures))
    return {name: {
        "score": next(known).as_json(), "saves": next(known).as_json(), "saves_of_default": next(known).as_json(),
        "better_than_calibrated": float(np.mean([
            probability_of_improvement(-told.costs(family, name), -told.costs(family, made.calibrated)) for family in told.families])),
    } for name in told.controllers} | {"": {"families": scaled}}  # fmt: skip


def profiles(made: EvaluationFile, told: Outcomes) -> dict[str, Any]:
    """The share of episodes whose score is above each level, with its interval."""
    scaled = [family for family in told.families if scale_of(made, told, family) > 0]
    if not scaled:
        return {}
    found: dict[str, Any] = {}
    for name in told.controllers:
        known = intervals(told.design, partial(_shares, made, told, scaled, name), _random(), OF_A_PROFILE)
        found[name] = [one.as_json() for one in known]
    return {"levels": LEVELS.tolist(), "shares": found}


def tests_of(made: EvaluationFile, told: Outcomes) -> dict[str, dict[str, float]]:
    """By controller and family: p of the paired test against the calibrated one, adjusted over families; of policies the mean of seeds."""
    found = {}
    for name in told.controllers:
        if name != made.calibrated:
            found[name] = holm({family: paired_test(told.costs(family, name).mean(axis=0), told.costs(family, made.calibrated)[0])
                                for family in told.families})  # fmt: skip
    return found


def hypotheses(made: EvaluationFile, outcomes: Mapping[str, Outcomes], names: Sequence[str]) -> dict[str, Any]:
    """By what they say and by weighting: the verdict and what was measured; nothing where a controller was not there."""
    found: dict[str, Any] = {}
    for says, one in made.hypotheses.items():
        if one.of not in names or one.against not in names:
            continue
        of_each = {}
        for weighting, told in outcomes.items():
            families = [name for name in one.families or made.tests if name in told.families]
            if families:
                of_each[weighting] = _judged(one, told, families)
        found[says] = {"better_by": float(one.better_by), "families": list(one.families or made.tests), "found": of_each}
    return found


def ordering(made: EvaluationFile, told: Outcomes) -> dict[str, list[dict[str, Any]]]:
    """By family: whether each controller costs less than the next one of the ordering."""
    found = {}
    for family in told.families:
        pairs = list(pairwise(made.ordering))
        known = _intervals(told, [partial(_saved, told, better, worse, [family]) for better, worse in pairs]) if pairs else []
        found[family] = [{"better": better, "worse": worse, "saves": one.as_json(), "verdict": _verdict(one, 0.0)}
                         for (better, worse), one in zip(pairs, known, strict=True)]  # fmt: skip
    return found


def weighed(made: EvaluationFile, told: Outcomes) -> dict[str, dict[str, Any]]:
    """By family and controller, under one weighting: J, and what is saved of the calibrated one's."""
    found: dict[str, dict[str, Any]] = {}
    for family in told.families:
        figures: list[Figure] = []
        for name in told.controllers:
            figures += [partial(_cost, told, name, family), partial(_saved, told, name, made.calibrated, [family])]
        known = iter(_intervals(told, figures))
        found[family] = {name: {"J": next(known).as_json(), "saves": next(known).as_json()} for name in told.controllers}
    return found


def scale_of(made: EvaluationFile, told: Outcomes, family: str) -> float:
    """How much less than the default the reference costs on average: what a score of 1 is."""
    return float(told.costs(family, made.default).mean() - told.costs(family, made.reference).mean())


def _figures(made: EvaluationFile, told: Outcomes, family: str, draws: Draws) -> Floats:
    """(replicates, controllers * DERIVED) of whoever was drawn."""
    drawn = [told.drawn(family, name, draws) for name in told.controllers]
    costs = np.stack([one.mean(axis=1) for one in drawn], axis=1)
    default, calibrated, reference = (costs[:, [told.controllers.index(name)]] for name in (made.default, made.calibrated, made.reference))
    middle = np.stack([iqm(one) for one in drawn], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):  # where the reference is the default there is no score
        score = (default - costs) / (default - reference)
    return np.stack([costs, middle, costs - reference, 1 - costs / calibrated, score], axis=2).reshape(len(costs), -1)


def _scores(made: EvaluationFile, told: Outcomes, families: Sequence[str], name: str, draws: Draws) -> Floats:
    """(replicates, trainings * episodes of several families)."""
    found = []
    for family in families:
        mine, default = told.drawn(family, name, draws), told.drawn(family, made.default, draws)
        found.append((np.tile(default, mine.shape[1] // default.shape[1]) - mine) / scale_of(made, told, family))
    return np.concatenate(found, axis=1)


def _score(made: EvaluationFile, told: Outcomes, families: Sequence[str], name: str, draws: Draws) -> Floats:
    """(replicates,) the interquartile mean of scores."""
    return iqm(_scores(made, told, families, name, draws))


def _shares(made: EvaluationFile, told: Outcomes, families: Sequence[str], name: str, draws: Draws) -> Floats:
    """(replicates, LEVELS) of scores above each level."""
    return profile(_scores(made, told, families, name, draws), LEVELS)


def _cost(told: Outcomes, name: str, family: str, draws: Draws) -> Floats:
    """(replicates,) mean J."""
    found: Floats = told.drawn(family, name, draws).mean(axis=1)
    return found


def _saved(told: Outcomes, name: str, other: str, families: Sequence[str], draws: Draws) -> Floats:
    """(replicates,) the share of another's J that one does not cost, on average over families."""
    found: Floats = (1 - told.averages(name, draws, families) / told.averages(other, draws, families)).mean(axis=1)
    return found


def _judged(one: Hypothesis, told: Outcomes, families: Sequence[str]) -> dict[str, Any]:
    (known,) = _intervals(told, [partial(_saved, told, one.of, one.against, families)])
    return {"saves": known.as_json(), "verdict": _verdict(known, float(one.better_by)), "trainings": told.design.seeds,
            "families": list(families)}  # fmt: skip


def _verdict(known: Interval, level: float) -> str:
    return {True: HOLDS, False: FAILS, None: UNDECIDED}[known.above(level)]


def _seeds(told: Outcomes) -> dict[str, list[float]]:
    """By family: mean J of every training, those that failed too."""
    there = [family for family in told.families if (family, LEARNED) in told.figures]
    return {family: told.costs(family, LEARNED).mean(axis=1).tolist() for family in there}


def _intervals(told: Outcomes, figures: Sequence[Figure]) -> list[Interval]:
    return intervals(told.design, lambda draws: np.stack([one(draws) for one in figures], axis=1), _random())


def _random() -> np.random.Generator:
    return np.random.default_rng(SEED)
