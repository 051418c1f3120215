"""The LSTM over a long lag: one bit at the first step, asked for hundreds of steps later, beside a plain recurrent network."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data.generated import Generated
from gradus.systems.contract import Option, Recipe, SeedRequest
from gradus.systems.several_networks import Networks
from gradus.text import Text

if TYPE_CHECKING:
    import torch
    from torch import nn

    from gradus.report import Chart, SeedResult
    from gradus.systems.sequence_reading import Reader
    from gradus.training import Fitted

TARGET, NOISE, HELD_OUT = 0.95, 0.05, 400
SETTINGS: dict[str, Any] = {
    "epochs": 30,
    "sequences": 160,
    "batch_size": 16,
    "optimizer": "adam",
    "learning_rate": 0.02,
    "clip_norm": 1.0,
}
NETWORKS = {
    "chrono": Text("LSTM, gate biases ± log U(1, T)", "LSTM，门偏置为 ± log U(1, T)"),
    "one": Text("LSTM, forget biases 1", "LSTM，遗忘门偏置为 1"),
    "plain": Text("plain recurrent network", "普通循环网络"),
}
SHORT = {
    "chrono": Text("LSTM, chrono", "LSTM，chrono"),
    "one": Text("LSTM, bias 1", "LSTM，偏置 1"),
    "plain": Text("plain", "普通网络"),
}


def train(data: Generated, request: SeedRequest) -> SeedResult:
    """The share of new sequences whose bit the LSTM tells, and how the two other networks fare with the same budget."""
    import torch

    from gradus.report import SeedResult
    from gradus.report.summary import layers_of
    from gradus.systems.sequence_reading import share_told, told

    lag, units = (int(request.options.get(k, v)) for k, v in (("lag", "500"), ("units", "8")))
    settings = {k: v for k, v in SETTINGS.items() if k != "sequences"}
    settings["epochs"] = request.epochs or settings["epochs"]
    rng = np.random.default_rng(request.seed)
    training, validation, test = (bits(n, lag, rng) for n in (SETTINGS["sequences"], HELD_OUT, HELD_OUT))
    runs: dict[str, tuple[Reader, Fitted]] = {}
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    settings |= {"validation": validation, "metrics": {"accuracy": told}, "augment": new_noise}
    with Networks(request, len(NETWORKS) * settings["epochs"]) as networks:
        for kind in NETWORKS:
            runs[kind] = networks.train(kind, partial(network, kind, units, lag), loss, training, **settings)
    scores = {kind: share_told(net, *test) for kind, (net, _) in runs.items()}
    return SeedResult(
        score=scores["chrono"],
        seconds=networks.seconds,
        layers=layers_of(runs["chrono"][0], torch.from_numpy(test[0][:1]).to(request.device or "cpu")),
        charts=charts(runs, lag, rng),
        comparisons=(comparison(runs, scores),),
        data=data.summary(
            SPLIT, (lag, 1), ("0", "1"), train=len(training[1]), validation=HELD_OUT, test=HELD_OUT
        ),
    )


def bits(count: int, lag: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sequences (count, lag, 1) that begin with −1 or 1 for the bits (count,), and go on with noise."""
    x, y = NOISE * rng.standard_normal((count, lag, 1)), rng.integers(0, 2, count)
    x[:, 0, 0] = 2 * y - 1
    return x.astype(np.float32), y.astype(np.float32)


