"""What can be wrong with a description, as one tree.

    ParleyError                 anything a user can mend; the command line prints it and exits with `exit_code`
    └── ScenarioError           a scenario file, or a value set over it, breaks a rule (exit code 2)
        └── UnitError           a value is not a quantity of the unit asked for; also a ValueError, as pydantic expects
"""

from __future__ import annotations


class ParleyError(Exception):
    """Anything a user can mend. `exit_code` is what the command line returns."""

    exit_code = 2


class ScenarioError(ParleyError):
    """A description of a world breaks a rule; the message gives place, value, rule and the nearest right name."""


class UnitError(ScenarioError, ValueError):
    """A value is not a quantity of the unit asked for."""
