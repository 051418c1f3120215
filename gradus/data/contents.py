"""What tells the contents of one data set from another's, whatever they are called."""

from __future__ import annotations

import hashlib

import numpy as np

from gradus.data.characters import Characters
from gradus.data.dataset import Dataset
from gradus.data.graphs import NodeGraph
from gradus.data.sentences import Sentences


def contents_digest(data: Dataset | NodeGraph | Sentences | Characters) -> str:
    """Identifies all that a training sees: the arrays with their shapes and types, and the names of classes and columns."""
    if isinstance(data, NodeGraph):
        names: tuple[object, ...] = ("graph", data.classes, data.columns)
        arrays: tuple[np.ndarray, ...] = (
            data.edges,
            data.indptr,
            data.indices,
            data.values,
            data.labels,
            data.train,
            data.validation,
            data.test,
        )
    elif isinstance(data, Sentences):
        names, arrays = ("sentences", data.sentences, data.classes), (data.targets,)
    elif isinstance(data, Characters):
        names, arrays = ("characters", data.alphabet), (data.train, data.test)
    else:
        names = (data.task, data.classes, data.features)
        arrays = (data.train_inputs, data.train_targets, data.test_inputs, data.test_targets)
    digest = hashlib.sha256(repr(names).encode())
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]
