"""The definitions of the activation and loss pages on ONNX's own operator cases, which nobody here wrote."""

import json
from pathlib import Path

import numpy as np
import pytest

from gradus.concepts.networks.activations.elu import elu
from gradus.concepts.networks.activations.gelu import gelu, tanh_approximation
from gradus.concepts.networks.activations.leaky_relu import leaky_relu
from gradus.concepts.networks.activations.relu import relu
from gradus.concepts.networks.activations.sigmoid import sigmoid
from gradus.concepts.networks.activations.silu import silu
from gradus.concepts.networks.activations.softmax import softmax
from gradus.concepts.networks.activations.softplus import softplus
from gradus.concepts.networks.activations.tanh import tanh
from gradus.concepts.networks.losses.nll import nll
from gradus.concepts.networks.losses.softmax_cross_entropy import softmax_cross_entropy

FOLDER = "onnx_node"


def close(got, want, name):
    """Equal as far as the stored values can be trusted: a few spacings of the type they were computed in."""
    slack = 64 * np.finfo(want.dtype).eps if want.dtype == np.float32 else 2 * np.finfo(want.dtype).eps
    np.testing.assert_allclose(got, want, rtol=slack, atol=slack / 8, err_msg=name)


def along(function, x, axis):
    """A function of the last axis, along another one."""
    return np.moveaxis(function(np.moveaxis(x, axis, -1)), -1, axis)


def each_class(z):
    """−log softmax of every class, by the cross-entropy of one sample at a time."""
    loss, rows = softmax_cross_entropy, z.reshape(-1, z.shape[-1])
    found = [[loss(row[None], np.array([j])) for j in range(row.size)] for row in rows]
    return np.array(found).reshape(z.shape)


ELEMENTWISE = {
    "Relu": relu,
    "Sigmoid": sigmoid,
    "Tanh": tanh,
    "Softplus": softplus,
    "Swish": lambda x, alpha=1.0: silu(alpha * x) / alpha,
    "Elu": elu,
    "LeakyRelu": leaky_relu,
    "PRelu": leaky_relu,
    "Celu": lambda x, alpha=1.0: alpha * elu(x / alpha, 1.0),
    "Selu": lambda x, alpha=1.67326319217681884765625, gamma=1.05070102214813232421875: gamma * elu(x, alpha),
    "Mish": lambda x: x * tanh(softplus(x)),
    "Gelu": lambda x, approximate="none": gelu(x) if approximate == "none" else tanh_approximation(x),
    "Softmax": lambda x, axis=-1: along(softmax, x, axis),
    "LogSoftmax": lambda x, axis=-1: -along(each_class, x, axis),
}


def reduced(page, scores, target, weight=None, reduction="mean", ignore_index=None):
    """ONNX's weights, ignored labels, further axes and reductions, on top of the page's loss of single samples."""
    classes = scores.shape[1]
    rows, labels = np.moveaxis(scores, 1, -1).reshape(-1, classes), target.reshape(-1)
    counted = np.ones(labels.size, bool) if ignore_index is None else labels != ignore_index
    if weight is None and counted.all() and reduction == "mean":
        return page(rows, labels)
    w = np.zeros(labels.size)
    w[counted] = 1.0 if weight is None else weight[labels[counted]]
    single = np.zeros(labels.size)
    for i in np.flatnonzero(counted):
        single[i] = w[i] * page(rows[[i]], labels[[i]])
    if reduction == "none":
        return single.reshape(target.shape)
    return single.sum() / (w.sum() if reduction == "mean" else 1.0)


def cases(folder: Path, op: str):
    """Inputs, expected outputs and attributes of every case of one operator."""
    entries = [e for e in json.loads((folder / "index.json").read_text()) if e["op"] == op]
    assert entries, f"no case of {op}"
    with np.load(folder / f"{op}.npz") as arrays:
        for e in entries:
            name = e["name"]
            inputs = [arrays[f"{name}/in{i}"] for i, present in enumerate(e["inputs"]) if present]
            outputs = [arrays[f"{name}/out{i}"] for i in range(len(e["outputs"]))]
            yield name, [_double(v) for v in inputs], outputs, e["attrs"]


def _double(value):
    return value.astype(np.float64) if value.dtype.kind == "f" else value


@pytest.mark.parametrize("op", ELEMENTWISE)
def test_activations_agree(op, oracles):
    for name, inputs, outputs, attributes in cases(oracles / FOLDER, op):
        got = ELEMENTWISE[op](*inputs, **attributes)
        close(got, outputs[0], name)


@pytest.mark.parametrize(
    ("op", "page", "count"),
    [
        ("SoftmaxCrossEntropyLoss", softmax_cross_entropy, 34),
        ("NegativeLogLikelihoodLoss", nll, 18),
    ],
)
def test_losses_agree(op, page, count, oracles):
    seen = 0
    for name, inputs, outputs, attributes in cases(oracles / FOLDER, op):
        got = reduced(page, *inputs, **attributes)
        close(got, outputs[0], name)
        if len(outputs) > 1:
            close(-along(each_class, inputs[0], 1), outputs[1], name)
        seen += 1
    assert seen == count


def test_a_wrong_form_is_found(oracles):
    """The cases can fail: the tanh form of GELU is told from the exact one."""
    found = [
        np.abs(tanh_approximation(inputs[0]) - outputs[0]).max()
        for _, inputs, outputs, attributes in cases(oracles / FOLDER, "Gelu")
        if not attributes
    ]
    assert max(found) > 1e-4
