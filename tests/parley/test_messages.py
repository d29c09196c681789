"""The table of messages: rows in order of sending, each once its fate is known, and none without somebody who talks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

import parley
from parley import recording, running
from parley.message_rows import Outbox, as_text, message_columns
from parley.recording import Recording
from parley.tables import as_parquet, read_table
from sim.clock import ControlPhase
from tests.parley.worlds import SHOP, written


@dataclass
class Letter:
    """A message between agents as a network logs it; its fate is written into it later."""

    sent_ns: int
    performative: str
    content: Mapping[str, Any]
    sender: str = "stock"
    receiver: str = "auctioneer"
    protocol: str = "contract-net"
    conversation_id: str = "round-1"
    reply_with: str | None = None
    in_reply_to: str | None = None
    reply_by_ns: int | None = None
    delivered_ns: int | None = None
    fate: str | None = None
    copy: int = 0


def letters(count):
    """So many requests, one after another, whose fate nobody knows yet."""
    return [Letter(nth, "request", {"amount": nth}) for nth in range(count)]


def test_rows_wait_for_the_first_whose_fate_is_open():
    """So that they are in order of sending; at the end all are taken, each once."""
    log = letters(4)
    outbox = Outbox(log)
    assert outbox.take() == []
    log[1].fate = log[2].fate = "delivered"
    assert outbox.take() == []
    log[0].fate = "lost"
    assert outbox.take() == log[:3] and outbox.take() == []
    log.append(Letter(9, "inform", {}))
    assert outbox.take(at_the_end=True) == log[3:] and outbox.take(at_the_end=True) == []


@pytest.mark.parametrize(("content", "text"), [
    ({"price": 1.5, "amount": 2}, '{"amount":2,"price":1.5}'),
    ({"values": (3.0, float("nan"))}, '{"values":[3.0,null]}'),
    ({"pool": "größe 1"}, '{"pool":"größe 1"}'),
    ({}, "{}"),
])  # fmt: skip
def test_contents_are_json(content, text):
    """With keys in order; what JSON has no word for is null."""
    assert as_text(content) == text and json.loads(text) is not None


def test_a_part_holds_every_field(tmp_path):
    """Nothing is lost on the way to the disk and back; what is absent is null."""
    given = [Letter(5, "propose", {"amount": 3}, reply_with="a", in_reply_to="b", reply_by_ns=70, delivered_ns=9, fate="delivered", copy=1),
             Letter(6, "cfp", {})]  # fmt: skip
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages" / "part-00000.parquet").write_bytes(as_parquet("messages", message_columns(given)))
    rows = read_table(tmp_path, "messages").to_pylist()
    assert rows == [vars(one) | {"content": as_text(one.content)} for one in given]


@pytest.fixture
def talking(monkeypatch):
    """Runs in which somebody says something every 100 ms, which arrives 250 ms later; what is said in the last is under way at the end."""
    log: list[Letter] = []

    def arrives(letter, mesh):
        letter.delivered_ns, letter.fate = mesh.clock.now_ns, "delivered"

    def says(mesh):
        letter = Letter(mesh.clock.now_ns, "request", {"amount": len(log)})
        log.append(letter)
        mesh.clock.after(250_000_000, ControlPhase.MESSAGE, "network", partial(arrives, letter, mesh))
        mesh.clock.after(100_000_000, ControlPhase.MESSAGE, "stock", partial(says, mesh))

    class Overheard(Recording):
        """A recorder that is given the log."""

        def __init__(self, mesh, decisions, manifest, writer):
            super().__init__(mesh, decisions, manifest, writer, log)
            mesh.clock.after(100_000_000, ControlPhase.MESSAGE, "stock", partial(says, mesh))

    monkeypatch.setattr(running, "Recording", Overheard)
    monkeypatch.setattr(recording, "CHECKPOINTS", 5)
    return log


def test_a_run_keeps_what_agents_say(talking, tmp_path):
    """All of it, in order, also what was under way at the end; decisions and traffic are as they were."""
    run = parley.run(written(tmp_path, SHOP), out=tmp_path / "run")
    table = run.messages
    assert table.sent_ns.tolist() == [one.sent_ns for one in talking] and table.sent_ns.is_monotonic_increasing
    assert [json.loads(text)["amount"] for text in table.content] == list(range(len(talking)))
    under_way = table[table.fate.isna()]
    assert under_way.sent_ns.tolist() == [5_800_000_000, 5_900_000_000] and under_way.delivered_ns.isna().all()
    assert len(list((run.path / "messages").glob("part-*"))) > 1


def test_who_does_not_negotiate_has_no_table(tmp_path):
    """No folder; asked for it is empty, with its columns."""
    run = parley.run(written(tmp_path, SHOP), until="1s", out=tmp_path / "run")
    assert not (run.path / "messages").exists()
    assert len(run.messages) == 0 and "performative" in run.messages.columns
