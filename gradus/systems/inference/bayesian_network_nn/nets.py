"""Three networks of one shape, and five ways in which they state probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from gradus.systems.contract import SeedRequest
from gradus.systems.several_networks import Networks
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor, nn

    Predictor = Callable[[Tensor], Tensor]

SETTINGS: dict[str, Any] = {
    "hidden": [64, 64],
    "dropout": 0.2,
    "weight_decay_of_prior_deviation": 1.0,
    "variational_prior_deviation": 0.3,
    "first_deviation": 0.1,
    "epochs": 40,
    "batch_size": 64,
    "optimizer": "adam",
    "learning_rate": 3e-3,
    "variational_learning_rate": 1e-2,
    "schedule": "cosine",
    "draws": 100,
    "angles": list(range(0, 181, 20)),
    "bins": 10,
}
NAMES = {
    "point": Text("point network", "点网络"),
    "variational": Text("Bayes by backprop", "贝叶斯反向传播"),
    "dropout": Text("MC dropout", "MC 随机失活"),
    "last": Text("last-layer Laplace", "最后一层拉普拉斯"),
    "kronecker": Text("Kronecker Laplace", "Kronecker 拉普拉斯"),
}


def trained(
    networks: Networks, x: Tensor, y: Tensor, classes: int, epochs: int, seed: int
) -> tuple[dict[str, Predictor], dict[str, Any]]:
    """How each way states probabilities, and what the posteriors say of themselves."""
    import torch

    from gradus.inference import BayesByBackprop, laplace, mc_dropout

    def layers(rate: float) -> nn.Module:
        return dense(x.shape[1], classes, rate)

    def learnt(name: str, build: Callable[[], nn.Module], rate: str = "learning_rate") -> nn.Module:
        model, _ = networks.train(
            name, build, summed, (x, y), epochs=epochs, batch_size=SETTINGS["batch_size"], optimizer=SETTINGS["optimizer"],
            learning_rate=SETTINGS[rate], schedule=SETTINGS["schedule"],
        )  # fmt: skip
        return cast("nn.Module", model.net).cpu().eval()

    s, count, draws = SETTINGS["weight_decay_of_prior_deviation"], len(x), SETTINGS["draws"]

    def decay(net: nn.Module) -> Tensor:
        squares = torch.stack([p.square().sum() for p in net.parameters()]).sum()
        return squares / (2 * s**2 * count)  # −ln p(w), a sample

    point = learnt("point", lambda: with_price(layers(0.0), decay))
    dropped = learnt("dropout", lambda: with_price(layers(SETTINGS["dropout"]), decay))

    def variational() -> nn.Module:
        net = BayesByBackprop(
            layers(0.0),
            SETTINGS["variational_prior_deviation"],
            deviation=SETTINGS["first_deviation"],
            local=True,
        )
        return with_price(net, lambda net: net.divergence() / count)

    bayes = cast(BayesByBackprop, learnt("variational", variational, "variational_learning_rate"))
    found = {
        kind: laplace(point, (x, y), kind=full)
        for kind, full in (("last", "last-layer"), ("kronecker", "kronecker"))
    }

    def stated(z: Tensor) -> Tensor:
        with torch.no_grad():
            probabilities: Tensor = point(z).softmax(-1)
        return probabilities

    ways: dict[str, Predictor] = {
        "point": stated,
        "variational": lambda z: bayes.sample(z, draws, seed=seed).probabilities,
        "dropout": lambda z: mc_dropout(dropped, z, draws, seed=seed).probabilities,
        "last": lambda z: found["last"].sample(z, draws, seed=seed).probabilities,
        "kronecker": lambda z: found["kronecker"].sample(z, draws, seed=seed).probabilities,
    }
    told = {
        kind: {
            "evidence": p.evidence,
            "weights": p.weights,
            "effective": p.effective,
            "precision": p.prior_precision,
        }
        for kind, p in found.items()
    }
    return ways, told


def dense(inputs: int, classes: int, rate: float) -> nn.Module:
    """Hidden layers of ReLU with dropout behind each."""
    from torch import nn

    parts: list[nn.Module] = []
    size = inputs
    for width in SETTINGS["hidden"]:
        parts += [nn.Linear(size, width), nn.ReLU(), nn.Dropout(rate)]
        size = width
    return nn.Sequential(*parts, nn.Linear(size, classes))


def with_price(net: nn.Module, price: Callable[[Any], Tensor]) -> nn.Module:
    """The network that gives its outputs and what its weights cost, a sample."""
    from torch import nn

    class Priced(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return self.net(x), price(self.net)

    return Priced()


def summed(outputs: tuple[Tensor, Tensor], targets: Tensor) -> Tensor:
    """Cross-entropy a sample, and the weights' price."""
    from torch.nn.functional import cross_entropy

    return cross_entropy(outputs[0], targets) + outputs[1]


def run_of(request: SeedRequest) -> tuple[Networks, int]:
    """The networks' training, and the epochs of each."""
    epochs = request.epochs or SETTINGS["epochs"]
    return Networks(request, 3 * epochs), epochs
