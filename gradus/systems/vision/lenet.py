"""LeNet-5 on handwritten digits: how it is trained on each data set, and what it must reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gradus.data import Dataset
from gradus.errors import GradusError
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import SeedResult
    from gradus.training import Fitted
    from gradus.vision.lenet import LeNet

# Chosen within the training part (digits: five-fold cross-validation, 99.2 %; MNIST: its last 10,000); the test part took no part.
SETTINGS: dict[str, dict[str, Any]] = {
    "digits": {
        "epochs": 20,
        "batch_size": 32,
        "optimizer": "adam",
        "learning_rate": 3e-3,
        "schedule": "warmup-cosine",
        "augmentation": {"degrees": 10.0, "shift": 0.5, "scale": 1.1},
    },
    "mnist": {
        "epochs": 10,
        "batch_size": 64,
        "optimizer": "adam",
        "learning_rate": 2e-3,
        "schedule": "warmup-cosine",
        "augmentation": {"degrees": 10.0, "shift": 2.0, "scale": 1.1},
    },
}
SMALL = 8  # pixels: images up to this height take the settings of the digits, larger ones those of MNIST
TARGETS: dict[str, float] = {"digits": 0.98, "mnist": 0.99}


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """The accuracy on the test part, the curves, and what the network sees.

    Raises:
        GradusError: as `trained`.
    """
    from gradus.report.classifier import seed_result

    model, fitted = trained(data, request)
    return seed_result(model, fitted, data, request.directory, request.target)


def trained(
    data: Dataset, request: SeedRequest, settings: Mapping[str, Any] | None = None
) -> tuple[LeNet, Fitted]:
    """LeNet trained by its recipe; the test part is measured after each epoch and decides nothing.

    Args:
        data: images of 28×28, 32×32 or 8×8.
        request: the seed is that of the weights, of the order of the data and of the augmentation; checkpoints and
            logs go into the directory, the norms of the gradients among them.
        settings: in place of single ones of the recipe: epochs, batch_size, optimizer, learning_rate, schedule,
            augmentation (None for none).

    Raises:
        GradusError: a data set without images of a fitting size, an unknown setting, and what `fit` raises.
    """
    import torch

    from gradus.training import GradientNorms, accuracy, fit
    from gradus.vision.augmentation import random_affine
    from gradus.vision.lenet import LeNet

    chosen = _settings(data, settings or {}, request.epochs)
    ranges = chosen.pop("augmentation")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(request.seed)
        model = LeNet(len(data.classes), data.shape[0], size=data.shape[1])
    fitted = fit(
        model,
        torch.nn.functional.cross_entropy,
        (data.train_inputs, data.train_targets),
        validation=(data.test_inputs, data.test_targets),
        metrics={"accuracy": accuracy},
        augment=partial(random_affine, **ranges) if ranges else None,
        callbacks=(GradientNorms(),),
        seed=request.seed,
        directory=request.directory,
        resume=request.resume,
        progress=request.progress,
        device=request.device,
        **chosen,
    )
    return model, fitted


def like(shape: Sequence[int]) -> str:
    """The data set whose settings images of this shape (C, H, W) take, whatever they are called.

    What depends on the size is how far images are shifted, in pixels, and what is lost by it; sets of small images are
    small as well, and need more epochs and smaller batches. The network enlarges 8×8 to 32×32 and pads 28×28 by 2.
    """
    return "digits" if shape[-1] <= SMALL else "mnist"


def _settings(data: Dataset, changed: Mapping[str, Any], epochs: int | None) -> dict[str, Any]:
    if data.task != "classification" or len(data.shape) != 3 or data.shape[1] != data.shape[2]:
        raise GradusError(
            Text(
                f"LeNet expects square images with classes, got {data.name} of shape {data.shape}, "
                f"a {data.task} set; take digits or mnist",
                f"LeNet 需要有类别的正方形图像，得到 {data.name}：形状 {data.shape}，"
                f"{'有类别' if data.task == 'classification' else '以数值为目标'}；可用 digits 或 mnist",
            )
        )
    recipe = SETTINGS[like(data.shape)]
    unknown = [name for name in changed if name not in recipe]
    if unknown:
        names, got = ", ".join(recipe), ", ".join(unknown)
        raise GradusError(
            Text(f"expected settings among {names}, got {got}", f"设置应为 {names} 之一，得到 {got}")
        )
    return {**recipe, **changed, **({} if epochs is None else {"epochs": epochs})}


RECIPE = Recipe(
    train=train,
    data=("digits", "mnist"),
    metric="accuracy",
    targets=TARGETS,
    settings=SETTINGS,
    text=Text(
        "Cross-entropy, Adam with warm-up and a cosine to 0. Every batch is turned, shifted and scaled a little, at random. "
        "The settings were chosen within the training part; the test part is measured and decides nothing.",
        "交叉熵损失，Adam，先预热再按余弦降到 0。每批图像都随机作小幅旋转、平移和缩放。各项设置只在训练部分内选定；测试部分只用于测量，不参与任何决定。",
    ),
    honours=("epochs", "device"),
    fitting=Fitting(sizes=(8, 28, 32), channels=(1, 3)),
    like=like,
)
