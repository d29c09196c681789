"""policy.json: what a policy sees, may do, was trained on and came to, for programs and people who serve it."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, ValidationError

from agents.learning.bundles.packing import DESCRIBED
from agents.learning.bundles.records import Record
from agents.learning.bundles.refusing import BundleError
from agents.learning.bundles.sealing import first_of
from agents.learning.observing import FRAMES
from agents.learning.scaling.actions import ACTION_SETS
from agents.learning.scaling.features import FEATURES
from agents.learning.scaling.guard import DOWN, STALE_TICKS, UP

FORMAT = 1
BINS = 10
Share = Annotated[float, Field(ge=0, le=1)]
Bounds = tuple[float, float]


class FeatureLine(Record):
    """One number of a frame, as agents/learning/scaling/features.py has it."""

    name: str
    says: str
    unit: str
    low: float
    high: float
    usual: Bounds
    unknown: float  # what is shown where it is not known
    query: str  # in PromQL; $service, $workload, $tick and $objective_ms stand for what their names say


class ActionTable(Record):
    """What an action is, by its number."""

    name: str
    labels: tuple[str, ...]
    follows: int | None  # the one that does as the rule


class GuardLine(Record):
    """What the guard lets pass in one decision: at most `up` times the pods asked for, at least `down` times; none on old figures."""

    up: float
    down: float
    stale_ticks: float


class TaskLine(Record):
    """What was learned, and where."""

    id: str | None  # of the frozen task; None for a world of somebody's own
    scenario: str
    scenario_sha256: str  # of the resolved world
    ticks: int
    varied: dict[str, str]  # by path of the scenario: low..high
    weights: dict[str, float]  # of the reward's terms


class Provenance(Record):
    """The training it comes from."""

    seed: int
    leg: int
    decisions: int  # of single services, up to that leg
    seeds: int  # how many were trained beside it
    command: str
    versions: dict[str, str]
    weights_sha256: str  # of the file of weights


def bins_of(edges: ArrayLike, values: NDArray[np.float64]) -> NDArray[np.int64]:
    """(values,) the bin of each: (edges[i], edges[i + 1]], the first with its lower end; what lies outside is in the outermost."""
    found: NDArray[np.int64] = np.searchsorted(np.asarray(edges)[1:-1], values, side="left")
    return found


class Inputs(Record):
    """One feature as it was met by this policy on the worlds of its task: to tell drift by the population stability index.

    With q_i the share of today's readings in bin i: PSI = sum (q_i - p_i) ln(q_i / p_i); 0.1 is customary to look, 0.25 to fall back.
    """

    mean: float
    deciles: tuple[float, ...]  # 11 of them, from the least to the greatest
    shares: tuple[Share, ...]  # p_i of the 10 bins between them: (deciles[i], deciles[i + 1]], the first with its lower end


class Judged(Record):
    """How one did on held-out episodes; means of a tick, and the reward of each episode."""

    reward: float
    violation: float
    pods: float
    rewards: tuple[float, ...]


class Against(Record):
    """A difference in reward by pairs of the same episode, with the half-width of its 95 % interval; None for a single episode."""

    difference: float
    half_width: float | None


class Losses(Record):
    """What a rule, the policy and its tree come to on the same episodes, none of which it was trained or chosen on."""

    seeds: tuple[int, ...]
    rule: Judged
    policy: Judged
    tree: Judged
    policy_over_rule: Against
    tree_over_policy: Against
    leaves: int
    agreement: Share  # of the tree's actions with the policy's, on what the tree meets


class Described(Record):
    """policy.json."""

    format: Literal[1]
    name: str
    chair: Literal["scaling"]
    frames: int  # looks in an observation, the newest first
    features: tuple[FeatureLine, ...]  # of one look, in order
    actions: ActionTable
    guard: GuardLine
    tick_s: Annotated[float, Field(gt=0, allow_inf_nan=False)]  # between two decisions
    task: TaskLine
    training: Provenance
    inputs: dict[str, Inputs]  # by feature, of the newest look
    safe_region: dict[str, Bounds]  # by feature: where it was met; an evaluation may tighten it
    measured: Losses

    @property
    def width(self) -> int:
        """Numbers of an observation."""
        return self.frames * len(self.features)

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """(lowest, highest) of each number of an observation."""
        return (tuple(one.low for one in self.features) * self.frames, tuple(one.high for one in self.features) * self.frames)


FEATURE_LINES = tuple(
    FeatureLine(name=one.name, says=one.says, unit=one.unit, low=float(one.low), high=float(one.high),
                usual=(float(one.usual[0]), float(one.usual[1])), unknown=float(one.unknown), query=one.query)
    for one in FEATURES
)  # fmt: skip
GUARD = GuardLine(up=UP, down=DOWN, stale_ticks=STALE_TICKS)


def action_table(name: str) -> ActionTable:
    """Of an action set."""
    one = ACTION_SETS[name]
    return ActionTable(name=name, labels=one.labels, follows=one.follows)


def described(content: bytes) -> Described:
    """policy.json, where it is of a policy that this Parley can seat. Raises BundleError."""
    try:
        found = Described.from_json(content)
    except ValidationError as fault:
        raise BundleError(f"{DESCRIBED}: is no description of a policy in format {FORMAT}: {first_of(fault)}") from None
    _require_fit(found)
    return found


def _require_fit(found: Described) -> None:
    """It sees, does and is held back by what it was trained with."""
    if found.frames != FRAMES:
        raise BundleError(f"{DESCRIBED}: it looks at {found.frames} frames, and this Parley shows {FRAMES}: train it again")
    if len(found.features) != len(FEATURE_LINES):
        raise BundleError(f"{DESCRIBED}: sees {len(found.features)} features, not the {len(FEATURE_LINES)} of this Parley: train it again")
    for place, (its, ours) in enumerate(zip(found.features, FEATURE_LINES, strict=True)):
        for what in ("name", "unit", "low", "high", "unknown"):
            if getattr(its, what) != getattr(ours, what):
                raise BundleError(f"{DESCRIBED}: features.{place}.{what} is {getattr(its, what)!r}, and this Parley shows it "
                                  f"{ours.name!r} with {getattr(ours, what)!r}: train it again")  # fmt: skip
    if found.actions.name not in ACTION_SETS or found.actions != action_table(found.actions.name):
        raise BundleError(f"{DESCRIBED}: its actions {found.actions.name!r} are not those of this Parley: train it again")
    if found.guard != GUARD:
        raise BundleError(f"{DESCRIBED}: it was trained behind another guard than this Parley has: train it again")
    names = {one.name for one in found.features}
    for what, given in (("inputs", found.inputs.keys()), ("safe_region", found.safe_region.keys())):
        if given != names:
            raise BundleError(f"{DESCRIBED}: {what} is of other features than it sees")
    if any(len(one.deciles) != BINS + 1 or len(one.shares) != BINS for one in found.inputs.values()):
        raise BundleError(f"{DESCRIBED}: inputs have {BINS + 1} deciles and {BINS} shares each")
