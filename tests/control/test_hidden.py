"""What an autoscaler has not been shown yet changes nothing that it decides: how quick pods truly are, between two scrapes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.control.test_control_plane import S, run

SCRAPE = 5 * S  # of the small crowd
OWN_FAULTS = ["faults.slow=null", "faults.dead=null"]


@settings(max_examples=15, deadline=None)
@given(service=st.sampled_from(["front", "stock", "ranks"]), at_ns=st.integers(0, 30 * S), factor=st.integers(2, 40),
       share=st.integers(1, 100))  # fmt: skip
def test_pods_may_be_slow_in_secret_until_the_next_scrape(service: str, at_ns: int, factor: int, share: int) -> None:
    """Property: decisions before the first scrape after it are those of the healthy mesh."""
    weak = f"faults.weak={{at: {at_ns}ns, for: 20s, slow: {{service: {service}, fraction: {share}%, factor: {factor}}}}}"
    told_ns = (at_ns // SCRAPE + 1) * SCRAPE
    (_, healthy), (_, ill) = run(*OWN_FAULTS, until=told_ns), run(*OWN_FAULTS, weak, until=told_ns)
    assert healthy.decisions == ill.decisions


def test_and_no_longer() -> None:
    """A mesh whose pods are slow decides otherwise once that was scraped: the property above is not empty."""
    weak = "faults.weak={at: 16s, for: 30s, slow: {service: stock, fraction: 100%, factor: 4}}"
    (healthy, before), (ill, after) = run(*OWN_FAULTS), run(*OWN_FAULTS, weak)
    assert healthy.plane.digest() != ill.plane.digest()
    parted = min(one.time_ns for one, other in zip(before.decisions, after.decisions, strict=False) if one != other)
    assert parted >= 20 * S
