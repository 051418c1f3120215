"""Computation graphs: right values, adjoints and local derivatives; legible drawings; one-line errors."""

import copy
import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from torch import nn

import gradus
from gradus import GradusError, explain
from gradus.catalogue import load
from gradus.explanation.drawing import drawing
from gradus.explanation.graph import LEGIBLE, grouped
from gradus.foundations.autodiff import checkpoint, grad

SVG = "{http://www.w3.org/2000/svg}"


def simple(x, w, b):
    z = x * w + b
    return np.sin(z) * x + z * z


def node(explanation, name):
    return next(n for n in explanation.nodes if n.name == name)


def test_values_and_adjoints_by_hand():
    e = explain(simple, 2.0, 3.0, -1.0)
    z = 5.0
    assert node(e, "x").adjoint == pytest.approx(np.sin(z) + (np.cos(z) * 2 + 2 * z) * 3, rel=1e-15)
    assert node(e, "w").adjoint == pytest.approx((np.cos(z) * 2 + 2 * z) * 2, rel=1e-15)
    assert node(e, "b").adjoint == pytest.approx(np.cos(z) * 2 + 2 * z, rel=1e-15)
    assert e.nodes[-1].value == pytest.approx(np.sin(z) * 2 + z * z, rel=1e-15)
    slopes = {e.nodes[j].name: node(e, "v3").slope(k, 1) for k, j in enumerate(node(e, "v3").inputs)}
    assert slopes == {"v2": pytest.approx(np.cos(5.0))}


def test_numpy_and_torch_give_one_graph():
    def f(x, w, b):
        z = x * w + b
        return torch.sin(z) * x + z * z

    ours, torchs = (
        explain(simple, 2.0, 3.0, -1.0),
        explain(f, *(torch.tensor(v, dtype=torch.float64) for v in (2.0, 3.0, -1.0))),
    )
    assert [n.label for n in ours.nodes] == [n.label for n in torchs.nodes]
    assert ours.text == torchs.text
    for a, b in zip(ours.nodes, torchs.nodes, strict=True):
        assert a.adjoint == pytest.approx(b.adjoint, rel=1e-15)


def test_along_multiplies_out_one_path():
    e = explain(simple, 2.0, 3.0, -1.0)
    said = e.along("x", "v1", "v3")
    assert said.splitlines()[0] == "path x → v1 → v2 → v3 → v4 → v6"
    product = 1.0
    for value in re.findall(r"∂v\d/∂\w+ = (?:.* = )?([−\d.]+)$", said, re.M):
        product *= float(value.replace("−", "-"))
    assert product == pytest.approx(np.cos(5.0) * 2 * 3, rel=1e-3)
    assert "the sum over 4 paths: x̄ = 30.74" in said
    assert "the only path" in explain(lambda x: np.sin(x), 1.0).along("x")


def test_all_paths_sum_to_the_adjoint():
    e = explain(simple, 2.0, 3.0, -1.0)
    start = next(i for i, n in enumerate(e.nodes) if n.name == "x")

    def paths(i):
        if i == start:
            return [[(None, 1.0)]]
        n = e.nodes[i]
        return [[*p, (i, n.slope(k, 1))] for k, j in enumerate(n.inputs) for p in paths(j)]

    products = [np.prod([s for _, s in p]) for p in paths(len(e.nodes) - 1)]
    assert len(products) == 4
    assert sum(products) == pytest.approx(e.nodes[start].adjoint, rel=1e-14)


@pytest.mark.parametrize("key", ["softmax", "attention", "entropy", "mse", "softmax-cross-entropy", "silu"])
def test_definitions_of_pages_have_graphs(key):
    concept, compared = load().get(key), 0
    for _, arguments in concept.cases(np.random.default_rng(3)):
        floating = [
            k for k, v in arguments.items() if isinstance(v, np.ndarray) and v.dtype.kind == "f" and v.size
        ]
        if not floating:
            continue
        bound, name = list(arguments.values()), floating[0]
        where = list(arguments).index(name)
        with np.errstate(all="ignore"):
            e = explain(concept.definition, *bound)
            want = grad(lambda x, i=where, b=bound: np.sum(concept.definition(*b[:i], x, *b[i + 1 :])))(
                bound[where]
            )
        if np.isfinite(want).all() and any(n.name == name for n in e.nodes):
            np.testing.assert_allclose(node(e, name).adjoint, want, rtol=1e-12, atol=1e-14)
            compared += 1
    assert compared >= 2


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first, self.second = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.norm(self.second(self.relu(self.first(x))))
        y += x
        return self.relu(y)


