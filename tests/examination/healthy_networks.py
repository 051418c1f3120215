"""Healthy networks: an examination must raise no alarm."""

from __future__ import annotations

import torch
from planted_faults import (
    HELD,
    Case,
    N,
    Recurrent,
    Residual,
    Transformer,
    case,
    cnn,
    digits,
    healthy,
    mlp,
    trained,
)
from torch import Tensor, nn
from torch.nn import functional as F

from gradus.vision import LeNet


@healthy
def relu_he() -> Case:
    return case(mlp(64, 48, 48, 10))


@healthy
def relu_torch_default() -> Case:
    torch.manual_seed(0)
    return case(nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 10)))


@healthy
def tanh_xavier() -> Case:
    return case(mlp(64, 48, 48, 10, act=nn.Tanh))


@healthy
def adam_trained() -> Case:
    model = trained(mlp(64, 48, 10), 40)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, y = digits()
    for _ in range(5):
        optimizer.zero_grad()
        F.cross_entropy(model(x[:N]), y[:N]).backward()
        optimizer.step()
    return case(model, optimizer=optimizer)


@healthy
def cnn_in_training() -> Case:
    return case(cnn(), shape=(1, 8, 8))


@healthy
def cnn_trained_evaluating() -> Case:
    return case(trained(cnn(), 40, (1, 8, 8)).eval(), shape=(1, 8, 8), rate=0.01)


@healthy
def cnn_without_norm() -> Case:
    return case(cnn(False), shape=(1, 8, 8))


@healthy
def lstm() -> Case:
    return case(Recurrent(), shape=(8, 8))


@healthy
def gru() -> Case:
    return case(Recurrent(nn.GRU), shape=(8, 8))


@healthy
def transformer() -> Case:
    return case(Transformer(), shape=(8, 8))


@healthy
def residual_deep() -> Case:
    return case(Residual())


@healthy
def dropout_in_training() -> Case:
    torch.manual_seed(0)
    return case(nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10)))


@healthy
def log_softmax_and_nll() -> Case:
    return case(nn.Sequential(mlp(64, 32, 10), nn.LogSoftmax(-1)), F.nll_loss)


@healthy
def smoothed_labels() -> Case:
    return case(mlp(64, 32, 10), nn.CrossEntropyLoss(label_smoothing=0.1))


@healthy
def autoencoder() -> Case:
    x, _ = digits()
    model = nn.Sequential(mlp(64, 32, 12, 32, 64), nn.Sigmoid())
    return case(model, F.mse_loss, rate=0.1) | {
        "data": (x[:N], x[:N]),
        "held_out": (x[N : N + HELD], x[N : N + HELD]),
    }


@healthy
def regression() -> Case:
    x, _ = digits()
    target = x @ torch.linspace(-1, 1, 64)[:, None] / 4
    return case(mlp(64, 32, 1), F.mse_loss, rate=0.01) | {
        "data": (x[:N], target[:N]),
        "held_out": (x[N : N + HELD], target[N : N + HELD]),
    }


@healthy
def binary() -> Case:
    x, y = digits()
    target = (y > 4).float()[:, None]
    return case(mlp(64, 32, 1), F.binary_cross_entropy_with_logits) | {
        "data": (x[:N], target[:N]),
        "held_out": (x[N : N + HELD], target[N : N + HELD]),
    }


@healthy
def head_alone_trained() -> Case:
    model = mlp(64, 48, 48, 10)
    for p in model[:4].parameters():
        p.requires_grad_(False)
    return case(model)


class LowRank(nn.Module):
    """A frozen layer with a trained correction of low rank, whose second factor starts at 0."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.base = nn.Linear(a, b).requires_grad_(False)
        self.down, self.up = nn.Linear(a, 4, bias=False), nn.Linear(4, b, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + self.up(self.down(x))


@healthy
def low_rank_adapters() -> Case:
    torch.manual_seed(6)
    return case(nn.Sequential(LowRank(64, 48), nn.ReLU(), LowRank(48, 10)))


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.embed = nn.Embedding(17, 24)
        nn.init.normal_(self.embed.weight, std=0.2)
        self.mix = nn.GRU(24, 24, batch_first=True)
        self.head = nn.Linear(24, 17, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.mix(self.embed(x))[0])


@healthy
def language_model_tied() -> Case:
    x, _ = digits()
    tokens = (x * 16).round().long()[:, :32]

    def loss(z: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(z.flatten(0, 1), y.flatten())

    pair = [(tokens[a:b, :-1], tokens[a:b, 1:]) for a, b in ((0, 100), (100, 200))]
    return case(Tied(), loss) | {"data": pair, "held_out": None}


@healthy
def bottleneck_linear() -> Case:
    torch.manual_seed(8)
    return case(nn.Sequential(nn.Linear(64, 8, bias=False), nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 10)))


@healthy
def dictionaries() -> Case:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = mlp(64, 32, 10)

        def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
            return {"logits": self.net(batch["pixels"])}

    x, y = digits()
    batches = [({"pixels": x[a : a + 100]}, y[a : a + 100]) for a in (0, 100)]
    return case(Named(), lambda out, y: F.cross_entropy(out["logits"], y)) | {
        "data": batches,
        "held_out": [({"pixels": x[300:400]}, y[300:400])],
    }


@healthy
def lenet() -> Case:
    torch.manual_seed(0)
    made = case(LeNet(), shape=(1, 8, 8))
    large = {name: (F.interpolate(made[name][0], size=28), made[name][1]) for name in ("data", "held_out")}
    return made | large
