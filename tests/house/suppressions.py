"""Rules of silence: a `noqa` or `type: ignore` names its code and its reason, and there are few."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Sequence

from tests.house.sources import Source

SUPPRESSIONS_MAX = 12  # a ratchet: lower it when one goes, never raise it

_SILENCE = re.compile(r"#.*?\b(noqa|type:\s*ignore|mypy:|ruff:|pyright:|pylint:)", re.IGNORECASE)
_WHOLE_FILE = re.compile(r"#\s*(mypy|ruff|pyright|pylint|flake8):", re.IGNORECASE)
_SPOKEN = re.compile(
    r"#\s*(noqa:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*|type:\s*ignore\[[a-z][a-z-]*(,\s*[a-z-]+)*\])\s*[#–:-]\s*(?P<reason>\S.{9,})"
)


def unexplained(sources: Sequence[Source]) -> list[str]:
    """Each suppression reads `# noqa: CODE  # reason` or `# type: ignore[code]  # reason`; none silences a file."""
    return [
        f"{source.name}:{line} {comment!r} needs a code and a reason, as '# noqa: BLE001  # a plug-in may raise anything'"
        for source in sources
        for line, comment in _comments(source)
        if _SILENCE.search(comment) and (_WHOLE_FILE.match(comment) or not _SPOKEN.match(comment))
    ]


def count(sources: Sequence[Source]) -> int:
    """How many suppressions there are."""
    return sum(bool(_SILENCE.search(comment)) for source in sources for _, comment in _comments(source))


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    if not _SILENCE.search(source.text):  # which most are, and a tokenizer takes its time
        return iter(())
    tokens = tokenize.generate_tokens(io.StringIO(source.text).readline)
    return ((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)