class Deep(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.blocks = nn.Sequential(*[Residual(4) for _ in range(blocks)])
        self.head = nn.Linear(4, 10)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


def test_modules_are_differentiated_by_their_parameters():
    torch.manual_seed(0)
    net = Deep(3).double().eval()
    x, y = torch.randn(2, 1, 6, 6, dtype=torch.float64), torch.tensor([3, 1])

    def loss(x, y):
        return nn.functional.cross_entropy(net(x), y)

    e = explain(loss, x, y)
    want = torch.autograd.grad(loss(x, y), list(net.parameters()))
    for (name, _), g in zip(net.named_parameters(), want, strict=True):
        np.testing.assert_allclose(node(e, name).adjoint, g.numpy(), rtol=1e-10, atol=1e-14)
    assert e.nodes[-1].label == f"cross_entropy_loss({e.nodes[-2].name}, y)"
    assert all(p.grad is None for p in net.parameters())


def test_a_module_in_training_is_left_as_it_was():
    """Its gradient is that of one forward pass; its running means and the random generator do not move."""
    torch.manual_seed(0)
    net = Deep(2)
    twin = copy.deepcopy(net)
    x = torch.randn(3, 1, 6, 6)
    before = torch.get_rng_state()
    e = explain(net, x)
    assert torch.equal(before, torch.get_rng_state())
    for name, value in twin.state_dict().items():
        assert torch.equal(net.state_dict()[name], value), name
    leaf = x.clone().requires_grad_()
    (want,) = torch.autograd.grad(twin(leaf).sum(), leaf)
    np.testing.assert_array_equal(node(e, "x").adjoint, want.numpy())


def test_composite_functions_are_taken_apart_and_dropout_keeps_its_mask():
    torch.manual_seed(0)
    net, x = (
        nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).double(),
        torch.randn(2, 5, 8, dtype=torch.float64),
    )
    weights = torch.randn(2, 5, 8, dtype=torch.float64)  # the sum of normalised rows alone has no gradient
    torch.manual_seed(1)
    e = explain(lambda x: (weights * net(x)).sum(), x)
    labels = " ".join(n.label for n in e.nodes)
    assert "scaled_dot_product_attention" in labels or "softmax" in labels
    assert labels.count("dropout") >= 2
    torch.manual_seed(1)
    want = torch.autograd.grad((weights * net(x)).sum(), list(net.parameters()))
    for (name, _), g in zip(net.named_parameters(), want, strict=True):
        np.testing.assert_allclose(node(e, name).adjoint, g.numpy(), rtol=1e-9, atol=1e-12)


def test_in_place_writes_and_views():
    def f(x):
        y = x.clone()
        y[1:] = x[:-1] * 2
        y.mul_(3)
        return (y * y).sum().sqrt()

    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    e = explain(f, x)
    leaf = x.clone().requires_grad_()
    (want,) = torch.autograd.grad(f(leaf), leaf)
    np.testing.assert_allclose(node(e, "x").adjoint, want.numpy(), rtol=1e-14)
    np.testing.assert_array_equal(node(e, "v1").value, [1, 2, 3])
    assert x.grad is None and not x.requires_grad


def test_a_part_is_changed_in_place():
    def f(x):
        y = x * 1
        y[1] += x[0] * x[2]
        return (y**2).sum()

    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    e = explain(f, x)
    leaf = x.clone().requires_grad_()
    (want,) = torch.autograd.grad(f(leaf), leaf)
    np.testing.assert_allclose(node(e, "x").adjoint, want.numpy(), rtol=1e-14)


def test_steps_are_placed_in_the_functions_of_the_user():
    def inner(x):
        return np.linalg.norm(np.kron(x, x)) + np.mean(np.stack([x, 2 * x]))

    def outer(x):
        return inner(x) + checkpoint(np.sin)(x[0])

    def tensors(x):
        return torch.nn.functional.gelu(x).sum()

    names = {place.partition(":")[0] for n in explain(outer, np.ones(3)).nodes for place in n.path}
    assert names == {"outer", "inner"}
    names = {place.partition(":")[0] for n in explain(tensors, torch.ones(3)).nodes for place in n.path}
    assert names == {"tensors"}


def test_what_changes_through_a_view():
    def f(x):
        y = x * 1
        y.view(-1).mul_(x.sum())
        return (y * x).sum()

    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    leaf = x.clone().requires_grad_()
    (want,) = torch.autograd.grad(f(leaf), leaf)
    np.testing.assert_array_equal(node(explain(f, x), "x").adjoint, want.numpy())


def test_integers_are_constants_and_keep_their_names():
    table = nn.Embedding(7, 3)
    e = explain(lambda tokens: table(tokens).sum(), torch.tensor([1, 2, 2]))
    np.testing.assert_array_equal(node(e, "weight").adjoint.sum(axis=1), [0, 3, 6, 0, 0, 0, 0])
    assert "tokens" in e.nodes[1].label


@pytest.mark.parametrize("blocks", [30, 120])
def test_large_graphs_are_grouped_by_module(blocks):
    net = Deep(blocks).eval()
    e = explain(net, torch.randn(1, 1, 4, 4))
    assert len(e.nodes) > 8 * blocks
    shown = grouped(e.nodes)
    assert len(shown) <= LEGIBLE
    for i, n in enumerate(shown):
        assert all(j < i for j in n.inputs), "a group comes after what it is computed from"
    if blocks == 30:
        labels = [n.label for n in shown]
        assert all(f"blocks.{i} (Residual)" in labels for i in range(blocks))
    assert shown[-1].adjoint == 1
    assert sum(n.count for n in shown if not n.leaf) == sum(not n.leaf for n in e.nodes)


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


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: explain(3, 2.0), "expected a function or a module first, got int"),
        (lambda: explain(np.sin, 2), "write 2.0 for 2"),
        (lambda: explain(lambda x: 3, 2.0), "does not depend"),
        (lambda: explain(lambda x: x.detach(), torch.ones(2)), "does not depend"),
        (lambda: explain(np.sin, 2.0, lang="fr"), "expected 'en' or 'zh'"),
        (lambda: explain(simple, 2.0, 3.0, 1.0).along("zz"), "no node 'zz'"),
        (lambda: explain(simple, 2.0, 3.0, 1.0).along("v4", "v3"), "no path leads from v4 to v3"),
        (lambda: explain(simple, 2.0, 3.0, 1.0).save("/nonexistent/x.svg"), "cannot write"),
        (lambda: explain(lambda a: a @ a, np.ones((2, 3))), "shapes (2, 3) and (2, 3)"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line(wrong, words):
    with pytest.raises(GradusError, match=re.escape(words)) as caught:
        wrong()
    assert "\n" not in str(caught.value)


def test_explain_is_the_function_and_unknown_names_are_refused():
    assert gradus.explain is explain
    with pytest.raises(AttributeError, match="no attribute 'explian'"):
        gradus.explian  # noqa: B018
