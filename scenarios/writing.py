"""A scenario as YAML that loads to the same world, and the schema for editors."""

from __future__ import annotations

from typing import Any

import yaml

from scenarios.guessing import EXAMPLE, WORDS
from scenarios.schema.changing import dumped
from scenarios.schema.scenario import Scenario
from scenarios.yaml_reading import plain_value


def as_data(world: Scenario) -> dict[str, Any]:
    """What was given, spelled as in a file: quantities with units, defaults left out."""
    return dumped(world)


def as_yaml(world: Scenario) -> str:
    """One file without `extends`; `loads` of it gives an equal Scenario. Paths of rate files are absolute."""
    return yaml_of(as_data(world))


def yaml_of(data: dict[str, Any]) -> str:
    """Plain data as YAML 1.2 reads them, in their order."""
    return yaml.dump(data, Dumper=_CoreDumper, sort_keys=False, allow_unicode=True, width=120)


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a scenario file, short forms and `extends` included.

    A file that lies over others needs to say only what it changes, and takes a name away by null. Where a number stands, a
    guess with its ends may stand.
    """
    schema = _with_guesses(Scenario.model_json_schema(by_alias=True))
    files = {"type": "array", "items": {"type": "string"}}
    schema["properties"]["extends"] = {
        "description": "other files, merged in order; this file lies over them",
        "anyOf": [files, {"type": "string"}],
    }
    parts = schema.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "required": ["version"],
        "$defs": parts | {f"{name}_over": _over(part) for name, part in parts.items()} | dict.fromkeys(("guess", "guess_over"), _GUESS),
        "properties": {name: {"description": value.get("description", name)} for name, value in schema["properties"].items()},
        "if": {"required": ["extends"]}, "then": _over(schema), "else": schema,
    }  # fmt: skip


_GUESS = {
    "type": "object", "description": f"an uncertain number: {EXAMPLE}", "additionalProperties": False, "required": list(WORDS),
    "properties": dict(zip(WORDS, (
        {"type": ["string", "number"], "description": says}
        for says in ("what counts in a run", "the least it may be", "the most it may be")
    ), strict=True)),
}  # fmt: skip


def _with_guesses(schema: Any) -> Any:
    """The same where a guess may stand for every number and quantity."""
    if isinstance(schema, list):
        return [_with_guesses(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if _is_of_numbers(schema):
        outside = {key: value for key, value in schema.items() if key in ("title", "description", "default")}
        inside = {key: value for key, value in schema.items() if key not in outside}
        return outside | {"anyOf": [inside, {"$ref": "#/$defs/guess"}]}
    return {key: value if key in ("default", "enum", "const", "required") else _with_guesses(value) for key, value in schema.items()}


def _is_of_numbers(schema: dict[str, Any]) -> bool:
    kinds = schema.get("type")
    return (kinds in ("integer", "number") or kinds == ["string", "number"]) and not schema.keys() & {"const", "enum"}


def _over(schema: Any) -> Any:
    """The same for a file that lies over others: nothing is required."""
    if isinstance(schema, list):
        return [_over(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _over(value) for key, value in schema.items() if key not in ("required", "oneOf", "minProperties")}
    if "$ref" in made:
        made["$ref"] += "_over"
    if isinstance(made.get("additionalProperties"), dict):
        made["additionalProperties"] = _or_null(made["additionalProperties"])
    for named in ("properties", "patternProperties"):
        if isinstance(schema.get(named), dict):
            made[named] = {key: _or_null(value) for key, value in made[named].items()}
    return made


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {key: schema[key] for key in ("description", "title") if key in schema}
    return kept | {"anyOf": [schema, {"type": "null"}]}


class _CoreDumper(yaml.SafeDumper):
    """Quotes every text that the core schema of YAML 1.2 would read as something else."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Repeat what occurs twice: a person reads this."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(plain_value(text), str) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_CoreDumper.add_representer(str, _text)
