"""A sample of many cases for every day: `make test` runs it, and `make test-all` the others too, which are marked slow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], quick: Callable[[Any], bool]) -> list[Any]:
    """The cases of a `parametrize`; those that are not quick are slow."""
    return [case if quick(case) else pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow) for case in cases]
