"""ONNX's convolutions and poolings made of a function with the arguments of the pages' definitions.

The pages have one stride, one padding and one dilation for both axes. What ONNX has beyond that (padding on one side,
`auto_pad`, `ceil_mode`, strides that differ) is put around them here; pooling with dilation and volumes are left out.
"""

import numpy as np

from gradus.concepts.networks.activations.silu import silu
from gradus.concepts.networks.conv_layer import conv_layer
from gradus.concepts.networks.pooling import pooling
from tests.networks.onnx_cases import BeyondThePage, Case


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


def transposed(conv, v, w, shape, strides, dilation, groups):
    """The adjoint of the layer, entry by entry: ⟨conv(e), v⟩ for every image e with a single 1."""
    units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
    y = conv(units, w, np.zeros(len(w)), dilation=dilation, groups=groups)[..., :: strides[0], :: strides[1]]
    return np.einsum("eohw,nohw->ne", y, v).reshape(-1, *shape)


def window_of(attributes):
    """Window and stride.

    Raises:
        BeyondThePage: the window or the stride is not square, or it is dilated.
    """
    kernel, strides = attributes["kernel_shape"], attributes.get("strides", [1, 1])
    if len(set(kernel)) > 1 or len(set(strides)) > 1 or "dilations" in attributes:
        raise BeyondThePage("windows with holes or of two sizes")
    return kernel[0], strides[0]


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


def maps(case: Case):
    """The inputs of a case of sequences or images.

    Raises:
        BeyondThePage: they are volumes.
    """
    if case.inputs[0].ndim not in (3, 4):
        raise BeyondThePage("volumes")
    return case.inputs


def convolved(case: Case, conv=conv_layer):
    x, w = map(image, maps(case))
    strides = two(case.attributes.get("strides"), 1)
    assert strides[0] == strides[1] and "dilations" not in case.attributes, case.name
    around = padding_of(case.attributes, x.shape[-2:], w.shape[-2:], strides)
    if len({n for pair in around for n in pair}) == 1:
        y = conv(x, w, np.zeros(len(w)), stride=strides[0], padding=around[0][0])
    else:
        y = conv(np.pad(x, [(0, 0), (0, 0), *around]), w, np.zeros(len(w)), stride=strides[0])
    return [y.reshape(case.outputs[0].shape)]


def convolved_whole_numbers(case: Case, conv=conv_layer):
    """The layer on the numbers less their zero points."""
    x, w, zero, *zeros = [v.astype(float) for v in case.inputs]
    zeros = zeros[0].reshape(-1, 1, 1, 1) if zeros else 0.0
    padding = case.attributes.get("pads", [0])[0]
    if padding:
        return [conv(x - zero, w - zeros, np.zeros(len(w)), padding=padding)]
    return [conv(x - zero, w - zeros, np.zeros(len(w)))]


def convolved_causally(case: Case, conv=conv_layer):
    """A kernel of its own for each channel, over the steps until now; the state holds the last steps of the inputs."""
    x, w, b, past = [*case.inputs, *[None] * (4 - len(case.inputs))]
    before = w.shape[-1] - 1
    x = np.concatenate([np.zeros((*x.shape[:2], before)) if past is None else past, x], -1)
    b = np.zeros(len(w)) if b is None else b
    y = conv(x[:, :, None], w[:, :, None], b, groups=len(w))[:, :, 0]
    return [silu(y) if "activation" in case.attributes else y, x[..., x.shape[-1] - before :]]


def convolved_back(case: Case, conv=conv_layer):
    """The transposed convolution, as the adjoint of the layer."""
    v, w = map(image, maps(case))
    attributes, target = case.attributes, image(case.outputs[0])
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
    y = transposed(conv, v, w, shape, strides, dilations[-1], groups)
    rows, columns = (slice(b, b + t) for b, t in zip(before, target.shape[-2:], strict=True))
    return [y[..., rows, columns].reshape(case.outputs[0].shape)]


def max_pooled(case: Case, pool=pooling):
    """The largest entries; where they stood is no result of the page."""
    (x,), (k, s) = maps(case), window_of(case.attributes)
    x, _ = padded(square(x, k), case.attributes, k, s, -np.inf)
    return [pool(x, k, stride=s).reshape(case.outputs[0].shape)]


def average_pooled(case: Case, pool=pooling):
    """Means of what lies inside, as a quotient of two of the page's means."""
    (x,), (k, s), attributes = maps(case), window_of(case.attributes), case.attributes
    x = square(x, k)
    counted = np.ones_like(x)
    wide, around = padded(x, attributes, k, s, 0.0)
    if attributes.get("count_include_pad"):
        counted = np.pad(counted, [(0, 0), (0, 0), *around], constant_values=1.0)
    else:
        counted, _ = padded(counted, attributes, k, s, 0.0)
    counted = np.pad(counted, [(0, w - c) for w, c in zip(wide.shape, counted.shape, strict=True)])
    y = pool(wide, k, stride=s, kind="average") / pool(counted, k, stride=s, kind="average")
    return [y.reshape(case.outputs[0].shape)]


def pooled_in_p(case: Case, pool=pooling):
    """The p-norm of a window, by the mean of the p-th powers."""
    (x,), (k, s), p = maps(case), window_of(case.attributes), case.attributes.get("p", 2)
    powers, _ = padded(square(np.abs(x) ** p, k), case.attributes, k, s, 0.0)
    entries = k if x.ndim == 3 else k * k  # of a sequence each entry is there k times
    y = (entries * pool(powers, k, stride=s, kind="average")) ** (1 / p)
    return [y.reshape(case.outputs[0].shape)]


def pooled_whole(case: Case, pool=pooling):
    (x,) = maps(case)
    assert x.shape[-1] == x.shape[-2], case.name
    kind = {"GlobalMaxPool": "max", "GlobalAveragePool": "average"}[case.op]
    return [pool(image(x), x.shape[-1], kind=kind).reshape(case.outputs[0].shape)]


CONVOLUTIONS = {
    "Conv": convolved,
    "ConvTranspose": convolved_back,
    "ConvInteger": convolved_whole_numbers,
    "CausalConvWithState": convolved_causally,
}
POOLINGS = {
    "MaxPool": max_pooled,
    "AveragePool": average_pooled,
    "LpPool": pooled_in_p,
    "GlobalMaxPool": pooled_whole,
    "GlobalAveragePool": pooled_whole,
}
