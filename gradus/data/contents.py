"""What tells the contents of one data set from another's, whatever they are called."""

from __future__ import annotations

import hashlib

import numpy as np

from gradus.data.dataset import Dataset


def contents_digest(data: Dataset) -> str:
    """Identifies all that a training sees: the arrays with their shapes and types, and the names of classes and columns."""
    digest = hashlib.sha256(repr((data.task, data.classes, data.features)).encode())
    for array in (data.train_inputs, data.train_targets, data.test_inputs, data.test_targets):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]
