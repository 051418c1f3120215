"""JSON without its traps: no NaN, no duplicate keys, no bottomless nesting, one spelling of each value."""

import json
from typing import Any

from gradus.training.errors import CheckpointError

MAX_DEPTH = 64


def _reject_constant(name: str) -> Any:
    raise CheckpointError(f"expected JSON numbers to be finite, got {name}")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise CheckpointError(f"expected JSON numbers to be finite, got {text[:32]}")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise CheckpointError("expected the keys of a JSON object to differ, got a duplicate")
    return result


def _check_depth(text: str) -> None:
    # Counted on the text, before the parser recurses; brackets inside strings are skipped.
    depth, inside, escaped = 0, False, False
    for character in text:
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside = False
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise CheckpointError(f"expected JSON nested at most {MAX_DEPTH} deep, got deeper nesting")
        elif character in "]}":
            depth -= 1


def loads(data: bytes) -> Any:
    """Parse JSON strictly.

    Raises:
        CheckpointError: for anything but plain, finite, duplicate-free UTF-8 JSON of bounded depth.
    """
    try:
        text = data.decode("utf-8")
        if text.count("[") + text.count("{") > MAX_DEPTH:
            _check_depth(text)
        return json.loads(
            text, parse_constant=_reject_constant, parse_float=_finite, object_pairs_hook=_unique
        )
    except CheckpointError:
        raise
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"expected JSON, got bytes that are not: {error}") from None


def dumps(value: Any) -> bytes:
    """Spell `value` in the one canonical way (ASCII, no spaces, insertion order)."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=True).encode("ascii")
