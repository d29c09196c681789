"""The table of messages: rows in order of sending, each once its fate is known, and none without somebody who talks."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import parley
from agents.mailbox import Fate, Posted
from parley.recording import recording
from parley.recording.message_rows import Outbox, message_columns
from parley.storage.tables import as_parquet, read_table
from tests.negotiation.parties.markets import lived, market
from tests.parley.worlds import SHOP, written


def posted(sent_ns: int, fate: Fate = Fate.IN_FLIGHT, **others: Any) -> Posted:
    """A row of the network's log."""
    given = {"delivered_ns": None, "sender": "cart", "receiver": "pods", "performative": "propose", "protocol": "fipa-contract-net",
             "conversation_id": "pods/1", "reply_with": None, "in_reply_to": None, "reply_by_ns": None, "content": "{}", "is_copy": False}
    return Posted(sent_ns, fate=fate, **(given | others))


def test_rows_wait_for_the_first_whose_fate_is_open() -> None:
    """So that they are in order of sending; at the end all are taken, each once."""
    log = [posted(n) for n in range(4)]
    outbox = Outbox(log)
    assert outbox.take() == []
    log[1].fate = log[2].fate = Fate.DELIVERED
    assert outbox.take() == []
    log[0].fate = Fate.LOST
    assert outbox.take() == log[:3] and outbox.take() == []
    log.append(posted(9))
    assert outbox.take(at_the_end=True) == log[3:] and outbox.take(at_the_end=True) == []


def test_a_part_holds_every_field(tmp_path: Path) -> None:
    """Nothing is lost on the way to the disk and back; what is absent, or under way, is null."""
    told = {"content": '{"amount":3}', "reply_with": "a", "in_reply_to": "b", "reply_by_ns": 70, "delivered_ns": 9, "is_copy": True}
    given = [posted(5, Fate.DELIVERED, **told), posted(6)]
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages" / "part-00000.parquet").write_bytes(as_parquet("messages", message_columns(given)))
    rows = read_table(tmp_path, "messages").to_pylist()
    assert rows == [asdict(given[0]) | {"fate": "delivered"}, asdict(given[1]) | {"fate": None}]


def test_a_run_keeps_what_agents_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it, in order, also what was under way at the end; decisions and traffic are those of a run without a folder."""
    monkeypatch.setattr(recording, "CHECKPOINTS", 5)
    world = market("control_network={latency: 700ms}", "duration=20500ms")
    run = parley.run(world, seed=3, out=tmp_path / "run")
    mesh, plane = lived(world, 3)
    table = run.messages
    assert table.content.tolist() == [one.content for one in plane.network.log]
    assert table.sent_ns.is_monotonic_increasing and table.fate.isna().sum() > 0
    assert len(run.decisions) == len(plane.decisions) and run.summary["trace_digest"] == mesh.plane.digest()
    assert run.summary["negotiation"]["messages"] == len(table)
    assert len(list((run.path / "messages").glob("part-*"))) > 1


def test_who_does_not_negotiate_has_no_table(tmp_path: Path) -> None:
    """No folder; asked for it is empty, with its columns."""
    run = parley.run(written(tmp_path, SHOP), until="1s", out=tmp_path / "run")
    assert not (run.path / "messages").exists()
    assert len(run.messages) == 0 and "performative" in run.messages.columns
