"""Draw the rooms and what they import: `make docs`.

    python tools/draw_rooms.py                writes docs/architecture.svg
    python tools/draw_rooms.py --check        writes nothing; status 1 when the picture is stale

A layered drawing: each row of `rooms.ROWS` is a layer, the ground is one; a line that passes a layer gets a place in it,
places are ordered by the mean of their neighbours (Sugiyama, Tagawa and Toda 1981). A line that follows from others is
left out.
"""

import argparse
import itertools
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.rooms import GROUND, GROUND_ROWS, LEVEL, LIBRARY, ROWS, room, uses  # noqa: E402

PICTURE = ROOT / "docs" / "architecture.svg"
WIDTH, MARGIN, BOX, WIDE, PASSAGE, LINE, GAP = 400, 10, 92, 300, 14, 16, 26
GROUPS = {"the ground": GROUND, "the library": LIBRARY}  # each drawn as one box that names its rooms
LAYERS = (GROUND, *ROWS[len(GROUND_ROWS) :])  # the ground is one layer
BOX_OF = {name: group for group, names in GROUPS.items() for name in names}
Node = tuple[str, int]  # a room, or a line "room>room" where it passes, and the row that it stands in
Edge = tuple[str, str]

STYLE = """
svg { --ink: #1f2328; --line: #6e7781; --box: #ffffff; --row: #f0f2f5; --wrong: #cf222e; }
@media (prefers-color-scheme: dark) {
  svg { --ink: #e6edf3; --line: #8b949e; --box: #161b22; --row: #21262d; --wrong: #ff7b72; }
}
text { font: 13px system-ui, sans-serif; white-space: pre; fill: var(--ink); text-anchor: middle; }
.row { fill: var(--row); }
.room { fill: var(--box); stroke: var(--line); }
.use { fill: none; stroke: var(--line); stroke-width: 1.2; }
.wrong { fill: none; stroke: var(--wrong); stroke-width: 1.2; stroke-dasharray: 4 3; }
.head { fill: var(--line); }
.wronghead { fill: var(--wrong); }
"""


def boxes(row: int) -> list[str]:
    """The boxes of a row: its rooms, or one box for all of them."""
    return list(dict.fromkeys(BOX_OF.get(name, name) for name in LAYERS[row]))


ROW = {box: i for i in range(len(LAYERS)) for box in boxes(i)}


def lines_of(box: str) -> list[str]:
    """What is written in a box."""
    names = GROUPS.get(box, (box,))
    return ["   ".join(names[i : i + 4]) for i in range(0, len(names), 4)]


def imports() -> set[Edge]:
    """Who imports whom, by box; the ground, which everybody stands on, is left out."""
    edges = {(room(module), room(target)) for module, its in uses().items() for target, _ in its.imports}
    drawn = {(BOX_OF.get(a, a), BOX_OF.get(b, b)) for a, b in edges if a in LEVEL and b in LEVEL}
    return {(a, b) for a, b in drawn if ROW[a] != ROW[b] and ROW[b] > 0}


def reduced(edges: set[Edge]) -> set[Edge]:
    """The edges that do not follow from others: a→c is left out where a→b and b→…→c (transitive reduction)."""
    below: dict[str, set[str]] = defaultdict(set)
    for a in sorted(ROW, key=ROW.__getitem__):
        for x, y in edges:
            if x == a:
                below[a] |= {y} | below[y]
    return {(a, c) for a, c in edges if not any(x == a and c in below[b] for x, b in edges if b != c)}


def chains(edges: Iterable[Edge]) -> dict[Edge, list[Node]]:
    """Each edge as the places that it runs through, from its upper end to its lower one."""
    result = {}
    for a, b in sorted(edges):
        upper, lower = (a, b) if ROW[a] > ROW[b] else (b, a)
        passed = range(ROW[upper] - 1, ROW[lower], -1)
        result[a, b] = [(upper, ROW[upper]), *((f"{a}>{b}", i) for i in passed), (lower, ROW[lower])]
    return result


def width(node: Node) -> float:
    """How much room a place takes in its row."""
    return PASSAGE if ">" in node[0] else (WIDE if node[0] in GROUPS else BOX) + 6


def spread(nodes: Sequence[Node], wanted: Sequence[float]) -> list[float]:
    """Centres as near as possible to the wanted ones, in this order and without overlap (pooled neighbours)."""
    offsets = [0.0]
    for left, right in itertools.pairwise(nodes):
        offsets.append(offsets[-1] + (width(left) + width(right)) / 2)
    pools: list[tuple[float, int]] = []
    for w, offset in zip(wanted, offsets, strict=True):
        mean, count = w - offset, 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean, count = (before * many + mean * count) / (many + count), many + count
        pools.append((mean, count))
    first = MARGIN + width(nodes[0]) / 2
    last = WIDTH - MARGIN - width(nodes[-1]) / 2 - offsets[-1]
    starts = [min(max(mean, first), last) for mean, count in pools for _ in range(count)]
    return [s + offset for s, offset in zip(starts, offsets, strict=True)]


