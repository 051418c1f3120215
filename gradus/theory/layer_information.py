"""The information plane of any module's layers, with the settings that its figures depend on beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradus.arguments import number, refusal, whole
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text
from gradus.theory.classifier_batches import batches_of
from gradus.theory.data_batches import require_determined
from gradus.theory.information_plane import InformationPlane, information_plane


class LayerInformation(NamedTuple):
    """One layer under one setting of the estimators.

    Attributes:
        name: the module's path.
        kind: its class.
        call: which of its calls in a pass it is, from 0.
        bins: of equal width from the smallest to the largest output of the layer.
        noise: σ, in units of the standard deviation of the layer's outputs.
        plane: the estimates in nats; None where there are none.
        reason: why; empty otherwise.

    Example:
        >>> LayerInformation("0", "Tanh", 0, 30, 0.1, None, Text("", "")).bins
        30
    """

    name: str
    kind: str
    call: int
    bins: int
    noise: float
    plane: InformationPlane | None
    reason: Text


@torch.inference_mode(False)
def measure_information(
    model: nn.Module,
    data: Any,
    *,
    bins: Sequence[int] = (10, 30, 100),
    noise: Sequence[float] = (0.01, 0.1, 1.0),
) -> list[LayerInformation]:
    r"""What the layers of a model tell of its inputs and labels, under several settings, since no single one is the truth.

    .. math:: I(X;\hat T)=H(\hat T)\le\ln n,\qquad I(X;T+\sigma Z)\le\ln n

    The outputs of every module without children are taken on all data, as rows. A layer whose figures stand at ln n, the most there is, or change from
    setting to setting, has told the setting, not its compression. The model is left as it was.

    Args:
        model: any module, in eval mode where that matters.
        data: inputs and labels, or batches of them.
        bins: settings of the first estimator.
        noise: settings of the second, as many.

    Returns:
        For each layer a row for each pair of settings.

    Raises:
        GradusError: data that do not fit, settings that do not pair, or a model that is random or mixes samples.

    Cost: a forward pass; O(n² d) for each row, and all outputs in memory.

    Source: Saxe et al. 2018, for showing the dependence.

    Example:
        >>> import torch
        >>> rows = measure_information(torch.nn.Tanh(), (torch.tensor([[-3.0], [0.1], [3.0]]), torch.tensor([0, 1, 1])), bins=[2, 9], noise=[1.0, 0.1])
        >>> [round(float(row.plane.binned_input), 3) for row in rows]
        [0.637, 1.099]
    """
    pairs = _settings(bins, noise)
    heard: dict[tuple[str, int], list[Any]] = {}
    kinds: dict[str, str] = {}
    calls: dict[str, int] = {}

    def listen(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, _: Any, output: Any) -> None:
            call = calls[name] = calls.get(name, -1) + 1
            heard.setdefault((name, call), []).append(
                output.detach().clone() if isinstance(output, Tensor) else None
            )

        return hook

    labels = []
    batches = batches_of(model, data)
    require_determined(model)
    handles = []
    for name, module in model.named_modules():
        if not any(True for _ in module.children()):
            kinds[name] = type(module).__name__
            handles.append(module.register_forward_hook(listen(name)))
    try:
        with unchanged(model), torch.no_grad():
            for _, inputs, y in batches:
                calls.clear()
                model(inputs)
                labels.append(y)
    finally:
        for handle in handles:
            handle.remove()
    y = torch.cat(labels)
    rows = []
    for (name, call), parts in heard.items():
        t, reason = _rows(parts, labels)
        for k, sigma in pairs:
            plane = None if t is None else _plane(t, y, k, sigma)
            rows.append(LayerInformation(name, kinds[name], call, k, sigma, plane, reason))
    return rows


def _settings(bins: Any, noise: Any) -> list[tuple[int, float]]:
    for name, value in (("bins", bins), ("noise", noise)):
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence) or not len(value):
            raise refusal(name, ("a list of settings", "由设置组成的列表"), value, kind=True)
    if len(bins) != len(noise):
        sizes = f"{len(bins)}, {len(noise)}"
        raise refusal("noise", ("as many settings as bins", "与 bins 同样多的设置"), Text(sizes, sizes))
    return [
        (whole(f"bins[{i}]", k, least=1), number(f"noise[{i}]", s, above=0))
        for i, (k, s) in enumerate(zip(bins, noise, strict=True))
    ]


def _rows(parts: list[Any], labels: list[Tensor]) -> tuple[Tensor | None, Text]:
    """The outputs as rows, one a sample, or why there are none."""
    fits = len(parts) == len(labels) and all(
        isinstance(p, Tensor) and p.is_floating_point() and p.dim() > 0 and len(p) == len(y) and p.numel()
        for p, y in zip(parts, labels, strict=False)
    )
    if not fits:
        return None, Text(
            "its output is no tensor with a row for each sample", "其输出不是每行对应一个样本的张量"
        )
    t = torch.cat([p.flatten(1) if p.dim() > 1 else p[:, None] for p in parts])
    if not bool(t.isfinite().all()):
        return None, Text("its output is not finite", "其输出含非有限的数")
    return t, Text("", "")


def _plane(t: Tensor, y: Tensor, bins: int, noise: float) -> InformationPlane:
    low, high, spread = float(t.min()), float(t.max()), float(t.double().std(correction=0))
    if not high > low:
        low, high = low - 1.0, low + 1.0
    return information_plane(t, y, bins, low, high, noise * (spread or 1.0))
