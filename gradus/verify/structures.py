"""What a definition returns, by name and shape, and whether an implementation returns as much."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from gradus.frameworks import Adapted
from gradus.frameworks.structure import flatten
from gradus.page import Arguments, Concept, Result
from gradus.text import Text
from gradus.verify.result_shapes import result_in_words

REFUSED = Path(__file__).with_name("refused_inputs.zh.txt")


def result_names(concept: Concept) -> tuple[str, ...]:
    """The names of the results; empty where the definition returns one thing."""
    return tuple(result.name for result in concept.returns)


def returned(concept: Concept, want: Any, arguments: Arguments) -> str:
    """The definition's results as one line: `(mu (3,), W (3, 2))`, or a shape alone."""
    leaves = flatten(want)
    names = result_names(concept)
    if not isinstance(want, (tuple, list, dict)):
        return f"an array of shape {np.shape(want)}" if np.ndim(want) else "a number"
    if len(names) != len(leaves):
        names = tuple(f"result {i + 1}" for i in range(len(leaves)))
    return f"({', '.join(f'{n} {_shape(x)}' for n, x in zip(names, leaves, strict=True))})"


def return_lines(concept: Concept) -> list[Text]:
    """What is to be returned, a line each: name, shape and meaning; of a single result its shape alone."""
    if concept.returns:
        return [_result_line(result) for result in concept.returns]
    return [result_in_words(concept)]


def _result_line(result: Result) -> Text:
    shape = f" ({', '.join(result.shape.split())})" if result.shape else ""
    return Text(
        *(
            f"{result.name}{shape}{colon}{words}"
            for colon, words in zip((": ", "："), result.meaning, strict=True)
        )
    )


def refused_inputs(concept: Concept) -> list[Text]:
    """What a careful implementation refuses, and `--strict` asks for."""
    if not concept.has("invalid"):
        return []
    chinese = _refused_in_chinese()
    labels = dict.fromkeys(label for label, _ in concept.invalid(np.random.default_rng(0)))
    return [Text(label, chinese.get(label, label)) for label in labels]


@functools.cache
def _refused_in_chinese() -> dict[str, str]:
    """The Chinese of what pages call their invalid inputs; many pages refuse the same."""
    lines = REFUSED.read_text("utf-8").splitlines()
    return dict(line.split(" | ", 1) for line in lines)


def _shape(value: Any) -> str:
    return str(np.shape(value)) if np.ndim(value) else "a number"


def structure_fault(adapted: Adapted, raw: Any, want: Any, arguments: Arguments) -> Text | None:
    """How the result's structure differs from the definition's, in one line; None when it does not."""
    concept = adapted.concept
    try:
        got = flatten(adapted.to_numpy(raw))
        kinds = {np.asarray(g).dtype.kind for g in got}
    except Exception:
        got, kinds = [], set()
    shapes = [np.shape(w) for w in flatten(want)]
    numbers = bool(got) and kinds <= set("biufc")
    if numbers and [np.shape(g) for g in got] == shapes:
        return None
    sizes = ", ".join(f"{k} {np.shape(v)}" for k, v in arguments.items() if isinstance(v, np.ndarray))
    due = returned(concept, want, arguments)
    came = _came(raw, got if numbers else [])
    name = concept.definition.__name__
    of_en, of_zh = (f" for {sizes}", f"（参数 {sizes}）") if sizes else ("", "")
    return Text(f"{name} must return {due}{of_en}; got {came}", f"{name}{of_zh}应返回 {due}；得到 {came}")


def _came(raw: Any, got: list[Any]) -> str:
    if raw is None:
        return "None (is a return missing?)"
    if isinstance(raw, (tuple, list, dict)) and got:
        kind = type(raw).__name__
        return f"a {kind} of {len(got)}: {', '.join(str(np.shape(g)) for g in got[:8])}"
    if got:
        return f"an array of shape {np.shape(got[0])}" if np.ndim(got[0]) else "a number"
    return f"a {type(raw).__name__}"
