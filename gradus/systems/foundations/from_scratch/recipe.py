"""How the four networks are trained and scored: what `gradus run from-scratch` calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Characters, Dataset
from gradus.errors import GradusError
from gradus.foundations.from_scratch.networks import network
from gradus.systems.contract import Fitting, Option, Recipe, SeedRequest
from gradus.systems.foundations.from_scratch.problems import definition, problem_of
from gradus.systems.foundations.from_scratch.settings import SETTINGS, TARGETS, like_text
from gradus.systems.foundations.from_scratch.training import Fit, fit
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import SeedResult

_CHARACTERS: dict[str, Any] = {
    "data": ("alice", "tinyshakespeare"),
    "metric": "bits-per-character",
    "relation": "≤",
    "fitting": Fitting(images=False, characters=True),
    "like": like_text,
}
_FITTING = {"mlp": Fitting(sizes=(8,)), "lenet": Fitting(sizes=(8, 16, 28, 32, 64))}
_WORDS = {
    "mlp": Text(
        "One hidden layer of 64 units, mini-batches of 32, Adam.", "一个 64 单元的隐藏层，批量 32，Adam。"
    ),
    "lenet": Text(
        "LeNet-5 from the definitions of its layers, on the digits enlarged to 32 × 32; every batch is shifted at random.",
        "由各层定义组成的 LeNet-5，数字放大到 32 × 32；每批图像随机平移。",
    ),
    "lstm": Text(
        "An LSTM of 64 units predicts the next character; the target is what counting pairs of characters costs.",
        "64 单元的 LSTM 预测下一个字符；目标值为统计字符对所需的比特数。",
    ),
    "transformer": Text(
        "Two blocks of causal attention with four heads predict the next character; the target is what counting pairs costs.",
        "两个四头因果注意力块预测下一个字符；目标值为统计字符对所需的比特数。",
    ),
}


def train(data: Dataset | Characters, request: SeedRequest) -> SeedResult:
    """Trains one of the four networks, the option "model", and scores it; digits for "mlp" and "lenet", else a text.

    Raises:
        GradusError: an unknown model, data of another kind, and what `fit` raises.
    """
    from gradus.systems.foundations.from_scratch.shown import seed_result

    return seed_result(data, trained(data, request), request)


def trained(data: Dataset | Characters, request: SeedRequest) -> Fit:
    """The network's parameters after the training, and its history."""
    model = request.options["model"]
    net = network(model, definition)
    if isinstance(data, Dataset) != (net.task == "digits"):
        names = ", ".join(SETTINGS[model])
        raise GradusError(
            Text(
                f"a network of {net.task} is trained on {names}, not on {data.name}",
                f"任务为 {net.task} 的网络在 {names} 上训练，而非 {data.name}",
            )
        )
    table = SETTINGS[model]
    own = like_text(data.shape) if isinstance(data, Characters) else next(reversed(table))
    settings = table.get(data.name, table[own])
    problem = problem_of(net, data, request.seed, settings)
    batch = settings["batch_size"]
    return fit(
        net.logits,
        net.initial(np.random.default_rng(request.seed), problem.classes),
        lambda epoch: problem.batches(epoch, batch),
        problem.measure,
        epochs=request.epochs or settings["epochs"],
        steps=-(-problem.examples // batch),
        learning_rate=settings["learning_rate"],
        directory=request.directory,
        resume=request.resume,
        progress=request.progress,
    )


RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="accuracy",
    targets=TARGETS["mlp"],
    settings=SETTINGS["mlp"],
    text=_WORDS["mlp"],
    honours=("epochs",),
    options=(
        Option(
            "model",
            Text("mlp, lenet, lstm or transformer", "mlp、lenet、lstm 或 transformer"),
            {
                model: {
                    "targets": TARGETS[model],
                    "settings": SETTINGS[model],
                    "text": _WORDS[model],
                    "fitting": _FITTING.get(model),
                }
                | (_CHARACTERS if model in ("lstm", "transformer") else {})
                for model in ("mlp", "lenet", "lstm", "transformer")
            },
        ),
    ),
)
