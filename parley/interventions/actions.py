"""What may be done to a running world from outside, and its one spelling: `Scale(catalog, +4)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from parley.errors import UsageError
from scenarios.errors import UnitError
from scenarios.naming import suggestion
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import format_duration, parse_duration, parse_share

REPLICAS_MAX = 100_000
FACTOR_MAX = 1e6


@dataclass(frozen=True)
class Scale:
    """So many more or fewer pods of a service, or so many in all."""

    service: str
    by: int | None  # None: `to` is meant
    to: int = 0

    def __str__(self) -> str:
        return f"Scale({self.service}, {self.to if self.by is None else format(self.by, '+d')})"

    def target(self, replicas: int) -> int:
        """Pods wanted where there are so many."""
        return max(0, self.to if self.by is None else replicas + self.by)


@dataclass(frozen=True)
class Kill:
    """Serving pods die with all they hold: the oldest, the one of that number, or a share of them, the oldest first."""

    service: str
    pod: int | None = None
    share: float | None = None

    def __str__(self) -> str:
        which = "" if self.pod is None and self.share is None else f", {self.pod}" if self.share is None else f", {_percent(self.share)}"
        return f"Kill({self.service}{which})"


@dataclass(frozen=True)
class Slow:
    """Work of a service's pods, or of a share of them, takes so many times as long."""

    service: str
    factor: float
    share: float = 1.0

    def __str__(self) -> str:
        return f"Slow({self.service}, {self.factor:g}{_of(self.share)})"


@dataclass(frozen=True)
class Fail:
    """So many of the calls to a service's pods, or to a share of them, fail at once."""

    service: str
    rate: float
    share: float = 1.0

    def __str__(self) -> str:
        return f"Fail({self.service}, {_percent(self.rate)}{_of(self.share)})"


@dataclass(frozen=True)
class Drain:
    """A node, or all of a zone, takes no pods and gives up those it has, as their budgets allow."""

    place: str

    def __str__(self) -> str:
        return f"Drain({self.place})"


@dataclass(frozen=True)
class Lose:
    """A node, or all of a zone or region, goes down with all its pods, for a while or for good."""

    place: str
    for_ns: int | None = None

    def __str__(self) -> str:
        return f"Lose({self.place}{'' if self.for_ns is None else f', {format_duration(self.for_ns)}'})"


@dataclass(frozen=True)
class Load:
    """So many times the requests of a class."""

    workload: str
    factor: float

    def __str__(self) -> str:
        return f"Load({self.workload}, x{self.factor:g})"


@dataclass(frozen=True)
class Set:
    """A value of the file that nothing has used before."""

    path: str
    value: str

    def __str__(self) -> str:
        return f"Set({self.path}={self.value})"


Lever = Scale | Kill | Slow | Fail | Drain | Lose  # pulled on the running world
OfFile = Load | Set  # a change of the file that shows from then on
Action = Lever | OfFile
OF_FILE = (Load, Set)

SPELLINGS = {
    "Scale": "Scale(service, +4), Scale(service, -2) or Scale(service, 10)",
    "Kill": "Kill(service), Kill(service, 3) for pod 3, or Kill(service, 50%)",
    "Slow": "Slow(service, 4), or Slow(service, 4, 25%) for a quarter of its pods",
    "Fail": "Fail(service, 20%), or Fail(service, 20%, 25%) for a quarter of its pods",
    "Drain": "Drain(node) or Drain(zone)",
    "Lose": "Lose(node), Lose(zone) or Lose(region), and with a comma for how long: Lose(west, 90s)",
    "Load": "Load(workload, x1.5)",
    "Set": "Set(path=value)",
}
ALL = ", ".join(SPELLINGS)
_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*\((.*)\)\s*", re.DOTALL)


def parsed(text: str, world: Scenario) -> Action:
    """An action from its spelling, with names that the world has. Raises UsageError, which says what is right."""
    given = _CALL.fullmatch(text)
    if given is None:
        raise UsageError(f"do {text!r}: is not an action; write it like {SPELLINGS['Scale']} (there are {ALL})")
    name, inside = given[1], given[2].strip()
    right = {known.lower(): known for known in SPELLINGS}.get(name.lower())
    if right is None:
        raise UsageError(f"do {text!r}: {name} is not an action{suggestion(name, SPELLINGS)}; there are {ALL}")
    arguments = [inside] if right == "Set" else [part.strip() for part in inside.split(",")] if inside else []
    try:
        return _PARSERS[right](arguments, world)
    except (UnitError, ValueError) as fault:
        raise UsageError(f"do {text!r}: {fault}; write {SPELLINGS[right]}") from None


