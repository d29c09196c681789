"""What kernels keep of a service that is a database, and of what it has committed."""

from __future__ import annotations

from sim.records import REPLICATION_TALLY, Record

DATABASE = Record("Database", (
    *REPLICATION_TALLY.fields,
    ("primary", "i4"),  # its pod; -1: nobody
    ("primaries", "i4"),  # so far
    ("standbys", "i4"),  # the list of them
    ("mode", "i4"),  # LOCAL, FIRST, EVERY
    ("lag", "i4"),  # distribution
    ("stale_quality", "i4"),  # parts per million
))  # fmt: skip
COMMITTED = Record("Committed", (("time_ns", "i8"), ("database", "i8")))
