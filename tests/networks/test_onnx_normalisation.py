"""The definitions of the normalising layers and of dropout on ONNX's own operator cases, which nobody here wrote."""

import numpy as np
import pytest

from gradus.concepts.networks.batch_norm import batch_norm
from gradus.concepts.networks.dropout import dropout
from gradus.concepts.networks.layer_norm.group_norm import group_norm
from gradus.concepts.networks.layer_norm.instance_norm import instance_norm
from gradus.concepts.networks.layer_norm.layer_norm import layer_norm
from gradus.concepts.networks.layer_norm.rms_norm import rms_norm
from tests.networks.test_onnx import FOLDER, cases, close


def places(x):
    """(n, c, …) with all places in a row."""
    return x.reshape(*x.shape[:2], -1)


def test_batch_norm_agrees(oracles):
    """ONNX's momentum weighs the old average, and its running variance is the population's: read off with momentum 1."""
    seen = 0
    for name, (x, scale, bias, mean, variance), outputs, attributes in cases(
        oracles / FOLDER, "BatchNormalization"
    ):
        training, eps = bool(attributes.get("training_mode", 0)), attributes.get("epsilon", 1e-5)
        y, new_mean, new_variance = batch_norm(
            places(x), scale, bias, mean, variance, training, momentum=1.0, eps=eps
        )
        close(y.reshape(x.shape), outputs[0], name)
        if training:
            n, kept = x.size // x.shape[1], attributes.get("momentum", 0.9)
            population = new_variance * (n - 1) / n
            close(kept * mean + (1 - kept) * new_mean, outputs[1], name)
            close(kept * variance + (1 - kept) * population, outputs[2], name)
            assert np.abs(kept * variance + (1 - kept) * new_variance - outputs[2]).max() > 1e-4
        seen += 1
    assert seen == 4


@pytest.mark.parametrize(
    ("op", "page", "count"), [("LayerNormalization", layer_norm, 19), ("RMSNormalization", rms_norm, 19)]
)
def test_norms_of_the_last_axes_agree(op, page, count, oracles):
    """ONNX normalises from `axis` to the end; its mean and inverse deviation are what the output tells of them."""
    seen = 0
    for name, (x, *affine), outputs, attributes in cases(oracles / FOLDER, op):
        axis = attributes.get("axis", -1) % x.ndim
        row = (*x.shape[:axis], -1)
        y = page(x.reshape(row), *[v.ravel() for v in affine], eps=attributes.get("epsilon", 1e-5))
        close(y.reshape(x.shape), outputs[0], name)
        seen += 1
    assert seen == count


def test_group_norm_agrees(oracles):
    seen = 0
    for name, (x, scale, bias), outputs, attributes in cases(oracles / FOLDER, "GroupNormalization"):
        y = group_norm(places(x), scale, bias, attributes["num_groups"], attributes.get("epsilon", 1e-5))
        close(y.reshape(x.shape), outputs[0], name)
        seen += 1
    assert seen == 2


def test_instance_norm_agrees(oracles):
    seen = 0
    for name, (x, scale, bias), outputs, attributes in cases(oracles / FOLDER, "InstanceNormalization"):
        y = instance_norm(places(x), scale, bias, attributes.get("epsilon", 1e-5))
        close(y.reshape(x.shape), outputs[0], name)
        seen += 1
    assert seen == 2


def test_dropout_agrees(oracles):
    """ONNX draws the mask: where it is not among the outputs it is read off them; evaluation is the default."""
    seen = 0
    for name, (x, *more), outputs, attributes in cases(oracles / FOLDER, "Dropout"):
        p = float(more[0]) if more else attributes.get("ratio", 0.5)
        training = bool(more[1]) if len(more) > 1 else False
        mask = outputs[1] if len(outputs) > 1 else outputs[0] != 0
        if p == 0:
            mask = np.ones_like(mask)
        close(dropout(x, mask.astype(bool), p, training), outputs[0], name)
        seen += 1
    assert seen == 12
