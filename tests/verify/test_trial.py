"""How a user's function is taken: its framework, its members one by one, the structure of its result."""

import contextlib
import functools
import math
import re

import numpy as np
import pytest
import torch

from gradus.catalogue import concept, load
from gradus.errors import GradusError
from gradus.text import Text
from gradus.verify.structures import REFUSED, refused_inputs, result_names, return_lines
from gradus.verify.trial import Unanswered, tried


def taken(key, function, framework=None):
    return tried(concept(key), function, framework, "mine.py:f", lambda _: contextlib.nullcontext())


@pytest.mark.parametrize(
    ("key", "function", "framework"),
    [
        ("relu", lambda x: x.clamp(min=0), "torch"),
        ("relu", torch.nn.ReLU(), "torch"),
        ("softmax", functools.partial(torch.softmax, dim=-1), "torch"),
        ("relu", lambda x: np.maximum(x, 0), "numpy"),
        ("relu", lambda x: x * (x > 0), "numpy"),
        ("sigmoid", lambda x: [1 / (1 + math.exp(-v)) for v in x], "numpy"),
        ("sigmoid", lambda x: [1 / (1 + math.exp(-v)) for v in x.copy().__reversed__()][::-1], "python"),
        ("leaky-relu", torch.nn.LeakyReLU(0.01), "torch"),
    ],
)
def test_the_framework_is_found_by_calling(key, function, framework):
    trial = taken(key, function)
    assert trial.adapted.framework.name == framework
    assert trial.fault is None
    assert trial.adapted.framework.title in trial.why.en


def test_jax_beside_torch_is_taken_for_jax():
    jax = pytest.importorskip("jax")
    assert torch  # this file imports both
    assert taken("softmax", lambda z: jax.nn.softmax(z)).adapted.framework.name == "jax"
    assert taken("relu", jax.jit(lambda x: jax.numpy.maximum(x, 0))).adapted.framework.name == "jax"


def test_a_function_of_one_number_is_called_for_each():
    trial = taken("relu", lambda x: 0.0 if x < 0 else x)
    assert "one number at a time" in trial.why.en
    x = np.array([[-1.0, 2.0], [3.0, -4.0]])
    assert trial.adapted(x=x).tolist() == [[0.0, 2.0], [3.0, 0.0]]


def test_a_function_of_one_member_is_called_for_each():
    trial = taken("vector-space", lambda a, V: np.tensordot(a, V, 1))
    assert "one member of a batch at a time" in trial.why.en
    rng = np.random.default_rng(0)
    a, V = rng.standard_normal((5, 3)), rng.standard_normal((5, 3, 2))
    assert np.allclose(trial.adapted(a=a, V=V), np.einsum("bk,bkn->bn", a, V))


@pytest.mark.parametrize("cls", [torch.nn.ReLU, type("Mine", (), {"__call__": lambda self, x: x})])
def test_a_class_is_asked_for_its_instance(cls):
    with pytest.raises(GradusError, match="is a class; give an instance, such as f ="):
        taken("relu", cls)


def test_a_function_that_takes_the_input_in_no_framework_is_told_what_was_tried():
    with pytest.raises(
        Unanswered, match=r"called like softmax\(z\) as .*NumPy.*PyTorch.*--framework"
    ) as caught:
        taken("softmax", lambda a, b: a)
    assert "--framework" in caught.value.text.zh


def test_an_option_that_is_not_implemented_is_not_offered():
    def only_max(x, size=2, stride=None, padding=0, kind="max"):
        raise NotImplementedError

    with pytest.raises(Unanswered, match="not filled in yet"):
        taken("pooling", only_max)


@pytest.mark.parametrize(
    ("key", "function", "words"),
    [
        (
            "pca",
            lambda X, k: X[:, :k],
            r"pca must return \(mu \(\d,\), W \(\d, \d\), lam \(\d,\)\) for X .*; got an array of shape",
        ),
        ("softmax", lambda z: None, r"got None \(is a return missing\?\)"),
        ("softmax", lambda z: "text", "got a str"),
        ("mse", lambda y_hat, y: (y_hat - y) ** 2, "must return a number"),
    ],
)
def test_the_structure_of_the_result_is_told_in_one_line(key, function, words):
    fault = taken(key, function).fault
    assert re.search(words, fault.en)
    assert "应返回" in fault.zh