def place(paths: Iterable[list[Node]]) -> dict[Node, float]:
    """The x of every place: rows are swept from above and from below until the lines are short."""
    neighbours: dict[Node, list[Node]] = defaultdict(list)
    rows: dict[int, list[Node]] = {i: [(box, i) for box in boxes(i)] for i in range(len(LAYERS))}
    for path in paths:
        for upper, lower in itertools.pairwise(path):
            neighbours[upper].append(lower)
            neighbours[lower].append(upper)
        for node in path[1:-1]:
            rows[node[1]].append(node)
    x = {}
    for nodes in rows.values():
        step = (WIDTH - 2 * MARGIN) / len(nodes)
        x.update(
            zip(nodes, spread(nodes, [MARGIN + step * (i + 0.5) for i in range(len(nodes))]), strict=True)
        )
    for sweep in range(60):
        for i in sorted(rows, reverse=bool(sweep % 2)):
            wanted = {n: mean([x[m] for m in neighbours[n]], x[n]) for n in rows[i]}
            if sweep < 40:
                rows[i].sort(key=lambda n: (wanted[n], n))
            x.update(zip(rows[i], spread(rows[i], [wanted[n] for n in rows[i]]), strict=True))
    return x


def mean(values: Sequence[float], otherwise: float) -> float:
    """The mean of the values; what stands there where there is none."""
    return sum(values) / len(values) if values else otherwise


def height(row: int) -> float:
    """How high the boxes of a row are."""
    return 10 + LINE * max(len(lines_of(box)) for box in boxes(row))


def top(row: int) -> float:
    """The upper edge of a row's boxes."""
    return MARGIN + sum(height(i) + GAP for i in range(row + 1, len(LAYERS)))


def bottom(row: int) -> float:
    """The lower edge of a row's boxes."""
    return top(row) + height(row)


def line(path: list[Node], x: dict[Node, float], upwards: bool) -> str:
    """A curve through the places of a line; its head is at the room that is imported."""
    parts = [f"M{x[path[0]]:.1f},{bottom(path[0][1]):.1f}"]
    for upper, lower in itertools.pairwise(path):
        y1, y2 = bottom(upper[1]), top(lower[1])
        middle, end = (y1 + y2) / 2, y2 - (0 if upwards or lower is not path[-1] else 4)
        parts.append(f"C{x[upper]:.1f},{middle:.1f} {x[lower]:.1f},{middle:.1f} {x[lower]:.1f},{end:.1f}")
        if lower is not path[-1]:
            parts.append(f"V{bottom(lower[1]):.1f}")
    kind = "wrong" if upwards else "use"
    tip, y = (path[0], bottom(path[0][1])) if upwards else (path[-1], top(path[-1][1]))
    back = 5 if upwards else -5
    head = f"M{x[tip]:.1f},{y:.1f}l-3.5,{back}h7z"
    return f'<path class="{kind}" d="{"".join(parts)}"/><path class="{"wrong" * upwards}head" d="{head}"/>'


def draw_box(box: str, centre: float, y: float, high: float) -> str:
    """A box with the names of its rooms."""
    wide = WIDE if box in GROUPS else BOX
    text = "".join(
        f'<text x="{centre:.1f}" y="{y + 17.5 + LINE * i:.1f}">{words}</text>'
        for i, words in enumerate(lines_of(box))
    )
    return f'<rect class="room" x="{centre - wide / 2:.1f}" y="{y}" width="{wide}" height="{high}" rx="4"/>{text}'


def draw() -> str:
    """The picture as SVG."""
    edges = imports()
    upwards = {(a, b) for a, b in edges if ROW[b] > ROW[a]}
    paths = chains(reduced(edges - upwards) | upwards)
    x = place(paths.values())
    high = bottom(0) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {high}" role="img">',
        f"<title>The rooms of Gradus; each imports only what lies below it</title><style>{STYLE}</style>",
    ]
    for i in range(len(LAYERS)):
        parts.append(
            f'<rect class="row" x="2" y="{top(i) - 5}" width="{WIDTH - 4}" height="{height(i) + 10}" rx="6"/>'
        )
    parts += [line(path, x, edge in upwards) for edge, path in paths.items()]
    for box, row in ROW.items():
        parts.append(draw_box(box, x[box, row], top(row), height(row)))
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    """Write the picture, or say that it is stale."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; status 1 when the picture is stale"
    )
    picture = draw()
    if not parser.parse_args().check:
        PICTURE.write_text(picture, encoding="utf-8")
    elif not PICTURE.is_file() or PICTURE.read_text(encoding="utf-8") != picture:
        raise SystemExit("docs/architecture.svg is stale: run `make docs`")


if __name__ == "__main__":
    main()
