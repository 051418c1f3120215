r"""What goes into a model's dense and convolutional layers, and how its outputs depend on theirs: ∂f/∂W = Σ_t g_t a_tᵀ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

from gradus.optimization.kronecker_layers import CONVOLUTIONS, patches

Parameters = tuple[nn.Parameter, ...]


@dataclass(eq=False)
class Use:
    """One use of a weight in a forward pass of n samples.

    Attributes:
        a: (n, G, T, d_in), what goes in at the T places that share the weight, in G groups; with a 1 where there is a bias.
        edge: where the gradient with respect to the layer's output is read.
        parts: from that gradient to (n, G, d_out, T).
        output: the layer's output, without its graph.
    """

    a: Tensor
    edge: GradientEdge
    parts: Callable[[Tensor], Tensor]
    output: Tensor


@dataclass(eq=False)
class Layer:
    """A weight, perhaps with a bias, and its uses in a forward pass; `regular` while each sample has as many places."""

    parameters: Parameters
    uses: list[Use] = field(default_factory=list)
    regular: bool = True


@dataclass(eq=False)
class Factors:
    """Of a layer on n samples, all its uses side by side.

    Attributes:
        a: (n, G, T, d_in).
        g: (n, C, G, d_out, T), the sensitivities of C outputs.
        identity: whether g is the identity: the layer's outputs are the model's.
    """

    a: Tensor
    g: Tensor
    identity: bool = False

    @property
    def single(self) -> bool:
        """Whether a sample uses the weight once: the layer's kernel is then a product of two."""
        return self.a.shape[1] == self.a.shape[2] == 1

    def jacobian(self) -> Tensor:
        """∂f/∂W, (n, C, G · d_out · d_in)."""
        n, C, G, d_out, T = self.g.shape
        if G == 1:
            return (self.g.reshape(n, C * d_out, T) @ self.a[:, 0]).reshape(n, C, -1)
        return (self.g @ self.a[:, None]).reshape(n, C, -1)

    def pulled(self, v: Tensor) -> Tensor:
        """Σ v_ic ∂f_c(x_i)/∂W, (G · d_out, d_in), for v (n, C)."""
        weighted = torch.einsum("nc,ncgot->ngot", v, self.g)
        return torch.einsum("ngot,ngti->goi", weighted, self.a).flatten(0, 1)


def candidates(model: nn.Module) -> dict[nn.Module, Parameters]:
    """The dense and convolutional layers whose weight, and bias, are the model's own parameters and trained."""
    own = {id(p) for p in model.parameters()}
    chosen: dict[nn.Module, Parameters] = {}
    partners: dict[int, set[tuple[int, ...]]] = {}
    for module in model.modules():
        if type(module) is nn.Linear or type(module) in CONVOLUTIONS:
            parts = tuple(p for p in (module.weight, module.bias) if isinstance(p, nn.Parameter))
            if len(parts) == 1 + (module.bias is not None) and all(
                id(p) in own and p.requires_grad for p in parts
            ):
                chosen[module] = parts
                for p in parts:
                    partners.setdefault(id(p), set()).add(tuple(map(id, parts)))
    # a weight with two biases, or a bias of two weights, belongs to no layer alone
    return {m: parts for m, parts in chosen.items() if all(len(partners[id(p)]) == 1 for p in parts)}


@contextmanager
def recorded(modules: dict[nn.Module, Parameters], n: int) -> Iterator[list[Layer]]:
    """The layers of these modules, to which the forward pass of n samples inside adds its uses."""
    layers = {tuple(map(id, parts)): Layer(parts) for parts in modules.values()}

    def hook(module: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any], output: Any) -> None:
        layer = layers[tuple(map(id, modules[module]))]
        x = arguments[0] if arguments else options["input"]
        d_in = x.shape[-1] if isinstance(module, nn.Linear) else x[0].numel()
        if not output.requires_grad:
            return
        if x.numel() and x.numel() // d_in % n == 0 and (isinstance(module, nn.Linear) or len(x) % n == 0):
            layer.uses.append(_use(module, x.detach(), output, n))
        else:
            layer.regular = False

    handles = []
    try:
        handles = [m.register_forward_hook(hook, with_kwargs=True) for m in modules]
        yield list(layers.values())
    finally:
        for handle in handles:
            handle.remove()


