"""A variational autoencoder around any encoder and decoder."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gradus.arguments import choice, flag, number, refusal, whole
from gradus.arguments.tensors import module, tensor
from gradus.generative.variational.divergence import gaussian_kl
from gradus.generative.variational.importance import importance_weighted
from gradus.generative.variational.inputs import (
    codes_of,
    decoded,
    encoded,
    noise_for,
    parameter_of,
    prior_codes,
    samples_of,
)
from gradus.generative.variational.likelihoods import LIKELIHOODS, drawn, log_likelihood, mean_of
from gradus.generative.variational.results import ActiveUnits, ImportanceBound, VAEBound
from gradus.inference.variational.draws import seeded

__all__ = ["VAE"]

NUMBERS = 2**23  # that the decoder's outputs of one pass have at most, unless told otherwise


class VAE(nn.Module):
    r"""A variational autoencoder: a prior N(0, I) of z, a decoder p(x|z), and an encoder q(z|x) = N(m(x), diag eˢ⁽ˣ⁾).

    .. math:: \mathcal L(x)=\mathbb E_{q(z\mid x)}\ln p(x\mid z)-\mathrm{KL}\bigl(q(z\mid x)\,\|\,p(z)\bigr)\ \le\ \ln p(x)

    Train it by `loss = -vae.elbo(x).value.mean()`.

    Args:
        encoder: a module that takes (n, …) and gives (n, 2d), means then log-variances, or a pair of (n, d).
        decoder: a module that takes (n, d) and gives what x is like: logits, or means, of the shape of x.
        latents: d, the number of latent variables.
        likelihood: "bernoulli" takes the decoder's output for logits of pixels 0 and 1; "gaussian" for means of normal numbers of one deviation.
            Pixels between 0 and 1 are taken by "bernoulli", too; then the value bounds no log-likelihood, since x ln p + (1 − x) ln(1 − p) is the logarithm of no density.
        scale: the deviation of "gaussian".
        learn_scale: whether the deviation is a parameter, which starts at `scale`.

    Raises:
        GradusError: no modules; a likelihood that is not known; a deviation that is not positive.

    Source: Kingma and Welling 2014; Rezende, Mohamed and Wierstra 2014.

    Example:
        >>> from torch import nn
        >>> vae = VAE(nn.Linear(6, 4), nn.Linear(2, 6), 2)
        >>> vae
        VAE(2 latents, bernoulli, 46 parameters)
        >>> vae.elbo(torch.ones(3, 6), seed=0).value.shape
        torch.Size([3])
    """

    log_scale: Tensor | None

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        latents: int,
        *,
        likelihood: str = "bernoulli",
        scale: float = 1.0,
        learn_scale: bool = False,
    ) -> None:
        super().__init__()
        module("encoder", encoder)
        module("decoder", decoder)
        self.latents = whole("latents", latents, least=1)
        self.likelihood: str = choice("likelihood", likelihood, LIKELIHOODS)
        start, learnt = math.log(number("scale", scale, above=0)), flag("learn_scale", learn_scale)
        self.encoder, self.decoder = encoder, decoder
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

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of z given x, each (n, d).

        Args:
            x: (n, …).

        Raises:
            GradusError: x is no batch of finite numbers, or not of the model's precision and device; an encoder that gives something else.

        Example:
            >>> vae = VAE(nn.Linear(6, 4), nn.Linear(2, 6), 2)
            >>> [t.shape for t in vae.encode(torch.ones(3, 6))]
            [torch.Size([3, 2]), torch.Size([3, 2])]
        """
        return encoded(self.encoder, samples_of(x, self.likelihood, parameter_of(self)), self.latents)

    def decode(self, z: Tensor) -> Tensor:
        """The mean of x given z: probabilities of pixels 1, or means.

        Args:
            z: (n, d).

        Raises:
            GradusError: another shape, precision or device; NaN or ±∞.

        Example:
            >>> VAE(nn.Linear(6, 4), nn.Linear(2, 6), 2).decode(torch.zeros(3, 2)).shape
            torch.Size([3, 6])
        """
        return mean_of(self.likelihood, self.decoder(codes_of(z, self.latents, parameter_of(self))))

    def forward(self, x: Tensor) -> Tensor:
        """The bound of each sample by one draw: `elbo(x).value`.

        Args:
            x: (n, …).

        Raises:
            GradusError: as `elbo`.

        Example:
            >>> VAE(nn.Linear(6, 4), nn.Linear(2, 6), 2)(torch.ones(3, 6)).shape
            torch.Size([3])
        """
        return self.elbo(x).value

    def elbo(
        self,
        x: Tensor,
        samples: int = 1,
        *,
        beta: float = 1.0,
        noise: Tensor | None = None,
        seed: int | None = None,
    ) -> VAEBound:
        """The evidence lower bound of each sample, through whose draws derivatives flow.

        Args:
            x: (n, …).
            samples: draws of z a sample, K.
            beta: weight of the divergence; 1 for the bound itself.
            noise: (K, n, d) in place of standard normal draws, whatever `samples` is.
            seed: of the draws; None draws from PyTorch's own generator.

        Returns:
            The `VAEBound`.

        Raises:
            GradusError: x, noise or the modules' outputs of other shapes, precision or device; NaN or ±∞ anywhere; pixels
                outside [0, 1] where the likelihood is Bernoulli.

        Cost: one pass of the encoder, and one of the decoder on K n latent vectors.

        Source: Kingma and Welling 2014, equation 10.

        Example:
            >>> vae = VAE(nn.Linear(6, 4), nn.Linear(2, 6), 2)
            >>> found = vae.elbo(torch.ones(3, 6), samples=8, seed=0)
            >>> bool(torch.allclose(found.value, found.reconstruction - found.divergence))
            True
        """
        weight = number("beta", beta, least=0)
        mean, log_variance = self.encode(x)
        divergence = gaussian_kl(mean, log_variance)
        with seeded(seed):
            epsilon = noise_for(mean, samples, noise)
        reconstruction = self._log_likelihood(x, mean + torch.exp(log_variance / 2) * epsilon).mean(0)
        value = reconstruction - weight * divergence
        tensor("the bound of x and noise", value, finite=True)
        return VAEBound(value, reconstruction, divergence)

    def importance_bound(
        self,
        x: Tensor,
        samples: int = 64,
        *,
        chunk: int | None = None,
        noise: Tensor | None = None,
        seed: int | None = None,
    ) -> ImportanceBound:
        r"""The importance-weighted bound of each sample, between the evidence lower bound and ln p(x) in the mean.

        .. math:: \ln\frac1K\sum_{k=1}^K\frac{p(x\mid z_k)\,p(z_k)}{q(z_k\mid x)},\qquad z_k\sim q(z\mid x)

        Args:
            x: (n, …).
            samples: K.
            chunk: draws in one pass of the decoder; None for as many as give 2²³ numbers. Without gradients one pass is held in memory, and the noise.
            noise: (K, n, d) in place of standard normal draws, whatever `samples` is.
            seed: of the draws; None draws from PyTorch's own generator.

        Returns:
            The `ImportanceBound`: value and effective size, (n,) each.

        Raises:
            GradusError: as `elbo`.

        Cost: one pass of the encoder, and K n latent vectors through the decoder.

        Source: Burda, Grosse and Salakhutdinov 2016.

        Example:
            >>> vae = VAE(nn.Linear(6, 4), nn.Linear(2, 6), 2)
            >>> vae.importance_bound(torch.ones(3, 6), samples=500, seed=0).value.shape
            torch.Size([3])
        """
        mean, log_variance = self.encode(x)
        with seeded(seed):
            draws = noise_for(mean, samples, noise)
        most = max(1, NUMBERS // max(1, x.numel())) if chunk is None else whole("chunk", chunk, least=1)
        return importance_weighted(lambda z: self._log_likelihood(x, z), mean, log_variance, draws, most)

    @torch.no_grad()
    def sample(self, count: int = 1, *, observe: bool = False, seed: int | None = None) -> Tensor:
        """What the decoder makes of draws from the prior, (count, …), without derivatives.

        Args:
            count: how many.
            observe: whether x itself is drawn; else its mean given z is given, smoother than any sample of the model.
            seed: of the draws; None draws from PyTorch's own generator.

        Raises:
            GradusError: no whole number.

        Example:
            >>> VAE(nn.Linear(6, 4), nn.Linear(2, 6), 2).sample(5, seed=0).shape
            torch.Size([5, 6])
        """
        n, whole_x = whole("count", count, least=1), flag("observe", observe)
        with seeded(seed):
            z = prior_codes(n, self.latents, parameter_of(self))
            output = self.decoder(z)
            if whole_x:
                return drawn(self.likelihood, output, self.log_scale)
        return mean_of(self.likelihood, output)

    @torch.no_grad()
    def reconstruct(self, x: Tensor) -> Tensor:
        """The mean of x given the mean of z, (n, …), without derivatives.

        Args:
            x: (n, …).

        Raises:
            GradusError: as `encode`.

        Example:
            >>> VAE(nn.Linear(6, 4), nn.Linear(2, 6), 2).reconstruct(torch.ones(3, 6)).shape
            torch.Size([3, 6])
        """
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def active_units(self, x: Tensor, *, threshold: float = 0.01) -> ActiveUnits:
        """Which latent variables the encoder moves from sample to sample.

        Args:
            x: (n, …), two samples or more.
            threshold: of the variance of the posterior mean over the samples.

        Returns:
            The `ActiveUnits`: active, variances and divergences, (d,) each.

        Raises:
            GradusError: as `encode`; a single sample; a threshold that is negative.

        Source: Burda, Grosse and Salakhutdinov 2016.

        Example:
            >>> vae = VAE(nn.Linear(6, 4), nn.Linear(2, 6), 2)
            >>> vae.active_units(torch.rand(8, 6)).variances.shape
            torch.Size([2])
        """
        least = number("threshold", threshold, least=0)
        mean, log_variance = self.encode(x)
        if len(x) < 2:
            raise refusal("x", ("two samples or more", "两个或更多样本"), x)
        variances = mean.var(0)
        divergences = gaussian_kl(mean[..., None], log_variance[..., None]).mean(0)
        return ActiveUnits(variances > least, variances, divergences, least)

    def _log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """The logarithm of p(x|z), (K, n), for z of (K, n, d)."""
        output = decoded(self.decoder, z, x.shape[1:])
        return log_likelihood(self.likelihood, x, output, self.log_scale)

    def __repr__(self) -> str:
        count = sum(p.numel() for p in self.parameters())
        return f"{type(self).__name__}({self.latents} latents, {self.likelihood}, {count} parameters)"
