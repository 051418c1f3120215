"""Whether the classifier is right as often as it is sure."""

from __future__ import annotations

import math

import torch

from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section
from gradus.text import Text
from gradus.theory import calibration

OFF, LEAST = 0.1, 100


def reliability(subject: Subject, section: Section) -> None:
    """The calibration error with its floor, the best temperature, and the reliability diagram's bins."""
    held = subject.held is not None
    z, y = subject.tables("held" if held else "train", True)
    found = calibration(z, y)
    n = len(y)
    ece, floor, T = float(found.ece), float(found.floor), float(found.temperature)
    right = float((z.argmax(-1) == y).double().mean())
    sure = float(z.double().softmax(-1).amax(-1).mean())
    which = Text("held-out", "留出") if held else Text("training", "训练")
    section.say(f"on {n:,} {which.en} samples, in evaluation mode", f"在 {n:,} 个{which.zh}样本上，评估模式")
    section.fact(
        "expected calibration error; of a calibrated net",
        "期望校准误差；已校准网络的期望值",
        f"{ece:.3f}; {floor:.3f}",
    )
    section.fact("best temperature", "最佳温度", f"{T:.3g}")
    section.fact("mean confidence, accuracy", "平均置信度、准确率", f"{sure:.1%}, {right:.1%}")
    section.values |= {
        "ece": ece, "floor": floor, "temperature": T, "accuracy": right, "confidence": sure, "counts": found.counts.tolist(),
        "bin_confidence": [None if math.isnan(v) else v for v in found.confidence.tolist()],
        "bin_accuracy": [None if math.isnan(v) else v for v in found.accuracy.tolist()],
    }  # fmt: skip
    if not held:
        section.say(
            "the network was trained on these: a calibration that counts needs held_out",
            "网络正是在这些样本上训练的：有意义的校准需要 held_out",
        )
        return
    counts = torch.bincount(y)
    most = float(counts.double().max() / n)
    if n >= LEAST and ece - floor > OFF and right > most + 3 * math.sqrt(most * (1 - most) / n):
        over = sure > right
        section.find(
            "warning" if over else "note", "calibration-off",
            ("the network is surer than it is right", "网络的置信度高于其准确率") if over else ("the network is right more often than it is sure", "网络的准确率高于其置信度"),
            (f"mean confidence {sure:.1%}, accuracy {right:.1%} on {n:,} held-out samples; calibration error {ece:.3f}, where a calibrated net would show {floor:.3f}", f"在 {n:,} 个留出样本上，平均置信度 {sure:.1%}，准确率 {right:.1%}；校准误差 {ece:.3f}，而已校准网络约为 {floor:.3f}"),
            (f"divide the logits by {T:.3g}", f"请将 logits 除以 {T:.3g}"), ("calibration",),
        )  # fmt: skip


CHECKS = ((Text("calibration", "校准"), reliability),)
