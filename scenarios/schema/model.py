"""The frozen base of every part of a description, the one-of, and what a field must say about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError


@dataclass(frozen=True)
class Witness:
    """Proof that a field is not parsed and ignored: two values of it that end in different runs.

    `world` names a file of tests/house/worlds, `at` the field's place in it. `moves` says what must differ:
    the trace `digest`, the `summary`, the `verdict` of `expect`, the agents' `decisions` or `messages` where they only tell, or the
    `manifest` for words that only describe.
    """

    world: str
    at: str
    values: tuple[Any, Any]
    moves: str = "digest"


def field(default: Any = ..., *, says: str, seen: Witness | None = None, **rules: Any) -> Any:
    """A schema field with its one-line meaning and its witness; `rules` are pydantic's own (gt, le, alias, ...)."""
    info = Field(default, description=says, **rules)
    if seen is not None:
        info.metadata.append(seen)
    return info


def _without_none(schema: JsonSchemaValue) -> JsonSchemaValue:
    kept = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    return schema if not kept else kept[0] if len(kept) == 1 else {"anyOf": kept}


class Part(BaseModel):
    """A frozen piece of a description; unknown keys are errors. `short` names the field a bare value stands for."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True,
                              defer_build=True)  # fmt: skip
    short: ClassVar[str | None] = None

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, value: Any) -> Any:
        return cls.spelled_out(value)

    @classmethod
    def spelled_out(cls, value: Any) -> Any:
        """The mapping that a short form stands for; everything else unchanged."""
        bare = not isinstance(value, (dict, BaseModel)) and value is not None
        return {cls.short: value} if cls.short is not None and bare else value

    @classmethod
    def field_types(cls) -> dict[str, Any]:
        """The type of each field, by the key a file uses and by the name Python uses."""
        by_key = {info.alias: info.annotation for info in cls.model_fields.values() if info.alias}
        return by_key | {name: info.annotation for name, info in cls.model_fields.items()}

    @classmethod
    def key_names(cls) -> list[str]:
        """The keys a file may use, in the order of the schema."""
        return [info.alias or name for name, info in cls.model_fields.items()]

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return cls._with_short_forms(handler.resolve_ref_schema(handler(core)))

    @classmethod
    def _with_short_forms(cls, schema: JsonSchemaValue) -> JsonSchemaValue:
        if cls.short is None:
            return schema
        described = {key: schema.pop(key) for key in ("title", "description") if key in schema}
        return described | {"anyOf": [_without_none(schema["properties"][cls.short]), schema]}


class OneOf(Part):
    """A choice: exactly one of its fields is given, as `{exponential: 5ms}`; `modifiers` may stand beside it."""

    modifiers: ClassVar[frozenset[str]] = frozenset()
    named: ClassVar[bool] = False  # a bare word stands for the alternative of that name, without settings

    @classmethod
    def spelled_out(cls, value: Any) -> Any:
        """The mapping that a short form stands for; everything else unchanged."""
        return {value: {}} if cls.named and isinstance(value, str) else super().spelled_out(value)

    @classmethod
    def _with_short_forms(cls, schema: JsonSchemaValue) -> JsonSchemaValue:
        schema["oneOf"] = [{"required": [name]} for name in cls.alternatives()]
        if not cls.named:
            return super()._with_short_forms(schema)
        described = {key: schema.pop(key) for key in ("title", "description") if key in schema}
        return described | {"anyOf": [{"enum": cls.alternatives()}, schema]}

    @classmethod
    def alternatives(cls) -> list[str]:
        """The names a writer may choose from, as spelled in the file."""
        return [info.alias or name for name, info in cls.model_fields.items() if name not in cls.modifiers]

    @model_validator(mode="after")
    def _exactly_one(self) -> OneOf:
        if len(self._given()) != 1:
            raise PydanticCustomError(
                "one_of", "must have exactly one of {names}; it has {got}",
                {"names": ", ".join(self.alternatives()), "got": ", ".join(self._given()) or "none"},
            )  # fmt: skip
        return self

    def _given(self) -> list[str]:
        return [n for n in type(self).model_fields if n not in self.modifiers and getattr(self, n) is not None]

    @property
    def kind(self) -> str:
        """The name of the alternative that was chosen."""
        return self._given()[0]

    @property
    def chosen(self) -> Any:
        """The value of the alternative that was chosen."""
        return getattr(self, self.kind)


class Plain(Part):
    """A choice without settings."""
