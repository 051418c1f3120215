"""Convolution and pooling on ONNX's own operator cases: the pages' definitions, PyTorch and our other routes.

The pages have one stride, one padding and one dilation for both axes. What ONNX has beyond that (padding on one side,
`auto_pad`, `ceil_mode`, strides that differ) is put around them here; pooling with dilation and volumes are left out.
"""

import json

import numpy as np
import pytest

from gradus.concepts.networks.conv_layer import CONV_LAYER, conv_layer
from gradus.concepts.networks.pooling import POOLING, pooling
from gradus.frameworks import adapt

CONVOLUTIONS = {
    "definition": conv_layer,
    **{i.path: adapt(CONV_LAYER, i) for i in CONV_LAYER.implementations},
}
FOUR_DECIMALS = {"test_averagepool_2d_ceil_last_window_starts_on_pad"}  # as its output was stored
POOLINGS = {"definition": pooling, **{i.path: adapt(POOLING, i) for i in POOLING.implementations}}


def cases_of(oracles, operator):
    """(name, attributes, inputs, first output) of an operator's cases on sequences and images."""
    rows = json.loads((oracles / "onnx_node" / "index.json").read_text(encoding="utf-8"))
    with np.load(oracles / "onnx_node" / f"{operator}.npz") as stored:
        for row in rows:
            if row["op"] != operator:
                continue
            inputs = [stored[f"{row['name']}/in{i}"] for i in range(len(row["inputs"]))]
            if inputs[0].ndim in (3, 4):
                yield row["name"], row["attrs"], inputs, stored[f"{row['name']}/out0"]


def image(array):
    """A sequence (…, n) as an image (…, 1, n) in float64; images as they are."""
    array = array.astype(float)
    return array[:, :, None] if array.ndim == 3 else array


def two(values, default):
    """An attribute of one or two axes as a pair; a sequence has height 1."""
    values = list(values or [default, default])
    return (1 if default else 0, *values) if len(values) == 1 else tuple(values)


