"""ONNX's operators made of the pages' definitions: activations, losses, norms, dropout, lookups, recurrent layers.

Each takes a `Case` and gives its outputs in order, None for one that no page has. What ONNX has around a definition (axes,
weights of classes, directions, layouts) is put around it here.
"""

from typing import Any

import numpy as np

from gradus.concepts.networks.activations.elu import elu
from gradus.concepts.networks.activations.gelu import gelu, tanh_approximation
from gradus.concepts.networks.activations.leaky_relu import leaky_relu
from gradus.concepts.networks.activations.relu import relu
from gradus.concepts.networks.activations.sigmoid import sigmoid
from gradus.concepts.networks.activations.silu import silu
from gradus.concepts.networks.activations.softmax import softmax
from gradus.concepts.networks.activations.softplus import softplus
from gradus.concepts.networks.activations.tanh import tanh
from gradus.concepts.networks.batch_norm import batch_norm
from gradus.concepts.networks.dropout import dropout
from gradus.concepts.networks.embedding import embedding
from gradus.concepts.networks.layer_norm.group_norm import group_norm
from gradus.concepts.networks.layer_norm.instance_norm import instance_norm
from gradus.concepts.networks.layer_norm.layer_norm import layer_norm
from gradus.concepts.networks.layer_norm.rms_norm import rms_norm
from gradus.concepts.networks.losses.nll import nll
from gradus.concepts.networks.losses.softmax_cross_entropy import softmax_cross_entropy
from gradus.concepts.networks.rnn.bidirectional import bidirectional
from gradus.concepts.networks.rnn.gru import gru
from gradus.concepts.networks.rnn.peephole_lstm import peephole_lstm
from gradus.concepts.networks.rnn.rnn import rnn
from tests.networks.onnx_cases import Case

ORDER = {"RNN": [0], "LSTM": [0, 2, 3, 1], "GRU": [1, 0, 2]}  # ours in ONNX's: i, o, f, c and z, r, h


def along(function, x, axis):
    """A function of the last axis, along another one."""
    return np.moveaxis(function(np.moveaxis(x, axis, -1)), -1, axis)


def each_class(z):
    """−log softmax of every class, by the cross-entropy of one sample at a time."""
    loss, rows = softmax_cross_entropy, z.reshape(-1, z.shape[-1])
    found = [[loss(row[None], np.array([j])) for j in range(row.size)] for row in rows]
    return np.array(found).reshape(z.shape)


def _swish(x, alpha=1.0):
    return silu(alpha * x) / alpha


