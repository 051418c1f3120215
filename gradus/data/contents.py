"""What tells the contents of one data set from another's, whatever they are called."""

from __future__ import annotations

import hashlib

import numpy as np

from gradus.data.dataset import Dataset
from gradus.data.graphs import NodeGraph


def contents_digest(data: Dataset | NodeGraph) -> str:
    """Identifies all that a training sees: the arrays with their shapes and types, and the names of classes and columns."""
    if isinstance(data, NodeGraph):
        names: tuple[object, ...] = ("graph", data.classes, data.columns)
        arrays = (
            data.edges,
            data.indptr,
            data.indices,
            data.values,
            data.labels,
            data.train,
            data.validation,
            data.test,
        )
    else:
        names = (data.task, data.classes, data.features)
        arrays = (data.train_inputs, data.train_targets, data.test_inputs, data.test_targets)  # type: ignore[assignment]
    digest = hashlib.sha256(repr(names).encode())
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]
