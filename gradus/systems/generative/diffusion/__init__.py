"""A diffusion model of images: a U-Net that guesses the velocity, sampled in few steps and led by the class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradus.data import Dataset
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.image_models import images_with_classes, sample_result, trained_images
from gradus.systems.sample_quality import quality_findings
from gradus.systems.sampler import Sampler
from gradus.systems.sampling_choices import sampling_choices
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor

    from gradus.report import Picture, SeedResult

SETTINGS: dict[str, dict[str, Any]] = {
    "digits": {
        "epochs": 100,
        "batch_size": 64,
        "optimizer": "adam",
        "learning_rate": 2e-3,
        "schedule": "warmup-cosine",
        "clip_norm": 1.0,
        "ema": 0.995,
        "base_channels": 32,
        "multipliers": [1, 2],
        "times": 1000,
        "sampling_steps": 20,
        "guidance": 1.0,
        "class_dropped": 0.1,
    },
    "mnist": {
        "epochs": 6,
        "batch_size": 64,
        "optimizer": "adam",
        "learning_rate": 2e-3,
        "schedule": "warmup-cosine",
        "clip_norm": 1.0,
        "ema": 0.999,
        "base_channels": 16,
        "multipliers": [1, 2, 4],
        "times": 1000,
        "sampling_steps": 20,
        "guidance": 1.0,
        "class_dropped": 0.1,
    },
}
CHOICES: dict[str, tuple[Any, ...]] = {"steps": (5, 10, 50), "guidance": (0.0, 1.5, 3.0)}
FRAMES = 8  # of the way from noise to images
SMALL = 8  # pixels: images up to this height take the settings of the digits, larger ones those of MNIST
OF_NETWORK = ("base_channels", "multipliers", "times", "sampling_steps", "guidance")


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """Trains the U-Net and measures its images; the score is their Fréchet distance over that of real ones."""
    import torch

    from gradus.report.summary import layers_of
    from gradus.systems.generative.diffusion.net import NoisePrediction, network, sampler_of, schedule

    chosen = SETTINGS[like(data.shape)]
    of_network = {name: chosen[name] for name in OF_NETWORK}
    of_network |= {"shape": list(data.shape), "classes": list(data.classes)}
    trained = trained_images(
        build=lambda: NoisePrediction(network(of_network), schedule(of_network), chosen["class_dropped"]),
        sampler=lambda objective: sampler_of(objective.net, of_network),
        data=images_with_classes(data),
        request=request,
        settings={k: v for k, v in chosen.items() if k not in (*OF_NETWORK, "class_dropped")},
        keep_with=of_network,
        of=lambda objective: objective.net,
    )
    net: Any = trained.net
    start = torch.zeros(1, *data.shape, device=next(net.parameters()).device)
    parts = [net.of_time, net.first, *net.down, *net.middle, *net.up, net.last]
    return sample_result(
        trained,
        data,
        request,
        layers=layers_of(net, start, torch.ones_like(start[:, 0, 0, 0]), parts=parts),
        pictures=lambda: [_reverse(trained.net, of_network)],
        tables=[sampling_choices(trained.sampler, data, CHOICES)],
    )


def sampler(tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Sampler:
    """What makes images, from what a run kept."""
    from gradus.systems.generative.diffusion.net import network, sampler_of

    net = network(settings)
    net.load_state_dict(tensors)
    return sampler_of(net, settings)


def _reverse(net: Any, settings: Mapping[str, Any]) -> Picture:
    """The way from noise to images, and at each time what the network takes for the image behind the noise."""
    import torch

    from gradus.generative import convert_prediction, ddim_sample
    from gradus.report.pictures import image_rows
    from gradus.systems.generative.diffusion.net import led, sampler_of, schedule

    noise, sampler = schedule(settings), sampler_of(net, settings)
    start, condition = sampler.noise(3, 9), torch.arange(3) % len(settings["classes"])
    model = led(net, condition, settings["guidance"])
    times = [round(settings["times"] * (FRAMES - i) / FRAMES) for i in range(FRAMES)]
    where = next(net.parameters()).device
    path = ddim_sample(
        model,
        tuple(start.shape),
        noise,
        timesteps=times,
        prediction="velocity",
        clip=(-1, 1),
        start=start.to(where),
        trajectory=True,
    )
    rows = {}
    for i, name in enumerate(settings["classes"][:3]):
        seen = [((p[i] + 1) / 2).clamp(0, 1) for p in path.cpu()]
        with torch.no_grad():
            guessed = [
                convert_prediction(
                    model(x, torch.full((3,), t, device=where)),
                    x,
                    t,
                    noise,
                    source="velocity",
                    target="data",
                )[i].cpu()
                for x, t in zip(path, times, strict=False)
            ]
        rows[Text(f"{name}: x at t", f"{name}：各时刻的 x")] = torch.stack(seen).numpy()
        rows[Text(f"{name}: guessed", f"{name}：所猜的图像")] = torch.stack(
            [((g + 1) / 2).clamp(0, 1) for g in guessed]
        ).numpy()
    shown = ", ".join(map(str, [*times, 0]))
    caption = Text(
        f"From noise to images in {FRAMES} steps, at t = {shown}; below each what the network takes for the image behind the noise.",
        f"从噪声到图像的 {FRAMES} 步（t = {shown}）；其下是网络此时所猜的无噪图像。",
    )
    return image_rows(rows, caption)


def like(shape: Sequence[int]) -> str:
    """The data set whose settings images of this shape take."""
    return "digits" if shape[-1] <= SMALL else "mnist"


RECIPE = Recipe(
    train=train,
    data=("digits", "mnist"),
    metric="frechet-quotient",
    targets={"digits": 3.0, "mnist": 3.0},
    relation="≤",
    settings=SETTINGS,
    text=Text(
        "A U-Net is told the image with noise, the time and the class, which a tenth of the time is kept from it, and learns to say the velocity √ᾱ ε − √(1−ᾱ) x₀. The weights are averaged over the "
        "steps. Images are made by DDIM without new noise, with the class leading away from what the network says without one. The score is the Fréchet distance of the images to the held-out ones over that of as many "
        "training images, in the features of a classifier trained on the training part.",
        "U-Net 的输入是含噪图像、时刻与类别（十分之一的情形下不给类别），学习预测速度 √ᾱ ε − √(1−ᾱ) x₀。权重在训练步上取滑动平均。采样用不加新噪声的 DDIM，并以类别作引导。得分是生成图像与留出图像的 Fréchet 距离除以同样多的训练图像的距离，均在训练部分上训练的分类器的特征中计算。",
    ),
    honours=("epochs", "device"),
    fitting=Fitting(sizes=(8, 28, 32), channels=(1, 3)),
    like=like,
    findings=quality_findings,
    sampler=sampler,
)
