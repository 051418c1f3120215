"""Training of a generator against a discriminator, by turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import choice, function, number, refusal, whole
from gradus.arguments.tensors import module, same_kind, tensor
from gradus.generative.adversarial.finite import require_finite, require_finite_gradients
from gradus.generative.adversarial.losses import KINDS, critic_loss, discriminator_loss, generator_loss
from gradus.generative.adversarial.penalty import gradient_penalty
from gradus.generative.adversarial.record import AdversarialTraining
from gradus.text import Text

__all__ = ["train_gan"]


def train_gan(
    generator: nn.Module,
    discriminator: nn.Module,
    real: Tensor,
    *,
    latent: int | Callable[[int], Tensor],
    steps: int,
    batch: int = 128,
    kind: str = "non-saturating",
    discriminator_steps: int | None = None,
    learning_rate: float = 1e-3,
    discriminator_rate: float | None = None,
    betas: tuple[float, float] = (0.5, 0.9),
    penalty: float | None = None,
    seed: int = 0,
) -> AdversarialTraining:
    r"""Trains a generator and a discriminator by turns, and says where the game went wrong.

    .. math:: \min_G\max_D\ \mathbb E_{x}\ln\sigma(D(x))+\mathbb E_z\ln\bigl(1-\sigma(D(G(z)))\bigr)

    Each turn the discriminator makes `discriminator_steps` steps on fresh batches, then the generator one, on what the discriminator says by then; both by Adam.
    The same seed gives the same run on the same machine; PyTorch's own generator is afterwards as it was, and so are the modes of both modules. Their
    parameters have learnt.

    Args:
        generator: a module: noise (n, …) to samples of the shape of the real ones.
        discriminator: a module: samples to logits, before any sigmoid; with "wasserstein" a critic, one score a sample.
        real: the real samples (N, …), on the device and in the precision of the modules; batches are drawn with replacement.
        latent: of how many standard normal numbers the noise of a sample consists; or a function of n to noise (n, …).
        steps: turns.
        batch: samples of each kind in a batch.
        kind: of the loss, as in `generator_loss`: "non-saturating", "minimax" or "wasserstein".
        discriminator_steps: of each turn; 1 unless given, 5 with "wasserstein".
        learning_rate: Adam's, of the generator.
        discriminator_rate: of the discriminator; the same unless given.
        betas: Adam's.
        penalty: how much the gradient penalty (on the discriminator's logits) weighs; 10 with "wasserstein" and 0 else unless given.
        seed: of all that is drawn.

    Returns:
        The `AdversarialTraining`: a record of each turn, and warnings: that the discriminator tells all samples for sure, that the generator has
        no gradient left, that all its samples are the same.

    Raises:
        GradusError: a sample, score or gradient that is NaN or ±∞: the step and the tensor are named, and the parameters are those before the
            update that it would have spoilt; arguments that do not fit.

    Cost: `steps` times one pass forwards and backwards of the generator and (`discriminator_steps` + 1) of the discriminator on 2·batch samples;
    about twice that of the latter with a penalty.

    Source: Goodfellow et al. 2014, algorithm 1; Gulrajani et al. 2017, algorithm 1.

    Example:
        >>> import torch
        >>> real = 3 + torch.randn(500, 1, generator=torch.Generator().manual_seed(0))
        >>> _ = torch.manual_seed(0)
        >>> generator, discriminator = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
        >>> train_gan(generator, discriminator, real, latent=1, steps=30)
        AdversarialTraining(non-saturating, 30 turns, no warning)
    """
    module("generator", generator)
    module("discriminator", discriminator)
    x = tensor("real", real, finite=True, meta=False).detach()
    if not x.ndim or not len(x):
        raise refusal("real", ("samples (N, …)", "样本 (N, …)"), real)
    turns, n = whole("steps", steps, least=1), whole("batch", batch, least=2)
    name = choice("kind", kind, KINDS)
    wasserstein = name == "wasserstein"
    inner = (
        (5 if wasserstein else 1)
        if discriminator_steps is None
        else whole("discriminator_steps", discriminator_steps, least=1)
    )
    weight = (10.0 if wasserstein else 0.0) if penalty is None else number("penalty", penalty, least=0)
    for part in (generator, discriminator):
        same_kind(parameters=next((p for p in part.parameters() if p.is_floating_point()), None), real=x)
    noise = _noise(latent, x)
    of_generator = _adam("generator", generator, number("learning_rate", learning_rate, above=0), betas)
    rate = learning_rate if discriminator_rate is None else discriminator_rate
    of_discriminator = _adam(
        "discriminator", discriminator, number("discriminator_rate", rate, above=0), betas
    )
    record = AdversarialTraining.empty(name, turns)
    modes = [(m, m.training) for part in (generator, discriminator) for m in part.modules()]
    devices = [x.device] if x.device.type == "cuda" else []
    with torch.random.fork_rng(devices), torch.enable_grad():
        torch.manual_seed(whole("seed", seed, least=0, most=2**63 - 1))
        generator.train()
        discriminator.train()
        try:
            for step in range(turns):
                for _ in range(inner):
                    row = _discriminator_step(
                        step, generator, discriminator, of_discriminator, x, noise, n, wasserstein, weight
                    )
                row |= _generator_step(step, generator, discriminator, of_generator, x, noise(n), name)
                record.put(step, row)
        finally:
            for part, mode in modes:
                part.training = mode
            for optimizer in (of_generator, of_discriminator):
                optimizer.zero_grad()
    return record


def _discriminator_step(
    step: int,
    generator: nn.Module,
    discriminator: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    noise: Callable[[int], Tensor],
    n: int,
    wasserstein: bool,
    weight: float,
) -> dict[str, float]:
    drawn = x[torch.randint(len(x), (n,), device=x.device)]
    with torch.no_grad():
        made = _made(step, generator, noise(n), drawn)
    of_real, of_fake = discriminator(drawn), discriminator(made)
    require_finite(step, ("the discriminator's scores", "判别器的评分"), of_real, of_fake)
    loss = (critic_loss if wasserstein else discriminator_loss)(of_real, of_fake)
    total = loss
    if weight:
        total = loss + weight * gradient_penalty(discriminator, drawn, made)
    optimizer.zero_grad()
    total.backward()
    require_finite_gradients(step, ("the discriminator", "判别器"), discriminator)
    optimizer.step()
    right = (of_real > 0).float().mean() + (of_fake < 0).float().mean()
    return {"discriminator_loss": loss.item(), "accuracy": right.item() / 2}


def _generator_step(
    step: int,
    generator: nn.Module,
    discriminator: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    z: Tensor,
    kind: str,
) -> dict[str, float]:
    frozen = [(p, p.requires_grad) for p in discriminator.parameters()]
    for p, _ in frozen:
        p.requires_grad_(False)  # its gradients are nobody's business now
    try:
        made = _made(step, generator, z, x)
        scores = discriminator(made)
        require_finite(step, ("the discriminator's scores", "判别器的评分"), scores)
        loss = generator_loss(scores, kind=kind)
        optimizer.zero_grad()
        loss.backward()
    finally:
        for p, wanted in frozen:
            p.requires_grad_(wanted)
    norm = require_finite_gradients(step, ("the generator", "生成器"), generator)
    optimizer.step()
    flat = made.detach().reshape(len(made), -1)
    return {
        "generator_loss": loss.item(),
        "generator_gradient": norm,
        "belief": scores.detach().sigmoid().mean().item(),
        "spread": (flat.std(0).square().mean().sqrt() / _spread(x)).item(),
    }


def _spread(x: Tensor) -> Tensor:
    """The root of the mean variance of a coordinate of some real samples; 1 where they are all the same."""
    found = x[:1024].reshape(min(len(x), 1024), -1).std(0, unbiased=False).square().mean().sqrt()
    return torch.where(found > 0, found, torch.ones_like(found))


def _made(step: int, generator: nn.Module, z: Tensor, real: Tensor) -> Tensor:
    made: Tensor = tensor("generator(z)", generator(z))
    if made.shape[1:] != real.shape[1:] or len(made) != len(z):
        came, want = str(tuple(made.shape)), str((len(z), *real.shape[1:]))
        raise refusal(
            "generator", (f"samples of the shape {want}", f"形状为 {want} 的样本"), Text(came, came)
        )
    require_finite(step, ("the generator's samples", "生成器的样本"), made)
    return made


def _noise(latent: Any, x: Tensor) -> Callable[[int], Tensor]:
    if callable(latent):
        function("latent", latent, "lambda n: torch.randn(n, 8)")
        return lambda n: _drawn(latent(n), n)
    size = whole("latent", latent, least=1)
    return lambda n: torch.randn(n, size, device=x.device, dtype=x.dtype)


def _drawn(z: Any, n: int) -> Tensor:
    found = tensor("latent(n)", z, finite=True)
    if not found.ndim or len(found) != n:
        came = str(tuple(found.shape))
        raise refusal("latent(n)", (f"noise ({n}, …)", f"噪声 ({n}, …)"), Text(came, came))
    return found


def _adam(name: str, part: nn.Module, rate: float, betas: Any) -> torch.optim.Adam:
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise refusal(
            "betas", ("two numbers, such as (0.5, 0.9)", "两个数，例如 (0.5, 0.9)"), betas, kind=True
        )
    pair = tuple(number("betas", b, least=0, below=1) for b in betas)
    learnt = [p for p in part.parameters() if p.requires_grad]
    if not learnt:
        raise refusal(name, ("a module with parameters to learn", "含有可学习参数的模块"), part)
    return torch.optim.Adam(learnt, lr=rate, betas=(pair[0], pair[1]))
