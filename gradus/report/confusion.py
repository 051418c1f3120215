"""The confusion matrix of a classifier as a table whose shades are shares of the true class."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.report.pictures import Picture
from gradus.text import Text


def confusion_matrix(counts: Any, classes: Sequence[str]) -> Picture:
    """How often each class (row) was taken for each (column), as a shaded table.

    Args:
        counts: integers of shape (classes, classes), row = true, column = predicted.
        classes: their names.
    """
    matrix = np.asarray(counts)
    n = len(classes)
    if matrix.shape != (n, n):
        raise GradusError(
            Text(
                f"expected counts of shape ({n}, {n}) for {n} classes, got {matrix.shape}",
                f"{n} 个类别的计数形状应为 ({n}, {n})，得到 {matrix.shape}",
            )
        )
    total, right = int(matrix.sum()), int(np.trace(matrix))
    off = matrix - np.diag(np.diag(matrix))
    i, j = (int(k) for k in np.unravel_index(int(off.argmax()), off.shape))
    caption = Text(
        f"Confusion matrix: {right} of {total} right. Rows: the true class; columns: the prediction.",
        f"混淆矩阵：{total} 个样本中 {right} 个正确。行为真实类别，列为预测类别。",
    )
    worst = Text("", "")
    if off.any():
        worst = Text(
            f" Most often confused: {classes[i]} taken for {classes[j]} ({int(off[i, j])} times).",
            f"最常见的混淆：{classes[i]} 被认作 {classes[j]}（{int(off[i, j])} 次）。",
        )
    caption = Text(caption.en + worst.en, caption.zh + worst.zh)
    return Picture(
        lambda lang: _confusion_table(matrix, classes, lang), caption, caption, "result", wide=True
    )


def _confusion_table(matrix: np.ndarray, classes: Sequence[str], lang: str) -> str:
    rows = matrix.sum(1, keepdims=True)
    share = matrix / np.where(rows == 0, 1, rows)
    names = [escape(str(c)) for c in classes]
    corner = "真实＼预测" if lang == "zh" else "true \\ predicted"
    long = " long" if max(map(len, names)) > 3 else ""
    head = "".join(f'<th scope="col"><span>{c}</span></th>' for c in names)
    body = []
    for i, name in enumerate(names):
        cells = []
        for j in range(len(names)):
            count = int(matrix[i, j])
            kind = "right" if i == j else "wrong" if count else "none"
            shade = f' style="--share:{_shade(float(share[i, j]), i == j)}"' if count else ""
            cells.append(f'<td class="{kind}"{shade}>{count or "·"}</td>')
        body.append(f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>')
    return (
        f'<table class="confusion{long}"><thead><tr><th class="corner">{corner}</th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def _shade(share: float, diagonal: bool) -> str:
    """Percent of ink: errors are few, so that their shade grows with the root."""
    return f"{round(55 * share if diagonal else 20 + 55 * share**0.5)}%"
