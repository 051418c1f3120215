"""One thread, since bits are promised per number of threads and small networks only lose by more; a checkpoint on disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from small_checkpoint import STATE, tensors

from gradus.training import save_checkpoint


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """The manifest of a checkpoint of tensors of every kind."""
    return save_checkpoint(tmp_path / "step-00000012", tensors(), STATE)
