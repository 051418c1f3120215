"""What the report shows of a network that was trained from scratch."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Characters, Dataset
from gradus.data.characters import held_out
from gradus.foundations.from_scratch.networks import (
    BLOCKS,
    CONTEXT,
    HEADS,
    WIDTH,
    Network,
    Parameters,
    network,
)
from gradus.systems.contract import SeedRequest
from gradus.systems.foundations.from_scratch.counting import counted_bits
from gradus.systems.foundations.from_scratch.problems import cross_entropies, definition, logits
from gradus.systems.foundations.from_scratch.training import Fit
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import Chart, Layer, Picture, SeedResult

SHOWN = 320  # characters of text


def seed_result(data: Dataset | Characters, fit: Fit, request: SeedRequest) -> SeedResult:
    """The score, the layers, the curves and the pictures of one trained network."""
    model = request.options["model"]
    net = network(model, definition)
    if isinstance(data, Dataset):
        return _of_digits(model, net, data, fit, request.target)
    return _of_text(model, net, data, fit, request.target)


def _of_digits(model: str, net: Network, data: Dataset, fit: Fit, target: float | None) -> SeedResult:
    from gradus.report import SeedResult
    from gradus.report.charts import Series, accuracy_chart, loss_chart
    from gradus.report.classifier import predictions

    z = logits(net, fit.parameters, net.prepare(data.test_inputs))
    training, test = Text("training", "训练"), Text("test", "测试")
    line = lambda name, key: Series(name, _epochs(fit), [row[key] for row in fit.history])  # noqa: E731
    charts = [
        loss_chart([line(training, "loss"), line(test, "validation_loss")]),
        accuracy_chart([line(training, "accuracy"), line(test, "validation_accuracy")], target),
    ]
    return SeedResult(
        score=float((z.argmax(-1) == data.test_targets).mean()),
        seconds=fit.seconds,
        layers=_layers(model, fit.parameters),
        pictures=[
            *predictions(z, data.test_targets, data.classes, data.test_inputs),
            *_inside(model, net, data, fit.parameters),
        ],
        charts=charts,
    )


def _of_text(model: str, net: Network, text: Characters, fit: Fit, target: float | None) -> SeedResult:
    from gradus.report import SeedResult

    score = fit.history[-1]["bits_per_character"]
    return SeedResult(
        score=score,
        seconds=fit.seconds,
        layers=_layers(model, fit.parameters),
        pictures=[_comparison(model, text, score), _surprise(net, text, fit), _written(net, text, fit)],
        charts=_bits(fit, target),
    )


def _epochs(fit: Fit) -> list[int]:
    return [row["epoch"] for row in fit.history]


def _bits(fit: Fit, target: float | None) -> list[Chart]:
    from gradus.report.charts import Chart, Series

    return [
        Chart(
            [
                Series(
                    Text("training", "训练"), _epochs(fit), [row["loss"] / np.log(2) for row in fit.history]
                ),
                Series(
                    Text("held out", "留出"), _epochs(fit), [row["bits_per_character"] for row in fit.history]
                ),
            ],
            Text("bits per character", "每字符比特数"),
            Text(
                "Bits per character over time"
                + (
                    f"; dotted: the target, {target}, which is what counting pairs reaches."
                    if target
                    else "."
                ),
                "每字符比特数随训练的变化"
                + (f"；点线为目标值 {target}，即统计字符对所达到的值。" if target else "。"),
            ),
            target=target,
            wide=True,
        )
    ]


def _comparison(model: str, text: Characters, score: float) -> Picture:
    from gradus.report import table

    counted = counted_bits(text)
    names = {
        "uniform": Text("every character equally likely", "各字符等概率"),
        "single": Text("single characters, counted", "统计单个字符"),
        "pairs": Text("pairs, counted", "统计字符对"),
        "triples": Text("triples, counted", "统计三字符组"),
    }
    rows = [(names[key], value, 2**value) for key, value in counted.items()]
    own = Text(f"this network ({model}), seed shown", f"本网络（{model}），所示种子")
    columns = [
        Text("Model", "模型"),
        Text("Bits per character", "每字符比特数"),
        Text("As uncertain as among", "相当于等概率的字符数"),
    ]
    caption = Text(
        "Held-out bits per character beside models that only count (smoothed after Witten and Bell), on the same characters.",
        "与只作统计的模型（Witten–Bell 平滑）在同一批留出字符上的每字符比特数对比。",
    )
    return table(columns, [*rows, (own, score, 2**score)], caption)


def _surprise(net: Network, text: Characters, fit: Fit) -> Picture:
    """Held-out text, each character shaded by the bits that it cost."""
    from gradus.report import Picture

    x, y = held_out(text, _context(fit.parameters))
    z = logits(net, fit.parameters, x[:SHOWN])[:, -1]
    bits = cross_entropies(z, y[:SHOWN]) / np.log(2)
    spans = "".join(
        f'<span style="--share:{min(80, round(10 * b))}%">{escape(text.alphabet[c])}</span>'
        for c, b in zip(y[:SHOWN], bits, strict=True)
    )
    worst = np.argsort(-bits)[:5]
    surprises = ", ".join(f"{text.alphabet[y[i]]!r} {bits[i]:.1f}" for i in worst)
    caption = Text(
        f"Held-out text: the stronger the colour of a character, the less it was expected, {bits.mean():.2f} bits on the average of these "
        f"{len(bits)}.",
        f"留出文本：字符底色越浓，越出乎网络意料；这 {len(bits)} 个字符平均 {bits.mean():.2f} 比特。",
    )
    alt = Text(
        f"The least expected characters, in bits: {surprises}", f"最出乎意料的字符（比特）：{surprises}"
    )
    return Picture(f'<p class="surprise">{spans}</p>', caption, alt, "result", wide=True)


def _written(net: Network, text: Characters, fit: Fit) -> Picture:
    """What the network writes when each character is drawn from its own probabilities."""
    from gradus.report import Picture

    rng, length = np.random.default_rng(0), _context(fit.parameters)
    ids = list(text.test[:length])
    for _ in range(SHOWN):
        z = net.logits(fit.parameters, np.array(ids[-length:])[None])[0, -1]
        p = np.exp(z - z.max())
        ids.append(int(rng.choice(len(p), p=p / p.sum())))
    begun = "".join(text.alphabet[i] for i in ids[:length])
    written = "".join(text.alphabet[i] for i in ids[length:])
    caption = Text(
        "What it writes after the grey beginning, each character drawn from the probabilities that it gives.",
        "网络接着灰色开头所写的文字，每个字符按它给出的概率抽取。",
    )
    alt = Text(f"{begun}|{written}", f"{begun}|{written}")
    shown = f'<p class="written"><span>{escape(begun)}</span>{escape(written)}</p>'
    return Picture(shown, caption, alt, "inside", wide=True)


def _context(parameters: Parameters) -> int:
    """How many characters the network sees: the transformer's positions; as many for the LSTM."""
    return len(parameters["P"]) if "P" in parameters else CONTEXT


