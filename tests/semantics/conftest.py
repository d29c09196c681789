"""Every test of this folder runs on both engines."""

from __future__ import annotations

import pytest

from tests.worlds import ENGINES


@pytest.fixture(params=ENGINES)
def engine(request):
    """The engine under test."""
    return request.param
