"""Drawings of graphs are legible: no box, label or word over another, in both languages."""

from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from simple_graph import simple

from gradus import explain
from gradus.explanation.drawing import drawing

SVG = "{http://www.w3.org/2000/svg}"


def boxes(svg):
    tree = ElementTree.fromstring(svg)
    found = []
    for group in tree.iter(f"{SVG}g"):
        box = group.find(f"{SVG}rect")
        found.append(tuple(float(box.get(k)) for k in ("x", "y", "width", "height")))
    return tree, found


def chain_of_thirty(x):
    y = x
    for i in range(11):
        y = np.tanh(y * (0.5 + i)) + x
    return y


@pytest.mark.parametrize("f", [simple, chain_of_thirty], ids=["branches", "long"])
def test_no_two_boxes_overlap_and_words_stay_inside(f):
    e = explain(f, *([2.0, 3.0, -1.0] if f is simple else [0.3]))
    tree, found = boxes(e.svg)
    assert len(found) == len(e.nodes)
    for i, (x, y, w, h) in enumerate(found):
        for u, v, s, t in found[i + 1 :]:
            assert x + w <= u or u + s <= x or y + h <= v or v + t <= y
    left, top, width, height = map(float, tree.get("viewBox").split())
    assert all(
        left <= x and x + w <= left + width and top <= y and y + h <= top + height for x, y, w, h in found
    )
    assert tree.find(f"{SVG}title").text and tree.find(f"{SVG}desc").text == e.text


def test_labels_of_a_row_do_not_overlap():
    tree, _ = boxes(explain(simple, 2.0, 3.0, -1.0).svg)
    rows = {}
    for text in tree.iter(f"{SVG}text"):
        if text.get("class") == "local":
            rows.setdefault(text.get("y"), []).append((float(text.get("x")), 0.55 * 11 * len(text.text)))
    assert rows
    for row in rows.values():
        for (a, wide), (b, other) in pairwise(sorted(row)):
            assert b - a >= (wide + other) / 2


def test_a_hundred_nodes_are_drawn_one_by_one():
    def f(x):
        for _ in range(49):
            x = np.sin(x) * 1.5
        return x

    e = explain(f, 0.3)
    assert len(e.nodes) == 99 and len(boxes(e.svg)[1]) == 99


def test_chinese(tmp_path):
    e = explain(simple, 2.0, 3.0, -1.0, lang="zh")
    assert "前向" in e.text and "反向" in e.text and "条路径之和" in e.along("x")
    assert "计算图" in e.svg
    assert e.save(tmp_path / "图.svg").read_text(encoding="utf-8") == e.svg
    assert "<svg" in e._repr_html_()


def test_drawing_escapes_names():
    e = explain(lambda x: np.maximum(x, 0.0), 1.0)
    ElementTree.fromstring(drawing(e.nodes, "a < b", "&"))
