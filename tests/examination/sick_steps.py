"""Training loops with one fault each: the size of steps, signals, modes and batches."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional as F

from tests.examination.digits_loop import Attending, batches, convnet, digits, loss_of, mlp, plain, sgd
from tests.examination.sick_loops import sick


@sick("diverging", 12)
def steps_too_large(watch):
    torch.manual_seed(0)
    model = nn.Linear(64, 10)
    optimizer = sgd(model, 2.0)
    with watch(model, optimizer) as w:
        for x, y in batches(14):
            optimizer.zero_grad()
            F.mse_loss(model(x), F.one_hot(y, 10).float()).backward()
            optimizer.step()
    return w


@sick("step-too-large", 4)
def weights_replaced_at_every_step(watch):
    model = mlp()
    return plain(watch, model, torch.optim.Adam(model.parameters(), lr=1.0), 12)


@sick("lost-in-rounding", 6)
def update_below_the_spacing_of_bfloat16(watch):
    model = mlp().bfloat16()
    optimizer = sgd(model, 1e-4)
    with watch(model, optimizer) as w:
        for x, y in batches(8):
            optimizer.zero_grad()
            F.cross_entropy(model(x.bfloat16()).float(), y).backward()
            optimizer.step()
    return w


@sick("nothing-moves", 8)
def steps_too_small(watch):
    model = mlp()
    return plain(watch, model, sgd(model, 1e-9), 10)


@sick("nothing-moves", 8)
def steps_too_small_for_noisy_batches(watch):
    optimizer = sgd(model := mlp(), 1e-12)
    with watch(model, optimizer) as w:
        for k, (x, y) in enumerate(batches(10, size=8)):
            optimizer.zero_grad()
            (loss_of(model, x, y) * (1.0, 0.4, 1.3)[k % 3]).backward()
            optimizer.step()
    return w


@sick("zero-rate", 2)
def rate_of_zero(watch):
    model = mlp()
    return plain(watch, model, sgd(model, 0.0), 6)


@sick("zero-rate", 2)
def warm_up_that_never_steps(watch):
    model = mlp()
    optimizer = sgd(model)
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step / 10))
    return plain(watch, model, optimizer, 6)


@sick("decay-dwarfs", 6)
def decay_dwarfs_the_gradient(watch):
    model = mlp()
    return plain(watch, model, sgd(model, 0.01, weight_decay=10.0), 10)


@sick("decay-dwarfs", 6)
def decoupled_decay_dwarfs_the_gradient(watch):
    model = mlp()
    return plain(watch, model, torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=200.0), 10)


@sick("epsilon-dominates", 5)
def epsilon_dominates(watch):
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters())
    with watch(model, optimizer) as w:
        for x, y in batches(8):
            optimizer.zero_grad()
            (loss_of(model, x, y) * 1e-9).backward()
            optimizer.step()
    return w


@sick("scheduler-first", 1)
def scheduler_before_optimizer(watch):
    import warnings

    model = mlp()
    optimizer = sgd(model)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    with watch(model, optimizer) as w:
        for x, y in batches(4):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # PyTorch warns of it once; a log swallows it
                scheduler.step()
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
            optimizer.step()
    return w


@sick("scheduler-still", 31)
def one_cycle_never_stepped(watch):
    model = mlp()
    optimizer = sgd(model)
    torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=30)
    return plain(watch, model, optimizer, 30)


@sick("dead-units", 8)
def units_dead_from_the_start(watch):
    model = mlp()
    nn.init.constant_(model[0].bias, -10.0)
    return plain(watch, model, sgd(model, 0.01), 10)


@sick("dead-units", 16)
def units_that_die_on_the_way(watch):
    model = mlp()
    optimizer = sgd(model, 0.05)
    with watch(model, optimizer) as w:
        for i, (x, y) in enumerate(batches(24)):
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
            optimizer.param_groups[0]["lr"] = 300.0 if i == 10 else 0.05
            optimizer.step()
    return w


@sick("saturated", 5)
def tanh_saturated(watch):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
    with torch.no_grad():
        model[0].weight.mul_(100.0)
    return plain(watch, model, sgd(model, 0.01), 8)


@sick("saturated", 5)
def sigmoid_of_raw_pixels_saturated(watch):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.Sigmoid(), nn.Linear(32, 32), nn.Sigmoid(), nn.Linear(32, 10))
    nn.init.normal_(model[0].weight)
    optimizer = sgd(model, 0.01)
    with watch(model, optimizer) as w:
        for x, y in batches(8):
            optimizer.zero_grad()
            loss_of(model, 255 * x, y).backward()
            optimizer.step()
    return w


@sick("vanishing", 5)
def gradients_vanish(watch):
    torch.manual_seed(0)
    layers = [m for _ in range(12) for m in (nn.Linear(32, 32), nn.Sigmoid())]
    model = nn.Sequential(nn.Linear(64, 32), nn.Sigmoid(), *layers, nn.Linear(32, 10))
    return plain(watch, model, sgd(model), 8)


@sick("exploding", 5)
def gradients_explode(watch):
    torch.manual_seed(0)
    layers = [m for _ in range(14) for m in (nn.Linear(64, 64), nn.Tanh())]
    model = nn.Sequential(*layers, nn.Linear(64, 10))
    for layer in model[::2]:
        nn.init.normal_(layer.weight, 0, 10 / 8)
    return plain(watch, model, sgd(model, 1e-4), 6)


@sick("zero-gradient", 4)
def rounding_on_the_way(watch):
    class Rounding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.first, self.second = nn.Linear(64, 32), nn.Linear(32, 10)

        def forward(self, x):
            return self.second(self.first(x).mul(8).round())

    model = Rounding()
    return plain(watch, model, sgd(model), 6)


@sick("attention-one-hot", 5)
def attention_not_scaled(watch):
    model = Attending(scale=1000.0)
    return plain(watch, model, sgd(model, 0.01), 6)


@sick("attention-uniform", 5)
def attention_without_scores(watch):
    model = Attending(scale=1e-5, fused=False)
    return plain(watch, model, sgd(model, 0.01), 6)


@sick("features-collapsed", 5)
def features_of_one_direction(watch):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 1), nn.Linear(1, 32), nn.ReLU(), nn.Linear(32, 10))
    nn.init.zeros_(model[1].bias)
    nn.init.uniform_(model[0].weight)  # of pixels ≥ 0: one sign, so that the ReLU bends nothing
    return plain(watch, model, sgd(model, 0.01), 6)


@sick("constant-output", 4)
def outputs_all_alike(watch):
    model = mlp()
    nn.init.zeros_(model[0].weight)
    nn.init.zeros_(model[2].weight)
    return plain(watch, model, sgd(model, 0.01), 6)


@sick("eval-while-training", 1)
def trained_in_evaluation_mode(watch):
    model = convnet().eval()
    return plain(watch, model, sgd(model), 4)


@sick("eval-while-training", 5)
def evaluation_mode_kept_after_validation(watch):
    model = mlp(nn.Dropout(0.2))
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for i, (x, y) in enumerate(batches(8)):
            if i == 4:
                model.eval()
                with torch.no_grad():
                    model(digits()[0][:100])
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
            optimizer.step()
    return w


@sick("train-while-validating", 6)
def validated_in_training_mode(watch):
    model = convnet()
    optimizer = sgd(model)
    with watch(model, optimizer) as w:
        for i, (x, y) in enumerate(batches(8)):
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
            optimizer.step()
            if i == 4:
                with torch.no_grad():
                    model(digits()[0][:100])
    return w


@sick("same-batch", 6)
def loader_not_advancing(watch):
    model = mlp()
    optimizer = sgd(model)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*digits()), batch_size=64)
    with watch(model, optimizer) as w:
        for _ in range(8):
            x, y = next(iter(loader))
            optimizer.zero_grad()
            loss_of(model, x, y).backward()
            optimizer.step()
    return w


@sick("constant-labels", 4)
def data_sorted_by_class(watch):
    model = mlp()
    optimizer = sgd(model)
    inputs, targets = digits()
    order = targets.argsort(stable=True)
    with watch(model, optimizer) as w:
        for chosen in itertools.islice(order.split(32), 6):
            optimizer.zero_grad()
            loss_of(model, inputs[chosen], targets[chosen]).backward()
            optimizer.step()
    return w


@sick("batch-of-one", 1)
def batch_norm_of_one(watch):
    model = convnet()
    return plain(watch, model, sgd(model, 0.01), 4, size=1)
