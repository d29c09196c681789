"""Frozen records that are JSON files: read strictly, for whoever wrote one may be anybody."""

from __future__ import annotations

import json
from typing import Self

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Unknown names, wrong kinds, nan and infinity are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Raises pydantic's ValidationError."""
        return cls.model_validate_json(content)

    def as_json(self) -> bytes:
        """As a file has it; the same record gives the same bytes."""
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"
