"""JSON without its traps: no NaN, no duplicate keys, no bottomless nesting, one spelling of each value.

What `dumps` writes, `loads` reads back as it was; a value that would come back as another one (a tuple as a list, the
key 1 as "1") is refused when it is written, not when it is missed.
"""

import json
import re
from typing import Any

from gradus.text import Text
from gradus.training.errors import CheckpointError

MAX_DEPTH = 64
# What matters to the nesting: strings, also one without an end, and the brackets outside them; one pass over the text.
_MARKS = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|[\[\]{}]', re.DOTALL)
# Two halves of one character, each standing for itself: JSON's reader joins them.
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def _reject_constant(name: str) -> Any:
    raise CheckpointError(
        Text(f"expected JSON numbers to be finite, got {name}", f"JSON 中的数应为有限数，得到 {name}")
    )


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise CheckpointError(
            Text(
                f"expected JSON numbers to be finite, got {text[:32]}",
                f"JSON 中的数应为有限数，得到 {text[:32]}",
            )
        )
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise CheckpointError(
            Text("expected the keys of a JSON object to differ, got a duplicate", "JSON 对象的键不应重复")
        )
    return result


def _check_depth(text: str) -> None:
    # Counted on the text, before the parser recurses; brackets inside strings are skipped.
    depth = 0
    for match in _MARKS.finditer(text):
        mark = match[0]
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise CheckpointError(
                    Text(
                        f"expected JSON nested at most {MAX_DEPTH} deep, got deeper nesting",
                        f"JSON 的嵌套最多 {MAX_DEPTH} 层，得到更深的嵌套",
                    )
                )
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
        raise CheckpointError(
            Text(f"expected JSON, got bytes that are not: {error}", f"应为 JSON，得到的字节不是：{error}")
        ) from None


def _check_text(text: str) -> None:
    if _HALVES.search(text):
        raise CheckpointError(
            Text(
                f"expected text of whole characters, got halves of one in {text[:40]!r}",
                f"文本应由完整的字符组成，{text[:40]!r} 中有半个字符",
            )
        )


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, list | dict):
        if depth == MAX_DEPTH:
            raise CheckpointError(
                Text(
                    f"expected values nested at most {MAX_DEPTH} deep, got deeper nesting",
                    f"值的嵌套最多 {MAX_DEPTH} 层，得到更深的嵌套",
                )
            )
        if isinstance(value, dict):
            for key in value:
                if not isinstance(key, str):
                    raise CheckpointError(
                        Text(
                            f"expected text as keys, got {key!r}, a {type(key).__name__}, which would come back as text: "
                            "convert it before saving",
                            f"键应为文本，得到 {type(key).__name__} 类型的 {key!r}，读回时会变成文本：请在保存前转换",
                        )
                    )
                _check_text(key)
        for item in value.values() if isinstance(value, dict) else value:
            _check(item, depth + 1)
    elif isinstance(value, tuple):
        raise CheckpointError(
            Text(
                f"expected lists, got the tuple {str(value)[:60]}, which would come back as a list: "
                "convert it before saving",
                f"应为列表，得到元组 {str(value)[:60]}，读回时会变成列表：请在保存前转换",
            )
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
            Text(
                f"expected a state that JSON can hold, got one that it cannot: {error}",
                f"应为 JSON 能表示的状态，得到的不能：{error}",
            )
        ) from None
    return text.encode("ascii")
