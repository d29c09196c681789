"""What somebody says of itself that is not so: it speaks as one of another kind would, and acts by the truth."""

from __future__ import annotations

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Number


class Misreport(Part):
    """Factors between what is so and what is said; 1 is the truth."""

    worth: Number = field(
        1.0, says="what it multiplies the worth of its good answers by, where it says what something is worth to it", ge=0, le=1000,
        seen=Witness("bundled", "negotiations.pods.pool.misreport.many.worth", (1, 5)))
    rate: Number = field(
        1.0, says="what it multiplies its demand by, where it says how much it wants, or has room for beside that", ge=0, le=1000,
        seen=Witness("flowing", "negotiations.pods.pool.misreport.many.rate", (1, 3)))


TRUTH = Misreport()