def _inside(model: str, net: Network, data: Dataset, p: Parameters) -> list[Picture]:
    from gradus.report import feature_maps, filters

    if model == "mlp":
        return [filters(p["W1"].reshape(-1, 1, 8, 8), "W₁", what=Text("Rows", "各行"))]
    image = net.prepare(data.test_inputs[:1])[0]
    c1 = np.maximum(definition("conv-layer")(image, p["K1"], p["b1"]), 0)
    s2 = definition("pooling")(c1)
    c3 = np.maximum(definition("conv-layer")(s2, p["K3"], p["b3"]), 0)
    maps = {"C1": c1, "S2": s2, "C3": c3, "S4": definition("pooling")(c3)}
    label = data.classes[int(data.test_targets[0])]
    return [filters(p["K1"], "C1"), feature_maps(image, maps, label)]


def _layers(model: str, p: Parameters) -> list[Layer]:
    """The architecture: name, formula, shape of the result for one example, and the number of its parameters."""
    from gradus.report import Layer

    return [
        Layer(name, formula, shape, sum(p[key].size for key in keys))
        for name, formula, shape, keys in _TABLES[model](p)
    ]


Row = tuple[str, str, tuple[int, ...], tuple[str, ...]]


def _mlp_rows(p: Mapping[str, Any]) -> list[Row]:
    return [
        ("hidden", "tanh(W₁x + b₁)", (WIDTH,), ("W1", "b1")),
        ("output", "W₂h + b₂", (len(p["b2"]),), ("W2", "b2")),
    ]


def _lenet_rows(p: Mapping[str, Any]) -> list[Row]:
    return [
        ("C1", "ReLU(K₁ ⋆ x + b₁)", (6, 28, 28), ("K1", "b1")),
        ("S2", "max 2 × 2", (6, 14, 14), ()),
        ("C3", "ReLU(K₃ ⋆ h + b₃)", (16, 10, 10), ("K3", "b3")),
        ("S4", "max 2 × 2", (16, 5, 5), ()),
        ("C5", "ReLU(W₅h + b₅)", (120,), ("W5", "b5")),
        ("F6", "ReLU(W₆h + b₆)", (84,), ("W6", "b6")),
        ("output", "W₇h + b₇", (len(p["b7"]),), ("W7", "b7")),
    ]


def _lstm_rows(p: Mapping[str, Any]) -> list[Row]:
    return [
        ("embedding", "E[cₜ]", (WIDTH,), ("E",)),
        ("LSTM", "hₜ = o ⊙ tanh(f ⊙ cₜ₋₁ + i ⊙ g)", (WIDTH,), ("W", "U", "b")),
        ("output", "Vhₜ + c", (len(p["c"]),), ("V", "c")),
    ]


def _transformer_rows(p: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = [("embedding", "E[cₜ] + P[t]", (WIDTH,), ("E", "P"))]
    for k in range(BLOCKS):
        own = lambda *names, k=k: tuple(f"{k}.{name}" for name in names)  # noqa: E731
        rows += [
            (f"attention {k + 1}", f"x + A(N(x)), {HEADS} heads, causal", (WIDTH,),
             own("gain1", "bias1", "W_qkv", "b_qkv", "W_o", "b_o")),
            (f"feed-forward {k + 1}", "x + W₂ReLU(W₁N(x) + b₁) + b₂", (WIDTH,),
             own("gain2", "bias2", "W_1", "b_1", "W_2", "b_2")),
        ]  # fmt: skip
    return [*rows, ("output", "VN(x) + c", (len(p["c"]),), ("gain", "bias", "V", "c"))]


_TABLES = {"mlp": _mlp_rows, "lenet": _lenet_rows, "lstm": _lstm_rows, "transformer": _transformer_rows}
