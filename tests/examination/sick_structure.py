"""Networks whose structure is sick."""

from __future__ import annotations

import torch
from healthy_networks import binary
from planted_faults import (
    Case,
    N,
    case,
    digits,
    mlp,
    sick,
)
from torch import Tensor, nn
from torch.nn import functional as F


@sick("activation-missing")
def activation_missing() -> Case:
    torch.manual_seed(0)
    return case(nn.Sequential(nn.Linear(64, 48), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 10)))


@sick("softmax-twice")
def softmax_twice() -> Case:
    return case(nn.Sequential(mlp(64, 48, 10), nn.Softmax(-1)))


@sick("nll-of-scores")
def nll_of_logits() -> Case:
    return case(mlp(64, 48, 10), F.nll_loss)


@sick("sigmoid-twice")
def sigmoid_twice() -> Case:
    return binary() | {
        "model": (m := nn.Sequential(mlp(64, 32, 1), nn.Sigmoid())),
        "optimizer": torch.optim.SGD(m.parameters(), lr=0.05),
    }


@sick("outputs-cut", "units-dead")
def relu_last() -> Case:
    return case(nn.Sequential(mlp(64, 48, 10), nn.ReLU()))


@sick("samples-mixed")
def softmax_over_samples() -> Case:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = mlp(64, 48, 10)

        def forward(self, x: Tensor) -> Tensor:
            return 5 * torch.softmax(self.net(x), 0)

    return case(Mixed())


@sick("outputs-random")
def dropout_always_on() -> Case:
    class Always(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(64, 48), nn.Linear(48, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.b(F.dropout(F.relu(self.a(x)), 0.5))

    return case(Always().eval())


@sick("dropout-rate")
def dropout_keeps_a_tenth() -> Case:
    return case(nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Dropout(0.9), nn.Linear(48, 10)))


@sick("gradient-none")
def cut_off() -> Case:
    class Cut(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = mlp(64, 48, 48), mlp(48, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.b(self.a(x).detach())

    return case(Cut())


@sick("gradient-none")
def layer_never_called() -> Case:
    class Forgotten(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.skip = nn.Linear(64, 48), nn.Linear(48, 10), nn.Linear(64, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.b(F.relu(self.a(x)))

    return case(Forgotten())


@sick("inputs-changed")
def inputs_in_place() -> Case:
    class InPlace(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = mlp(64, 48, 10)

        def forward(self, x: Tensor) -> Tensor:
            x -= 0.3
            return self.net(x)

    return case(InPlace())


@sick("model-fails")
def shapes_do_not_fit() -> Case:
    torch.manual_seed(0)
    return case(nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(32, 10)))


@sick("layers-hidden")
def layers_in_a_list() -> Case:
    class Listed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers, self.head = [mlp(64, 48, 48)], nn.Linear(48, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(F.relu(self.layers[0](x)))

    return case(Listed())


@sick("targets-scale")
def targets_not_scaled() -> Case:
    x, y = digits()
    targets = 1e5 + 1e4 * y[:N, None].float()
    return case(mlp(64, 48, 1), F.mse_loss, rate=1e-4) | {"data": (x[:N], targets), "held_out": None}


@sick("targets-out-of-reach")
def sigmoid_before_large_targets() -> Case:
    x, y = digits()
    model = nn.Sequential(mlp(64, 48, 1), nn.Sigmoid())
    return case(model, F.mse_loss) | {"data": (x[:N], y[:N, None].float()), "held_out": None}


@sick("loss-no-number")
def loss_of_each_sample() -> Case:
    return case(mlp(64, 48, 10), nn.CrossEntropyLoss(reduction="none"))
