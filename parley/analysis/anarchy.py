"""What selfish play between zones would come to at the load of a stretch of a run, were all news instant: its price of anarchy."""

from __future__ import annotations

from agents.negotiation.parties.zones.game import Anarchy, game_at
from parley.analysis.flows import Stretch
from parley.errors import UsageError
from scenarios.schema.scenario import Scenario


def anarchy_of(world: Scenario, over: Stretch, negotiation: str | None = None, step: int = 20) -> Anarchy:
    """Equilibria that best responses end in, verified, and what the worst of them costs over the least cost of all profiles.

    Flows are the means that the file offers over the stretch; pods those of the file, dealt to zones in turn; splits differ by
    `step` percent. `negotiation`: which, where several are about traffic that crosses zones. Raises UsageError.
    """
    names = [name for name, one in world.negotiations.items() if one.spill is not None]
    if negotiation is None and len(names) != 1:
        raise UsageError(f"{world.name} has {len(names)} negotiations about traffic that crosses zones; name one of {', '.join(names)}"
                         if names else f"in {world.name} nobody bargains for traffic that crosses zones")  # fmt: skip
    name = names[0] if negotiation is None else negotiation
    if name not in names:
        raise UsageError(f"{name!r} is no negotiation about traffic that crosses zones; there are {', '.join(names) or 'none'}")
    try:
        return game_at(world, name, over.start_ns, over.end_ns, step).anarchy()
    except ValueError as error:
        raise UsageError(str(error)) from None
