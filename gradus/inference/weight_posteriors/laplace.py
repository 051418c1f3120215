"""Laplace's approximation of a trained network's posterior: normal around the weights, by the Gauss–Newton matrix."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import choice, number, refusal, whole
from gradus.arguments.tensors import module, tensor
from gradus.inference.variational.draws import seeded
from gradus.inference.weight_posteriors.curvatures import (
    Curvature,
    DiagonalCurvature,
    FullCurvature,
    KroneckerCurvature,
    wide,
)
from gradus.inference.weight_posteriors.likelihoods import LIKELIHOODS, curvature, log_likelihood
from gradus.inference.weight_posteriors.predictive import PredictiveDraws, class_probabilities
from gradus.inference.weight_posteriors.prior_precision import best_precision, log_evidence
from gradus.inference.weight_posteriors.sensitivities import (
    Sensitivities,
    inputs_and_targets,
    require_all_in_layers,
    require_last_layer,
    whole_network,
)
from gradus.optimization.unchanged_model import outside_of_inference, unchanged
from gradus.text import Text
from gradus.theory.data_batches import batches, require_determined

__all__ = ["LaplacePosterior", "laplace"]

KINDS = ("last-layer", "kronecker", "diagonal", "full")


class LaplacePosterior:
    r"""A normal distribution of a network's weights, and what it predicts through the linearised network.

    .. math:: w\sim\mathcal N\bigl(w^*,(H+\delta I)^{-1}\bigr),\qquad f(x)\sim\mathcal N\bigl(f^*(x),\ J(x)(H+\delta I)^{-1}J(x)^{\mathsf T}\bigr)

    Made by `laplace`. The network inside is a copy: training the original further changes nothing here.

    Attributes:
        kind, likelihood, noise: as `laplace` was given them.
        prior_precision: δ.
        log_likelihood: ln p(D|w*), in nats.
        evidence: the approximate ln p(D), in nats; see `laplace`.
        effective: Σ λ/(λ + δ) over the eigenvalues λ of H: how many weights the data determine.
        weights: how many there are.

    Example:
        >>> found = laplace(nn.Linear(2, 3), (torch.eye(2), torch.tensor([0, 2])), prior_precision=1.0)
        >>> found.kind, found.weights, 0 < found.effective < 4
        ('last-layer', 9, True)
    """

    def __init__(
        self, network: Sensitivities, bend: Curvature, eigenvalues: Tensor, square: float, log_likelihood: float,
        kind: str, likelihood: str, noise: float, prior_precision: float,
    ) -> None:  # fmt: skip
        self._network, self._bend, self._eigenvalues, self._square = network, bend, eigenvalues, square
        self.kind, self.likelihood, self.noise, self.log_likelihood = kind, likelihood, noise, log_likelihood
        self.prior_precision = prior_precision

    def __repr__(self) -> str:
        return (
            f"LaplacePosterior({self.kind}, {self.likelihood}, {self.weights} weights of which {self.effective:.4g} determined, "
            f"prior precision {self.prior_precision:.4g}, log-evidence {self.evidence:.6g})"
        )

    @property
    def weights(self) -> int:
        """How many weights have the distribution."""
        return len(self._eigenvalues)

    @property
    def effective(self) -> float:
        """How many weights the data determine."""
        return float((self._eigenvalues / (self._eigenvalues + self.prior_precision)).sum())

    @property
    def evidence(self) -> float:
        """The approximate ln p(D), in nats."""
        return self.log_likelihood + log_evidence(self._eigenvalues, self._square, self.prior_precision)

    def with_prior(self, prior_precision: float | str) -> LaplacePosterior:
        """The same curvature under another prior.

        Args:
            prior_precision: δ > 0, or "evidence" for the one of the greatest evidence.

        Raises:
            GradusError: no positive number.

        Example:
            >>> net = nn.Linear(2, 1)
            >>> found = laplace(net, (torch.eye(2), torch.ones(2, 1)), "gaussian", kind="full")
            >>> found.with_prior(10.0).effective < found.with_prior(0.1).effective
            True
        """
        delta = _precision(prior_precision, self._eigenvalues, self._square)
        return LaplacePosterior(
            self._network, self._bend, self._eigenvalues, self._square, self.log_likelihood,
            self.kind, self.likelihood, self.noise, delta,
        )  # fmt: skip

    def outputs(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Mean (n, C), the trained network's own outputs, and covariance (n, C, C) of the outputs at new inputs.

        The noise of the targets is not in it: for a Gaussian likelihood add `noise` to the diagonal for what will be observed.

        Args:
            inputs: (n, …).

        Raises:
            GradusError: inputs that the model does not take.

        Example:
            >>> net = nn.Linear(1, 1, bias=False)
            >>> found = laplace(net, (torch.ones(3, 1), torch.ones(3, 1)), "gaussian", prior_precision=1.0, noise=0.5)
            >>> found.outputs(torch.ones(1, 1))[1].flatten()  # 1/(1 + 3/0.5)
            tensor([0.1429])
        """
        x = outside_of_inference(tensor("inputs", inputs, dtype="any", finite=True, meta=False))
        if not x.dim() or not len(x):
            shape = str(tuple(x.shape))
            raise refusal("inputs", ("a batch (n, …) of at least one sample", "至少一个样本的批次 (n, …)"), Text(shape, shape))  # fmt: skip
        means, spreads = [], []
        for _, f, parts in self._network.chunks(x, "inputs"):
            means.append(f)
            spreads.append(self._bend.variance(parts, self.prior_precision).to(f.dtype))
        covariance = torch.cat(spreads)
        if not bool(covariance.isfinite().all()):
            beyond = Text("a covariance that is not finite", "非有限的协方差")
            raise refusal("inputs", ("inputs whose squares the precision holds", "平方不超出精度范围的输入"), beyond)  # fmt: skip
        return torch.cat(means), covariance

    def sample(self, inputs: Tensor, draws: int = 100, *, seed: int | None = None) -> PredictiveDraws:
        """Outputs drawn from their normal distribution, each sample by itself.

        Args:
            inputs: (n, …).
            draws: how many.
            seed: of the draws; None draws from PyTorch's own generator.

        Raises:
            GradusError: inputs that the model does not take.

        Example:
            >>> net = nn.Linear(2, 3)
            >>> found = laplace(net, (torch.eye(2), torch.tensor([0, 2])))
            >>> found.sample(torch.eye(2), draws=7).probabilities.shape
            torch.Size([2, 3])
        """
        count = whole("draws", draws, least=1)
        mean, covariance = self.outputs(inputs)
        values, vectors = torch.linalg.eigh(wide(covariance))
        root = (vectors * values.clamp(min=0).sqrt()[:, None, :]).to(mean)
        with seeded(seed):
            white = torch.randn(count, *mean.shape, 1, dtype=mean.dtype, device=mean.device)
        return PredictiveDraws(mean + (root @ white)[..., 0])

    def probabilities(self, inputs: Tensor) -> Tensor:
        r"""Of the classes, (n, k), by the probit approximation: no draws.

        .. math:: \operatorname{softmax}\Bigl(f_c\big/\sqrt{1+\tfrac\pi8v_c}\Bigr),\qquad
            \text{for a single output or labels of their own}\quad \sigma\Bigl(f\big/\sqrt{1+\tfrac\pi8v}\Bigr)

        For log-odds it is a good approximation of the mean of the sigmoid. For three and more classes it looks at the variances alone: noise
        that all outputs share changes it, though no softmax sees it; `sample` has no such flaw.

        Args:
            inputs: (n, …).

        Returns:
            A row of classes for each sample; for "bernoulli" with several outputs the probability of each label.

        Raises:
            GradusError: a Gaussian likelihood, or inputs that the model does not take.

        Source: Spiegelhalter and Lauritzen 1990; MacKay 1992.

        Example:
            >>> found = laplace(nn.Linear(2, 3), (torch.eye(2), torch.tensor([0, 2])))
            >>> found.probabilities(torch.eye(2)).shape
            torch.Size([2, 3])
        """
        if self.likelihood == "gaussian":
            mend = ("take outputs(inputs)", "请用 outputs(inputs)")
            raise refusal("likelihood", ("one of classes", "类别的似然"), Text("gaussian", "gaussian"), mend)
        mean, covariance = self.outputs(inputs)
        shrunk = mean / (1 + math.pi / 8 * covariance.diagonal(dim1=1, dim2=2)).sqrt()
        if self.likelihood == "bernoulli" and shrunk.shape[1] > 1:
            return shrunk.sigmoid()
        return class_probabilities(shrunk)