def _scale(given: list[str], world: Scenario) -> Scale:
    service, amount = _some(given, 2, 2)
    if re.fullmatch(r"[+-]?\d{1,9}", amount, re.ASCII) is None:
        raise ValueError(f"{amount!r} is not a number of pods")
    number = int(amount)
    if abs(number) > REPLICAS_MAX:
        raise ValueError(f"{amount} is more than {REPLICAS_MAX:,} pods")
    of = _named(service, world.services, "service")
    return Scale(of, number) if amount[0] in "+-" else Scale(of, None, number)


def _kill(given: list[str], world: Scenario) -> Kill:
    service, *which = _some(given, 1, 2)
    of = _named(service, world.services, "service")
    if not which:
        return Kill(of)
    number = re.fullmatch(rf"(?:{re.escape(of)}-)?(\d{{1,9}})", which[0], re.ASCII)  # a pod is called catalog-3, too
    return Kill(of, int(number[1])) if number else Kill(of, share=_share(which[0]))


def _slow(given: list[str], world: Scenario) -> Slow:
    service, factor, *share = _some(given, 2, 3)
    return Slow(_named(service, world.services, "service"), _factor(factor), *map(_share, share))


def _fail(given: list[str], world: Scenario) -> Fail:
    service, rate, *share = _some(given, 2, 3)
    return Fail(_named(service, world.services, "service"), parse_share(rate), *map(_share, share))


def _drain(given: list[str], _: Scenario) -> Drain:
    return Drain(*_some(given, 1, 1))


def _lose(given: list[str], _: Scenario) -> Lose:
    place, *lasting = _some(given, 1, 2)
    if not lasting:
        return Lose(place)
    for_ns = parse_duration(lasting[0])
    if for_ns <= 0:
        raise ValueError(f"{lasting[0]} is no time at all")
    return Lose(place, for_ns)


def _load(given: list[str], world: Scenario) -> Load:
    workload, factor = _some(given, 2, 2)
    return Load(_named(workload, world.workload, "workload"), _factor(factor, least=0.0))


def _set(given: list[str], _: Scenario) -> Set:
    path, equals, value = given[0].partition("=")
    if not equals or not path.strip():
        raise ValueError(f"{given[0]!r} is not path=value")
    return Set(path.strip(), value.strip())


_PARSERS: dict[str, Callable[[list[str], Scenario], Action]] = {
    "Scale": _scale, "Kill": _kill, "Slow": _slow, "Fail": _fail, "Drain": _drain, "Lose": _lose, "Load": _load, "Set": _set,
}  # fmt: skip


def _some(given: list[str], least: int, most: int) -> list[str]:
    if not least <= len(given) <= most or not all(given):
        few = f"{least}" if least == most else f"{least} to {most}"
        raise ValueError(f"it takes {few} argument{'s' if most > 1 else ''}, not {len([one for one in given if one])}")
    return given


def _named(name: str, names: Mapping[str, object], what: str) -> str:
    if name not in names:
        raise ValueError(f"there is no {what} {name!r}{suggestion(name, names) or '; there are ' + ', '.join([*names][:12])}")
    return name


def _factor(text: str, least: float | None = None) -> float:
    """`x1.5` or `1.5`; above 0, or from `least` on."""
    if re.fullmatch(r"x?(\d{1,9}(\.\d{0,9})?|\.\d{1,9})", text, re.ASCII) is None:
        raise ValueError(f"{text!r} is not a factor")
    factor = float(text.removeprefix("x"))
    if factor > FACTOR_MAX or (factor <= 0.0 and least is None):
        raise ValueError(f"a factor of {text} is not above 0 and at most {FACTOR_MAX:,.0f}")
    return factor


def _share(text: str) -> float:
    share = parse_share(text)
    if share == 0.0:
        raise ValueError(f"a share of {text} is nobody")
    return share


def _percent(share: float) -> str:
    return f"{100 * share:g}%"


def _of(share: float) -> str:
    return "" if share == 1.0 else f", {_percent(share)}"
