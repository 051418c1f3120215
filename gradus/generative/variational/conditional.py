"""A variational autoencoder that is told a condition: what is made, and what is explained, given it."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import choice, flag, number, refusal, whole
from gradus.arguments.tensors import module, same_device, tensor
from gradus.generative.variational.conditioned import Told, within
from gradus.generative.variational.divergence import gaussian_kl
from gradus.generative.variational.importance import importance_weighted
from gradus.generative.variational.inputs import decoded, encoded, noise_for, parameter_of, samples_of
from gradus.generative.variational.likelihoods import LIKELIHOODS, drawn, log_likelihood, mean_of
from gradus.generative.variational.results import ImportanceBound, VAEBound
from gradus.inference.variational.draws import seeded
from gradus.text import Text

__all__ = ["ConditionalVAE"]

NUMBERS = 2**23  # that the decoder's outputs of one pass have at most, unless told otherwise


class ConditionalVAE(nn.Module):
    r"""A variational autoencoder of p(x|c): a prior p(z|c), a decoder p(x|z, c), and an encoder q(z|x, c).

    .. math:: \mathcal L(x,c)=\mathbb E_{q(z\mid x,c)}\ln p(x\mid z,c)-\mathrm{KL}\bigl(q(z\mid x,c)\,\|\,p(z\mid c)\bigr)\ \le\ \ln p(x\mid c)

    Train it by `loss = -model.elbo(x, c).value.mean()`.

    Args:
        encoder: a module of (x, c), (n, …) each, that gives (n, 2d), means then log-variances, or a pair of (n, d).
        decoder: a module of (z, c), (n, d) and (n, …), that gives logits, or means, of the shape of x.
        latents: d.
        prior: a module of c that gives the like of the encoder, for p(z|c); None for N(0, I), whatever c is. A decoder that is rich enough makes of
            either what it makes of the other.
        likelihood: "bernoulli" or "gaussian", as of `VAE`.
        scale: the deviation of "gaussian".
        learn_scale: whether the deviation is a parameter, which starts at `scale`.

    Raises:
        GradusError: no modules; a likelihood that is not known; a deviation that is not positive.

    Source: Sohn, Lee and Yan 2015; Kingma et al. 2014, M2.

    Example:
        >>> from torch import nn
        >>> class Beside(nn.Module):
        ...     def __init__(self, inputs, outputs):
        ...         super().__init__()
        ...         self.layer = nn.Linear(inputs, outputs)
        ...     def forward(self, a, c):
        ...         return self.layer(torch.cat((a, c), 1))
        >>> model = ConditionalVAE(Beside(6 + 3, 4), Beside(2 + 3, 6), 2)
        >>> c = torch.eye(3)
        >>> model.elbo(torch.ones(3, 6), c, seed=0).value.shape, model.sample(c, seed=0).shape
        (torch.Size([3]), torch.Size([3, 6]))
    """

    log_scale: Tensor | None

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        latents: int,
        *,
        prior: nn.Module | None = None,
        likelihood: str = "bernoulli",
        scale: float = 1.0,
        learn_scale: bool = False,
    ) -> None:
        super().__init__()
        module("encoder", encoder)
        module("decoder", decoder)
        if prior is not None:
            module("prior", prior)
        self.latents = whole("latents", latents, least=1)
        self.likelihood: str = choice("likelihood", likelihood, LIKELIHOODS)
        start, learnt = math.log(number("scale", scale, above=0)), flag("learn_scale", learn_scale)
        self.encoder, self.decoder, self.prior = encoder, decoder, prior
        log_scale = torch.tensor(start).to(parameter_of(self, torch.zeros(())))
        if likelihood == "bernoulli":
            if learnt or scale != 1.0:
                noun = ("left at 1 where the likelihood is bernoulli", "在伯努利似然下保持为 1")
                raise refusal("learn_scale" if learnt else "scale", noun, learn_scale if learnt else scale)
            self.log_scale = None
        elif learnt:
            self.log_scale = nn.Parameter(log_scale)
        else:
            self.register_buffer("log_scale", log_scale)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """The bound of each sample by one draw: `elbo(x, condition).value`."""
        return self.elbo(x, condition).value

    def elbo(
        self,
        x: Tensor,
        condition: Tensor,
        samples: int = 1,
        *,
        beta: float = 1.0,
        noise: Tensor | None = None,
        seed: int | None = None,
    ) -> VAEBound:
        """The lower bound of ln p(x|c) of each sample, through whose draws derivatives flow.

        Args:
            x: (n, …).
            condition: c, one row a sample.
            samples: draws of z a sample, K.
            beta: weight of the divergence; 1 for the bound itself.
            noise: (K, n, d) in place of standard normal draws, whatever `samples` is.
            seed: of the draws; None draws from PyTorch's own generator.

        Returns:
            The `VAEBound`.

        Raises:
            GradusError: x, condition, noise or the modules' outputs of other shapes, precision or device; NaN or ±∞ anywhere.

        Cost: one pass of encoder and prior, and one of the decoder on K n latent vectors.
        """
        weight = number("beta", beta, least=0)
        c, mean, log_variance, prior = self._encoded(x, condition)
        with seeded(seed):
            epsilon = noise_for(mean, samples, noise)
        with within("x and condition"):
            divergence = gaussian_kl(mean, log_variance, *prior)
            reconstruction = self._log_likelihood(x, c, mean + torch.exp(log_variance / 2) * epsilon).mean(0)
        value = reconstruction - weight * divergence
        tensor("the bound of x and noise", value, finite=True)
        return VAEBound(value, reconstruction, divergence)

    def importance_bound(
        self,
        x: Tensor,
        condition: Tensor,
        samples: int = 64,
        *,
        chunk: int | None = None,
        noise: Tensor | None = None,
        seed: int | None = None,
    ) -> ImportanceBound:
        """The importance-weighted bound of ln p(x|c) of each sample, as `VAE.importance_bound`.

        Args:
            x: (n, …).
            condition: c, one row a sample.
            samples: K.
            chunk: draws in one pass of the decoder; None for as many as give 2²³ numbers.
            noise: (K, n, d) in place of standard normal draws, whatever `samples` is.
            seed: of the draws; None draws from PyTorch's own generator.

        Raises:
            GradusError: as `elbo`.

        Cost: one pass of encoder and prior, and K n latent vectors through the decoder.
        """
        c, mean, log_variance, (m0, s0) = self._encoded(x, condition)
        with seeded(seed):
            draws = noise_for(mean, samples, noise)
        most = max(1, NUMBERS // max(1, x.numel())) if chunk is None else whole("chunk", chunk, least=1)

        def weighed(z: Tensor) -> Tensor:
            # `importance_weighted` takes the standard prior; here it is replaced
            other = z.square() - (z - m0).square() * torch.exp(-s0) - s0
            return self._log_likelihood(x, c, z) + other.sum(-1) / 2

        with within("x and condition"):
            return importance_weighted(weighed, mean, log_variance, draws, most)

    @torch.no_grad()
    def sample(self, condition: Tensor, *, observe: bool = False, seed: int | None = None) -> Tensor:
        """What the decoder makes of draws from p(z|c), one for each row of the condition, without derivatives.

        Args:
            condition: (n, …).
            observe: whether x itself is drawn; else its mean given z and c is given.
            seed: of the draws; None draws from PyTorch's own generator.

        Raises:
            GradusError: no batch of conditions.
        """
        c, whole_x = self._condition(condition, None), flag("observe", observe)
        like = parameter_of(self, torch.zeros(()))
        m0, s0 = self._prior(c, torch.zeros(len(c), self.latents, dtype=like.dtype, device=like.device))
        with seeded(seed):
            z = m0 + torch.exp(s0 / 2) * torch.randn(
                len(c), self.latents, dtype=like.dtype, device=like.device
            )
            output = self.decoder(z, c)
            tensor("what is made of condition", output, finite=True)
            if whole_x:
                return drawn(self.likelihood, output, self.log_scale)
        return mean_of(self.likelihood, output)

    @torch.no_grad()
    def class_log_probabilities(
        self,
        x: Tensor,
        classes: Tensor,
        *,
        log_prior: Tensor | None = None,
        samples: int = 64,
        seed: int | None = None,
    ) -> Tensor:
        r"""The logarithm of p(c|x) of each class by Bayes' theorem, with importance-weighted bounds in the place of ln p(x|c), (n, C).

        .. math:: \ln p(c\mid x)=\ln p(x\mid c)+\ln p(c)-\ln\sum_{c'}p(x\mid c')\,p(c')

        Args:
            x: (n, …).
            classes: (C, …): the condition that stands for each class.
            log_prior: ln p(c), (C,); None for equal ones.
            samples: K, draws a sample and class.
            seed: of the draws, the same for each class.

        Raises:
            GradusError: as `elbo`; another number of prior probabilities.

        Cost: C importance-weighted bounds.

        Source: Kingma et al. 2014.
        """
        samples_of(x, self.likelihood, parameter_of(self))
        options = self._condition(classes, None, "classes")
        if not len(options):
            raise refusal("classes", ("one class or more", "一个或更多类别"), options)
        bounds = [
            self.importance_bound(x, c.expand(len(x), *c.shape), samples, seed=seed).value for c in options
        ]
        found = torch.stack(bounds, 1)
        if log_prior is not None:
            tensor("log_prior", log_prior, finite=True, meta=False)
            if log_prior.shape != (len(options),):
                came = str(tuple(log_prior.shape))
                raise refusal(
                    "log_prior",
                    (f"one a class, ({len(options)},)", f"每个类别一个，({len(options)},)"),
                    Text(came, came),
                )
            found = found + log_prior.to(found)
        return torch.log_softmax(found, 1)

    def _encoded(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, Tensor]]:
        """The condition, mean and log-variance of q, and those of the prior."""
        samples_of(x, self.likelihood, parameter_of(self))
        c = self._condition(condition, x)
        mean, log_variance = encoded(Told(self.encoder, c), x, self.latents)
        return c, mean, log_variance, self._prior(c, mean)

    def _prior(self, c: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        if self.prior is None:
            return torch.zeros_like(like), torch.zeros_like(like)
        with within("condition"):
            return encoded(self.prior, c, self.latents)

    def _condition(self, condition: Any, x: Tensor | None, name: str = "condition") -> Tensor:
        found = tensor(name, condition, dtype="any", meta=False)
        if not found.ndim or (x is not None and len(found) != len(x)):
            noun = (
                ("a batch (n, …)", "一批 (n, …)")
                if x is None
                else (f"one row for each of {len(x)} samples", f"{len(x)} 个样本各一行")
            )
            raise refusal(name, noun, found)
        if found.is_complex():
            raise refusal(name, ("real numbers", "实数"), Text(str(found.dtype), str(found.dtype)))
        if found.is_floating_point():
            tensor(name, found, finite=True)
        same_device(parameters=parameter_of(self), **{name: found})
        return found

    def _log_likelihood(self, x: Tensor, c: Tensor, z: Tensor) -> Tensor:
        """The logarithm of p(x|z, c), (K, n), for z of (K, n, d)."""
        repeated = c.repeat(len(z), *[1] * (c.ndim - 1))
        output = decoded(Told(self.decoder, repeated), z, x.shape[1:])
        return log_likelihood(self.likelihood, x, output, self.log_scale)

    def __repr__(self) -> str:
        count = sum(p.numel() for p in self.parameters())
        prior = "" if self.prior is None else ", conditional prior"
        return f"ConditionalVAE({self.latents} latents, {self.likelihood}{prior}, {count} parameters)"
