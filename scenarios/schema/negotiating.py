"""What agents bargain for, and how: `negotiations:` of a scenario. The baselines sit in the same chair as the mechanisms."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from scenarios.schema.misreporting import Misreport
from scenarios.schema.model import OneOf, Part, Plain, Witness, field
from scenarios.schema.spilling import AllSeeing, Spill
from scenarios.schema.units import NS_PER_S, Duration, Number, Percent, PricePerHour, Rate, Share
from scenarios.schema.words import Name, Whole

_POOL, _CREDITS = "negotiations.pods.pool", "negotiations.relief.credits"
UNARRANGED = ("first_come", "selfish")  # whoever asks is served while there is some, and nobody divides
CLOCK_CALLS_MAX = 100  # prices that an English clock calls in a round at most
FLOW_MECHANISMS = ("dual", "bundles", "planner")  # which set how much of each class comes in, too
ASKING_CLASSES = ("dual", "bundles")  # what flow is worth to them
PAYING = ("uniform_price", "vcg", "english_clock", "k_double", "mcafee")  # under which services pay


Factor = Annotated[Number, Field(ge=0, le=1000)]


class Bidding(Part):
    """What a member says its units are worth to it, beside what it believes."""

    misreport: Number = field(
        1.0, says="what it multiplies its bids and wants by; 1 is the truth", ge=0, le=1000,
        seen=Witness("bidding", f"{_POOL}.members.left.misreport", (1, 3)))
    budget: PricePerHour | None = field(
        None, says="currency that its purse is refilled by, where members pay; it may bid whatever it likes if absent",
        seen=Witness("bidding", f"{_POOL}.members.left.budget", ("2000/h", "1/h")))


class Member(Bidding):
    """A service that takes its pods from the pool."""

    units: Whole = field(
        1, says="units of the pool that one of its pods takes", ge=1, le=1024,
        seen=Witness("market", f"{_POOL}.members.left.units", (1, 2)))
    floor: Whole = field(
        1, says="pods that are its own, whatever is negotiated: what is left where a lease has run out", ge=0, le=100_000,
        seen=Witness("cut_off", f"{_POOL}.members.left.floor", (1, 2)))
    priority: Whole = field(
        0, says="whose wants come first under strict_priority: the greater", ge=0, le=1000,
        seen=Witness("ranked", f"{_POOL}.members.right.priority", (0, 5)))
    weight: Number = field(
        1.0, says="its share among others, where a mechanism divides by weights", gt=0, le=1e6,
        seen=Witness("weighted", f"{_POOL}.members.left.weight", (1, 5)))


class Clock(Part):
    """An ascending price."""

    increment: PricePerHour = field(
        says="by which the price rises as long as more is wanted than there is", gt=0,
        seen=Witness("clocked", f"{_POOL}.by.english_clock.increment", ("1/h", "20/h")))


class Doubled(Part):
    """A double auction: who has more than it needs sells."""

    k: Share = field(
        0.5, says="where the price lies between the marginal ask, 0, and the marginal bid, 1",
        seen=Witness("doubled", f"{_POOL}.by.k_double.k", (0, 1), moves="decisions"))


class Dual(Part):
    """Prices of capacity and rates of flow find each other, by messages."""

    tolerance: Share = field(
        0.01, says="share of the capacity by which demand may miss it when prices have settled", gt=0, le=0.5,
        seen=Witness("flowing", f"{_POOL}.by.dual.tolerance", ("1%", "50%"), moves="messages"))
    rounds: Whole = field(
        40, says="prices that are tried at most", ge=1, le=1000,
        seen=Witness("flowing", f"{_POOL}.by.dual.rounds", (40, 1)))


class Bundles(Part):
    """Classes bid for so much flow from end to end; what pods that takes follows."""

    step: Rate = field(
        says="by how much flow the bundles of a class differ", gt=0,
        seen=Witness("bundled", f"{_POOL}.by.bundles.step", ("5/s", "20/s")))


class Conceding(Part):
    """Two who give way in turn."""

    strategy: Literal["zeuthen", "micro"] = field(
        "zeuthen", says="who concedes: the one who has less to lose by it (Zeuthen), or each as often as the other did (MiCRO)",
        seen=Witness("market", f"{_POOL}.by", (
            {"concession": {"strategy": "zeuthen"}}, {"concession": {"strategy": "micro"}}), moves="messages"))


class Mechanism(OneOf):
    """Who gets how much of a pool."""

    named: ClassVar[bool] = True
    first_come: Plain | None = field(
        None, says="nobody: who asks first is served first, as by a Kubernetes quota",
        seen=Witness("market", f"{_POOL}.by", ("first_come", "vcg")))
    selfish: Plain | None = field(
        None, says="nobody, and everyone takes all that might be of use, for nothing costs anything",
        seen=Witness("market", f"{_POOL}.by", ("selfish", "first_come")))
    proportional: Plain | None = field(
        None, says="in proportion to wants, by weight",
        seen=Witness("market", f"{_POOL}.by", ("proportional", "first_come")))
    strict_priority: Plain | None = field(
        None, says="one after the other by priority",
        seen=Witness("market", f"{_POOL}.by", ("strict_priority", "proportional")))
    planner: AllSeeing | None = field(
        None, says="a central planner that knows the calls of the mesh",
        seen=Witness("market", f"{_POOL}.by", ("planner", "proportional")))
    uniform_price: Plain | None = field(
        None, says="sealed bids: the highest win, and all pay the highest that lost",
        seen=Witness("market", f"{_POOL}.by", ("uniform_price", "proportional")))
    vcg: Plain | None = field(
        None, says="sealed bids: the best division wins, and each pays what others lose by it",
        seen=Witness("market", f"{_POOL}.by", ("vcg", "proportional")))
    english_clock: Clock | None = field(
        None, says="the price rises until no more is wanted than there is",
        seen=Witness("market", f"{_POOL}.by", ({"english_clock": {"increment": "5/h"}}, "proportional")))
    k_double: Doubled | None = field(
        None, says="members own their shares, and sell to each other at one price",
        seen=Witness("market", f"{_POOL}.by", ("k_double", "proportional")))
    mcafee: Plain | None = field(
        None, says="as k_double, by McAfee's rule: nobody gains by a lie, and at most one trade is lost",
        seen=Witness("market", f"{_POOL}.by", ("mcafee", "proportional")))
    nash: Plain | None = field(
        None, says="the division with the largest product of what each gains beyond its floor",
        seen=Witness("market", f"{_POOL}.by", ("nash", "first_come")))
    kalai_smorodinsky: Plain | None = field(
        None, says="equal shares of the most that each could gain",
        seen=Witness("market", f"{_POOL}.by", ("kalai_smorodinsky", "first_come")))
    egalitarian: Plain | None = field(
        None, says="the least gain is as large as can be",
        seen=Witness("market", f"{_POOL}.by", ("egalitarian", "first_come")))
    concession: Conceding | None = field(
        None, says="two members concede to each other until one accepts",
        seen=Witness("market", f"{_POOL}.by", ("concession", "first_come")))
    dual: Dual | None = field(
        None, says="flow from end to end, by class, at prices for capacity; pods follow",
        seen=Witness("market", f"{_POOL}.by", ("dual", "proportional")))
    bundles: Bundles | None = field(
        None, says="flow from end to end, by class, in a combinatorial auction; pods follow",
        seen=Witness("market", f"{_POOL}.by", ({"bundles": {"step": "5/s"}}, "proportional")))


class Pool(Part):
    """Capacity that services share: pods on scarce nodes, a quota between teams, GPUs."""

    capacity: Whole = field(
        says="units there are", ge=1, le=1_000_000,
        seen=Witness("market", f"{_POOL}.capacity", (12, 9)))
    members: Annotated[dict[Name, Member], Field(min_length=2)] = field(
        says="the services that share it, and what each is like",
        seen=Witness("market", f"{_POOL}.members", ({"left": {}, "right": {}}, {"left": {"units": 2}, "right": {}})))
    by: Mechanism = field(
        says="who gets how much",
        seen=Witness("market", f"{_POOL}.by", ("vcg", "proportional")))
    price: PricePerHour = field(
        0.0, says="what a unit is not given away below, of the scenario's currency",
        seen=Witness("market", f"{_POOL}.price", ("0.01/h", "20/h")))
    worth: dict[Name, Number] = field(
        {}, says="what a thousand good answers of a class are worth, of the scenario's currency; 1 where it is not said",
        seen=Witness("market", f"{_POOL}.worth", ({}, {"many": 0.01})))
    misreport: dict[Name, Misreport] = field(
        {}, says="classes that say of their flow what is not so, where they are asked: under dual and bundles",
        seen=Witness("flowing", f"{_POOL}.misreport", ({}, {"many": {"rate": 3}})))
    spread: Share = field(
        0.2, says="standard deviation of the load to come, as a share of what is seen",
        seen=Witness("market", f"{_POOL}.spread", ("20%", "80%")))
    target_utilization: Percent = field(
        0.9, says="share of a pod's working capacity that is counted on", gt=0, le=1,
        seen=Witness("market", f"{_POOL}.target_utilization", ("90%", "40%")))


class BackPressure(Part):
    """Who is asked for credits, and how far scarcity travels."""

    passes_on: bool = field(
        True, says="whether a caller asks for what its own callers could use, and grants them no more than it can send on",
        seen=Witness("chain", f"{_CREDITS}.by.credits.passes_on", (True, False)))


class Sharing(OneOf):
    """Who may send how much to a service that is short of capacity."""

    named: ClassVar[bool] = True
    none: Plain | None = field(
        None, says="nobody decides: everybody sends what he likes",
        seen=Witness("chain", f"{_CREDITS}.by", ("none", "proportional")))
    proportional: Plain | None = field(
        None, says="in proportion to what each route would carry",
        seen=Witness("chain", f"{_CREDITS}.by", ("proportional", "strict_priority")))
    strict_priority: Plain | None = field(
        None, says="one after the other by the priority of the classes that come by a route",
        seen=Witness("chain", f"{_CREDITS}.by", ("strict_priority", "none")))
    credits: BackPressure | None = field(
        None, says="who is worth most for the pods it takes comes first, and what cannot be sent on is not let in",
        seen=Witness("chain", f"{_CREDITS}.by", ("credits", "strict_priority")))
    planner: AllSeeing | None = field(
        None, says="a central planner that knows the calls of the mesh",
        seen=Witness("chain", f"{_CREDITS}.by", ("planner", "credits")))


class Credits(Part):
    """Tries that callers may send to services, and how many of them may be retries."""

    services: Annotated[tuple[Name, ...], Field(min_length=1)] = field(
        says="who grants credits to its callers, from the entry to the end of the chain",
        seen=Witness("chain", f"{_CREDITS}.services", (["edge", "middle", "end"], ["edge"])))
    by: Sharing = field(
        says="who may send how much",
        seen=Witness("chain", f"{_CREDITS}.by", ("credits", "none")))
    worth: dict[Name, Number] = field(
        {}, says="what a thousand good answers of a class are worth, of the scenario's currency; 1 where it is not said",
        seen=Witness("chain", f"{_CREDITS}.worth", ({"buyers": 5}, {"visitors": 5})))
    misreport: dict[Name, Factor] = field(
        {}, says="callers, and what they multiply by what they say they could use; 1 is the truth",
        seen=Witness("chain", f"{_CREDITS}.misreport", ({}, {"visitors": 3})))
    floor: Share = field(
        0.1, says="share of the file's pods that is its callers' own, the same for each route: what they may send without a lease",
        seen=Witness("chain", f"{_CREDITS}.floor", ("10%", "60%")))
    spread: Share = field(
        0.2, says="standard deviation of the load to come, as a share of what is seen",
        seen=Witness("chain", f"{_CREDITS}.spread", ("20%", "80%")))
    target_utilization: Percent = field(
        0.9, says="share of a pod's working capacity that is granted", gt=0, le=1,
        seen=Witness("chain", f"{_CREDITS}.target_utilization", ("90%", "40%")))


class Negotiation(OneOf):
    """One thing that agents bargain for, again and again."""

    modifiers = frozenset({"every", "deadline", "lease"})
    every: Duration = field(
        15 * NS_PER_S, says="from one round to the next", gt=0,
        seen=Witness("market", "negotiations.pods.every", ("2s", "5s")))
    deadline: Duration = field(
        2 * NS_PER_S, says="how long a round waits for an answer", gt=0,
        seen=Witness("slow_answers", "negotiations.pods.deadline", ("1s", "100ms")))
    lease: Duration = field(
        60 * NS_PER_S, says="for how long what is granted holds, unless it is granted anew", gt=0,
        seen=Witness("cut_off", "negotiations.pods.lease", ("4s", "12s")))
    pool: Pool | None = field(
        None, says="capacity",
        seen=Witness("market", _POOL, (
            {"capacity": 12, "members": {"left": {}, "right": {}}, "by": "vcg"},
            {"capacity": 8, "members": {"left": {}, "right": {}}, "by": "vcg"})))
    spill: Spill | None = field(
        None, says="who takes traffic that its own zone cannot serve",
        seen=Witness("crossing", "negotiations.crossing.spill", (
            {"service": "api", "by": "contract_net"}, {"service": "api", "by": "stay"})))
    credits: Credits | None = field(
        None, says="what callers may send, and send again",
        seen=Witness("chain", _CREDITS, (
            {"services": ["edge", "middle", "end"], "by": "credits"},
            {"services": ["edge", "middle", "end"], "by": "none"})))

    @model_validator(mode="after")
    def _in_time(self) -> Negotiation:
        if 2 * self.deadline > self.every:
            raise ValueError("has rounds that begin before the one before is over: every must be at least twice the deadline")
        if self.lease <= self.every:
            raise ValueError("grants leases that end before the next round: lease must be longer than every")
        return self
