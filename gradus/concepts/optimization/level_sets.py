"""Level sets and the paths that optimisers take over them, for figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Range = tuple[float, float]


def level_sets(
    ax: Any,
    f: Callable[[Any, Any], Any],
    x: Range,
    y: Range,
    *,
    levels: int = 13,
    lowest: float | None = None,
    spacing: float = 2.5,
) -> None:
    """Fills `ax` with the level sets of f(x, y), closer together near the minimum.

    Args:
        ax: matplotlib axes.
        f: function of two arrays of coordinates.
        x: range of the first coordinate.
        y: range of the second.
        levels: how many bands.
        lowest: the infimum of f; that of the grid unless given.
        spacing: power by which the levels crowd near the minimum; 1 spaces them evenly.
    """
    X, Y = np.meshgrid(np.linspace(*x, 121), np.linspace(*y, 97))
    Z = f(X, Y)
    low = float(Z.min()) if lowest is None else lowest
    heights = low + (float(Z.max()) - low) * np.linspace(0, 1, levels + 1) ** spacing
    ax.contourf(X, Y, Z, levels=heights, cmap="GnBu", alpha=0.55)
    ax.contour(X, Y, Z, levels=heights, colors="white", linewidths=0.7)
    ax.set(xlim=x, ylim=y, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$")


def path(ax: Any, points: Any, colour: str, label: str = "", width: float = 1.4) -> None:
    """Draws a trajectory (steps + 1, 2): a line, its first 60 points, a ring at the start, a disc at the end.

    What lies beyond 50 times the axes' size is cut off, so that a diverging path can be drawn.
    """
    points = np.asarray(points, float)
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    reach = np.array([right - left, high - low])
    far = ~np.isfinite(points).all(1) | (np.abs(points - [left, low]) > 50 * reach).any(1)
    shown = points[: int(far.argmax())] if far.any() else points
    ax.plot(*shown.T, "-", color=colour, lw=width, label=label, zorder=3, solid_joinstyle="round")
    ax.plot(*shown[1:61].T, "o", color=colour, ms=3.2, mec="white", mew=0.5, zorder=4)
    ax.plot(*shown[0], "o", color="white", ms=7, mec=colour, mew=1.6, zorder=5)
    if not far.any():
        ax.plot(*shown[-1], "o", color=colour, ms=6.5, mec="white", mew=1.0, zorder=6)
    ax.set(xlim=(left, right), ylim=(low, high))