ELEMENTWISE: dict[str, Any] = {
    "Relu": relu,
    "Sigmoid": sigmoid,
    "Tanh": tanh,
    "Softplus": softplus,
    "Swish": _swish,
    "SwiGLU": lambda x, gate, alpha=1.0: _swish(x, alpha) * gate,
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


def elementwise(case: Case):
    return [ELEMENTWISE[case.op](*case.inputs, **case.attributes)]


def loss(case: Case):
    page = {"SoftmaxCrossEntropyLoss": softmax_cross_entropy, "NegativeLogLikelihoodLoss": nll}[case.op]
    log_probabilities = -along(each_class, case.inputs[0], 1) if len(case.outputs) > 1 else None
    return [_reduced(page, *case.inputs, **case.attributes), log_probabilities]


def _reduced(page, scores, target, weight=None, reduction="mean", ignore_index=None):
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


def places(x):
    """(n, c, …) with all places in a row."""
    return x.reshape(*x.shape[:2], -1)


def batch_normalization(case: Case):
    """ONNX's momentum weighs the old average, and its running variance is the population's: read off with momentum 1."""
    x, scale, bias, mean, variance = case.inputs
    training, eps = bool(case.attributes.get("training_mode", 0)), case.attributes.get("epsilon", 1e-5)
    y, new_mean, new_variance = batch_norm(
        places(x), scale, bias, mean, variance, training, momentum=1.0, eps=eps
    )
    n, kept = x.size // x.shape[1], case.attributes.get("momentum", 0.9)
    running = [kept * mean + (1 - kept) * new_mean, kept * variance + (1 - kept) * new_variance * (n - 1) / n]
    return [y.reshape(x.shape), *(running if training else [])]


def mean_variance_normalization(case: Case):
    (x,), c = case.inputs, case.inputs[0].shape[1]
    y = batch_norm(places(x), np.ones(c), np.zeros(c), np.zeros(c), np.ones(c), True, eps=1e-9)[0]
    return [y.reshape(x.shape)]


def of_the_last_axes(case: Case):
    """ONNX normalises from `axis` to the end; its mean and inverse deviation are what the output tells of them."""
    page = {"LayerNormalization": layer_norm, "RMSNormalization": rms_norm}[case.op]
    x, *affine = case.inputs
    row = (*x.shape[: case.attributes.get("axis", -1) % x.ndim], -1)
    eps = case.attributes.get("epsilon", 1e-5)
    return [page(x.reshape(row), *[v.ravel() for v in affine], eps=eps).reshape(x.shape)]


def group_normalization(case: Case):
    x, scale, bias = case.inputs
    groups, eps = case.attributes["num_groups"], case.attributes.get("epsilon", 1e-5)
    return [group_norm(places(x), scale, bias, groups, eps).reshape(x.shape)]


def instance_normalization(case: Case):
    x, scale, bias = case.inputs
    return [instance_norm(places(x), scale, bias, case.attributes.get("epsilon", 1e-5)).reshape(x.shape)]


def dropped(case: Case):
    """ONNX draws the mask: where it is not among the outputs it is read off them; evaluation is the default."""
    x, *more = case.inputs
    p = float(more[0]) if more else case.attributes.get("ratio", 0.5)
    training = bool(more[1]) if len(more) > 1 else False
    mask = case.outputs[1] if len(case.outputs) > 1 else case.outputs[0] != 0
    if p == 0:
        mask = np.ones_like(mask)
    return [dropout(x, mask.astype(bool), p, training)]


def gathered(case: Case):
    """Rows looked up along any axis: the page's table with that axis in front and the others in one."""
    x, i = case.inputs
    axis = case.attributes.get("axis", 0)
    rows = np.moveaxis(x, axis, 0)
    found = embedding(i, rows.reshape(len(rows), -1)).reshape(*i.shape, *rows.shape[1:])
    return [np.moveaxis(found, range(i.ndim), range(axis, axis + i.ndim))]


def one_direction(op, x, W, R, B, lengths, h0, c0, P):
    """One direction by the page's definition, on x (B, T, d); the outputs and the last states."""
    order, n = ORDER[op], R.shape[-1]
    k = len(order)
    W, U = W.reshape(k, n, -1)[order], R.reshape(k, n, n)[order]
    b, c = (np.zeros((2, k, n)) if B is None else B.reshape(2, k, n))[:, order]
    if op == "RNN":
        return rnn(x, W[0], U[0], b[0] + c[0], h0, lengths)
    if op == "GRU":
        return gru(x, W, U, b, c, h0, False, lengths)
    peepholes = np.zeros((3, n)) if P is None else P.reshape(3, n)[[0, 2, 1]]
    return peephole_lstm(x, W, U, peepholes, b + c, h0, c0, lengths)


def recurrent(case: Case):
    """Y (T, directions, B, n) and the last states (directions, B, n), as ONNX gives them; `layout` 1 has the batch first."""
    x, W, R, B, lengths, h0, c0, P = [*case.inputs, *[None] * (8 - len(case.inputs))]
    batch_first = case.attributes.get("layout", 0) == 1
    x = x if batch_first else x.swapaxes(0, 1)
    results = []
    for i in range(len(W)):
        backwards = case.attributes.get("direction", "forward") == "reverse" or i == 1
        pick = [None if v is None else v[i] for v in (W, R, B)]
        states = [None if v is None else v[i] for v in (h0, c0)]
        turned = x[:, ::-1] if backwards else x
        y, *last = one_direction(case.op, turned, *pick, lengths, *states, None if P is None else P[i])
        results.append([y[:, ::-1] if backwards else y, *last])
    y, *last = (np.stack(v) for v in zip(*results, strict=True))
    if batch_first:
        return [y.transpose(1, 2, 0, 3), *(s.swapaxes(0, 1) for s in last)]
    return [y.transpose(2, 0, 1, 3), *last]


def both_directions(case: Case):
    """A case of RNN with two directions by the page `bidirectional`, in ONNX's axes."""
    x, W, R, B, lengths, h0 = [*case.inputs, *[None] * (6 - len(case.inputs))]
    b = np.zeros(R.shape[:2]) if B is None else B.reshape(2, 2, -1).sum(1)
    h0 = None if h0 is None else np.moveaxis(h0, 0, 1)
    y, last = bidirectional(x.swapaxes(0, 1), W, R, b, h0, lengths)
    halves = y.reshape(*y.shape[:-1], 2, -1)  # (B, T, 2, n)
    return [halves.transpose(1, 2, 0, 3), last.swapaxes(0, 1)]


OPERATORS = {
    **dict.fromkeys(ELEMENTWISE, elementwise),
    **dict.fromkeys(("SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss"), loss),
    **dict.fromkeys(("LayerNormalization", "RMSNormalization"), of_the_last_axes),
    **dict.fromkeys(ORDER, recurrent),
    "BatchNormalization": batch_normalization,
    "MeanVarianceNormalization": mean_variance_normalization,
    "GroupNormalization": group_normalization,
    "InstanceNormalization": instance_normalization,
    "Dropout": dropped,
    "Gather": gathered,
}
