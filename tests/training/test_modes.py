"""Modes of layers: what is frozen stays frozen, what thaws starts anew, and batch norm gets more than one sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gradus import GradusError
from gradus.training import Callback, fit


def normed(*, shape: int = 8) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(3, shape), nn.BatchNorm1d(shape), nn.ReLU(), nn.Dropout(0.5), nn.Linear(shape, 2)
    )


@pytest.mark.parametrize("compile", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_layer_in_evaluation_mode_stays_frozen(compile: bool) -> None:
    model = normed()
    model[1].eval()
    x, y = torch.randn(32, 3) + 5, torch.arange(32) % 2
    seen = []

    class Modes(Callback):
        def on_epoch_end(self, run: Any, row: dict[str, Any]) -> None:
            seen.append([m.training for m in run.model.modules()])

    fit(
        model,
        F.cross_entropy,
        (x, y),
        validation=(x, y),
        epochs=3,
        batch_size=8,
        progress="silent",
        callbacks=[Modes()],
        compile=compile,
    )
    assert torch.equal(model[1].running_mean, torch.zeros(8)) and int(model[1].num_batches_tracked) == 0
    assert seen == [[True, True, False, True, True, True]] * 3
    model = normed().eval()
    fit(model, F.cross_entropy, (x, y), epochs=1, batch_size=8, progress="silent")
    assert int(model[1].num_batches_tracked) == 4 and not model.training


def test_what_a_callback_freezes_stays_frozen_after_validation() -> None:
    class Freeze(Callback):
        def on_step_end(self, run: Any) -> None:
            run.model[1].eval()

    model, x, y = normed(), torch.randn(32, 3), torch.arange(32) % 2
    fit(
        model,
        F.cross_entropy,
        (x, y),
        validation=(x, y),
        epochs=3,
        batch_size=8,
        progress="silent",
        callbacks=[Freeze()],
    )
    assert int(model[1].num_batches_tracked) == 1 and model[1].training


@pytest.mark.parametrize(
    ("batch", "accumulate", "steps"), [(8, 1, 4), (8, 2, 2), (16, 2, 1), (33, 1, 1), (4, 8, 1), (64, 1, 1)]
)
def test_a_last_sample_joins_the_batch_before_under_batch_norm(
    batch: int, accumulate: int, steps: int
) -> None:
    x, y = torch.randn(33, 3), torch.arange(33) % 2
    fitted = fit(normed(), F.cross_entropy, (x, y), epochs=2, batch_size=batch, accumulate=accumulate, progress="silent", schedule="cosine")  # fmt: skip
    assert fitted.steps == 2 * steps and fitted.epochs == 2
    plain = fit(
        nn.Sequential(nn.Linear(3, 2)), F.cross_entropy, (x, y), epochs=1, batch_size=8, progress="silent"
    )
    assert plain.steps == 5


def test_batches_of_one_sample_are_refused_in_words_by_batch_norm() -> None:
    x, y = torch.randn(6, 3), torch.arange(6) % 2
    with pytest.raises(GradusError, match=r"batch norm has more than one value .*larger batch_size"):
        fit(normed(), F.cross_entropy, (x, y), epochs=1, batch_size=1, progress="silent")
    net = normed()
    net[1].eval()
    assert fit(net, F.cross_entropy, (x, y), epochs=1, batch_size=1, progress="silent").steps == 6


def test_a_run_with_a_joined_batch_resumes_exactly(tmp_path: Path) -> None:
    x, y = torch.randn(17, 3, generator=torch.Generator().manual_seed(0)), torch.arange(17) % 2

    def train(folder: str, epochs: int, resume: bool = False) -> nn.Sequential:
        model = normed()
        fit(
            model,
            F.cross_entropy,
            (x, y),
            epochs=epochs,
            batch_size=4,
            progress="silent",
            directory=tmp_path / folder,
            resume=resume,
        )
        return model

    whole = train("whole", 4)
    train("cut", 2)
    cut = train("cut", 4, resume=True)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), cut.parameters(), strict=True))


def test_what_a_callback_thaws_is_not_accumulated() -> None:
    norms: list[float] = []

    class Thaw(Callback):
        def on_step_end(self, run: Any) -> None:
            run.model[0].requires_grad_(True)

        def on_gradients(self, run: Any) -> None:
            norms.append(0.0 if run.model[0].weight.grad is None else float(run.model[0].weight.grad.norm()))

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    model[0].requires_grad_(False)
    x, y = torch.randn(8, 3), torch.arange(8) % 2
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    fit(
        model,
        F.cross_entropy,
        (x, y),
        epochs=5,
        batch_size=8,
        optimizer=optimizer,
        callbacks=[Thaw()],
        progress="silent",
    )
    assert norms[0] == 0 and norms[1] > 0 and norms[1:] == pytest.approx([norms[1]] * 4, rel=1e-5)
