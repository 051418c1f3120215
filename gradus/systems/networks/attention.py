"""One attention layer that must look five places back: what positions and scaling do, and what comes beyond the trained length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data.generated import Generated
from gradus.systems.contract import Recipe, SeedRequest
from gradus.systems.several_networks import Networks
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import Chart, Comparison, Picture, SeedResult
    from gradus.systems.delayed_copy import AttentionNetwork, Positions

SETTINGS: dict[str, Any] = {
    "symbols": 10,
    "places_back": 5,
    "length": 24,
    "examples": 4096,
    "vector_width": 64,
    "epochs": 10,
    "batch_size": 64,
    "optimizer": "adam",
    "learning_rate": 3e-3,
    "schedule": "warmup-cosine",
}
LENGTHS, TESTED, DRAWN, LEARNED = (12, 18, 24, 32, 48, 64, 96), 256, 4, 0.99
NAMES: dict[str, Text] = {
    "sinusoidal": Text("sinusoidal positions", "正弦位置编码"),
    "rotary": Text("rotary positions", "旋转位置编码"),
    "no-positions": Text("no positions", "无位置编码"),
    "not-scaled": Text("sinusoidal, not scaled", "正弦位置编码，不缩放"),
}
SPLIT = Text(
    "Drawn by the seed. The test sequences are others, and there are as many of each other length.",
    "由种子抽取。测试序列另行抽取，其他每种长度也各有同样多。",
)
Reached = Mapping[str, Mapping[int, float]]
Arrays = tuple[np.ndarray, np.ndarray]


def train(data: Generated, request: SeedRequest) -> SeedResult:
    """The four networks; the score is the accuracy of the scaled one with sinusoidal positions at the trained length."""
    import torch

    from gradus.report import SeedResult, layers_of
    from gradus.systems.delayed_copy import best_guess, copying_accuracy

    epochs, length = request.epochs or SETTINGS["epochs"], SETTINGS["length"]
    learn = _sequences(request.seed, 0, SETTINGS["examples"], length)
    tests = {n: _sequences(request.seed, n, TESTED, n) for n in sorted({*LENGTHS, length})}
    trained: dict[str, AttentionNetwork] = {}
    curves: dict[str, list[float]] = {}
    with Networks(request, len(NAMES) * epochs) as networks:
        for name in NAMES:
            trained[name], curves[name] = _trained(networks, name, learn, epochs)
    reached = {
        k: {n: copying_accuracy(net, *test) for n, test in tests.items()} for k, net in trained.items()
    }
    guess = {n: best_guess(x, SETTINGS["places_back"]) for n, (x, _) in tests.items()}
    first, longer = trained["sinusoidal"], next(n for n in tests if n > length)
    with_positions = {k: trained[k] for k in ("sinusoidal", "rotary")}
    symbols = tuple(map(str, range(SETTINGS["symbols"])))
    return SeedResult(
        score=reached["sinusoidal"][length],
        seconds=networks.seconds,
        layers=layers_of(first, torch.from_numpy(learn[0][:1]).to(first.output.weight.device)),
        comparisons=[_lengths(reached, guess), _learning(request.seed, tests[length][0], curves)],
        charts=[_over_length(reached, guess), _over_epochs(curves)],
        pictures=lambda: [_maps(trained, tests[length][0]), _maps(with_positions, tests[longer][0])],
        data=data.summary(SPLIT, (length,), symbols, train=SETTINGS["examples"], test=TESTED),
    )


RECIPE = Recipe(
    train=train,
    data=("delayed-copy",),
    metric="accuracy",
    targets={"delayed-copy": 0.99},
    settings=SETTINGS,
    text=Text(
        "Each place of a sequence of random symbols must give the symbol five places before it. One attention layer with one head, no "
        "shortcut and no mask, then a linear map; four networks with the same budget: with sinusoidal positions, with rotary ones, "
        "with none, and with sinusoidal ones but scores that are not divided by the root of the width. The task is without noise: "
        "who looks five places back makes no mistake, which sets the target. Without positions a place knows its own symbol and "
        "which others there are; its best guess is the most frequent of them, and what that reaches is computed.",
        "由随机符号组成的序列中，每个位置须给出它之前第五个符号。网络为一个单头注意力层（无捷径、无掩码）加一个线性映射；四个网络训练预算相同："
        "正弦位置编码、旋转位置编码、无位置编码，以及用正弦位置编码但得分不除以宽度的平方根。任务没有噪声：只要向前看五位就不会出错，目标值由此而定。"
        "没有位置编码时，每个位置只知道自己的符号以及还有哪些符号；最好的猜测是其中出现最多的一个，其准确率可以算出。",
    ),
    honours=("epochs", "device"),
)


def _sequences(seed: int, part: int, count: int, length: int) -> Arrays:
    from gradus.systems.delayed_copy import delayed_copies

    rng = np.random.default_rng([seed, part])
    return delayed_copies(rng, count, length, SETTINGS["symbols"], SETTINGS["places_back"])


def _network(name: str) -> AttentionNetwork:
    from gradus.systems.delayed_copy import AttentionNetwork

    positions: dict[str, Positions] = {"rotary": "rotary", "no-positions": "none"}
    symbols, width = SETTINGS["symbols"], SETTINGS["vector_width"]
    return AttentionNetwork(symbols, width, positions.get(name, "sinusoidal"), name != "not-scaled")


def _trained(
    networks: Networks, name: str, learn: Arrays, epochs: int
) -> tuple[AttentionNetwork, list[float]]:
    from gradus.systems.delayed_copy import copying_loss
    from gradus.training import accuracy

    settings = {k: SETTINGS[k] for k in ("batch_size", "optimizer", "learning_rate", "schedule")}
    settings |= {"epochs": epochs, "metrics": {"accuracy": accuracy}}
    net, fitted = networks.train(name, lambda: _network(name), copying_loss, learn, **settings)
    return net, [row["accuracy"] for row in fitted.history]


def _lengths(reached: Reached, guess: Mapping[int, float]) -> Comparison:
    from gradus.report import Comparison

    n = SETTINGS["length"]
    shown = [length for length in guess if length >= n]
    columns = [Text("Network", "网络"), *(Text(f"length {i}", f"长度 {i}") for i in shown)]
    rows = {NAMES[k]: [a[i] for i in shown] for k, a in reached.items()}
    rows[Text("best guess without positions", "无位置时的最佳猜测")] = [guess[i] for i in shown]
    caption = Text(
        f"Accuracy on new sequences; the networks were trained on those of length {n}.",
        f"新序列上的准确率；训练所用序列的长度为 {n}。",
    )
    return Comparison(columns, rows, caption)


def _learning(seed: int, x: np.ndarray, curves: Mapping[str, list[float]]) -> Comparison:
    """How soon each network learned, and how sharp its attention was before it had learned anything."""
    import torch

    from gradus.report import Comparison

    rows: dict[Text, list[float | None]] = {}
    for name, title in NAMES.items():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            largest = float(_network(name).weights(x).max(-1).mean())
        rows[title] = [next((i for i, a in enumerate(curves[name], 1) if a >= LEARNED), None), largest]
    columns = [
        Text("Network", "网络"),
        Text(f"Epochs to {100 * LEARNED:g} %", f"达到 {100 * LEARNED:g} % 的轮数"),
        Text("Largest weight before training", "训练前的最大权重"),
    ]
    caption = Text(
        "The first epoch with that training accuracy; and the largest weight of a place before training, on average over places: "
        "near 1 the softmax is saturated.",
        "训练准确率首次达到该值的轮次；以及训练前每个位置的最大注意力权重（对各位置取平均）：接近 1 即 softmax 饱和。",
    )
    return Comparison(columns, rows, caption)


def _over_length(reached: Reached, guess: Mapping[int, float]) -> Chart:
    from gradus.report import Chart, Series

    series = [Series(NAMES[k], list(a), list(a.values())) for k, a in reached.items() if k != "not-scaled"]
    series.append(Series(Text("best guess", "最佳猜测"), list(guess), list(guess.values())))
    n = SETTINGS["length"]
    caption = Text(
        f"Accuracy over the length of the sequence; all were trained at {n}. Scores between sinusoidal positions never seen were never "
        f"learned; rotary scores depend on the symbols and the distance alone, but distances beyond {n - 1} were never seen either.",
        f"准确率随序列长度的变化；训练长度均为 {n}。未见过的正弦位置之间的得分从未学过；旋转位置编码的得分只依赖于符号与距离，但大于 {n - 1} 的距离同样从未见过。",
    )
    return Chart(series, Text("accuracy", "准确率"), caption, Text("length", "长度"), wide=True)


def _over_epochs(curves: Mapping[str, list[float]]) -> Chart:
    from gradus.report import Chart, Series

    series = [Series(NAMES[name], range(1, len(a) + 1), a) for name, a in curves.items()]
    caption = Text("Training accuracy, epoch by epoch.", "逐轮的训练准确率。")
    return Chart(series, Text("training accuracy", "训练准确率"), caption, wide=True)


def _maps(trained: Mapping[str, AttentionNetwork], x: np.ndarray) -> Picture:
    """The attention weights of some networks on the same sequences."""
    from gradus.report.pictures import image_rows

    lag = SETTINGS["places_back"]
    caption = Text(
        f"Attention weights on {DRAWN} test sequences of length {x.shape[1]}: row = place that looks, column = place that is looked at. "
        f"Looking {lag} places back is a clear line {lag} below the diagonal.",
        f"{DRAWN} 个长度为 {x.shape[1]} 的测试序列上的注意力权重：行为查询位置，列为被关注的位置。"
        f"向前看 {lag} 位，就是主对角线下方第 {lag} 条清晰的斜线。",
    )
    return image_rows(
        {NAMES[k]: net.weights(x[:DRAWN]) for k, net in trained.items()}, caption, "inside", large=True
    )
