"""YAML of several documents behind a comment, and reading such YAML strictly: a key that nobody knows is told, not passed over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scenarios.errors import ScenarioError
from scenarios.naming import suggestion
from scenarios.schema.units import parse_duration
from scenarios.writing import yaml_of
from scenarios.yaml_reading import read_yaml

MS_NS = 1_000_000
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
ONE_UNIT = re.compile(r"\d+(?:\.\d+)?(?:ms|us|ns|h|m|s)")
DURATION = re.compile(rf"(?:{ONE_UNIT.pattern})+")
Document = dict[str, Any]


@dataclass(frozen=True)
class Leaving:
    """What is written, and what could not be: a sentence each, with its reason."""

    documents: tuple[Document, ...]
    unsaid: tuple[str, ...] = ()
    says: tuple[str, ...] = ()  # what stands above it all

    def __str__(self) -> str:
        unsaid = [f"not said: {one}" for one in self.unsaid]
        head = "".join(f"# {line}\n" for line in (*self.says, *unsaid))
        return head + "---\n".join(yaml_of(one) for one in self.documents)


def document(api_version: str, kind: str, name: str, namespace: str | None, spec: Mapping[str, Any]) -> Document:
    """One object of a cluster, in the namespace it is applied in where none is given.

    Raises ScenarioError for a name that no such object may have.
    """
    if not NAME.fullmatch(name):
        raise ScenarioError(f"{name!r} is no name in Kubernetes: small letters, digits and - inside, 63 at most; rename it in the scenario")
    where = {} if namespace is None else {"namespace": namespace}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **where}, "spec": dict(spec)}


def read_documents(text: str, source: str, known: Mapping[str, str]) -> list[tuple[str, Document]]:
    """(place, document) of each of a file, all of which are of a known kind, by apiVersion. Raises ScenarioError."""
    found = []
    for number, part in enumerate(_parts(text), 1):
        place = f"{source}: document {number}"
        one = read_yaml(part, place)
        if not isinstance(one, Mapping):
            raise ScenarioError(f"{place}: is no object of a cluster")
        kind = str(one.get("kind"))
        if known.get(kind) != one.get("apiVersion"):
            right = ", ".join(f"{version} {name}" for name, version in known.items())
            raise ScenarioError(f"{place}: is {one.get('apiVersion')} {kind}, not one of {right}{suggestion(kind, known)}")
        if not isinstance(one.get("spec"), Mapping):
            raise ScenarioError(f"{place}: has no spec")
        found.append((place, json.loads(json.dumps(one))))
    return found


def placed(documents: Sequence[Document]) -> list[tuple[str, Document]]:
    """(place, document) of each, as of a file that was read."""
    return [(f"document {number}", one) for number, one in enumerate(documents, 1)]


def only(data: Any, place: str, keys: Iterable[str]) -> Mapping[str, Any]:
    """A mapping, or nothing, with no other keys than these. Raises ScenarioError."""
    right = tuple(keys)
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise ScenarioError(f"{place}: {data!r} is no mapping of {', '.join(right)}")
    for key in data:
        if key not in right:
            raise ScenarioError(f"{place}.{key}: is nothing that a scenario can simulate here{suggestion(str(key), right)}; "
                                f"there are {', '.join(right)}")  # fmt: skip
    return data


def one_of(data: Any, place: str) -> Mapping[str, Any]:
    """The only entry of a list. Raises ScenarioError."""
    if not isinstance(data, Sequence) or isinstance(data, str) or len(data) != 1 or not isinstance(data[0], Mapping):
        raise ScenarioError(f"{place}: is not a list of one entry, which is all that a scenario can simulate here")
    return data[0]


def spelled(ns: int) -> str | None:
    """`1s500ms`, as Istio and the Gateway API both read it; None for what is no whole number of milliseconds, or none."""
    if ns <= 0 or ns % MS_NS:
        return None
    seconds, ms = divmod(ns // MS_NS, 1000)
    return (f"{seconds}s" if seconds else "") + (f"{ms}ms" if ms else "")


def duration_ns(text: Any, place: str) -> int:
    """Of `1s500ms`, `1.5s` or `1m30s`. Raises ScenarioError."""
    if not DURATION.fullmatch(str(text)):
        raise ScenarioError(f"{place}: {text!r} is no duration: write it as 250ms, 1.5s or 1m30s")
    return sum(parse_duration(one) for one in ONE_UNIT.findall(str(text)))


def percent(share: float) -> float:
    """Of a share, so that a hundredth of it is the share again."""
    return round(100 * share, 9)


def _parts(text: str) -> list[str]:
    found, lines = [], list[str]()
    for line in [*text.splitlines(), "---"]:
        if line.rstrip() == "---":
            found.append("\n".join(lines))
            lines = []
        else:
            lines.append(line)
    return [one for one in found if any(line.strip() and not line.lstrip().startswith("#") for line in one.splitlines())]
