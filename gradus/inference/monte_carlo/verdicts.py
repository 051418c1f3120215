"""What the diagnostics of one quantity come to, in words, and the table of all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradus.text import Text, cell_width

__all__ = ["FINE", "LEAST_ENERGY", "LEAST_SIZE", "MOST_SCALE", "Row", "notes", "table", "verdict", "written"]

MOST_SCALE = 1.01  # R̂ of chains that agree, and
LEAST_SIZE = 400  # the effective draws from which on R̂, ESS and MCSE are to be trusted: Vehtari et al. 2021
LEAST_ENERGY = 0.3  # E-BFMI below which momenta are drawn anew too weakly: Betancourt 2016
FINE = Text("no fault found", "未发现问题")
HEAD = Text(
    "quantity|mean|MCSE|sd|R̂|ESS bulk|ESS tail|verdict",
    "量|均值|MCSE|标准差|R̂|主体 ESS|尾部 ESS|结论",
)
SHOWN = 5  # chains that a verdict names


class Row(NamedTuple):
    """One quantity: its name, mean, MCSE, sd, R̂ of the middle and of the spread, effective sizes, which chains stood still."""

    name: str
    mean: float
    error: float
    sd: float
    location: float
    spread: float
    bulk: float
    tail: float
    stuck: Sequence[bool]

    @property
    def rhat(self) -> float:
        """The larger of both."""
        return float(np.fmax(self.location, self.spread))


def verdict(row: Row) -> Text:
    """What is wrong with a quantity, the gravest first; or that nothing was found."""
    stuck = np.flatnonzero(row.stuck)
    if len(stuck) == len(row.stuck):
        same = math.isnan(row.bulk)
        return (
            Text("did not move: every draw is the same", "没有移动：所有抽样都相同")
            if same
            else Text("did not move: each chain stands at its own place", "没有移动：每条链都停在各自的位置")
        )
    if len(stuck):
        several = ", ".join(map(str, stuck[:SHOWN])) + (", …" if len(stuck) > SHOWN else "")
        noun = "chain" if len(stuck) == 1 else "chains"
        return Text(f"{noun} {several} did not move", f"第 {several} 条链没有移动（从 0 数起）")
    if not row.rhat <= MOST_SCALE:
        if not row.spread > row.location:
            return Text(f"chains disagree in place: R̂ {row.rhat:.3g}", f"各链位置不一致：R̂ {row.rhat:.3g}")
        return Text(f"chains disagree in spread: R̂ {row.rhat:.3g}", f"各链离散程度不一致：R̂ {row.rhat:.3g}")
    if not row.bulk >= LEAST_SIZE:
        return Text(f"few draws in effect: {row.bulk:.3g}", f"有效样本太少：{row.bulk:.3g}")
    if row.tail < LEAST_SIZE:
        return Text(f"few draws in effect in the tails: {row.tail:.3g}", f"尾部有效样本太少：{row.tail:.3g}")
    return FINE


def notes(chains: int, divergences: np.ndarray | None, energy: np.ndarray | None) -> tuple[Text, ...]:
    """What is wrong with the chains as a whole."""
    found = []
    if chains == 1:
        found.append(
            Text(
                "one chain: its halves are compared, and other places of the posterior may never have been seen",
                "只有一条链：只能比较它的两半，后验的其他区域可能从未到达",
            )
        )
    if divergences is not None and divergences.sum():
        n = int(divergences.sum())
        found.append(
            Text(
                f"{n} divergent transitions: the draws miss places of strong curvature; take smaller steps, or other coordinates",
                f"{n} 次发散：抽样未能到达曲率很大的区域；请减小步长，或换一种参数化",
            )
        )
    if energy is not None and not np.nanmin(np.append(energy, np.inf)) >= LEAST_ENERGY:
        worst = float(np.nanmin(energy))
        found.append(
            Text(
                f"E-BFMI {worst:.2g}, below {LEAST_ENERGY}: the energies of the tails are hardly reached; try other coordinates",
                f"E-BFMI 为 {worst:.2g}，低于 {LEAST_ENERGY}：尾部的能量难以到达；请换一种参数化",
            )
        )
    return tuple(found)


def table(rows: Sequence[Row], said: Sequence[Text], lang: str, most: int) -> str:
    """The rows as text, a line each; those with faults come first where there are more than are shown."""
    chosen = list(zip(rows, said, strict=True))
    left = len(chosen) - most
    if left > 0:
        chosen.sort(key=lambda pair: pair[1] == FINE)
        chosen = chosen[:most]
    cells = [HEAD.get(lang).split("|")]
    for row, words in chosen:
        digits = (row.mean, row.error, row.sd, row.rhat, row.bulk, row.tail)
        cells.append([row.name, *map(written, digits), words.get(lang)])
    wide = [max(cell_width(line[i]) for line in cells) for i in range(len(cells[0]))]
    lines = []
    for line in cells:
        padded = []
        for i, (cell, width) in enumerate(zip(line, wide, strict=True)):
            gap = " " * (width - cell_width(cell))
            padded.append(cell + gap if i in (0, len(line) - 1) else gap + cell)
        lines.append("  ".join(padded).rstrip())
    if left > 0:
        lines.append(Text(f"… {left} more", f"…… 另有 {left} 个").get(lang))
    return "\n".join(lines)


def written(number: float) -> str:
    """A number of the table in four digits."""
    if math.isnan(number):
        return "–"
    return f"{number:.0f}" if 1000 <= abs(number) < 10**7 else f"{number:.4g}"