def new_noise(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """The same bits with other noise behind them."""
    import torch

    noise = NOISE * torch.randn(x[:, 1:].shape, generator=generator).to(x)
    return torch.cat([x[:, :1], noise], 1)


def network(kind: str, units: int, lag: int) -> Reader:
    """One of the three; an LSTM's forget biases are drawn from log U(1, T), its input biases being their negatives, or are 1."""
    import torch
    from torch import nn

    from gradus.systems.sequence_reading import Reader

    layer: nn.RNNBase = (nn.RNN if kind == "plain" else nn.LSTM)(1, units, batch_first=True)
    if kind != "plain":
        zero, one = torch.zeros(units), torch.ones(units)
        forget = torch.log(1 + (lag - 1) * torch.rand(units)) if kind == "chrono" else one
        write = -forget if kind == "chrono" else zero
        with torch.no_grad():
            layer.get_parameter("bias_ih_l0").copy_(torch.cat((write, forget, zero, zero)))
            layer.get_parameter("bias_hh_l0").zero_()
    return Reader(layer, units)


def comparison(runs: dict[str, tuple[Reader, Fitted]], scores: dict[str, float]) -> Any:
    """Whether each network succeeded, after how many steps, how well it tells new sequences, and how large it is."""
    from gradus.report import Comparison
    from gradus.systems.sequence_reading import steps_to

    columns = (
        Text("Network", "网络"),
        Text("tells 95 % at the end", "结束时正确率达 95 %"),
        Text("steps until then", "所需步数"),
        Text("accuracy", "准确率"),
        Text("parameters", "参数量"),
    )
    rows = {
        NETWORKS[kind]: (
            scores[kind] >= TARGET,
            steps_to(fitted, TARGET),
            scores[kind],
            sum(p.numel() for p in net.parameters()),
        )
        for kind, (net, fitted) in runs.items()
    }
    caption = Text(
        "Three networks with as many units, the same sequences and the same number of steps.",
        "三个单元数相同的网络，序列与训练步数都相同。",
    )
    return Comparison(columns, rows, caption)


def charts(runs: dict[str, tuple[Reader, Fitted]], lag: int, rng: np.random.Generator) -> list[Chart]:
    """Accuracy over the training, accuracy by lag, and what of the past the last answer still depends on."""
    from gradus.report import Chart, Series
    from gradus.systems.sequence_reading import answers, sensitivity

    x, y = bits(HELD_OUT // 2, 2 * lag, rng)
    every = max(1, lag // 25)
    lags = np.arange(every, 2 * lag + 1, every)
    steps = np.unique(np.linspace(1, lag, 80).astype(int))
    learning, by_lag, past = [], [], []
    for kind, (net, fitted) in runs.items():
        rows = fitted.history
        learning.append(
            Series(SHORT[kind], [r["step"] for r in rows], [r["validation_accuracy"] for r in rows])
        )
        net.every_step = True
        right = (answers(net, x)[:, lags - 1] > 0) == (y[:, None] > 0.5)
        net.every_step = False
        by_lag.append(Series(SHORT[kind], list(lags), right.mean(0)))
        slope = np.maximum(sensitivity(net, x[:16, :lag]), 1e-20)
        past.append(Series(SHORT[kind], list(steps), slope[steps - 1]))
    accuracy = Text("accuracy", "准确率")
    return [
        Chart(learning, accuracy, Text(
            "Share of the held-out bits that are told, over the training; dotted: 95 %.",
            "训练中留出序列的比特正确率；点线为 95 %。"), Text("step", "步"), target=TARGET),
        Chart(by_lag, accuracy, Text(
            f"The trained networks asked after other lags, every {every} steps up to twice the {lag} of the training.",
            f"训练后在其他时滞下提问，每隔 {every} 步一次，最长为训练时 {lag} 步的两倍。"), Text("lag", "时滞"), target=TARGET),
        Chart(past, Text("sensitivity", "敏感度"), Text(
            "How much the answer z at the end depends on each input: the mean of |∂z/∂xₜ|, logarithmic; what is below 10⁻²⁰ is drawn "
            "there. A network that stands high at step 1 still moves with the bit; one that stands low may tell it all the same: in one of "
            "two stable states small changes die out.",
            "最后的回答 z 对每个输入的依赖程度，即 |∂z/∂xₜ| 的平均（对数坐标；低于 10⁻²⁰ 者画在该处）。在第 1 步处高的网络仍随该比特变化；低的网络也可能答对：处于两个稳定状态之一时，微小变化会消失。"),
            Text("step t", "步 t"), log=True, place="inside", wide=True),
    ]  # fmt: skip


SPLIT = Text(
    "Drawn by the seed; the noise is drawn anew for each batch of the training.",
    "由种子抽取；训练时每批重新抽取噪声。",
)
NO_TARGET: dict[str, Any] = {"targets": {}}  # it was measured at the first lag and number of units alone
RECIPE = Recipe(
    train=train,
    data=("long-lag",),
    metric="accuracy",
    targets={"long-lag": TARGET},
    settings=SETTINGS,
    text=Text(
        "A sequence begins with −1 or 1, the bit; noise follows, and the bit is asked for after the last step. The score is that of "
        "the LSTM whose forget biases are drawn from log U(1, T), its input gates' biases being their negatives (Tallec and Ollivier 2018); an LSTM with forget bias 1 and a plain "
        "recurrent network have the same budget. With 8 units at lag 500 it must reach the 95 % that the concept's page claims.",
        "序列以 −1 或 1（比特）开头，其后为噪声，最后一步之后询问该比特。得分属于遗忘门偏置取自 log U(1, T)、输入门偏置取其相反数的 LSTM（Tallec 与 Ollivier 2018）；"
        "遗忘门偏置为 1 的 LSTM 与普通循环网络使用相同的训练预算。8 个单元、时滞 500 时，须达到概念页所断言的 95 %。",
    ),
    honours=("epochs", "device"),
    options=(
        Option("lag", Text("steps between the bit and the question", "比特与提问之间的步数"),
               {"500": {}} | dict.fromkeys(("200", "100", "1000"), NO_TARGET)),
        Option("units", Text("units of each network", "每个网络的单元数"),
               {"8": {}} | dict.fromkeys(("4", "16", "32"), NO_TARGET)),
    ),
)  # fmt: skip
