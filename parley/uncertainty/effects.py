"""What was found of uncertain inputs: each with its effects, and all together as one sentence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from parley.uncertainty.indices import Elementary, Index
from parley.wording import number, percent

CLEAR = 0.5  # three quarters of all movement goes one way: from here on an input has a direction
SHARES = ("good", "availability", "quality", "utilization", "hit_ratio", "stale_share")  # last words of figures that are shares


@dataclass(frozen=True)
class Effect:
    """One input: where it may lie, and what it does to the output."""

    name: str  # short
    path: str
    low: str
    guess: str
    high: str
    is_logarithmic: bool
    tendency: float  # -1 the output always falls as the input grows ... 1 always rises
    moves: Elementary | None  # where Morris looked
    index: Index | None  # where Sobol looked; None for those that were screened out

    @property
    def is_screened_out(self) -> bool:
        """Whether Morris found it too weak to look at again."""
        return self.index is None and self.moves is not None

    @property
    def direction(self) -> str:
        """rises, falls, or both ways: what the output does as the input grows; empty where nothing moves it."""
        if self.tendency == 0:
            return ""
        return "both ways" if abs(self.tendency) < CLEAR else "rises" if self.tendency > 0 else "falls"

    @property
    def weight(self) -> tuple[float, float]:
        """By which effects are put in order."""
        return (-1.0 if self.index is None else self.index.total, 0.0 if self.moves is None else self.moves.mu_star)


@dataclass(frozen=True)
class Findings:
    """The output at the guess, how sure the simulation is of it, and how far the inputs may move it."""

    of: str
    mean: float  # at the guess
    simulation: float  # half-width (95 %) of the mean over so many seeds
    seeds: int
    inputs: float | None  # half the width of the central 95 % of the output over the inputs; where Sobol looked
    span: tuple[float, float] | None  # that range itself
    noise_share: float | None  # of the output's variance over the inputs: how much of it an evaluation's seeds may have added
    effects: tuple[Effect, ...]  # the strongest first

    @property
    def sentence(self) -> str:
        """`p99 = 310 ms, ± 12 from simulation, ± 140 from inputs, 71 % of it catalog.work`."""
        name, unit = figure_name(self.of)
        said = f"{name} = {written(self.of, self.mean)}, ± {_width(self.of, self.simulation)} from simulation"
        first = self.effects[0]
        if self.inputs is not None and self.inputs > 0 and first.index is not None:
            return f"{said}, ± {_width(self.of, self.inputs)} from inputs, {100 * min(1.0, first.index.total):.0f} % of it {first.name}"
        if self.inputs is None and first.moves is not None and first.moves.mu_star > 0:
            return f"{said}; {first.name} moves it most, by {_width(self.of, first.moves.mu_star)}{unit} over its range"
        return f"{said}; no input moves it"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        effects = [asdict(one) | {"direction": one.direction, "screened_out": one.is_screened_out} for one in self.effects]
        return asdict(self) | {"sentence": self.sentence, "effects": effects}


def findings_of(content: dict[str, Any]) -> Findings:
    """The same from JSON."""
    effects = tuple(
        Effect(one["name"], one["path"], one["low"], one["guess"], one["high"], one["is_logarithmic"], one["tendency"],
               None if one["moves"] is None else Elementary(**one["moves"]), None if one["index"] is None else Index(**one["index"]))
        for one in content["effects"]
    )  # fmt: skip
    plain = {key: content[key] for key in ("of", "mean", "simulation", "seeds", "inputs", "noise_share")}
    return Findings(**plain, span=None if content["span"] is None else tuple(content["span"]), effects=effects)


def figure_name(of: str) -> tuple[str, str]:
    """(`p99`, ` ms`) of `latency_ms.p99`; with whose it is where it is not everybody's."""
    words = of.split(".")
    if "latency_ms" in words:
        owner = ".".join(words[1 : words.index("latency_ms")])
        return f"{owner} {words[-1]}".strip(), " ms"
    return (".".join(words[1:]) if len(words) > 2 else of), " points" if words[-1] in SHARES else " ms" if of.endswith("_ms") else ""


def written(of: str, value: float) -> str:
    """A figure with its unit."""
    if of.rpartition(".")[2] in SHARES:
        return percent(value)
    return f"{number(value)}{figure_name(of)[1]}"


def _width(of: str, value: float) -> str:
    return number(100 * value if of.rpartition(".")[2] in SHARES else value, 2)
