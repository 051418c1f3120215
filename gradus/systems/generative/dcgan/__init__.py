"""A DCGAN of images: generator against discriminator, with a penalty that keeps the game from spinning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Dataset
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.image_models import sample_result, trained_images
from gradus.systems.sample_quality import quality_findings
from gradus.systems.sampler import Sampler
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from gradus.report import Chart, SeedResult

SETTINGS: dict[str, dict[str, Any]] = {
    "digits": {
        "epochs": 250,
        "batch_size": 64,
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "ema": 0.99,
        "base_channels": 64,
        "latents": 32,
        "gradient_penalty": 0.3,
    },
    "mnist": {
        "epochs": 20,
        "batch_size": 64,
        "learning_rate": 5e-4,
        "schedule": "cosine",
        "ema": 0.999,
        "base_channels": 32,
        "latents": 64,
        "gradient_penalty": 1.0,
    },
}
SMALL = 8  # pixels: images up to this height take the settings of the digits, larger ones those of MNIST
OF_NETWORK = ("base_channels", "latents")
BETAS = (0.0, 0.99)  # Adam's: with momentum the players chase what the other was
PERFECT = 0.99  # a discriminator that is right so often leaves the generator hardly a gradient


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """Trains both networks and measures the images; the score is their Fréchet distance over that of real ones."""
    import torch

    from gradus.report.summary import layers_of
    from gradus.systems.generative.dcgan.net import AdversarialPair, networks, refresh, sampler_of

    chosen = SETTINGS[like(data.shape)]
    of_network = {name: chosen[name] for name in OF_NETWORK} | {"shape": list(data.shape)}
    rate = chosen["learning_rate"]

    def adam(parameters: Any) -> Optimizer:
        return torch.optim.Adam(parameters, lr=rate, betas=BETAS)

    x = 2 * torch.from_numpy(data.train_inputs) - 1
    trained = trained_images(
        build=lambda: AdversarialPair(*networks(of_network), chosen["gradient_penalty"]),
        of=lambda pair: pair.generator,
        sampler=lambda pair: sampler_of(pair.generator),
        data=(x, torch.zeros(len(x))),
        request=request,
        settings={k: chosen[k] for k in ("epochs", "batch_size", "schedule", "ema")} | {"optimizer": adam},
        keep_with=of_network,
        metrics={
            "discriminator": lambda outputs, _: outputs[:, 0].mean(),
            "generator": lambda outputs, _: outputs[:, 1].mean(),
        },
        before_sampling=lambda pair: refresh(pair.generator),
    )
    net: Any = trained.net
    noise = torch.zeros(1, of_network["latents"], device=next(net.parameters()).device)
    return sample_result(
        trained,
        data,
        request,
        layers=layers_of(net, noise),
        charts=[_game(trained.fitted.history)],
        measured={"told": told(trained.module.discriminator, trained.sampler, data)},
    )


def told(discriminator: Any, made: Sampler, data: Dataset) -> float:
    """How often the discriminator takes held-out images for real and as many generated ones for made."""
    import torch

    device = next(discriminator.parameters()).device
    real = torch.from_numpy(data.test_inputs)
    fake = made.draw(len(real), 7)[0]
    discriminator.eval()
    with torch.no_grad():
        right = [
            (discriminator((2 * part - 1).to(device)) > 0).cpu() == wanted
            for images, wanted in ((real, True), (fake, False))
            for part in images.split(500)
        ]
    return float(torch.cat(right).float().mean())


def sampler(tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Sampler:
    """What makes images, from what a run kept."""
    from gradus.systems.generative.dcgan.net import networks, sampler_of

    generator, _ = networks(settings)
    generator.load_state_dict(tensors)
    return sampler_of(generator.eval())


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""
    right = float(np.mean([m["told"] for m in measured]))
    en, zh = (
        (": it is perfect, and the generator has hardly a gradient left", "：它已完美，生成器几乎没有梯度")
        if right > PERFECT
        else ("", "")
    )
    return [
        *quality_findings(measured),
        Text(
            f"The discriminator tells held-out images from generated ones, by the sign of its logit, in {right:.1%} of the cases{en}.",
            f"判别器以其 logit 的符号区分留出图像与生成图像，正确率 {right:.1%}{zh}。",
        ),
    ]


def like(shape: Sequence[int]) -> str:
    """The data set whose settings images of this shape take."""
    return "digits" if shape[-1] <= SMALL else "mnist"


def _game(history: Sequence[Mapping[str, Any]]) -> Chart:
    from gradus.report.charts import Chart, Series

    epochs = list(range(1, len(history) + 1))
    names = {"discriminator": Text("discriminator", "判别器"), "generator": Text("generator", "生成器")}
    series = [Series(name, epochs, [row[key] for row in history]) for key, name in names.items()]
    caption = Text(
        "The losses of both over the training, the discriminator's with its penalty. That they stay level does not say that the images are good, nor that they get no better.",
        "训练中双方的损失，判别器的含惩罚项。损失持平并不说明图像好，也不说明图像不再变好。",
    )
    return Chart(series, Text("loss", "损失"), caption)


RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="frechet-quotient",
    targets={"digits": 6.0},
    relation="≤",
    settings=SETTINGS,
    text=Text(
        "A generator of transposed convolutions with batch normalisation and a discriminator of convolutions without, the non-saturating loss, and a penalty on the slope of the discriminator at real images (the setting "
        "is its weight γ). Both step at once, by Adam without momentum (β₁ = 0, β₂ = 0.99). The generator's weights are averaged over the steps, and the statistics of its batch normalisation taken anew for the average. The score is the Fréchet distance "
        "of the images to the held-out ones over that of as many training images, in the features of a classifier trained on the training part.",
        "生成器由带批归一化的转置卷积构成，判别器由不带归一化的卷积构成；采用非饱和损失，并对判别器在真实图像处的斜率加以惩罚（设置中为其权重 γ）。双方同时更新，用不带动量的 Adam（β₁ = 0，β₂ = 0.99）。生成器的权重在训练步上取滑动平均，其批归一化的统计量按平均后的权重重新计算。得分是生成图像与留出图像的 Fréchet 距离除以同样多的训练图像的距离，均在训练部分上训练的分类器的特征中计算。",
    ),
    honours=("epochs", "device"),
    fitting=Fitting(sizes=(8, 28, 32), channels=(1, 3)),
    like=like,
    findings=findings,
    sampler=sampler,
)
