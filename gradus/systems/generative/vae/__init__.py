"""A variational autoencoder of images: its bound on held-out images, in nats, and the images that it makes."""

from __future__ import annotations

import math
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

    from gradus.report import Picture, SeedResult

SETTINGS: dict[str, dict[str, Any]] = {
    "digits": {
        "epochs": 200,
        "batch_size": 64,
        "optimizer": "adam",
        "learning_rate": 2e-3,
        "schedule": "warmup-cosine",
        "units": 200,
        "latents": 10,
    },
    "mnist": {
        "epochs": 20,
        "batch_size": 100,
        "optimizer": "adam",
        "learning_rate": 2e-3,
        "schedule": "warmup-cosine",
        "units": 500,
        "latents": 20,
    },
}
SMALL = 8  # pixels: images up to this height take the settings of the digits, larger ones those of MNIST
OF_NETWORK = ("units", "latents")
IMPORTANCE = 5000, 100  # draws of the tighter bound, and images that it is measured on
SHOWN = 10


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """Trains the autoencoder; the score is its bound on the held-out images, in nats an image."""
    import torch

    from gradus.report.summary import layers_of
    from gradus.systems.generative.vae.net import NegativeBound, network, sampler_of

    chosen = SETTINGS[like(data.shape)]
    of_network = {name: chosen[name] for name in OF_NETWORK} | {"shape": list(data.shape)}
    x = torch.from_numpy(data.train_inputs)
    trained = trained_images(
        build=lambda: NegativeBound(network(of_network)),
        of=lambda module: module.vae,
        sampler=lambda module: sampler_of(module.vae, of_network),
        data=(x, torch.zeros(len(x))),
        request=request,
        settings={k: v for k, v in chosen.items() if k not in OF_NETWORK},
        keep_with=of_network,
    )
    vae: Any = trained.net.cpu()
    measured = bounds(vae, data, request.seed)
    return sample_result(
        trained,
        data,
        request,
        pictures=lambda: [_reconstructions(vae, data)],
        layers=layers_of(vae.encoder, x[:1]) + layers_of(vae.decoder, torch.zeros(1, vae.latents)),
        score=measured["bound"],
        measured=measured,
    )


def bounds(vae: Any, data: Dataset, seed: int) -> dict[str, Any]:
    """The bound on the held-out images and its parts, the tighter one on some of them, and what the latent variables do."""
    import torch

    from gradus.generative import bits_per_dimension
    from gradus.systems.generative.vae.net import observed

    draws, few = IMPORTANCE
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        x = observed(vae, torch.from_numpy(data.test_inputs))
        found = [vae.elbo(part) for part in x.split(1000)]
        some = x[:few]
        tight = vae.importance_bound(some, draws).value
        loose = vae.elbo(some, samples=100).value
    parts = {
        name: torch.cat([getattr(f, name) for f in found])
        for name in ("value", "reconstruction", "divergence")
    }
    active = vae.active_units(x)
    bound = float(parts["value"].mean())
    return {
        "bound": bound,
        "error": float(parts["value"].std() / math.sqrt(len(x))),
        "reconstruction": float(parts["reconstruction"].mean()),
        "divergence": float(parts["divergence"].mean()),
        "tight": float(tight.mean()),
        "loose": float(loose.mean()),
        "active": int(active.active.sum()),
        "latents": vae.latents,
        "binary": vae.likelihood == "bernoulli",
        "bits": float(bits_per_dimension(torch.tensor(bound), math.prod(data.shape))),
    }


def sampler(tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Sampler:
    """What makes images, from what a run kept."""
    from gradus.systems.generative.vae.net import network, sampler_of

    vae = network(settings)
    vae.load_state_dict(dict(tensors))
    return sampler_of(vae.eval(), settings)


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""
    mean = {
        k: float(np.mean([m[k] for m in measured]))
        for k in ("bound", "error", "reconstruction", "divergence", "tight", "loose", "active", "bits")
    }
    latents, (draws, few) = measured[0]["latents"], IMPORTANCE
    en, zh = (
        (
            "pixels drawn as 0 and 1 from the grey values, as in training",
            "像素按灰度值随机取 0 或 1，与训练时相同",
        )
        if measured[0]["binary"]
        else (
            "a density of grey values, which were not dequantised: nats of densities can be of either sign",
            "灰度值的密度，未作反量化：密度的奈特数可正可负",
        )
    )
    unused = latents - mean["active"]
    said = (
        ("all of them say something of the image", "全部携带图像的信息")
        if unused < 0.5
        else (
            f"{unused:g} of them stay at the prior, whatever the image: the posterior has collapsed there",
            f"其中 {unused:g} 个无论图像如何都停留在先验上：后验在此坍缩",
        )
    )
    return [
        Text(
            f"Bound on a held-out image {mean['bound']:.2f} ± {mean['error']:.2f} nats ({mean['bits']:.3f} bits a pixel; {en}): reconstruction {mean['reconstruction']:.2f}, divergence from the prior {mean['divergence']:.2f}.",
            f"留出图像的下界为 {mean['bound']:.2f} ± {mean['error']:.2f} 奈特（每像素 {mean['bits']:.3f} 比特；{zh}）：重构项 {mean['reconstruction']:.2f}，与先验的散度 {mean['divergence']:.2f}。",
        ),
        Text(
            f"On {few} of them, {draws} weighted draws bound ln p(x) by {mean['tight']:.2f} nats where the plain bound is {mean['loose']:.2f}.",
            f"在其中 {few} 张上，以 {draws} 次重要性加权抽样得到的 ln p(x) 下界为 {mean['tight']:.2f} 奈特，而普通下界为 {mean['loose']:.2f}。",
        ),
        Text(
            f"Of {latents} latent variables {mean['active']:g} are active: {said[0]}.",
            f"{latents} 个潜变量中有 {mean['active']:g} 个是活跃的：{said[1]}。",
        ),
        *quality_findings(measured),
    ]


def like(shape: Sequence[int]) -> str:
    """The data set whose settings images of this shape take."""
    return "digits" if shape[-1] <= SMALL else "mnist"


def _reconstructions(vae: Any, data: Dataset) -> Picture:
    import torch

    from gradus.report.pictures import image_rows

    x = torch.from_numpy(data.test_inputs[:SHOWN])
    rows = {
        Text("held out", "留出图像"): x.numpy(),
        Text("again", "重构"): vae.reconstruct(x).clamp(0, 1).numpy(),
    }
    caption = Text(
        "Held-out images, and what the decoder makes of the mean of their codes.",
        "留出的图像，以及解码器由其编码均值得到的重构。",
    )
    return image_rows(rows, caption)


RECIPE = Recipe(
    train=train,
    data=("digits", "mnist"),
    metric="bound",
    targets={"digits": -23.5, "mnist": -101.0},
    settings=SETTINGS,
    text=Text(
        "One hidden layer of tanh units on either side of the codes. Grey images are drawn anew as pixels 0 and 1 at each step, with the grey values as probabilities, so that the value bounds the "
        "log-likelihood of a distribution; colours have normal noise whose deviation is learnt. The score is the bound on the held-out images, one draw each, in nats.",
        "编码两侧各有一层 tanh 单元。灰度图像在每一步都以灰度值为概率重新取成 0/1 像素，使所得的值确为某个分布的对数似然的下界；彩色图像采用标准差可学习的正态噪声。得分是留出图像上的下界（每张一次抽样），单位为奈特。",
    ),
    honours=("epochs", "device"),
    fitting=Fitting(sizes=(8, 28, 32), channels=(1, 3)),
    like=like,
    findings=findings,
    sampler=sampler,
)
