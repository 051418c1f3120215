"""Variants of a system side by side: what each seed measured of them, as one table over the seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradus.numbers import true_minus
from gradus.report.pictures import Picture, Place
from gradus.report.tables import Cell, table
from gradus.text import Text

Measured = bool | float | None


@dataclass(frozen=True)
class Comparison:
    """What one seed measured of several variants.

    Attributes:
        columns: name of the variants' column, then of what is measured.
        rows: by the name of each variant, for each further column whether it succeeded, a number, or None where there is
            none (steps to a success that never came).
        caption: what is compared; how the seeds are put together is added to it.
        place: the section of the report.
    """

    columns: Sequence[Text]
    rows: Mapping[Text, Sequence[Measured]]
    caption: Text
    place: Place = "result"


def comparison_rows(comparisons: Sequence[Comparison]) -> list[list[Cell]]:
    """The cells of the comparisons of all seeds: successes counted, with Wilson's interval; numbers as mean ± deviation.

    Args:
        comparisons: one a seed, with the same rows and columns.

    Cost: one pass over the cells.
    """
    first = comparisons[0]
    return [
        [name, *(_cell([c.rows[name][j] for c in comparisons]) for j in range(len(first.columns) - 1))]
        for name in first.rows
    ]


def comparison_table(comparisons: Sequence[Comparison]) -> Picture:
    """The comparisons of all seeds as one table of the report, its caption saying how they were put together.

    Args:
        comparisons: one a seed, with the same rows and columns.

    Cost: one pass over the cells.
    """
    first, seeds = comparisons[0], len(comparisons)
    en, zh = [first.caption.en], first.caption.zh
    values = [v for c in comparisons for row in c.rows.values() for v in row]
    counted = any(isinstance(v, bool) for v in values)
    if seeds > 1 and counted:
        en.append(f"Successes of {seeds} seeds, with Wilson's interval at 95 %.")
        zh += f"成功次数以 {seeds} 个种子计，附 95 % 的 Wilson 区间。"
    if seeds > 1 and any(_is_number(v) for v in values):
        en.append(
            f"{'Other numbers' if counted else 'Numbers'}: mean ± standard deviation over the seeds that have one."
        )
        zh += f"{'其余数值' if counted else '数值'}为有该值的各种子的平均值 ± 标准差。"
    return table(first.columns, comparison_rows(comparisons), Text(" ".join(en), zh), first.place)


def wilson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval for a proportion.

    Args:
        successes: how many succeeded.
        trials: of how many, at least one.
        level: how often the interval contains the proportion, on the average over it.

    Cost: O(1).

    Source: wilson1927probable
    """
    from scipy.stats import binomtest

    interval = binomtest(successes, trials).proportion_ci(level, method="wilson")
    return float(interval.low), float(interval.high)


def _cell(values: Sequence[Measured]) -> Cell:
    """One cell over the seeds."""
    if isinstance(values[0], bool):
        return _successes([bool(v) for v in values])
    numbers = [float(v) for v in values if v is not None]
    if not numbers:
        return Text("never", "从未")
    mean = float(np.mean(numbers))
    if len(set(numbers)) == 1:
        spread = str(int(mean)) if mean.is_integer() else true_minus(f"{mean:.4g}")
    else:
        deviation = float(np.std(numbers, ddof=1))
        places = max(0, 1 - math.floor(math.log10(deviation)))
        spread = true_minus(f"{mean:.{places}f} ± {deviation:.{places}f}")
    missing = len(values) - len(numbers)
    if not missing:
        return spread
    return Text(f"{spread} ({missing} never)", f"{spread}（{missing} 次从未）")


def _successes(values: Sequence[bool]) -> Cell:
    count, n = sum(values), len(values)
    if n == 1:
        return Text("yes", "是") if count else Text("no", "否")
    low, high = (f"{100 * end:.0f} %" for end in wilson(count, n))
    return Text(
        f"{count} of {n} ({low} to {high})",
        f"{n} 次中 {count} 次（{low} 至 {high}）",
    )


def _is_number(value: Measured) -> bool:
    return value is not None and not isinstance(value, bool)
