"""How signals travel through any module: their size forwards, gradients backwards, dead and saturated units, layer by layer."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradus.arguments import refusal
from gradus.optimization.batch_loss import Loss, checked, value_of
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text
from gradus.theory.data_batches import batches
from gradus.theory.mean_field import gaussian_mean_square
from gradus.theory.signal_recorder import INPUT, Heard, Place, SignalRecorder

PREDICTED = (nn.Linear, nn.modules.conv._ConvNd)


class Signal(NamedTuple):
    """One row: what leaves a layer or an activation on the data, and what of the loss's derivative comes back to it.

    Attributes:
        name: the module's path in the model; "" is the model itself.
        kind: the module's class, or the activation's name in PyTorch.
        call: which of its calls in a forward pass it is, from 0.
        moment: mean square of the outputs, over samples and units; None where it puts out no tensor.
        variance: their mean square around their mean.
        gradient: norm of the derivative of a batch's loss with respect to the output, root mean square over batches; None
            where no gradient comes.
        dead: of an activation, the share of units whose slope is 0 on all data.
        saturated: of one with two flat ends, the share of values at which the slope is below a hundredth of that at 0.
        predicted_moment: by mean field, from the moment measured where this chain of layers begins, and the weights alone.
        predicted_gradient: by mean field, from the gradient at the end of this chain of layers.
        reason: why there is no prediction, or nothing was measured; empty otherwise.

    Example:
        >>> Signal("0", "Linear", 0, 1.0, 1.0, 0.5, None, None, 1.0, 0.5, Text("", "")).moment
        1.0
    """

    name: str
    kind: str
    call: int
    moment: float | None
    variance: float | None
    gradient: float | None
    dead: float | None
    saturated: float | None
    predicted_moment: float | None
    predicted_gradient: float | None
    reason: Text


@torch.inference_mode(False)
def measure_signals(model: nn.Module, loss: Loss, data: Any) -> list[Signal]:
    r"""The signals of a model on data, a row for each module with parameters of its own and each elementwise activation.

    .. math:: \hat q_{l}=\sigma_w^2\,\mathbb E\,\phi(\sqrt{\hat q_{l-1}}z)^2+\sigma_b^2,\qquad
        \hat g_{l-1}^2=\sigma_w^2\,\mathbb E\,\phi'(\sqrt{\hat q_{l-1}}z)^2\,\hat g_l^2,\qquad
        \sigma_w^2=n_{\text{in}}\,\overline{W^2},\quad\sigma_b^2=\overline{b^2}

    The prediction takes weights for independent draws: beside trained weights, or after a convolution with padding, it says
    how far the net is from that; a loss whose derivative depends on the last layer's weights, as squares of outputs do, is off
    by a factor there. It runs along chains of dense and convolutional layers with elementwise activations between;
    elsewhere the row says why there is none. Activations are found whether they are modules or functions. The model is left
    as it was, its buffers, hooks and PyTorch's generator too; it is measured in the mode in which it stands.

    Args:
        model: any module.
        loss: `loss(outputs, targets)`.
        data: inputs and targets, or an iterable of such pairs, samples along the first axis.

    Returns:
        Rows in the order of the calls. A value that has overflowed is reported as it is.

    Raises:
        GradusError: data that do not fit, none at all, or a loss that does not depend on the model.

    Cost: a forward and a backward pass a batch, and the activations twice; the outputs of a batch are held.

    Source: Schoenholz et al. 2017; Glorot and Bengio 2010, §4, for what is measured.

    Example:
        >>> import torch
        >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
        >>> for p in model.parameters(): _ = torch.nn.init.constant_(p, -1.0)
        >>> rows = measure_signals(model, lambda o, t: o.sum(), (torch.ones(3, 2), torch.zeros(3)))
        >>> [(row.kind, row.moment, row.dead) for row in rows]
        [('Linear', 9.0, None), ('relu', 0.0, 1.0)]
    """
    recorder, count = None, 0
    for batch in batches(data):
        inputs, targets = checked(model, loss, batch)
        recorder = recorder or SignalRecorder(model)
        with unchanged(model):
            _hear(recorder, model, loss, inputs, targets)
        count += 1
    if recorder is None:
        raise refusal("data", ("at least one batch", "至少一个批次"), Text("none", "没有"))
    moments, reasons = _predicted_moments(recorder.places)
    gradients = _predicted_gradients(recorder.places, moments, count)
    return [
        _row(place, heard, count, moments.get(place), gradients.get(place), reasons.get(place, Text("", "")))
        for place, heard in recorder.places.items()
        if place != INPUT
    ]


def _hear(recorder: SignalRecorder, model: nn.Module, loss: Loss, inputs: Tensor, targets: Tensor) -> None:
    x = inputs.detach()
    if x.is_floating_point():
        x = x.clone().requires_grad_()  # frozen layers have gradients at their outputs, too

    class Listening(nn.Module):
        """Listens during the forward pass, not during the loss."""

        def forward(self, x: Tensor) -> Any:
            with recorder.listening(x):
                return model(x)

    leaves = [t for t in (x, *model.parameters()) if t.requires_grad]
    torch.autograd.grad(value_of(loss, Listening(), x, targets), leaves, allow_unused=True)


def _predicted_moments(places: dict[Place, Heard]) -> tuple[dict[Place, float], dict[Place, Text]]:
    """The second moments along chains, each from the measured one at its start, and why there is none elsewhere."""
    moments: dict[Place, float] = {}
    reasons: dict[Place, Text] = {}
    for place, heard in places.items():
        known = moments.get(heard.source) if heard.source is not None else None
        if known is None and heard.source is not None and places[heard.source].count:
            known = places[heard.source].squares / places[heard.source].count
        if heard.silent:
            reasons[place] = Text("its output holds no tensor of real numbers", "其输出不含实数张量")
        elif heard.source is None or known is None:
            reasons[place] = Text("its input comes from an operation that mean field does not follow", "其输入来自平均场不追踪的运算")  # fmt: skip
        elif heard.phi is not None:
            moments[place] = gaussian_mean_square(heard.phi, known)
        elif isinstance(heard.layer, PREDICTED):
            w, b = _variances(heard.layer)
            moments[place] = w * known + b
        elif heard.layer is None:
            reasons[place] = Text("the activation differs from unit to unit", "各单元的激活函数不同")
        else:
            reasons[place] = Text(f"mean field here knows no {place.kind}", f"此处的平均场不含 {place.kind}")
    return moments, reasons


def _predicted_gradients(
    places: dict[Place, Heard], moments: dict[Place, float], batches: int
) -> dict[Place, float]:
    """Norms, from the measured one at the end of each chain backwards."""
    heirs = {heard.source: place for place, heard in places.items() if heard.source is not None}
    predicted: dict[Place, float] = {}
    for place in reversed(places):
        heard = places[place]
        if place not in moments or place == INPUT or heard.gradients is None:
            continue
        heir = heirs.get(place)
        if heir is None or heir not in predicted or heard.uses != 1:
            predicted[place] = math.sqrt(heard.gradients / batches)
            continue
        after = places[heir]
        if after.phi is not None:
            factor = gaussian_mean_square(after.phi, moments[place], slope=True)
        else:
            factor = _variances(after.layer)[0]
        predicted[place] = math.sqrt(factor) * predicted[heir]
    return predicted


def _variances(layer: Any) -> tuple[float, float]:
    """σ_w² = n_in times the mean square of the weights, and σ_b²."""
    weight = layer.weight.detach().double()
    fan_in = float(weight[0].numel())
    if getattr(layer, "transposed", False):  # each output is reached by one in so many strides
        fan_in = weight.numel() / weight.shape[1] / layer.groups / math.prod(layer.stride)
    bias = 0.0 if layer.bias is None else float(layer.bias.detach().double().square().mean())
    return fan_in * float(weight.square().mean()), bias


def _row(
    place: Place, heard: Heard, batches: int, moment: float | None, gradient: float | None, reason: Text
) -> Signal:
    measured = heard.squares / heard.count if heard.count else None
    mean = heard.total / heard.count if heard.count else 0.0
    return Signal(
        *place,
        measured,
        None if measured is None else max(measured - mean * mean, 0.0),
        None if heard.gradients is None else math.sqrt(heard.gradients / batches),
        None if heard.steepest is None else float((heard.steepest == 0).double().mean()),
        None if heard.flat is None else heard.flat / heard.count,
        moment,
        gradient,
        reason,
    )
