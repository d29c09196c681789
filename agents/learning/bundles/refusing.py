"""What is said where a bundle is not taken."""

from __future__ import annotations

from scenarios.errors import ParleyError


class BundleError(ParleyError):
    """A bundle, or a key of one, is not what it should be; nothing in it was run."""

    exit_code = 5


class ObservationError(ParleyError):
    """A policy is asked about something that is no observation of its own, or may do nothing at all."""
