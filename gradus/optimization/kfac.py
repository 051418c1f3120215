"""K-FAC: natural-gradient descent whose Fisher matrix is, layer by layer, a Kronecker product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import choice, function, number, whole
from gradus.arguments.tensors import module
from gradus.errors import GradusError
from gradus.optimization.fisher_columns import LIKELIHOODS, all_columns, sampled_column
from gradus.optimization.kfac_errors import never_seen, scaled_loss
from gradus.optimization.kronecker_factors import damped_inverses
from gradus.optimization.kronecker_layers import blocks_of
from gradus.optimization.kronecker_recorder import Recorder
from gradus.optimization.quadratic_model import best_combination
from gradus.text import Text

FISHERS = ("sampled", "exact", "empirical")
RESCALINGS = ("none", "kl", "quadratic")
SHARINGS = ("expand", "reduce")
_FACTORS = ("input_factor", "output_factor", "input_inverse", "output_inverse")


class KFAC(torch.optim.Optimizer):
    r"""Natural-gradient descent with Kronecker factors, in the usual training loop.

    .. math:: W\leftarrow W-\eta\,\Bigl(S+\tfrac{\sqrt\lambda}{\pi}I\Bigr)^{-1}\nabla W\,(A+\pi\sqrt\lambda\,I)^{-1},
        \qquad A\leftarrow\varepsilon A+(1-\varepsilon)\,\overline{aa^{\mathsf T}},\quad
        S\leftarrow\varepsilon S+(1-\varepsilon)\,\overline{gg^{\mathsf T}}

    Hooks on the model gather inputs a and gradients g in its forward pass; the loop stays `loss.backward()`,
    `optimizer.step()`. Linear layers, convolutions in 1 to 3 dimensions (grouped ones group by group), the four
    projections of `nn.MultiheadAttention`, and embeddings, whose A is a diagonal of frequencies, are treated. `untreated`
    names all other parameters (normalisation, shared weights, factors larger than `largest`): they get the plain gradient.

    Args:
        model: its output is one tensor (…, C): logits, or means where the likelihood is Gaussian.
        lr: η; with rescaling "quadratic" a factor of the step that the model of the loss proposes.
        damping: λ, shared out by π² = (tr A / d_in) / (tr S / d_out).
        likelihood: of the targets given the output: "categorical", "bernoulli" or "gaussian" (of variance 1).
        loss_scale: the loss as a multiple of the mean −log p of a row: 1 for cross-entropy, 2/C for `nn.MSELoss`,
            1/C for `nn.BCEWithLogitsLoss`.
        fisher: g from a target that the model draws ("sampled"), from all of them in expectation ("exact"), or from the
            data's own ("empirical", which is no Fisher matrix, and goes with no GradScaler).
        decay: ε; the k-th average begins with at most 1 − 1/k.
        factor_every: steps between new factors.
        inverse_every: steps between new inverses.
        momentum: of the heavy ball on the directions; unused with "quadratic", which chooses it.
        weight_decay: L2 penalty, added to the gradient.
        rescaling: "none"; "kl": shortened to keep η² Σ ∇·d ≤ `kl`; "quadratic": step and momentum minimise the quadratic
            model with the batch's exact Fisher matrix.
        kl: the trust region of "kl".
        largest: the largest factor that a layer may have.
        sharing: of the uses of a weight within a sample, over time or space: each counts as a sample ("expand"), or a is their
            mean and g their sum ("reduce", for models that average over them). Samples lie along the first axis; in attention,
            and in PyTorch's Transformer layers, where `batch_first` says. Embeddings are always expanded.
        seed: of the drawn targets; a step's draws depend on the seed and on its number alone.

    Raises:
        GradusError: settings that make no sense, a model without a layer to treat; in `step` a factor that is not finite
            or singular at its damping, or a step before any forward pass in training mode.

    Cost: beside the gradient, a back-propagation for "sampled" (C for "exact") and O(n d²) a layer at each new factor,
        O(d³) at each new inverse, O(d_out d_in (d_out + d_in)) a step; memory four d × d matrices a layer.

    Source: Martens and Grosse 2015; convolutions as Grosse and Martens 2016; sharing as Eschenhagen et al. 2023; "kl" as Ba, Grosse and Martens 2017.

    Deviates: from the paper in a fixed damping (change `group["damping"]` to adapt it), and in the block-diagonal form only.

    Example:
        >>> import torch
        >>> _ = torch.manual_seed(0)
        >>> model, x = torch.nn.Linear(3, 2), torch.randn(64, 3)
        >>> optimizer = KFAC(model, lr=1.0, damping=0.0, likelihood="gaussian", fisher="exact")
        >>> y = x @ torch.ones(3, 2)
        >>> (model(x) - y).square().sum(1).mean().div(2).backward()
        >>> optimizer.step()
        >>> round((model(x) - y).abs().max().item(), 4)
        0.0
    """

    def __init__(
        self,
        model: nn.Module,
        lr: float = 0.1,
        *,
        damping: float = 1e-3,
        likelihood: str = "categorical",
        loss_scale: float = 1.0,
        fisher: str = "sampled",
        decay: float = 0.95,
        factor_every: int = 1,
        inverse_every: int = 1,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        rescaling: str = "none",
        kl: float = 1e-2,
        largest: int = 4096,
        seed: int = 0,
        sharing: str = "expand",
    ) -> None:
        module("model", model)
        defaults = dict(
            lr=number("lr", lr, least=0),
            damping=number("damping", damping, least=0),
            decay=number("decay", decay, least=0, below=1),
            factor_every=whole("factor_every", factor_every, least=1),
            inverse_every=whole("inverse_every", inverse_every, least=1),
            momentum=number("momentum", momentum, least=0, below=1),
            weight_decay=number("weight_decay", weight_decay, least=0),
            kl=number("kl", kl, above=0),
        )
        self.likelihood = choice("likelihood", likelihood, LIKELIHOODS)
        self.fisher = choice("fisher", fisher, FISHERS)
        self.rescaling = choice("rescaling", rescaling, RESCALINGS)
        self.sharing = choice("sharing", sharing, SHARINGS)
        self.loss_scale, self.seed = number("loss_scale", loss_scale, above=0), whole("seed", seed, least=0)
        self.model = model
        by_module, self.untreated = blocks_of(model, whole("largest", largest, least=1))
        self.blocks = [block for blocks in by_module.values() for block in blocks]
        if not self.blocks:
            raise GradusError(
                Text(
                    f"KFAC: expected a model with a linear layer, a convolution or attention, got {type(model).__name__}",
                    f"KFAC：模型应含线性层、卷积或注意力层，得到 {type(model).__name__}",
                )
            )
        super().__init__([p for p in model.parameters() if p.requires_grad], defaults)
        columns = None if self.fisher == "empirical" else self._columns
        self.recorder = Recorder(model, by_module, columns, self._due, reduce=sharing == "reduce")
        # a GradScaler then says in attributes that it is one; else it unscales the gradients that step() reads, and no factor
        self._step_supports_amp_scaling = self.fisher == "empirical"

    @property
    def treated(self) -> list[str]:
        """The names of the weights whose gradient is preconditioned, their biases with them."""
        return list(dict.fromkeys(block.name for block in self.blocks))

    def __repr__(self) -> str:
        """PyTorch's, with the names of what is treated and what is not."""
        return f"{super().__repr__()}\ntreated: {', '.join(self.treated)}\nuntreated: {', '.join(self.untreated) or 'nothing'}"

    def remove_hooks(self) -> None:
        """Takes the hooks off the model; the optimiser cannot be used any more."""
        self.recorder.remove()

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step from the gradients that stand in the parameters; it raises what the class names."""
        if vars(self).pop("found_inf", None) is not None:
            vars(self).pop("grad_scale", None)
            self.recorder.clear()
            raise scaled_loss()
        with torch.enable_grad():
            loss = None if closure is None else function("closure", closure)()
        self._average()
        if self.steps % self._setting("inverse_every") == 0 or self._inverses_missing():
            self._invert()
        gradients = self._gradients()
        directions = self._directions(gradients)
        if self.rescaling == "quadratic":
            self._move_by_model(gradients, directions)
        else:
            self._move(gradients, directions)
        self.state[self._first]["step"] = self.steps + 1
        return loss

    @property
    def steps(self) -> int:
        """How many steps it has made."""
        return int(self.state[self._first].get("step", 0))

    @property
    def _first(self) -> nn.Parameter:
        return self.blocks[0].weight

    def _setting(self, name: str) -> Any:
        return self.param_groups[0][name]

    def _due(self) -> bool:
        return self.steps % int(self._setting("factor_every")) == 0

    def _columns(self, output: Tensor) -> Iterator[Tensor]:
        root = self.loss_scale**0.5
        if self.fisher == "exact":
            return (root * column for column in all_columns(output, self.likelihood))
        generator = torch.Generator(output.device)
        # a function of seed, step and samples before: a resumed run draws what the unbroken one would have drawn
        generator.manual_seed((self.seed * 2**40 + self.steps * 2**12 + self.recorder.samples) % 2**63)
        return iter([root * sampled_column(output, self.likelihood, generator)])

    def _average(self) -> None:
        """Moves the factors towards those of the forward passes since the last step."""
        recorder = self.recorder
        for block in self.blocks:
            if block not in recorder.inputs or block not in recorder.outputs:
                continue
            moment, count = recorder.inputs[block]
            output = recorder.outputs[block]
            # what the user's backward pass brings is the gradient of a mean over the rows
            samples = recorder.samples
            new = moment / count, output * samples if self.fisher == "empirical" else output / samples
            state, suffix = self.state[block.weight], block.suffix
            k = state["averages" + suffix] = int(state.get("averages" + suffix, 0)) + 1
            weight = 1 - min(self._setting("decay"), 1 - 1 / k)
            for name, moment in zip(_FACTORS[:2], new, strict=True):
                before = state.get(name + suffix)
                state[name + suffix] = moment if before is None else before.lerp(moment, weight)
        recorder.clear()

    def _inverses_missing(self) -> bool:
        return any(
            f"input_factor{b.suffix}" in self.state[b.weight] and f"input_inverse{b.suffix}" not in self.state[b.weight]
            for b in self.blocks
        )  # fmt: skip

    def _invert(self) -> None:
        for block in self.blocks:
            state, suffix = self.state[block.weight], block.suffix
            if "input_factor" + suffix in state:
                A, S = state["input_factor" + suffix], state["output_factor" + suffix]
                inverses = damped_inverses(A, S, self._setting("damping"), block.name, block.diagonal)
                state["input_inverse" + suffix], state["output_inverse" + suffix] = inverses

    def _gradients(self) -> dict[nn.Parameter, Tensor]:
        decay = self._setting("weight_decay")
        present = [p for p in self.param_groups[0]["params"] if p.grad is not None]
        return {p: p.grad.add(p, alpha=decay) if decay else p.grad for p in present}

    def _directions(self, gradients: dict[nn.Parameter, Tensor]) -> dict[nn.Parameter, Tensor]:
        """Preconditioned for the blocks, plain for all others."""
        directions: dict[nn.Parameter, Tensor] = {}
        for block in self.blocks:
            if block.weight not in gradients:
                continue
            state, suffix = self.state[block.weight], block.suffix
            if "input_inverse" + suffix not in state:
                raise never_seen(block)
            for p in (block.weight, block.bias):
                if p is not None and p not in directions:
                    directions[p] = torch.zeros_like(p)
            A, S = state["input_inverse" + suffix], state["output_inverse" + suffix]
            matrix = block.matrix(lambda p: gradients[p] if p in gradients else torch.zeros_like(p))
            left = S @ matrix.to(S.dtype)
            block.spread(left * A if block.diagonal else left @ A, directions.__getitem__)
        self._preconditioned = list(directions)
        return directions | {p: g for p, g in gradients.items() if p not in directions}

    def _move(self, gradients: dict[nn.Parameter, Tensor], directions: dict[nn.Parameter, Tensor]) -> None:
        lr, momentum = self._setting("lr"), self._setting("momentum")
        if self.rescaling == "kl" and lr > 0:
            products = [(gradients[p] * directions[p]).sum() for p in self._preconditioned if p in gradients]
            reached = lr**2 * float(torch.stack(products).sum()) if products else 0.0
            lr *= min(1.0, (self._setting("kl") / reached) ** 0.5) if reached > 0 else 1.0
        for p, direction in directions.items():
            if momentum:
                velocity = self.state[p].get("velocity")
                direction = direction.clone() if velocity is None else velocity.mul_(momentum).add_(direction)
                self.state[p]["velocity"] = direction
            p.add_(direction, alpha=-lr)

    def _move_by_model(
        self, gradients: dict[nn.Parameter, Tensor], directions: dict[nn.Parameter, Tensor]
    ) -> None:
        """The step along the direction and the last update that minimises the quadratic model with the exact Fisher matrix."""
        recorder = self.recorder
        if recorder.arguments is None:
            raise never_seen(self.blocks[0])
        known = all("update" in self.state[p] for p in directions)
        last = {p: self.state[p]["update"] for p in directions} if known else {}
        ridge = self._setting("damping") + self._setting("weight_decay")
        recorder.paused = True
        try:
            new, old = best_combination(
                self.model, recorder.arguments, gradients, directions, last, ridge, self.likelihood, self.loss_scale
            )  # fmt: skip
        finally:
            recorder.paused = False
        for p, direction in directions.items():
            update = direction * new
            if p in last:
                update.add_(last[p], alpha=old)
            self.state[p]["update"] = update
            p.add_(update, alpha=self._setting("lr"))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As PyTorch's, but factors and inverses stay in the precision that they are kept in."""
        super().load_state_dict(state_dict)
        parameters = [p for group in self.param_groups for p in group["params"]]
        for k, values in state_dict["state"].items():
            for name, value in values.items():
                if name.startswith(_FACTORS):
                    self.state[parameters[int(k)]][name] = (
                        value.detach().clone().to(parameters[int(k)].device)
                    )
