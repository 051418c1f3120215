"""Right calls of vision, training and data."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import zipfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import torch
from example_calls import Example, Fresh, model_of, new, of, tensors

from gradus import training, vision
from gradus.data import Limits


def calls_elsewhere() -> dict[str, Example]:
    lambda parameters: torch.optim.SGD(parameters, lr=0.1)
    small = vision.LeNet
    return {
        "gradus.vision.LeNet": of(
            model_of(small), classes=3, channels=1, size=28, activation="relu", pooling="max"
        ),
        "gradus.vision.LeNet.forward": of(_lenet().forward, x=Fresh(lambda: tensors(0, 1, 1, 8, 8))),
        "gradus.vision.random_affine": of(
            _augmented,
            inputs=new(tensors, 0, 2, 1, 6, 6),
            generator=Fresh(lambda: torch.Generator().manual_seed(0)),
            degrees=5.0,
            shift=0.5,
            scale=1.1,
        ),
        "gradus.training.accuracy": of(
            training.accuracy,
            outputs=new(tensors, 0, 4, 3),
            targets=Fresh(lambda: torch.tensor([0, 1, 2, 0])),
        ),
        "gradus.data.Limits": of(Limits, max_bytes=100, max_entries=3, max_ratio=2.0),
        "gradus.data.data_directory": of(
            import_module("gradus.data").data_directory, data_dir=str(_folder() / "somewhere")
        ),
        "gradus.data.extract": of(
            import_module("gradus.data").extract,
            archive=str(_folder() / "a.zip"),
            folder=Fresh(lambda: str(_folder() / uuid4().hex)),
            limits=Limits(),
        ),
        "gradus.data.list_datasets": of(import_module("gradus.data").list_datasets, data_dir=str(_folder())),
        "gradus.data.load": of(
            import_module("gradus.data").load, name="iris", data_dir=str(_folder()), seed=0, download=False
        ),
        "gradus.data.load_characters": of(
            import_module("gradus.data").load_characters, name="alice", data_dir=str(_folder())
        ),
        "gradus.data.read_idx": of(
            import_module("gradus.data").read_idx, path=str(_folder() / "a.idx"), max_bytes=1000
        ),
        "gradus.data.read_npy": of(import_module("gradus.data").read_npy, path=str(_folder() / "a.npy")),
    }


def _augmented(**given: Any) -> Any:
    return vision.random_affine(**given)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="gradus-arguments-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    np.save(folder / "a.npy", np.ones(3))
    (folder / "a.idx").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3]))
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    return folder


@cache
def _lenet() -> vision.LeNet:
    state = torch.random.get_rng_state()
    model = vision.LeNet(3, size=8).double()
    torch.random.set_rng_state(state)
    return model
