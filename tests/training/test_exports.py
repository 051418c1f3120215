"""Weights that are exported hold every name, also of tensors that modules share."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gradus.training import export_weights, fit, load_checkpoint


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder, self.norm = nn.Linear(3, 3), nn.Linear(3, 3), nn.BatchNorm1d(3)
        self.decoder.weight = self.encoder.weight
        self.register_buffer("kept", torch.ones(2))
        self.register_buffer("again", self.kept)
        self.register_buffer("scratch", torch.zeros(2), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.norm(self.encoder(x)))


@pytest.mark.parametrize("averaged", [False, True])
def test_exports_of_tied_weights_hold_every_name(tmp_path: Path, averaged: bool) -> None:
    model = Tied()
    fitted = fit(
        model,
        F.mse_loss,
        (torch.randn(8, 3), torch.randn(8, 3)),
        epochs=2,
        ema=0.5,
        directory=tmp_path,
        progress="silent",
    )
    weights = export_weights(load_checkpoint(fitted.checkpoint), averaged=averaged)
    other = Tied()
    other.load_state_dict(weights)
    assert set(weights) == set(model.state_dict()) and "scratch" not in weights
    expected = fitted.averaged["encoder.weight"] if averaged else model.encoder.weight
    assert torch.equal(weights["decoder.weight"], expected) and torch.equal(
        weights["encoder.weight"], expected
    )
    assert torch.equal(other.decoder.weight, other.encoder.weight)
