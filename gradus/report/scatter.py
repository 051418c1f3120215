"""Points in a plane, as a picture of a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gradus.errors import GradusError
from gradus.page.figures import COLOURS, canvas, svg
from gradus.report.svg import GRID
from gradus.text import Text


def scatter(
    x: np.ndarray,
    y: np.ndarray,
    x_label: Text,
    y_label: Text,
    *,
    groups: np.ndarray | None = None,
    names: Sequence[str] = (),
    level: float | None = None,
    diagonal: bool = False,
    wide: bool = False,
) -> Callable[[str], str]:
    """The SVG of a scatter plot as a function of the language.

    Args:
        x: positions (n,).
        y: positions (n,).
        x_label: of the axis.
        y_label: of the axis.
        groups: group number of each point; each group has a colour and, with `names`, its name at its median.
        names: of the groups.
        level: a horizontal line.
        diagonal: the line y = x.
        wide: for a picture of the full width.

    Raises:
        GradusError: the lengths differ.
    """
    if not len(x) == len(y) == (len(x) if groups is None else len(groups)):
        raise GradusError(
            Text(
                f"expected as many x as y and groups, got {len(x)} and {len(y)}",
                f"x 应与 y、groups 一样多，得到 {len(x)} 与 {len(y)}",
            )
        )

    def draw(lang: str) -> str:
        figure, ax = canvas(width=5.6 if wide else 3.5, height=3.8 if wide else 2.8)
        group = np.zeros(len(x), int) if groups is None else groups
        for g in np.unique(group):
            own = group == g
            ax.scatter(x[own], y[own], s=7, color=COLOURS[g % len(COLOURS)], alpha=0.45, linewidths=0)
            if names:
                at = np.median(x[own]), np.median(y[own])
                ax.annotate(names[g], at, ha="center", va="center", fontsize=13, fontweight="bold")
        if level is not None:
            ax.axhline(level, color="#000000", linewidth=0.9, linestyle=(0, (1, 2)))
        if diagonal:
            low, high = max(x.min(), y.min()), min(x.max(), y.max())
            ax.plot([low, high], [low, high], color="#000000", linewidth=0.9, linestyle=(0, (1, 2)))
        ax.set_xlabel(x_label.get(lang))
        ax.set_ylabel(y_label.get(lang))
        ax.grid(color=GRID, linewidth=0.4)
        ax.set_axisbelow(True)
        return svg(figure, name=y_label.en)

    return draw
