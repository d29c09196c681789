"""Which numbers of a scenario are uncertain, between which ends, and by which short names people speak of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from parley.errors import UsageError
from parley.runs.running import Described
from parley.sweeps.axes import RANGE, pairs_of, range_unit
from scenarios.guessing import EXAMPLE, Guess, guess_between
from scenarios.load import guesses
from scenarios.schema.changing import split
from scenarios.schema.placed import Place
from scenarios.schema.scenario import Scenario
from scenarios.yaml_reading import read_yaml

INPUTS_MAX = 200
FORMS = {"constant", "exponential", "lognormal", "gamma", "pareto", "uniform", "mixture", "of", "mean", "poisson", "rate",
         "endpoints"}  # fmt: skip  # words of a path that say how, not what

Ends = Mapping[str, Any] | Sequence[str]  # {"services.cart.replicas": (2, 6)}, or ["services.cart.replicas=2..6"]


def inputs_of(scenario: Described, world: Scenario, changes: Sequence[str], vary: Ends) -> tuple[Guess, ...]:
    """The guesses of a scenario and of `--set`, and what is varied beside them or between other ends. Raises ParleyError."""
    written = () if isinstance(scenario, Scenario) else guesses(scenario, changes)
    found = {known.path: replace(known, guess=one.guess)  # as it is written
             for one in written for known in [guess_between(world, one.path, one.low, one.high, Place("guess"))]}  # fmt: skip
    seen: set[str] = set()
    for path, low, high in _ends(vary):
        one = guess_between(world, path, low, high, Place(f"--vary {path}={low}..{high}"))
        if one.path in seen:
            raise UsageError(f"--vary {path}: is varied twice; give it one range")
        seen.add(one.path)
        found[one.path] = one
    if not found:
        raise UsageError(f"no number of this scenario is uncertain; write one as {EXAMPLE}, or --vary PATH=low..high")
    if len(found) > INPUTS_MAX:
        raise UsageError(f"{len(found)} numbers are uncertain, more than {INPUTS_MAX}")
    return tuple(found.values())


def short_names(paths: Sequence[str]) -> list[str]:
    """`catalog.work` for `services.catalog.endpoints.get.0.work.exponential`; as much longer as it takes to tell them apart."""
    choices = [[*_shorter(split(path) or [path]), path] for path in paths]
    for length in range(max(map(len, choices))):
        names = [some[min(length, len(some) - 1)] for some in choices]
        taken = Counter(names)
        if all(count == 1 for count in taken.values()):
            return names
        choices = [[some[min(length, len(some) - 1)]] if taken[name] == 1 else some for some, name in zip(choices, names, strict=True)]
    return list(paths)


def _shorter(keys: Sequence[str]) -> Iterator[str]:
    """Ways to call a path, the shortest first."""
    words = [key for key in keys if key not in FORMS and not key.isdecimal()]
    if len(words) <= 1:
        yield ".".join(words or keys)
        return
    owner, rest = (words[1], words[2:]) if len(words) > 2 else (words[0], words[1:])
    for count in range(1, len(rest) + 1):
        yield ".".join([owner, *rest[-count:]])
    yield ".".join([owner, *[key for key in keys[keys.index(owner) + 1 :] if key != "endpoints"]])


def _ends(vary: Ends) -> Iterator[tuple[str, Any, Any]]:
    for path, spec in pairs_of(vary):
        low, high = _between(path, spec) if isinstance(spec, str) else spec if len(spec) == 2 else (None, None)
        if low is None or high is None:
            raise UsageError(f"--vary {path}: {spec!r} is no range; write it like 2..6 or 5ms..14ms")
        yield path.strip(), low, high


def _between(path: str, spec: str) -> tuple[Any, Any]:
    """The two ends of a range; where only one has a unit it is that of both."""
    match = RANGE.fullmatch(spec)
    if match is not None and match[5] is None:
        unit = range_unit(path, spec, match)
        low, high = f"{match[1]}{match[2] or unit}", f"{match[3]}{match[4] or unit}"
    else:
        low, _, high = spec.partition("..")
    label = f"--vary {path}={spec}"
    return read_yaml(low, label, lines=False), read_yaml(high, label, lines=False)