def padding_of(attributes, size, kernel, strides):
    """Rows and columns added (before, after) along both axes."""
    pads = attributes.get("pads", [0] * 4)
    if len(pads) == 2:
        pads = [0, pads[0], 0, pads[1]]
    automatic = attributes.get("auto_pad", "NOTSET")
    if automatic in ("NOTSET", "VALID"):
        return [(pads[0], pads[2]), (pads[1], pads[3])]
    found = []
    for n, k, s in zip(size, kernel, strides, strict=True):
        total = max((-(-n // s) - 1) * s + k - n, 0)
        small, large = total // 2, total - total // 2
        found.append((small, large) if automatic == "SAME_UPPER" else (large, small))
    return found


def check(got, want, name):
    last_place = 1e-4 if name in FOUR_DECIMALS else 1e-6
    np.testing.assert_allclose(got.reshape(want.shape), want, rtol=1e-5, atol=last_place, err_msg=name)


@pytest.mark.parametrize("route", CONVOLUTIONS)
def test_convolution(oracles, route):
    seen = 0
    for name, attributes, (x, w), want in cases_of(oracles, "Conv"):
        x, w = image(x), image(w)
        strides = two(attributes.get("strides"), 1)
        assert strides[0] == strides[1] and "dilations" not in attributes, name
        around = padding_of(attributes, x.shape[-2:], w.shape[-2:], strides)
        if len({n for pair in around for n in pair}) == 1:
            y = CONVOLUTIONS[route](x, w, np.zeros(len(w)), stride=strides[0], padding=around[0][0])
        else:
            y = CONVOLUTIONS[route](
                np.pad(x, [(0, 0), (0, 0), *around]), w, np.zeros(len(w)), stride=strides[0]
            )
        check(y, want, name)
        seen += 1
    assert seen == 6


def transposed(conv, v, w, shape, strides, dilation, groups):
    """The adjoint of the layer, entry by entry: ⟨conv(e), v⟩ for every image e with a single 1."""
    units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
    y = conv(units, w, np.zeros(len(w)), dilation=dilation, groups=groups)[..., :: strides[0], :: strides[1]]
    return np.einsum("eohw,nohw->ne", y, v).reshape(-1, *shape)


@pytest.mark.parametrize("route", CONVOLUTIONS)
def test_transposed_convolution(oracles, route):
    seen = 0
    for name, attributes, (v, w), want in cases_of(oracles, "ConvTranspose"):
        v, w, target = image(v), image(w), image(want)
        strides, dilations = two(attributes.get("strides"), 1), two(attributes.get("dilations"), 1)
        groups = attributes.get("group", 1)
        spans = [d * (k - 1) + 1 for d, k in zip(dilations, w.shape[-2:], strict=True)]
        full = [s * (n - 1) + k for s, n, k in zip(strides, v.shape[-2:], spans, strict=True)]
        before = attributes.get("pads", [0, 0, 0, 0])[:2] if v.shape[-2] > 1 else [0, 0]
        if attributes.get("auto_pad") == "SAME_UPPER" or "output_shape" in attributes:
            over = [f - t for f, t in zip(full, target.shape[-2:], strict=True)]
            before = [max(n, 0) // 2 for n in over]
        size = [max(f, b + t) for f, b, t in zip(full, before, target.shape[-2:], strict=True)]
        shape = (w.shape[1] * groups, *size)
        y = transposed(CONVOLUTIONS[route], v, w, shape, strides, dilations[-1], groups)
        rows, columns = (slice(b, b + t) for b, t in zip(before, target.shape[-2:], strict=True))
        check(y[..., rows, columns], want, name)
        seen += 1
    assert seen == 10


def window_of(attributes):
    """Window, strides and whether the page can take them: a square window and stride."""
    kernel, strides = attributes["kernel_shape"], attributes.get("strides", [1, 1])
    return (
        kernel[0],
        strides[0],
        len(set(kernel)) == 1 and len(set(strides)) == 1 and "dilations" not in attributes,
    )


def padded(x, attributes, k, s, outside):
    """The input with the padding of the case, and with the rows that `ceil_mode` adds."""
    around = padding_of(attributes, x.shape[-2:], (k, k), (s, s))
    grown = []
    for n, (before, after) in zip(x.shape[-2:], around, strict=True):
        rest = (n + before + after - k) % s
        windows = (n + before + after - k) // s + 1
        inside = windows * s < n + before  # a further window must start on the input or the padding before it
        grown.append((before, after + (s - rest if attributes.get("ceil_mode") and rest and inside else 0)))
    return np.pad(x, [(0, 0), (0, 0), *grown], constant_values=outside), around


def square(x, k):
    """An image; a sequence is repeated over k rows, so that a square window sees each entry k times."""
    return image(x) if x.ndim == 4 else np.repeat(image(x), k, axis=2)


@pytest.mark.parametrize("route", POOLINGS)
def test_max_pooling(oracles, route):
    seen = 0
    for name, attributes, (x,), want in cases_of(oracles, "MaxPool"):
        k, s, fits = window_of(attributes)
        if not fits:
            continue
        x, _ = padded(square(x, k), attributes, k, s, -np.inf)
        check(POOLINGS[route](x, k, stride=s), want, name)
        seen += 1
    assert seen == 14


@pytest.mark.parametrize("route", POOLINGS)
def test_average_pooling(oracles, route):
    seen = 0
    for name, attributes, (x,), want in cases_of(oracles, "AveragePool"):
        k, s, fits = window_of(attributes)
        if not fits:
            continue
        x = square(x, k)
        counted = np.ones_like(x)
        if attributes.get("count_include_pad"):
            around = padding_of(attributes, x.shape[-2:], (k, k), (s, s))
            counted = np.pad(counted, [(0, 0), (0, 0), *around], constant_values=1.0)
        wide, around = padded(x, attributes, k, s, 0.0)
        if not attributes.get("count_include_pad"):
            counted, _ = padded(counted, attributes, k, s, 0.0)
        counted = np.pad(counted, [(0, w - c) for w, c in zip(wide.shape, counted.shape, strict=True)])
        pool = POOLINGS[route]
        y = pool(wide, k, stride=s, kind="average") / pool(counted, k, stride=s, kind="average")
        check(y, want, name)
        seen += 1
    assert seen == 13


@pytest.mark.parametrize("route", POOLINGS)
@pytest.mark.parametrize(("operator", "kind"), [("GlobalMaxPool", "max"), ("GlobalAveragePool", "average")])
def test_global_pooling(oracles, route, operator, kind):
    cases = list(cases_of(oracles, operator))
    assert len(cases) == 2
    for name, _, (x,), want in cases:
        assert x.shape[-1] == x.shape[-2], name
        check(POOLINGS[route](image(x), x.shape[-1], kind=kind), want, name)
