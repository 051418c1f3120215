"""JSON without its traps: no NaN, no duplicate keys, no bottomless nesting, one spelling of each value.

What `dumps` writes, `loads` reads back as it was; a value that would come back as another one (a tuple as a list, the
key 1 as "1") is refused when it is written, not when it is missed.
"""

import json
import re
from typing import Any

from gradus.training.errors import CheckpointError

MAX_DEPTH = 64
# What matters to the nesting: strings, also one without an end, and the brackets outside them; one pass over the text.
_MARKS = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|[\[\]{}]', re.DOTALL)
# Two halves of one character, each standing for itself: JSON's reader joins them.
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


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
    depth = 0
    for match in _MARKS.finditer(text):
        mark = match[0]
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise CheckpointError(f"expected JSON nested at most {MAX_DEPTH} deep, got deeper nesting")
        elif mark in "]}":
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


def _check_text(text: str) -> None:
    if _HALVES.search(text):
        raise CheckpointError(f"expected text of whole characters, got halves of one in {text[:40]!r}")


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, list | dict):
        if depth == MAX_DEPTH:
            raise CheckpointError(f"expected values nested at most {MAX_DEPTH} deep, got deeper nesting")
        if isinstance(value, dict):
            for key in value:
                if not isinstance(key, str):
                    raise CheckpointError(
                        f"expected text as keys, got {key!r}, a {type(key).__name__}, which would come back as text: "
                        "convert it before saving"
                    )
                _check_text(key)
        for item in value.values() if isinstance(value, dict) else value:
            _check(item, depth + 1)
    elif isinstance(value, tuple):
        raise CheckpointError(
            f"expected lists, got the tuple {str(value)[:60]}, which would come back as a list: "
            "convert it before saving"
        )


def dumps(value: Any) -> bytes:
    """Spell `value` in the one canonical way (ASCII, no spaces, insertion order).

    Raises:
        CheckpointError: for what JSON cannot hold, and for what `loads` would refuse or give back as another value.
    """
    _check(value, 0)
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"expected a state that JSON can hold, got one that it cannot: {error}"
        ) from None
    return text.encode("ascii")