def _use(module: Any, x: Tensor, output: Tensor, n: int) -> Use:
    if isinstance(module, nn.Linear):
        a = x.reshape(n, 1, -1, x.shape[-1])

        def parts(g: Tensor) -> Tensor:
            return g.reshape(n, 1, -1, g.shape[-1]).mT
    else:
        G = module.groups
        rows = patches(module, x)
        a = rows.reshape(G, n, -1, rows.shape[-1]).transpose(0, 1)

        def parts(g: Tensor) -> Tensor:
            apart = g.reshape(n, len(x) // n, G, module.out_channels // G, -1)
            return apart.movedim(1, 3).reshape(*apart.shape[:1], *apart.shape[2:4], -1)

    if module.bias is not None:
        a = torch.cat([a, a.new_ones(*a.shape[:-1], 1)], -1)
    return Use(a, get_gradient_edge(output), parts, output.detach())


def checked_factors(
    layers: Sequence[Layer], outputs: Tensor, columns: Sequence[int]
) -> list[tuple[Parameters, Factors | None]]:
    """Of each layer; None where they do not give PyTorch's own gradient of a random combination of the outputs.

    So it is with a weight that is used outside of its layer, too, or whose samples lie along another axis than the first.
    """
    regular = [layer for layer in layers if layer.regular and layer.uses]
    made = {id(layer): f for layer, f in zip(regular, _factors(regular, outputs, columns), strict=True)}
    v = torch.randn(
        len(outputs), len(columns), generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    v = v.to(outputs)
    weights = [p for layer in regular for p in layer.parameters]
    combination = (outputs[:, list(columns)] * v).sum()
    gradients = iter(torch.autograd.grad(combination, weights, allow_unused=True) if weights else ())
    exact = {
        id(layer): _agrees(made[id(layer)], [next(gradients) for _ in layer.parameters], v)
        for layer in regular
    }
    return [(layer.parameters, made[id(layer)] if exact.get(id(layer)) else None) for layer in layers]


def _agrees(made: Factors, gradients: Sequence[Tensor | None], v: Tensor) -> bool:
    dense = [g for g in gradients if g is not None]
    if len(dense) < len(gradients):
        return False
    with torch.no_grad():
        pulled = made.pulled(v.to(made.g))
        want = torch.cat([g.reshape(len(pulled), -1).to(pulled) for g in dense], 1)
        return bool((pulled - want).norm() <= 8 * torch.finfo(v.dtype).eps ** 0.5 * want.norm())


def _factors(layers: Sequence[Layer], outputs: Tensor, columns: Sequence[int]) -> list[Factors]:
    """By one backward pass for each of the outputs (n, C) in `columns`."""
    uses = [use for layer in layers for use in layer.uses]
    gathered: list[list[Tensor]] = [[] for _ in uses]
    for c in columns if uses else ():
        gradients = torch.autograd.grad(outputs[:, c].sum(), [u.edge for u in uses], retain_graph=True, allow_unused=True)  # fmt: skip
        for use, g, rows in zip(uses, gradients, gathered, strict=True):
            rows.append(use.parts(torch.zeros_like(use.output) if g is None else g))
    wide = torch.promote_types(outputs.dtype, torch.float32)
    stacked = iter([torch.stack(rows, 1) for rows in gathered])
    whole = len(columns) == outputs.shape[1]
    result = []
    for layer in layers:
        a = torch.cat([use.a for use in layer.uses], 2).to(wide)
        g = torch.cat([next(stacked) for _ in layer.uses], 4).to(wide)
        last = whole and len(layer.uses) == 1 and layer.uses[0].edge == get_gradient_edge(outputs)
        result.append(Factors(a, g, last and a.shape[1] == a.shape[2] == 1))
    return result
