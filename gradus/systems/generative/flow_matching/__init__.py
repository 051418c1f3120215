"""Flow matching of images: the same U-Net as of the diffusion system, taught the velocities of lines from noise to images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gradus.data import Dataset
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.generative.diffusion import SETTINGS as OF_DIFFUSION
from gradus.systems.generative.diffusion import like
from gradus.systems.image_models import images_with_classes, sample_result, trained_images
from gradus.systems.sample_quality import quality_findings
from gradus.systems.sampler import Sampler
from gradus.systems.sampling_choices import sampling_choices
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor

    from gradus.report import Picture, SeedResult

SETTINGS: dict[str, dict[str, Any]] = {
    data: {name: value for name, value in settings.items() if name != "times"}
    for data, settings in OF_DIFFUSION.items()
}
OF_NETWORK = ("base_channels", "multipliers", "sampling_steps", "guidance")
CHOICES: dict[str, tuple[Any, ...]] = {"steps": (2, 5, 10, 50), "guidance": (0.0, 1.5, 3.0)}
FRAMES = 8  # of the way from noise to images


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """Trains the U-Net and measures its images; the score is their Fréchet distance over that of real ones."""
    import torch

    from gradus.report.summary import layers_of
    from gradus.systems.generative.diffusion.net import network
    from gradus.systems.generative.flow_matching.net import VelocityMatching, sampler_of

    chosen = SETTINGS[like(data.shape)]
    of_network = {name: chosen[name] for name in OF_NETWORK}
    of_network |= {"shape": list(data.shape), "classes": list(data.classes)}
    trained = trained_images(
        build=lambda: VelocityMatching(network(of_network), chosen["class_dropped"]),
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
        pictures=lambda: [_way(net, of_network)],
        tables=[sampling_choices(trained.sampler, data, CHOICES)],
    )


def sampler(tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Sampler:
    """What makes images, from what a run kept."""
    from gradus.systems.generative.diffusion.net import network
    from gradus.systems.generative.flow_matching.net import sampler_of

    net = network(settings)
    net.load_state_dict(tensors)
    return sampler_of(net, settings)


def _way(net: Any, settings: Mapping[str, Any]) -> Picture:
    """The way from noise to images, and at each time the image that the line through the point would end at."""
    import torch

    from gradus.generative import flow_matching_sample
    from gradus.report.pictures import image_rows
    from gradus.systems.generative.flow_matching.net import led, sampler_of

    made, where = sampler_of(net, settings), next(net.parameters()).device
    start, condition = made.noise(3, 9).to(where), torch.arange(3) % len(settings["classes"])
    velocity = led(net, condition, settings["guidance"])
    path = flow_matching_sample(velocity, tuple(start.shape), steps=FRAMES, start=start, trajectory=True)
    with torch.no_grad():
        ends = [
            x + (1 - i / FRAMES) * velocity(x, torch.full((3,), i / FRAMES, device=where))
            for i, x in enumerate(path[:-1])
        ]
    rows = {}
    for i in range(min(3, len(settings["classes"]))):
        name = settings["classes"][i]
        for what, images in (
            (Text("x at t", "各时刻的 x"), list(path)),
            (Text("where it heads", "所指的图像"), ends),
        ):
            shown = torch.stack([((image[i].cpu() + 1) / 2).clamp(0, 1) for image in images])
            rows[Text(f"{name}: {what.en}", f"{name}：{what.zh}")] = shown.numpy()
    caption = Text(
        f"From noise to images in {FRAMES} even steps; below each the image that the velocity there heads for. If the paths were straight, all images of such a row would be the same.",
        f"从噪声到图像的 {FRAMES} 个等距的步；其下是该处的速度所指向的图像。若路是直的，这样一行中的图像应全部相同。",
    )
    return image_rows(rows, caption)


RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="frechet-quotient",
    targets={"digits": 3.0},
    relation="≤",
    settings=SETTINGS,
    text=Text(
        "The U-Net of the diffusion system, with its settings, is told the point on a line from noise to an image, the time and the class (a tenth of the time it is kept from it), and learns the velocity along the line. "
        "Images are made by Euler's method. The score is the Fréchet distance of the images to the held-out ones over that of as many training images, in the features of a classifier trained on the training part.",
        "采用扩散系统的 U-Net 及其设置：输入为从噪声到图像的直线上的点、时刻与类别（十分之一的情形下不给类别），学习沿线的速度。采样用欧拉法。得分是生成图像与留出图像的 Fréchet 距离除以同样多的训练图像的距离，均在训练部分上训练的分类器的特征中计算。",
    ),
    honours=("epochs", "device"),
    fitting=Fitting(sizes=(8, 28, 32), channels=(1, 3)),
    like=like,
    findings=quality_findings,
    sampler=sampler,
)
