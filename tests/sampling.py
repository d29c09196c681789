"""A sample of many cases for every day: `make test` runs it, and `make test-all` the others too, which are marked slow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], quick: Callable[[Any], bool]) -> list[Any]:
    """The cases of a `parametrize`; those that are not quick are slow."""
    several = [(case, case if isinstance(case, tuple) else (case,)) for case in cases]
    return [pytest.param(*values, marks=() if quick(case) else pytest.mark.slow) for case, values in several]
