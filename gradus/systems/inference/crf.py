"""Letters read from the keys of a telephone: a conditional random field beside a softmax a letter, on the same scores."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Characters
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.inference.hmm import LETTERS, letters
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor, nn

    from gradus.inference import LinearChainCRF
    from gradus.report import Chart, Comparison, Picture, SeedResult

SETTINGS: dict[str, Any] = {
    "windows": [1, 3],
    "length": 40,
    "rows": 30_000,
    "steps": 200,
    "batch_size": 32,
    "optimizer": "adam",
    "learning_rate": 0.03,
}
KEYS = np.array(
    [0, *(k for k, n in enumerate((3, 3, 3, 3, 3, 4, 3, 4), 1) for _ in range(n))]
)  # of the blank, and 2 abc to 9 wxyz
HOW = {"softmax": Text("softmax a letter", "逐字母 softmax"), "crf": Text("random field", "条件随机场")}


def train(data: Characters, request: SeedRequest) -> SeedResult:
    """Both readers on every window; the score is the error of the field over that of the softmax where a letter alone is seen."""
    import torch

    from gradus.report import SeedResult

    begun = time.perf_counter()
    learn, held = letters(data, data.train)[: SETTINGS["rows"]], letters(data, data.test)
    keys, seen = KEYS[learn], KEYS[held]
    true, read = cut(held), {}
    for window in SETTINGS["windows"]:
        for how in HOW:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(request.seed)
                reader = trained(how, window, learn, keys, request.seed)
            read[how, window] = reading(reader, seen)
    wrong = {f"{how}-{w}": float((found != true).mean()) for (how, w), found in read.items()}
    first = SETTINGS["windows"][0]
    shown = [cut(seen)[1], read["softmax", first][1], read["crf", first][1], true[1]]
    numbers = {"wrong": wrong}
    return SeedResult(
        score=wrong[f"crf-{first}"] / max(wrong[f"softmax-{first}"], 1e-12),
        seconds=time.perf_counter() - begun,
        data=data.summary(),
        comparisons=[_table(numbers)],
        charts=[_chart(numbers)],
        pictures=lambda: [_shown(shown)],
        measured=numbers,
    )


def cut(ids: np.ndarray) -> np.ndarray:
    """The text in rows of one length; what is left over at the end is dropped."""
    length = SETTINGS["length"]
    return ids[: len(ids) // length * length].reshape(-1, length)


def features(seen: np.ndarray, window: int) -> Tensor:
    """Of each symbol the keys around it, one-hot (rows, length, window · keys); beyond the ends of a row there are none."""
    import torch

    rows = cut(seen)
    around = np.pad(rows, ((0, 0), (window // 2, window // 2)), constant_values=KEYS.max() + 1)
    near = np.lib.stride_tricks.sliding_window_view(around, window, axis=1)
    hot = torch.nn.functional.one_hot(torch.from_numpy(near.copy()), int(KEYS.max()) + 2)[..., :-1]
    return hot.flatten(2).float()


def trained(
    how: str, window: int, learn: np.ndarray, keys: np.ndarray, seed: int
) -> tuple[nn.Linear, LinearChainCRF | None, int]:
    """Scores that are linear in the window, trained by the field's likelihood or by the cross-entropy of each letter."""
    import torch
    from torch import nn
    from torch.nn.functional import cross_entropy

    from gradus.inference import LinearChainCRF

    x, y = features(keys, window), torch.from_numpy(cut(learn))
    scores, field = (
        nn.Linear(x.shape[-1], len(LETTERS)),
        LinearChainCRF(len(LETTERS)) if how == "crf" else None,
    )
    parameters = [*scores.parameters(), *(field.parameters() if field is not None else ())]
    optimizer = torch.optim.Adam(parameters, lr=SETTINGS["learning_rate"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, SETTINGS["steps"])
    order = torch.Generator().manual_seed(seed)
    for _ in range(SETTINGS["steps"]):
        rows = torch.randint(len(x), (SETTINGS["batch_size"],), generator=order)
        e = scores(x[rows])
        if field is None:
            loss = cross_entropy(e.flatten(0, 1), y[rows].flatten())
        else:
            loss = -field(e, y[rows]).mean() / SETTINGS["length"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return scores, field, window


def reading(reader: tuple[nn.Linear, LinearChainCRF | None, int], seen: np.ndarray) -> np.ndarray:
    """What is read of the text: of each letter the most probable one, by the field its marginal."""
    import torch

    scores, field, window = reader
    with torch.no_grad():
        e = scores(features(seen, window))
        found = e if field is None else field.marginals(e)
    return np.asarray(found.argmax(-1))


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""
    said = []
    for w in SETTINGS["windows"]:
        alone, field = (float(np.mean([m["wrong"][f"{how}-{w}"] for m in measured])) for how in HOW)
        better = sum(m["wrong"][f"crf-{w}"] < m["wrong"][f"softmax-{w}"] for m in measured)
        verdict = (
            Text("the field is better in every seed", "每个种子下条件随机场都更好")
            if better == len(measured)
            else Text("the field is better in no seed", "没有种子下条件随机场更好")
            if not better
            else Text(f"the field is better in {better} of {len(measured)} seeds", f"{len(measured)} 个种子中有 {better} 个条件随机场更好")
        )  # fmt: skip
        said.append(
            Text(
                f"Where scores see {w} {'keys' if w > 1 else 'key'}, the softmax reads {alone:.1%} of the held-out symbols wrongly and the random field {field:.1%}. Verdict: {verdict.en}.",
                f"打分可见 {w} 个按键时，softmax 读错留出符号的 {alone:.1%}，条件随机场读错 {field:.1%}。判定：{verdict.zh}。",
            )
        )
    return said


RECIPE = Recipe(
    train=train,
    data=("alice", "tinyshakespeare"),
    metric="field-error",
    targets={"alice": 0.75, "tinyshakespeare": 0.75},
    relation="≤",
    settings=SETTINGS,
    text=Text(
        "A text in 27 symbols, a to z and one blank for all else, is typed on the keys of a telephone, one press a letter: abc on one key, def on the next, to wxyz. From the keys the letters are to be read. Scores are linear in the keys of a window around each. The softmax takes each symbol by itself; the conditional random field has a score for every pair of neighbours as well, "
        "and reads by marginals. Both have the same data, steps and start. The score is the error of the field over that of the softmax where the scores see one key alone. The seed draws weights and batches.",
        "文本有 27 种符号（a 至 z，其余皆为一个空格），用电话键盘输入，每个字母只按一次：abc 同键，def 同键，直到 wxyz。须由按键读出字母。打分是周围窗口内按键的线性函数。softmax 逐个符号判断；条件随机场还对每一对相邻符号打分，并按边缘概率读取。"
        "两者的数据、步数与初始权重相同。得分为打分只见一个按键时条件随机场与 softmax 的错误率之比。种子决定权重与批次。",
    ),
    fitting=Fitting(images=False, characters=True),
    findings=findings,
)


def _table(numbers: Mapping[str, Any]) -> Comparison:
    from gradus.report import Comparison

    columns = [Text("Reader", "读取方法"), Text("Symbols wrong", "符号错误率")]
    rows = {
        Text(f"{name.en}, sees {w}", f"{name.zh}，可见 {w} 个"): (numbers["wrong"][f"{how}-{w}"],)
        for w in SETTINGS["windows"]
        for how, name in HOW.items()
    }  # fmt: skip
    caption = Text(
        "On the held-out text, by how many keys the scores see.", "留出文本上的结果，按打分可见的按键数。"
    )
    return Comparison(columns, rows, caption)


def _chart(numbers: Mapping[str, Any]) -> Chart:
    from gradus.report import Chart, Series

    windows = SETTINGS["windows"]
    series = [
        Series(name, windows, [numbers["wrong"][f"{how}-{w}"] for w in windows]) for how, name in HOW.items()
    ]
    caption = Text(
        "Share of held-out symbols read wrongly, over the number of keys that the scores see.",
        "留出符号的错误率随打分可见按键数的变化。",
    )
    return Chart(
        series, Text("symbols wrong", "符号错误率"), caption, Text("keys seen", "可见按键数"), wide=True
    )


def _shown(rows: Sequence[np.ndarray]) -> Picture:
    from gradus.report import Picture

    names = [Text("the keys", "按键"), *HOW.values(), Text("as it was", "原文")]
    true = rows[-1]

    def draw(lang: str) -> str:
        lines = []
        for name, row in zip(names, rows, strict=True):
            if row is rows[0]:
                lines.append(
                    f'{name.get(lang)}<br><span class="surprise">{"".join("␣" if k == 0 else str(k + 1) for k in row)}</span>'
                )
                continue
            marks = "".join(
                f'<span style="--share:{60 if i != t else 0}%">{LETTERS[i].replace(" ", "␣")}</span>' for i, t in zip(row, true, strict=True)
            )  # fmt: skip
            lines.append(f'{name.get(lang)}<br><span class="surprise">{marks}</span>')
        return f"<p>{'<br>'.join(lines)}</p>"

    caption = Text(
        "One row of the held-out text; what is wrong is coloured. Scores see one key.",
        "留出文本中的一行；错误处着色。打分只见一个按键。",
    )
    errors = "; ".join(
        f"{n.en}: {int((r != true).sum())}" for n, r in list(zip(names, rows, strict=True))[1:3]
    )
    errors_zh = "；".join(
        f"{n.zh}：{int((r != true).sum())}" for n, r in list(zip(names, rows, strict=True))[1:3]
    )
    return Picture(draw, caption, Text(f"Errors: {errors}", f"错误数：{errors_zh}"), wide=True)
