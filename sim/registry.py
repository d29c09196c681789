"""What makes a function a law: `@law` only registers it, so the reference engine and the tools never import numba.

A law is a plain function of numbers and records, one text for both engines: Python runs it as it stands, `sim.fast`
compiles the same object. Laws use `math.*` only (never NumPy's vector versions, whose last bit differs) and integers
of at most 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

LAWS: list[Callable[..., Any]] = []
SELDOM: list[Callable[..., Any]] = []


def law(function: Function) -> Function:
    """Register a rule that both engines share; its docstring begins with its number in SEMANTICS.md."""
    LAWS.append(function)
    return function


def seldom(function: Function) -> Function:
    """Mark a law that few worlds need, or a long one: compiled code calls it, where it takes the others in."""
    SELDOM.append(function)
    return function
