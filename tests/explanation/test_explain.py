"""Computation graphs: right values, adjoints and local derivatives; one-line errors."""

import re

import numpy as np
import pytest
import torch
from simple_graph import node, simple

import gradus
from gradus import GradusError, explain
from gradus.catalogue import load
from gradus.foundations.autodiff import checkpoint, grad


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
