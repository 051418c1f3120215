"""A network drawn: variables in boxes, arrows downwards, those whose direction is settled apart from the open ones."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from gradus.systems.inference.bayesian_network.layered import layered

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BOX, LINE = 0.88, 0.15  # share of a place that a box takes; inches of a line of a name
WIDTHS = {False: 9.2, True: 3.9}  # inches: of a page, of a phone
MOST = {False: 8, True: 4}  # boxes in a row
LARGEST, SMALLEST = 9.5, 7.0  # points
LINES = 4
WIDEST = 1.5  # inches that a box may take


def drawn(
    parents: Mapping[str, Any],
    lines: Collection[tuple[str, str]] = (),
    marked: Mapping[str, str] | None = None,
    narrow: bool = False,
) -> Figure:
    """The graph as a figure.

    Args:
        parents: by variable.
        lines: arrows of which the direction is open: dashed, without a head.
        marked: colours of some variables.
        narrow: for a phone.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
    from matplotlib.path import Path

    marked = marked or {}
    placed = layered(parents, MOST[narrow])
    unit = min(WIDTHS[narrow] / placed.width, WIDEST)
    margin = (WIDTHS[narrow] - placed.width * unit) / 2
    size, names = fitted_names(parents, BOX * unit - 0.08)
    tall = {v: LINE * size / LARGEST * (name.count("\n") + 1) + 0.1 for v, name in names.items()}
    step = max(tall.values()) + (0.42 if narrow else 0.5)
    height = step * placed.rows
    figure = Figure(figsize=(WIDTHS[narrow], height))
    ax = figure.add_axes((0, 0, 1, 1), xlim=(-margin, WIDTHS[narrow] - margin), ylim=(height, 0))
    ax.set_axis_off()

    def point(place: tuple[float, int], shift: float = 0.0) -> tuple[float, float]:
        return place[0] * unit, (place[1] + 0.5) * step + shift

    room = max(tall.values()) / 2
    opened = {frozenset(pair) for pair in lines}
    for (a, b), route in placed.routes.items():
        to = fanned(route[-1][0], route[-2][0])
        away = fanned(route[0][0], route[1][0])
        vertices = [point((away, route[0][1]), tall[a] / 2)]
        codes: list[Any] = [Path.MOVETO]
        for i, place in enumerate(route[1:], 1):
            last = i == len(route) - 1
            x, y = point((to, place[1]), -tall[b] / 2 - 0.02) if last else point(place, -room)
            x0, y0 = vertices[-1]
            vertices += [(x0, y0 + 0.55 * (y - y0)), (x, y - 0.55 * (y - y0)), (x, y)]
            codes += [Path.CURVE4] * 3
            if not last:
                vertices.append(point(place, room))
                codes.append(Path.LINETO)
        free = frozenset((a, b)) in opened
        ax.add_patch(
            FancyArrowPatch(
                path=Path(vertices, codes), arrowstyle="-" if free else "-|>", mutation_scale=7, linewidth=0.9,
                linestyle=(0, (3, 2)) if free else "-", color="#000000", alpha=0.75, shrinkA=0, shrinkB=0, zorder=1,
            )
        )  # fmt: skip
    for v, place in placed.at.items():
        x, y = point(place)
        colour = marked.get(v)
        ax.add_patch(
            FancyBboxPatch(
                (x - BOX * unit / 2, y - tall[v] / 2), BOX * unit, tall[v], boxstyle="round,pad=0,rounding_size=0.06",
                facecolor=(colour or "#7F7F7F") + ("38" if colour else "14"), edgecolor=colour or "#7F7F7F", linewidth=1.4 if colour else 0.7, zorder=2,
            )
        )  # fmt: skip
        lines_of = names[v].split("\n")
        for i, line in enumerate(lines_of):
            down = (i - (len(lines_of) - 1) / 2) * LINE * size / LARGEST
            ax.text(x, y + down, line, ha="center", va="center_baseline", fontsize=size, zorder=3)
    return figure


def fanned(here: float, there: float) -> float:
    """Where an arrow leaves a box or comes to it: a little towards where the other end is."""
    return here + max(-0.3, min(0.3, 0.16 * (there - here))) * BOX


def fitted_names(names: Collection[str], width: float) -> tuple[float, dict[str, str]]:
    """One size of letters for all and each name in at most four lines, so that the longest line fits into so many inches."""
    size = LARGEST
    while True:
        ems = width * 72 / size
        found = {v: wrapped(v, ems) for v in names}
        if size <= SMALLEST or all(
            len(lines) <= LINES and max(map(em, lines)) <= ems for lines in found.values()
        ):
            return size, {v: shown(lines, ems) for v, lines in found.items()}
        size -= 0.25


def em(text: str) -> float:
    """About how wide it is, in sizes of its letters."""
    return sum(1.0 if c > "\u2e80" else 0.72 if c.isupper() or c in "mw" else 0.5 for c in text)


def wrapped(name: str, ems: float) -> list[str]:
    """A name in lines that fit, broken after blanks, underscores, slashes and hyphens, and before capitals; a word that is too long stays."""
    lines = [""]
    for part in re.split(r"(?<=[ _/\-])|(?<=[a-z])(?=[A-Z])", name):
        if lines[-1] and em((lines[-1] + part).strip()) > ems:
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines]


def shown(lines: list[str], ems: float) -> str:
    """The lines, words that are too long cut into equal pieces, and an ellipsis where they are too many."""
    cut: list[str] = []
    for line in lines:
        pieces = max(1, math.ceil(em(line) / ems))
        n = max(1, math.ceil(len(line) / pieces))
        cut += [line[i : i + n] for i in range(0, len(line), n)]
    if len(cut) > LINES:
        cut = [*cut[: LINES - 1], cut[LINES - 1][:-1] + "…"]
    return "\n".join(cut).replace("$", r"\$")
