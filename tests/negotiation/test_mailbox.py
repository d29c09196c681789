"""The agents' network: fates by address, cuts, crashes, ties, and a log that knows what became of everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from agents.mailbox import ControlNetwork, Fate, Posted
from agents.negotiation.messages import Message, Performative
from scenarios.schema.control_network import ControlNetwork as Described
from sim.clock import ControlClock, ControlPhase

MS = 1_000_000


def message(sender: str, receiver: str, conversation_id: str = "c1", content: dict[str, Any] | None = None) -> Message:
    return Message(Performative.INFORM, sender, receiver, "chat", conversation_id, content or {})


class World:
    """A network, a clock, and what everybody heard."""

    def __init__(self, names: str = "ab", seed: int = 1, **described: Any) -> None:
        self.clock = ControlClock()
        self.network = ControlNetwork(Described(**described), seed, self.clock)
        self.heard: list[tuple[int, Message]] = []
        for name in names:
            self.network.join(name, self.hear)

    def hear(self, message: Message) -> None:
        self.heard.append((self.clock.now_ns, message))

    def at(self, ms: int, action: Callable[[], None]) -> None:
        self.clock.at(ms * MS, ControlPhase.WAKE, "test", action)

    def post(self, *messages: Message) -> None:
        for one in messages:
            self.network.post(one)

    def run(self, ms: int = 10_000) -> list[Posted]:
        self.clock.env.run(until=ms * MS)
        return self.network.log

    def fates(self) -> list[Fate]:
        return [row.fate for row in self.run()]


def test_a_message_arrives_after_its_latency() -> None:
    """With a latency of 5 ms what is said at 0 is heard at 5 ms; until then its row says that it is in flight."""
    world = World(latency="5ms")
    world.post(message("a", "b", content={"price": 1.5}))
    row = world.run(ms=5)[0]
    assert (row.fate, row.delivered_ns) == (Fate.IN_FLIGHT, None)
    row = world.run()[0]
    assert (row.fate, row.sent_ns, row.delivered_ns, row.content, row.performative) == (
        Fate.DELIVERED, 0, 5 * MS, '{"price":1.5}', "inform")  # fmt: skip
    assert world.heard == [(5 * MS, message("a", "b", content={"price": 1.5}))]


def test_shares_are_kept_and_copies_are_rows() -> None:
    """Of 4,000 messages a tenth is lost and a fifth comes twice; a copy meets a loss and a latency of its own."""
    world = World(latency={"exponential": "5ms"}, loss="10%", duplicates="20%")
    world.post(*(message("a", "b", content={"n": n}) for n in range(4000)))
    log = world.run()
    copies = [row for row in log if row.is_copy]
    lost = sum(row.fate == Fate.LOST for row in log)
    assert abs(len(copies) - 800) < 80
    assert abs(lost - 0.1 * len(log)) < 0.02 * len(log)
    assert len({row.delivered_ns for row in log}) > 0.99 * (len(log) - lost)
    assert Counter(row.fate for row in log)[Fate.DELIVERED] == len(world.heard) == len(log) - lost


def test_messages_overtake_each_other() -> None:
    """Where latencies differ, what was said first is often heard later."""
    world = World(latency={"exponential": "5ms"})
    world.post(*(message("a", "b", content={"n": n}) for n in range(50)))
    world.run()
    order = [m.content["n"] for _, m in world.heard]
    assert order != sorted(order)
    assert sorted(order) == list(range(50))


def test_nobody_changes_the_fates_of_others() -> None:
    """An idle agent, other pairs and other conversations change no fate and no latency of a conversation."""
    described = {"latency": {"exponential": "5ms"}, "loss": "30%", "duplicates": "30%"}
    alone, busy = World("ab", **described), World("zyab", **described)
    for n in range(40):
        busy.post(message("a", "b", "other"), message("z", "b"), message("b", "a"))
        for world in (alone, busy):
            world.post(message("a", "b", content={"n": n}))
    busy.run()
    assert alone.run() == [row for row in busy.network.log if (row.sender, row.receiver, row.conversation_id) == ("a", "b", "c1")]


def test_fates_differ_between_pairs_and_conversations() -> None:
    """No two pairs, directions or conversations share their draws."""
    world = World("abc", loss="50%")
    talks = [("a", "b", "c1"), ("a", "b", "c2"), ("b", "a", "c1"), ("a", "c", "c1")]
    world.post(*(message(*talk) for talk in talks for _ in range(64)))
    fates = world.fates()
    assert len({tuple(fates[i : i + 64]) for i in range(0, 256, 64)}) == 4


def test_another_seed_brings_other_fates() -> None:
    """Fates are drawn from the seed, and from nothing else."""
    logs = []
    for seed in (1, 1, 2):
        world = World(seed=seed, loss="50%")
        world.post(*(message("a", "b") for _ in range(64)))
        logs.append(world.fates())
    assert logs[0] == logs[1] != logs[2]


@pytest.mark.parametrize("turned", [False, True])
def test_ties_have_one_order(turned: bool) -> None:
    """At one instant: by receiver, sender, number; whoever spoke first, however long the names are."""
    long = "x" * 80
    names = ["a", "b", long + "1", long + "2"]
    world = World(latency="1ms")
    for name in names:
        world.network.join(name, world.hear)
    said = [message(sender, receiver, content={"n": n}) for sender in names for receiver in names if sender != receiver for n in range(2)]
    world.post(*(sorted(said, key=lambda m: (m.content["n"], m.sender, m.receiver), reverse=False) if not turned else sorted(
        sorted(said, key=lambda m: (m.sender, m.receiver), reverse=True), key=lambda m: m.content["n"])))  # fmt: skip
    world.run()
    assert [(m.receiver, m.sender, m.content["n"]) for _, m in world.heard] == sorted(
        (m.receiver, m.sender, m.content["n"]) for m in said)  # fmt: skip


def test_a_cut_is_told_from_all_others() -> None:
    """Who is cut off hears only those who are cut off with them; what was under way still arrives; a mend ends it."""
    world = World("abc", latency="5ms")
    world.post(message("a", "c"))
    world.at(1, lambda: world.network.cut("storm", ["a", "b"]))
    world.at(2, lambda: world.post(message("a", "b"), message("a", "c"), message("c", "b")))
    world.at(3, lambda: world.network.mend("storm"))
    world.at(4, lambda: world.post(message("c", "b")))
    assert world.fates() == [Fate.DELIVERED, Fate.DELIVERED, Fate.CUT, Fate.CUT, Fate.DELIVERED]


def test_cuts_between_groups_add_up() -> None:
    """Two causes: each is mended on its own, and neither concerns a third."""
    world = World("abc")
    world.network.cut("first", ["a"], ["b"])
    world.network.cut("second", ["a", "b"], ["a", "b"])
    assert [world.network.is_cut(*pair) for pair in ("ab", "ba", "ac", "cb", "aa")] == [True, True, False, False, False]
    world.network.mend("first")
    assert world.network.is_cut("b", "a")
    world.network.mend("second")
    world.network.mend("second")
    assert not world.network.is_cut("b", "a")


def test_what_arrives_for_one_that_crashed_is_lost() -> None:
    """It is lost while nobody is there; who joins again hears what arrives from then on."""
    world = World(latency="2ms")
    world.post(message("a", "b", content={"n": 0}))
    world.at(1, lambda: world.network.leave("b"))
    world.at(3, lambda: world.post(message("a", "b", content={"n": 1})))
    world.at(4, lambda: world.network.join("b", world.hear))
    assert world.fates() == [Fate.CRASHED, Fate.DELIVERED]
    assert [m.content["n"] for _, m in world.heard] == [1]


def test_who_crashes_at_an_instant_hears_no_more_of_it() -> None:
    """Two messages arrive at once, and the first is the end of their receiver."""
    world = World(latency="2ms")
    world.network.join("b", lambda _: world.network.leave("b"))
    world.post(message("a", "b"), message("a", "b"))
    assert world.fates() == [Fate.DELIVERED, Fate.CRASHED]


def test_one_hears_oneself_at_once_and_always() -> None:
    """An agent's own messages cross no network: no latency, loss, copy or cut."""
    world = World(latency="5ms", loss="100%", duplicates="100%")
    world.network.cut("storm", ["a"])
    world.post(message("a", "a"), message("a", "b"))
    world.run()
    assert [row.fate for row in world.network.log if row.receiver == "a"] == [Fate.DELIVERED]
    assert [at_ns for at_ns, _ in world.heard] == [0]


def test_nobody_reaches_into_what_another_holds() -> None:
    """Content is as it was when it was sent, and each copy is its own."""
    world, content = World(latency="5ms", duplicates="100%"), {"pods": [1]}
    world.post(message("a", "b", content=content))
    content["pods"].append(2)
    world.run()
    first, second = (m for _, m in world.heard)
    assert first.content == second.content == {"pods": [1]}
    assert first.content is not second.content


@pytest.mark.parametrize("content", [{"x": {1}}, {"x": float("nan")}, {"x": object()}])
def test_content_is_plain_json(content: dict[str, Any]) -> None:
    """What could not be written down is not sent."""
    with pytest.raises((TypeError, ValueError)):
        World().post(message("a", "b", content=content))
