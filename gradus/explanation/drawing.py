"""A computation graph as SVG: what a node is, its value, its adjoint; on the edges the local derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from itertools import pairwise

from gradus.explanation.graph import Node
from gradus.explanation.layout import apart, layered
from gradus.explanation.words import adjoint_name, amount_lines, number

_SIZE, _LINE, _PAD, _ROOM = 12, 16, 8, 58  # of the letters, a line, a box's border, between rows
_MARGIN = 16
_MANY = 40  # nodes; a larger drawing has no words on its edges
_STYLE = """
.explained{--ink:#1a1a1a;--dim:#666;--line:#8a8a8a;--paper:#fff;--step:#f4f5f7;--leaf:#e6f0fa;--result:#fdf0d5;--back:#b3261e;
background:var(--paper);font:12px system-ui,-apple-system,"Segoe UI","Noto Sans","Noto Sans CJK SC",sans-serif}
@media (prefers-color-scheme:dark){.explained{--ink:#ececec;--dim:#a5a5a5;--line:#7d7d7d;--paper:#17181a;--step:#26282c;--leaf:#1c3348;--result:#463615;--back:#ff9d94}}
.explained text{fill:var(--ink)}.explained .value{fill:var(--dim)}.explained .adjoint,.explained .local{fill:var(--back)}
.explained rect{fill:var(--step);stroke:var(--line)}.explained .leaf rect{fill:var(--leaf)}.explained .result rect{fill:var(--result)}
.explained .group rect{stroke-dasharray:4 3}.explained path{fill:none;stroke:var(--line)}.explained marker path{fill:var(--line);stroke:none}
.explained .local{font-size:11px;paint-order:stroke;stroke:var(--paper);stroke-width:4px}
"""


def drawing(nodes: Sequence[Node], title: str, description: str, lang: str = "en") -> str:
    """The SVG of a graph, from arguments and parameters (above) to the result (below).

    Args:
        nodes: each after those that it is computed from.
        title: of the picture.
        description: the picture in words.
        lang: "en" or "zh".
    """
    texts = [_lines(n, lang) for n in nodes]
    widths = [max(_width(t) for _, t in lines) + 2 * _PAD for lines in texts]
    heights = [len(lines) * _LINE + 2 * _PAD - 4 for lines in texts]
    place = layered([n.inputs for n in nodes], widths)
    tall = [
        max((h for h, r in zip(heights, place.rank, strict=True) if r == row), default=0)
        for row in range(max(place.rank) + 1)
    ]
    top = [_MARGIN]
    for h in tall:
        top.append(top[-1] + h + _ROOM)
    middle = [a + h / 2 for a, h in zip(top, tall, strict=False)]
    width, height = place.width + 2 * _MARGIN, top[-1] - _ROOM + _MARGIN
    parts, words = [], []
    starts, stops = _ports(place.routes, place.x, widths)
    for (a, b), route in place.routes.items():
        ends = [(starts[a, b], middle[place.rank[a]] + heights[a] / 2)]
        ends += [(x, middle[place.rank[a] + 1 + k]) for k, x in enumerate(route)]
        ends.append((stops[a, b], middle[place.rank[b]] - heights[b] / 2 - 5))
        parts.append(f'<path d="{_curve(ends)}" marker-end="url(#tip)"/>')
        if len(nodes) <= _MANY:
            words.append((ends, _edge_words(nodes, a, b)))
    parts += _labels(words)
    for i, node in enumerate(nodes):
        x, y = place.x[i] - widths[i] / 2, middle[place.rank[i]] - heights[i] / 2
        parts.append(_box(node, texts[i], x, y, widths[i], heights[i], i == len(nodes) - 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="explained" role="img" aria-labelledby="title desc" '
        f'width="{width:.0f}" height="{height:.0f}" viewBox="{-_MARGIN} 0 {width:.0f} {height:.0f}">'
        f'<title id="title">{escape(title)}</title><desc id="desc">{escape(description)}</desc><style>{_STYLE}</style>'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="3" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0 8 4 0 8z"/></marker></defs>{"".join(parts)}</svg>'
    )


def _lines(node: Node, lang: str) -> list[tuple[str, str]]:
    """What stands in a box: class and text of each line."""
    title = node.label if node.leaf or node.count > 1 else f"{node.name} = {node.label}"
    lines = [("name", _short(title))]
    if node.count > 1:
        lines.append(("value", f"{node.count} 步" if lang == "zh" else f"{node.count} steps"))
    lines += [("value", text) for text in amount_lines(node.value)]
    if node.adjoint is not None:
        first, *rest = amount_lines(node.adjoint)
        lines.append(("adjoint", f"{adjoint_name(node.name)} = {first}"))
        lines += [("adjoint", text) for text in rest]
    return lines


def _short(text: str, most: int = 46) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _width(text: str) -> float:
    return sum(_SIZE if ord(c) > 0x2E80 else 0 if 0x300 <= ord(c) < 0x370 else 0.6 * _SIZE for c in text)


def _box(node: Node, lines: list[tuple[str, str]], x: float, y: float, w: float, h: float, last: bool) -> str:
    kind = "leaf" if node.leaf else "result" if last else "group" if node.count > 1 else "step"
    texts = "".join(
        f'<text class="{style}" x="{x + w / 2:.1f}" y="{y + _PAD + 9 + k * _LINE:.1f}" text-anchor="middle">{escape(text)}</text>'
        for k, (style, text) in enumerate(lines)
    )
    hint = f"<title>{escape(' › '.join([*node.path, node.label]))}</title>"
    return f'<g class="{kind}">{hint}<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="5"/>{texts}</g>'


def _curve(points: Sequence[tuple[float, float]]) -> str:
    (x, y), *_ = points
    path = f"M{x:.1f} {y:.1f}"
    for (x0, y0), (x1, y1) in pairwise(points):
        half = (y1 - y0) / 2
        path += f"C{x0:.1f} {y0 + half:.1f} {x1:.1f} {y1 - half:.1f} {x1:.1f} {y1:.1f}"
    return path


def _ports(
    routes: dict[tuple[int, int], list[float]], x: Sequence[float], widths: Sequence[float]
) -> tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]]:
    """Where each edge leaves its node and where it arrives: side by side, in the order in which they come."""
    both: tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]] = ({}, {})
    for end, ports in enumerate(both):
        edges: dict[int, list[tuple[int, int]]] = {}
        for edge in routes:
            edges.setdefault(edge[end], []).append(edge)
        for node, met in edges.items():
            far = 1 - end
            met.sort(key=partial(_came_from, far=far, routes=routes, x=x))
            step = min(26.0, 0.8 * widths[node] / len(met))
            ports.update({e: x[node] + step * (k - (len(met) - 1) / 2) for k, e in enumerate(met)})
    return both


def _came_from(
    edge: tuple[int, int], far: int, routes: dict[tuple[int, int], list[float]], x: Sequence[float]
) -> tuple[float, float]:
    """What lies next on the way to the far end, then that end itself."""
    stops = [x[edge[0]], *routes[edge], x[edge[1]]]
    return stops[1 if far else -2], x[edge[far]]


def _edge_words(nodes: Sequence[Node], a: int, b: int) -> list[str]:
    """The local derivatives along an edge, one for each time that b uses a."""
    labels = []
    for k, (j, words) in enumerate(zip(nodes[b].inputs, nodes[b].locals, strict=True)):
        if j == a and words:
            slope = nodes[b].slope(k, nodes[a].value.size)
            value = "" if slope is None else number(slope)
            labels.append(words if value in ("", words) else value if words == "∂" else f"{words} = {value}")
    return labels


def _labels(words: Sequence[tuple[list[tuple[float, float]], list[str]]]) -> list[str]:
    """The words of all edges, above the boxes at which these end, moved apart where they would overlap."""
    rows: dict[float, list[tuple[float, list[str]]]] = {}
    for ends, texts in words:
        (x0, _), (x1, y1) = ends[-2], ends[-1]
        if texts:
            rows.setdefault(y1 - 0.4 * _ROOM, []).append((x0 + 0.6 * (x1 - x0), texts))
    elements = []
    for y, row in rows.items():
        row.sort(key=lambda r: r[0])
        sizes = [max(map(_width, texts)) for _, texts in row]
        for x, (_, texts) in zip(apart([x for x, _ in row], sizes, 6.0), row, strict=True):
            elements += [
                f'<text class="local" x="{x:.1f}" y="{y + 4 + 13 * (k - (len(texts) - 1) / 2):.1f}" '
                f'text-anchor="middle">{escape(text)}</text>'
                for k, text in enumerate(texts)
            ]
    return elements
