"""A scenario as YAML that loads to the same world, and the schema for editors."""

from __future__ import annotations

from typing import Any

import yaml

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

    A file that lies over others needs to say only what it changes, and takes a name away by null.
    """
    schema = Scenario.model_json_schema(by_alias=True)
    files = {"type": "array", "items": {"type": "string"}}
    schema["properties"]["extends"] = {
        "description": "other files, merged in order; this file lies over them",
        "anyOf": [files, {"type": "string"}],
    }
    parts = schema.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "required": ["version"],
        "$defs": parts | {f"{name}_over": _over(part) for name, part in parts.items()},
        "properties": {name: {"description": value.get("description", name)} for name, value in schema["properties"].items()},
        "if": {"required": ["extends"]}, "then": _over(schema), "else": schema,
    }  # fmt: skip


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
