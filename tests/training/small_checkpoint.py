"""A checkpoint of tensors of every kind, its payload, and the refusal of a damaged one."""

import json
from pathlib import Path

import pytest
import torch

from gradus.training import CheckpointError, load_checkpoint


def tensors(size: int = 3) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "weight": torch.randn(size, size, generator=generator),
        "half": torch.randn(5, generator=generator).to(torch.bfloat16),
        "wide": torch.randn(2, 3, generator=generator, dtype=torch.float64).t(),
        "count": torch.tensor(7),
        "flags": torch.tensor([True, False]),
        "empty": torch.empty(0, 4),
        "complex": torch.randn(2, generator=generator, dtype=torch.complex64).conj(),
    }


STATE = {"step": 12, "rate": 0.1, "names": ["a", "β"], "none": None}


def payload_of(manifest: Path) -> Path:
    return manifest.with_name(json.loads(manifest.read_text())["payload"])


def reject(manifest: Path) -> None:
    with pytest.raises(CheckpointError):
        load_checkpoint(manifest)
