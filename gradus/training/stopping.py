"""When to stop, and which epoch was the best."""

import math
import re
from dataclasses import dataclass, field
from typing import Any

from gradus.errors import GradusError
from gradus.text import Text


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when `monitor` has not improved for `patience` epochs.

    Attributes:
        monitor: a column of the history, such as "validation_loss" or "validation_accuracy".
        patience: how many epochs without improvement are borne.
        improvement: how much counts as an improvement.
        mode: "min", "max", or "auto": a loss, an error or a distance is to fall, an accuracy or a score to rise, by the
            words in the column's name; of another name, say which.
    """

    monitor: str = "validation_loss"
    patience: int = 5
    improvement: float = 0.0
    mode: str = "auto"


@dataclass
class Best:
    """The best epoch so far by `monitor`, and how many epochs ago it was."""

    monitor: str
    mode: str = "auto"
    improvement: float = 0.0
    value: float | None = None
    epoch: int = 0
    step: int = 0
    since: int = field(default=0)

    def update(self, row: dict[str, Any]) -> bool:
        """Look at an epoch's row; true when it is the best.

        Raises:
            GradusError: when the row lacks the monitored column.
        """
        if self.monitor not in row:
            raise GradusError(
                Text(
                    f"expected to monitor one of {', '.join(row)}, got {self.monitor!r}",
                    f"应监测 {'、'.join(row)} 之一，得到 {self.monitor!r}",
                )
            )
        falling = falls(self.monitor, self.mode)
        value = row[self.monitor]
        value = math.nan if value is None else float(value)
        gain = math.inf if self.value is None else (self.value - value if falling else value - self.value)
        if math.isnan(value) or not gain > self.improvement:
            self.since += 1
            return False
        self.value, self.epoch, self.step, self.since = value, row["epoch"], row["step"], 0
        return True


_FALLING = (
    "loss", "error", "err", "mae", "mse", "rmse", "mape", "smape", "msle", "rmsle", "mad", "perplexity", "ppl", "nll", "bce", "ce",
    "crossentropy", "entropy", "deviance", "brier", "ece", "kl", "divergence", "distance", "residual", "deviation", "wer", "cer",
    "fid", "bpc", "bpb", "bits", "cost", "regret", "hinge", "huber", "risk", "misclassification", "hausdorff", "energy", "aic", "bic",
)  # fmt: skip
_RISING = (
    "accuracy", "acc", "top", "precision", "recall", "sensitivity", "specificity", "f", "fbeta", "auc", "auroc", "auprc", "roc", "ap",
    "map", "iou", "miou", "dice", "jaccard", "r", "score", "reward", "return", "likelihood", "loglikelihood", "elbo", "evidence",
    "bleu", "rouge", "meteor", "psnr", "ssim", "correlation", "pearson", "spearman", "kendall", "kappa", "mcc", "ndcg", "mrr", "hit",
    "hits", "gain", "match", "em", "purity", "nmi", "ari", "silhouette", "explained", "coverage", "success", "win", "similarity",
)  # fmt: skip


def falls(monitor: str, mode: str) -> bool:
    """Whether the column is to fall.

    Raises:
        GradusError: when its name does not tell, and neither does the mode.
    """
    if mode != "auto":
        return mode == "min"
    apart = re.sub("([a-z])([A-Z])", r"\1 \2", monitor)
    words = {word for text in (monitor, apart) for word in re.findall("[a-z]+", text.lower())}
    falling, rising = words & set(_FALLING), words & set(_RISING)
    if {"negative", "neg"} & words:  # of a likelihood it is to fall; of a loss or a rate who can say?
        falling, rising = words & {"likelihood"}, set()
    # What is lost comes with what it is of ("top_error"), so a word of loss decides.
    if falling:
        return True
    if not rising:
        raise GradusError(
            Text(
                f"cannot tell from its name whether {monitor!r} is to fall or to rise: "
                f"give EarlyStopping({monitor!r}, mode='min') or mode='max'",
                f"无法从名称判断 {monitor!r} 应下降还是上升：请写 EarlyStopping({monitor!r}, mode='min') 或 mode='max'",
            )
        )
    return False


def check_stopping(stopping: EarlyStopping | None, columns: list[str]) -> None:
    """Whether the settings make sense for a history of these columns.

    Raises:
        GradusError: when they do not.
    """
    if stopping is None:
        return
    patience, gain = stopping.patience, stopping.improvement
    if isinstance(patience, bool) or not isinstance(patience, int) or patience < 1:
        raise GradusError(
            Text(
                f"expected EarlyStopping's patience as a whole number >= 1, got {patience!r}",
                f"EarlyStopping 的 patience 应为 ≥ 1 的整数，得到 {patience!r}",
            )
        )
    if isinstance(gain, bool) or not isinstance(gain, int | float) or not 0 <= gain < math.inf:
        raise GradusError(
            Text(
                f"expected EarlyStopping's improvement as a number >= 0, got {gain!r}",
                f"EarlyStopping 的 improvement 应为 ≥ 0 的数，得到 {gain!r}",
            )
        )
    if stopping.mode not in ("auto", "min", "max"):
        raise GradusError(
            Text(
                f"expected EarlyStopping's mode as 'auto', 'min' or 'max', got {stopping.mode!r}",
                f"EarlyStopping 的 mode 应为 'auto'、'min' 或 'max'，得到 {stopping.mode!r}",
            )
        )
    if stopping.monitor not in columns:
        raise GradusError(
            Text(
                f"expected to monitor one of {', '.join(columns)}, got {stopping.monitor!r}",
                f"应监测 {'、'.join(columns)} 之一，得到 {stopping.monitor!r}",
            )
        )
    falls(stopping.monitor, stopping.mode)


def best_for(stopping: EarlyStopping | None, validated: bool) -> Best:
    """What to keep track of: the early stopping's monitor, or else the loss."""
    if stopping is None:
        return Best("validation_loss" if validated else "loss")
    return Best(stopping.monitor, stopping.mode, stopping.improvement)
