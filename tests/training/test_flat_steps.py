"""`fit` updates all parameters in one call where nobody looks at their memory, and by tensor otherwise, to the same end."""

from pathlib import Path
from typing import Any

import pytest
import torch
from small_run import model, train
from torch import nn

from gradus.training import Callback
from gradus.training.checkpoint import load_checkpoint
from gradus.training.step_folder import list_checkpoints


class Deep(nn.Module):
    """Two layers, the second of which is not used in every batch; not a plain sequence, so that a graph is recorded."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second, self.calls = nn.Linear(36, 4), nn.Linear(4, 4), 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        y = self.first(x.flatten(1))
        return y if self.calls % 3 == 0 else y + self.second(torch.tanh(y))


def how(directory: Path) -> str:
    return load_checkpoint(list_checkpoints(directory / "checkpoints")[-1]).state["settings"]["update"]


class Noise(Callback):
    """Another's hand on gradients and parameters."""

    def on_gradients(self, run: Any) -> None:
        for number, p in enumerate(run.model.parameters()):
            if p.grad is not None:
                p.grad = p.grad + 0.01 * number

    def on_step_end(self, run: Any) -> None:
        for p in run.model.parameters():
            p.data = p.data.clamp(-0.2, 0.2)


SETTINGS: list[dict[str, Any]] = [
    {}, {"clip_norm": 0.05}, {"ema": 0.5, "schedule": "cosine"}, {"accumulate": 2, "channels_last": False}, {"callbacks": [Noise()], "clip_norm": 0.1},
]  # fmt: skip


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "-".join(s) or "plain")
@pytest.mark.parametrize("make", [model, Deep], ids=["closed form", "graph"])
@pytest.mark.parametrize("optimizer", ["adamw", "momentum"])
def test_one_call_ends_where_a_call_a_tensor_does(
    optimizer: str, make: Any, settings: dict[str, Any], tmp_path: Path
) -> None:
    nets = [make() for _ in range(2)]
    held = nets[1].state_dict()  # looks at the memory of the second net's parameters
    fitted = [
        train(net, tmp_path / str(number), optimizer=optimizer, **settings) for number, net in enumerate(nets)
    ]
    assert [how(tmp_path / "0"), how(tmp_path / "1")] == ["in one call", "by tensor"]
    for a, (name, b) in zip(nets[0].parameters(), nets[1].named_parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
        assert a.untyped_storage().nbytes() == 4 * a.numel()
        assert "callbacks" in settings or torch.equal(held[name], b)
    if "ema" in settings:
        for name, mean in fitted[0].averaged.items():
            torch.testing.assert_close(mean, fitted[1].averaged[name], rtol=1e-4, atol=1e-5)


def test_what_another_process_sees_stays_where_it_is(tmp_path: Path) -> None:
    net = model("linear")
    net.share_memory()
    place = net[1].weight.data_ptr()
    train(net, tmp_path)
    assert net[1].weight.data_ptr() == place and how(tmp_path) == "by tensor"


def test_half_precision_moves() -> None:
    net = model("linear").bfloat16()
    before = net[1].weight.detach().clone()
    train(net, optimizer="sgd", learning_rate=0.5)
    assert (net[1].weight - before).abs().max() > 0.05