def test_results_are_named_and_refusals_listed():
    assert result_names(concept("pca")) == ("mu", "W", "lam")
    assert [line.en for line in return_lines(concept("pca"))] == [
        "mu (d): mean of the data",
        "W (k, d): principal directions in the rows",
        "lam (k): variance along each direction, the largest first",
    ]
    assert return_lines(concept("pca"))[0].zh == "mu (d)：数据的均值"
    assert Text("a negative probability", "负的概率") in refused_inputs(concept("entropy"))


SHAPES = {
    "softmax": "array (…, n)", "relu": "array (…, n)", "embedding": "array (…, T, d)", "derivative": "array of the shape of `x`",
    "momentum": "array (steps+1, d)", "chain-rule": "array (p, n)", "jacobian": "array (m, n)", "conv-layer": "array (…, o, h2, w2)",
    "entropy": "number; of a batch an array (…)", "mse": "number", "initialization": "array (L+1)", "he": "array (…, n_out, n_in)", "stable-evaluation": "array (…)",
}  # fmt: skip


@pytest.mark.parametrize(("key", "words"), SHAPES.items())
def test_a_single_result_has_its_shape_in_names(key, words):
    (line,) = return_lines(concept(key))
    assert line.en == words
    assert line.zh == {
        "number": "一个数",
        "number; of a batch an array (…)": "一个数；成批时为数组 (…)",
        "array of the shape of `x`": "与 `x` 形状相同的数组",
    }.get(words, words.replace("array", "数组"))


def test_no_result_has_the_sizes_of_a_case():
    """A number stands in the shape of those alone that return as many whatever their arguments are."""
    single = [c for c in load() if c.has("definition") and c.has("cases") and not c.returns]
    shapes = {c.key: return_lines(c)[0].en.partition("(")[2] for c in single}
    fixed = {key for key, shape in shapes.items() if re.search(r"(^|, )\d+[,)]", shape)}
    assert fixed == {"classification-metrics", "proper-scores", "signal-propagation"}


def test_what_is_refused_has_its_chinese_and_no_more():
    labels = {label.en for page in load() for label in refused_inputs(page)}
    pairs = [line.split(" | ") for line in REFUSED.read_text("utf-8").splitlines()]
    assert len(pairs) == len({english for english, _ in pairs})
    assert {english for english, _ in pairs} == labels


def test_names_of_the_page_in_another_order_are_passed_by_name():
    trial = taken("linear-solve", lambda b, A: np.linalg.solve(A, b))
    assert trial.fault is None
    assert "by name" in trial.why.en
    trial = taken("kl", lambda q, p: np.where(p > 0, p * np.log(np.where(p > 0, p, 1) / q), 0).sum(-1))
    assert "by name" in trial.why.en


def test_by_position_wins_where_it_is_right():
    def mse(y, y_hat):  # the names are exchanged, which changes nothing
        return ((y_hat - y) ** 2).mean()

    assert "by name" not in taken("mse", mse).why.en


def test_another_default_is_told():
    trial = taken("leaky-relu", lambda x, alpha=0.1: np.where(x > 0, x, alpha * x))
    assert "its default of alpha is 0.1, the page's is 0.01" in trial.why.en
    assert "0.1" in trial.why.zh


def test_a_batch_read_as_a_matrix_is_no_batch():
    def determinant(A):  # of one matrix; of two of 2×2 it gives two wrong numbers
        if len(A) == 1:
            return A[0][0]
        rest = A[:, 1:]
        return sum((-1) ** i * A[i, 0] * determinant(np.delete(rest, i, 0)) for i in range(len(A)))

    assert "one member of a batch" in taken("determinant", determinant).why.en
