"""PROTOCOLS.md shows the tables that the roles are, and every message they hear."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from agents.negotiation import protocols
from agents.negotiation.machine import BEGUN, EXPIRED, Conversation, Row, table
from agents.negotiation.messages import Message, Performative

DOCUMENT = Path(__file__).parents[2] / "agents" / "PROTOCOLS.md"
MODULES = [importlib.import_module(f"{protocols.__name__}.{found.name}") for found in pkgutil.iter_modules(protocols.__path__)]
ROLES = sorted({role for module in MODULES for role in vars(module).values()
                if isinstance(role, type) and issubclass(role, Conversation) and role is not Conversation},
               key=lambda role: role.__name__)  # fmt: skip


def section(role: type[Conversation]) -> str:
    """The part of the document that shows a role's table."""
    parts = re.split(r"^## ", DOCUMENT.read_text(), flags=re.MULTILINE)
    return next(part for part in parts if f"`{role.__name__}`:" in part)


def test_all_protocols_are_known() -> None:
    """Ten roles of six machines; the seventh protocol, the English clock, is an iterated contract net."""
    assert [role.__name__ for role in ROLES] == [
        "Caller", "Gossiper", "Granter", "Holder", "Initiator", "Negotiator", "Participant", "PriceSetter", "RateSetter",
        "Teller"]  # fmt: skip


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.__name__)
def test_the_document_shows_the_table(role: type[Conversation]) -> None:
    """Row by row and word by word; and each performative in it stands in the section's diagram."""
    assert f"`{role.__name__}`:\n\n{table(role)}\n" in section(role)
    diagram = section(role).split("```mermaid")[1].split("```")[0]
    heard = {row.event for row in role.rows} & set(Performative) - {Performative.NOT_UNDERSTOOD}
    assert [one for one in heard if one not in diagram and f"| {one} |" not in section(role).split("`:")[0]] == []


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.__name__)
def test_every_state_has_a_way_on(role: type[Conversation]) -> None:
    """All states are reached, all but the last ones are left, and none that waits for others waits for ever."""
    states = {row.state for row in role.rows} | {row.then for row in role.rows}
    assert {row.then for row in role.rows} | {role.rows[0].state} == states
    for state in states - role.last - {role.rows[0].state}:
        events = {row.event for row in role.rows if row.state == state}
        assert EXPIRED in events or not events & set(Performative), state


def test_a_table_that_is_no_table_is_refused() -> None:
    """Two rows for one event in one state, or an action there is no method for."""
    for rows, sentence in (((Row("a", BEGUN, "b", "say"), Row("a", BEGUN, "c", "say")), "two rows"),
                           ((Row("a", BEGUN, "b", "fly"),), "no method fly")):  # fmt: skip
        with pytest.raises(TypeError, match=sentence):
            type("Role", (Conversation,), {"rows": rows, "last": frozenset("b")})


def test_copies_have_one_mark() -> None:
    """Two messages that differ in what they answer are two."""
    first = Message(Performative.INFORM, "a", "b", "p", "c1", {}, "a@0/1", None)
    second = Message(Performative.INFORM, "a", "b", "p", "c1", {}, "a@0/1", "b@0/1")
    assert first.mark == Message(Performative.INFORM, "a", "b", "p", "c1", {}, "a@0/1", None).mark != second.mark
