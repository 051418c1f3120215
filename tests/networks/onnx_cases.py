"""ONNX's own operator cases, and the table that says which page takes which (`onnx_cases.toml`)."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = "onnx_node"
TABLE: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
STATES = ("beyond the page", "no page", "another convention", "the case is wrong", "engines disagree")
# stored with four decimals: half a unit of the mean, and half a unit of each of its four numbers, a ninth of their sum
FOUR_DECIMALS = {"test_averagepool_2d_ceil_last_window_starts_on_pad": 5e-5 * (1 + 4 / 9)}


class BeyondThePage(Exception):
    """The page's definition has nothing that could be put around to make this case."""


@dataclass(frozen=True)
class Case:
    """One case: floating inputs in float64, None for an input or output that is absent."""

    op: str
    name: str
    inputs: list[Any]
    attributes: dict[str, Any]
    outputs: list[Any]


def cases_of(oracles: Path, op: str) -> Iterator[Case]:
    """Every case of one operator."""
    folder = oracles / FOLDER
    entries = [e for e in json.loads((folder / "index.json").read_text(encoding="utf-8")) if e["op"] == op]
    assert entries, f"no case of {op}"
    with np.load(folder / f"{op}.npz") as arrays:
        for e in entries:
            inputs, outputs = (
                _present(arrays, f"{e['name']}/{end}", e[f"{end}puts"]) for end in ("in", "out")
            )
            inputs = [v if v is None else _double(v) for v in inputs]
            yield Case(op, e["name"], inputs, e["attrs"], outputs)


def _present(arrays: Any, prefix: str, names: list[str]) -> list[Any]:
    """The arrays at their places; those that are absent have no name, and no number in the file."""
    stored = iter(range(len(names)))
    return [arrays[f"{prefix}{next(stored)}"] if name else None for name in names]


def _double(value: np.ndarray) -> np.ndarray:
    return value.astype(np.float64) if value.dtype.kind == "f" else value


def left_out(op: str) -> set[str]:
    """The names of the cases of an operator that no page takes; all of them where it has no page."""
    return {name for row in TABLE[op].get("left_out", []) for name in row["cases"]}


def taken(oracles: Path, op: str) -> list[Case]:
    """The cases of an operator that its page's definition must give."""
    return [case for case in cases_of(oracles, op) if case.name not in left_out(op)]


def compare(results: list[Any], case: Case) -> None:
    """Each result that is there equals what is stored, as far as the stored values can be trusted.

    Raises:
        AssertionError: one does not, or there is nothing to compare.
    """
    pairs = [(a, b) for a, b in zip(results, case.outputs, strict=False) if a is not None and b is not None]
    assert pairs, f"{case.name}: nothing to compare"
    for got, want in pairs:
        slack = slack_of(want.dtype)
        unit = FOUR_DECIMALS.get(case.name, slack / 8)
        np.testing.assert_allclose(got, want, rtol=slack, atol=unit, err_msg=case.name)


def slack_of(dtype: np.dtype) -> float:
    """A few spacings of the type that the stored values were computed in; of float64 for whole numbers, as ours were."""
    name = dtype.name if dtype.kind == "f" else "float64"
    return {"float64": 64, "float32": 64, "float16": 2}[name] * float(np.finfo(name).eps)
