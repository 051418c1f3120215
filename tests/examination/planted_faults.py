"""Networks with one fault each, and healthy ones: what an examination that sees no training must find, and must not."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

Case = dict[str, Any]


class Planted(NamedTuple):
    """A network, and the checks of which one at least must find what is wrong; none of a healthy one."""

    make: Callable[[], Case]
    checks: tuple[str, ...] = ()


SICK: dict[str, Planted] = {}
HEALTHY: dict[str, Planted] = {}


def sick(*checks: str) -> Callable[[Callable[[], Case]], Callable[[], Case]]:
    def enter(make: Callable[[], Case]) -> Callable[[], Case]:
        SICK[make.__name__] = Planted(make, checks)
        return make

    return enter


def healthy(make: Callable[[], Case]) -> Callable[[], Case]:
    HEALTHY[make.__name__] = Planted(make)
    return make


@functools.cache
def digits() -> tuple[Tensor, Tensor]:
    data = load_digits()
    return torch.tensor(data.data / 16, dtype=torch.float32), torch.tensor(data.target)


N, HELD = 300, 200


def case(model: nn.Module, loss: Any = F.cross_entropy, shape: tuple[int, ...] = (64,), rate: float = 0.05, **given: Any) -> Case:
    x, y = digits()
    x = x.reshape(-1, *shape)
    optimizer = given.pop("optimizer", None) or torch.optim.SGD((p for p in model.parameters() if p.requires_grad), lr=rate, momentum=0.9)
    return {
        "model": model, "loss": loss, "data": (x[:N].clone(), y[:N].clone()),
        "held_out": (x[N : N + HELD].clone(), y[N : N + HELD].clone()), "optimizer": optimizer, **given,
    }  # fmt: skip


def mlp(*widths: int, act: type[nn.Module] = nn.ReLU, draw: str = "he", scale: float = 1.0) -> nn.Sequential:
    torch.manual_seed(1)
    parts: list[nn.Module] = []
    for a, b in zip(widths, widths[1:], strict=False):
        layer = nn.Linear(a, b)
        gain = math.sqrt(2) if act is nn.ReLU else 1.0
        nn.init.normal_(layer.weight, std=scale * (gain if b != widths[-1] else 1.0) / math.sqrt(a))
        nn.init.zeros_(layer.bias)
        parts += [layer, act()]
    return nn.Sequential(*parts[:-1])


def trained(model: nn.Module, steps: int = 60, shape: tuple[int, ...] = (64,), loss: Any = F.cross_entropy) -> nn.Module:
    x, y = digits()
    x = x[:N].reshape(-1, *shape)
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=3e-3)
    for k in range(steps):
        part = slice(64 * (k % 4), 64 * (k % 4) + 64)
        optimizer.zero_grad()
        loss(model(x[part]), y[part]).backward()
        optimizer.step()
    model.zero_grad()
    return model


def cnn(norm: bool = True) -> nn.Sequential:
    torch.manual_seed(2)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), *([nn.BatchNorm2d(8)] if norm else []), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), *([nn.BatchNorm2d(16)] if norm else []), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10),
    )  # fmt: skip


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase] = nn.LSTM, **options: Any) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.rnn = kind(8, 24, batch_first=True, **options)
        self.head = nn.Linear(24, 10)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.rnn(x)
        return self.head(out[:, -1])


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.embed = nn.Linear(8, 32)
        self.place = nn.Parameter(0.02 * torch.randn(8, 32))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True, norm_first=True) for _ in range(2)
        )
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x) + self.place
        for block in self.blocks:
            h = block(h)
        return self.head(h.mean(1))


class Residual(nn.Module):
    def __init__(self, depth: int = 8, width: int = 32) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.first = nn.Linear(64, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width)) for _ in range(depth)
        )
        self.last = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        for block in self.blocks:
            h = h + block(h)
        return self.last(h)


# ---- healthy -----------------------------------------------------------------------------------------------------------


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
    return case(trained(cnn(), 40, (1, 8, 8)).eval(), shape=(1, 8, 8))


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
    return case(model, F.mse_loss, rate=0.1) | {"data": (x[:N], x[:N]), "held_out": (x[N : N + HELD], x[N : N + HELD])}


@healthy
def regression() -> Case:
    x, _ = digits()
    target = x @ torch.linspace(-1, 1, 64)[:, None] / 4
    return case(mlp(64, 32, 1), F.mse_loss, rate=0.01) | {"data": (x[:N], target[:N]), "held_out": (x[N : N + HELD], target[N : N + HELD])}


@healthy
def binary() -> Case:
    x, y = digits()
    target = (y > 4).float()[:, None]
    return case(mlp(64, 32, 1), F.binary_cross_entropy_with_logits) | {"data": (x[:N], target[:N]), "held_out": (x[N : N + HELD], target[N : N + HELD])}


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
    batches = [({"pixels": x[a : a + 100]}, y[a : a + 100]) for a in (0, 100, 200)]
    return case(Named(), lambda out, y: F.cross_entropy(out["logits"], y)) | {"data": batches, "held_out": [({"pixels": x[300:400]}, y[300:400])]}


# ---- sick: weights -----------------------------------------------------------------------------------------------------


@sick("gradients-vanish", "outputs-equal")
def weights_tiny() -> Case:
    return case(mlp(64, 48, 48, 48, 10, scale=0.01))


@sick("units-saturated")
def tanh_saturated() -> Case:
    return case(mlp(64, 48, 48, 10, act=nn.Tanh, scale=12.0))


@sick("units-saturated")
def sigmoid_saturated() -> Case:
    return case(mlp(64, 48, 48, 10, act=nn.Sigmoid, scale=30.0))


@sick("units-dead", "outputs-equal", "gradient-zero-part")
def relu_dead() -> Case:
    model = mlp(64, 48, 48, 10)
    nn.init.constant_(model[2].bias, -6.0)
    return case(model)


@sick("units-dead")
def relu_half_dead() -> Case:
    model = mlp(64, 48, 48, 10)
    with torch.no_grad():
        model[2].bias[:24] = -9.0
    return case(model)


@sick("signals-explode", "gradients-explode", "loss-above-chance")
def relu_exploding() -> Case:
    return case(mlp(64, *[48] * 7, 10, scale=4.0))


@sick("signals-explode", "loss-above-chance", "gradients-explode")
def rnn_exploding() -> Case:
    model = Recurrent(nn.RNN, nonlinearity="relu")
    nn.init.normal_(model.rnn.weight_hh_l0, std=1.0)
    return case(model, shape=(8, 8))


@sick("gradients-vanish")
def sigmoids_deep() -> Case:
    torch.manual_seed(0)
    parts: list[nn.Module] = [nn.Linear(64, 32), nn.Sigmoid()]
    for _ in range(8):
        parts += [nn.Linear(32, 32), nn.Sigmoid()]
    return case(nn.Sequential(*parts, nn.Linear(32, 10)))


@sick("gradient-zero-part", "outputs-equal", "units-alike", "gradient-zero")
def weights_zero() -> Case:
    model = mlp(64, 48, 48, 10)
    for p in model.parameters():
        nn.init.zeros_(p)
    return case(model)


@sick("units-alike")
def weights_constant() -> Case:
    model = mlp(64, 48, 10)
    nn.init.constant_(model[0].weight, 0.02)
    return case(model)


@sick("weights-equal")
def layer_copied() -> Case:
    model = mlp(64, 48, 48, 48, 10)
    model[4].load_state_dict(model[2].state_dict())
    return case(model)


@sick("weights-equal")
def tying_broken() -> Case:
    model = Tied()
    model.head.weight = nn.Parameter(model.embed.weight.detach().clone())
    return language_model_tied() | {"model": model, "optimizer": torch.optim.SGD(model.parameters(), lr=0.05)}


@sick("layer-repeated")
def layer_listed_thrice() -> Case:
    layer = nn.Linear(48, 48)
    return case(nn.Sequential(nn.Linear(64, 48), nn.ReLU(), *[layer, nn.ReLU()] * 3, nn.Linear(48, 10)))


@sick("outputs-not-finite")
def parameter_nan() -> Case:
    model = mlp(64, 48, 10)
    with torch.no_grad():
        model[0].weight[3, 5] = math.nan
    return case(model)


@sick("attention-sharp")
def attention_saturated() -> Case:
    model = Transformer()
    with torch.no_grad():
        for block in model.blocks:
            block.self_attn.in_proj_weight[:64] *= 60
    return case(model, shape=(8, 8))


@sick("rank-collapsed", "outputs-equal")
def rank_collapsed() -> Case:
    model = mlp(64, *[32] * 10, 10)
    for layer in model[2:-1:2]:
        with torch.no_grad():
            layer.weight += 0.5
            layer.weight *= 0.1
    return case(model)


# ---- sick: structure ---------------------------------------------------------------------------------------------------


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
    return binary() | {"model": (m := nn.Sequential(mlp(64, 32, 1), nn.Sigmoid())), "optimizer": torch.optim.SGD(m.parameters(), lr=0.05)}


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


# ---- sick: training ----------------------------------------------------------------------------------------------------


@sick("layer-frozen")
def layer_frozen() -> Case:
    model = mlp(64, 48, 48, 48, 10)
    model[2].requires_grad_(False)
    return case(model)


@sick("optimiser-foreign")
def optimiser_of_a_copy() -> Case:
    model = mlp(64, 48, 10)
    return case(model, optimizer=torch.optim.SGD(copy.deepcopy(model).parameters(), lr=0.05))


@sick("optimiser-lacks")
def optimiser_lacks_the_head() -> Case:
    model = mlp(64, 48, 10)
    return case(model, optimizer=torch.optim.SGD(model[:2].parameters(), lr=0.05))


@sick("step-diverges", "step-large")
def step_too_large() -> Case:
    model = mlp(64, 48, 48, 10)
    return case(model, optimizer=torch.optim.SGD(model.parameters(), lr=20.0))


@sick("step-diverges", "step-large")
def momentum_step_too_large() -> Case:
    model = mlp(64, 48, 48, 10)
    return case(model, optimizer=torch.optim.SGD(model.parameters(), lr=4.0, momentum=0.9))


@sick("step-diverges", "step-large")
def adam_step_too_large() -> Case:
    model = mlp(64, 48, 48, 10)
    return case(model, optimizer=torch.optim.Adam(model.parameters(), lr=1.0))


@sick("step-small")
def step_too_small() -> Case:
    model = mlp(64, 48, 48, 10)
    return case(model, optimizer=torch.optim.SGD(model.parameters(), lr=1e-7))


@sick("step-zero")
def step_zero() -> Case:
    model = mlp(64, 48, 48, 10)
    return case(model, optimizer=torch.optim.SGD(model.parameters(), lr=0.0))


@sick("decay-large")
def decay_too_large() -> Case:
    model = mlp(64, 48, 10)
    return case(model, optimizer=torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.5))


@sick("grad-accumulated")
def gradients_not_zeroed() -> Case:
    made = case(mlp(64, 48, 10))
    x, y = made["data"]
    for k in range(12):
        part = slice(25 * k, 25 * k + 25)
        F.cross_entropy(made["model"](x[part]), y[part]).backward()
    return made


@sick("gap-wide")
def learnt_by_heart() -> Case:
    x, y = digits()
    made = case(mlp(64, 128, 10))
    made["data"] = (x[:40], y[:40])
    optimizer = torch.optim.Adam(made["model"].parameters(), lr=3e-2)
    for _ in range(40):
        optimizer.zero_grad()
        F.cross_entropy(made["model"](x[:40]), y[:40]).backward()
        optimizer.step()
    made["model"].zero_grad()
    return made


@sick("calibration-off")
def overconfident() -> Case:
    made = case(trained(mlp(64, 48, 10), 25))
    with torch.no_grad():
        made["model"][2].weight *= 40
        made["model"][2].bias *= 40
    return made


@sick("norm-stale")
def norm_never_saw_data() -> Case:
    x, y = digits()
    made = case(cnn().eval(), shape=(1, 8, 8))
    made["data"] = (5 * made["data"][0], made["data"][1])
    made["held_out"] = (5 * made["held_out"][0], made["held_out"][1])
    return made


@sick("mode-mixed")
def norm_training_in_evaluation() -> Case:
    model = trained(cnn(), 20, (1, 8, 8)).eval()
    model[1].train()
    return case(model, shape=(1, 8, 8))


# ---- sick: data and loss -----------------------------------------------------------------------------------------------


@sick("labels-unrelated")
def labels_shuffled() -> Case:
    made = case(mlp(64, 48, 10))
    x, y = made["data"]
    made["data"] = (x, y[torch.randperm(len(y), generator=torch.Generator().manual_seed(0))])
    return made


@sick("labels-noisy")
def labels_noisy() -> Case:
    x, y = digits()
    generator = torch.Generator().manual_seed(0)
    wrong = torch.rand(900, generator=generator) < 0.2
    y = torch.where(wrong, torch.randint(10, (900,), generator=generator), y[:900])
    return case(mlp(64, 48, 10)) | {"data": (x[:900], y)}


@sick("labels-conflict")
def labels_in_conflict() -> Case:
    made = case(mlp(64, 48, 10))
    x, y = made["data"]
    made["data"] = torch.cat([x, x[:60]]), torch.cat([y, (y[:60] + 1) % 10])
    return made


@sick("labels-outside")
def labels_from_one() -> Case:
    made = case(mlp(64, 48, 10))
    return made | {"data": (made["data"][0], made["data"][1] + 1)}


@sick("labels-no-distribution")
def smoothing_wrong() -> Case:
    made = case(mlp(64, 48, 10))
    soft = [F.one_hot(y, 10).float() + 0.1 for _, y in (made["data"], made["held_out"])]
    return made | {"data": (made["data"][0], soft[0]), "held_out": (made["held_out"][0], soft[1])}


@sick("loss-reversed")
def smoothing_of_nine_tenths() -> Case:
    return case(mlp(64, 48, 10), nn.CrossEntropyLoss(label_smoothing=0.9))


@sick("loss-reversed")
def loss_of_wrong_sign() -> Case:
    return case(mlp(64, 48, 10), lambda z, y: -F.cross_entropy(z, y))


@sick("targets-mixed")
def targets_broadcast() -> Case:
    x, y = digits()
    return case(mlp(64, 32, 1), F.mse_loss, rate=1e-3) | {"data": (x[:N], y[:N].float()), "held_out": (x[N:500], y[N:500].float())}


@sick("data-leak")
def leak() -> Case:
    made = case(mlp(64, 48, 10))
    x, y = made["data"]
    u, v = made["held_out"]
    return made | {"held_out": (torch.cat([u, x[:60]]), torch.cat([v, y[:60]]))}


@sick("inputs-scale")
def inputs_not_scaled() -> Case:
    made = case(mlp(64, 48, 10), rate=1e-4)
    return made | {"data": (255 * made["data"][0], made["data"][1]), "held_out": (255 * made["held_out"][0], made["held_out"][1])}


@sick("held-out-scale")
def held_out_not_scaled() -> Case:
    made = case(mlp(64, 48, 10))
    return made | {"held_out": (16 * made["held_out"][0], made["held_out"][1])}


@sick("feature-scale")
def one_feature_large() -> Case:
    made = case(mlp(64, 48, 10), rate=1e-4)
    x = made["data"][0]
    x[:, 20] *= 1000
    made["held_out"][0][:, 20] *= 1000
    return made


@sick("data-not-finite")
def data_nan() -> Case:
    made = case(mlp(64, 48, 10))
    made["data"][0][17, 3] = math.nan
    return made


@sick("classes-missing")
def class_missing() -> Case:
    made = case(mlp(64, 48, 10))
    x, y = made["data"]
    return made | {"data": (x[y != 3], y[y != 3])}


@sick("samples-repeated")
def samples_repeated() -> Case:
    made = case(mlp(64, 48, 10))
    x, y = made["data"]
    return made | {"data": (torch.cat([x, x[:150]]), torch.cat([y, y[:150]]))}
