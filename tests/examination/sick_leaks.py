"""Networks whose data give away what is to be learnt or judged: labels among the features, near copies held out."""

from __future__ import annotations

from collections.abc import Callable

import torch
from planted_faults import HELD, Case, N, case, cnn, digits, mlp, sick
from torch import Tensor
from torch.nn import functional as F


def beside(*features: Tensor, targets: Tensor | None = None) -> Case:
    """The digits with more features, and classes or real targets."""
    x, y = digits()
    x = torch.cat([x, *(f.float()[:, None] for f in features)], 1)
    y = y if targets is None else targets
    classes = not y.is_floating_point()
    made = case(mlp(x.shape[1], 48, 10 if classes else 1), F.cross_entropy if classes else F.mse_loss)
    return made | {"data": (x[:N], y[:N]), "held_out": (x[N : N + HELD], y[N : N + HELD])}


@sick("label-in-features")
def label_as_feature() -> Case:
    return beside(digits()[1] / 10)


@sick("label-in-features")
def label_as_feature_with_noise() -> Case:
    y = digits()[1]
    return beside(y / 10 + 0.01 * torch.randn(len(y), generator=torch.Generator().manual_seed(0)))


@sick("label-in-features")
def label_one_hot_among_features() -> Case:
    return beside(*F.one_hot(digits()[1]).T)


@sick("label-in-features")
def label_as_code_among_features() -> Case:
    y = digits()[1]
    return beside(torch.randperm(10, generator=torch.Generator().manual_seed(3))[y] / 10)


@sick("label-in-features")
def label_split_in_two_features() -> Case:
    y = digits()[1]
    part = torch.randn(len(y), generator=torch.Generator().manual_seed(0))
    return beside(part, y / 5 - part)


@sick("label-in-features")
def label_in_two_bits() -> Case:
    y = digits()[1] % 2
    key = torch.randint(2, (len(y),), generator=torch.Generator().manual_seed(0))
    return beside(key, (y + key) % 2, targets=y)


@sick("label-in-features")
def samples_numbered_by_class() -> Case:
    y = digits()[1]
    return beside(y.argsort(stable=True).argsort() / len(y))


@sick("label-in-features")
def target_in_other_units() -> Case:
    x, _ = digits()
    target = x[:, 20] + x[:, 30] ** 2 - x[:, 42]
    return beside(target.exp(), targets=target[:, None])


@sick("label-in-features")
def label_marked_in_the_picture() -> Case:
    made = case(cnn(), shape=(1, 8, 8))
    for x, y in (made["data"], made["held_out"]):
        x[:, 0, 0, 0] = y / 10
    return made


def copies(change: Callable[[Tensor, torch.Generator], Tensor], count: int = 40) -> Case:
    """Some held-out pictures are training pictures, changed."""
    made = case(cnn(), shape=(1, 8, 8))
    (x, y), (u, v) = made["data"], made["held_out"]
    changed = change(x[:count].clone(), torch.Generator().manual_seed(0))
    return made | {"held_out": (torch.cat([u, changed]), torch.cat([v, y[:count]]))}


@sick("data-leak-near")
def near_copies_with_noise() -> Case:
    return copies(lambda x, g: x + 0.01 * torch.randn(x.shape, generator=g))


@sick("data-leak-near")
def near_copies_with_one_pixel_changed() -> Case:
    def change(x: Tensor, g: torch.Generator) -> Tensor:
        places = torch.randint(64, (len(x), 1), generator=g)
        return x.flatten(1).scatter(1, places, torch.rand(len(x), 1, generator=g)).reshape(x.shape)

    return copies(change, 8)


@sick("data-leak-near")
def near_copies_brighter() -> Case:
    return copies(lambda x, g: 0.8 * x + 0.1)


@sick("data-leak-near")
def near_copies_mirrored() -> Case:
    return copies(lambda x, g: x.flip(-1))


@sick("data-leak-near")
def near_copies_shifted() -> Case:
    return copies(lambda x, g: F.pad(x, (1, 0))[..., :-1])


@sick("data-leak-near")
def augmented_before_the_division() -> Case:
    x, y = (t[:N] for t in digits())
    generator = torch.Generator().manual_seed(0)
    views = [x + 0.01 * torch.randn(x.shape, generator=generator) for _ in range(3)]
    data = torch.cat(views[:2]), y.repeat(2)
    return case(mlp(64, 48, 10)) | {"data": data, "held_out": (views[2][:HELD], y[:HELD])}
