"""The definitions of the normalising layers on ONNX's own operator cases, which nobody here wrote."""

import numpy as np

from gradus.concepts.networks.batch_norm import batch_norm
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
