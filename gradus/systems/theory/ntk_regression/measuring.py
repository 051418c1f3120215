"""What is measured: accuracies over the number of examples, and nets of several widths beside their own kernel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.systems.plain_rows import Rows
from gradus.systems.several_networks import Networks

if TYPE_CHECKING:
    from torch import Tensor, nn

SETTINGS: dict[str, Any] = {
    "layers": 2,
    "units": 256,
    "epochs": 30,
    "batch_size": 32,
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "sizes": [50, 100, 200, 400, 800, 1437],
    "widths": [32, 64, 128, 256, 512],
    "rows": 400,
    "steps": 512,
}
SHOWN = 24  # times at which the courses are compared


def kernel_accuracies(rows: Rows, sizes: Sequence[int]) -> dict[str, list[float]]:
    """Held-out accuracy of regression onto the classes with both kernels, and by least squares, from the first n rows."""
    import torch

    from gradus.theory import infinite_kernels, predicted_training

    x, t = (torch.from_numpy(v).double() for v in (rows.inputs, rows.test_inputs))
    onto = torch.nn.functional.one_hot(torch.from_numpy(rows.targets), rows.classes).double()
    onto = onto - 1 / rows.classes
    own, across = (infinite_kernels(*sets, depth=SETTINGS["layers"]) for sets in ((x,), (t, x)))
    right: dict[str, list[float]] = {"ntk": [], "nngp": [], "linear": []}
    for n in sizes:
        for kind in ("ntk", "nngp"):
            K, k = getattr(own, kind)[:n, :n], getattr(across, kind)[:, :n]
            said = predicted_training(K, onto[:n], test_kernel=k).predictions
            right[kind].append(_accuracy(said, rows))
        w = torch.linalg.lstsq(_with_one(x[:n]), onto[:n], driver="gelsd").solution
        right["linear"].append(_accuracy(_with_one(t) @ w, rows))
    return right


def _with_one(x: Tensor) -> Tensor:
    import torch

    return torch.cat([x, x.new_ones(len(x), 1)], 1)


def _accuracy(outputs: Any, rows: Rows) -> float:
    return float((outputs.argmax(-1).numpy() == rows.test_targets).mean())


def passes(n: int, most: int) -> int:
    """Epochs over n examples for about as many steps as the recipe's epochs over the most; ten times those at most."""
    steps, few = (math.ceil(k / SETTINGS["batch_size"]) for k in (most, n))
    return min(math.ceil(SETTINGS["epochs"] * steps / few), 10 * int(SETTINGS["epochs"]))


def net_accuracy(networks: Networks, rows: Rows, n: int, epochs: int) -> float:
    """Held-out accuracy of the net as it is usually trained, on the first n rows."""
    from torch.nn.functional import cross_entropy

    from gradus.report.classifier import predict

    d = rows.inputs.shape[1]
    given = {k: SETTINGS[k] for k in ("batch_size", "optimizer", "learning_rate")} | {"epochs": epochs}
    learn = rows.inputs[:n], rows.targets[:n]
    model, _ = networks.train(f"net-{n}", lambda: usual_net(d, rows.classes), cross_entropy, learn, **given)
    return float((predict(model, rows.test_inputs).argmax(-1) == rows.test_targets).mean())


def usual_net(inputs: int, outputs: int) -> nn.Sequential:
    """The dense ReLU net in PyTorch's own layers; He's weights, biases 0."""
    from torch import nn

    widths, layers = [inputs, *[SETTINGS["units"]] * SETTINGS["layers"], outputs], []
    for n, m in pairwise(widths):
        layer = nn.Linear(n, m)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def tangent_net(inputs: int, width: int, depth: int, seed: int) -> nn.Module:
    """The net h ↦ √(2/n) W φ(h) with standard normal W and one output: the parametrisation of the infinite kernels."""
    import torch
    from torch import nn

    class Scaled(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return math.sqrt(2 / self.in_features) * super().forward(x)

    generator = torch.Generator().manual_seed(seed)
    layers: list[nn.Module] = []
    for n, m in pairwise([inputs, *[width] * depth, 1]):
        layer = Scaled(n, m, bias=False)
        with torch.no_grad():
            layer.weight.copy_(torch.randn(m, n, generator=generator))
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1], nn.Flatten(0))


def course(rows: Rows, width: int, seed: int) -> dict[str, Any]:
    """Full-batch descent of a net of one output (half of the classes against the others), and what its first kernel predicts."""
    import torch

    from gradus.theory import kernel_drift, predicted_training, tangent_kernel

    n, m = SETTINGS["rows"], SETTINGS["rows"] // 4
    x, t = torch.from_numpy(rows.inputs[:n]), torch.from_numpy(rows.test_inputs[:m])
    y = torch.from_numpy(2.0 * (rows.targets[:n] % 2) - 1).float()
    model = tangent_net(x.shape[1], width, SETTINGS["layers"], seed)
    both = torch.cat([x, t])
    kernel = tangent_kernel(model, both, x, output=0)  # (n + m, n)
    first = model(both).detach()
    K, k = kernel[:n].double(), kernel[n:].double()
    K = (K + K.mT) / 2
    step = 1 / float(torch.linalg.eigvalsh(K)[-1])
    times = sorted({0, *np.geomspace(1, SETTINGS["steps"], SHOWN).round().astype(int).tolist()})
    told = predicted_training(
        K, y.double(), first[:n].double(), steps=times, step_size=step, test_kernel=k, test_outputs=first[n:].double()
    )  # fmt: skip
    losses, outputs = descended(model, x, y, both, step, times)
    drift = kernel_drift(kernel[:n], tangent_kernel(model, x, output=0)).relative
    held = outputs[-1, n:].double()
    assert told.predictions is not None
    gap = float((held - told.predictions[-1]).norm() / (told.predictions[-1] - first[n:]).norm())
    return {
        "times": times,
        "losses": [v / n for v in losses],
        "predicted": [float(v) / n for v in told.losses],
        "gap": gap,
        "drift": drift,
        "right": _sides(held, rows, m),
        "told right": _sides(told.predictions[-1], rows, m),
    }


def descended(
    model: nn.Module, x: Tensor, y: Tensor, seen: Tensor, step: float, times: Sequence[int]
) -> tuple[list[float], Tensor]:
    """Plain descent on ½Σ(f − y)²: the losses at these times, and the outputs on `seen` (times, rows)."""
    import torch

    losses, outputs, parameters = [], [], list(model.parameters())
    for t in range(max(times) + 1):
        loss = (model(x) - y).square().sum() / 2
        if t in times:
            losses.append(float(loss.detach()))
            with torch.no_grad():
                outputs.append(model(seen))
        if t < max(times):
            with torch.no_grad():
                for p, g in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                    p.sub_(g, alpha=step)
    return losses, torch.stack(outputs)


def _sides(outputs: Tensor, rows: Rows, m: int) -> float:
    return float(((outputs.numpy() > 0) == (rows.test_targets[:m] % 2 == 1)).mean())


def power(x: Sequence[float], y: Sequence[float]) -> float:
    """The exponent of the power law through the points, by least squares of logarithms."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])
