"""Files of weights: tensors, numbers and text, read without running anything of them."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from typing import Any

import torch

from scenarios.errors import ParleyError

UNREADABLE = (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, TypeError, ValueError)


class WeightsError(ParleyError):
    """A file does not hold the weights that it should."""

    exit_code = 5


def weights_in(state: bytes) -> Mapping[str, Any]:
    """What `parley train` kept: leg, note, policy and optimizer. Raises one of UNREADABLE."""
    kept: Mapping[str, Any] = torch.load(io.BytesIO(state), weights_only=True)
    return kept


def no_weights(fault: Exception) -> WeightsError:
    """The sentence for a file that is none."""
    lines = [line.strip() for line in str(fault).splitlines()]
    why = " ".join(lines[:2]) or type(fault).__name__  # torch has what it is about in the second one
    return WeightsError(f"is no state of this training, and nothing in it was run: {why}")