def laplace(
    model: nn.Module,
    data: Any | Iterable[Any],
    likelihood: str = "categorical",
    *,
    kind: str = "last-layer",
    prior_precision: float | str = "evidence",
    noise: float = 1.0,
) -> LaplacePosterior:
    r"""Laplace's approximation of the posterior of a trained network's weights, after training, from one pass over the data.

    .. math:: H=\sum_iJ_i^{\mathsf T}\Lambda_iJ_i,\qquad
        \ln p(D)\approx\ln p(D\mid w^*)-\tfrac\delta2\lVert w^*\rVert^2+\tfrac p2\ln\delta-\tfrac12\ln\det(H+\delta I)

    J are the derivatives of the outputs by the weights, Λ the curvature of −ln p in the outputs. Exact for a linear network with
    Gaussian noise at its MAP weights; else the approximation supposes that the weights are a mode of the posterior: train with weight decay
    δ/N beside a mean loss. Of the modes of the posterior it sees one.

    Args:
        model: from a batch to outputs (n, C); evaluated in evaluation mode, and left as it was. What does not require a gradient stays a point.
        data: a pair (inputs, targets) or batches of such pairs, all of the training data, once.
        likelihood: "categorical" for logits and class numbers (n), "bernoulli" for log-odds and labels (n, C), "gaussian" for real
            targets (n, C).
        kind: "last-layer": the whole matrix of the last dense layer, what is before it being fixed; "kronecker": of each dense or convolutional
            layer A ⊗ S; "diagonal"; "full": the whole matrix of all weights.
        prior_precision: δ > 0 of the prior N(0, I/δ); "evidence" takes the one of the greatest evidence at these weights, of which there is
            exactly one, unless all weights or all curvatures are 0.
        noise: the variance of the targets' noise, Gaussian alone.

    Returns:
        The `LaplacePosterior`.

    Raises:
        GradusError: a model without such layers or with outputs of another shape, targets that do not fit, no data.

    Cost: one forward and C backward passes; p³ for the eigenvalues of the whole matrix, d³ a layer for Kronecker's.

    Source: MacKay 1992; Kronecker: Ritter et al. 2018; linearised: Immer et al. 2021; Daxberger et al. 2021.

    Deviates: Kronecker factors are not damped one by one: δ is added to the eigenvalues of their product.

    Example:
        >>> import torch
        >>> X = torch.tensor([[1.0, -1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> _ = model.weight.data.copy_(torch.tensor([[0.5, 1.0]]))
        >>> found = laplace(model, (X, X @ torch.tensor([[0.5], [1.0]])), "gaussian", kind="full", prior_precision=1.0)
        >>> found
        LaplacePosterior(full, gaussian, 2 weights of which 1.417 determined, prior precision 1, log-evidence -4.62427)
    """
    module("model", model)
    kind = choice("kind", kind, KINDS)
    likelihood = choice("likelihood", likelihood, LIKELIHOODS)
    variance = float(number("noise", noise, above=0))
    if not isinstance(prior_precision, str):
        number("prior_precision", prior_precision, above=0)
    with unchanged(model):
        for part in model.modules():
            part.training = False
        fixed = copy.deepcopy(model)
    require_determined(fixed)
    bend: Curvature = FullCurvature()
    if kind in ("diagonal", "kronecker"):
        bend = DiagonalCurvature() if kind == "diagonal" else KroneckerCurvature()
    network: Sensitivities | None = None
    fit = 0.0
    for index, batch in enumerate(batches(data)):
        x, y = inputs_and_targets(index, batch)
        if network is None:
            network = (
                require_last_layer(fixed, x[:1], f"data[{index}]")
                if kind == "last-layer"
                else whole_network(fixed)
            )
            if kind == "kronecker":
                require_all_in_layers(network)
        for rows, outputs, parts in network.chunks(x, f"data[{index}]"):
            f = wide(outputs)
            fit += log_likelihood(f, y[rows], likelihood, variance)
            bend.add(parts, curvature(f, likelihood, variance))
    if network is None:
        raise refusal("data", ("at least one batch", "至少一个批次"), Text("none", "没有"))
    eigenvalues = bend.finish()
    square = sum(float(wide(w.detach()).square().sum()) for w in network.weights())
    delta = _precision(prior_precision, eigenvalues, square)
    return LaplacePosterior(network, bend, eigenvalues, square, fit, kind, likelihood, variance, delta)


def _precision(value: Any, eigenvalues: Tensor, square: float) -> float:
    if isinstance(value, str):
        choice("prior_precision", value, ("evidence",))
        return best_precision(eigenvalues, square)
    return float(number("prior_precision", value, above=0))
